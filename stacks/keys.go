// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// The headings of docs/configuration.md.
const (
	groupAccount  = "Account"
	groupNetwork  = "Network"
	groupBastion  = "Bastion"
	groupEdge     = "Edge and WAF"
	groupApp      = "Application"
	groupDatabase = "Database"
	groupAudit    = "Audit"
	groupDeletion = "Deletion"
	groupPolicies = "Policies"
	groupBaseline = "Baseline"
)

// table is every setting there is. Pulumi.yaml and docs/configuration.md are generated
// from it: run `go generate ./stacks` after a change.
var table = []setting{
	{
		key: "accountId", group: groupAccount, of: everywhere, example: `"210987654321"`,
		description: "AWS account of this environment. The provider refuses to act in any other.",
		allowed:     "12 digits, in quotes; differs from the account of production",
		field:       func(s *Settings) any { return &s.AccountID },
		check:       text(accountID),
	},
	{
		key: "region", group: groupAccount, of: everywhere, example: "eu-central-1",
		description: "AWS region of every resource. Changing it builds a new environment.",
		allowed:     "a region of the commercial partition",
		field:       func(s *Settings) any { return &s.Region },
		check:       text(form.CheckRegion),
	},
	{
		key: "vpcCidr", group: groupNetwork, fallback: "", example: "10.20.0.0/16",
		description: "Private IPv4 range of the VPC, divided among the tiers, with room for four zones. Changing it replaces the network.",
		allowed:     "a range of RFC 1918, /16 to /20, that no other stack file uses; exactly one of vpcCidr and existingVpcId",
		field:       func(s *Settings) any { return &s.Network.VPCCIDR },
		check:       text(cidr.CheckVPC),
	},
	{
		key: "existingVpcId", group: groupNetwork, fallback: "", example: "vpc-0123456789abcdef0",
		description: "VPC of somebody else's making that the tiers move into: see docs/existing-vpc.md for what has to fit. Its ranges, gateways and names stay its owner's. Empty means a VPC of the environment's own.",
		allowed:     "the id of a VPC in accountId and region; exactly one of vpcCidr and existingVpcId",
		field:       func(s *Settings) any { return &s.Network.ExistingVPCID },
		check:       text(form.CheckVPCID),
	},
	{
		key: "existingSubnetIds", group: groupNetwork, fallback: []string{}, example: "[app subnet-0123456789abcdef0]",
		description: "Subnets of existingVpcId, each behind the name of the tier that moves into it. Nothing else may run in them.",
		allowed:     "<tier> <subnet id>, of each tier one in each of zones; with existingVpcId, and only then",
		field:       func(s *Settings) any { return &s.Network.ExistingSubnetIDs },
		check:       each(existingSubnet),
	},
	{
		key: "zones", group: groupNetwork, example: "[eu-central-1a, eu-central-1b]",
		description: "Availability zones to span. Adding one only creates; removing one destroys what runs there.",
		allowed:     "2 to 4 zones of the region, by name",
		field:       func(s *Settings) any { return &s.Network.Zones },
		check:       some("nothing can be placed", "name 2 to 4 zones of the region", each(form.CheckZone)),
	},
	{
		key: "natStrategy", group: groupNetwork, fallback: NATNone, example: NATOnePerZone,
		description: "NAT gateways for what the app tier calls outside AWS: none, one for all zones (cheap, lost with its zone), or one per zone. They carry nothing but what appEgressCidrs lists.",
		allowed:     "None without appEgressCidrs, otherwise Single or OnePerZone; never Single in production",
		field:       func(s *Settings) any { return &s.Network.NATStrategy },
		check:       text(oneOf(NATNone, NATSingle, NATOnePerZone)),
	},
	{
		key: "ipv6", group: groupNetwork, fallback: false, example: "true",
		description: "Gives every subnet IPv6 addresses beside those of IPv4, from a range that AWS chooses. The load balancer is then reached over both. Private tiers reach the IPv6 ranges of appEgressCidrs through a gateway that nothing comes in by.",
		allowed:     "true or false",
		field:       func(s *Settings) any { return &s.Network.IPv6 },
	},
	{
		key: "interfaceEndpoints", group: groupNetwork, fallback: baseEndpoints, example: "[ssm, logs]",
		description: "AWS services reached inside the VPC, through an interface endpoint in every zone. Each costs per zone and hour. To let the service use them, attach policies to its role, which the output services names.",
		allowed:     "the default ones and any of " + strings.Join(otherEndpoints(), ", "),
		field:       func(s *Settings) any { return &s.Network.InterfaceEndpoints },
		check:       each(form.CheckEndpointService),
	},
	{
		key: "trustedAccounts", group: groupNetwork, fallback: []string{}, example: "[111122223333 because it keeps the images of all environments]",
		description: "Other AWS accounts whose resources may be used through the VPC endpoints, such as images, keys, queues or buckets. Without them nothing inside can write to somebody else's, whoever's credentials are used. Each reason becomes a tag.",
		allowed:     "<account id> because <reason of 10 to 256 characters>; at most 20, each once, and not accountId",
		field:       func(s *Settings) any { return &s.Network.TrustedAccounts },
		check:       trustedAccounts,
	},
	{
		key: "dnsBlockOffReason", group: groupNetwork, fallback: "", example: "finding out which names the new release looks up",
		description: "Why names are resolved that no connection needs, and only logged. Empty means that they do not exist: the VPC's resolver answers the names of the AWS services in use, of the database and of appEgressDomains. The reason becomes a tag.",
		allowed:     "10 to 256 characters",
		field:       func(s *Settings) any { return &s.Network.DNSBlockOffReason },
		check:       text(form.CheckReason),
	},
	{
		key: "dnsFailClosedOffReason", group: groupNetwork, fallback: "", example: "requests matter more than the names that a failure lets pass",
		description: "Why every name is resolved while DNS Firewall itself fails. Empty means that none is. The reason becomes a tag.",
		allowed:     "10 to 256 characters",
		field:       func(s *Settings) any { return &s.Network.DNSFailClosedOffReason },
		check:       text(form.CheckReason),
	},
	{
		key: "credentialsAnywhereReason", group: groupNetwork, fallback: "", example: "browsers get URLs that an instance signs",
		description: "Why the credentials of an instance work outside the VPC too. Empty means that they do not: AWS refuses what they sign unless it comes through an endpoint of the VPC, so that a stolen one is worth nothing elsewhere, but neither is a URL that an instance signs for a browser. The reason becomes a tag.",
		allowed:     "10 to 256 characters",
		field:       func(s *Settings) any { return &s.Network.CredentialsAnywhereReason },
		check:       text(form.CheckReason),
	},
	{
		key: "bastion", group: groupBastion, fallback: string(BastionSessionManager), example: string(BastionKnownAddresses),
		description: "How operators enter: not at all, because there is no bastion; through Session Manager alone, with no public address and no open port; or also by SSH from the addresses in bastionAllowedCidrs.",
		allowed:     "None, SessionManager or KnownAddresses",
		field:       func(s *Settings) any { return &s.Bastion.Access },
		check:       text(oneOf(BastionNone, BastionSessionManager, BastionKnownAddresses)),
	},
	{
		key: "bastionAllowedCidrs", group: groupBastion, fallback: []string{}, example: "[203.0.113.0/28]",
		description: "Known addresses that may open an SSH session to the bastion. Nobody else can.",
		allowed:     "with bastion KnownAddresses, and only then, at most 8 ranges of IPv4 and 8 of IPv6; those of IPv6 lie idle without ipv6, so that one of IPv4 is needed then; IPv4 not wider than /24, IPv6 not wider than /48, outside the VPC, in canonical form",
		field:       func(s *Settings) any { return &s.Bastion.AllowedCIDRs },
		check:       ranges(cidr.MaxKnown, cidr.CheckKnown),
	},
	{
		key: "bastionPermissionSet", group: groupBastion, fallback: "", example: "Operators",
		description: "Permission set of IAM Identity Center whose people may enter; Identity Center has to demand the second factor. Empty means users of IAM who have just shown one.",
		allowed:     "up to 32 letters, digits and + = , . @ _ -",
		field:       func(s *Settings) any { return &s.Bastion.PermissionSet },
		check:       text(form.CheckPermissionSet),
	},
	{
		key: "bastionInstanceType", group: groupBastion, fallback: "t3.micro", example: "t3.micro",
		description: "EC2 instance type of the bastion. Changing it replaces the instance.",
		allowed:     "an instance type that can encrypt its disks",
		field:       func(s *Settings) any { return &s.Bastion.InstanceType },
		check:       text(form.CheckInstanceType),
	},
	{
		key: "bastionReachesDatabase", group: groupBastion, fallback: false, example: "false",
		description: "Lets the bastion connect to PostgreSQL, for SSH tunnels of administrators.",
		allowed:     "true or false",
		field:       func(s *Settings) any { return &s.Bastion.ReachesDatabase },
	},
	{
		key: "edgeZone", group: groupEdge, fallback: "", example: "staging.bulkhead.example",
		description: "Public Route 53 hosted zone in which the certificate is validated and the alias records are made.",
		allowed:     "the name of an existing hosted zone; exactly one of edgeZone and edgeCertificateArn",
		field:       func(s *Settings) any { return &s.Edge.Zone },
		check:       text(form.CheckHostName),
	},
	{
		key: "edgeDomain", group: groupEdge, fallback: "", example: "www.bulkhead.example",
		description: "Host name the load balancer serves; HTTPS requests for any other, or for its address, get a 404; plain HTTP is redirected whatever the name, as FSBP ELB.1 wants. Empty means the apex of edgeZone.",
		allowed:     "a name inside edgeZone; with edgeCertificateArn required, and a name that the certificate is for",
		field:       func(s *Settings) any { return &s.Edge.Domain },
		check:       text(form.CheckHostName),
	},
	{
		key: "edgeCertificateArn", group: groupEdge, fallback: "", example: "arn:aws:acm:eu-central-1:210987654321:certificate/…",
		description: "Existing ACM certificate to serve instead of one made in edgeZone. The DNS record of edgeDomain is then yours to keep.",
		allowed:     "an ARN in this region and account; exactly one of edgeZone and edgeCertificateArn",
		field:       func(s *Settings) any { return &s.Edge.CertificateARN },
		check:       text(form.CheckCertificateARN),
	},
	{
		key: "wafRateLimit", group: groupEdge, fallback: 1000, example: "1000",
		description: "Requests that one client address may make in 5 minutes before the web ACL blocks it.",
		allowed:     "10 to 2000000000",
		field:       func(s *Settings) any { return &s.WAF.RateLimit },
		check:       number(form.CheckRateLimit),
	},
	{
		key: "wafRelaxations", group: groupEdge, fallback: []string{}, example: "[CommonRuleSet.SizeRestrictions_BODY at /photos because people upload photos]",
		description: "Parts of the web ACL that count requests instead of blocking them, each with its reason, which becomes a tag. A body above 8 KB, such as an upload, is blocked unless CommonRuleSet.SizeRestrictions_BODY is among them; of larger ones the web ACL sees the beginning alone, so name the paths that need it.",
		allowed:     "<part> because <reason of 10 to 256 characters>, or <part> at <path>,<path> because <reason> for rules that end in _BODY, which then block on all paths but those that begin so; a part is one of " + strings.Join(wafIntents, ", ") + ", or one of its rules, as AWS calls it, behind a dot; in production one rule each",
		field:       func(s *Settings) any { return &s.WAF.Relaxations },
		check:       relaxations,
	},
	{
		key: "edgeHstsOffReason", group: groupEdge, fallback: "", example: "the domain moves back to plain HTTP in May",
		description: "Why browsers are told to forget that they must use HTTPS. Empty means that they must. The reason becomes a tag; control elb-hsts of the policy pack needs a waiver too.",
		allowed:     "10 to 256 characters",
		field:       func(s *Settings) any { return &s.Edge.HSTSOffReason },
		check:       text(form.CheckReason),
	},
	{
		key: "edgeHstsDays", group: groupEdge, fallback: 730, example: "1",
		description: "Days for which browsers remember to use HTTPS only, since they cannot be told to forget while HTTPS is broken. A domain that is new to HTTPS starts with 1, then 7, then 30; below 183 control elb-hsts of the policy pack needs a waiver, whose end reminds of the next step.",
		allowed:     "1 to 730",
		field:       func(s *Settings) any { return &s.Edge.HSTSDays },
		check:       number(form.CheckHSTSDays),
	},
	{
		key: "edgeHstsSubdomains", group: groupEdge, fallback: false, example: "true",
		description: "Has browsers use HTTPS for all names below edgeDomain, whoever serves them. Where edgeDomain is below edgeZone they do so anyway.",
		allowed:     "true or false",
		field:       func(s *Settings) any { return &s.Edge.HSTSSubdomains },
	},
	{
		key: "edgeContentSecurityPolicy", group: groupEdge, fallback: "", example: "default-src 'self'; img-src 'self' https://cdn.example.com",
		description: "Content-Security-Policy header of every response: what pages may load, and from where. The load balancer sends it, and the X-Frame-Options that go with it, in place of what the service sends. Empty leaves both to the service.",
		allowed:     "up to 1024 bytes without double quotes, with a default-src",
		field:       func(s *Settings) any { return &s.Edge.ContentSecurityPolicy },
		check:       text(form.CheckContentSecurityPolicy),
	},
	{
		key: "appPort", group: groupApp, fallback: 8443, example: "8443",
		description: "TCP port on which the instances serve HTTPS to the load balancer.",
		allowed:     "1025 to 65535, so that no process needs privileges; not the port of PostgreSQL, 5432",
		field:       func(s *Settings) any { return &s.App.Port },
		check:       number(form.CheckServicePort),
	},
	{
		key: "appHealthPath", group: groupApp, fallback: "/healthz", example: "/healthz",
		description: "Path that answers 200 when an instance is healthy, asked over HTTPS.",
		allowed:     "a plain path of at most 256 characters",
		field:       func(s *Settings) any { return &s.App.HealthPath },
		check:       text(form.CheckHealthPath),
	},
	{
		key: "appInstanceType", group: groupApp, fallback: "t3.small", example: "t3.small",
		description: "EC2 instance type of the application. Changing it replaces the instances one after the other.",
		allowed:     "an instance type that can encrypt its disks",
		field:       func(s *Settings) any { return &s.App.InstanceType },
		check:       text(form.CheckInstanceType),
	},
	{
		key: "appImage", group: groupApp, fallback: "", example: "ami-0123456789abcdef0",
		description: "Machine image of the application: an AMI id, or an SSM parameter that EC2 resolves at every launch. It brings the service, which serves HTTPS on appPort. Empty means the newest Amazon Linux 2023 for the instance type, with a placeholder.",
		allowed:     "ami-… or resolve:ssm:…, of the instance type's architecture",
		field:       func(s *Settings) any { return &s.App.Image },
		check:       text(form.CheckImage),
	},
	{
		key: "appRootDevice", group: groupApp, fallback: form.AmazonLinuxRoot, example: "/dev/sda1",
		description: "Device name of the root disk of appImage, whose encryption and size are set by it: `aws ec2 describe-images` calls it RootDeviceName.",
		allowed:     "/dev/xvda, as in Amazon Linux, or /dev/sda1; only with appImage",
		field:       func(s *Settings) any { return &s.App.RootDevice },
		check:       text(form.CheckRootDevice),
	},
	{
		key: "appMinSize", group: groupApp, fallback: 2, example: "2",
		description: "Fewest instances the auto-scaling group keeps.",
		allowed:     "1 to 200, not above appMaxSize; at least 2 in production",
		field:       func(s *Settings) any { return &s.App.MinSize },
		check:       number(instances),
	},
	{
		key: "appMaxSize", group: groupApp, fallback: 4, example: "4",
		description: "Most instances the auto-scaling group starts.",
		allowed:     "1 to 200, not below appMinSize",
		field:       func(s *Settings) any { return &s.App.MaxSize },
		check:       number(instances),
	},
	{
		key: "appEgressCidrs", group: groupApp, fallback: []string{}, example: "[198.51.100.0/24]",
		description: "Further destinations that the application may reach over HTTPS, and the only ones it has a route to. Without any it reaches the database, the interface endpoints and S3.",
		allowed:     "at most 4 ranges, IPv4 not wider than /8 and outside the VPC, with natStrategy Single or OnePerZone; IPv6 with ipv6",
		field:       func(s *Settings) any { return &s.App.EgressCIDRs },
		check:       ranges(cidr.MaxDestinations, cidr.CheckDestination),
	},
	{
		key: "appEgressDomains", group: groupApp, fallback: []string{}, example: "[api.payments.example]",
		description: "Names of what appEgressCidrs lists, as the application looks them up. The VPC's resolver answers no other names outside AWS.",
		allowed:     "at most 100 host names, or *. and a host name for all below it; with appEgressCidrs, and only then",
		field:       func(s *Settings) any { return &s.App.EgressDomains },
		check:       atMost(form.MaxDomains, each(form.CheckDomain)),
	},
	{
		key: "databaseInstanceClass", group: groupDatabase, fallback: "db.t4g.small", example: "db.t4g.small",
		description: "RDS instance class. Changing it restarts the database in its maintenance window.",
		allowed:     "a class that encrypts its storage, so not db.m1, db.m2, db.t1 or db.t2.micro",
		field:       func(s *Settings) any { return &s.Database.InstanceClass },
		check:       text(form.CheckDatabaseClass),
	},
	{
		key: "databaseEngineVersion", group: groupDatabase, fallback: "17", example: `"17"`,
		description: "Major version of PostgreSQL; RDS patches minor versions by itself. A new one is an upgrade with downtime and no way back, which AWS refuses without databaseUpgrade. With that it may be exact: a bare one is AWS's default minor version, which may be older than what runs.",
		allowed:     "a major version in quotes, 15 to 18; with databaseUpgrade also an exact one such as \"17.9\"",
		field:       func(s *Settings) any { return &s.Database.EngineVersion },
		check:       text(func(version string) error { return form.CheckPostgreSQL(version, true) }),
	},
	{
		key: "databaseUpgrade", group: groupDatabase, fallback: false, example: "true",
		description: "Lets deployments upgrade the database to another databaseEngineVersion. As long as it is true, every change of the database takes effect at once, with the restart that it needs, instead of in the maintenance window: set it for the one deployment that upgrades, and remove it.",
		allowed:     "true or false",
		field:       func(s *Settings) any { return &s.Database.Upgrade },
	},
	{
		key: "databaseStorageGb", group: groupDatabase, fallback: 50, example: "50",
		description: "Initial storage in GiB. It can grow, never shrink.",
		allowed:     "20 to 59578, so that RDS has room to grow it",
		field:       func(s *Settings) any { return &s.Database.StorageGB },
		check:       number(form.CheckFirstStorage),
	},
	{
		key: "databaseMaxStorageGb", group: groupDatabase, fallback: 200, example: "200",
		description: "Size in GiB up to which RDS lets the storage grow by itself.",
		allowed:     "22 to 65536, at least a tenth more than databaseStorageGb",
		field:       func(s *Settings) any { return &s.Database.MaxStorageGB },
		check:       number(maxStorage),
	},
	{
		key: "databaseSingleAz", group: groupDatabase, fallback: false, example: "false",
		description: "Saves the synchronous standby in a second zone, which is half the price. A zone that fails then takes the database with it.",
		allowed:     "true or false; always false in production",
		field:       func(s *Settings) any { return &s.Database.SingleAZ },
	},
	{
		key: "databaseBackupRetentionDays", group: groupDatabase, fallback: 30, example: "30",
		description: "Days for which automated backups are kept, which is also how far back a restore can go.",
		allowed:     "7 to 35",
		field:       func(s *Settings) any { return &s.Database.BackupRetentionDays },
		check:       number(form.CheckBackupDays),
	},
	{
		key: "databaseExtendedSupportReason", group: groupDatabase, fallback: "", example: "the reports run on PostgreSQL 15 until March",
		description: "Why a database stays on its major version after the end of standard support. Empty means that RDS then upgrades it by itself. AWS charges from 0.10 US dollars for each vCPU and hour, from the third year on 0.20, standby included. It is decided when a database is made or restored, and never later. The reason becomes a tag; control rds-extended-support of the policy pack then finds it.",
		allowed:     "10 to 256 characters",
		field:       func(s *Settings) any { return &s.Database.ExtendedSupportReason },
		check:       text(form.CheckReason),
	},
	{
		key: "databaseRestoreFrom", group: groupDatabase, fallback: []string{}, example: "[monday snapshot shop-db-final-1a2b3c4d]",
		description: "Databases that are restored beside the first, each as a name for it and the backup that it is made from: a snapshot, or a moment of an instance, of a resource id or of automated backups. See docs/database.md for the way back. A name whose database is there stays as it is, and goes with its entry; its backup may give way to the word restored, and has to when the backup is deleted or the major version changes.",
		allowed:     "<name> snapshot <name or ARN>, or <name> followed by instance <identifier>, resource <id> or backup <ARN>, and latest or a time in UTC, in region; or <name> restored",
		field:       func(s *Settings) any { return &s.Database.RestoreFrom },
		check:       each(restore),
	},
	{
		key: "backupKeepDays", group: groupDatabase, fallback: 0, example: "35",
		description: "Days for which AWS Backup keeps a daily snapshot of each database in a vault that is locked for as long, beside the backups of RDS. 0 means no vault. Snapshots are charged by the gigabyte, and the vault with its key and what it holds outlives the stack.",
		allowed:     "0, or 7 to 3650; 0 with databaseExternalUrl",
		field:       func(s *Settings) any { return &s.Backup.KeepDays },
		check: number(func(days int) error {
			if days == 0 {
				return nil
			}
			return form.CheckVaultDays(days)
		}),
	},
	{
		key: "backupLockMode", group: groupDatabase, fallback: LockGovernance, example: LockCompliance,
		description: "Who may end the lock of the vault of backupKeepDays: with Governance whoever has backup:DeleteBackupVaultLockConfiguration; with Compliance, when three days have passed, nobody, not even the root user, and everything in it is paid for until its time is over. Its days can then not be changed.",
		allowed:     "Governance or Compliance",
		field:       func(s *Settings) any { return &s.Backup.LockMode },
		check:       text(oneOf(LockGovernance, LockCompliance)),
	},
	{
		key: "backupCopyTo", group: groupDatabase, fallback: []string{}, example: "[arn:aws:backup:eu-west-1:210987654321:backup-vault:shop]",
		description: "Vaults of other regions or accounts to which each snapshot is copied and encrypted with their key. docs/database.md says what such a vault must let this account do.",
		allowed:     "ARNs of vaults, each in another region or of another account, not both; with backupKeepDays, and only then",
		field:       func(s *Settings) any { return &s.Backup.CopyTo },
		check:       each(form.CheckVaultARN),
	},
	{
		key: "databaseExternalUrl", group: groupDatabase, fallback: "", example: "postgresql://db.example.com:5432/shop",
		description: "PostgreSQL database that somebody else runs, for the service to use in the place of one that the environment makes: see docs/database.md. Empty means a database of the environment's own.",
		allowed:     "postgresql://<host name>:<port>/<database>, without a user, a password or parameters; with databaseExternalCidrs, databaseExternalCa and databaseExternalSecretArn",
		field:       func(s *Settings) any { return &s.Database.External.URL },
		check:       text(func(url string) error { _, err := form.ParseDatabaseURL(url); return err }),
	},
	{
		key: "databaseExternalCidrs", group: groupDatabase, fallback: []string{}, example: "[203.0.113.16/28]",
		description: "Addresses in which the host name of databaseExternalUrl resolves. The application has a route to these and its rules lead there, at that port.",
		allowed:     "as appEgressCidrs; with databaseExternalUrl, and only then",
		field:       func(s *Settings) any { return &s.Database.External.CIDRs },
		check:       ranges(cidr.MaxDestinations, cidr.CheckDestination),
	},
	{
		key: "databaseExternalCa", group: groupDatabase, fallback: "", example: "|\n  -----BEGIN CERTIFICATE-----\n  …",
		description: "Certificate authority of the server of databaseExternalUrl. Its instances believe no other.",
		allowed:     "certificates of authorities as PEM, at most 6 KiB, none of which has ended; with databaseExternalUrl, and only then",
		field:       func(s *Settings) any { return &s.Database.External.CA },
		check:       text(form.CheckAuthorities),
	},
	{
		key: "databaseExternalSecretArn", group: groupDatabase, fallback: "", example: "arn:aws:secretsmanager:eu-central-1:210987654321:secret:shop-db-0a1b2c",
		description: "Secret with username and password of the service, as JSON. Whoever keeps it rotates it. The role of the instances may read it, and no other.",
		allowed:     "the ARN of a secret in region and accountId; with databaseExternalUrl, and only then",
		field:       func(s *Settings) any { return &s.Database.External.SecretARN },
	},
	{
		key: "databaseExternalKeyArn", group: groupDatabase, fallback: "", example: "arn:aws:kms:eu-central-1:210987654321:key/…",
		description: "KMS key that encrypts databaseExternalSecretArn. Empty means AWS's own key for Secrets Manager.",
		allowed:     "the ARN of a key in region; with databaseExternalUrl, and only then",
		field:       func(s *Settings) any { return &s.Database.External.KeyARN },
	},
	{
		key: "databaseAttached", group: groupDatabase, fallback: "db", example: "monday",
		description: "The database that the service uses. A change moves the service, and nothing else: every database stays, with its protection and its backups.",
		allowed:     "db, which is the first, or a name of databaseRestoreFrom",
		field:       func(s *Settings) any { return &s.Database.Attached },
	},
	{
		key: "logRetentionDays", group: groupAudit, of: everywhere, fallback: 365, example: "365",
		description: "Days for which every log group keeps its events, flow logs and audit trail included.",
		allowed:     "a retention that CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096 … 3653; at least 365 in production",
		field:       func(s *Settings) any { return &s.Audit.LogRetentionDays },
		check:       number(form.CheckLogDays),
	},
	{
		key: "alarmEmails", group: groupAudit, of: everywhere, example: "[alarms@example.com]",
		description: "Addresses that alarms are sent to. Each must confirm the subscription that AWS mails it.",
		allowed:     "at least one e-mail address",
		field:       func(s *Settings) any { return &s.Audit.AlarmEmails },
		check:       some("alarms would ring unheard", "list who answers them", each(form.CheckEmail)),
	},
	{
		key: "recordEmails", group: groupAudit, fallback: []string{}, example: "[audit@example.com]",
		description: "Addresses that hear every alarm of the audit trail, and alone those that an ordinary deployment or a refused call sets off. They have a topic and a key of their own, so that disabling the key of the alarms is heard. Empty means alarmEmails.",
		allowed:     "e-mail addresses",
		field:       func(s *Settings) any { return &s.Audit.RecordEmails },
		check:       each(form.CheckEmail),
	},
	{
		key: "trailLockMode", group: groupAudit, fallback: LockGovernance, example: LockCompliance,
		description: "Who may delete the files of the audit trail before logRetentionDays have passed: with Governance only somebody who has s3:BypassGovernanceRetention; with Compliance nobody, not even the root user, and the bucket is paid for until then.",
		allowed:     "Governance or Compliance; a change holds for the files that come after it",
		field:       func(s *Settings) any { return &s.Audit.TrailLockMode },
		check:       text(oneOf(LockGovernance, LockCompliance)),
	},
	{
		key: "deletionProtectionOffReason", group: groupDeletion, fallback: "", example: "thrown away every night",
		description: "Why the load balancer and the database may be deleted. Empty means that AWS refuses it. The reason becomes a tag.",
		allowed:     "10 to 256 characters; always empty in production",
		field:       func(s *Settings) any { return &s.DeletionProtectionOffReason },
		check:       text(form.CheckReason),
	},
	{
		key: "profile", group: groupPolicies, fallback: "production", example: "staging",
		description: "What the policy pack demands of this environment: policy/profiles/<profile>.json says which controls stop a rehearsal, a preview or a deployment, and how they are set.",
		allowed:     "the name of a file in policy/profiles; in production not one that is named like a lenient environment",
		field:       func(s *Settings) any { return &s.Profile },
		check:       text(profile),
	},
	{
		key: "monthlyBudgetUsd", group: groupBaseline, of: baseline, example: "400",
		description: "What a month of the account may cost, in whole US dollars. Mail comes when four fifths are spent, when the forecast is above it, and when a service costs a tenth of it more than usual.",
		allowed:     "1 to 1000000",
		field:       func(s *Settings) any { return &s.Baseline.MonthlyBudgetUSD },
		check:       number(func(usd int) error { return form.CheckBetween(usd, 1, 1000000, "US dollars") }),
	},
	{
		key: "contactName", group: groupBaseline, of: baseline, example: "Security on call",
		description: "Whom AWS calls when it sees a leaked key or an attack.",
		allowed:     "1 to 64 characters",
		field:       func(s *Settings) any { return &s.Baseline.ContactName },
		check:       text(form.CheckContactName),
	},
	{
		key: "contactTitle", group: groupBaseline, of: baseline, example: "CISO",
		description: "What they are.",
		allowed:     "1 to 50 characters",
		field:       func(s *Settings) any { return &s.Baseline.ContactTitle },
		check:       text(form.CheckContactTitle),
	},
	{
		key: "contactEmail", group: groupBaseline, of: baseline, example: "security@example.com",
		description: "Their address; a mailbox that several people read is best.",
		allowed:     "an e-mail address",
		field:       func(s *Settings) any { return &s.Baseline.ContactEmail },
		check:       text(form.CheckEmail),
	},
	{
		key: "contactPhone", group: groupBaseline, of: baseline, example: "+49 30 1234567",
		description: "Their telephone number.",
		allowed:     "3 to 25 digits, spaces and + - ( )",
		field:       func(s *Settings) any { return &s.Baseline.ContactPhone },
		check:       text(form.CheckPhone),
	},
	{
		key: "supportPermissionSet", group: groupBaseline, of: baseline, fallback: "", example: "Operators",
		description: "Permission set of IAM Identity Center whose people may talk to AWS Support; Identity Center has to demand the second factor. Empty means users of IAM who have just shown one.",
		allowed:     "up to 32 letters, digits and + = , . @ _ -",
		field:       func(s *Settings) any { return &s.Baseline.SupportPermissionSet },
		check:       text(form.CheckPermissionSet),
	},
	{
		key: "parts", group: groupBaseline, of: baseline, fallback: []string{}, example: "[guardDuty adopt 12abc34d567e8fa901bc2d34e56789f0, trail skip because the organization has one]",
		description: "Parts that are not made: adopted, because somebody else keeps them, by their id, or skipped, with the reason. docs/baseline.md lists them.",
		allowed:     "<part> adopt <id>, or <part> skip because <reason of 10 to 256 characters>; each part once",
		field:       func(s *Settings) any { return &s.Baseline.Parts },
		check:       parts,
	},
}
