// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/waf"
)

// watched is one alarm by its name.
type watched struct {
	name string
	args alarm.Args
}

// watch raises an alarm for what an operator must not learn from a customer.
func (e *Environment) watch(ctx *pulumi.Context) error {
	all := append(e.networkAlarms(), e.edgeAlarms()...)
	all = append(append(all, e.test()), e.backupAlarms()...)
	for _, s := range e.args.Services {
		all = append(all, e.serviceAlarms(s)...)
	}
	for _, d := range e.args.instances() {
		all = append(all, append(e.databaseAlarms(d), e.databaseHealth(d)...)...)
		if err := e.hearDatabase(ctx, d); err != nil {
			return err
		}
	}
	if e.Bastion != nil {
		all = append(all, short(e.args.Bastion.Name, e.Bastion.AutoScalingGroupName, 1))
	}
	for _, w := range all {
		w.args.TopicARN = e.Topic.ARN
		if _, err := alarm.New(ctx, e.name+"-"+w.name, &w.args, e.Options, former(e.name, w.name)); err != nil {
			return err
		}
	}
	return nil
}

// former is the name of an alarm in stacks of version 0.1, where it differs.
func former(environment, name string) pulumi.ResourceOption {
	names := map[string]string{"db-busy": "database-busy", "db-full": "database-full", "edge-blocked": "requests-blocked"}
	if old, renamed := names[name]; renamed {
		return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(environment + "-" + old)}})
	}
	return pulumi.Aliases(nil)
}

// manyBlocked is more refused queries in five minutes than servers make by themselves, asking for time servers and the like.
const manyBlocked = 100

// networkAlarms watch what leaves the network in the names that are looked up, and NAT gateways without a port left for one more
// connection (VPC user guide, "NAT gateway metrics and dimensions").
func (e *Environment) networkAlarms() []watched {
	namespace, metric := e.Network.BlockedQueries()
	var all []watched
	if metric != "" {
		all = append(all, watched{"dns-blocked", alarm.Args{
			Description: "Something asks for many names that no row of the table leads to: see the log group of the DNS queries for who and which.",
			Namespace:   namespace, Metric: metric, Statistic: "Sum", Comparison: alarm.Above, Threshold: manyBlocked,
		}})
	}
	for _, zone := range slices.Sorted(maps.Keys(e.Network.NATGatewayIDs)) {
		all = append(all, watched{"nat-" + zone + "-exhausted", alarm.Args{
			Description: "A NAT gateway has no port left for one more connection to the same destination, so that calls fail: see the flow logs for who calls whom.",
			Namespace:   "AWS/NATGateway", Metric: "ErrorPortAllocation", Dimensions: pulumi.StringMap{"NatGatewayId": e.Network.NATGatewayIDs[zone]},
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 0,
		}})
	}
	return all
}

// test goes off every Monday morning, so that somebody notices when alarms do not arrive: from the metric to the mail it goes the way of all
// others, to both topics. The metric that tells the time is that of the flow logs, which there always are; if they are silent, so is the test
// (AWS blog, "Enhance CloudWatch metrics with metric math functions": days are 1 to 7 from Monday, hours those of UTC).
func (e *Environment) test() watched {
	w := watched{"test", alarm.Args{
		Description: "This is the test of every Monday, between 8 and 10 o'clock UTC: alarms arrive, and nothing is to be done. If it does not come, none does: make heard says why.",
		Namespace:   "AWS/Logs", Metric: "IncomingLogEvents", Dimensions: pulumi.StringMap{"LogGroupName": e.Network.FlowLogGroupName},
		Expression: "IF(DAY(m) == 1 AND HOUR(m) == 8, 1, 0)",
		Statistic:  "Sum", Comparison: alarm.AtLeast, Threshold: 1, PeriodSeconds: 3600,
	}}
	if e.Records != nil {
		w.args.SecondTopicARN = e.Records.ARN
	}
	return w
}

// short watches a group that AWS cannot fill, for want of capacity, an image or a key. Nobody else tells: where no instance is,
// none fails a health check.
func short(name string, group pulumi.StringOutput, fewest int) watched {
	return watched{name + "-short", alarm.Args{
		Description: "Fewer instances than the fewest have been in service for a quarter of an hour: see the activities of the auto-scaling group.",
		Namespace:   "AWS/AutoScaling", Metric: "GroupInServiceInstances", Dimensions: pulumi.StringMap{"AutoScalingGroupName": group},
		Statistic: "Maximum", Comparison: alarm.Below, Threshold: float64(fewest), Periods: 3, BadPeriods: 3, Silence: alarm.SilenceIsBad,
	}}
}

const balancers = "AWS/ApplicationELB"

func (e *Environment) edgeAlarms() []watched {
	if e.Edge == nil {
		return nil
	}
	blocked := e.Edge.WebACL.BlockedRequests()
	return []watched{
		{e.args.Edge.Name + "-errors", alarm.Args{
			Description: "The load balancer answers with errors of its own: see its targets and its access logs.",
			Namespace:   balancers, Metric: "HTTPCode_ELB_5XX_Count", Dimensions: pulumi.StringMap{"LoadBalancer": e.Edge.ARNSuffix},
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 10,
		}},
		{e.args.Edge.Name + "-blocked", alarm.Args{
			Description: "The web ACL blocks unusually many requests: see its log group for who and why.",
			Namespace:   blocked.Namespace, Metric: blocked.Name, Dimensions: blocked.Dimensions,
			Statistic: "Sum", Comparison: alarm.Above, Threshold: float64(component.Or(e.args.Edge.WAF.RateLimit, waf.DefaultRateLimit)),
		}},
		{e.args.Edge.Name + "-rejected", alarm.Args{
			Description: "The load balancer has as many connections as it can hold, and rejects others: see its access logs for whose.",
			Namespace:   balancers, Metric: "RejectedConnectionCount", Dimensions: pulumi.StringMap{"LoadBalancer": e.Edge.ARNSuffix},
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 0,
		}},
		// ACM renews a certificate 60 days before its end (ACM user guide, "Managed certificate renewal") and says every day how
		// many days are left ("Supported CloudWatch metrics").
		{e.args.Edge.Name + "-certificate", alarm.Args{
			Description: "The certificate ends within 30 days and has not been renewed: see its validation records in the hosted zone, or import its successor.",
			Namespace:   "AWS/CertificateManager", Metric: "DaysToExpiry", Dimensions: pulumi.StringMap{"CertificateArn": e.Edge.CertificateARN},
			Statistic: "Minimum", Comparison: alarm.AtMost, Threshold: 30, PeriodSeconds: 24 * 60 * 60,
		}},
	}
}

// serviceAlarms watch a service where the load balancer sees it. When the port changes, errors and slowness are watched at the
// old target group until requests move; health is at once watched at the new one, so that a version which does not become
// healthy is heard.
func (e *Environment) serviceAlarms(s Service) []watched {
	all := []watched{short(s.Name, e.Services[s.Name].AutoScalingGroupName, component.Or(s.MinSize, app.DefaultSize))}
	if e.Edge == nil || len(s.Hosts)+len(s.Paths) == 0 {
		return all
	}
	moved := e.Services[s.Name].Ready()
	targets := pulumi.StringMap{"LoadBalancer": e.Edge.ARNSuffix, "TargetGroup": e.Services[s.Name].TargetGroupARNSuffix}
	return append(all, []watched{
		{s.Name + "-errors", alarm.Args{
			Description: "The service answers with errors: see its log group.",
			Namespace:   balancers, Metric: "HTTPCode_Target_5XX_Count", Dimensions: targets,
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 10, After: moved,
		}},
		// An instance that never becomes healthy is replaced about every six minutes, and its successor counts only after
		// its first checks have failed.
		{s.Name + "-unhealthy", alarm.Args{
			Description: "Instances fail their health check: see the target group and the activities of the auto-scaling groups.",
			Namespace:   balancers, Metric: "UnHealthyHostCount", Dimensions: targets,
			Statistic: "Maximum", Comparison: alarm.Above, Threshold: 0, PeriodSeconds: 60, Periods: 10, BadPeriods: 6,
		}},
		{s.Name + "-slow", alarm.Args{
			Description: "One request in a hundred takes longer than two seconds.",
			Namespace:   balancers, Metric: "TargetResponseTime", Dimensions: targets,
			Statistic: "p99", Comparison: alarm.Above, Threshold: 2, Periods: 3, BadPeriods: 3, After: moved,
		}},
		{s.Name + "-handshakes", alarm.Args{
			Description: "TLS between the load balancer and the service fails: see the certificate and the TLS versions of the instances.",
			Namespace:   balancers, Metric: "TargetTLSNegotiationErrorCount", Dimensions: targets,
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 10, After: moved,
		}},
	}...)
}

func (e *Environment) databaseAlarms(d Database) []watched {
	const gib = 1 << 30
	instance := pulumi.StringMap{"DBInstanceIdentifier": e.Databases[d.Name].Identifier}
	return []watched{
		{d.Name + "-busy", alarm.Args{
			Description: "The database has been above 80 % of its processors for a quarter of an hour: see Performance Insights.",
			Namespace:   "AWS/RDS", Metric: "CPUUtilization", Dimensions: instance,
			Statistic: "Average", Comparison: alarm.Above, Threshold: 80, Periods: 3, BadPeriods: 3,
		}},
		{d.Name + "-full", alarm.Args{
			Description: "The database's disk is nearly full and has not grown: raise the limit up to which it may grow.",
			Namespace:   "AWS/RDS", Metric: "FreeStorageSpace", Dimensions: instance,
			Statistic: "Minimum", Comparison: alarm.Below, Threshold: float64(component.Or(d.StorageGB, database.DefaultStorageGB)) * gib / 20,
		}},
	}
}
