// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	networkType          = "bulkhead:network:Network"
	vpcType              = "aws:ec2/vpc:Vpc"
	subnetType           = "aws:ec2/subnet:Subnet"
	outwardType          = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
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
	zoneA, zoneB, zoneC  = "eu-central-1a", "eu-central-1b", "eu-central-1c"
	keyARN               = "arn:aws:kms:eu-central-1:" + accountID + ":key/11111111-2222-3333-4444-555555555555"
	boundaryARN          = "arn:aws:iam::" + accountID + ":policy/boundary"
	accountID, theRegion = pulumitest.AccountID, pulumitest.Region
)

// typicalArgs is a network with everything in it, over two zones.
func typicalArgs() *Args {
	return &Args{
		Account: &account.Account{
			ID: accountID, Region: theRegion, BoundaryARN: pulumi.String(boundaryARN), LogKeyARN: pulumi.String(keyARN), LogRetentionDays: 400,
		},
		Table:       typicalTable(),
		VPCCIDR:     "10.0.0.0/16",
		Zones:       []string{zoneA, zoneB},
		NATStrategy: NATOnePerZone,
	}
}

// build records the network of the typical arguments after a change to them.
func build(t *testing.T, change func(*Args), options ...pulumitest.Option) *pulumitest.Recording {
	t.Helper()
	return buildAnd(t, change, func(*pulumi.Context, *Network) error { return nil }, options...)
}

// buildAnd is build, and does more with the network.
func buildAnd(t *testing.T, change func(*Args), more func(*pulumi.Context, *Network) error, options ...pulumitest.Option) *pulumitest.Recording {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		args := typicalArgs()
		if change != nil {
			change(args)
		}
		n, err := New(ctx, "net", args)
		if err != nil {
			return err
		}
		return more(ctx, n)
	}, append(slices.Clone(inAWS), options...)...)
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
	rec := buildAnd(t, nil, func(ctx *pulumi.Context, n *Network) error {
		require.Equal(t, []string{"10.0.192.0/21", "10.0.200.0/21"}, n.CIDRs(segment.Data))
		require.Len(t, n.NATPublicIPs, 2)
		_, err := ec2.NewInstance(ctx, "placed", &ec2.InstanceArgs{SubnetId: n.SubnetIDs(segment.Data)[1]})
		return err
	})
	placed := rec.Only(t, "aws:ec2/instance:Instance")
	require.Equal(t, rec.Get(t, subnetType, "net-data-eu-central-1b").ID, placed.String("subnetId"))
	require.Contains(t, placed.DependsOn, rec.Get(t, aclLinkType, "net-data-eu-central-1b").URN)
	require.Contains(t, placed.DependsOn, rec.Get(t, tableLinkType, "net-data-eu-central-1b").URN)
}

func TestTheStateShowsWhatTheNetworkWasGiven(t *testing.T) {
	network := build(t, func(args *Args) { args.IPv6 = true }).Only(t, networkType)
	require.Equal(t, "10.0.0.0/16", network.String("vpcCidr"))
	require.Equal(t, []any{zoneA, zoneB}, network.Value("zones"))
	require.Equal(t, "OnePerZone", network.Value("natStrategy"))
	require.Equal(t, true, network.Value("ipv6"))
}

func TestOutputsAreByTierZoneAndSegment(t *testing.T) {
	buildAnd(t, nil, func(_ *pulumi.Context, n *Network) error {
		out := n.outputs()
		subnets := out["subnetIds"].(pulumi.Map)
		require.Len(t, subnets, 3)
		require.ElementsMatch(t, []string{zoneA, zoneB}, slices.Collect(maps.Keys(subnets["data"].(pulumi.Map))))
		require.ElementsMatch(t, []string{"edge", "bastion", "app", "db"}, slices.Collect(maps.Keys(out["securityGroupIds"].(pulumi.Map))))
		require.Len(t, out["natPublicIps"], 2)
		require.Contains(t, out["domains"], pulumi.String("secretsmanager.eu-central-1.amazonaws.com"))
		return nil
	})
}

func TestArgsListAllProblems(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "net", &Args{
			Account:     &account.Account{ID: "12", Region: "europe", LogRetentionDays: 100},
			VPCCIDR:     "10.0.0.0/8",
			Zones:       []string{"eu-central-1a"},
			NATStrategy: "Two",
			Table: &segment.Table{
				Segments: typicalTable().Segments,
				Connections: []segment.Connection{
					{From: "app", To: segment.AWS("secretmanager", "kms", "kms"), Ports: segment.HTTPS, Why: "AWS services"},
				},
			},
		})
		return err
	})
	for _, message := range []string{
		`network "net"`, `AccountID: "12"`, `Region: "europe"`, "VPCCIDR:", "Zones: names one zone", "Zones[0]", `NATStrategy: "Two" is not a strategy; choose None, Single or OnePerZone`,
		`Connections[0] (app -> aws:secretmanager,kms,kms tcp/443): To: "secretmanager" is not a service`, `"kms" is listed twice`,
		"LogKeyARN: missing", "LogRetentionDays: 100", "BoundaryARN: missing",
	} {
		require.ErrorContains(t, err, message)
	}

	err = pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		args := typicalArgs()
		args.NATStrategy, args.Zones = NATNone, []string{zoneA}
		connect(args, segment.Connection{From: segment.Internet, To: "db", Ports: segment.PostgreSQL})
		_, err := New(ctx, "net", args)
		return err
	})
	for _, message := range []string{"Zones: names one zone", "no way out without NAT", "Connections[12]", "only a tier with routes to the internet"} {
		require.ErrorContains(t, err, message)
	}

	err = pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "net", nil)
		return err
	})
	for _, message := range []string{"Account: missing", "Table: missing", "VPCCIDR:"} {
		require.ErrorContains(t, err, message)
	}
}

func TestTheQuotaOfAnACLIsAProblemOfTheArguments(t *testing.T) {
	args := typicalArgs()
	for i := range 12 {
		connect(args, segment.Connection{From: segment.Addresses(fmt.Sprintf("198.18.0.%d/32", i)), To: "bastion", Ports: segment.SSH})
	}
	problems := args.Check()
	require.Len(t, problems, 1)
	require.ErrorContains(t, problems[0], "the network ACL of the public tier has too many rules")
}

func TestNATAloneSaysThatNoRowNeedsIt(t *testing.T) {
	for _, nat := range []NATStrategy{NATSingle, NATOnePerZone} {
		args := typicalArgs()
		closed(args)
		require.Empty(t, args.Check())
		args.NATStrategy = nat
		problems := args.Check()
		require.Len(t, problems, 1)
		require.ErrorContains(t, problems[0], "NAT: the network has NAT gateways, and no row leads")
	}
}
