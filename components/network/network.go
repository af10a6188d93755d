// SPDX-License-Identifier: Apache-2.0

// Package network builds the segmented network that everything else stands in.
//
// It is one VPC with three tiers in two to four zones. The public tier faces the internet, the app tier gets out only
// through NAT or VPC endpoints, and the data tier has no way out at all: there is no argument, method or output with
// which a route could be added to it. What may cross between the tiers is a list of [Flow] values, from which the network
// ACLs are derived. Everything that AWS creates open by itself, the default security group, route table and ACL of the
// VPC, is adopted and emptied. All traffic is logged.
//
// A zone can be added at any time: its subnets and what belongs to them are created and no subnet is touched. The only
// resources that change are the interface endpoints, which gain an address in the new zone in place.
package network

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// Network is a segmented VPC. Pass it and its Paths to pulumi.DependsOn for anything that needs the network to carry traffic
// at the moment it starts, such as a server that fetches packages at its first boot.
type Network struct {
	pulumi.ResourceState

	// Region is the region of the network.
	Region string
	// Zones are the zones in use, as given.
	Zones []string
	// Plan says which addresses each tier has.
	Plan Plan

	// VpcID is the id of the VPC.
	VpcID pulumi.StringOutput
	// Subnets are the subnets by tier and zone. SubnetIDs is the safer choice for placing things.
	Subnets map[Tier]map[string]*ec2.Subnet
	// Endpoints is the security group of the interface endpoints. It admits nobody until a client calls
	// firewall.Allow(ctx, client, network.Endpoints, firewall.HTTPS, why).
	Endpoints *firewall.Group
	// S3PrefixListID is the id of the prefix list with the addresses of Amazon S3 in the region, for
	// firewall.Group.AllowToPrefixList.
	S3PrefixListID pulumi.StringOutput
	// NATPublicIPs are the addresses from which the app tier calls the internet, by the zone of the gateway; partners
	// need them for their allow-lists. Empty with NATNone.
	NATPublicIPs map[string]pulumi.StringOutput
	// FlowLogGroupName is the name of the CloudWatch log group that receives the flow logs.
	FlowLogGroupName pulumi.StringOutput

	ready map[Tier]map[string]pulumi.StringOutput
	paths []pulumi.Resource
}

// Paths are the routes out and the endpoints. In pulumi.DependsOn the network alone, being a component, stands for those of
// its parts only that the SDK has begun to register.
func (n *Network) Paths() []pulumi.Resource { return n.paths }

// keep notes a path that was made.
func (n *Network) keep(path pulumi.Resource, err error) error {
	if err == nil {
		n.paths = append(n.paths, path)
	}
	return err
}

// New creates a network.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Network, error) {
	plan, rules, err := args.check()
	if err != nil {
		return nil, fmt.Errorf("network %q: %w", name, err)
	}
	n := &Network{Region: args.Region, Zones: args.Zones, Plan: plan}
	if err := ctx.RegisterComponentResource("bulkhead:network:Network", name, n, opts...); err != nil {
		return nil, err
	}
	b := &builder{Network: n, name: name, args: args, rules: rules}
	for _, step := range []func(*pulumi.Context) error{
		b.createVPC,
		b.emptyDefaults,
		b.createFlowLog,
		b.createSubnets,
		b.createACLs,
		b.createGateways,
		b.createRouteTables,
		b.createGatewayEndpoint,
		b.createInterfaceEndpoints,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	b.joinSubnets()
	return n, ctx.RegisterResourceOutputs(n, n.outputs())
}

// builder carries what one step of New leaves for the next and no caller shall see, route tables above all.
type builder struct {
	*Network
	name  string
	args  *Args
	rules []rule

	vpc           *ec2.Vpc
	emptied       []pulumi.Resource
	internet      *ec2.InternetGateway
	nat           map[string]*ec2.NatGateway
	tables        map[string]*ec2.RouteTable
	acls          map[Tier]*ec2.NetworkAcl
	aclOfSubnet   map[Tier]map[string]*ec2.NetworkAclAssociation
	tableOfSubnet map[Tier]map[string]*ec2.RouteTableAssociation
}

// child names a resource of the network.
func (b *builder) child(role string) string {
	return b.name + "-" + role
}

// tags gives a resource the name under which the console shows it.
func (b *builder) tags(role string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(b.child(role))}
}

// key names something of a tier in a zone.
func key(tier Tier, zone string) string {
	return string(tier) + "-" + zone
}

// SubnetIDs returns the ids of the subnets of a tier, in the order of Zones. Each is known only once the subnet has its
// own ACL and route table, so that nothing is placed into a subnet that still has the defaults.
func (n *Network) SubnetIDs(t Tier) pulumi.StringArray {
	var ids pulumi.StringArray
	for _, zone := range n.Zones {
		ids = append(ids, n.ready[t][zone])
	}
	return ids
}

// SubnetID returns the id of the subnet of a tier in a zone, with the same guarantee as SubnetIDs.
func (n *Network) SubnetID(t Tier, zone string) (pulumi.StringOutput, error) {
	id, found := n.ready[t][zone]
	if !found {
		return pulumi.StringOutput{}, fmt.Errorf("the network has no subnet of tier %q in zone %q; its zones are %v", t, zone, n.Zones)
	}
	return id, nil
}

// CIDRs returns the ranges of the subnets of a tier, in the order of Zones.
func (n *Network) CIDRs(t Tier) []string {
	var ranges []string
	for _, zone := range n.Zones {
		ranges = append(ranges, n.Plan.Subnet(t, zone).String())
	}
	return ranges
}

func (n *Network) outputs() pulumi.Map {
	subnets := pulumi.Map{}
	for _, tier := range tiers {
		byZone := pulumi.Map{}
		for zone, id := range n.ready[tier] {
			byZone[zone] = id
		}
		subnets[string(tier)] = byZone
	}
	addresses := pulumi.Map{}
	for zone, address := range n.NATPublicIPs {
		addresses[zone] = address
	}
	return pulumi.Map{
		"vpcId":            n.VpcID,
		"cidr":             pulumi.String(n.Plan.VPC().String()),
		"subnetIds":        subnets,
		"natPublicIps":     addresses,
		"s3PrefixListId":   n.S3PrefixListID,
		"endpointsGroupId": n.Endpoints.ID,
		"flowLogGroupName": n.FlowLogGroupName,
	}
}
