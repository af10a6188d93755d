// SPDX-License-Identifier: Apache-2.0

package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/server"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const (
	scalingType = "aws:autoscaling/policy:Policy"
	targetsType = "aws:lb/targetGroup:TargetGroup"

	secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-0123-abcdef"
)

// shop is the service under test. A database is answered with its secret.
var shop = pulumitest.Component[Args, App]{
	Args: func(ctx *pulumi.Context) (*Args, error) {
		in, err := networktest.Segment(ctx, "app")
		return &Args{Segment: in, Port: networktest.ServicePort}, err
	},
	New: func(ctx *pulumi.Context, args *Args) (*App, error) { return New(ctx, "shop", args) },
	Options: []pulumitest.Option{
		servertest.Versioned(),
		pulumitest.WithOutputs("aws:rds/instance:Instance", func(pulumitest.Registration) resource.PropertyMap {
			return resource.NewPropertyMapFromMap(map[string]any{"masterUserSecrets": []any{map[string]any{"secretArn": secret}}})
		}),
	},
}

var (
	program, build = shop.Program, shop.Build
	with           = pulumitest.With[Args]
	unchanged      = pulumitest.Unchanged[Args]
)

// withDatabase gives the service a database.
func withDatabase(ctx *pulumi.Context, a *Args) error {
	in, err := a.Segment.Network().Segment("db")
	if err != nil {
		return err
	}
	a.Database, err = database.New(ctx, "database", &database.Args{Segment: in})
	return err
}

func TestInstancesArePrivateAndSmall(t *testing.T) {
	recording := build(t, unchanged)
	template := recording.Only(t, servertest.TemplateType)
	for path, want := range map[string]any{
		"imageId":      server.DefaultImage("t3.small"),
		"instanceType": "t3.small",
		"networkInterfaces.0.associatePublicIpAddress": "false",
		"networkInterfaces.0.securityGroups":           []any{recording.Get(t, servertest.SecurityType, "network-app-group").ID},
	} {
		require.Equal(t, want, template.Value(path), path)
	}
}

func TestGroupReplacesBeforeItStops(t *testing.T) {
	recording := build(t, unchanged)
	group := recording.Only(t, servertest.GroupType)
	for path, want := range map[string]any{
		"minSize":                2.0,
		"maxSize":                4.0,
		"desiredCapacity":        nil, // the scaling policy decides
		"vpcZoneIdentifiers":     servertest.Subnets(t, recording, "app"),
		"targetGroupArns":        []any{recording.Only(t, targetsType).ID},
		"healthCheckType":        "ELB",
		"healthCheckGracePeriod": 300.0,
		"defaultInstanceWarmup":  120.0,
		"maxInstanceLifetime":    30.0 * 86400,
		"minElbCapacity":         nil, // nothing checks the health of what no load balancer serves
		"waitForElbCapacity":     nil,
		"instanceMaintenancePolicy": map[string]any{
			"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0,
		},
		"instanceRefresh": nil, // see TestANewVersionIsAGroupOfItsOwn
	} {
		require.Equal(t, want, group.Value(path), path)
	}
	require.Contains(t, group.Value("enabledMetrics"), "GroupInServiceInstances")
}

func TestInstancesStartAfterEverythingThatTheyNeed(t *testing.T) {
	var ready []string
	recording := build(t, withDatabase, func(ctx *pulumi.Context, a *App) error {
		servertest.URNs(ctx, a.Segment.Ready(), &ready)
		return nil
	})
	group := recording.Only(t, servertest.GroupType)
	require.Subset(t, group.DependsOn, ready)
	require.Contains(t, group.DependsOn, recording.Get(t, servertest.LogsType, "shop-logs").URN)
	for _, rule := range []string{"network-app-to-network-db-postgresql", "network-app-to-s3-https"} {
		require.Contains(t, ready, recording.Get(t, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", rule).URN)
	}
}

func TestScalingFollowsTheLoad(t *testing.T) {
	policy := build(t, unchanged).Only(t, scalingType)
	require.Equal(t, "TargetTrackingScaling", policy.String("policyType"))
	require.Equal(t, map[string]any{
		"predefinedMetricSpecification": map[string]any{"predefinedMetricType": "ASGAverageCPUUtilization"}, "targetValue": 60.0,
	}, policy.Value("targetTrackingConfiguration"))
}

func TestTargetGroupIsTLSWithAHealthCheckOverTLS(t *testing.T) {
	targets := build(t, unchanged).Only(t, targetsType)
	for path, want := range map[string]any{
		"protocol":             "HTTPS",
		"port":                 8443.0,
		"targetType":           "instance",
		"deregistrationDelay":  60.0,
		"healthCheck.enabled":  true,
		"healthCheck.protocol": "HTTPS",
		"healthCheck.port":     "traffic-port",
		"healthCheck.path":     "/healthz",
		"healthCheck.matcher":  "200",
	} {
		require.Equal(t, want, targets.Value(path), path)
	}
}

func TestTargetGroupsOfLongNamesFitAndDiffer(t *testing.T) {
	const random = "-1234567" // what Pulumi appends
	long := "shop-production-checkout"
	seen := map[string]string{}
	for _, name := range []string{"a", "sixteen-letters-", long, long + "-blue", long + "-green", strings.Repeat("x", 39), strings.Repeat("x", 40)} {
		logical := logicalTargets(name)
		require.LessOrEqual(t, len(logical+random), 32, "%s: AWS allows 32 characters", logical)
		require.Equal(t, name[0], logical[0])
		require.NotContains(t, seen, logical, "two target groups of one name")
		seen[logical] = name
	}
	require.Equal(t, "sixteen-letters--targets", logicalTargets("sixteen-letters-"), "names that fit stay as they are")
}

func TestServicesWithNamesThatBeginAlikeStandSideBySide(t *testing.T) {
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		in, err := networktest.Segment(ctx, "app")
		if err != nil {
			return err
		}
		for _, name := range []string{"shop-production-checkout-blue", "shop-production-checkout-green"} {
			if _, err := New(ctx, name, &Args{Segment: in, Port: networktest.ServicePort}); err != nil {
				return err
			}
		}
		return nil
	}, shop.Options...)
	urns := map[string]bool{}
	for _, r := range recording.Registrations() {
		require.False(t, urns[r.URN], "%s is registered twice", r.URN)
		urns[r.URN] = true
	}
	require.Len(t, recording.ByType(targetsType), 2)
}

func TestRoleMayDoWhatItNeeds(t *testing.T) {
	recording := build(t, withDatabase)
	found := servertest.Permissions(t, recording, "shop")
	require.Len(t, found, 4)
	key := "arn:aws:kms:eu-central-1:111122223333:key/" + recording.Get(t, "aws:kms/key:Key", "database-key").ID
	require.Equal(t, secret, found["ReadDatabaseSecret"]["Resource"])
	require.Equal(t, key, found["DecryptDatabaseSecret"]["Resource"])
	require.Equal(t, map[string]any{"StringEquals": map[string]any{
		"kms:ViaService":                  "secretsmanager.eu-central-1.amazonaws.com",
		"kms:EncryptionContext:SecretARN": secret,
	}}, found["DecryptDatabaseSecret"]["Condition"])
	arn := "arn:aws:logs:eu-central-1:111122223333:log-group:" + recording.Get(t, servertest.LogsType, "shop-logs").ID
	require.Equal(t, []any{arn, arn + ":*"}, found["WriteOwnLogs"]["Resource"])
	require.Contains(t, found, "BeListed")
}

func TestWithoutADatabaseThereIsNoSecretToRead(t *testing.T) {
	found := servertest.Permissions(t, build(t, unchanged), "shop")
	require.Len(t, found, 2)
	require.NotContains(t, found, "ReadDatabaseSecret")
}

// withUsers gives the service a database whose users are declared, as if its function were there. It logs in as one of them.
func withUsers(user string) func(*pulumi.Context, *Args) error {
	return func(ctx *pulumi.Context, a *Args) error {
		if err := withDatabase(ctx, a); err != nil {
			return err
		}
		a.DatabaseUser = user
		a.Database.Declared = []declare.Database{{Name: "orders", Users: []declare.User{{Name: "service"}, {Name: "migrator"}}}}
		return nil
	}
}

func TestADeclaredUserMayConnectAsItselfAndReadNoSecret(t *testing.T) {
	recording := build(t, withUsers("service"))
	found := servertest.Permissions(t, recording, "shop")
	require.Len(t, found, 3)
	require.Equal(t, "rds-db:connect", found["ConnectAsOwnUser"]["Action"])
	require.Regexp(t, `^arn:aws:rds-db:eu-central-1:111122223333:dbuser:[^/*]+/service$`, found["ConnectAsOwnUser"]["Resource"])
	for name := range found {
		require.NotContains(t, found[name]["Action"], "secretsmanager:GetSecretValue", name)
	}
	parts := servertest.UserData(t, recording)
	for _, line := range []string{"PGDATABASE=orders", "PGUSER=service", "DATABASE_LOGIN=IAM", "PGSSLMODE=verify-full", "PGHOST=bulkhead-test-database-"} {
		require.Contains(t, parts[0].Body, "\n"+line)
	}
	require.NotContains(t, parts[0].Body, "DATABASE_SECRET_ARN")
}

func TestADeclaredUserWithAPasswordReadsItsOwnSecretAlone(t *testing.T) {
	const own = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:report-0a1b2c"
	recording := build(t, func(ctx *pulumi.Context, a *Args) error {
		if err := withUsers("report")(ctx, a); err != nil {
			return err
		}
		a.Database.Declared[0].Users[0] = declare.User{Name: "report", Login: declare.AlternatingSecret}
		a.Database.UserSecretARNs = map[string]pulumi.StringOutput{"report": pulumi.String(own).ToStringOutput()}
		return nil
	})
	found := servertest.Permissions(t, recording, "shop")
	require.Len(t, found, 4)
	require.Equal(t, own, found["ReadDatabaseSecret"]["Resource"])
	require.NotContains(t, found["ReadDatabaseSecret"]["Action"], "secretsmanager:PutSecretValue")
	require.Equal(t, own, found["DecryptDatabaseSecret"]["Condition"].(map[string]any)["StringEquals"].(map[string]any)["kms:EncryptionContext:SecretARN"])
	role := recording.Get(t, servertest.RoleType, "shop-role")
	require.Equal(t, map[string]any{"Name": "shop", "bulkhead:reads-database-secret": "bulkhead-test-database/report"}, role.Value("tags"), "as the secret's policy wants it")
	parts := servertest.UserData(t, recording)
	for _, line := range []string{"PGDATABASE=orders", "DATABASE_LOGIN=AlternatingSecret", "DATABASE_SECRET_ARN=" + own} {
		require.Contains(t, parts[0].Body, "\n"+line+"\n")
	}
	require.NotContains(t, parts[0].Body, "PGUSER", "the secret says which of two users it is")
	require.Nil(t, build(t, withUsers("service")).Get(t, servertest.RoleType, "shop-role").Value("tags.bulkhead:reads-database-secret"))
}

func TestAServiceLogsInAsADeclaredUserOfItsDatabase(t *testing.T) {
	for user, problem := range map[string]string{
		"":      `app "shop": DatabaseUser: "" is not a declared user of the database; use one of [service, migrator]`,
		"owner": `app "shop": DatabaseUser: "owner" is not a declared user of the database`,
	} {
		require.ErrorContains(t, pulumitest.RunError(t, program(withUsers(user)), shop.Options...), problem)
	}
	err := pulumitest.RunError(t, program(with(func(a *Args) { a.DatabaseUser = "service" })), shop.Options...)
	require.ErrorContains(t, err, `DatabaseUser: "service" has no database; give one in Database, or leave it out`)
}

func TestServiceFindsItsSurroundings(t *testing.T) {
	recording := build(t, withDatabase)
	parts := servertest.UserData(t, recording)
	require.Equal(t, []string{"01-environment.sh", "02-service", "03-ship-logs.sh"}, servertest.Files(parts))
	for _, line := range []string{
		"SERVICE_NAME=shop", "SERVICE_PORT=8443", "SERVICE_HEALTH_PATH=/healthz", "AWS_REGION=eu-central-1",
		"PGPORT=5432", "PGDATABASE=app", "PGSSLMODE=verify-full", "PGSSLROOTCERT=/etc/pki/rds/global-bundle.pem",
		"DATABASE_SECRET_ARN=" + secret, "PGHOST=bulkhead-test-database-", "LOG_GROUP=" + recording.Get(t, servertest.LogsType, "shop-logs").ID,
	} {
		require.Contains(t, parts[0].Body, "\n"+line)
	}
	require.Contains(t, parts[1].Body, "bulkhead-placeholder.service")
	require.Contains(t, parts[2].Body, "amazon-cloudwatch-agent")
}

func TestOwnServiceTakesThePlaceOfThePlaceholder(t *testing.T) {
	parts := servertest.UserData(t, build(t, with(func(a *Args) { a.UserData = pulumi.String("#cloud-config\nruncmd: [[systemctl, start, shop]]\n") })))
	require.Equal(t, []string{"01-environment.sh", "02-service", "03-ship-logs.sh"}, servertest.Files(parts))
	require.Contains(t, parts[1].Type, "text/cloud-config")
	require.Equal(t, "#cloud-config\nruncmd: [[systemctl, start, shop]]\n", parts[1].Body)
	require.Contains(t, parts[0].Body, "SERVICE_PORT=8443")
	require.NotContains(t, parts[0].Body, "PGHOST")
}

// An image of one's own must get its port to itself, and its root disk the encryption.
func TestOwnImageBringsItsService(t *testing.T) {
	recording := build(t, with(func(a *Args) { a.Server.Image, a.Server.RootDevice = "ami-0123456789abcdef0", "/dev/sda1" }))
	parts := servertest.UserData(t, recording)
	require.Equal(t, []string{"01-environment.sh", "02-ship-logs.sh"}, servertest.Files(parts))
	require.Contains(t, parts[0].Body, "SERVICE_PORT=8443")
	require.Equal(t, "/dev/sda1", recording.Only(t, servertest.TemplateType).Value("blockDeviceMappings.0.deviceName"))
	require.Equal(t, "true", recording.Only(t, servertest.TemplateType).Value("blockDeviceMappings.0.ebs.encrypted"))
}

func TestUserDataThatNobodyWouldRunIsRefused(t *testing.T) {
	for body, problem := range map[string]string{
		"echo hello": "cloud-init would ignore it",
		"#!/bin/sh\n" + strings.Repeat("#", 17000): "EC2 takes 16384",
	} {
		err := pulumitest.RunError(t, program(with(func(a *Args) { a.UserData = pulumi.String(body) })), shop.Options...)
		require.ErrorContains(t, err, problem)
	}
}

func TestWhatTheEdgeNeeds(t *testing.T) {
	var arn, suffix string
	recording := build(t, unchanged, func(ctx *pulumi.Context, a *App) error {
		require.Equal(t, networktest.ServicePort, a.Port)
		require.Equal(t, "app", a.Segment.Name)
		servertest.Text(ctx, "arn", a.TargetGroupARN, &arn)
		servertest.Text(ctx, "suffix", a.TargetGroupARNSuffix, &suffix)
		return nil
	})
	require.Equal(t, recording.Only(t, targetsType).ID, arn)
	require.True(t, strings.HasPrefix(suffix, "targetgroup/"), suffix)
}

func TestStateShowsWhatTheServiceWasGiven(t *testing.T) {
	for _, options := range [][]pulumitest.Option{nil, {pulumitest.Preview()}} {
		recording := pulumitest.Run(t, program(with(func(a *Args) { a.MinSize = 3 })), slices.Concat(shop.Options, options)...)
		inputs := recording.Get(t, "bulkhead:app:App", "shop")
		require.Equal(t, map[string]any{
			"port": 8443.0, "healthPath": "/healthz", "minSize": 3.0, "maxSize": 6.0,
			"server": map[string]any{
				"instanceType": "t3.small", "image": server.DefaultImage("t3.small"), "rootDevice": "/dev/xvda", "rootGb": 16.0, "maxLifetimeDays": 30.0,
			},
		}, inputs.Inputs.Mappable())
	}
}

func TestPreview(t *testing.T) {
	recording := pulumitest.Run(t, program(withDatabase), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, recording.Only(t, servertest.GroupType).Value("launchTemplate.version"))
}
