// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

const (
	groupType   = "aws:ec2/securityGroup:SecurityGroup"
	ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType  = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// connections returns every security-group rule of a type as "from -> to:port". A group goes by the name of its
// component, without the environment.
func connections(t *testing.T, rec *pulumitest.Recording, environment, token string) []string {
	t.Helper()
	names := map[string]string{}
	for _, group := range rec.ByType(groupType) {
		names[group.ID] = strings.TrimSuffix(strings.TrimPrefix(group.Name, environment+"-"), "-group")
	}
	var found []string
	for _, rule := range rec.ByType(token) {
		own, peer := names[rule.String("securityGroupId")], ""
		for _, kind := range []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"} {
			if value := rule.String(kind); value != "" {
				require.Empty(t, peer, "%s names two peers", rule.Name)
				peer = value
				switch kind {
				case "referencedSecurityGroupId":
					peer = names[value]
				case "prefixListId":
					peer = "S3"
				}
			}
		}
		require.NotEmpty(t, own, rule.Name)
		require.NotEmpty(t, peer, rule.Name)
		require.NotEmpty(t, rule.String("description"), rule.Name)
		require.Equal(t, "tcp", rule.String("ipProtocol"), rule.Name)
		require.Equal(t, rule.Value("fromPort"), rule.Value("toPort"), "%s opens a range of ports", rule.Name)
		from, to := peer, own
		if token == egressType {
			from, to = own, peer
		}
		found = append(found, fmt.Sprintf("%s -> %s:%v", from, to, rule.Value("fromPort")))
	}
	slices.Sort(found)
	return found
}

func TestConnections(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			settings := settingsOf(t, environment)
			rec := deployed(t, settings)
			ingress := []string{
				"0.0.0.0/0 -> edge:443",
				"0.0.0.0/0 -> edge:80",
				"app -> db:5432",
				"app -> endpoints:443",
				"bastion -> app:22",
				"bastion -> endpoints:443",
				"edge -> app:8443",
			}
			for _, operators := range settings.Bastion.AllowedCIDRs {
				ingress = append(ingress, operators+" -> bastion:22")
			}
			slices.Sort(ingress)
			require.Equal(t, ingress, connections(t, rec, environment, ingressType))
			egress := []string{
				"app -> S3:443",
				"app -> db:5432",
				"app -> endpoints:443",
				"bastion -> S3:443",
				"bastion -> app:22",
				"bastion -> endpoints:443",
				"edge -> app:8443",
			}
			for _, partner := range settings.App.EgressCIDRs {
				egress = append(egress, "app -> "+partner+":443")
			}
			slices.Sort(egress)
			require.Equal(t, egress, connections(t, rec, environment, egressType))
		})
	}
}

func TestConnectionsThatOnlyTheConfigurationOpens(t *testing.T) {
	settings := settingsOf(t, "production")
	plain := deployed(t, settings)
	settings.Bastion.ReachesDatabase = true
	settings.App.EgressCIDRs = []string{"198.51.100.0/24"}
	rec := deployed(t, settings)
	require.Equal(t, []string{"bastion -> db:5432"}, more(connections(t, plain, "production", ingressType), connections(t, rec, "production", ingressType)))
	require.Equal(t, []string{"app -> 198.51.100.0/24:443", "bastion -> db:5432"},
		more(connections(t, plain, "production", egressType), connections(t, rec, "production", egressType)))
}

func more(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(after), func(s string) bool { return slices.Contains(before, s) })
}

func TestOnlyTheEdgeFacesTheWorld(t *testing.T) {
	for _, environment := range environments {
		rec := deployed(t, settingsOf(t, environment))
		edge := rec.Get(t, groupType, environment+"-edge-group").ID
		for _, rule := range rec.ByType(ingressType) {
			if cidr := rule.String("cidrIpv4") + rule.String("cidrIpv6"); strings.HasSuffix(cidr, "/0") {
				require.Equal(t, edge, rule.String("securityGroupId"), "%s admits %s", rule.Name, cidr)
				require.Contains(t, []any{80.0, 443.0}, rule.Value("fromPort"), rule.Name)
			}
		}
		for _, group := range rec.ByType(groupType) {
			require.Nil(t, group.Value("ingress"), "rules are resources of their own")
			require.Nil(t, group.Value("egress"), "rules are resources of their own")
		}
	}
}

// place is where something stands: its tier and its security group.
type place struct{ tier, group string }

func TestEverythingStandsInItsTier(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			settings := settingsOf(t, environment)
			rec := deployed(t, settings)
			subnets := map[string][]any{}
			for _, tier := range []string{"public", "app", "data"} {
				for _, zone := range settings.Network.Zones {
					subnets[tier] = append(subnets[tier], rec.Get(t, "aws:ec2/subnet:Subnet", environment+"-"+tier+"-"+zone).ID)
				}
			}
			group := func(name string) []any { return []any{rec.Get(t, groupType, environment+"-"+name+"-group").ID} }

			balancer := rec.Only(t, "aws:lb/loadBalancer:LoadBalancer")
			require.Equal(t, subnets["public"], balancer.Value("subnets"))
			require.Equal(t, group("edge"), balancer.Value("securityGroups"))

			for name, at := range map[string]place{"bastion": {"public", "bastion"}, "app": {"app", "app"}} {
				require.Equal(t, subnets[at.tier], rec.Get(t, "aws:autoscaling/group:Group", environment+"-"+name+"-group").Value("vpcZoneIdentifiers"))
				template := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-"+name+"-template")
				require.Equal(t, group(at.group), template.Value("networkInterfaces.0.securityGroups"))
			}
			app := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", environment+"-app-template")
			require.NotEqual(t, "true", fmt.Sprint(app.Value("networkInterfaces.0.associatePublicIpAddress")))

			database := rec.Only(t, "aws:rds/instance:Instance")
			require.Equal(t, group("db"), database.Value("vpcSecurityGroupIds"))
			require.Equal(t, false, database.Value("publiclyAccessible"))
			require.Equal(t, subnets["data"], rec.Only(t, "aws:rds/subnetGroup:SubnetGroup").Value("subnetIds"))

			for _, endpoint := range rec.ByType("aws:ec2/vpcEndpoint:VpcEndpoint") {
				if endpoint.String("vpcEndpointType") == "Interface" {
					require.Equal(t, group("endpoints"), endpoint.Value("securityGroupIds"), endpoint.Name)
					require.Equal(t, subnets["app"], endpoint.Value("subnetIds"), endpoint.Name)
				}
			}
			require.Equal(t, balancer.ID, rec.Only(t, "aws:wafv2/webAclAssociation:WebAclAssociation").String("resourceArn"))
			require.Equal(t, []any{rec.Only(t, "aws:lb/targetGroup:TargetGroup").ID},
				rec.Get(t, "aws:autoscaling/group:Group", environment+"-app-group").Value("targetGroupArns"))
		})
	}
}

// The data tier has no way out: no route of its table and no gateway leads anywhere.
func TestDataTierHasNoRoute(t *testing.T) {
	for _, environment := range environments {
		rec := deployed(t, settingsOf(t, environment))
		data := rec.Get(t, "aws:ec2/routeTable:RouteTable", environment+"-data").ID
		for _, token := range []string{"aws:ec2/route:Route", "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"} {
			for _, route := range rec.ByType(token) {
				require.NotEqual(t, data, route.String("routeTableId"), route.Name)
			}
		}
	}
}

func TestNoNATMeansNoWayOutOfTheAppTier(t *testing.T) {
	settings := settingsOf(t, "staging")
	settings.Network.NAT, settings.App.EgressCIDRs = stacks.NATNone, nil
	rec := deployed(t, settings)
	require.Empty(t, rec.ByType("aws:ec2/natGateway:NatGateway"))
	require.Len(t, rec.ByType("aws:ec2/route:Route"), 1, "the public tier's")
}
