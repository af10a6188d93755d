// SPDX-License-Identifier: Apache-2.0

package rds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/backups"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// databaseStacks compare databases with what belongs to them.
func databaseStacks() []*pack.Control {
	return append([]*pack.Control{
		{
			ID: "rds-tls-required", Title: "Databases require TLS by their parameter group", Severity: pack.Medium, Types: dataStores,
			Joins: []string{aws.RDSParameterGroup, aws.RDSClusterParameterGroup}, Stack: true,
			Why: "SQL Server, Db2 and older versions of the other engines accept connections in the clear unless the parameter group says " +
				"otherwise.",
			Fix: "Attach a ParameterGroup, to a cluster a ClusterParameterGroup, with rds.force_ssl 1 (PostgreSQL, SQL Server) or " +
				"require_secure_transport ON (MySQL, MariaDB), or db2comm SSL (Db2).",
			Maps:  standard.Meets("FSBP:RDS.38 FSBP:RDS.39 FSBP:RDS.41 FSBP:RDS.44", standard.InTransit),
			Check: requiresTLS,
		},
		{
			ID: "rds-query-logging", Title: "PostgreSQL databases log statements", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.RDSInstance, aws.RDSCluster}, Joins: []string{aws.RDSParameterGroup, aws.RDSClusterParameterGroup}, Stack: true,
			Why: "The log of statements shows who changed what. It also holds data, so this is off by default.",
			Fix: "Attach a ParameterGroup, to a cluster a ClusterParameterGroup, with pgaudit.log, which leaves passwords out, and pgaudit " +
				"among shared_preload_libraries; or with log_statement ddl, mod or all.", Maps: standard.Meets(standard.Logging),
			Check: logsStatements,
		},
		{
			ID: "rds-backup-plan", Title: "Databases are in a backup plan", Severity: pack.Medium, Level: pack.Disabled, Concern: pack.Resilience,
			Types: dataStores, Joins: []string{aws.BackupSelection}, Stack: true,
			Why: "Backups inside the database service go with the account; AWS Backup can keep them in another. Automated backups are checked " +
				"apart, so this is off by default.",
			Fix: "Add the database's ARN to a backup Selection, or select by tag.", Maps: standard.Meets("FSBP:RDS.26", standard.Recovery),
			Check: backups.Wanted,
		},
		{
			ID: "rds-cluster-zones", Title: "Database clusters have instances in two zones or more", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.RDSCluster}, Joins: []string{aws.RDSClusterInstance}, Stack: true,
			Why: "The data of an Aurora cluster is in three zones, but with one instance, or all of them in one zone, nobody answers when that " +
				"fails until a new instance has started.",
			Fix:  "Add a second ClusterInstance and leave availabilityZone out, so that Aurora spreads them; or name another zone.",
			Maps: standard.Meets("FSBP:RDS.15", standard.Spreading), Check: clusterZones,
		},
	}, eventCategories()...)
}

// tlsParameter is the parameter that makes a server refuse connections without TLS, and the values that do so; "" for engines without
// one. Db2 listens in the clear as long as db2comm names TCPIP.
func tlsParameter(engine string) (name string, on []string) {
	switch {
	case engine == "postgres", engine == "aurora-postgresql", strings.HasPrefix(engine, "sqlserver-"):
		return "rds.force_ssl", []string{"1", "on", "true"}
	case engine == "mysql", engine == "mariadb", engine == "aurora-mysql":
		return "require_secure_transport", []string{"1", "on", "true"}
	case strings.HasPrefix(engine, "db2-"):
		return "db2comm", []string{"SSL"}
	}
	return "", nil
}

func requiresTLS(k *pack.Case) {
	engine := k.Get("engine")
	if engine.IsUnknown() {
		k.Defer(engine)
		return
	}
	parameter, on := tlsParameter(engine.Str())
	if parameter == "" {
		k.Skip("the engine %s has no such parameter", engine)
		return
	}
	switch group, name, missing := groupOf(k); {
	case missing:
		asks := asksForTLS(k)
		if asks.Is == pack.False {
			asks.At = name
		}
		k.Require(asks, "no parameter group of yours is set")
	case group != nil:
		says := func(values ...string) pack.Fact {
			return group.Get("parameters").Any(func(p pack.Value) pack.Fact {
				return p.Get("name").Matches(want.AnyOf(parameter)).And(p.Get("value").Matches(want.AnyOf(values...)))
			})
		}
		k.Require(says(on...).Or(asksForTLS(k).And(says("0", "off", "false").Not())), "parameter group %q does not set %s",
			group.Name, parameter)
	}
}

// groupOf is the parameter group of an instance or a cluster, and the property that names it. It is missing where nobody names one, or
// names that of AWS, which sets nothing. What the stack does not have, or not yet, is said to the case.
func groupOf(k *pack.Case) (group *pack.Resource, name pack.Value, missing bool) {
	property, token := groupProperty(k)
	name = k.Get(property)
	group, found := k.Stack.Target(k.Resource, property, name, token)
	switch {
	case group != nil:
	case found.Is == pack.Deferred:
		k.Defer(name)
	case !name.Exists() || strings.HasPrefix(name.Str(), "default."):
		missing = true
	default:
		k.Skip("the parameter group is not part of the stack")
	}
	return group, name, missing
}

// groupProperty is the property that names the parameter group of an instance or a cluster, and the type of the group.
func groupProperty(k *pack.Case) (property, token string) {
	if k.Type == aws.RDSCluster {
		return "dbClusterParameterGroupName", aws.RDSClusterParameterGroup
	}
	return "parameterGroupName", aws.RDSParameterGroup
}

// asksForTLS is the fact that a server refuses connections without TLS when nobody says anything: PostgreSQL does from version
// 15 on (Amazon RDS user guide, "Using SSL with a PostgreSQL DB instance"), Aurora PostgreSQL from 17 on.
func asksForTLS(k *pack.Case) pack.Fact {
	from := func(engine string, major int) pack.Fact {
		return k.Get("engine").OneOf(engine).
			And(k.Get("engineVersion").Matches(func(s string) bool { return want.Int(strings.Split(s, ".")[0]) >= major }))
	}
	return from("postgres", 15).Or(from("aurora-postgresql", 17))
}

// clusterZones counts the zones of a cluster's instances. A cluster of instances that RDS makes by itself, with
// dbClusterInstanceClass, is always in three (Amazon RDS user guide, "Multi-AZ DB cluster deployments").
func clusterZones(k *pack.Case) {
	if made := k.Get("dbClusterInstanceClass").IsSet(); made.Is != pack.False {
		k.Require(made)
		return
	}
	var members []*pack.Resource
	waits := pack.No(k.Get("clusterIdentifier"))
	for _, m := range k.Stack.Of(aws.RDSClusterInstance) {
		cluster := m.Get("clusterIdentifier")
		belongs := k.Stack.Refers(m, "clusterIdentifier", cluster, k.Resource)
		if own := k.Get("clusterIdentifier"); own.Exists() {
			belongs = belongs.Or(want.SameText(cluster, own))
		}
		if belongs.Is == pack.True {
			members = append(members, m)
		} else {
			waits = waits.Or(belongs)
		}
	}
	if len(members) == 0 && waits.Is == pack.False {
		k.Skip("no instance of the cluster is part of the stack")
		return
	}
	what := "all instances of the cluster are in one zone"
	if len(members) == 1 {
		what = "the cluster has one instance"
	}
	k.Require(spread(members).Or(waits), what)
}

// spread is the fact that instances are not all in the same zone. Aurora chooses the zone of those that name none.
func spread(members []*pack.Resource) pack.Fact {
	answer := pack.No(pack.Value{})
	for i, m := range members {
		zone := m.Get("availabilityZone")
		for _, other := range members[:i] {
			another := other.Get("availabilityZone")
			answer = answer.Or(want.Absent(zone)).Or(want.Absent(another)).Or(want.SameText(zone, another).Not())
		}
	}
	return answer
}

// eventCategories want, of event subscriptions in the stack, that those for one kind of source together report
// what AWS calls critical. A subscription without categories reports everything.
func eventCategories() []*pack.Control {
	var list []*pack.Control
	for _, e := range []struct {
		id, source, of, met string
		categories          []string
	}{
		{"clusters", "db-cluster", "database clusters", "FSBP:RDS.19", []string{"maintenance", "failure"}},
		{"instances", "db-instance", "databases", "FSBP:RDS.20", []string{"maintenance", "configuration change", "failure"}},
		{"parameter-groups", "db-parameter-group", "parameter groups", "FSBP:RDS.21", []string{"configuration change"}},
		{"security-groups", "db-security-group", "database security groups", "FSBP:RDS.22", []string{"configuration change", "failure"}},
	} {
		list = append(list, &pack.Control{
			ID: "rds-events-" + e.id, Title: "Event subscriptions for " + e.of + " leave nothing critical out", Severity: pack.Low,
			Level: pack.Disabled, Concern: pack.Operations, Types: []string{aws.RDSEventSubscription}, Stack: true,
			Why:  "Nobody hears of what is left out. Some subscriptions are for one purpose, such as failovers alone, so this is off by default.",
			Fix:  fmt.Sprintf("Leave eventCategories out for all categories, or list %s.", strings.Join(e.categories, ", ")),
			Maps: standard.Meets(e.met, standard.Monitoring), Check: func(k *pack.Case) { reportsEvents(k, e.source, e.categories) },
		})
	}
	return list
}

func reportsEvents(k *pack.Case, source string, categories []string) {
	about := func(r *pack.Resource) pack.Fact {
		t := r.Get("sourceType")
		return want.Absent(t).Or(t.OneOf(source))
	}
	if judged := about(k.Resource); judged.Is == pack.False {
		k.Skip("the subscription is for %s", k.Get("sourceType"))
		return
	} else if judged.Is == pack.Deferred {
		k.Defer(judged.At)
		return
	}
	for _, category := range categories {
		told := pack.No(k.Get("eventCategories"))
		for _, r := range k.Stack.Of(aws.RDSEventSubscription) {
			listed := r.Get("eventCategories")
			whole := want.Absent(r.Get("sourceIds"))
			if r == k.Resource {
				whole = pack.Yes(listed)
			}
			told = told.Or(about(r).And(whole).And(r.Get("enabled").Is(true, true)).And(listed.IsSet().Not().Or(listed.Contains(category))))
		}
		k.Require(told, "nobody is told of %s", category)
	}
}

// logsStatements finds the parameter group of a PostgreSQL instance or cluster and in it what makes the server log statements.
func logsStatements(k *pack.Case) {
	if e := k.Get("engine"); e.Str() != "postgres" && e.Str() != "aurora-postgresql" || k.IsA(aws.RDSInstance) && e.Str() != "postgres" {
		if e.IsUnknown() {
			k.Defer(e)
		} else {
			k.Skip("the engine is not PostgreSQL")
		}
		return
	}
	property, kind := groupProperty(k)
	group, found := k.Stack.Target(k.Resource, property, k.Get(property), kind)
	if group == nil {
		k.Require(found, "no parameter group of this stack is attached")
		return
	}
	set := func(name string, holds func(string) bool) pack.Fact {
		return group.Get("parameters").Any(func(p pack.Value) pack.Fact {
			return p.Get("name").OneOf(name).And(p.Get("value").Matches(holds))
		})
	}
	statements := set("log_statement", func(s string) bool { return s == "ddl" || s == "mod" || s == "all" })
	audited := set("pgaudit.log", func(s string) bool { return s != "" && s != "none" })
	loaded := set("shared_preload_libraries", func(s string) bool { return slices.Contains(strings.Split(s, ","), "pgaudit") })
	k.Require(statements.Or(audited.And(loaded)), "parameter group %q sets neither pgaudit nor log_statement", group.Name)
}

// parameters are about what parameter groups and the rest of the stack say of a database.
func parameters() []*pack.Control {
	return []*pack.Control{
		want.Optional(want.Row("rds-aurora-audit", "Aurora MySQL writes an audit log",
			"The log that is sent to CloudWatch stays empty until the parameter is set.",
			"Give the cluster a parameter group of its own, and set the parameter server_audit_logging to 1 in it.",
			"FSBP:RDS.45 "+standard.Logging, pack.Medium, "",
			want.Properties{aws.RDSClusterParameterGroup: {
				"parameters": want.Entry("name", "server_audit_logging", "value", "1").WhereIs("family", want.BeginsWith("aurora-mysql")),
			}, aws.RDSCluster: {
				"dbClusterParameterGroupName": want.Other("default.aurora-mysql5.7", "default.aurora-mysql8.0").Where("engine", "aurora-mysql"),
			}})),
	}
}
