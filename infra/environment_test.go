// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	providerType     = "pulumi:providers:aws"
	listenerRuleType = "aws:lb/listenerRule:ListenerRule"
)

func TestOneProviderBoundToTheAccount(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			settings := settingsOf(t, environment)
			rec := deployed(t, settings)
			provider := rec.Only(t, providerType)
			require.Equal(t, settings.Region, provider.Value("region"))
			require.Equal(t, []any{settings.AccountID}, provider.Value("allowedAccountIds"))
			require.Equal(t, map[string]any{
				"Project": "bulkhead", "Environment": environment, "ManagedBy": "Pulumi",
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
		})
	}
}

// TestComponents compares what stands directly under the stack, the story of the environment, with a golden file.
func TestComponents(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			var lines strings.Builder
			for _, r := range deployed(t, settingsOf(t, environment)).Registrations() {
				if strings.HasSuffix(r.Parent, "::pulumi:pulumi:Stack::bulkhead-"+environment) || r.Parent == "" {
					fmt.Fprintf(&lines, "%-36s %s\n", r.Type, r.Name)
				}
			}
			golden := filepath.Join("testdata", environment+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(lines.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), lines.String(), "run `go test ./infra -update` if this is meant")
		})
	}
}

func TestOnlyComponentsStandUnderTheStack(t *testing.T) {
	rec := deployed(t, settingsOf(t, "production"))
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
	rec := deployed(t, settingsOf(t, "staging"))
	templates := rec.ByType("aws:ec2/launchTemplate:LaunchTemplate")
	require.Len(t, templates, 2)
	for _, template := range templates {
		for i, kind := range []string{"instance", "volume", "network-interface"} {
			specification := fmt.Sprintf("tagSpecifications.%d.", i)
			require.Equal(t, kind, template.String(specification+"resourceType"))
			require.Equal(t, "staging", template.String(specification+"tags.Environment"))
			require.Equal(t, "bulkhead", template.String(specification+"tags.Project"))
		}
	}
}

func TestEveryLogGroupIsEncryptedAndKept(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		rec := deployed(t, settings)
		key := rec.Get(t, "aws:kms/key:Key", environment+"-logs-key")
		groups := rec.ByType("aws:cloudwatch/logGroup:LogGroup")
		require.Len(t, groups, 7, "app, bastion, database twice, flow logs, trail, web ACL")
		for _, group := range groups {
			require.Equal(t, fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", settings.Region, settings.AccountID, key.ID), group.String("kmsKeyId"), group.Name)
			require.EqualValues(t, settings.Audit.LogRetentionDays, group.Value("retentionInDays"), group.Name)
		}
	}
}

func TestEveryRoleHasTheBoundary(t *testing.T) {
	for _, environment := range environments {
		rec := deployed(t, settingsOf(t, environment))
		boundary := rec.Get(t, "aws:iam/policy:Policy", environment+"-boundary-policy")
		roles := rec.ByType("aws:iam/role:Role")
		require.Len(t, roles, 5, "app, bastion, database monitoring, flow logs, trail")
		for _, role := range roles {
			require.Equal(t, boundary.ID, role.String("permissionsBoundary"), role.Name)
		}
	}
}

func TestEveryAlarmRings(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		rec := deployed(t, settings)
		topic := rec.Only(t, "aws:sns/topic:Topic")
		alarms := rec.ByType("aws:cloudwatch/metricAlarm:MetricAlarm")
		require.Greater(t, len(alarms), 7)
		for _, alarm := range alarms {
			require.Equal(t, []any{topic.ID}, alarm.Value("alarmActions"), alarm.Name)
			require.NotEmpty(t, alarm.String("alarmDescription"), alarm.Name)
		}
		require.Len(t, rec.ByType("aws:sns/topicSubscription:TopicSubscription"), len(settings.Audit.AlarmEmails))
	}
}

func TestWhatHoldsDataIsProtected(t *testing.T) {
	for _, environment := range environments {
		rec := deployed(t, settingsOf(t, environment))
		database := rec.Only(t, "aws:rds/instance:Instance")
		require.True(t, database.Protect)
		require.Equal(t, true, database.Value("deletionProtection"))
		require.Equal(t, false, database.Value("skipFinalSnapshot"))
		require.Equal(t, true, rec.Only(t, "aws:lb/loadBalancer:LoadBalancer").Value("enableDeletionProtection"))
	}
}

func TestReasonAgainstProtectionBecomesATag(t *testing.T) {
	const reason = "thrown away every evening"
	settings := settingsOf(t, "staging")
	settings.DeletionProtection, settings.DeletionProtectionReason = false, reason
	rec := deployed(t, settings)
	for _, token := range []string{"aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer"} {
		r := rec.Only(t, token)
		require.False(t, r.Protect)
		require.Contains(t, fmt.Sprint(r.Value("tags")), reason, token)
	}
}

// The settings of an environment reach the resources that they are about.
func TestSettingsReachTheirResources(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			s := settingsOf(t, environment)
			rec := deployed(t, s)
			database := rec.Only(t, "aws:rds/instance:Instance")
			app := rec.Get(t, "aws:autoscaling/group:Group", environment+"-app-group")
			template := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-app-template")
			bastion := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-bastion-template")
			target := rec.Only(t, "aws:lb/targetGroup:TargetGroup")
			for _, c := range []struct {
				of         pulumitest.Registration
				path       string
				want       any
				configured string
			}{
				{rec.Only(t, "aws:ec2/vpc:Vpc"), "cidrBlock", s.Network.CIDR, "vpcCidr"},
				{database, "instanceClass", s.Database.InstanceClass, "databaseInstanceClass"},
				{database, "engineVersion", s.Database.EngineVersion, "databaseEngineVersion"},
				{database, "allowMajorVersionUpgrade", s.Database.Upgrade, "databaseUpgrade"},
				{database, "allocatedStorage", s.Database.StorageGB, "databaseStorageGb"},
				{database, "maxAllocatedStorage", s.Database.MaxStorageGB, "databaseMaxStorageGb"},
				{database, "multiAz", s.Database.MultiAZ, "databaseMultiAz"},
				{database, "backupRetentionPeriod", s.Database.BackupRetentionDays, "databaseBackupRetentionDays"},
				{app, "minSize", s.App.MinSize, "appMinSize"},
				{app, "maxSize", s.App.MaxSize, "appMaxSize"},
				{template, "instanceType", s.App.InstanceType, "appInstanceType"},
				{bastion, "instanceType", s.Bastion.InstanceType, "bastionInstanceType"},
				{target, "port", s.App.Port, "appPort"},
				{target, "healthCheck.path", s.App.HealthPath, "appHealthPath"},
				{rec.Only(t, "aws:acm/certificate:Certificate"), "domainName", s.Edge.Domain, "edgeDomain"},
			} {
				require.EqualValues(t, c.want, c.of.Value(c.path), c.configured)
			}
			gateways := map[string]int{stacks.NATSingle: 1, stacks.NATOnePerZone: len(s.Network.Zones)}
			require.Len(t, rec.ByType("aws:ec2/natGateway:NatGateway"), gateways[s.Network.NAT], "natStrategy")
			require.Len(t, rec.ByType("aws:ec2/vpcEndpoint:VpcEndpoint"), len(s.Network.InterfaceEndpoints)+1, "interfaceEndpoints, and S3")
			require.Len(t, rec.ByType("aws:ec2/subnet:Subnet"), 3*len(s.Network.Zones), "zones")
		})
	}
}

// An image of one's own serves by itself: a placeholder beside it would take its port and answer its health check.
func TestOwnImage(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		template := func() pulumitest.Registration {
			return deployed(t, settings).Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-app-template")
		}
		script, err := base64.StdEncoding.DecodeString(template().String("userData"))
		require.NoError(t, err)
		require.Contains(t, string(script), "placeholder")

		settings.App.Image, settings.App.RootDevice = "ami-0123456789abcdef0", "/dev/sda1"
		own := template()
		script, err = base64.StdEncoding.DecodeString(own.String("userData"))
		require.NoError(t, err)
		require.NotContains(t, string(script), "placeholder")
		require.Contains(t, string(script), "SERVICE_PORT=")
		require.Equal(t, "ami-0123456789abcdef0", own.String("imageId"))
		require.Equal(t, "/dev/sda1", own.Value("blockDeviceMappings.0.deviceName"))
	}
}

// The longest name that the configuration admits still leaves room for what AWS limits to 32 characters.
func TestLongestEnvironmentNameFits(t *testing.T) {
	for _, name := range []string{"dev-charlotte-1", "dev-charlie-12"} { // cut after twelve, the second ends in a hyphen
		settings := settingsOf(t, "staging")
		settings.Environment = name
		rec := deployed(t, settings)
		const suffix = len("-1234567") // of Pulumi's auto-naming
		for _, token := range []string{"aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"} {
			require.LessOrEqual(t, len(rec.Only(t, token).Name)+suffix, 32, token)
		}
	}
}

func TestCertificateOfOnesOwn(t *testing.T) {
	settings := settingsOf(t, "staging")
	settings.Edge = stacks.Edge{Domain: "shop.example", CertificateARN: "arn:aws:acm:eu-central-1:210987654321:certificate/00000000-0000-4000-8000-000000000000"}
	rec := deployed(t, settings)
	require.Equal(t, settings.Edge.CertificateARN, rec.Get(t, "aws:lb/listener:Listener", "staging-edge-https").String("certificateArn"))
	require.Empty(t, rec.ByType("aws:acm/certificate:Certificate"))
	require.Empty(t, rec.ByType("aws:route53/record:Record"))
	require.Equal(t, []any{"shop.example"}, rec.Only(t, listenerRuleType).Value("conditions.0.hostHeader.values"))
}

// Whoever asks for another host, or for the bare address, is answered by the load balancer itself.
func TestOnlyTheDomainIsServed(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		rule := deployed(t, settings).Only(t, listenerRuleType)
		require.Equal(t, []any{map[string]any{"hostHeader": map[string]any{"values": []any{settings.Edge.Domain}}}}, rule.Value("conditions"))
	}
}

// identities are what the engine tells resources apart by.
func identities(rec *pulumitest.Recording) map[string]resource.PropertyMap {
	all := map[string]resource.PropertyMap{}
	for _, r := range rec.Registrations() {
		all[r.URN] = r.Inputs
	}
	return all
}
