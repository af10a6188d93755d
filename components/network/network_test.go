// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

const (
	networkType          = "bulkhead:network:Network"
	vpcType              = "aws:ec2/vpc:Vpc"
	subnetType           = "aws:ec2/subnet:Subnet"
	internetType         = "aws:ec2/internetGateway:InternetGateway"
	natType              = "aws:ec2/natGateway:NatGateway"
	eipType              = "aws:ec2/eip:Eip"
	tableType            = "aws:ec2/routeTable:RouteTable"
	routeType            = "aws:ec2/route:Route"
	tableLinkType        = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	aclType              = "aws:ec2/networkAcl:NetworkAcl"
	aclRuleType          = "aws:ec2/networkAclRule:NetworkAclRule"
	aclLinkType          = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
	defaultGroupType     = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	defaultTableType     = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	defaultACLType       = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	endpointType         = "aws:ec2/vpcEndpoint:VpcEndpoint"
	endpointLinkType     = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
	flowLogType          = "aws:ec2/flowLog:FlowLog"
	logGroupType         = "aws:cloudwatch/logGroup:LogGroup"
	roleType             = "aws:iam/role:Role"
	rolePolicyType       = "aws:iam/rolePolicy:RolePolicy"
	groupType            = "aws:ec2/securityGroup:SecurityGroup"
	groupIngressType     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	groupEgressType      = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	endpointsPerNetwork  = 6
	zoneA, zoneB, zoneC  = "eu-central-1a", "eu-central-1b", "eu-central-1c"
	keyARN               = "arn:aws:kms:eu-central-1:" + accountID + ":key/11111111-2222-3333-4444-555555555555"
	boundaryARN          = "arn:aws:iam::" + accountID + ":policy/boundary"
	accountID, theRegion = pulumitest.AccountID, pulumitest.Region
)

// typicalArgs is a network with everything in it, over two zones.
func typicalArgs() *Args {
	return &Args{
		AccountID:          accountID,
		Region:             theRegion,
		CIDR:               "10.0.0.0/16",
		Zones:              []string{zoneA, zoneB},
		NAT:                NATOnePerZone,
		Flows:              typicalFlows(),
		InterfaceEndpoints: []string{"ssm", "ssmmessages", "ec2messages", "secretsmanager", "logs", "kms"},
		LogKeyARN:          pulumi.String(keyARN),
		LogRetentionDays:   400,
		Boundary:           pulumi.String(boundaryARN),
	}
}

// build records the network of the typical arguments after a change to them.
func build(t *testing.T, change func(*Args), options ...pulumitest.Option) *pulumitest.Recording {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		args := typicalArgs()
		if change != nil {
			change(args)
		}
		_, err := New(ctx, "net", args)
		return err
	}, options...)
}

func TestVPC(t *testing.T) {
	rec := build(t, nil)
	vpc := rec.Get(t, vpcType, "net-vpc")
	require.Equal(t, "10.0.0.0/16", vpc.String("cidrBlock"))
	require.Equal(t, true, vpc.Value("enableDnsSupport"))
	require.Equal(t, true, vpc.Value("enableDnsHostnames"))
	require.Equal(t, "net-vpc", vpc.String("tags.Name"))
	require.Equal(t, rec.Only(t, networkType).URN, vpc.Parent)
}

func TestEverythingIsUnderTheNetworkAndInheritsItsProvider(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "account", &aws.ProviderArgs{Region: pulumi.String(theRegion)})
		if err != nil {
			return err
		}
		_, err = New(ctx, "net", typicalArgs(), pulumi.Providers(provider))
		return err
	})
	require.Empty(t, rec.WithoutProvider())
	network := rec.Only(t, networkType).URN
	under := map[string]bool{network: true}
	for range 3 {
		for _, r := range rec.Registrations() {
			under[r.URN] = under[r.URN] || under[r.Parent]
		}
	}
	for _, r := range rec.Registrations() {
		if strings.HasPrefix(r.Type, "aws:") {
			require.True(t, under[r.URN], "%s %s is outside the network", r.Type, r.Name)
			require.True(t, strings.HasPrefix(r.Name, "net-"), "%s %s", r.Type, r.Name)
		}
	}
}

func TestDefaultsAreAdoptedAndEmptied(t *testing.T) {
	rec := build(t, nil)
	group := rec.Only(t, defaultGroupType)
	require.Equal(t, []any{}, group.Value("ingress"), "an empty list, not an absent one")
	require.Equal(t, []any{}, group.Value("egress"))
	require.Equal(t, rec.Only(t, vpcType).ID, group.String("vpcId"))

	table := rec.Only(t, defaultTableType)
	require.Equal(t, []any{}, table.Value("routes"))
	require.Regexp(t, `^rtb-`, table.String("defaultRouteTableId"))

	acl := rec.Only(t, defaultACLType)
	require.Equal(t, []any{}, acl.Value("ingress"))
	require.Equal(t, []any{}, acl.Value("egress"))
	require.Nil(t, acl.Value("subnetIds"))
	require.Equal(t, []string{"subnetIds"}, acl.IgnoreChanges)
	require.Regexp(t, `^acl-`, acl.String("defaultNetworkAclId"))

	for _, subnet := range rec.ByType(subnetType) {
		for _, emptied := range []string{group.URN, table.URN, acl.URN} {
			require.Contains(t, subnet.DependsOn, emptied, "%s must come after the defaults are closed", subnet.Name)
		}
	}
}

func TestPreviewWithUnknowns(t *testing.T) {
	rec := build(t, nil, pulumitest.Preview())
	require.Len(t, rec.ByType(subnetType), 6)
	require.Equal(t, pulumitest.Unknown, rec.Only(t, flowLogType).Value("vpcId"))
	require.Equal(t, "10.0.0.0/20", rec.Get(t, subnetType, "net-app-eu-central-1a").String("cidrBlock"))
}

func TestSubnetIDsWaitForACLAndRouteTable(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		n, err := New(ctx, "net", typicalArgs())
		if err != nil {
			return err
		}
		if _, err := n.SubnetID(Data, zoneC); err == nil {
			t.Error("a zone that is not in use has no subnet")
		}
		id, err := n.SubnetID(Data, zoneB)
		if err != nil {
			return err
		}
		client, err := firewall.NewGroup(ctx, "client", &firewall.GroupArgs{VpcID: id, Description: "stands for whatever is placed"})
		if err != nil {
			return err
		}
		require.Equal(t, []string{"10.0.192.0/21", "10.0.200.0/21"}, n.CIDRs(Data))
		require.Len(t, n.SubnetIDs(Data), 2)
		require.NotNil(t, n.Subnets[Data][zoneB])
		require.Len(t, n.NATPublicIPs, 2)
		return firewall.Allow(ctx, client, n.Endpoints, firewall.HTTPS, "The client calls AWS services")
	})
	placed := rec.Get(t, groupType, "client-group")
	require.Equal(t, rec.Get(t, subnetType, "net-data-eu-central-1b").ID, placed.String("vpcId"))
	require.Contains(t, placed.DependsOn, rec.Get(t, aclLinkType, "net-data-eu-central-1b").URN)
	require.Contains(t, placed.DependsOn, rec.Get(t, tableLinkType, "net-data-eu-central-1b").URN)

	admitted := rec.Only(t, groupIngressType)
	require.Equal(t, rec.Get(t, groupType, "net-endpoints-group").ID, admitted.String("securityGroupId"))
	require.EqualValues(t, 443, admitted.Value("fromPort"))
}

func TestArgsListAllProblems(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "net", &Args{
			AccountID:          "12",
			Region:             "europe",
			CIDR:               "10.0.0.0/8",
			Zones:              []string{"eu-central-1a"},
			NAT:                "Two",
			InterfaceEndpoints: []string{"s3", "secretmanager", "kms", "kms"},
			LogRetentionDays:   100,
		})
		return err
	})
	for _, message := range []string{
		`network "net"`, "AccountID", `Region: "europe"`, "CIDR:", "Zones: names one zone", "Zones[0]", `NAT: "Two"`,
		"InterfaceEndpoints[0]: s3 has a gateway endpoint", `InterfaceEndpoints[1]: "secretmanager" is not a known service`,
		`InterfaceEndpoints[3]: "kms" is listed twice`, "no flow leads to them", "LogKeyARN: missing", "LogRetentionDays", "Boundary: missing",
	} {
		require.ErrorContains(t, err, message)
	}

	err = pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		args := typicalArgs()
		args.NAT, args.Zones = NATNone, []string{zoneA}
		args.Flows = append(args.Flows, Flow{From: Internet, To: TierOf(Data), Port: firewall.PostgreSQL})
		_, err := New(ctx, "net", args)
		return err
	})
	for _, message := range []string{"Zones: names one zone", "no way out with NAT None", "only the public tier can be reached"} {
		require.ErrorContains(t, err, message)
	}

	err = pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "net", nil)
		return err
	})
	require.ErrorContains(t, err, "args are missing")
}
