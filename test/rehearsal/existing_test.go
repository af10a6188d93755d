// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// TestAnEnvironmentMovesIntoAnExistingVPC rehearses a program in a VPC that somebody else has made: one that is not there is refused by the first
// preview, one that fits is moved into, and when the environment is gone it is as it was.
func TestAnEnvironmentMovesIntoAnExistingVPC(t *testing.T) {
	t.Parallel()
	box := small(t)
	program := filepath.Join("infra", "main.go")
	existing := func(vpc string, subnets map[string][]string) string {
		return fmt.Sprintf("			Existing: &network.Existing{VPCID: %q, SubnetIDs: %#v},\n", vpc, subnets)
	}
	box.Replace(t, program, `	"github.com/bulkhead-iac/bulkhead/components/environment"
`, `	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/network"
`)
	box.Replace(t, program, `Why: "Rows are kept here"}},`, `Why: "Rows are kept here"},
					{From: "worker", To: segment.Addresses("203.0.113.0/24"), Ports: segment.HTTPS, Why: "Prices of a partner"}},`)
	nobodys := existing("vpc-0123456789abcdef0", map[string][]string{
		"public": {"subnet-0123456789abcdea0", "subnet-0123456789abcdea1"},
		"app":    {"subnet-0123456789abcdeb0", "subnet-0123456789abcdeb1"},
		"data":   {"subnet-0123456789abcdec0", "subnet-0123456789abcdec1"},
	})
	box.Replace(t, program, `			VPCCIDR:     "10.20.0.0/16",
`, nobodys)
	fails(t, box, "Existing: vpc-0123456789abcdef0: cannot be read")

	a := visit(t, box.Environment("staging"))
	owner := a.makeVPC(t)
	before := a.belongings(t, owner.vpc)
	box.Replace(t, program, nobodys, existing(owner.vpc, owner.subnets))
	box.Rehearse(t, "up", "staging").Succeed(t)
	require.NotEqual(t, before, a.belongings(t, owner.vpc))
	client, status := useEmulator(t, box), a.Status(t)
	box.Rehearse(t, "down", "staging").Succeed(t)
	require.NoError(t, client.Register(t.Context(), emulator.Account{Env: "afterwards", AccountID: status.AccountID, AccessKey: status.AccessKey}))
	require.Equal(t, before, a.belongings(t, owner.vpc))
}

// fails is a rehearsal that ends with a problem.
func fails(t *testing.T, box *sandbox.Sandbox, problem string) {
	t.Helper()
	result := box.Rehearse(t, "up", "staging")
	require.NotZero(t, result.Code)
	require.Contains(t, strings.Join(strings.Fields(result.Out+result.Err), " "), problem)
}

// existingVPC is what somebody else has made.
type existingVPC struct {
	vpc     string
	subnets map[string][]string
}

// makeVPC makes a VPC as docs/existing-vpc.md wants it: two zones, three tiers, one NAT gateway.
func (a *account) makeVPC(t *testing.T) existingVPC {
	t.Helper()
	ctx := t.Context()
	vpc, err := a.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.60.0.0/16")})
	require.NoError(t, err)
	made := existingVPC{vpc: aws.ToString(vpc.Vpc.VpcId), subnets: map[string][]string{}}
	_, err = a.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &made.vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)}})
	require.NoError(t, err)
	gateway, err := a.ec2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})
	require.NoError(t, err)
	_, err = a.ec2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{VpcId: &made.vpc, InternetGatewayId: gateway.InternetGateway.InternetGatewayId})
	require.NoError(t, err)
	for i, tier := range []string{"public", "app", "data"} {
		table, err := a.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &made.vpc})
		require.NoError(t, err)
		for j, zone := range []string{"eu-central-1a", "eu-central-1b"} {
			subnet, err := a.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &made.vpc, AvailabilityZone: &zone, CidrBlock: aws.String(fmt.Sprintf("10.60.%d.0/24", 10*i+j))})
			require.NoError(t, err)
			made.subnets[tier] = append(made.subnets[tier], aws.ToString(subnet.Subnet.SubnetId))
			_, err = a.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table.RouteTable.RouteTableId, SubnetId: subnet.Subnet.SubnetId})
			require.NoError(t, err)
		}
		out := ec2.CreateRouteInput{RouteTableId: table.RouteTable.RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0")}
		switch tier {
		case "public":
			out.GatewayId = gateway.InternetGateway.InternetGatewayId
		case "app":
			address, err := a.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})
			require.NoError(t, err)
			nat, err := a.ec2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &made.subnets["public"][0], AllocationId: address.AllocationId})
			require.NoError(t, err)
			out.NatGatewayId = nat.NatGateway.NatGatewayId
		default:
			continue
		}
		_, err = a.ec2.CreateRoute(ctx, &out)
		require.NoError(t, err)
	}
	return made
}

// belongings are the ids of what stands in a VPC and of the ACLs in front of its subnets.
func (a *account) belongings(t *testing.T, vpc string) map[string][]string {
	t.Helper()
	of := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}
	found := map[string][]string{}
	groups, err := a.ec2.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: of})
	require.NoError(t, err)
	for _, g := range groups.SecurityGroups {
		found["groups"] = append(found["groups"], aws.ToString(g.GroupId))
	}
	acls, err := a.ec2.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: of})
	require.NoError(t, err)
	for _, acl := range acls.NetworkAcls {
		for _, at := range acl.Associations {
			found["behind "+aws.ToString(acl.NetworkAclId)] = append(found["behind "+aws.ToString(acl.NetworkAclId)], aws.ToString(at.SubnetId))
		}
	}
	tables, err := a.ec2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: of})
	require.NoError(t, err)
	for _, table := range tables.RouteTables {
		for _, route := range table.Routes {
			to := aws.ToString(route.DestinationCidrBlock) + aws.ToString(route.DestinationPrefixListId) + " " + aws.ToString(route.GatewayId) + aws.ToString(route.NatGatewayId)
			found["routes of "+aws.ToString(table.RouteTableId)] = append(found["routes of "+aws.ToString(table.RouteTableId)], to)
		}
	}
	endpoints, err := a.ec2.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{Filters: of})
	require.NoError(t, err)
	for _, endpoint := range endpoints.VpcEndpoints {
		found["endpoints"] = append(found["endpoints"], aws.ToString(endpoint.VpcEndpointId))
	}
	for _, of := range found {
		slices.Sort(of)
	}
	return found
}
