// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

const listenerRuleType = "aws:lb/listenerRule:ListenerRule"

// The table is sound for every environment, and for the widest that the configuration admits.
func TestTheTableIsSound(t *testing.T) {
	fullest := settingsOf(t, "production")
	fullest.Bastion.Access, fullest.Bastion.ReachesDatabase = stacks.BastionKnownAddresses, true
	fullest.Bastion.AllowedCIDRs, fullest.App.EgressCIDRs = nil, nil
	for i := range 8 {
		fullest.Bastion.AllowedCIDRs = append(fullest.Bastion.AllowedCIDRs, fmt.Sprintf("203.0.113.%d/32", i), fmt.Sprintf("2001:db8:%d::/48", i+1))
	}
	for i := range 4 {
		fullest.App.EgressCIDRs = append(fullest.App.EgressCIDRs, fmt.Sprintf("198.51.100.%d/32", i))
	}
	all := []*stacks.Settings{fullest}
	for _, environment := range environments {
		all = append(all, settingsOf(t, environment))
	}
	for _, s := range all {
		require.NotEmpty(t, deployed(t, s).Registrations())
	}
}

// How operators enter decides where the bastion stands, and whether there is one.
func TestBastionAccess(t *testing.T) {
	s := settingsOf(t, "staging")
	for access, tier := range map[stacks.BastionAccess]segment.Tier{
		stacks.BastionNone: {}, stacks.BastionSessionManager: segment.App, stacks.BastionKnownAddresses: segment.Public,
	} {
		s.Bastion.Access = access
		if access != stacks.BastionKnownAddresses {
			s.Bastion.AllowedCIDRs = nil
		} else {
			s.Bastion.AllowedCIDRs = []string{"203.0.113.0/28"}
		}
		found, _ := table(s).Segment("bastion")
		require.Equal(t, tier, found.Tier, access)
		public := false
		for _, template := range deployed(t, s).ByType("aws:ec2/launchTemplate:LaunchTemplate") {
			public = public || template.String("networkInterfaces.0.associatePublicIpAddress") == "true"
		}
		require.Equal(t, access == stacks.BastionKnownAddresses, public, access)
	}
}

// The settings and the component name the strategies alike.
func TestNATStrategies(t *testing.T) {
	require.Equal(t, []network.NATStrategy{network.NATNone, network.NATSingle, network.NATOnePerZone},
		[]network.NATStrategy{stacks.NATNone, stacks.NATSingle, stacks.NATOnePerZone})
}

func TestReasonAgainstProtectionBecomesATag(t *testing.T) {
	const reason = "thrown away every evening"
	settings := settingsOf(t, "staging")
	settings.DeletionProtectionOffReason = reason
	rec := deployed(t, settings)
	for _, token := range []string{"aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer"} {
		r := rec.ByType(token)[0]
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
			database := rec.Get(t, "aws:rds/instance:Instance", environment+"-db-instance")
			app := rec.Get(t, "aws:autoscaling/group:Group", environment+"-app-group")
			template := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-app-template")
			bastion := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-bastion-template")
			target := rec.Get(t, "aws:lb/targetGroup:TargetGroup", environment+"-app-targets")
			for _, c := range []struct {
				of         pulumitest.Registration
				path       string
				want       any
				configured string
			}{
				{rec.Only(t, "aws:ec2/vpc:Vpc"), "cidrBlock", s.Network.VPCCIDR, "vpcCidr"},
				{database, "instanceClass", s.Database.InstanceClass, "databaseInstanceClass"},
				{database, "engineVersion", s.Database.EngineVersion, "databaseEngineVersion"},
				{database, "allowMajorVersionUpgrade", s.Database.Upgrade, "databaseUpgrade"},
				{database, "allocatedStorage", s.Database.StorageGB, "databaseStorageGb"},
				{database, "maxAllocatedStorage", s.Database.MaxStorageGB, "databaseMaxStorageGb"},
				{database, "multiAz", !s.Database.SingleAZ, "databaseSingleAz"},
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
			require.Len(t, rec.ByType("aws:ec2/natGateway:NatGateway"), gateways[s.Network.NATStrategy], "natStrategy")
			for _, service := range s.Network.InterfaceEndpoints {
				rec.Get(t, "aws:ec2/vpcEndpoint:VpcEndpoint", environment+"-"+service)
			}
			for _, zone := range s.Network.Zones {
				rec.Get(t, "aws:ec2/subnet:Subnet", environment+"-app-"+zone)
			}
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

func TestCertificateOfOnesOwn(t *testing.T) {
	settings := settingsOf(t, "staging")
	settings.Edge = stacks.Edge{Domain: "shop.example", CertificateARN: "arn:aws:acm:eu-central-1:210987654321:certificate/00000000-0000-4000-8000-000000000000"}
	rec := deployed(t, settings)
	require.Equal(t, settings.Edge.CertificateARN, rec.Get(t, "aws:lb/listener:Listener", "staging-edge-https").String("certificateArn"))
	require.Empty(t, rec.ByType("aws:acm/certificate:Certificate"))
	require.Empty(t, rec.ByType("aws:route53/record:Record"))
	require.Equal(t, []any{"shop.example"}, rec.Get(t, listenerRuleType, "staging-edge-app").Value("conditions.0.hostHeader.values"))
}

// Whoever asks for another host, or for the bare address, is answered by the load balancer itself.
func TestOnlyTheDomainIsServed(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		rule := deployed(t, settings).Get(t, listenerRuleType, environment+"-edge-app")
		require.Equal(t, []any{map[string]any{"hostHeader": map[string]any{"values": []any{settings.Edge.Domain}}}}, rule.Value("conditions"))
	}
}
