// SPDX-License-Identifier: Apache-2.0

package public_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
	"github.com/bulkhead-iac/bulkhead/policy/public"
)

func load(t *testing.T) *pack.Pack {
	t.Helper()
	p, err := controls.New()
	require.NoError(t, err)
	return p
}

// lines plays a scene and reports what of it is public.
func lines(t *testing.T, form packtest.Form, scene packtest.Scene) []string {
	t.Helper()
	inputs, stack, err := scene.Play(form)
	require.NoError(t, err)
	r, err := public.Of(load(t), &export.Deployment{Inputs: inputs, Stack: stack, Preview: form == packtest.Preview})
	require.NoError(t, err)
	return r.Lines()
}

func statement(principal string) string {
	return `policy: '{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Principal":` + principal +
		`,"Action":"s3:GetObject","Resource":"*"}]}'`
}

// TestWhatIsPublic has one resource of each kind, open and closed.
func TestWhatIsPublic(t *testing.T) {
	t.Parallel()
	const rule = "protocol: tcp, fromPort: 22, toPort: 22"
	for _, c := range []struct{ token, open, shut, want string }{
		{"aws:lb/loadBalancer:LoadBalancer", "dnsName: d.example.com", "internal: true", "the load balancer faces the internet: internal is not set (d.example.com)"},
		{"aws:elb/loadBalancer:LoadBalancer", "listeners: []", "internal: true", "it faces the internet"},
		{"aws:cloudfront/distribution:Distribution", "enabled: true, domainName: d.cloudfront.net", "enabled: false", "it faces the internet (d.cloudfront.net)"},
		{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ipProtocol: tcp, fromPort: 443, toPort: 443, cidrIpv4: 0.0.0.0/0", "ipProtocol: tcp, cidrIpv4: 10.0.0.0/8", "the rule lets 0.0.0.0/0 reach tcp port 443"},
		{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ipProtocol: tcp, fromPort: 22, toPort: 22, prefixListId: pl-1", "referencedSecurityGroupId: sg-1", "the rule lets pl-1 reach tcp port 22"},
		{"aws:ec2/securityGroupRule:SecurityGroupRule", "type: ingress, " + rule + ", ipv6CidrBlocks: ['2001:db8:20::/48']", "type: egress, " + rule + ", cidrBlocks: [0.0.0.0/0]", "the rule lets 2001:db8:20::/48 reach tcp port 22"},
		{"aws:ec2/securityGroup:SecurityGroup", "ingress: [{" + rule + ", cidrBlocks: [10.0.0.0/8, 203.0.113.0/28]}]", "ingress: [{" + rule + ", cidrBlocks: [10.0.0.0/8]}]", "ingress[0] lets 203.0.113.0/28 reach tcp port 22"},
		{"aws:ec2/launchTemplate:LaunchTemplate", "networkInterfaces: [{}, {associatePublicIpAddress: 'true'}]", "networkInterfaces: [{associatePublicIpAddress: 'false'}]", `networkInterfaces[1].associatePublicIpAddress is "true"`},
		{"aws:ec2/instance:Instance", "associatePublicIpAddress: true, publicIp: 198.51.100.7", "instanceType: t4g.nano", "associatePublicIpAddress is true (198.51.100.7)"},
		{"aws:ec2/eip:Eip", "instance: i-1, publicIp: 198.51.100.7", "publicIp: 198.51.100.7", `instance is "i-1" (198.51.100.7)`},
		{"aws:rds/instance:Instance", "publiclyAccessible: true, endpoint: 'db:5432'", "publiclyAccessible: false", "publiclyAccessible is true (db:5432)"},
		{"aws:rds/snapshotCopy:SnapshotCopy", "sharedAccounts: [all]", "sharedAccounts: ['111122223333']", `sharedAccounts[0] is "all"`},
		{"aws:s3/bucketAclV2:BucketAclV2", "acl: public-read", "acl: private", `acl is "public-read"`},
		{"aws:s3/bucketPolicy:BucketPolicy", statement(`"*"`), statement(`{"Service":"logs.amazonaws.com"}`), `statement "S" allows any principal`},
		{"aws:kms/key:Key", statement(`{"AWS":"*"}`), statement(`{"AWS":"arn:aws:iam::111122223333:root"}`), `statement "S" allows any principal`},
		{"aws:iam/role:Role", strings.Replace(statement(`{"AWS":"*"}`), "policy", "assumeRolePolicy", 1), "name: r", `statement "S" allows any principal`},
		{"aws:lambda/permission:Permission", "principal: '*', function: f", "principal: secretsmanager.amazonaws.com, function: f", "principal is \"*\""},
		{"aws:lambda/functionUrl:FunctionUrl", "authorizationType: NONE", "authorizationType: AWS_IAM", `authorizationType is "NONE"`},
	} {
		_, kind, _ := strings.Cut(c.token[4:], ":")
		for _, form := range []packtest.Form{packtest.Preview, packtest.State} {
			got := lines(t, form, packtest.YAML(t, c.token, "{$name: thing, "+c.open+"}"))
			require.Len(t, got, 1, c.token)
			require.Contains(t, got[0], kind+` "thing": `+c.want, c.token)
			require.Empty(t, lines(t, form, packtest.YAML(t, c.token, "{$name: thing, "+c.shut+"}")), c.token)
		}
	}
}

// TestWhatIsNotKnownIsSaid is about values that come later, and types that nothing judges.
func TestWhatIsNotKnownIsSaid(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{`not known yet: Instance "db": undecided until deployed: waits for publiclyAccessible`,
		"not judged: 2 aws:iot/thing:Thing (a, b)"}, lines(t, packtest.Preview, packtest.YAML(t, "aws:iot/thing:Thing",
		"[{$name: a}, {$name: b}, {$name: v, $type: 'aws:ec2/vpc:Vpc'}, {$name: db, $type: 'aws:rds/instance:Instance', publiclyAccessible: !unknown x}]")))
}

// TestAConfigurationHidesNothing: what an allowance or a level of ours keeps from being a finding is public all the same.
func TestAConfigurationHidesNothing(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, c := range p.Controls() {
		if !c.Public {
			continue
		}
		for _, s := range c.Settings {
			_, list := s.Default.([]string)
			require.True(t, list, "%s: setting %s is no list of what is allowed; say what the report shall take", c.ID, s.Name)
		}
	}
}

// TestEveryTypeOfTheRegisterIsClosedOrJudged holds the register and the controls to each other.
func TestEveryTypeOfTheRegisterIsClosedOrJudged(t *testing.T) {
	t.Parallel()
	p := load(t)
	judged := func(token string) bool {
		return slices.ContainsFunc(p.Controls(), func(c *pack.Control) bool { return c.Public && slices.Contains(c.Types, token) })
	}
	for _, row := range awstypes.All() {
		if !row.DataSource() && !slices.Contains(unknown, row.Token) {
			assert.True(t, row.Closed != judged(row.Token), "%s: closed %v, judged %v", row.Token, row.Closed, judged(row.Token))
		}
	}
}

// unknown are the types of which the report says that they are not judged.
var unknown = []string{"aws:route53/zone:Zone"}

// TestReportInWords is what people read.
func TestReportInWords(t *testing.T) {
	t.Parallel()
	r := &public.Report{Stack: "dev of shop", Resources: 2}
	var out strings.Builder
	require.NoError(t, r.Write(&out))
	require.Equal(t, "Nothing of dev of shop is public, as far as it was judged.\n\n2 resources: 0 ways in, 0 not known yet, 0 resources not judged.\n", out.String())
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.Contains(t, string(text), `"notJudged"`)
}
