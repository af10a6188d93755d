// SPDX-License-Identifier: Apache-2.0

// Package segment is the table of a deployment: which segments it has, and which connections may be opened between them.
//
// The table is the one statement of who may talk to whom. The network component derives from it the security groups with
// both halves of every rule, the network ACLs, the routes, the VPC endpoints and their groups; the picture in the
// documentation is drawn from it. Whatever has no row is closed, and no component writes a rule of its own. A component
// says what it cannot do without as [Need] values, and a table that lacks a row for one of them is refused with the row to
// add.
//
// The package is pure: it knows neither Pulumi nor AWS's API, so that a table can be checked, drawn and proved anywhere. Its
// tags name the fields in the inputs of the network component, from which a policy pack learns the table.
package segment

import "slices"

// Table is the segments of a deployment and the connections between them.
type Table struct {
	// Segments are the parts that a breach must not leave, each with a security group of its own.
	Segments []Segment `pulumi:"segments"`
	// Connections are the rows: who may open a connection to whom, where, and why. Answers pass by themselves. Add new rows
	// at the end.
	Connections []Connection `pulumi:"connections"`
}

// Segment is one part of a deployment. What runs in it shares one security group.
type Segment struct {
	// Name is 1 to 20 lower-case letters, digits and hyphens, starting with a letter. It becomes part of resource names.
	Name string `pulumi:"name"`
	// Tier decides which subnets the segment uses: Public, App, Data or a tier of your own.
	Tier Tier `pulumi:"tier"`
	// Holds says what runs in the segment, such as "the load balancer". It becomes the description of the security group.
	Holds string `pulumi:"holds"`
	// Elsewhere says that something else than the components of the stack may fill the segment, such as another stack. Default: false, so
	// that connections to and from a segment in which nothing stands fail the proof.
	Elsewhere bool `pulumi:"elsewhere"`
}

// Connection is one row of the table.
type Connection struct {
	// From is who opens the connection: the name of a segment, Internet or Addresses.
	From End `pulumi:"from"`
	// To is who accepts it: the name of a segment, Internet, Addresses or AWS.
	To End `pulumi:"to"`
	// Ports is the protocol and the ports at which To listens.
	Ports Ports `pulumi:"ports"`
	// Why is the reason, in a sentence that a reviewer understands. It becomes the description of the rules: 1 to 255
	// letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*
	Why string `pulumi:"why"`
	// Names are the DNS names that From looks up to find To, such as "api.example.com", or "*.example.com" for all below one.
	// They join the list of domains that every segment may resolve. The names that AWS gives to its services, to databases of
	// RDS and to instances are on it without being named.
	Names []string `pulumi:"names"`
}

// Reach says how far the routes of a tier lead.
type Reach string

const (
	// ReachInternet routes to the internet and back: for what has a public address.
	ReachInternet Reach = "internet"
	// ReachNAT routes out through NAT, and only to the addresses that rows of the table name.
	ReachNAT Reach = "nat"
	// ReachNowhere has no route out of the VPC at all.
	ReachNowhere Reach = "nowhere"
)

// Tier is a set of subnets, one in every zone, with one network ACL and one kind of route out.
type Tier struct {
	// Name becomes part of resource names.
	Name string `pulumi:"name"`
	// Reach is how far its routes lead.
	Reach Reach `pulumi:"reach"`
	// Place is which of the four free parts of the VPC's range a tier of your own takes, 1 to 4. It cannot be changed in
	// place. The built-in tiers have theirs and leave it 0.
	Place int `pulumi:"place"`
}

// The built-in tiers, from the most exposed to the least. Every network has them.
var (
	// Public holds what the internet may reach: the load balancer, NAT gateways, a bastion for known addresses.
	Public = Tier{Name: "public", Reach: ReachInternet}
	// App holds the servers and the interface endpoints.
	App = Tier{Name: "app", Reach: ReachNAT}
	// Data holds the databases.
	Data = Tier{Name: "data", Reach: ReachNowhere}
)

// Places is how many tiers of your own fit into a VPC.
const Places = 4

// Tiers returns the built-in tiers, and after them those that the segments add, by place.
func (t *Table) Tiers() []Tier {
	all := []Tier{Public, App, Data}
	for _, s := range t.Segments {
		if s.Tier.Place != 0 && !slices.Contains(all, s.Tier) {
			all = append(all, s.Tier)
		}
	}
	slices.SortFunc(all[3:], func(a, b Tier) int { return a.Place - b.Place })
	return all
}

// Segment finds a segment by its name.
func (t *Table) Segment(name string) (Segment, bool) {
	i := slices.IndexFunc(t.Segments, func(s Segment) bool { return s.Name == name })
	if i < 0 {
		return Segment{}, false
	}
	return t.Segments[i], true
}

// Names returns the names of the segments, in their order.
func (t *Table) Names() []string {
	var all []string
	for _, s := range t.Segments {
		all = append(all, s.Name)
	}
	return all
}

// Services returns the AWS services that some row leads to, sorted. Those that Gateway knows have a gateway endpoint, the
// others an interface endpoint.
func (t *Table) Services() []string {
	var all []string
	for _, c := range t.Connections {
		all = append(all, c.To.Services()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Domains returns the DNS names that the segments may have to resolve, sorted: those of the AWS services in a region, those that
// AWS gives to what other segments hold, and those that the rows name. A list lets through to the whole VPC, because AWS filters
// by VPC.
func (t *Table) Domains(region string) []string {
	var all []string
	for _, c := range t.Connections {
		all = append(all, c.Names...)
		for _, service := range c.To.Services() {
			for _, host := range hosts(service) {
				all = append(all, host+"."+region+".amazonaws.com")
			}
		}
		if _, inside := c.To.Segment(); inside && c.From != Internet {
			all = append(all, instances(region))
			if c.Ports.Covers(PostgreSQL) {
				all = append(all, "*."+region+".rds.amazonaws.com")
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// instances are the private names of the instances in a region (VPC user guide, "DNS attributes for your VPC").
func instances(region string) string {
	if region == "us-east-1" {
		return "*.ec2.internal"
	}
	return "*." + region + ".compute.internal"
}

// hosts are the names of a service before its region, where they are not those of its endpoint (AWS General Reference,
// "Service endpoints and quotas"): buckets and registries have names below the service's own, the packages of Amazon Linux are
// in a bucket's dual-stack name, and newer SDKs ask DynamoDB under a name for each account.
func hosts(service string) []string {
	switch service {
	case "s3":
		return []string{"s3", "*.s3", "s3.dualstack", "*.s3.dualstack"}
	case "dynamodb":
		return []string{"dynamodb", "*.ddb"}
	case "ecr.api":
		return []string{"api.ecr"}
	case "ecr.dkr":
		return []string{"*.dkr.ecr"}
	}
	return []string{service}
}
