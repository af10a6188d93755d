// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const providerType = "pulumi:providers:aws"

func TestOneProviderBoundToTheAccount(t *testing.T) {
	rec := deployed(t, reference())
	provider := rec.Only(t, providerType)
	require.Equal(t, pulumitest.Region, provider.Value("region"))
	require.Equal(t, []any{pulumitest.AccountID}, provider.Value("allowedAccountIds"))
	require.Equal(t, map[string]any{
		"Project": pulumitest.Project, "Environment": name, "ManagedBy": "Pulumi",
	}, provider.Value("defaultTags.tags"))

	require.Empty(t, rec.WithoutProvider(), "default providers are disabled")
	for _, r := range rec.Registrations() {
		if r.Custom && r.Type != providerType {
			require.Truef(t, strings.HasPrefix(r.Provider, provider.URN+"::"), "%s %s is made by %s", r.Type, r.Name, r.Provider)
		}
	}
	for _, call := range rec.Invocations() {
		require.Truef(t, strings.HasPrefix(call.Provider, provider.URN+"::"), "%s is asked of %s", call.Token, call.Provider)
	}
}

// TestComponents compares what stands directly under the stack, the story of the environment, with a golden file.
func TestComponents(t *testing.T) {
	var lines strings.Builder
	for _, r := range deployed(t, reference()).Registrations() {
		if strings.Contains(r.Parent, "::pulumi:pulumi:Stack::") || r.Parent == "" {
			fmt.Fprintf(&lines, "%-36s %s\n", r.Type, r.Name)
		}
	}
	golden := filepath.Join("testdata", "components.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(golden, []byte(lines.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), lines.String(), "run `go test ./components/environment -update` if this is meant")
}

func TestEveryResourceBelongsToAComponent(t *testing.T) {
	rec := deployed(t, reference())
	parents := map[string]bool{}
	for _, r := range rec.Registrations() {
		if !r.Custom {
			parents[r.URN] = true
		}
	}
	for _, r := range rec.Registrations() {
		if r.Custom && r.Type != providerType {
			require.Truef(t, parents[r.Parent], "%s %s belongs to no component", r.Type, r.Name)
		}
	}
}

// Instances, their disks and their network cards are made by EC2 and never see the provider's default tags.
func TestInstancesCarryTheTagsOfTheStack(t *testing.T) {
	templates := deployed(t, reference()).ByType("aws:ec2/launchTemplate:LaunchTemplate")
	require.Len(t, templates, 2)
	for _, template := range templates {
		for i, kind := range []string{"instance", "volume", "network-interface"} {
			specification := fmt.Sprintf("tagSpecifications.%d.", i)
			require.Equal(t, kind, template.String(specification+"resourceType"))
			require.Equal(t, name, template.String(specification+"tags.Environment"))
			require.Equal(t, pulumitest.Project, template.String(specification+"tags.Project"))
		}
	}
}

func TestEveryLogGroupIsEncryptedAndKept(t *testing.T) {
	args := reference()
	args.LogRetentionDays = 731
	rec := deployed(t, args)
	key := rec.Get(t, "aws:kms/key:Key", name+"-logs-key")
	groups := rec.ByType("aws:cloudwatch/logGroup:LogGroup")
	require.Len(t, groups, 9, "app, bastion, database three times, DNS queries, flow logs, trail, web ACL")
	for _, group := range groups {
		require.Equal(t, fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", args.Region, args.AccountID, key.ID), group.String("kmsKeyId"), group.Name)
		require.EqualValues(t, 731, group.Value("retentionInDays"), group.Name)
	}
}

func TestEveryRoleHasTheBoundary(t *testing.T) {
	rec := deployed(t, reference())
	boundary := rec.Get(t, "aws:iam/policy:Policy", name+"-boundary-policy")
	roles := rec.ByType("aws:iam/role:Role")
	require.Len(t, roles, 5, "app, bastion, database monitoring, flow logs, trail")
	for _, role := range roles {
		require.Equal(t, boundary.ID, role.String("permissionsBoundary"), role.Name)
	}
}

func TestEveryAlarmRings(t *testing.T) {
	args := reference()
	rec := deployed(t, args)
	topics := map[string]string{}
	for _, name := range []string{"alarms", "records"} {
		topic := rec.Get(t, "aws:sns/topic:Topic", "shop-"+name+"-topic")
		topics[topic.ID] = name
		require.Contains(t, topic.String("kmsMasterKeyId"), rec.Get(t, "aws:kms/key:Key", "shop-"+name+"-key").ID, "a key of its own")
	}
	recorded := map[string]bool{}
	for _, check := range audit.TrailChecks() {
		recorded["shop-trail-"+check.Name+"-alarm"] = check.Recorded()
	}
	alarms := rec.ByType("aws:cloudwatch/metricAlarm:MetricAlarm")
	require.Greater(t, len(alarms), 7+len(recorded))
	for _, alarm := range alarms {
		var heard []string
		for _, topic := range alarm.Value("alarmActions").([]any) {
			heard = append(heard, topics[topic.(string)])
		}
		only, ofTrail := recorded[alarm.Name]
		want := []string{"alarms"}
		switch {
		case only:
			want = []string{"records"}
		case ofTrail, alarm.Name == name+"-test-alarm":
			want = []string{"alarms", "records"}
		}
		require.Equal(t, want, heard, alarm.Name)
		require.NotEmpty(t, alarm.String("alarmDescription"), alarm.Name)
	}
	require.Len(t, rec.ByType("aws:sns/topicSubscription:TopicSubscription"), 2*len(args.AlarmEmails), "without RecordEmails the same people hear both")

	args.RecordEmails = []string{"audit@example.com"}
	require.Equal(t, "audit@example.com", deployed(t, args).Get(t, "aws:sns/topicSubscription:TopicSubscription", "shop-records-audit@example.com").String("endpoint"))
}

// What fails without an error that anybody sees: a group that stays empty, a NAT gateway out of ports, a certificate that nobody
// renews, a load balancer that is full.
func TestSilentFailuresRing(t *testing.T) {
	rec := deployed(t, reference())
	alarm := func(what string) pulumitest.Registration {
		return rec.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", name+"-"+what+"-alarm")
	}
	for group, fewest := range map[string]int{"app": 2, "bastion": 1} {
		short := alarm(group + "-short")
		made := rec.Get(t, "aws:autoscaling/group:Group", name+"-"+group+"-group")
		require.Equal(t, made.ID, short.String("dimensions.AutoScalingGroupName"))
		require.Contains(t, made.Value("enabledMetrics"), short.String("metricName"), "AWS keeps no metric of a group that is not asked for")
		require.EqualValues(t, fewest, short.Value("threshold"))
		require.Equal(t, "breaching", short.String("treatMissingData"))
	}
	gateways := rec.ByType("aws:ec2/natGateway:NatGateway")
	require.NotEmpty(t, gateways)
	for _, gateway := range gateways {
		require.Equal(t, gateway.ID, alarm(strings.TrimPrefix(gateway.Name, name+"-")+"-exhausted").String("dimensions.NatGatewayId"))
	}
	certificate := alarm("edge-certificate")
	require.Equal(t, "DaysToExpiry", certificate.String("metricName"))
	require.Equal(t, rec.Get(t, "aws:lb/listener:Listener", name+"-edge-https").String("certificateArn"), certificate.String("dimensions.CertificateArn"))
	require.NotEmpty(t, alarm("edge-rejected").String("dimensions.LoadBalancer"))
	require.NotEmpty(t, alarm("app-handshakes").String("dimensions.TargetGroup"))
}

// The test is an alarm like all others, so that it proves their way, and its own clock is a log that there always is.
func TestAlarmsAreTestedEveryWeek(t *testing.T) {
	rec := deployed(t, reference())
	test := rec.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", name+"-test-alarm")
	require.Equal(t, "IF(DAY(m) == 1 AND HOUR(m) == 8, 1, 0)", test.String("metricQueries.0.expression"))
	require.Equal(t, true, test.Value("metricQueries.0.returnData"))
	require.Equal(t, "m", test.String("metricQueries.1.id"))
	require.Equal(t, rec.Get(t, "aws:cloudwatch/logGroup:LogGroup", name+"-flow-logs-logs").ID, test.String("metricQueries.1.metric.dimensions.LogGroupName"))
	require.EqualValues(t, 3600, test.Value("metricQueries.1.metric.period"))
	require.Equal(t, "notBreaching", test.String("treatMissingData"), "a log that is silent keeps the test from coming, which somebody notices")

	args := reference()
	args.TrailOffReason = "an organization has the trail"
	rec = deployed(t, args)
	require.Len(t, rec.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", name+"-test-alarm").Value("alarmActions"), 1, "there is no topic of the records")
}

func TestWhatHoldsDataIsProtected(t *testing.T) {
	rec := deployed(t, reference())
	database := rec.Only(t, "aws:rds/instance:Instance")
	require.True(t, database.Protect)
	require.Equal(t, true, database.Value("deletionProtection"))
	require.Equal(t, false, database.Value("skipFinalSnapshot"))
	require.Equal(t, true, rec.Only(t, "aws:lb/loadBalancer:LoadBalancer").Value("enableDeletionProtection"))
}

// The longest name of an environment still leaves room for what AWS limits to 32 characters.
func TestLongestNameFits(t *testing.T) {
	for _, long := range []string{"dev-charlotte-1", "dev-charlie-123"} {
		rec := pulumitest.Run(t, func(ctx *pulumi.Context) error { _, err := New(ctx, long, reference()); return err })
		const suffix = len("-1234567") // of Pulumi's auto-naming
		for _, token := range []string{"aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"} {
			require.LessOrEqual(t, len(rec.Only(t, token).Name)+suffix, 32, token)
		}
	}
}

func TestManyRefusedQueriesRaiseAnAlarm(t *testing.T) {
	args := reference()
	args.DNSFailClosedOffReason = "names matter more here than what they carry"
	rec := deployed(t, args)
	filter := rec.Get(t, "aws:cloudwatch/logMetricFilter:LogMetricFilter", name+"-dns-blocked")
	alarm := rec.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", name+"-dns-blocked-alarm")
	require.Equal(t, filter.Value("metricTransformation.namespace"), alarm.Value("namespace"))
	require.Equal(t, filter.Value("metricTransformation.name"), alarm.Value("metricName"))
	require.EqualValues(t, manyBlocked, alarm.Value("threshold"))
	require.Equal(t, "ENABLED", rec.Only(t, "aws:route53/resolverFirewallConfig:ResolverFirewallConfig").String("firewallFailOpen"))
}

// Two projects may have an environment of one name in one account.
func TestNamesThatAnAccountHasOnceCarryTheProject(t *testing.T) {
	rec := deployed(t, reference(), pulumitest.InStack("bakery", "shop"))
	for _, alias := range rec.ByType("aws:kms/alias:Alias") {
		require.Contains(t, alias.String("name"), "bakery", alias.Name)
	}
	require.Contains(t, rec.Only(t, "aws:cloudtrail/trail:Trail").String("name"), "bakery")
	require.Contains(t, rec.Only(t, "aws:rds/instance:Instance").String("identifier"), "bakery")
	require.Contains(t, rec.Get(t, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "shop-waf-delivery").String("policyName"), "bakery")
}

func TestEveryPartMayBeLeftOut(t *testing.T) {
	args := reference()
	args.Edge, args.Bastion, args.Databases = nil, nil, nil
	args.Services = []Service{{Name: "app", Args: app.Args{Port: servicePort}}}
	args.TrailOffReason, args.GuardsOffReason = "the organization has a trail", "the organization guards its accounts"
	args.Table = &segment.Table{
		Segments: []segment.Segment{{Name: "app", Tier: segment.App, Holds: "Worker"}},
		Connections: []segment.Connection{
			{From: "app", To: segment.AWS(append(segment.ServerServices(), "s3")...), Ports: segment.HTTPS, Why: "AWS services"},
			{From: "app", To: segment.Addresses(partner), Ports: segment.HTTPS, Why: "Partner"},
		},
	}
	rec := deployed(t, args)
	for _, token := range []string{
		"aws:lb/loadBalancer:LoadBalancer", "aws:rds/instance:Instance", "aws:cloudtrail/trail:Trail",
		"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "aws:ebs/encryptionByDefault:EncryptionByDefault", "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
	} {
		require.Empty(t, rec.ByType(token), token)
	}
}

// A program that leaves something out gets every missing piece in one error, before anything is made.
func TestEverythingThatIsMissingIsOneError(t *testing.T) {
	args := &Args{
		Table: &segment.Table{
			Segments: []segment.Segment{
				{Name: "app", Tier: segment.App, Holds: "Service"},
				{Name: "db", Tier: segment.Data, Holds: "Database"},
				{Name: "cache", Tier: segment.Data, Holds: "Nothing yet"},
			},
			Connections: []segment.Connection{{From: "app", To: "bd", Ports: segment.PostgreSQL, Why: "Data"}},
		},
		Edge:      &Edge{Args: edge.Args{}},
		Services:  []Service{{Name: "app", UsesDatabase: "database", Hosts: []string{"shop.example"}}},
		Databases: []Database{{Args: database.Args{BackupRetentionDays: 1}}},
		Bastion:   &Bastion{Name: "door"},

		OwnSegments:    []string{"app", "queue"},
		TrailOffReason: "no", GuardsOffReason: "- others do it",
	}
	err := pulumitest.RunError(t, program(args))
	for _, text := range []string{
		"AccountID", "Region", "Zones", "VPCCIDR", "AlarmEmails",
		`"bd" is not a segment of the table; it has app, db, cache`,
		`Edge: it runs in the segment of its name, and "edge" is not a segment`,
		`Bastion: it runs in the segment of its name, and "door" is not a segment`,
		`Services[0] (app): UsesDatabase: "database" is not the name of one of Databases`,
		"Services[0] (app): Port: 0 is a privileged port",
		`TrailOffReason: "no" is not a valid reason`, `GuardsOffReason: "- others do it" is not a valid reason`,
		`no row of the table lets "app" open tcp/443 to "aws:ssm"`,
		"BackupRetentionDays: 1",
		"no row of the table leads to the database",
		"Segments[2] (cache): nothing runs in it; give the component of its name, list it in OwnSegments",
		`OwnSegments[0] (app): Services[0] (app) is in segment "app" already`,
		`OwnSegments[1] (queue): it runs in the segment of its name, and "queue" is not a segment`,
	} {
		require.ErrorContains(t, err, text)
	}
}

// The segments of the program's own may be filled by another stack, and the proof hears of it.
func TestTheTableSaysWhichSegmentsSomethingElseMayFill(t *testing.T) {
	args := &Args{
		Table:       &segment.Table{Segments: []segment.Segment{{Name: "app"}, {Name: "cache"}, {Name: "jobs", Elsewhere: true}}},
		OwnSegments: []string{"cache"},
	}
	var elsewhere []bool
	for _, s := range args.table().Segments {
		elsewhere = append(elsewhere, s.Elsewhere)
	}
	require.Equal(t, []bool{false, true, true}, elsewhere)
	require.False(t, args.Table.Segments[1].Elsewhere, "the caller's table stays as it is")
}
