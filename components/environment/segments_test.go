// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	groupType   = "aws:ec2/securityGroup:SecurityGroup"
	ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType  = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// connections returns every security-group rule of a type as "from -> to:port". A group goes by the name of its segment.
func connections(t *testing.T, rec *pulumitest.Recording, token string) []string {
	t.Helper()
	names := map[string]string{}
	for _, group := range rec.ByType(groupType) {
		names[group.ID] = strings.TrimSuffix(strings.TrimPrefix(group.Name, name+"-"), "-group")
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

// rowsAs lists the rows of a table as connections returns the rules of a type.
func rowsAs(table *segment.Table, token string) []string {
	ends := func(e segment.End) []string {
		if e == segment.Internet {
			return []string{"0.0.0.0/0"}
		}
		all := e.Ranges()
		for _, service := range e.Services() {
			if segment.Gateway(service) {
				service = "S3"
			} else {
				service = "endpoint-" + service
			}
			all = append(all, service)
		}
		if len(all) == 0 {
			all = []string{string(e)}
		}
		return all
	}
	inside := func(e segment.End) bool { _, is := table.Segment(string(e)); return is }
	var all []string
	for _, row := range table.Connections {
		for _, from := range ends(row.From) {
			for _, to := range ends(row.To) {
				if (token == egressType && inside(row.From)) || (token == ingressType && (inside(row.To) || strings.HasPrefix(to, "endpoint-"))) {
					all = append(all, fmt.Sprintf("%s -> %s:%d", from, to, row.Ports.From))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestGroupsSayWhatTheTableSays(t *testing.T) {
	args := reference()
	args.Table.Connections = append(args.Table.Connections,
		segment.Connection{From: "bastion", To: "db", Ports: segment.PostgreSQL, Why: "Administrators"})
	rec := deployed(t, args)
	for _, token := range []string{ingressType, egressType} {
		require.Equal(t, rowsAs(args.Table, token), connections(t, rec, token))
	}
}

func TestOnlyTheEdgeFacesTheWorld(t *testing.T) {
	rec := deployed(t, reference())
	edge := rec.Get(t, groupType, name+"-edge-group").ID
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

func TestEverythingStandsInItsSegment(t *testing.T) {
	args := reference()
	rec := deployed(t, args)
	subnets := map[string][]any{}
	for _, tier := range []string{"public", "app", "data"} {
		for _, zone := range args.Zones {
			subnets[tier] = append(subnets[tier], rec.Get(t, "aws:ec2/subnet:Subnet", name+"-"+tier+"-"+zone).ID)
		}
	}
	group := func(of string) []any { return []any{rec.Get(t, groupType, name+"-"+of+"-group").ID} }

	balancer := rec.Only(t, "aws:lb/loadBalancer:LoadBalancer")
	require.Equal(t, subnets["public"], balancer.Value("subnets"))
	require.Equal(t, group("edge"), balancer.Value("securityGroups"))
	for of, tier := range map[string]string{"bastion": "public", "app": "app"} {
		require.Equal(t, subnets[tier], rec.Get(t, "aws:autoscaling/group:Group", name+"-"+of+"-group").Value("vpcZoneIdentifiers"))
		template := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", name+"-"+of+"-template")
		require.Equal(t, group(of), template.Value("networkInterfaces.0.securityGroups"))
	}
	app := rec.Get(t, "aws:ec2/launchTemplate:LaunchTemplate", name+"-app-template")
	require.NotEqual(t, "true", fmt.Sprint(app.Value("networkInterfaces.0.associatePublicIpAddress")))

	database := rec.Only(t, "aws:rds/instance:Instance")
	require.Equal(t, group("db"), database.Value("vpcSecurityGroupIds"))
	require.Equal(t, false, database.Value("publiclyAccessible"))
	require.Equal(t, subnets["data"], rec.Only(t, "aws:rds/subnetGroup:SubnetGroup").Value("subnetIds"))

	for _, endpoint := range rec.ByType("aws:ec2/vpcEndpoint:VpcEndpoint") {
		if endpoint.String("vpcEndpointType") == "Interface" {
			require.Equal(t, group("endpoint-"+strings.TrimPrefix(endpoint.Name, name+"-")), endpoint.Value("securityGroupIds"), endpoint.Name)
			require.Equal(t, subnets["app"], endpoint.Value("subnetIds"), endpoint.Name)
		}
	}
	require.Equal(t, balancer.ID, rec.Only(t, "aws:wafv2/webAclAssociation:WebAclAssociation").String("resourceArn"))
	require.Equal(t, []any{rec.Only(t, "aws:lb/targetGroup:TargetGroup").ID},
		rec.Get(t, "aws:autoscaling/group:Group", name+"-app-group").Value("targetGroupArns"))
}

// The data tier has no way out: no route of its table and no gateway leads anywhere.
func TestDataTierHasNoRoute(t *testing.T) {
	rec := deployed(t, reference())
	data := rec.Get(t, "aws:ec2/routeTable:RouteTable", name+"-data").ID
	for _, token := range []string{"aws:ec2/route:Route", "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"} {
		for _, route := range rec.ByType(token) {
			require.NotEqual(t, data, route.String("routeTableId"), route.Name)
		}
	}
}

func TestNoNATMeansNoWayOutOfTheAppTier(t *testing.T) {
	args := reference()
	args.NATStrategy = network.NATNone
	args.Table.Connections = slices.DeleteFunc(args.Table.Connections, func(c segment.Connection) bool { return len(c.To.Ranges()) > 0 })
	rec := deployed(t, args)
	require.Empty(t, rec.ByType("aws:ec2/natGateway:NatGateway"))
	require.Len(t, rec.ByType("aws:ec2/route:Route"), 1, "the public tier's")
}
