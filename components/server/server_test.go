// SPDX-License-Identifier: Apache-2.0

package server

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

// worker is a component that is servers and nothing else.
type worker struct {
	pulumi.ResourceState
	segment *network.Segment
}

// workers is the component under test, in the app tier.
var workers = pulumitest.Component[Fleet, worker]{
	Args: func(ctx *pulumi.Context) (*Fleet, error) {
		in, err := networktest.Segment(ctx, "app")
		return &Fleet{
			Segment:     in,
			Settings:    Settings{}.Defaults("t3.micro", 7),
			Description: "Workers of the test",
			Permissions: map[string]pulumi.StringInput{"nothing": pulumi.String("{}")},
			Parts:       pulumi.ToOutput([]Part{{Name: "zeal.sh", Body: "#!/bin/sh\n"}, {Name: "apathy", Body: "#cloud-config\n"}}),
			Group:       &autoscaling.GroupArgs{MinSize: pulumi.Int(1), MaxSize: pulumi.Int(3)},
		}, err
	},
	New: func(ctx *pulumi.Context, fleet *Fleet) (*worker, error) {
		w := &worker{segment: fleet.Segment}
		if err := component.Register(ctx, "test:index:Worker", "worker", nil, w); err != nil {
			return nil, err
		}
		log, err := NewLogs(ctx, "worker", fleet.Segment, w)
		if err != nil {
			return nil, err
		}
		_, err = New(ctx, "worker", fleet, log, w)
		return w, err
	},
	Options: []pulumitest.Option{servertest.Versioned()},
}

var (
	build     = workers.Build
	with      = pulumitest.With[Fleet]
	unchanged = pulumitest.Unchanged[Fleet]
)

func TestLaunchTemplateIsHardened(t *testing.T) {
	recording := build(t, unchanged)
	template := recording.Only(t, servertest.TemplateType)
	for path, want := range map[string]any{
		"imageId":              DefaultImage("t3.micro"),
		"instanceType":         "t3.micro",
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
			"securityGroups": []any{recording.Get(t, servertest.SecurityType, "network-app-group").ID},
		}},
	} {
		require.Equal(t, want, template.Value(path), path)
	}
	require.Contains(t, template.String("iamInstanceProfile.arn"), ":instance-profile/worker-profile")
}

func TestSettingsReachTheLaunchTemplate(t *testing.T) {
	template := build(t, with(func(f *Fleet) {
		f.PublicIP = true
		f.Settings = Settings{InstanceType: "t4g.large", Image: "ami-0123456789abcdef0", RootDevice: "/dev/sda1", RootGB: 100}.Defaults("t3.micro", 7)
	})).Only(t, servertest.TemplateType)
	for path, want := range map[string]any{
		"imageId":                                      "ami-0123456789abcdef0",
		"instanceType":                                 "t4g.large",
		"blockDeviceMappings.0.deviceName":             "/dev/sda1",
		"blockDeviceMappings.0.ebs.volumeSize":         100.0,
		"blockDeviceMappings.0.ebs.encrypted":          "true",
		"networkInterfaces.0.associatePublicIpAddress": "true",
	} {
		require.Equal(t, want, template.Value(path), path)
	}
}

func TestInstancesAskForAnIPv6AddressWhereTheNetworkHasThem(t *testing.T) {
	template := build(t, with(func(f *Fleet) { f.Segment.Network().IPv6 = true })).Only(t, servertest.TemplateType)
	require.Equal(t, 1.0, template.Value("networkInterfaces.0.ipv6AddressCount"))
}

func TestTagsReachEverythingThatIsLaunched(t *testing.T) {
	template := build(t, with(func(f *Fleet) {
		f.Segment.Account().Tags = map[string]string{"owner": "shop team", "Name": "not the component's"}
	})).Only(t, servertest.TemplateType)
	specifications, ok := template.Value("tagSpecifications").([]any)
	require.True(t, ok)
	var kinds []any
	for _, specification := range specifications {
		s := specification.(map[string]any)
		kinds = append(kinds, s["resourceType"])
		require.Equal(t, map[string]any{"Name": "worker", "owner": "shop team"}, s["tags"])
	}
	require.Equal(t, []any{"instance", "volume", "network-interface"}, kinds)
}

func TestGroupRunsTheNewestVersionInTheSubnetsOfTheSegment(t *testing.T) {
	recording := build(t, unchanged)
	group := recording.Only(t, servertest.GroupType)
	for path, want := range map[string]any{
		"minSize":                1.0,
		"maxSize":                3.0,
		"vpcZoneIdentifiers":     servertest.Subnets(t, recording, "app"),
		"maxInstanceLifetime":    7.0 * 86400,
		"waitForCapacityTimeout": "10m",
		"launchTemplate":         map[string]any{"id": recording.Only(t, servertest.TemplateType).ID, "version": servertest.Version},
		"tags":                   []any{map[string]any{"key": "Name", "value": "worker", "propagateAtLaunch": false}},
	} {
		require.Equal(t, want, group.Value(path), path)
	}
}

func TestInstancesStartAfterEverythingThatTheyNeed(t *testing.T) {
	var ready []string
	recording := build(t, unchanged, func(ctx *pulumi.Context, w *worker) error {
		servertest.URNs(ctx, w.segment.Ready(), &ready)
		return nil
	})
	group := recording.Only(t, servertest.GroupType)
	require.NotEmpty(t, ready)
	require.Subset(t, group.DependsOn, ready)
	for _, name := range []string{"network-s3", "network-ssm", "network-logs"} {
		require.Contains(t, ready, recording.Get(t, "aws:ec2/vpcEndpoint:VpcEndpoint", name).URN)
	}
	require.Contains(t, group.DependsOn, recording.Get(t, servertest.LogsType, "worker-logs").URN)
	policy := recording.Get(t, servertest.PolicyType, "worker-nothing")
	require.Contains(t, recording.Only(t, servertest.TemplateType).DependsOn, policy.URN, "the instance has its permissions when it boots")
}

func TestRoleIsBounded(t *testing.T) {
	recording := build(t, unchanged)
	role := recording.Get(t, servertest.RoleType, "worker-role")
	require.Equal(t, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.Equal(t, "Workers of the test", role.String("description"))
	require.Contains(t, role.String("assumeRolePolicy"), "ec2.amazonaws.com")
	require.Empty(t, recording.ByType(servertest.AttachmentType), "no managed policy")
}

func TestSessionManagerNamesItsActions(t *testing.T) {
	for _, action := range SessionManager().Actions {
		require.NotContains(t, action, "*")
	}
	require.NotContains(t, SessionManager().Actions, "ssm:GetParameter")
}

func TestLogGroupIsEncryptedAndExpires(t *testing.T) {
	group := build(t, unchanged).Get(t, servertest.LogsType, "worker-logs")
	require.Equal(t, pulumitest.LogKeyARN, group.String("kmsKeyId"))
	require.Equal(t, 365.0, group.Value("retentionInDays"))
}

func TestLogsAreShippedAfterTheOtherParts(t *testing.T) {
	recording := build(t, unchanged)
	parts := servertest.UserData(t, recording)
	require.Equal(t, []string{"01-zeal.sh", "02-apathy", "03-ship-logs.sh"}, servertest.Files(parts))
	require.Contains(t, parts[2].Body, recording.Get(t, servertest.LogsType, "worker-logs").ID)
}

func TestPreview(t *testing.T) {
	recording := pulumitest.Run(t, workers.Program(unchanged), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, recording.Only(t, servertest.GroupType).Value("launchTemplate.version"))
}
