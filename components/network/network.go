// SPDX-License-Identifier: Apache-2.0

// Package network builds the segmented network that everything else stands in, from one table.
//
// It is one VPC with three tiers, or more, in two to four zones. The public tier faces the internet, the app tier gets out only
// through NAT or VPC endpoints, and the data tier has no way out at all. The segments of the deployment and the connections
// between them are a [segment.Table]: from its rows come the security groups with both halves of every rule, the network
// ACLs with their answers, the routes out, and the VPC endpoints with a group each. There is no other way to open anything.
// Everything that AWS creates open by itself, the default security group, route table and ACL of the VPC, is adopted and
// emptied. The VPC's resolver answers the names that the table leads to and no others. All traffic and all DNS queries are logged.
//
// A zone can be added at any time: its subnets and what belongs to them are created and no subnet is touched. The only
// resources that change are the interface endpoints, which gain an address in the new zone in place.
package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// Network is a segmented VPC.
type Network struct {
	pulumi.ResourceState

	// Account is the account and region of the network.
	Account *account.Account
	// Table is the segments and connections that the network was built from.
	Table *segment.Table
	// Zones are the zones in use, as given.
	Zones []string
	// Plan says which addresses each tier has.
	Plan Plan
	// IPv6 says that the subnets have IPv6 addresses beside those of IPv4.
	IPv6 bool

	// VPCID is the id of the VPC.
	VPCID pulumi.StringOutput
	// NATPublicIPs are the addresses from which tiers behind NAT call the internet, by the zone of the gateway; partners
	// need them for their allow-lists. Empty with NATNone.
	NATPublicIPs map[string]pulumi.StringOutput
	// NATGatewayIDs are the NAT gateways that the network has made, by zone.
	NATGatewayIDs map[string]pulumi.StringOutput
	// FlowLogGroupName is the name of the CloudWatch log group that receives the flow logs.
	FlowLogGroupName pulumi.StringOutput

	name     string
	queries  string // the namespace of BlockedQueries
	segments map[string]*Segment
	tiers    []segment.Tier
	ready    map[place]pulumi.StringOutput
}

// New creates a network.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Network, error) {
	args = component.Given(args)
	plan, rules, problems := args.decide()
	if err := component.Failure("network", name, problems...); err != nil {
		return nil, err
	}
	n := Draft(args)
	n.name = name
	if err := component.Register(ctx, "bulkhead:network:Network", name, args, n, opts...); err != nil {
		return nil, err
	}
	b := &builder{
		Network: n, args: args,
		subnets: map[place]pulumi.StringOutput{}, ways: map[place]way{}, links: map[place][]pulumi.CustomResource{},
		groups: map[segment.End]*group{}, former: map[string]bool{},
		doors: map[segment.Tier][]pulumi.CustomResource{}, serving: map[int][]pulumi.CustomResource{},
	}
	ground := []func(*pulumi.Context) error{b.createVPC, b.emptyDefaults, b.filterDNS, b.createSubnets, b.createGateways, b.createRouteTables}
	if args.Existing != nil {
		ground = []func(*pulumi.Context) error{b.adopt}
		b.found, problems = survey(ctx, name, args, pulumi.Parent(n))
		if err := component.Failure("network", name, problems...); err != nil {
			return nil, err
		}
		plan, rules = b.found.plan, b.found.rules
	}
	n.Plan, b.rules = plan, rules
	for _, step := range append(ground,
		b.createFlowLog,
		b.createACLs,
		b.createGroups,
		b.createEndpoints,
		b.connect,
	) {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	b.joinSubnets()
	b.joinSegments()
	return n, ctx.RegisterResourceOutputs(n, n.outputs())
}

// builder carries what one step of New leaves for the next and no caller shall see, route tables above all.
type builder struct {
	*Network
	args  *Args
	rules []rule
	found found

	vpc      *ec2.Vpc
	emptied  []pulumi.CustomResource
	filtered []pulumi.CustomResource
	internet *ec2.InternetGateway
	outward  *ec2.EgressOnlyInternetGateway
	nat      map[string]*ec2.NatGateway
	tables   map[string]*ec2.RouteTable
	acls     map[segment.Tier]*ec2.NetworkAcl
	groups   map[segment.End]*group
	services map[string]service
	former   map[string]bool

	// subnets and ways are what the rest is built on, made or adopted: the ids of the subnets, and their route tables.
	subnets map[place]pulumi.StringOutput
	ways    map[place]way
	links   map[place][]pulumi.CustomResource

	// serving is what carries the traffic of each row of the table; doors is what all traffic of a tier passes: the links of
	// its subnets to ACL and route table, and its routes to the internet.
	serving map[int][]pulumi.CustomResource
	doors   map[segment.Tier][]pulumi.CustomResource
}

// serve notes that a resource carries the traffic of rows.
func (b *builder) serve(made pulumi.CustomResource, rows ...int) {
	for _, row := range rows {
		b.serving[row] = append(b.serving[row], made)
	}
}

// child names a resource of the network.
func (b *builder) child(role string) string {
	return b.name + "-" + role
}

// tags gives a resource the name under which the console shows it.
func (b *builder) tags(role string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(b.child(role))}
}

// SubnetIDs returns the ids of the subnets of a tier, in the order of Zones. Each is known only once the subnet has its
// own ACL and route table, so that nothing is placed into a subnet that still has the defaults.
func (n *Network) SubnetIDs(t segment.Tier) pulumi.StringArray {
	var ids pulumi.StringArray
	for _, zone := range n.Zones {
		ids = append(ids, n.ready[place{t, zone}])
	}
	return ids
}

// CIDRs returns the ranges of the subnets of a tier, in the order of Zones.
func (n *Network) CIDRs(t segment.Tier) []string {
	var ranges []string
	for _, zone := range n.Zones {
		ranges = append(ranges, n.Plan.Subnet(t, zone).String())
	}
	return ranges
}

// SubnetIDsByZone returns the ids of the subnets of every tier by its name and the zone.
func (n *Network) SubnetIDsByZone() pulumi.Map {
	all := pulumi.Map{}
	for _, tier := range n.tiers {
		zones := pulumi.Map{}
		for _, zone := range n.Zones {
			zones[zone] = n.ready[place{tier, zone}]
		}
		all[tier.Name] = zones
	}
	return all
}

// GroupIDs returns the ids of the security groups of every segment by its name.
func (n *Network) GroupIDs() pulumi.Map {
	all := pulumi.Map{}
	for name, s := range n.segments {
		all[name] = s.GroupID
	}
	return all
}

func (n *Network) outputs() pulumi.Map {
	addresses := pulumi.Map{}
	for zone, address := range n.NATPublicIPs {
		addresses[zone] = address
	}
	return pulumi.Map{
		"vpcId":            n.VPCID,
		"vpcCidr":          pulumi.String(n.Plan.VPC().String()),
		"subnetIds":        n.SubnetIDsByZone(),
		"securityGroupIds": n.GroupIDs(),
		"natPublicIps":     addresses,
		"domains":          pulumi.ToStringArray(n.Table.Domains(n.Account.Region)),
		"flowLogGroupName": n.FlowLogGroupName,
	}
}
