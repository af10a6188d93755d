// SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/base64"
	"maps"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

const (
	templateType = "aws:ec2/launchTemplate:LaunchTemplate"
	groupType    = "aws:autoscaling/group:Group"
	scalingType  = "aws:autoscaling/policy:Policy"
	targetsType  = "aws:lb/targetGroup:TargetGroup"
	firewallType = "aws:ec2/securityGroup:SecurityGroup"
	ingressType  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	policyType   = "aws:iam/rolePolicy:RolePolicy"
	roleType     = "aws:iam/role:Role"
	logsType     = "aws:cloudwatch/logGroup:LogGroup"

	secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-0123-abcdef"
)

var service = firewall.Port{Name: "shop", Number: 8443}

// aws answers a launch template with its version, and a database with its secret.
func aws() []pulumitest.Option {
	return []pulumitest.Option{
		pulumitest.WithOutputs(templateType, func(pulumitest.Registration) resource.PropertyMap {
			return resource.NewPropertyMapFromMap(map[string]any{"latestVersion": 7})
		}),
		pulumitest.WithOutputs("aws:rds/instance:Instance", func(pulumitest.Registration) resource.PropertyMap {
			return resource.NewPropertyMapFromMap(map[string]any{"masterUserSecrets": []any{map[string]any{"secretArn": secret}}})
		}),
	}
}

// shop is the service under test.
var shop = pulumitest.Component[Args, App]{
	Args: func(ctx *pulumi.Context) (*Args, error) {
		n, err := networktest.New(ctx, network.Flow{From: network.TierOf(network.App), To: network.TierOf(network.Data), Port: firewall.PostgreSQL})
		return &Args{
			Network: n, Region: pulumitest.Region, Port: service, Min: 2, Max: 4,
			Boundary: pulumi.String(pulumitest.BoundaryARN), LogKeyARN: pulumi.String(pulumitest.LogKeyARN),
		}, err
	},
	New:     func(ctx *pulumi.Context, args *Args) (*App, error) { return New(ctx, "shop", args) },
	Options: aws(),
}

var (
	program, build = shop.Program, shop.Build
	with           = pulumitest.With[Args]
	unchanged      = pulumitest.Unchanged[Args]
)

// withDatabase gives the service a database.
func withDatabase(ctx *pulumi.Context, a *Args) error {
	db, err := database.New(ctx, "database", &database.Args{
		Network: a.Network, AccountID: pulumitest.AccountID, Region: pulumitest.Region,
		InstanceClass: "db.t4g.small", EngineVersion: "16", AllocatedStorageGB: 50, BackupRetentionDays: 30,
		LogKeyARN: a.LogKeyARN, Boundary: a.Boundary,
	})
	a.Database = db
	return err
}

func TestLaunchTemplateIsHardened(t *testing.T) {
	recording := build(t, unchanged)
	template := recording.Only(t, templateType)
	for path, want := range map[string]any{
		"imageId":              instance.DefaultImage("t3.small"),
		"instanceType":         "t3.small",
		"updateDefaultVersion": true,
		"keyName":              nil,
		"metadataOptions": map[string]any{
			"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1.0,
			"httpProtocolIpv6": "disabled", "instanceMetadataTags": "disabled",
		},
		"monitoring": map[string]any{"enabled": true},
		"blockDeviceMappings": []any{map[string]any{
			"deviceName": "/dev/xvda",
			"ebs":        map[string]any{"volumeType": "gp3", "volumeSize": 16.0, "encrypted": "true", "deleteOnTermination": "true"},
		}},
		"networkInterfaces": []any{map[string]any{
			"deviceIndex": 0.0, "associatePublicIpAddress": "false", "deleteOnTermination": "true",
			"securityGroups": []any{recording.Get(t, firewallType, "shop-group").ID},
		}},
	} {
		require.Equal(t, want, template.Value(path), path)
	}
	require.Contains(t, template.String("iamInstanceProfile.arn"), ":instance-profile/shop-profile")
}

func TestTagsReachEverythingThatIsLaunched(t *testing.T) {
	template := build(t, with(func(a *Args) { a.Tags = map[string]string{"owner": "shop team"} })).Only(t, templateType)
	specifications, ok := template.Value("tagSpecifications").([]any)
	require.True(t, ok)
	var kinds []any
	for _, specification := range specifications {
		s := specification.(map[string]any)
		kinds = append(kinds, s["resourceType"])
		require.Equal(t, map[string]any{"Name": "shop", "owner": "shop team"}, s["tags"])
	}
	require.Equal(t, []any{"instance", "volume", "network-interface"}, kinds)
}

func TestGroupReplacesBeforeItStops(t *testing.T) {
	recording := build(t, unchanged)
	group := recording.Only(t, groupType)
	var app []any
	for _, zone := range []string{"a", "b"} {
		app = append(app, recording.Get(t, "aws:ec2/subnet:Subnet", "network-app-eu-central-1"+zone).ID)
	}
	for path, want := range map[string]any{
		"minSize":                2.0,
		"maxSize":                4.0,
		"desiredCapacity":        nil, // the scaling policy decides
		"vpcZoneIdentifiers":     app,
		"targetGroupArns":        []any{recording.Only(t, targetsType).ID},
		"healthCheckType":        "ELB",
		"healthCheckGracePeriod": 300.0,
		"defaultInstanceWarmup":  120.0,
		"maxInstanceLifetime":    30.0 * 86400,
		"waitForCapacityTimeout": "10m",
		"minElbCapacity":         nil, // the balancer may still wait for its certificate
		"waitForElbCapacity":     nil,
		"launchTemplate":         map[string]any{"id": recording.Only(t, templateType).ID, "version": "7"},
		"instanceMaintenancePolicy": map[string]any{
			"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0,
		},
		"instanceRefresh": map[string]any{"strategy": "Rolling", "preferences": map[string]any{
			"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0, "instanceWarmup": "120", "autoRollback": false, "skipMatching": true,
		}},
		"tags": []any{map[string]any{"key": "Name", "value": "shop", "propagateAtLaunch": false}},
	} {
		require.Equal(t, want, group.Value(path), path)
	}
	require.Contains(t, group.Value("enabledMetrics"), "GroupInServiceInstances")
}

func TestFixedImagesAreRolledBack(t *testing.T) {
	recording := build(t, with(func(a *Args) { a.ImageID = "ami-0123456789abcdef0" }))
	require.Equal(t, true, recording.Only(t, groupType).Value("instanceRefresh.preferences.autoRollback"))
}

func TestInstancesStartWhenTheirRulesStand(t *testing.T) {
	recording := build(t, unchanged)
	group := recording.Only(t, groupType)
	for _, rule := range recording.ByType(egressType) {
		require.Contains(t, group.DependsOn, rule.URN, rule.Name)
	}
	require.Contains(t, group.DependsOn, recording.Get(t, "aws:ec2/vpcEndpoint:VpcEndpoint", "network-s3").URN)
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
	require.LessOrEqual(t, len("abcdefghijklmnop-targets")+len("-1234567"), 32, "the longest allowed name fits a target group")
}

// rules lists the egress rules of the service: destination to port.
func rules(t *testing.T, recording *pulumitest.Recording) map[string]float64 {
	t.Helper()
	own := recording.Get(t, firewallType, "shop-group").ID
	found := map[string]float64{}
	for _, rule := range recording.ByType(egressType) {
		if rule.String("securityGroupId") != own {
			continue
		}
		to := rule.String("referencedSecurityGroupId") + rule.String("cidrIpv4") + rule.String("cidrIpv6")
		if rule.Value("prefixListId") != nil {
			to = "s3"
		}
		require.Equal(t, rule.Value("fromPort"), rule.Value("toPort"))
		require.Equal(t, "tcp", rule.String("ipProtocol"))
		require.NotEmpty(t, rule.String("description"))
		found[to] = rule.Value("fromPort").(float64)
	}
	return found
}

func TestNothingEntersAndLittleLeaves(t *testing.T) {
	recording := build(t, unchanged)
	endpoints := recording.Get(t, firewallType, "network-endpoints-group").ID
	require.Equal(t, map[string]float64{endpoints: 443, "s3": 443}, rules(t, recording))
	own := recording.Get(t, firewallType, "shop-group").ID
	for _, rule := range recording.ByType(ingressType) {
		require.NotEqual(t, own, rule.String("securityGroupId"), "who may enter is for the edge to say")
	}
}

func TestDatabaseAndKnownDestinationsAreReached(t *testing.T) {
	recording := build(t, func(ctx *pulumi.Context, a *Args) error {
		a.EgressCIDRs = []string{"198.51.100.0/28", "2001:db8:1::/48"}
		return withDatabase(ctx, a)
	})
	found := rules(t, recording)
	require.Len(t, found, 5)
	require.Equal(t, 5432.0, found[recording.Get(t, firewallType, "database-group").ID])
	require.Equal(t, 443.0, found["198.51.100.0/28"])
	require.Equal(t, 443.0, found["2001:db8:1::/48"])
}

// statements reads the inline policies of the service's role by Sid.
func statements(t *testing.T, recording *pulumitest.Recording) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	for _, policy := range recording.ByType(policyType) {
		if !strings.HasPrefix(policy.Name, "shop-") {
			continue
		}
		maps.Copy(found, pulumitest.Statements(t, policy.String("policy")))
	}
	return found
}

func TestRoleMayDoWhatItNeeds(t *testing.T) {
	recording := build(t, withDatabase)
	role := recording.Get(t, roleType, "shop-role")
	require.Equal(t, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.Empty(t, recording.ByType("aws:iam/rolePolicyAttachment:RolePolicyAttachment"), "no managed policy")
	found := statements(t, recording)
	require.Len(t, found, 4)
	key := "arn:aws:kms:eu-central-1:111122223333:key/" + recording.Get(t, "aws:kms/key:Key", "database-key").ID
	require.Equal(t, secret, found["ReadDatabaseSecret"]["Resource"])
	require.Equal(t, key, found["DecryptDatabaseSecret"]["Resource"])
	require.Equal(t, map[string]any{"StringEquals": map[string]any{
		"kms:ViaService":                  "secretsmanager.eu-central-1.amazonaws.com",
		"kms:EncryptionContext:SecretARN": secret,
	}}, found["DecryptDatabaseSecret"]["Condition"])
	group := recording.Get(t, logsType, "shop-logs")
	arn := "arn:aws:logs:eu-central-1:111122223333:log-group:" + group.ID
	require.Equal(t, []any{arn, arn + ":*"}, found["WriteOwnLogs"]["Resource"])
	for _, action := range found["SessionManager"]["Action"].([]any) {
		require.NotContains(t, action, "*")
	}
	require.NotContains(t, found["SessionManager"]["Action"], "ssm:GetParameter")
}

func TestWithoutADatabaseThereIsNoSecretToRead(t *testing.T) {
	found := statements(t, build(t, unchanged))
	require.Len(t, found, 2)
	require.NotContains(t, found, "ReadDatabaseSecret")
}

func TestLogGroupIsEncryptedAndExpires(t *testing.T) {
	group := build(t, unchanged).Get(t, logsType, "shop-logs")
	require.Equal(t, pulumitest.LogKeyARN, group.String("kmsKeyId"))
	require.Equal(t, 365.0, group.Value("retentionInDays"))
}

func decoded(t *testing.T, recording *pulumitest.Recording) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(recording.Only(t, templateType).String("userData"))
	require.NoError(t, err)
	return string(text)
}

func TestServiceFindsItsSurroundings(t *testing.T) {
	recording := build(t, withDatabase)
	text := decoded(t, recording)
	for _, line := range []string{
		"SERVICE_NAME=shop", "SERVICE_PORT=8443", "SERVICE_HEALTH_PATH=/healthz", "AWS_REGION=eu-central-1",
		"PGPORT=5432", "PGDATABASE=app", "PGSSLMODE=verify-full", "PGSSLROOTCERT=/etc/pki/rds/global-bundle.pem",
		"DATABASE_SECRET_ARN=" + secret, "PGHOST=bulkhead-test-database.", "LOG_GROUP=" + recording.Get(t, logsType, "shop-logs").ID,
	} {
		require.Contains(t, text, "\n"+line)
	}
	require.Contains(t, text, "bulkhead-placeholder.service")
	require.Contains(t, text, "amazon-cloudwatch-agent")
}

func TestOwnServiceTakesThePlaceOfThePlaceholder(t *testing.T) {
	text := decoded(t, build(t, with(func(a *Args) { a.UserData = pulumi.String("#cloud-config\nruncmd: [[systemctl, start, shop]]\n") })))
	require.Contains(t, text, "text/cloud-config")
	require.Contains(t, text, "[systemctl, start, shop]")
	require.NotContains(t, text, "placeholder")
	require.Contains(t, text, "SERVICE_PORT=8443")
	require.NotContains(t, text, "PGHOST")
}

// An image of one's own must get its port to itself, and its root disk the encryption.
func TestOwnImageBringsItsService(t *testing.T) {
	recording := build(t, with(func(a *Args) { a.ImageID, a.RootDevice = "ami-0123456789abcdef0", "/dev/sda1" }))
	text := decoded(t, recording)
	require.NotContains(t, text, "placeholder")
	require.NotContains(t, text, `filename=service`)
	require.Contains(t, text, "SERVICE_PORT=8443")
	require.Contains(t, text, "amazon-cloudwatch-agent")
	require.Equal(t, "/dev/sda1", recording.Only(t, templateType).Value("blockDeviceMappings.0.deviceName"))
	require.Equal(t, "true", recording.Only(t, templateType).Value("blockDeviceMappings.0.ebs.encrypted"))
}

func TestUserDataThatNobodyWouldRunIsRefused(t *testing.T) {
	err := pulumitest.RunError(t, program(with(func(a *Args) { a.UserData = pulumi.String("echo hello") })), aws()...)
	require.ErrorContains(t, err, "cloud-init would ignore it")
	err = pulumitest.RunError(t, program(with(func(a *Args) { a.UserData = pulumi.String("#!/bin/sh\n" + strings.Repeat("#", 17000)) })), aws()...)
	require.ErrorContains(t, err, "EC2 takes 16384")
}

func TestWhatTheEdgeNeeds(t *testing.T) {
	var arn, suffix string
	recording := build(t, unchanged, func(ctx *pulumi.Context, a *App) error {
		require.Equal(t, service, a.ServicePort())
		require.Same(t, a.Group, a.FirewallGroup())
		ctx.Export("seen", pulumi.All(a.TargetGroupARN(), a.TargetGroupARNSuffix).ApplyT(func(values []any) string {
			arn, suffix = values[0].(string), values[1].(string)
			return ""
		}))
		return nil
	})
	require.Equal(t, recording.Only(t, targetsType).ID, arn)
	require.True(t, strings.HasPrefix(suffix, "targetgroup/"), suffix)
}

func TestPreview(t *testing.T) {
	recording := pulumitest.Run(t, program(withDatabase), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, recording.Only(t, groupType).Value("launchTemplate.version"))
}
