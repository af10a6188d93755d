// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestParseFillsInDefaults also pins the defaults: each is a promise to whoever does
// not write the key.
func TestParseFillsInDefaults(t *testing.T) {
	got, err := Parse(ours, "organization/bulkhead/staging", valid(nil))
	require.NoError(t, err)
	require.Equal(t, &Settings{
		Project: ours, Environment: "staging", AccountID: "210987654321", Region: "eu-central-1",
		Network: Network{
			VPCCIDR: "10.20.0.0/16", Zones: []string{"eu-central-1a", "eu-central-1b"}, NATStrategy: NATNone,
			InterfaceEndpoints: []string{"ssm", "secretsmanager", "logs", "kms"}, TrustedAccounts: []string{},
		},
		Bastion: Bastion{Access: BastionKnownAddresses, AllowedCIDRs: []string{"203.0.113.0/28"}, InstanceType: "t3.micro"},
		Edge:    Edge{Zone: "staging.bulkhead.example", Domain: "staging.bulkhead.example", HSTSDays: 730},
		WAF:     WAF{RateLimit: 1000},
		App: App{
			Port: 8443, HealthPath: "/healthz", InstanceType: "t3.small", RootDevice: "/dev/xvda", MinSize: 2, MaxSize: 4, EgressCIDRs: nil,
		},
		Database: Database{
			InstanceClass: "db.t4g.small", EngineVersion: "17", StorageGB: 50, MaxStorageGB: 200, BackupRetentionDays: 30, RestoreFrom: []string{}, Attached: "db",
		},
		Backup:  Backup{LockMode: LockGovernance},
		Audit:   Audit{LogRetentionDays: 365, AlarmEmails: []string{"alarms@example.com"}, TrailLockMode: LockGovernance},
		Profile: "production",
	}, withoutEmptyLists(got))
}

// withoutEmptyLists makes an empty list and none at all the same.
func withoutEmptyLists(s *Settings) *Settings {
	for _, list := range []*[]string{&s.App.EgressCIDRs, &s.App.EgressDomains, &s.WAF.Relaxations, &s.Network.ExistingSubnetIDs, &s.Audit.RecordEmails, &s.Database.External.CIDRs, &s.Backup.CopyTo} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return s
}

func TestParseAcceptsBothSpellingsOfKeys(t *testing.T) {
	bare, err := Parse(ours, "staging", valid(nil))
	require.NoError(t, err)
	prefixed := map[string]string{"pulumi:tags": "{}", "aws:region": "us-east-1"}
	for key, value := range valid(nil) {
		prefixed[ours+":"+key] = value
	}
	full, err := Parse(ours, "staging", prefixed)
	require.NoError(t, err)
	require.Equal(t, bare, full)
}

func TestParseGoodValues(t *testing.T) {
	for name, changes := range map[string]map[string]string{
		"four zones, out of order":  {"zones": `["eu-central-1c","eu-central-1a","eu-central-1d","eu-central-1b"]`},
		"no NAT":                    {"natStrategy": "None"},
		"an existing VPC":           existing(nil),
		"its ways out":              existing(map[string]string{"appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24"]`}),
		"more endpoints":            {"interfaceEndpoints": `["ssm","ssmmessages","ec2messages","secretsmanager","logs","kms","ecr.api","ecr.dkr","rds-data"]`},
		"no bastion":                {"bastion": "None", "bastionAllowedCidrs": absent},
		"Session Manager alone":     {"bastion": "SessionManager", "bastionAllowedCidrs": "[]", "bastionReachesDatabase": "true"},
		"IPv6 operators":            {"bastionAllowedCidrs": `["2001:db8:1::/48","198.51.100.7/32"]`},
		"a name in the zone":        {"edgeDomain": "www.staging.bulkhead.example"},
		"a certificate":             {"edgeZone": "", "edgeDomain": "shop.example", "edgeCertificateArn": "arn:aws:acm:eu-central-1:210987654321:certificate/01234567-89ab-cdef-0123-456789abcdef"},
		"ARM":                       {"appInstanceType": "m7gd.large", "bastionInstanceType": "t4g.micro"},
		"an image":                  {"appImage": "ami-0123456789abcdef0", "appInstanceType": "t4g.small"},
		"an image with its disk":    {"appImage": "ami-0123456789abcdef0", "appRootDevice": "/dev/sda1"},
		"arm with its image":        {"appImage": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64", "appInstanceType": "m7gd.large"},
		"destinations":              {"appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24","10.99.0.0/16"]`, "natStrategy": "OnePerZone"},
		"uploads":                   {"wafRelaxations": `["CommonRuleSet.SizeRestrictions_BODY because people upload photos","Linux because the group is tried out"]`},
		"names only logged":         {"dnsBlockOffReason": "finding out which names there are"},
		"images of another account": {"trustedAccounts": `["111122223333 because it keeps the images of all environments"]`},
		"names while it fails":      {"dnsFailClosedOffReason": "requests matter more than that"},
		"credentials anywhere":      {"credentialsAnywhereReason": "browsers get URLs that an instance signs"},
		"operators with IPv6 alone": {"ipv6": "true", "bastionAllowedCidrs": `["2001:db8:1::/48"]`},
		"IPv6 without NAT":          {"ipv6": "true", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["2001:db8:30::/48"]`},
		"images from elsewhere":     {"edgeContentSecurityPolicy": "default-src 'self'; img-src https://cdn.example.com"},
		"no HSTS":                   {"edgeHstsOffReason": "the domain moves back to plain HTTP"},
		"a database that is there":  {"databaseRestoreFrom": `["monday restored"]`, "databaseAttached": "monday"},
		"a locked vault":            {"backupKeepDays": "35", "backupLockMode": "Compliance", "backupCopyTo": `["arn:aws:backup:eu-west-1:210987654321:backup-vault:far","arn:aws:backup:eu-central-1:444455556666:backup-vault:apart"]`},
		"an exact upgrade":          {"databaseEngineVersion": "17.9", "databaseUpgrade": "true"},
		"the least growth":          {"databaseStorageGb": "20", "databaseMaxStorageGb": "22"},
		"the most storage":          {"databaseStorageGb": "59578", "databaseMaxStorageGb": "65536"},
		"protection off, explained": {"deletionProtectionOffReason": "rebuilt every night by the load test"},
		"one instance in staging":   {"appMinSize": "1", "appMaxSize": "1", "databaseSingleAz": "true", "natStrategy": "Single", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24"]`, "logRetentionDays": "30"},
	} {
		_, err := Parse(ours, "staging", valid(changes))
		require.NoError(t, err, name)
	}
}

// existing are the changes that put an environment into an existing VPC, and more changes.
func existing(more map[string]string) map[string]string {
	changes := map[string]string{
		"vpcCidr": absent, "existingVpcId": "vpc-0123456789abcdef0",
		"existingSubnetIds": `["public subnet-00000000","public subnet-00000001","app subnet-00000002","app subnet-00000003","data subnet-00000004","data subnet-00000005"]`,
	}
	maps.Copy(changes, more)
	return changes
}

func TestProductionIsWhateverIsNotKnownToBeLess(t *testing.T) {
	for _, name := range []string{"production", "prod", "live", "prod-eu", "Staging", "stagingx", "", "production-test", "org/bulkhead/production"} {
		require.True(t, IsProduction(name), name)
	}
	for _, name := range []string{"staging", "staging-2", "dev", "dev-anna", "test", "sandbox-x", "development", "org/bulkhead/staging"} {
		require.False(t, IsProduction(name), name)
	}
}

func TestParseRefusesNamesThatAWSWould(t *testing.T) {
	for _, name := range []string{"", "Staging", "staging_2", "2-staging", "staging-", "a-much-too-long-name"} {
		_, err := Parse(ours, name, valid(nil))
		require.EqualError(t, err, FileName(name)+`: "`+name+`" is not a valid name for the environment, which becomes part of the names of AWS resources; `+
			"use 1 to 15 lower-case letters, digits and inner hyphens, beginning with a letter")
	}
	for name, why := range map[string]string{
		"sg": "a security group", "sg-1": "a security group", "internal": "an internal load balancer", "internal-2": "an internal load balancer",
		"aws": "Session Manager", "awsome": "Session Manager", "amazon-1": "Session Manager", "amzn": "Session Manager", "sthree": "S3", "dev--anna": "RDS",
	} {
		_, err := Parse(ours, name, valid(nil))
		require.ErrorContains(t, err, FileName(name)+`: "`+name+`" `)
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, err, "call the environment something else")
	}
	for _, name := range []string{"staging", "p", "prod-eu", "dev-anna-2", "org/bulkhead/production", "sgx", "internals", "am", "my-aws"} {
		_, err := Parse(ours, name, valid(nil))
		require.NoError(t, err, name)
	}
}

// bad is one wrong value and the one line that reports it.
type bad struct{ key, value, want string }

// TestParseReportsEachBadValue holds every key to its own check.
func TestParseReportsEachBadValue(t *testing.T) {
	for _, tt := range []bad{
		{"accountId", absent, `accountId: is missing; add it, for example bulkhead:accountId: "210987654321"`},
		{"accountId", "", `accountId: is empty; write a value such as "210987654321"`},
		{"accountId", "12345678901", `accountId: "12345678901" is not an AWS account id; write all 12 digits in quotes, because YAML drops leading zeros from a bare number`},
		{"accountId", "1234-5678-9012", `accountId: "1234-5678-9012" is not an AWS account id`},
		{"region", absent, `region: is missing; add it, for example bulkhead:region: eu-central-1`},
		{"region", "eu-centrl-1", `region: "eu-centrl-1" is not the name of an AWS region; write it like eu-central-1`},
		{"region", "eu-central-1a", `region: "eu-central-1a" is not the name of an AWS region`},
		{"region", "us-gov-west-1", `region: "us-gov-west-1" lies in another AWS partition`},
		{"region", "cn-north-1", `region: "cn-north-1" lies in another AWS partition`},

		{"vpcCidr", absent, `vpcCidr: is missing like existingVpcId, and there is nothing to put subnets into; set one of the two, for example vpcCidr: 10.20.0.0/16`},
		{"vpcCidr", "", `vpcCidr: is missing like existingVpcId`},
		{"existingVpcId", "vpc-1", `existingVpcId: "vpc-1" is not the id of a VPC; write it like vpc-0123456789abcdef0`},
		{"existingSubnetIds", `["app subnet-01234567"]`, `existingSubnetIds: ["app subnet-01234567"] is given without existingVpcId; name the VPC too, or remove it`},
		{"existingSubnetIds", `["subnet-01234567"]`, `existingSubnetIds[0]: "subnet-01234567" is not a tier and a subnet; write it like app subnet-0123456789abcdef0`},
		{"existingSubnetIds", `["app subnet-x"]`, `existingSubnetIds[0]: "subnet-x" is not the id of a subnet; write it like subnet-0123456789abcdef0`},
		{"vpcCidr", "10.20.0.0/21", `vpcCidr: "10.20.0.0/21" is too small for three tiers in four zones; use a prefix from /16 to /20`},
		{"vpcCidr", "10.0.0.0/8", `vpcCidr: "10.0.0.0/8" is wider than a VPC may be; use a prefix from /16 to /20`},
		{"vpcCidr", "203.0.0.0/16", `vpcCidr: "203.0.0.0/16" is not private address space`},
		{"vpcCidr", "10.20.0.5/16", `vpcCidr: "10.20.0.5/16" is not in canonical form; write 10.20.0.0/16`},
		{"vpcCidr", "10.20.0.0", `vpcCidr: "10.20.0.0" has no prefix length`},
		{"vpcCidr", "ten", `vpcCidr: "ten" is not a CIDR range`},

		{"zones", absent, `zones: is missing; add it, for example bulkhead:zones: [eu-central-1a, eu-central-1b]`},
		{"zones", "[]", `zones: [] is empty, and nothing can be placed; name 2 to 4 zones of the region`},
		{"zones", `["eu-central-1a"]`, `zones: ["eu-central-1a"] names one zone, and a load balancer and a database need two; name 2 to 4 zones of eu-central-1`},
		{"zones", `["eu-central-1a","eu-west-1b"]`, `zones[1]: "eu-west-1b" lies outside region eu-central-1; name a zone such as eu-central-1a`},
		{"zones", `["eu-central-1a","eu-central-1a"]`, `zones[1]: "eu-central-1a" is listed twice; keep one`},
		{"zones", `["eu-central-1a","eu-central-1e"]`, `zones[1]: "eu-central-1e" has the same address slot in the network as eu-central-1a`},
		{"zones", `["eu-central-1a","euc1-az2"]`, `zones[1]: "euc1-az2" is a zone id; write the zone's name`},
		{"zones", `["eu-central-1a","eu-central-1-ham-1a"]`, `zones[1]: "eu-central-1-ham-1a" is a local or Wavelength zone`},
		{"zones", `["eu-central-1a","b"]`, `zones[1]: "b" is not the name of an availability zone`},
		{"zones", `["eu-central-1a",2]`, `zones[1]: 2 is not a string; put one string in quotes`},
		{"zones", `eu-central-1a`, `zones: "eu-central-1a" is not a list; write a YAML list such as [eu-central-1a, eu-central-1b]`},
		{"zones", `{"a":"eu-central-1a"}`, `zones: "{\"a\":\"eu-central-1a\"}" is not a list`},

		{"natStrategy", "oneperzone", `natStrategy: "oneperzone" is not one of the choices; did you mean OnePerZone?`},
		{"natStrategy", "gateway", `natStrategy: "gateway" is not one of the choices; choose None, Single or OnePerZone`},
		{"interfaceEndpoints", `["ssm","sm"]`, `interfaceEndpoints[1]: "sm" is not a service the network knows; did you mean`},
		{"interfaceEndpoints", `["com.amazonaws.eu-central-1.logs"]`, `interfaceEndpoints[0]: "com.amazonaws.eu-central-1.logs" is a full service name; write only its last part, "logs"`},
		{"interfaceEndpoints", `["com.amazonaws.eu-central-1.ecr.api"]`, `write only its last part, "ecr.api"`},
		{"interfaceEndpoints", `["s3"]`, `interfaceEndpoints[0]: "s3" has a gateway endpoint`},
		{"interfaceEndpoints", `["Ssm Messages"]`, `interfaceEndpoints[0]: "Ssm Messages" is not a service the network knows; did you mean ssmmessages?`},
		{"interfaceEndpoints", `["bedrock"]`, `interfaceEndpoints[0]: "bedrock" is not a service the network knows; choose from autoscaling, `},
		{"interfaceEndpoints", `["ssm","ssm"]`, `interfaceEndpoints[1]: "ssm" is listed twice`},

		{"bastion", "ssm", `bastion: "ssm" is not one of the choices; choose None, SessionManager or KnownAddresses`},
		{"bastion", "sessionmanager", `bastion: "sessionmanager" is not one of the choices; did you mean SessionManager?`},
		{"bastion", "SessionManager", `bastionAllowedCidrs: ["203.0.113.0/28"] is given although bastion is SessionManager, which admits no SSH; remove it, or choose bastion: KnownAddresses`},
		{"bastion", "None", `bastionAllowedCidrs: ["203.0.113.0/28"] is given although bastion is None, which admits no SSH; remove it, or choose`},
		{"bastion", absent, `bastionAllowedCidrs: ["203.0.113.0/28"] is given although bastion is SessionManager`},
		{"bastionAllowedCidrs", absent, `bastionAllowedCidrs: is empty, and nobody could open an SSH session; list the known addresses of your operators, or choose bastion: SessionManager`},
		{"bastionAllowedCidrs", "[]", `bastionAllowedCidrs: [] is empty, and nobody could open an SSH session`},
		{"bastionAllowedCidrs", "", `bastionAllowedCidrs: is empty, and nobody could open an SSH session`},
		{"bastionAllowedCidrs", `["203.0.113.0/28","0.0.0.0/0"]`, `bastionAllowedCidrs[1]: "0.0.0.0/0" admits the whole internet; list known addresses`},
		{"bastionAllowedCidrs", `["203.0.113.0/28","::/0"]`, `bastionAllowedCidrs[1]: "::/0" admits the whole internet; list known addresses`},
		{"bastionAllowedCidrs", `["0/0"]`, `bastionAllowedCidrs[0]: "0/0" admits the whole internet`},
		{"bastionAllowedCidrs", `["0.0.0.0/1"]`, `bastionAllowedCidrs[0]: "0.0.0.0/1" is wider than /24`},
		{"bastionAllowedCidrs", `["203.0.113.0/28","2001:db8::/32"]`, `bastionAllowedCidrs[1]: "2001:db8::/32" is wider than /48`},
		{"bastionAllowedCidrs", `["203.0.113.7/28"]`, `bastionAllowedCidrs[0]: "203.0.113.7/28" is not in canonical form; write 203.0.113.0/28`},
		{"bastionAllowedCidrs", `["2001:db8:1::/48"]`, `bastionAllowedCidrs: ["2001:db8:1::/48"] has no IPv4 range, and the VPC has no IPv6 addresses; list the IPv4 addresses too, or set ipv6: true`},
		{"bastionAllowedCidrs", `["203.0.113.0/28","64:ff9b::/96"]`, `the NAT64 block that stands for all of IPv4`},
		{"bastionAllowedCidrs", `["203.0.113.0/28","203.0.113.0/28"]`, `bastionAllowedCidrs[1]: "203.0.113.0/28" is listed twice`},
		{"bastionAllowedCidrs", `["203.0.113.0/28","203.0.113.4/32"]`, `bastionAllowedCidrs[1]: "203.0.113.4/32" lies inside 203.0.113.0/28 of the same list; drop one of the two`},
		{"bastionAllowedCidrs", `["10.20.4.0/24"]`, `bastionAllowedCidrs[0]: "10.20.4.0/24" overlaps the VPC's own range 10.20.0.0/16`},
		{"bastionAllowedCidrs", `["192.0.2.1/32","192.0.2.2/32","192.0.2.3/32","192.0.2.4/32","192.0.2.5/32","192.0.2.6/32","192.0.2.7/32","192.0.2.8/32","192.0.2.9/32"]`, `lists 9 ranges of one address family, and a network ACL has room for 8; merge neighbours or drop some`},
		{"bastionInstanceType", "micro", `bastionInstanceType: "micro" is not an EC2 instance type; write it like t3.small`},
		{"bastionInstanceType", "t1.micro", `bastionInstanceType: "t1.micro" cannot use encrypted disks`},
		{"bastionReachesDatabase", "yes", `bastionReachesDatabase: "yes" is neither true nor false; write true or false`},
		{"bastionReachesDatabase", "True", `bastionReachesDatabase: "True" is neither true nor false`},

		{"edgeZone", "", `edgeZone: is missing like edgeCertificateArn`},
		{"edgeZone", "Example.com", `edgeZone: "Example.com" is not a DNS name`},
		{"edgeZone", "bulkhead.example.", `edgeZone: "bulkhead.example." is not a DNS name`},
		{"edgeZone", "example", `edgeZone: "example" is not a DNS name`},
		{"edgeDomain", "*.staging.bulkhead.example", `edgeDomain: "*.staging.bulkhead.example" is a wildcard`},
		{"edgeDomain", "www.other.example", `edgeDomain: "www.other.example" lies outside the zone staging.bulkhead.example`},
		{"edgeDomain", "notstaging.bulkhead.example", `edgeDomain: "notstaging.bulkhead.example" lies outside the zone`},
		{"edgeCertificateArn", "arn:aws:acm:eu-central-1:210987654321:certificate/01234567-89ab-cdef-0123-456789abcdef", `is given beside edgeZone`},
		{"edgeCertificateArn", "arn:aws:iam::210987654321:server-certificate/x", `is not the ARN of an ACM certificate`},
		{"wafRateLimit", "9", `wafRateLimit: 9 is not between 10 and 2000000000 requests in 5 minutes`},
		{"wafRateLimit", "2000000001", `wafRateLimit: 2000000001 is not between`},

		{"wafRelaxations", `["CommonRuleSet.SizeRestrictions_BODY"]`, `wafRelaxations[0]: "CommonRuleSet.SizeRestrictions_BODY" gives no reason; write it like CommonRuleSet.SizeRestrictions_BODY at /photos because people upload photos`},
		{"wafRelaxations", `["CommonRules because people upload photos"]`, `wafRelaxations[0]: "CommonRules because people upload photos" relaxes something that is not part of the web ACL; did you mean CommonRuleSet?`},
		{"wafRelaxations", `["PHP because people upload photos"]`, `relaxes something that is not part of the web ACL; choose from IPReputation, RateLimit, CommonRuleSet`},
		{"wafRelaxations", `["RateLimit.All because people upload photos"]`, `names a rule inside the rate limit, which is one rule; name RateLimit alone, or raise wafRateLimit`},
		{"wafRelaxations", `["Linux.a b because people upload photos"]`, `does not name a rule of AWS WAF`},
		{"wafRelaxations", `["Linux. because people upload photos"]`, `does not name a rule of AWS WAF`},
		{"wafRelaxations", `["Linux.LFI_HEADER because so"]`, `gives a reason that is not valid; write 10 to 256 letters`},
		{"wafRelaxations", `["Linux.LFI_HEADER because people upload photos","Linux.LFI_HEADER because people upload films"]`, `wafRelaxations[1]: "Linux.LFI_HEADER because people upload films" relaxes Linux.LFI_HEADER a second time; keep one`},
		{"wafRelaxations", `["Linux.LFI_HEADER because people upload photos","Linux.LFI_HEADER because people upload photos"]`, `is listed twice; keep one`},
		{"edgeContentSecurityPolicy", "img-src *", `edgeContentSecurityPolicy: "img-src *" has no default-src`},
		{"wafRelaxations", `["Linux.LFI_HEADER at /photos because photos have odd names"]`, `"/photos" is a path for a rule that does not look at bodies`},
		{"wafRelaxations", `["CommonRuleSet.SizeRestrictions_BODY at photos because people upload photos"]`, `"photos" is not the beginning of a path`},
		{"wafRelaxations", `["Oversize.Any at /photos because people upload photos"]`, `names a rule inside Oversize, which is one rule; name Oversize alone`},
		{"edgeHstsDays", "0", `edgeHstsDays: 0 is not between 1 and 730 days`},
		{"bastionPermissionSet", "our operators", `bastionPermissionSet: "our operators" is not the name of a permission set`},
		{"edgeHstsOffReason", "so be it", `edgeHstsOffReason: "so be it" is not a valid reason; write 10 to 256 letters`},

		{"appPort", "443", `appPort: 443 is a privileged port; choose one from 1025 to 65535`},
		{"appPort", "1024", `appPort: 1024 is a privileged port`},
		{"appPort", "65536", `appPort: 65536 is not a TCP port`},
		{"appPort", "-1", `appPort: -1 is not a TCP port`},
		{"appPort", "5432", `appPort: 5432 is the port of PostgreSQL`},
		{"appPort", "https", `appPort: "https" is not a whole number; write a number such as 8443`},
		{"appPort", "8443.5", `appPort: "8443.5" is not a whole number`},
		{"appPort", "", `appPort: is not a whole number`},
		{"appHealthPath", "healthz", `appHealthPath: "healthz" is not a plain path of at most 256 characters`},
		{"appHealthPath", "/a b", `appHealthPath: "/a b" is not a plain path of at most 256 characters`},
		{"appInstanceType", "t3", `appInstanceType: "t3" is not an EC2 instance type`},
		{"appInstanceType", "t3.tiny", `appInstanceType: "t3.tiny" is not an EC2 instance type`},
		{"appImage", "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64", `is for arm64 and t3.small has a processor of x86_64; choose an image for x86_64`},
		{"appImage", "ubuntu", `appImage: "ubuntu" is neither an AMI id nor a reference to one`},
		{"appRootDevice", "sda1", `appRootDevice: "sda1" is not one of the choices; choose /dev/xvda or /dev/sda1`},
		{"appRootDevice", "/dev/sdb", `appRootDevice: "/dev/sdb" is not one of the choices`},
		{"appRootDevice", "/dev/sda1", `appRootDevice: "/dev/sda1" is not the root disk of Amazon Linux, which runs without appImage; remove it, or set appImage`},
		{"appMinSize", "0", `appMinSize: 0 is not between 1 and 200 instances`},
		{"appMinSize", "5", `appMinSize: 5 is above appMaxSize, 4; lower it, or raise appMaxSize`},
		{"appMaxSize", "201", `appMaxSize: 201 is not between 1 and 200 instances`},
		{"appEgressDomains", `["https://api.example.com"]`, `appEgressDomains[0]: "https://api.example.com" is neither a DNS name nor all names below one; write it like api.example.com or *.example.com`},
		{"appEgressDomains", `["*"]`, `appEgressDomains[0]: "*" is neither a DNS name`},
		{"appEgressDomains", `["*.com"]`, `appEgressDomains[0]: "*.com" is neither a DNS name`},
		{"appEgressCidrs", `["0.0.0.0/0"]`, `appEgressCidrs[0]: "0.0.0.0/0" reaches the whole internet; list known destinations`},
		{"appEgressCidrs", `["128.0.0.0/1"]`, `appEgressCidrs[0]: "128.0.0.0/1" is wider than /8`},
		{"appEgressCidrs", `["169.254.169.254/32"]`, `appEgressCidrs[0]: "169.254.169.254/32" lies in the link-local block`},

		{"databaseInstanceClass", "db.t2.micro", `databaseInstanceClass: "db.t2.micro" cannot encrypt its storage; choose a current class such as db.t4g.small`},
		{"databaseInstanceClass", "db.m1.large", `databaseInstanceClass: "db.m1.large" cannot encrypt its storage`},
		{"databaseInstanceClass", "db.m2.4xlarge", `databaseInstanceClass: "db.m2.4xlarge" cannot encrypt its storage`},
		{"databaseInstanceClass", "db.serverless", `databaseInstanceClass: "db.serverless" is a class of Aurora`},
		{"databaseInstanceClass", "t4g.small", `databaseInstanceClass: "t4g.small" is not an RDS instance class; write it like db.t4g.small`},
		{"databaseEngineVersion", "17.4", `databaseEngineVersion: "17.4" pins a minor version, which RDS patches by itself; write only the major version, "17", but for the one deployment that upgrades`},
		{"databaseEngineVersion", "14", `databaseEngineVersion: "14" is a PostgreSQL out of support; choose 15 to 18`},
		{"databaseEngineVersion", "9.6", `databaseEngineVersion: "9.6" is not a major version of PostgreSQL`},
		{"databaseStorageGb", "10", `databaseStorageGb: 10 is not between 20 and 59578 GiB`},
		{"databaseMaxStorageGb", "50", `databaseMaxStorageGb: 50 leaves no room to grow from 50 GiB; set it to 55 or more`},
		{"databaseMaxStorageGb", "30", `databaseMaxStorageGb: 30 leaves no room to grow`},
		{"databaseBackupRetentionDays", "0", `databaseBackupRetentionDays: 0 switches backups off; keep them for 7 to 35 days`},
		{"databaseBackupRetentionDays", "6", `databaseBackupRetentionDays: 6 keeps backups for less than 7 days (FSBP RDS.11); keep them for 7 to 35 days`},
		{"databaseBackupRetentionDays", "-3", `databaseBackupRetentionDays: -3 keeps backups for less than 7 days`},
		{"databaseBackupRetentionDays", "36", `databaseBackupRetentionDays: 36 is more than RDS can keep`},
		{"trustedAccounts", `["111122223333"]`, `trustedAccounts[0]: "111122223333" gives no reason; write it like 111122223333 because it keeps the images of all environments`},
		{"trustedAccounts", `["1111 because it keeps the images"]`, `trustedAccounts[0]: "1111 because it keeps the images" does not begin with an AWS account id; write all 12 digits`},
		{"trustedAccounts", `["111122223333 because no"]`, `trustedAccounts[0]: "111122223333 because no" gives a reason that is not valid; `},
		{"trustedAccounts", `["111122223333 because it keeps the images","111122223333 because it keeps the keys"]`, `trustedAccounts[1]: "111122223333 because it keeps the keys" trusts 111122223333 a second time; keep one`},
		{"databaseRestoreFrom", `["monday"]`, `databaseRestoreFrom[0]: "monday" is not a name and a backup; write it like monday snapshot shop-db-final-1a2b3c4d`},
		{"databaseRestoreFrom", `["snapshot shop-db"]`, `databaseRestoreFrom[0]: "shop-db" is not a backup of a database; write it like snapshot`},
		{"databaseRestoreFrom", `["Monday snapshot shop-db"]`, `databaseRestoreFrom[0]: "Monday" is not a valid name for servers`},
		{"databaseRestoreFrom", `["app snapshot shop-db"]`, `databaseRestoreFrom[0]: "app" is the name of something else in the environment`},
		{"databaseRestoreFrom", `["monday instance shop-db"]`, `databaseRestoreFrom[0]: "instance shop-db" does not say which moment to go back to; end it in latest`},
		{"databaseExternalUrl", "postgresql://me:hunter2@db.example.com/shop", `databaseExternalUrl: the URI names who logs in, which is for the secret alone to know; put user and password into the secret`},
		{"backupKeepDays", "3", `backupKeepDays: 3 is not between 7 and 3650 days`},
		{"backupLockMode", "Root", `backupLockMode: "Root"`},
		{"backupCopyTo", `["vault"]`, `"vault" is not the ARN of a backup vault; write arn:aws:backup:`},
		{"databaseExternalUrl", "postgresql://203.0.113.17/shop", `databaseExternalUrl: "203.0.113.17" is an address, which moves, and certificates hold names`},
		{"databaseExternalCa", "ca.pem", `databaseExternalCa: the text is not PEM from its block 1 on; give the PEM of the authority`},
		{"databaseExternalCidrs", `["0.0.0.0/0"]`, `databaseExternalCidrs[0]: "0.0.0.0/0" reaches the whole internet; list known destinations`},
		{"databaseExtendedSupportReason", "no", `databaseExtendedSupportReason: "no" is not a valid reason`},
		{"databaseAttached", "monday", `databaseAttached: "monday" is not the name of a database; use one of db`},

		{"logRetentionDays", "100", `logRetentionDays: 100 is not a retention that CloudWatch Logs accepts; the next longer one is 120`},
		{"logRetentionDays", "0", `logRetentionDays: 0 is not a retention that CloudWatch Logs accepts`},
		{"logRetentionDays", "9999", `logRetentionDays: 9999 is not a retention that CloudWatch Logs accepts; the longest is 3653`},
		{"alarmEmails", "[]", `alarmEmails: [] is empty, and alarms would ring unheard; list who answers them`},
		{"alarmEmails", `["Ops <ops@example.com>"]`, `alarmEmails[0]: "Ops <ops@example.com>" is not an e-mail address`},
		{"alarmEmails", `["ops@localhost"]`, `alarmEmails[0]: "ops@localhost" is not an e-mail address`},
		{"deletionProtection", "false", `deletionProtection: "false" is given to an unknown key; leave it out, or say why in deletionProtectionOffReason`},
		{"databaseMultiAz", "true", `databaseMultiAz: "true" is given to an unknown key; leave it out, or write databaseSingleAz: true if one zone is enough`},
		{"profile", "../production", `profile: "../production" is not the name of a profile; name a file of policy/profiles without .json`},
		{"profile", "Staging", `profile: "Staging" is not the name of a profile`},

		{"vpcCider", "10.30.0.0/16", `vpcCider: "10.30.0.0/16" is given to an unknown key; did you mean bulkhead:vpcCidr?`},
		{"bastionCidrs", `["0.0.0.0/0"]`, `did you mean bulkhead:bastionAllowedCidrs?`},
		{"bastion.allowedCidrs", `["0.0.0.0/0"]`, `did you mean bulkhead:bastionAllowedCidrs?`},
		{"favouriteColour", "red", `favouriteColour: "red" is given to an unknown key; remove it, or look it up in docs/configuration.md`},
	} {
		_, err := Parse(ours, "staging", valid(map[string]string{tt.key: tt.value}))
		var problems Problems
		require.ErrorAs(t, err, &problems, "%s=%s", tt.key, tt.value)
		require.Len(t, problems, 1, "%s=%s: one mistake is reported once: %v", tt.key, tt.value, err)
		require.Contains(t, err.Error(), tt.want, "%s=%s", tt.key, tt.value)
		require.True(t, strings.HasPrefix(err.Error(), "Pulumi.staging.yaml: bulkhead:"), err.Error())
		require.NotEmpty(t, problems[0].Cure)
	}
}

// TestParseReportsRules holds combinations of keys to the rules between them.
func TestParseReportsRules(t *testing.T) {
	certificate := "arn:aws:acm:us-east-1:999999999999:certificate/01234567-89ab-cdef-0123-456789abcdef"
	for name, tt := range map[string]struct {
		stack   string
		changes map[string]string
		want    []string
	}{
		"restored databases that do not fit": {"staging", map[string]string{
			"databaseRestoreFrom": `["monday snapshot a", "monday snapshot b", "tuesday snapshot arn:aws:rds:us-east-1:444455556666:snapshot:c"]`, "databaseAttached": "sunday"},
			[]string{
				`databaseRestoreFrom: "monday snapshot b" has a name that another entry has; give each database its own`,
				`databaseRestoreFrom: "snapshot arn:aws:rds:us-east-1:444455556666:snapshot:c" is in us-east-1, and RDS restores backups of its own region alone; copy it to eu-central-1 first`,
				`databaseAttached: "sunday" is not the name of a database; use one of db, monday, monday, tuesday`,
			}},
		"vaults that are of no use": {"staging", map[string]string{"backupKeepDays": "35", "backupCopyTo": `["arn:aws:backup:eu-central-1:210987654321:backup-vault:beside","arn:aws:backup:eu-west-1:444455556666:backup-vault:both"]`},
			[]string{`backupCopyTo: "arn:aws:backup:eu-central-1:210987654321:backup-vault:beside" is lost with what it holds copies of; name a vault of another region`,
				`"arn:aws:backup:eu-west-1:444455556666:backup-vault:both" lies in another region and in another account`}},
		"copies of nothing": {"staging", map[string]string{"backupCopyTo": `["arn:aws:backup:eu-west-1:210987654321:backup-vault:far"]`},
			[]string{`backupCopyTo: ["arn:aws:backup:eu-west-1:210987654321:backup-vault:far"] is given although backupKeepDays is 0`}},
		"an external database of which half is said": {"staging", map[string]string{"databaseExternalUrl": "postgresql://db.example.com/shop", "backupKeepDays": "35", "databaseAttached": "monday", "databaseRestoreFrom": `["monday snapshot a"]`},
			[]string{
				`databaseRestoreFrom: ["monday snapshot a"] is given beside databaseExternalUrl, with which the environment makes no database; remove it`,
				`backupKeepDays: 35 is given beside databaseExternalUrl, with which the environment makes no database; remove it`,
				`databaseExternalCidrs: is missing beside databaseExternalUrl; list the addresses in which its host name resolves`,
				`databaseExternalCa: is missing beside databaseExternalUrl; give the PEM of the authority that signs the server's certificate`,
				`databaseExternalSecretArn: is missing beside databaseExternalUrl; name the secret with username and password of the service`,
				`databaseAttached: "monday" is given beside databaseExternalUrl`,
			}},
		"an external database without a way to it": {"staging", map[string]string{"databaseExternalCidrs": `["198.51.100.0/24"]`},
			[]string{`databaseExternalCidrs: ["198.51.100.0/24"] cannot be reached with natStrategy None; empty the list, or choose OnePerZone or Single`,
				`is given without databaseExternalUrl`}},
		"parts of an external database": {"staging", map[string]string{"databaseExternalCidrs": `["198.51.100.0/24"]`, "natStrategy": "OnePerZone"},
			[]string{`databaseExternalCidrs: ["198.51.100.0/24"] is given without databaseExternalUrl; name the database too, or remove it`}},
		"a secret from elsewhere": {"staging", map[string]string{
			"databaseExternalUrl": "postgresql://db.example.com/shop", "databaseExternalCidrs": `["198.51.100.0/24"]`, "natStrategy": "OnePerZone",
			"databaseExternalSecretArn": "arn:aws:secretsmanager:us-east-1:999999999999:secret:shop-0a1b2c", "databaseExternalKeyArn": "alias/shop",
		},
			[]string{
				`databaseExternalCa: is missing beside databaseExternalUrl`,
				`databaseExternalSecretArn: "arn:aws:secretsmanager:us-east-1:999999999999:secret:shop-0a1b2c" is in another region than eu-central-1`,
				`databaseExternalKeyArn: "alias/shop" is not the ARN of a key`,
			}},
		"an existing VPC beside one of its own": {"staging", existing(map[string]string{"vpcCidr": "10.20.0.0/16"}),
			[]string{`vpcCidr: "10.20.0.0/16" is given beside existingVpcId, which has its ranges already; keep one of the two`}},
		"an existing VPC without subnets": {"staging", existing(map[string]string{"existingSubnetIds": absent}),
			[]string{`existingSubnetIds: is empty, and the tiers have no subnets to move into; list one of each tier in each zone`}},
		"subnets that do not fit": {"staging", existing(map[string]string{"existingSubnetIds": `["app subnet-00000000","app subnet-00000001","app subnet-00000002","data subnet-00000003","data subnet-00000001"]`}),
			[]string{
				`existingSubnetIds: ["app subnet-00000000","app subnet-00000001","app subnet-00000002","data subnet-00000003","data subnet-00000001"] has 3 subnets of the tier app for 2 zones; list one in each zone`,
				`existingSubnetIds: "subnet-00000001" is in the tier app and in the tier data; give each tier subnets of its own`,
			}},
		"the account itself among those that are trusted": {"staging", map[string]string{"accountId": "111122223333", "trustedAccounts": `["111122223333 because it is our own"]`},
			[]string{`trustedAccounts: "111122223333 because it is our own" is accountId itself; remove it`}},
		"decisions of the owner of an existing VPC": {"staging", existing(map[string]string{
			"natStrategy": "Single", "dnsBlockOffReason": "finding out which names there are", "dnsFailClosedOffReason": "requests matter more than that",
		}),
			[]string{
				`natStrategy: "Single" is given beside existingVpcId, whose owner has its gateways already; remove it`,
				`dnsBlockOffReason: "finding out which names there are" is given beside existingVpcId, whose names are its owner's to answer; remove it`,
				`dnsFailClosedOffReason: "requests matter more than that" is given beside existingVpcId, whose names are its owner's to answer; remove it`,
			}},
		"a bastion's way without a bastion": {"staging", map[string]string{"bastion": "None", "bastionAllowedCidrs": absent, "bastionReachesDatabase": "true"},
			[]string{`bastionReachesDatabase: true is given although bastion is None; remove it, or choose another bastion`}},
		"no way out, yet destinations": {"staging", map[string]string{"natStrategy": "None", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24"]`},
			[]string{`appEgressCidrs: ["198.51.100.0/24"] cannot be reached with natStrategy None`}},
		"a name too long for a certificate": {"staging", map[string]string{"edgeDomain": strings.Repeat("a", 40) + ".staging.bulkhead.example"},
			[]string{`.staging.bulkhead.example" is longer than the 64 characters of a certificate's first name; choose a shorter name`}},
		"a zone too long for a certificate": {"staging", map[string]string{"edgeZone": strings.Repeat("a", 48) + ".bulkhead.example"},
			[]string{`.bulkhead.example" is longer than the 64 characters of a certificate's first name; choose a shorter name`}},
		"IPv6 destinations of an IPv4 network": {"staging", map[string]string{"natStrategy": "Single", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24","2001:db8:30::/48"]`},
			[]string{`appEgressCidrs[1]: "2001:db8:30::/48" is IPv6, which a NAT gateway does not carry; name an IPv4 range, or set ipv6: true`}},
		"destinations without a name": {"staging", map[string]string{"natStrategy": "Single", "appEgressCidrs": `["198.51.100.0/24"]`},
			[]string{`appEgressDomains: is missing beside appEgressCidrs, and the VPC's resolver would answer no name of theirs; list the names`}},
		"a name that nothing leads to": {"staging", map[string]string{"appEgressDomains": `["api.example.com"]`},
			[]string{`appEgressDomains: ["api.example.com"] is given without appEgressCidrs, so nothing leads to these names; remove it`}},
		"destinations in the VPC": {"staging", map[string]string{"natStrategy": "Single", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["10.0.0.0/8"]`},
			[]string{`appEgressCidrs[0]: "10.0.0.0/8" overlaps the VPC's own range 10.20.0.0/16`}},
		"production that calls half the internet": {"production", map[string]string{"natStrategy": "OnePerZone", "ipv6": "true", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["197.0.0.0/8","198.51.0.0/16","2600::/24"]`},
			[]string{
				`appEgressCidrs[0]: "197.0.0.0/8" lets the service of production call more than one owner's addresses; list the ranges of those it calls, none wider than /16`,
				`appEgressCidrs[2]: "2600::/24" lets the service of production call more than one owner's addresses; list the ranges of those it calls, none wider than /32`,
			}},
		"production without a part of its web ACL": {"production", map[string]string{"wafRelaxations": `["Linux.LFI_HEADER because photos have odd names","Linux because the group is tried out"]`},
			[]string{`wafRelaxations[1]: "Linux because the group is tried out" leaves production without Linux; name the one rule that is in the way`}},
		"gateways to nowhere": {"staging", map[string]string{"natStrategy": "Single"},
			[]string{`natStrategy: "Single" pays for gateways that nothing leads to, because appEgressCidrs has no IPv4 range; choose None, or list what the service calls`}},
		"a permission set without a bastion": {"staging", map[string]string{"bastion": "None", "bastionAllowedCidrs": "", "bastionPermissionSet": "Operators"},
			[]string{`bastionPermissionSet: "Operators" is given although bastion is None; remove it, or choose another bastion`}},
		"no way to be managed": {"staging", map[string]string{"interfaceEndpoints": `["ssm","logs","kms"]`},
			[]string{`leaves the instances without a way to secretsmanager, which no NAT gateway gives; add what is missing`}},
		"no endpoints, yet NAT": {"staging", map[string]string{"interfaceEndpoints": "", "natStrategy": "Single", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24"]`},
			[]string{`leaves the instances without a way to ssm, secretsmanager, logs, kms, which no NAT gateway gives`}},
		"somebody else's certificate": {"staging", map[string]string{"edgeZone": "", "edgeDomain": "shop.example", "edgeCertificateArn": certificate},
			[]string{`lies outside region eu-central-1`, `belongs to another account than 210987654321`}},
		"a certificate without a name": {"staging", map[string]string{"edgeZone": "",
			"edgeCertificateArn": strings.NewReplacer("us-east-1", "eu-central-1", "999999999999", "210987654321").Replace(certificate)},
			[]string{`edgeDomain: is missing beside edgeCertificateArn, and no other host name would be served; name the host that the certificate is for`}},
		"an image for the other processor": {"staging", map[string]string{"appInstanceType": "t4g.small", "appImage": "resolve:ssm:/images/app-x86_64"},
			[]string{`appImage: "resolve:ssm:/images/app-x86_64" is for x86_64 and t4g.small has a processor of arm64; choose an image for arm64, or another instance type`}},
		"a reason that is no tag": {"staging", map[string]string{"deletionProtectionOffReason": "- thrown away every night"},
			[]string{`deletionProtectionOffReason: "- thrown away every night" is not a valid reason; write 10 to 256 letters, digits, spaces or any of _.:/=+-@, beginning with a letter or digit (it becomes a tag)`}},
		"production judged like staging": {"production", map[string]string{"profile": "staging"},
			[]string{`profile: "staging" judges production by lenient policies; remove it, which means production`}},
		"a reason that is none": {"staging", map[string]string{"deletionProtectionOffReason": "todo"},
			[]string{`deletionProtectionOffReason: "todo" is not a valid reason; write 10 to 256 letters`}},
		"production with a single zone": {"production", map[string]string{"zones": `["eu-central-1a"]`},
			[]string{`zones: ["eu-central-1a"] names one zone, and a load balancer and a database need two; name 2 to 4 zones of eu-central-1`}},
		"production in every way relaxed": {"prod-eu", map[string]string{
			"natStrategy": "Single", "appEgressDomains": `["api.example.com"]`, "appEgressCidrs": `["198.51.100.0/24"]`, "databaseSingleAz": "true", "appMinSize": "1", "logRetentionDays": "180",
			"deletionProtectionOffReason": "we like to live dangerously"},
			[]string{
				`natStrategy: "Single" makes every zone of production depend on one; choose OnePerZone, or None`,
				`appMinSize: 1 leaves production without a second instance; keep at least 2`,
				`databaseSingleAz: true would lose the database of production with one zone (FSBP RDS.5); remove it`,
				`logRetentionDays: 180 keeps the logs of production for less than a year (Security Hub CloudWatch.16); keep them for 365 days or more`,
				`deletionProtectionOffReason: "we like to live dangerously" leaves production without protection against deletion (FSBP ELB.6, RDS.8); remove it`,
			}},
		"a namespace that nothing reads": {"staging", map[string]string{"bulkheads:natStrategy": "Single"},
			[]string{`Pulumi.staging.yaml: bulkheads:natStrategy: "Single" is set in a namespace that nothing here reads; did you mean bulkhead:natStrategy?`}},
		"a key in both spellings": {"staging", map[string]string{"bulkhead:region": "eu-west-1"},
			[]string{`region: is given twice, with and without its namespace; keep one`}},
	} {
		_, err := Parse(ours, tt.stack, valid(tt.changes))
		var problems Problems
		require.ErrorAs(t, err, &problems, name)
		require.Len(t, problems, len(tt.want), "%s: %v", name, err)
		for i, want := range tt.want {
			require.Contains(t, problems[i].String(), want, name)
		}
	}
}

func TestProblemNamesAllItsParts(t *testing.T) {
	_, err := Parse(ours, "staging", valid(map[string]string{"bastionAllowedCidrs": `["203.0.113.0/28","0.0.0.0/0"]`}))
	require.EqualError(t, err, `Pulumi.staging.yaml: bulkhead:bastionAllowedCidrs[1]: "0.0.0.0/0" admits the whole internet; list known addresses`)
	var problems Problems
	require.ErrorAs(t, err, &problems)
	got := problems[0]
	got.rank = 0
	require.Equal(t, Problem{File: "Pulumi.staging.yaml", Key: "bulkhead:bastionAllowedCidrs[1]", Value: `"0.0.0.0/0"`,
		Fault: "admits the whole internet", Cure: "list known addresses"}, got)
}

func TestManyProblemsAreCounted(t *testing.T) {
	changes := map[string]string{"region": "nowhere"}
	for i := range 60 {
		changes[fmt.Sprintf("wafRateLimits%02d", i)] = "1"
	}
	_, err := Parse(ours, "staging", valid(changes))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 52)
	require.Equal(t, "61 problems in the configuration:", lines[0])
	require.Contains(t, lines[1], `bulkhead:region: "nowhere" is not`)
	require.Contains(t, lines[50], `bulkhead:wafRateLimits48: "1" is given to an unknown key; did you mean bulkhead:wafRateLimit?`)
	require.Equal(t, "  and 11 more; correct these first", lines[51])
	var problems Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 61, "whoever handles the problems gets them all")
}

// TestManyProblemsAtOnce pins how a thoroughly wrong configuration is reported.
func TestManyProblemsAtOnce(t *testing.T) {
	_, err := Parse(ours, "production", map[string]string{
		"bulkhead:accountId":                   "12345",
		"bulkhead:zones":                       `["eu-central-1a"]`,
		"bulkhead:region":                      "eu-central-1",
		"bulkhead:vpcCidr":                     "10.20.0.0/24",
		"bulkhead:natStrategy":                 "single",
		"bulkhead:bastion":                     "KnownAddresses",
		"bulkhead:bastionAllowedCidrs":         `["0.0.0.0/0","::/0","203.0.113.9/28","203.0.112.0/22"]`,
		"bulkhead:appMinSize":                  "9",
		"bulkhead:appMaxSize":                  "3",
		"bulkhead:appPort":                     "80",
		"bulkhead:databaseInstanceClass":       "db.m1.small",
		"bulkhead:databaseBackupRetentionDays": "0",
		"bulkhead:databaseSingleAz":            "no",
		"bulkhead:deletionProtectionOffReason": "we like to live dangerously",
		"bulkhead:databaseInstanceclass":       "db.t4g.large",
		"bulkhead:secretSauce":                 strings.Repeat("x", 500),
		"bulkhed:region":                       "eu-west-1",
	})
	require.Error(t, err)
	golden(t, "testdata/many-problems.txt", err.Error()+"\n")
}
