// SPDX-License-Identifier: Apache-2.0

//go:build engine

package network_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	pulumiaws "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }

var zones = []string{emulatortest.Region + "a", emulatortest.Region + "b"}

// ownersVPC is a VPC that somebody makes with AWS's own API.
type ownersVPC struct {
	api       *ec2.Client
	id        string
	subnets   map[string][]string // by tier
	dataTable *string
	internet  *string
}

func makeOwnersVPC(t *testing.T, api *ec2.Client) *ownersVPC {
	t.Helper()
	ctx := t.Context()
	vpc, err := api.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.7.0.0/16")})
	require.NoError(t, err)
	o := &ownersVPC{api: api, id: *vpc.Vpc.VpcId, subnets: map[string][]string{}}
	_, err = api.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &o.id, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	require.NoError(t, err)
	gateway, err := api.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})
	require.NoError(t, err)
	o.internet = gateway.InternetGateway.InternetGatewayId
	_, err = api.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{VpcId: &o.id, InternetGatewayId: o.internet})
	require.NoError(t, err)
	public := o.table(t, "public", 0)
	o.route(t, public, func(in *ec2.CreateRouteInput) { in.GatewayId = o.internet })
	address, err := api.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc})
	require.NoError(t, err)
	nat, err := api.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &o.subnets["public"][0], AllocationId: address.AllocationId})
	require.NoError(t, err)
	o.route(t, o.table(t, "app", 16), func(in *ec2.CreateRouteInput) { in.NatGatewayId = nat.NatGateway.NatGatewayId })
	o.dataTable = o.table(t, "data", 32)
	return o
}

// table makes the subnets of a tier and their route table.
func (o *ownersVPC) table(t *testing.T, tier string, from int) *string {
	t.Helper()
	table, err := o.api.CreateRouteTable(t.Context(), &ec2.CreateRouteTableInput{VpcId: &o.id})
	require.NoError(t, err)
	for i, zone := range zones {
		subnet, err := o.api.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{
			VpcId: &o.id, AvailabilityZone: &zone, CidrBlock: aws.String(fmt.Sprintf("10.7.%d.0/24", from+i)),
		})
		require.NoError(t, err)
		o.subnets[tier] = append(o.subnets[tier], *subnet.Subnet.SubnetId)
		_, err = o.api.AssociateRouteTable(t.Context(), &ec2.AssociateRouteTableInput{RouteTableId: table.RouteTable.RouteTableId, SubnetId: subnet.Subnet.SubnetId})
		require.NoError(t, err)
	}
	return table.RouteTable.RouteTableId
}

func (o *ownersVPC) route(t *testing.T, table *string, to func(*ec2.CreateRouteInput)) {
	t.Helper()
	in := &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: aws.String("0.0.0.0/0")}
	to(in)
	_, err := o.api.CreateRoute(t.Context(), in)
	require.NoError(t, err)
}

// picture is everything in the VPC that is its owner's, and what has joined it.
func (o *ownersVPC) picture(t *testing.T) string {
	t.Helper()
	inVPC := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{o.id}}}
	var lines []string
	add := func(parts ...any) { lines = append(lines, fmt.Sprint(parts...)) }
	subnets, err := o.api.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: inVPC})
	require.NoError(t, err)
	for _, s := range subnets.Subnets {
		add(*s.SubnetId, *s.CidrBlock, *s.MapPublicIpOnLaunch, len(s.Tags))
	}
	tables, err := o.api.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: inVPC})
	require.NoError(t, err)
	for _, table := range tables.RouteTables {
		for _, r := range table.Routes {
			add(*table.RouteTableId, aws.ToString(r.DestinationCidrBlock), aws.ToString(r.DestinationPrefixListId), aws.ToString(r.GatewayId), aws.ToString(r.NatGatewayId))
		}
		for _, a := range table.Associations {
			add(*table.RouteTableId, aws.ToString(a.SubnetId), aws.ToBool(a.Main))
		}
	}
	acls, err := o.api.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: inVPC})
	require.NoError(t, err)
	for _, acl := range acls.NetworkAcls {
		for _, a := range acl.Associations {
			add(*acl.NetworkAclId, *a.SubnetId)
		}
	}
	groups, err := o.api.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: inVPC})
	require.NoError(t, err)
	for _, g := range groups.SecurityGroups {
		add(*g.GroupId, len(g.IpPermissions), len(g.IpPermissionsEgress))
	}
	endpoints, err := o.api.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{Filters: inVPC})
	require.NoError(t, err)
	for _, e := range endpoints.VpcEndpoints {
		if !strings.EqualFold(string(e.State), "deleted") { // EC2 shows an endpoint that is gone for a while
			add(*e.VpcEndpointId, *e.ServiceName)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// moveIn is a program whose network moves into the owner's VPC.
func (o *ownersVPC) moveIn(accountID string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := pulumiaws.NewProvider(ctx, "aws", &pulumiaws.ProviderArgs{
			Region: pulumi.String(emulatortest.Region), AllowedAccountIds: pulumi.StringArray{pulumi.String(accountID)},
		})
		if err != nil {
			return err
		}
		n, err := network.New(ctx, "shop", &network.Args{
			Account: &account.Account{
				ID: accountID, Region: emulatortest.Region,
				BoundaryARN: pulumi.String("arn:aws:iam::aws:policy/ReadOnlyAccess"),
				LogKeyARN:   pulumi.String("arn:aws:kms:" + emulatortest.Region + ":" + accountID + ":key/00000000-0000-4000-8000-000000000000"),
			},
			Zones:    zones,
			Existing: &network.Existing{VPCID: o.id, SubnetIDs: o.subnets},
			Table: &segment.Table{
				Segments: []segment.Segment{
					{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
					{Name: "app", Tier: segment.App, Holds: "Service"},
					{Name: "db", Tier: segment.Data, Holds: "Database"},
				},
				Connections: []segment.Connection{
					{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "Clients"},
					{From: "edge", To: "app", Ports: segment.TCP(8443), Why: "Requests"},
					{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "Data"},
					{From: "app", To: segment.AWS("s3", "logs"), Ports: segment.HTTPS, Why: "Packages and logs"},
					{From: "app", To: segment.Addresses("198.51.100.0/24"), Ports: segment.HTTPS, Why: "Partners"},
				},
			},
		}, pulumi.Providers(provider))
		if err != nil {
			return err
		}
		ctx.Export("outgoing", n.NATPublicIPs[zones[1]])
		return nil
	}
}

// The real engine and provider move a network into a VPC that somebody has made with AWS's own API, and leave it as it was.
func TestAnOwnersVPCIsMovedIntoAndLeftAsItWas(t *testing.T) {
	emulated := emulatortest.NewAccount(t)
	owner := makeOwnersVPC(t, ec2.NewFromConfig(emulated.Config))
	stack := emulatedStack(t, emulated, owner.moveIn(emulated.ID))

	owner.route(t, owner.dataTable, func(in *ec2.CreateRouteInput) { in.GatewayId = owner.internet })
	_, err := stack.Up(t.Context())
	require.ErrorContains(t, err, fmt.Sprintf(`Existing: %s: has the route 0.0.0.0/0 to %s, and the tier "data" with reach nowhere has no such way`, *owner.dataTable, *owner.internet))
	_, err = owner.api.DeleteRoute(t.Context(), &ec2.DeleteRouteInput{RouteTableId: owner.dataTable, DestinationCidrBlock: aws.String("0.0.0.0/0")})
	require.NoError(t, err)

	before := owner.picture(t)
	up, err := stack.Up(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, up.Outputs["outgoing"].Value)
	during := owner.picture(t)
	require.Contains(t, during, "com.amazonaws."+emulatortest.Region+".s3")
	require.Contains(t, during, "com.amazonaws."+emulatortest.Region+".logs")

	_, err = stack.Preview(t.Context(), optpreview.ExpectNoChanges())
	require.NoError(t, err)
	_, err = stack.Destroy(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, owner.picture(t))
}

// emulatedStack is a stack of a program with the real engine and provider, in an emulated account.
func emulatedStack(t *testing.T, emulated *emulatortest.Account, program pulumi.RunFunc) auto.Stack {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	options := toolchain.Options{Root: root, Progress: t.Output()}
	tools, err := toolchain.Ensure(t.Context(), options)
	require.NoError(t, err)
	provider, err := toolchain.BuildProvider(t.Context(), options)
	require.NoError(t, err)
	cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: filepath.Dir(filepath.Dir(tools.Pulumi.Path)), SkipVersionCheck: true})
	require.NoError(t, err)
	home := t.TempDir()
	stack, err := auto.UpsertStackInlineSource(t.Context(), "dev", "adoption", program, auto.Pulumi(cli), auto.PulumiHome(home),
		auto.Project(workspace.Project{
			Name: tokens.PackageName("adoption"), Runtime: workspace.NewProjectRuntimeInfo("go", nil), Backend: &workspace.ProjectBackend{URL: "file://" + home},
		}),
		auto.EnvVars(map[string]string{
			"PATH": filepath.Dir(provider.Path) + string(filepath.ListSeparator) + tools.SearchPath(), "PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_SKIP_UPDATE_CHECK": "true",
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", "AWS_ENDPOINT_URL": emulated.Endpoint, "HTTP_PROXY": emulated.Endpoint,
			"AWS_ACCESS_KEY_ID": emulated.AccessKey, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
		}))
	require.NoError(t, err)
	return stack
}
