// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/aws/smithy-go"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/quota"
	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
)

// fakeQuotas has applied and default values by code; what it does not have does not exist.
type fakeQuotas struct {
	applied, standard map[string]float64
	err               error
	regions           []string
}

func (f *fakeQuotas) GetServiceQuota(_ context.Context, in *servicequotas.GetServiceQuotaInput, options ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error) {
	o := servicequotas.Options{Region: "eu-central-1"}
	for _, set := range options {
		set(&o)
	}
	f.regions = append(f.regions, o.Region)
	value, known := f.applied[*in.QuotaCode]
	switch {
	case f.err != nil:
		return nil, f.err
	case !known:
		return nil, &types.NoSuchResourceException{}
	}
	return &servicequotas.GetServiceQuotaOutput{Quota: &types.ServiceQuota{Value: &value}}, nil
}

func (f *fakeQuotas) GetAWSDefaultServiceQuota(_ context.Context, in *servicequotas.GetAWSDefaultServiceQuotaInput, _ ...func(*servicequotas.Options)) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error) {
	value, known := f.standard[*in.QuotaCode]
	if !known {
		return nil, &types.NoSuchResourceException{}
	}
	return &servicequotas.GetAWSDefaultServiceQuotaOutput{Quota: &types.ServiceQuota{Value: &value}}, nil
}

func TestAQuotaThatIsTooSmallIsNamedWithWhatToAsk(t *testing.T) {
	a := &account{region: "eu-central-1", quotas: &fakeQuotas{applied: map[string]float64{quota.ElasticIPs.Code: 5}}}
	used := 3
	l := limited{quota.ElasticIPs, "", nil, func(context.Context, string) (int, error) { return used, nil }}
	r := l.check(t.Context(), a, demand{"", 3})
	require.Equal(t, missing, r.Verdict)
	require.Equal(t, []int{3, 3, 5}, []int{*r.Need, *r.Used, *r.Limit})
	require.Equal(t, "needs 3 beside the 3 in use, and the limit is 5; ask for more: aws service-quotas request-service-quota-increase "+
		"--region eu-central-1 --service-code ec2 --quota-code L-0263D0A3 --desired-value 6", r.Says)

	used = 2
	require.Equal(t, fine, l.check(t.Context(), a, demand{"", 3}).Verdict, "exactly enough")
	used = 7
	require.Equal(t, fine, l.check(t.Context(), a, demand{"", 0}).Verdict, "a deployment that needs nothing does not fail for what is there")

	l = limited{quota.Trails, "", nil, func(context.Context, string) (int, error) { return 5, nil }}
	r = l.check(t.Context(), a, demand{"", 1})
	require.Equal(t, missing, r.Verdict)
	require.Contains(t, r.Says, "AWS raises it for nobody")
}

func TestLimitsAreTheAccountsElseAWSs(t *testing.T) {
	f := &fakeQuotas{applied: map[string]float64{quota.VPCs.Code: 50}, standard: map[string]float64{quota.Roles.Code: 1000}}
	a := &account{region: "eu-central-1", quotas: f}
	for q, want := range map[*quota.Quota]int{quota.VPCs: 50, quota.Roles: 1000, quota.Trails: 5} {
		got, err := a.limit(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, want, got, q.Name)
	}
	require.ElementsMatch(t, []string{"eu-central-1", "us-east-1"}, f.regions, "IAM's are told in one region")
	_, err := a.limit(t.Context(), quota.Keys)
	require.Error(t, err, "neither has it")
	require.Equal(t, []string{"us-east-1", "cn-north-1", "us-gov-west-1"}, []string{quota.Home("eu-central-1"), quota.Home("cn-northwest-1"), quota.Home("us-gov-east-1")})
}

func TestARefusalNamesThePermission(t *testing.T) {
	refused := func(service, operation, code string) error {
		return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: "no"}}
	}
	for want, err := range map[string]error{
		"allow ec2:DescribeVpcs": refused("EC2", "DescribeVpcs", "UnauthorizedOperation"), "allow s3:ListAllMyBuckets": refused("S3", "ListBuckets", "AccessDenied"),
		"allow servicequotas:GetServiceQuota":             refused("Service Quotas", "GetServiceQuota", "AccessDeniedException"),
		"allow elasticloadbalancing:DescribeTargetGroups": refused("Elastic Load Balancing v2", "DescribeTargetGroups", "AccessDenied"),
	} {
		require.Equal(t, want, cause(err))
	}
	require.Contains(t, cause(refused("EC2", "DescribeVpcs", "RequestLimitExceeded")), "RequestLimitExceeded")

	l := limited{quota.VPCs, "", nil, func(context.Context, string) (int, error) {
		return 0, refused("EC2", "DescribeVpcs", "UnauthorizedOperation")
	}}
	require.Equal(t, notSeen, l.check(t.Context(), &account{}, demand{"", 1}).Verdict)
	l.used = func(context.Context, string) (int, error) { return 4, nil }
	r := l.check(t.Context(), &account{quotas: &fakeQuotas{err: refused("Service Quotas", "GetServiceQuota", "AccessDeniedException")}}, demand{"", 1})
	require.Equal(t, notSeen, r.Verdict)
	require.Equal(t, 4, *r.Used, "what was seen is shown")
}

func caa(flag uint8, tag, value string) *dns.CAA { return &dns.CAA{Flag: flag, Tag: tag, Value: value} }

func TestWhatCAARecordsLetAmazonDo(t *testing.T) {
	for name, c := range map[string]struct {
		set      []*dns.CAA
		wildcard bool
		want     bool
	}{
		"nobody is named": {[]*dns.CAA{caa(0, "iodef", "mailto:a@b.example")}, false, true},
		"Amazon":          {[]*dns.CAA{caa(0, "issue", "letsencrypt.org"), caa(0, "issue", "amazonaws.com")}, false, true},
		"Amazon with parameters and other letters": {[]*dns.CAA{caa(0, "Issue", " Amazon.com ; policy=ev")}, false, true},
		"another":                 {[]*dns.CAA{caa(0, "issue", "letsencrypt.org")}, false, false},
		"nobody may":              {[]*dns.CAA{caa(0, "issue", ";")}, false, false},
		"wildcards are another's": {[]*dns.CAA{caa(0, "issue", "amazon.com"), caa(0, "issuewild", "letsencrypt.org")}, true, false},
		"wildcards of another matter to them only": {[]*dns.CAA{caa(0, "issue", "amazon.com"), caa(0, "issuewild", "letsencrypt.org")}, false, true},
		"wildcards follow the others":              {[]*dns.CAA{caa(0, "issue", "amazontrust.com")}, true, true},
		"a critical property that nobody knows":    {[]*dns.CAA{caa(0, "issue", "amazon.com"), caa(128, "tbs", "x")}, false, false},
	} {
		require.Equal(t, c.want, issues(c.set, c.wildcard), name)
	}
}

func TestWhomAKeysPolicyAdmits(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	for name, c := range map[string]struct {
		statements string
		want       answer
	}{
		"the account alone":           {`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`, no},
		"the role":                    {`{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:Decrypt","Resource":"*"}`, yes},
		"the role, something else":    {`{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:Encrypt","Resource":"*"}`, no},
		"everybody of the account":    {`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}}}`, yes},
		"everybody of another":        {`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"444455556666"}}}`, no},
		"as our own keys do":          {`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + role + `"},"StringEquals":{"aws:PrincipalAccount":"111122223333"}}}`, yes},
		"by a pattern":                {`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-service-role/*"}}}`, yes},
		"through a service":           {`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"ec2.eu-central-1.amazonaws.com"}}}`, perhaps},
		"a denial of everybody":       {`{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`, perhaps},
		"a denial of somebody else":   {`{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/x"},"Action":"kms:*","Resource":"*"}`, yes},
		"everybody but who is denied": {`{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","NotPrincipal":{"AWS":"` + role + `"},"Action":"kms:*","Resource":"*"}`, yes},
	} {
		document, err := iam.Parse(`{"Version":"2012-10-17","Statement":[` + c.statements + `]}`)
		require.NoError(t, err, name)
		require.Equal(t, c.want, admits(document, "kms:Decrypt", role, "111122223333"), name)
	}
}

func TestKeysOfOthers(t *testing.T) {
	const own, foreign = "arn:aws:kms:eu-central-1:111122223333:key/own", "arn:aws:kms:eu-central-1:444455556666:key/foreign"
	p := read(t,
		planned{token: resource.KMSKey, name: "key", op: "same", outputs: m{"arn": own, "keyId": "own"}},
		planned{token: resource.RDSInstance, name: "db", inputs: m{"kmsKeyId": own, "performanceInsightsKmsKeyId": unknown}},
		planned{token: "aws:sns/topic:Topic", name: "t", inputs: m{"rules": []any{m{"kmsMasterKeyId": foreign}}, "policy": `{"Resource":"` + foreign + `"}`, "arn": "arn:aws:kms:*:*:key/*"}},
		planned{token: resource.LaunchTemplate, name: "a", inputs: m{"blockDeviceMappings": []any{m{"ebs": m{"kmsKeyId": foreign + "2"}}}}},
	)
	require.Equal(t, []string{foreign, foreign + "2"}, p.foreignKeys())
	named, byDefault := p.disks()
	require.Equal(t, []string{foreign + "2"}, named)
	require.False(t, byDefault)
	_, byDefault = read(t, planned{token: resource.LaunchTemplate, name: "a", inputs: m{"blockDeviceMappings": []any{m{"ebs": m{"encrypted": "true"}}}}}).disks()
	require.True(t, byDefault)
}

func TestRolesThatTheStackMakesAreNotMissed(t *testing.T) {
	p := read(t, planned{token: resource.AutoScalingGroup, name: "g"}, planned{token: resource.RDSInstance, name: "d"}, planned{token: linkedRoleType, name: "r", inputs: m{"awsServiceName": "rds.amazonaws.com"}})
	roles := neededRoles(p)
	require.Len(t, roles, 1)
	require.Equal(t, "AWSServiceRoleForAutoScaling", roles[0].name)
}

func TestTheAnswerForPeopleAndMachines(t *testing.T) {
	rows := []row{
		{Area: "quota", Name: "VPCs per Region", Need: aws.Int(1), Used: aws.Int(5), Limit: aws.Int(5), Verdict: missing, Says: "needs more"},
		{Area: "role", Name: "AWSServiceRoleForRDS", Verdict: later, Says: "at the first call"},
		{Area: "zone", Name: "a, b", Verdict: fine},
		unseen("domain", "CAA of shop.example", errNoResolver),
	}
	var out bytes.Buffer
	require.NoError(t, writeText(&out, rows))
	for _, want := range []string{
		"quota   VPCs per Region       1     5     5      missing\n", "domain  CAA of shop.example   -     -     -      not seen\n",
		"\nMissing:\n  VPCs per Region: needs more\n", "\nAWS makes by itself:\n  AWSServiceRoleForRDS: at the first call\n", "\nNot seen:\n  CAA of shop.example: no DNS server is asked\n",
		"\n2 of 4 fine, 1 missing, 1 not seen\n",
	} {
		require.Contains(t, out.String(), want)
	}
	out.Reset()
	require.NoError(t, writeJSON(&out, rows))
	var back []row
	require.NoError(t, json.Unmarshal(out.Bytes(), &back))
	require.Equal(t, rows, back)
}

func TestWrongUsageIsTold(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "log")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	dir := t.TempDir()
	require.NoError(t, testproject.Write(dir))
	t.Chdir(dir)
	export := `{"version":3,"deployment":{"resources":[]}}`
	for want, args := range map[string][]string{
		"name the environment":      {"staging"},
		"flag provided but not":     {"-loud", "staging", "x"},
		"nowhere":                   {"nowhere", file("")},
		"no such file":              {"staging", "no-such-file"},
		"is no preview":             {"staging", file(export)},
		"ends before the engine":    {"staging", file(strings.Repeat(`{"sequence":0,"preludeEvent":{}}`+"\n", 2))},
		"AWS does not know who ask": {"staging", file(eventLog(t))},
	} {
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		t.Setenv("AWS_MAX_ATTEMPTS", "1")
		var out, errOut bytes.Buffer
		require.Equal(t, unusable, run(t.Context(), args, &out, &errOut), want)
		require.Contains(t, errOut.String(), want)
		require.Empty(t, out.String())
	}
	require.Equal(t, clean, run(t.Context(), []string{"-help"}, nil, &bytes.Buffer{}))
}
