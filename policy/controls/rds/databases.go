// SPDX-License-Identifier: Apache-2.0

package rds

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

var (
	dataStores  = []string{aws.RDSInstance, aws.RDSCluster}
	servers     = []string{aws.RDSInstance, aws.RDSClusterInstance}
	allRDS      = []string{aws.RDSInstance, aws.RDSCluster, aws.RDSClusterInstance}
	sharedTypes = []string{"aws:rds/snapshot:Snapshot", "aws:rds/clusterSnapshot:ClusterSnapshot", "aws:rds/snapshotCopy:SnapshotCopy",
		"aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy"}
)

// standalone is the fact that an instance is neither a replica nor made from a snapshot, so that it takes
// none of its settings from another one.
func standalone(v pack.Value) pack.Fact {
	return want.Absent(v.Get("replicateSourceDb")).And(want.Absent(v.Get("replicationSourceIdentifier")))
}

func databases() []*pack.Control {
	return []*pack.Control{
		{
			ID: "rds-storage-encrypted", Title: "Database storage is encrypted", Severity: pack.High, Types: dataStores,
			Why:  "Snapshots and backups of an unencrypted database are unencrypted too, and it cannot be changed later without a copy.",
			Fix:  "Set storageEncrypted to true when the database is made.",
			Maps: standard.Meets("FSBP:RDS.3 FSBP:RDS.27 CIS:2.2.1", standard.AtRest),
			Check: func(k *pack.Case) {
				v := k.Get("storageEncrypted")
				k.Require(v.IsTrue().Or(standalone(k.Inputs()).Not()), "storageEncrypted is %s", v)
			},
		},
		{
			ID: "rds-cmk", Title: "Databases use a customer managed key", Severity: pack.Low, Types: dataStores,
			Why: "A snapshot under the AWS managed key cannot be shared with a backup account, nor its key revoked.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets(standard.KeyCare),
			Check: func(k *pack.Case) {
				k.Require(k.Get("kmsKeyId").IsSet().Or(standalone(k.Inputs()).Not()), "kmsKeyId is not set")
			},
		},
		{
			ID: "rds-not-public", Public: true, Title: "Databases have no public address", Severity: pack.Critical, Types: servers,
			Why: "A public database is found by scanners within hours and attacked with lists of passwords.", Fix: "Leave publiclyAccessible out.",
			Maps: standard.Meets("FSBP:RDS.2 CIS:2.2.3", standard.Exposure), Check: want.IsFalse("publiclyAccessible"),
			Remedy: want.Put("publiclyAccessible", false),
		},
		{
			ID: "rds-multi-az", Title: "Databases have a standby in another zone", Severity: pack.High, Concern: pack.Resilience,
			Types: []string{aws.RDSInstance},
			Why:   "Without a standby, the failure of one zone or a patch takes the database away.", Fix: "Set multiAz to true.",
			Maps: standard.Meets("FSBP:RDS.5 CIS:2.2.4", standard.Spreading),
			Check: func(k *pack.Case) {
				k.Require(k.Get("multiAz").IsTrue().Or(standalone(k.Inputs()).Not()), "multiAz is %s", k.Get("multiAz"))
			},
		},
		{
			ID: "rds-backups", Title: "Databases are backed up", Severity: pack.High, Concern: pack.Resilience, Types: dataStores,
			Why:      "Without automated backups there is no way back to yesterday.",
			Fix:      "Set backupRetentionPeriod; the setting minDays says how many.",
			Settings: want.Number("minDays", 7, "Fewest days of automated backups."),
			Maps:     standard.Meets("FSBP:RDS.50 FSBP:RDS.11", standard.Recovery), Check: func(k *pack.Case) {
				v := k.Get("backupRetentionPeriod")
				k.Require(v.AtLeast(k.Num("minDays")).Or(standalone(k.Inputs()).Not()), "backupRetentionPeriod is %s; at least %v days are wanted", v,
					k.Num("minDays"))
			},
		},
		{
			ID: "rds-deletion-protection", Title: "Databases are protected from deletion", Severity: pack.High, Concern: pack.Resilience,
			Types: dataStores,
			Why:   "One wrong line in a program, or a destroy in the wrong stack, removes the database.", Fix: "Set deletionProtection to true.",
			Maps:  standard.Meets("FSBP:RDS.7 FSBP:RDS.8", standard.KeepSafe),
			Check: want.IsTrue("deletionProtection"), Remedy: want.Put("deletionProtection", true),
		},
		{
			ID: "rds-final-snapshot", Title: "A last snapshot is taken when a database is removed", Severity: pack.High, Concern: pack.Resilience,
			Types: dataStores,
			Why:   "With skipFinalSnapshot the data goes with the database.", Fix: "Leave skipFinalSnapshot out and set finalSnapshotIdentifier.",
			Maps: standard.Meets(standard.KeepSafe),
			Check: func(k *pack.Case) {
				k.Require(k.Get("skipFinalSnapshot").IsFalse().Or(standalone(k.Inputs()).Not()), "skipFinalSnapshot is %s", k.Get("skipFinalSnapshot"))
			},
		},
		{
			ID: "rds-iam-authentication", Title: "Databases accept IAM logins", Severity: pack.Medium, Types: dataStores,
			Why: "IAM logins expire by themselves and are revoked with the role.", Fix: "Set iamDatabaseAuthenticationEnabled to true.",
			Maps: standard.Meets("FSBP:RDS.10 FSBP:RDS.12", standard.Identity),
			Check: func(k *pack.Case) {
				other := k.Get("engine").Matches(func(s string) bool {
					return !strings.Contains(s, "mysql") && !strings.Contains(s, "postgres") && s != "mariadb"
				})
				k.Require(other.Or(k.Get("iamDatabaseAuthenticationEnabled").IsTrue()), "iamDatabaseAuthenticationEnabled is %s",
					k.Get("iamDatabaseAuthenticationEnabled"))
			},
		},
		{
			ID: "rds-minor-upgrades", Title: "Databases take minor upgrades", Severity: pack.Medium, Types: servers,
			Why: "Minor versions carry the security fixes.", Fix: "Leave autoMinorVersionUpgrade out or set it to true.",
			Maps:  standard.Meets("FSBP:RDS.13 FSBP:RDS.35 CIS:2.2.2", standard.Patching),
			Check: want.NotFalse("autoMinorVersionUpgrade"), Remedy: want.Put("autoMinorVersionUpgrade", true),
		},
		{
			ID: "rds-enhanced-monitoring", Title: "Databases are watched closely", Severity: pack.Low, Concern: pack.Operations, Types: servers,
			Why:  "Enhanced monitoring shows what the machine under the database does, each minute or faster.",
			Fix:  "Set monitoringInterval to 60 or less and monitoringRoleArn.",
			Maps: standard.Meets("FSBP:RDS.6", standard.Monitoring), Check: atLeast1("monitoringInterval"),
		},
		{
			ID: "rds-logs-exported", Title: "Databases send their logs to CloudWatch", Severity: pack.Medium, Types: dataStores,
			Why: "Logs that stay on the database are gone after a few days, and an intruder can remove them.",
			Fix: "Set enabledCloudwatchLogsExports to the logs of the engine: postgresql for PostgreSQL and Aurora PostgreSQL, audit for Aurora " +
				"MySQL, error for MySQL, MariaDB and SQL Server, alert for Oracle, diag.log for Db2, and more as needed.",
			Maps: standard.Meets("FSBP:RDS.9 FSBP:RDS.34 FSBP:RDS.36 FSBP:RDS.37", standard.Logging), Check: func(k *pack.Case) {
				some := k.Get("enabledCloudwatchLogsExports").IsSet()
				k.Require(some)
				if some.Is != pack.False {
					logsExported(k, func(e engineLog) []string { return e.least })
				}
			},
		},
		{
			ID: "rds-logs-complete", Title: "Databases send every log of their engine to CloudWatch", Severity: pack.Low, Level: pack.Disabled,
			Types: dataStores,
			Why: "Each log answers another question of an investigation. A general log holds every statement with its data and can cost more " +
				"than the database, so this is off by default.",
			Fix: "Set enabledCloudwatchLogsExports to all of them: postgresql and upgrade for PostgreSQL; audit, error, general and slowquery " +
				"for MySQL, MariaDB and Aurora MySQL; agent and error for SQL Server; alert, audit, listener and trace for Oracle; diag.log and " +
				"notify.log for Db2.",
			Maps: standard.Meets("FSBP:RDS.9 FSBP:RDS.40 FSBP:RDS.42", standard.Logging), Check: func(k *pack.Case) {
				logsExported(k, func(e engineLog) []string { return e.all })
			},
		},
		{
			ID: "rds-performance-insights", Title: "Performance Insights is on", Severity: pack.Low, Concern: pack.Operations, Types: servers,
			Why: "It shows which query is slow and since when.", Fix: "Set performanceInsightsEnabled to true.",
			Maps: standard.Meets(standard.Monitoring), Check: func(k *pack.Case) {
				small := k.Get("instanceClass").Matches(func(s string) bool { return strings.HasSuffix(s, ".micro") || strings.HasSuffix(s, ".small") })
				k.Require(small.Or(k.Get("performanceInsightsEnabled").IsTrue()), "performanceInsightsEnabled is %s",
					k.Get("performanceInsightsEnabled"))
			},
		},
		{
			ID: "rds-performance-insights-cmk", Title: "Performance Insights data uses a customer managed key", Severity: pack.Low, Types: servers,
			Why: "The data holds the text of queries.", Fix: "Set performanceInsightsKmsKeyId.",
			Maps: standard.Meets(standard.KeyCare, standard.AtRest), Check: func(k *pack.Case) {
				k.Require(k.Get("performanceInsightsEnabled").IsFalse().Or(k.Get("performanceInsightsKmsKeyId").IsSet()),
					"performanceInsightsKmsKeyId is not set")
			},
		},
		{
			ID: "rds-copy-tags", Title: "Snapshots carry the database's tags", Severity: pack.Low, Concern: pack.Operations, Types: dataStores,
			Why: "Snapshots without tags outlive the reason for them.", Fix: "Set copyTagsToSnapshot to true.",
			Maps:  standard.Meets("FSBP:RDS.47 FSBP:RDS.48 FSBP:RDS.16 FSBP:RDS.17", standard.Hygiene),
			Check: want.IsTrue("copyTagsToSnapshot"), Remedy: want.Put("copyTagsToSnapshot", true),
		},
		{
			ID: "rds-default-port", Title: "Databases do not use the port that everybody tries", Severity: pack.Low, Level: pack.Disabled,
			Types: dataStores,
			Why:   "Another port stops the simplest scans and nothing else, so this is off by default.", Fix: "Set port to another number.",
			Maps: standard.Meets("FSBP:RDS.23", standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Require(k.Get("port").IsSet().And(k.Get("port").OneOf("3306", "5432", "1433", "1521").Not()), "port is %s", k.Get("port"))
			},
		},
		{
			ID: "rds-admin-name", Title: "The administrator has a name of its own", Severity: pack.Low, Types: dataStores,
			Why: "A well-known name is half of the login.", Fix: "Set username to something that is not admin, postgres, root or sa.",
			Maps: standard.Meets("FSBP:RDS.24 FSBP:RDS.25", standard.Identity),
			Check: func(k *pack.Case) {
				bad := []string{"admin", "administrator", "postgres", "root", "sa", "awsuser", "user", "test", "master"}
				k.Forbid(k.Get("username").OneOf(bad...))
				k.Forbid(k.Get("masterUsername").OneOf(bad...))
			},
		},
		{
			ID: "rds-ca", Title: "Databases use a current certificate authority", Severity: pack.High, Types: servers,
			Why:  "rds-ca-2015 and rds-ca-2019 have expired; clients that check certificates cannot connect.",
			Fix:  "Leave caCertIdentifier out or set rds-ca-rsa2048-g1.",
			Maps: standard.Meets(standard.InTransit), Check: func(k *pack.Case) {
				k.Forbid(k.Get("caCertIdentifier").OneOf("rds-ca-2010", "rds-ca-2015", "rds-ca-2019"))
			},
		},
		{
			ID: "rds-subnet-group", Title: "Databases name their subnets", Severity: pack.High, Types: dataStores,
			Why: "Without a subnet group the database lands in the default VPC, whose subnets are public.", Fix: "Set dbSubnetGroupName.",
			Maps: standard.Meets("FSBP:RDS.18", standard.Segments),
			Check: func(k *pack.Case) {
				k.Require(k.Get("dbSubnetGroupName").IsSet().Or(standalone(k.Inputs()).Not()), "dbSubnetGroupName is not set")
			},
		},
		{
			ID: "rds-security-group", Title: "Databases have a security group of their own", Severity: pack.High, Types: dataStores,
			Why: "Without one the database gets the default group of the VPC.", Fix: "Set vpcSecurityGroupIds.",
			Maps: standard.Meets(standard.Segments), Check: want.IsSet("vpcSecurityGroupIds"),
		},
		{
			ID: "rds-engine-supported", Title: "Databases run a version that gets fixes", Severity: pack.High, Types: allRDS,
			Why: "Versions past their end get no fixes, and extended support costs more each year.",
			Fix: "Use a major version that is still supported.", Maps: standard.Meets(standard.Patching),
			Check: func(k *pack.Case) {
				old := pack.No(k.Get("engineVersion"))
				for engine, last := range endedVersions {
					old = old.Or(k.Get("engine").OneOf(engine).And(k.Get("engineVersion").Matches(func(s string) bool { return olderThan(s, last) })))
				}
				k.Forbid(old, "engine version %s no longer gets fixes", k.Get("engineVersion"))
			},
		},
		{
			ID: "rds-extended-support", Title: "Databases are not enrolled in extended support", Severity: pack.Low, Concern: pack.Cost,
			Types: dataStores,
			Why: "AWS enrolls a database that does not say otherwise, and charges for each vCPU and hour after the end of standard support, from " +
				"the third year on twice as much. Nobody can take it back but by an upgrade.",
			Fix:  "Set engineLifecycleSupport to open-source-rds-extended-support-disabled when the database is made, and upgrade before the day.",
			Maps: standard.Meets(standard.Patching),
			Check: func(k *pack.Case) {
				v := k.Get("engineLifecycleSupport")
				open := k.Get("engine").Matches(func(s string) bool { return strings.Contains(s, "mysql") || strings.Contains(s, "postgres") })
				off := v.OneOf("open-source-rds-extended-support-disabled")
				k.Require(off.Or(open.Not()).Or(standalone(k.Inputs()).Not()), "engineLifecycleSupport is %s", v)
			},
		},
		{
			ID: "rds-backtrack", Title: "Aurora MySQL clusters can go back in time", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Resilience, Types: []string{aws.RDSCluster},
			Why: "Backtrack undoes a wrong statement without a restore. It costs extra, so this is off by default.", Fix: "Set backtrackWindow.",
			Maps: standard.Meets("FSBP:RDS.14", standard.Recovery),
			Check: func(k *pack.Case) {
				k.Require(k.Get("engine").OneOf("aurora-mysql").Not().Or(k.Get("backtrackWindow").AtLeast(1)), "backtrackWindow is %s",
					k.Get("backtrackWindow"))
			},
		},
		{
			ID: "rds-proxy-tls", Title: "Database proxies require TLS", Severity: pack.High, Types: []string{"aws:rds/proxy:Proxy"},
			Why: "Otherwise the login and the data cross the network in the clear.", Fix: "Set requireTls to true.",
			Maps: standard.Meets("FSBP:RDS.43", standard.InTransit), Check: want.IsTrue("requireTls"), Remedy: want.Put("requireTls", true),
		},
		{
			ID: "rds-proxy-debug", Title: "Database proxies do not log queries", Severity: pack.Medium, Types: []string{"aws:rds/proxy:Proxy"},
			Why: "Debug logging writes the text of queries, data included.", Fix: "Leave debugLogging out.",
			Maps: standard.Meets(standard.LogContent), Check: want.IsFalse("debugLogging"), Remedy: want.Put("debugLogging", false),
		},
		{
			ID: "rds-snapshot-public", Title: "Database snapshots are not shared with everybody", Severity: pack.Critical, Types: sharedTypes,
			Public: true,
			Why:    "A public snapshot hands a copy of the database to every AWS account.", Fix: "Remove \"all\" from sharedAccounts.",
			Maps:  standard.Meets("FSBP:RDS.1", standard.Exposure),
			Check: func(k *pack.Case) { k.Forbid(k.Get("sharedAccounts").Contains("all")) },
		},
		{
			ID: "rds-snapshot-copy-encrypted", Title: "Copies of snapshots are encrypted with a key of yours", Severity: pack.Medium,
			Types: []string{"aws:rds/snapshotCopy:SnapshotCopy", "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy"},
			Why:   "A copy keeps the encryption of its source, or the lack of it, unless a key is named.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets("FSBP:RDS.4", standard.AtRest), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "rds-events-enabled", Title: "Event subscriptions are on", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{"aws:rds/eventSubscription:EventSubscription"},
			Why:   "A subscription that is off tells nobody about failovers and full disks.", Fix: "Leave enabled out or set it to true.",
			Maps: standard.Meets(standard.Monitoring), Check: want.NotFalse("enabled"),
		},
		{
			ID: "rds-force-tls", Title: "Parameter groups do not switch TLS off or take old versions of it", Severity: pack.High,
			Types: []string{aws.RDSParameterGroup, aws.RDSClusterParameterGroup},
			Why:   "With rds.force_ssl or require_secure_transport off, clients may connect in the clear; TLS 1.0 and 1.1 can be broken.",
			Fix: "Set rds.force_ssl to 1 (PostgreSQL, SQL Server) or require_secure_transport to ON (MySQL), and tls_version or " +
				"ssl_min_protocol_version to TLSv1.2 or later.",
			Maps: standard.Meets("FSBP:RDS.38 FSBP:RDS.39 FSBP:RDS.41 FSBP:RDS.44", standard.InTransit), Check: func(k *pack.Case) {
				for p := range k.Get("parameters").Items() {
					called := func(names ...string) pack.Fact { return p.Get("name").Matches(want.AnyOf(names...)) }
					k.Forbid(called("rds.force_ssl", "require_secure_transport").And(p.Get("value").Matches(want.AnyOf("0", "off", "false"))),
						"%s is switched off", p.Get("name"))
					k.Forbid(called("tls_version", "ssl_min_protocol_version").And(p.Get("value").Matches(want.OldTLS)), "%s is %s", p.Get("name"),
						p.Get("value"))
					k.Forbid(called("rds.tls10", "rds.tls11").And(p.Get("value").Matches(want.AnyOf("enabled"))), "%s is %s", p.Get("name"),
						p.Get("value"))
				}
			},
		},
		{
			ID: "rds-storage-grows", Title: "Database storage can grow by itself", Severity: pack.Low, Concern: pack.Resilience,
			Types: []string{aws.RDSInstance},
			Why:   "A database with a full disk stops.", Fix: "Set maxAllocatedStorage above allocatedStorage.",
			Maps: standard.Meets(standard.Spreading), Check: func(k *pack.Case) {
				k.Require(k.Get("maxAllocatedStorage").AtLeast(1).Or(standalone(k.Inputs()).Not()), "maxAllocatedStorage is %s",
					k.Get("maxAllocatedStorage"))
			},
		},
		{
			ID: "rds-data-api", Title: "The HTTP data API is off", Severity: pack.Low, Level: pack.Disabled, Types: []string{aws.RDSCluster},
			Why: "The API is a second way in that passes by the network rules. Some programs need it, so this is off by default.",
			Fix: "Leave enableHttpEndpoint out.", Maps: standard.Meets(standard.Segments), Check: want.IsFalse("enableHttpEndpoint"),
		},
	}
}

// engineLog says which logs an engine can send to CloudWatch.
type engineLog struct {
	engine string
	// least is what is worth having of every database, all is what controls RDS.9, RDS.34, RDS.37, RDS.40 and RDS.42
	// of Security Hub look at.
	least, all []string
}

// engineLogs are the engines by their names, or by the beginning of those that come in editions.
var engineLogs = []engineLog{
	{"postgres", []string{"postgresql"}, []string{"postgresql", "upgrade"}},
	{"aurora-postgresql", []string{"postgresql"}, []string{"postgresql"}},
	{"mysql", []string{"error"}, []string{"audit", "error", "general", "slowquery"}},
	{"mariadb", []string{"error"}, []string{"audit", "error", "general", "slowquery"}},
	{"aurora-mysql", []string{"audit"}, []string{"audit", "error", "general", "slowquery"}},
	{"sqlserver-", []string{"error"}, []string{"agent", "error"}},
	{"db2-", []string{"diag.log"}, []string{"diag.log", "notify.log"}},
	{"oracle-", []string{"alert"}, []string{"alert", "audit", "listener", "trace"}},
}

// logsExported wants logs of a database by its engine, which a replica does not name.
func logsExported(k *pack.Case, wanted func(engineLog) []string) {
	exported, engine := k.Get("enabledCloudwatchLogsExports"), k.Get("engine")
	for _, e := range engineLogs {
		runs := engine.OneOf(e.engine)
		if strings.HasSuffix(e.engine, "-") {
			runs = engine.Matches(func(s string) bool { return strings.HasPrefix(s, e.engine) })
		}
		for _, log := range wanted(e) {
			k.Require(runs.Not().Or(exported.Contains(log)), "the log %s is not exported", log)
		}
	}
}

func atLeast1(path string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).AtLeast(1)) }
}

// endedVersions are the last major versions of each engine that no longer get standard support (Amazon RDS
// release calendars, 2026).
var endedVersions = map[string][2]int{
	"postgres": {13, 0}, "aurora-postgresql": {13, 0}, "mysql": {8, -1}, "mariadb": {10, 5}, "aurora-mysql": {5, 7},
}

// olderThan reports whether a version is at or below an ended one. A minor of -1 ends only earlier majors.
func olderThan(version string, last [2]int) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m := want.Int(major)
	switch {
	case m < 0:
		return false
	case m != last[0]:
		return m < last[0]
	case last[1] < 0:
		return false
	case last[1] == 0:
		return true
	}
	return want.Int(minor) <= last[1] && minor != ""
}
