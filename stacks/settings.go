// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Settings is the checked configuration of one environment. Every field holds a value
// that passed its own check and the rules between keys; defaults are filled in.
type Settings struct {
	// Project is the name of the Pulumi project, which prefixes every key and begins the
	// names of what is deployed, for example "shop".
	Project string
	// Environment is the stack's short name, for example "staging".
	Environment string
	// Production says that the strict rules hold: see IsProduction.
	Production bool
	// AccountID is the 12-digit AWS account, the only one the provider may touch.
	AccountID string
	// Region is the AWS region of everything, for example "eu-central-1".
	Region string

	Network  Network
	Bastion  Bastion
	Edge     Edge
	WAF      WAF
	App      App
	Database Database
	Backup   Backup
	Audit    Audit
	Baseline Baseline

	// DeletionProtectionOffReason says why load balancer and database may be deleted; empty
	// when they are protected.
	DeletionProtectionOffReason string

	// Profile names the file of policy/profiles, without ".json", that configures the
	// policy pack; "production" unless set.
	Profile string
}

// Network holds the settings of the VPC.
type Network struct {
	// VPCCIDR is the private IPv4 range of the VPC, /16 to /20, in canonical form; empty
	// with ExistingVPCID.
	VPCCIDR string
	// ExistingVPCID is the VPC of somebody else's making that the tiers move into; empty
	// for one of the environment's own.
	ExistingVPCID string
	// ExistingSubnetIDs are the subnets in it, each behind the name of its tier, such as
	// "app subnet-0123456789abcdef0": as many of each tier as there are Zones.
	ExistingSubnetIDs []string
	// Zones are the names of 2 to 4 availability zones of Region.
	Zones []string
	// NATStrategy is one of NATNone, NATSingle and NATOnePerZone; NATNone exactly when the
	// application has no EgressCIDRs of IPv4.
	NATStrategy string
	// IPv6 gives the VPC IPv6 addresses beside those of IPv4.
	IPv6 bool
	// InterfaceEndpoints are short AWS service names such as "ssm", the base ones always
	// among them.
	InterfaceEndpoints []string
	// TrustedAccounts are the other accounts whose resources may be used through the endpoints, each with
	// its reason: see Trusted.
	TrustedAccounts []string
	// DNSBlockOffReason says why names that no connection needs are resolved and only
	// logged; empty when they are not.
	DNSBlockOffReason string
	// DNSFailClosedOffReason says why every name is resolved while DNS Firewall fails; empty when
	// none is.
	DNSFailClosedOffReason string
	// CredentialsAnywhereReason says why the credentials of an instance work outside the VPC;
	// empty when they do not.
	CredentialsAnywhereReason string
}

// The values of Network.NATStrategy.
const (
	// NATNone gives the app tier no way to the internet.
	NATNone = "None"
	// NATSingle routes every zone through one gateway: cheap, and lost with its zone.
	NATSingle = "Single"
	// NATOnePerZone gives each zone a gateway of its own.
	NATOnePerZone = "OnePerZone"
)

// BastionAccess is how operators enter the environment.
type BastionAccess string

const (
	// BastionNone is an environment without a bastion.
	BastionNone BastionAccess = "None"
	// BastionSessionManager is a bastion without a public address or an open port: only Session Manager leads to it.
	BastionSessionManager BastionAccess = "SessionManager"
	// BastionKnownAddresses is a bastion that also admits SSH, from Bastion.AllowedCIDRs.
	BastionKnownAddresses BastionAccess = "KnownAddresses"
)

// Bastion holds the settings of the operators' entry.
type Bastion struct {
	// Access is how operators enter; BastionSessionManager unless set.
	Access BastionAccess
	// AllowedCIDRs are the known addresses that may open SSH sessions: at least one with
	// BastionKnownAddresses, none otherwise.
	AllowedCIDRs []string
	// InstanceType is an EC2 instance type such as "t3.micro".
	InstanceType string
	// PermissionSet is the one of Identity Center that operators have; empty for users of IAM.
	PermissionSet string
	// ReachesDatabase lets the bastion connect to PostgreSQL; false with BastionNone.
	ReachesDatabase bool
}

// Edge holds the settings of the public load balancer. Exactly one of Zone and
// CertificateARN is set.
type Edge struct {
	// Zone is the public Route 53 hosted zone for certificate and alias records.
	Zone string
	// Domain is the one host name served: the apex of Zone unless set; never empty.
	Domain string
	// CertificateARN is an existing ACM certificate in Region.
	CertificateARN string
	// HSTSOffReason says why Strict-Transport-Security is off; empty when it is on.
	HSTSOffReason string
	// HSTSDays is for how long browsers use HTTPS only.
	HSTSDays int
	// HSTSSubdomains extends that to every name below Domain.
	HSTSSubdomains bool
	// ContentSecurityPolicy is the header of that name; empty leaves it to the service.
	ContentSecurityPolicy string
}

// WAF holds the settings of the web ACL.
type WAF struct {
	// RateLimit is the number of requests one client address may make in 5 minutes.
	RateLimit int
	// Relaxations are the parts that only count; see Relaxed.
	Relaxations []string
}

// App holds the settings of the application tier.
type App struct {
	// Port is the unprivileged TCP port the instances serve HTTPS on.
	Port int
	// HealthPath is the path of the load balancer's health check.
	HealthPath string
	// InstanceType is an EC2 instance type such as "t3.small".
	InstanceType string
	// Image is an AMI id or a "resolve:ssm:" reference to one; empty means the newest
	// Amazon Linux 2023 for the instance type.
	Image string
	// RootDevice is the name of the image's root disk.
	RootDevice string
	// MinSize and MaxSize bound the auto-scaling group, in instances.
	MinSize, MaxSize int
	// EgressCIDRs are further destinations the instances may reach over HTTPS.
	EgressCIDRs []string
	// EgressDomains are the names under which the instances look these destinations up.
	EgressDomains []string
}

// Database holds the settings of the PostgreSQL instance.
type Database struct {
	// InstanceClass is an RDS instance class that can encrypt, such as "db.t4g.small".
	InstanceClass string
	// EngineVersion is PostgreSQL's major version, such as "17".
	EngineVersion string
	// Upgrade lets a deployment change EngineVersion, and applies every change at once.
	Upgrade bool
	// StorageGB is the initial size in GiB, MaxStorageGB the limit of its growth.
	StorageGB, MaxStorageGB int
	// SingleAZ saves the synchronous standby in a second zone.
	SingleAZ bool
	// BackupRetentionDays is how long automated backups are kept, 7 to 35 days.
	BackupRetentionDays int
	// ExtendedSupportReason says why a major version stays after its end of standard support, at a
	// price; empty when RDS upgrades it.
	ExtendedSupportReason string
	// RestoreFrom are the databases that are restored beside the first, each as its name and
	// its backup: see Restores.
	RestoreFrom []string
	// External is the database of somebody else's that takes the place of the first.
	External ExternalDatabase
	// Attached is the name of the database that the service uses: "db", or one of Restores.
	Attached string
}

// Backup holds the settings of the locked vault of AWS Backup.
type Backup struct {
	// KeepDays is how long a daily snapshot of each database is kept and locked, 7 to 3650 days; 0 without a vault.
	KeepDays int
	// LockMode is LockGovernance or LockCompliance.
	LockMode string
	// CopyTo are the ARNs of other vaults to which each is copied; none without KeepDays.
	CopyTo []string
}

// ExternalDatabase holds the settings of a database that somebody else runs; all are empty without one.
type ExternalDatabase struct {
	// URL is where it answers, as form.ParseDatabaseURL reads it.
	URL string
	// CIDRs are the ranges in which its host name resolves.
	CIDRs []string
	// CA is the PEM of the certificate authority of the server.
	CA string
	// SecretARN is the secret of the login, KeyARN the key of the secret; empty for AWS's own key.
	SecretARN, KeyARN string
}

// Given reports whether there is an external database.
func (e *ExternalDatabase) Given() bool { return e.URL != "" }

// Audit holds the settings of logs and alarms.
type Audit struct {
	// LogRetentionDays is how long every log group keeps its events.
	LogRetentionDays int
	// AlarmEmails are the addresses subscribed to the alarm topic; never empty.
	AlarmEmails []string
	// RecordEmails are the addresses that hear what is only recorded; empty for AlarmEmails.
	RecordEmails []string
	// TrailLockMode is LockGovernance or LockCompliance.
	TrailLockMode string
}

// Baseline holds the settings of the account's baseline; those of an environment have none.
type Baseline struct {
	// MonthlyBudgetUSD is what a month may cost.
	MonthlyBudgetUSD int
	// ContactName, ContactTitle, ContactEmail and ContactPhone say whom AWS calls.
	ContactName, ContactTitle, ContactEmail, ContactPhone string
	// SupportPermissionSet is the one of Identity Center whose people may talk to AWS Support; empty for users of IAM.
	SupportPermissionSet string
	// Parts are the parts that are not made; see NotMade.
	Parts []string
}

// The values of Audit.TrailLockMode.
const (
	// LockGovernance lets an administrator with a permission of its own end the lock of a log file.
	LockGovernance = "Governance"
	// LockCompliance lets nobody.
	LockCompliance = "Compliance"
)

// nameProblems reports names that AWS would refuse as part of the names of resources.
func nameProblems(project, stack string) Problems {
	name := shortName(stack)
	problems := projectProblems(project)
	for _, f := range faultsOf(form.CheckEnvironmentName(name)) {
		problems = append(problems, Problem{File: FileName(name), Value: quoted(name), Fault: f.what, Cure: f.cure, rank: rankOfFile})
	}
	return problems
}

// projectProblems reports the name of a project, which also begins every key.
func projectProblems(name string) Problems {
	if name == "" {
		return Problems{{File: projectFile, Key: "name", Fault: "is missing, and every key begins with it", Cure: "add it, for example name: shop", rank: rankOfFile}}
	}
	var problems Problems
	for _, f := range faultsOf(form.CheckProjectName(strings.TrimSuffix(name, BaselineSuffix))) {
		problems = append(problems, Problem{File: projectFile, Key: "name", Value: quoted(name), Fault: f.what, Cure: f.cure, rank: rankOfFile})
	}
	return problems
}

// relaxed are the kinds of environment that may trade availability for cost.
var relaxed = []string{"staging", "development", "dev", "test", "sandbox"}

// IsProduction reports whether a stack is held to the rules of production. Every stack
// is, unless its name is one of staging, development, dev, test and sandbox, or starts
// with one of them and a hyphen ("dev-anna"): an unforeseen name is never lenient.
func IsProduction(stack string) bool {
	name := shortName(stack)
	for _, kind := range relaxed {
		if name == kind || strings.HasPrefix(name, kind+"-") {
			return false
		}
	}
	return true
}
