// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/quota"
	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }

// nameServer is a DNS server that knows some records, and of other names that they do not exist.
func nameServer(t *testing.T, records ...string) *resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	known := map[dns.Question][]dns.RR{}
	for _, record := range records {
		rr, err := dns.NewRR(record)
		require.NoError(t, err)
		q := dns.Question{Name: rr.Header().Name, Qtype: rr.Header().Rrtype, Qclass: dns.ClassINET}
		known[q] = append(known[q], rr)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		switch q := question.Question[0]; {
		case strings.HasPrefix(q.Name, "broken."):
			answer.Rcode = dns.RcodeServerFailure
		case known[q] == nil:
			answer.Rcode = dns.RcodeNameError
		default:
			answer.Answer = known[q]
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return newResolver(conn.LocalAddr().String())
}

// firstDeployment is a preview of everything that gives rise to a question.
func firstDeployment(zone string, disk m) []planned {
	return []planned{
		{token: resource.VPC, name: "net"}, {token: resource.InternetGateway, name: "igw"}, {token: egressOnlyGatewayType, name: "eigw"},
		{token: resource.NATGateway, name: "nat-eu-central-1a"}, {token: resource.ElasticIP, name: "nat"},
		{token: resource.VPCEndpoint, name: "kms", inputs: m{"vpcEndpointType": "Interface", "vpcId": "vpc-12345678"}}, {token: resource.VPCEndpoint, name: "s3"},
		{token: resource.SecurityGroup, name: "app-group", parent: "app"}, {token: resource.SecurityGroupIngressRule, name: "app-in", parent: "app", inputs: m{"cidrIpv4": "10.0.0.0/8"}},
		{token: resource.NetworkACL, name: "acl"}, {token: resource.NetworkACLRule, name: "acl-1", inputs: m{"cidrBlock": "10.0.0.0/8"}},
		{token: resource.LoadBalancer, name: "alb"}, {token: resource.TargetGroup, name: "tg"},
		{token: resource.LaunchTemplate, name: "app-template", parent: "app", inputs: m{"instanceType": "t3.small", "blockDeviceMappings": []any{m{"ebs": disk}}}},
		{token: resource.AutoScalingGroup, name: "app-group", parent: "app", inputs: m{"minSize": 1, "maxSize": 2}},
		{token: resource.RDSInstance, name: "db", inputs: m{"engine": "postgres", "engineVersion": "17", "instanceClass": "db.t4g.micro", "multiAz": true}},
		{token: resource.KMSKey, name: "key"}, {token: resource.Buckets[0], name: "bucket"}, {token: resource.IAMRole, name: "role"}, {token: resource.IAMPolicy, name: "boundary"},
		{token: profileType, name: "profile"}, {token: resource.CloudTrailTrail, name: "trail"}, {token: resource.LogResourcePolicy, name: "dns"}, {token: queryLogType, name: "queries"},
		{token: certificateType, name: "c", inputs: m{"validationMethod": "DNS", "domainName": "app.shop.example", "subjectAlternativeNames": []any{"*.shop.example"}}},
		{token: resource.Route53Record, name: "alias", inputs: m{"zoneId": zone}},
	}
}

// makeNATGateway makes one in a zone.
func makeNATGateway(t *testing.T, account *emulatortest.Account, zone string) {
	t.Helper()
	client := ec2.NewFromConfig(account.Config)
	subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{filter("availability-zone", zone)}})
	require.NoError(t, err)
	_, err = client.CreateNatGateway(t.Context(), &ec2.CreateNatGatewayInput{SubnetId: subnets.Subnets[0].SubnetId})
	require.NoError(t, err)
}

// scene is an emulated account with a hosted zone, and the settings that go with it.
func scene(t *testing.T) (account *emulatortest.Account, settings *stacks.Settings, zone string, servers []string) {
	t.Helper()
	account = emulatortest.NewAccount(t)
	made, err := route53.NewFromConfig(account.Config).CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("shop.example"), CallerReference: aws.String("1")})
	require.NoError(t, err)
	settings = &stacks.Settings{Environment: "staging", AccountID: account.ID, Region: account.Config.Region, Network: stacks.Network{Zones: []string{"eu-central-1a", "eu-central-1b"}}}
	return account, settings, strings.TrimPrefix(*made.HostedZone.Id, "/hostedzone/"), made.DelegationSet.NameServers
}

// delegated are the records with which the DNS leads to name servers.
func delegated(servers []string) []string {
	var records []string
	for _, server := range servers {
		records = append(records, "shop.example. 60 IN NS "+strings.TrimSuffix(server, ".")+".")
	}
	return records
}

func ask(t *testing.T, account *emulatortest.Account, p *plan, settings *stacks.Settings, r *resolver) map[string]row {
	t.Helper()
	rows, err := survey(t.Context(), account.Config, p, settings, r, io.Discard)
	require.NoError(t, err)
	byName := map[string]row{}
	for _, r := range rows {
		require.NotContains(t, byName, r.Name)
		byName[r.Name] = r
	}
	return byName
}

func verdicts(rows map[string]row, of verdict) []string {
	var names []string
	for name, r := range rows {
		if r.Verdict == of {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// The rows about vCPUs.
const (
	started   = "vCPUs of standard instances that the deployment starts"
	atLargest = "vCPUs of standard instances at the largest size, in a roll-out"
)

func TestAFreshAccount(t *testing.T) {
	t.Parallel()
	account, settings, zone, servers := scene(t)
	p := read(t, firstDeployment(zone, m{"encrypted": "true"})...)
	r := nameServer(t, append(delegated(servers), `shop.example. 60 IN CAA 0 issue "amazon.com"`)...)
	rows := ask(t, account, p, settings, r)

	require.Equal(t, []string{atLargest}, verdicts(rows, missing), "a fresh account has 5 vCPUs, which is one too few for a roll-out at the largest size")
	require.Equal(t, []int{6, 0, 5}, []int{*rows[atLargest].Need, *rows[atLargest].Used, *rows[atLargest].Limit})
	require.Contains(t, rows[atLargest].Says, "--service-code ec2 --quota-code L-1216C47A --desired-value 6")
	require.Equal(t, []string{"AWSServiceRoleForAutoScaling", "AWSServiceRoleForElasticLoadBalancing", "AWSServiceRoleForRDS", "AWSServiceRoleForRoute53Resolver"}, verdicts(rows, later))
	require.Empty(t, verdicts(rows, notSeen), "%v", rows)

	_, err := servicequotas.NewFromConfig(account.Config).RequestServiceQuotaIncrease(t.Context(), &servicequotas.RequestServiceQuotaIncreaseInput{
		ServiceCode: aws.String("ec2"), QuotaCode: &quota.StandardVCPUs.Code, DesiredValue: aws.Float64(6)})
	require.NoError(t, err)
	_, err = iam.NewFromConfig(account.Config).CreateServiceLinkedRole(t.Context(), &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("autoscaling.amazonaws.com")})
	require.NoError(t, err)
	rows = ask(t, account, p, settings, r)
	require.Empty(t, verdicts(rows, missing))
	require.NotContains(t, verdicts(rows, later), "AWSServiceRoleForAutoScaling")
}

func TestAnAccountThatIsInUse(t *testing.T) {
	t.Parallel()
	account, settings, zone, servers := scene(t)
	client := ec2.NewFromConfig(account.Config)
	for range 5 {
		_, err := client.AllocateAddress(t.Context(), &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})
		require.NoError(t, err)
	}
	makeNATGateway(t, account, "eu-central-1a")
	makeNATGateway(t, account, "eu-central-1b")
	// One instance of the group that is there, and one of somebody else's.
	for _, group := range []string{"app-group-0123456", "theirs"} {
		_, err := client.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String("ami-12345678"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: "t3.small",
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("aws:autoscaling:groupName"), Value: &group}}}}})
		require.NoError(t, err)
	}
	own, err := kms.NewFromConfig(account.Config).CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account.ID + `:root"},"Action":"kms:*","Resource":"*"}]}`)})
	require.NoError(t, err)
	_, err = client.ModifyEbsDefaultKmsKeyId(t.Context(), &ec2.ModifyEbsDefaultKmsKeyIdInput{KmsKeyId: own.KeyMetadata.KeyId})
	require.NoError(t, err)
	settings.Network.Zones = []string{"eu-central-1a", "eu-central-1z"}
	p := read(t, firstDeployment(zone, m{"encrypted": "true"})...)
	rows := ask(t, account, p, settings, nameServer(t, "shop.example. 60 IN NS ns1.elsewhere.example.", `example. 60 IN CAA 0 issue "letsencrypt.org"`))

	addresses := rows[quota.ElasticIPs.Name]
	require.Equal(t, []int{1, 5, 5}, []int{*addresses.Need, *addresses.Used, *addresses.Limit})
	require.Equal(t, 1, *rows[quota.NATGateways.Name+" (eu-central-1a)"].Used)
	require.Equal(t, 4, *rows[started].Used)
	require.Equal(t, 2, *rows[atLargest].Used, "its own instances are in what it needs")
	require.ElementsMatch(t, []string{
		"CAA of *.shop.example", "CAA of app.shop.example", quota.ElasticIPs.Name, started, atLargest,
		"db.t4g.micro for postgres 17", "default key of disks", "delegation of shop.example", "eu-central-1a, eu-central-1z", "t3.small in eu-central-1a, eu-central-1z",
	}, verdicts(rows, missing))
	for name, says := range map[string]string{
		"delegation of shop.example": "the DNS leads to ns1.elsewhere.example, and the hosted zone " + zone + " is answered by " + strings.TrimSuffix(slices.Sorted(slices.Values(servers))[0], "."),
		"CAA of app.shop.example":    "the CAA records of example do not let Amazon issue", "eu-central-1a, eu-central-1z": "this account has no zone eu-central-1z; it has eu-central-1a, eu-central-1b, eu-central-1c",
		"t3.small in eu-central-1a, eu-central-1z": "t3.small is not offered in eu-central-1z; zones that have it: eu-central-1a, eu-central-1b, eu-central-1c",
		"db.t4g.micro for postgres 17":             "1 of eu-central-1a, eu-central-1z can have it, and it needs 2",
		"default key of disks":                     "does not allow kms:Encrypt, kms:Decrypt, kms:ReEncryptFrom, kms:ReEncryptTo, kms:GenerateDataKeyWithoutPlaintext, kms:DescribeKey, kms:CreateGrant",
	} {
		require.Contains(t, rows[name].Says, says)
	}
}

func TestAKeyThatIsGoingAway(t *testing.T) {
	t.Parallel()
	account, settings, zone, servers := scene(t)
	client := kms.NewFromConfig(account.Config)
	own, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	_, err = client.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: own.KeyMetadata.KeyId})
	require.NoError(t, err)
	gone := strings.Replace(*own.KeyMetadata.Arn, *own.KeyMetadata.KeyId, "00000000-0000-0000-0000-000000000000", 1)
	p := read(t, append(firstDeployment(zone, m{"kmsKeyId": *own.KeyMetadata.Arn}), planned{token: "aws:sns/topic:Topic", name: "t", inputs: m{"kmsMasterKeyId": gone}})...)
	rows := ask(t, account, p, settings, nameServer(t, delegated(servers)...))
	require.Equal(t, "the key is PendingDeletion; enable it, or cancel its deletion, or name another", rows["key of disks "+*own.KeyMetadata.Arn].Says)
	require.Equal(t, "there is no such key in this region", rows[gone].Says)
	require.NotContains(t, rows, "default key of disks", "every disk has a key of its own")
}

func TestTheDNS(t *testing.T) {
	t.Parallel()
	account, settings, zone, _ := scene(t)
	p := read(t, firstDeployment(zone, nil)...)
	rows := ask(t, account, p, settings, nameServer(t))
	require.Equal(t, missing, rows["delegation of shop.example"].Verdict)
	require.Contains(t, rows["delegation of shop.example"].Says, "no name server answers for shop.example")
	require.Equal(t, fine, rows["CAA of app.shop.example"].Verdict, "no record, no restriction")

	rows = ask(t, account, p, settings, newResolver("none"))
	require.Equal(t, []string{"CAA of *.shop.example", "CAA of app.shop.example", "delegation of shop.example"}, verdicts(rows, notSeen))
	require.Equal(t, "no DNS server is asked", rows["CAA of app.shop.example"].Says)

	broken := authorityRow(t.Context(), nameServer(t), "broken.example")
	require.Equal(t, notSeen, broken.Verdict)
	require.Contains(t, broken.Says, "SERVFAIL")
	require.Equal(t, "127.0.0.9:53", newResolver("127.0.0.9").address)
}

// TestWhatIsAskedIsDocumented compares the calls with the permissions that docs/pipeline.md lists.
func TestWhatIsAskedIsDocumented(t *testing.T) {
	t.Parallel()
	account, settings, zone, servers := scene(t)
	own, err := kms.NewFromConfig(account.Config).CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	makeNATGateway(t, account, "eu-central-1a")
	before := len(calls(t, account))
	p := read(t, firstDeployment(zone, m{"kmsKeyId": *own.KeyMetadata.Arn})...)
	p.deployment.Inputs = append(p.deployment.Inputs, read(t, planned{token: resource.LaunchTemplate, name: "b", inputs: m{"blockDeviceMappings": []any{m{"ebs": m{}}}}}).deployment.Inputs...)
	ask(t, account, p, settings, nameServer(t, delegated(servers)...))
	made := []string{"servicequotas:GetAWSDefaultServiceQuota"} // Only where an account has no value of its own, which an emulated one always has.
	made = append(made, calls(t, account)[before:]...)
	slices.Sort(made)
	made = slices.DeleteFunc(slices.Compact(made), func(action string) bool { return action == "sts:GetCallerIdentity" }) // Nobody has to be allowed it.

	text, err := os.ReadFile("../../docs/pipeline.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n### 5. ")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	documented := regexp.MustCompile("`([a-z0-9]+:[A-Za-z0-9]+)`").FindAllStringSubmatch(section, -1)
	var want []string
	for _, d := range documented {
		if d[1] != "iam:CreateServiceLinkedRole" { // That is for whoever deploys.
			want = append(want, d[1])
		}
	}
	slices.Sort(want)
	require.Equal(t, slices.Compact(want), made)
	for _, action := range made {
		_, operation, _ := strings.Cut(action, ":")
		require.Regexp(t, `^(Get|List|Describe)`, operation, "only questions")
	}
}

// calls are what an account has been asked, as permissions.
func calls(t *testing.T, account *emulatortest.Account) []string {
	t.Helper()
	file, err := os.Open(account.Record)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // it was read only
	var all []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var record gateway.Record
		require.NoError(t, json.Unmarshal(lines.Bytes(), &record))
		service := strings.Replace(record.Service, "elbv2", "elasticloadbalancing", 1)
		if record.Action == "ListBuckets" {
			record.Action = "ListAllMyBuckets"
		}
		all = append(all, service+":"+record.Action)
	}
	return all
}

// TestWhatIsRefusedIsNotSeenAndTheRestIs lets one permission after the other be missing.
func TestWhatIsRefusedIsNotSeenAndTheRestIs(t *testing.T) {
	account, settings, zone, servers := scene(t)
	p := read(t, firstDeployment(zone, m{"encrypted": "true"})...)
	r := nameServer(t, delegated(servers)...)
	all := len(ask(t, account, p, settings, r))
	t.Cleanup(func() { require.NoError(t, account.Gateway.SetFaults()) })
	for action, rows := range map[string]int{
		"ec2:DescribeVpcs": 1, "ec2:DescribeInstances": 1, "ec2:DescribeInstanceTypes": 1, "ec2:DescribeInstanceTypeOfferings": 1, "ec2:GetEbsDefaultKmsKeyId": 1,
		"iam:GetRole": 4, "iam:GetAccountSummary": 3, "rds:DescribeDBEngineVersions": 1, "rds:DescribeOrderableDBInstanceOptions": 1,
		"route53:GetHostedZone": 1, "elbv2:DescribeTargetGroups": 1, "s3:ListBuckets": 1, "servicequotas:GetServiceQuota": 20, "kms:ListKeys": 1, "cloudtrail:DescribeTrails": 1, "logs:DescribeResourcePolicies": 1,
	} {
		service, operation, _ := strings.Cut(action, ":")
		require.NoError(t, account.Gateway.SetFaults(gateway.Rule{Account: account.Env, Service: service, Action: operation, Kind: gateway.Refuse}))
		got := ask(t, account, p, settings, r)
		unseen := verdicts(got, notSeen)
		require.Len(t, unseen, rows, "%s: %v", action, unseen)
		for _, name := range unseen {
			want := "allow " + strings.NewReplacer("elbv2", "elasticloadbalancing", "ListBuckets", "ListAllMyBuckets").Replace(action)
			require.Equal(t, want, got[name].Says)
		}
		if action != "ec2:DescribeInstances" && action != "ec2:DescribeInstanceTypes" { // one row stands for two
			require.Len(t, got, all, action)
		}
	}
	settings.AccountID = "111122223333"
	_, err := survey(t.Context(), account.Config, p, settings, r, io.Discard)
	require.EqualError(t, err, "the credentials are of account "+account.ID+", and staging is deployed to 111122223333")
}

// TestTheCodesSayWhatIsMissing runs the command as make does.
func TestTheCodesSayWhatIsMissing(t *testing.T) {
	running := emulatortest.Start(t)
	dir := t.TempDir()
	require.NoError(t, testproject.Write(dir))
	t.Chdir(dir)
	settings, err := stacks.CheckFiles(".", "staging")
	require.NoError(t, err)
	require.NoError(t, running.Gateway.Register(gateway.Account{Env: "codes", AccountID: settings.AccountID, AccessKey: "AKIACODES0000000000", Record: filepath.Join(dir, "calls.jsonl")}))
	t.Cleanup(func() { running.Gateway.Unregister("codes") })
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": running.Endpoint, "AWS_ACCESS_KEY_ID": "AKIACODES0000000000", "AWS_SECRET_ACCESS_KEY": "any", "AWS_CONFIG_FILE": "none"} {
		t.Setenv(name, value)
	}
	preview := func(resources ...planned) string {
		path := filepath.Join(t.TempDir(), "preview.jsonl")
		require.NoError(t, os.WriteFile(path, []byte(eventLog(t, resources...)), 0o600))
		return path
	}
	addresses := func(n int) (all []planned) {
		for i := range n {
			all = append(all, planned{token: resource.ElasticIP, name: strconv.Itoa(i)})
		}
		return all
	}
	certificate := planned{token: certificateType, name: "c", inputs: m{"validationMethod": "DNS", "domainName": "shop.example"}}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"room for all":      {[]string{"staging", preview(addresses(5)...)}, clean, "2 of 2 fine, 0 missing, 0 not seen"},
		"one too many":      {[]string{"staging", preview(addresses(6)...)}, lacking, "EC2-VPC Elastic IPs: needs 6 beside the 0 in use, and the limit is 5; ask for more: aws service-quotas"},
		"for machines":      {[]string{"-json", "staging", preview(addresses(6)...)}, lacking, `"limit": 5,`},
		"not seen":          {[]string{"-resolver", "none", "staging", preview(certificate)}, clean, "no DNS server is asked"},
		"not seen, and not": {[]string{"-strict", "-resolver", "none", "staging", preview(certificate)}, lacking, "no DNS server is asked"},
	} {
		var out, errOut bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), c.args, &out, &errOut), "%s: %s", name, errOut.String())
		require.Contains(t, out.String(), c.says, name)
		require.Contains(t, errOut.String(), "nothing is changed", name)
	}
}
