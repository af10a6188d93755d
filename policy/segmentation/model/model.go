// SPDX-License-Identifier: Apache-2.0

// Package model is the normalised network that the proof reads: what decides which packets pass, keyed by stable
// identity (a URN before a deployment, an id after it), and nothing else. Adapters fill it from a plan, a state, a
// folder of AWS's answers or an account. It has no AWS SDK and no Pulumi.
//
// What an adapter does not know it says in a field called Doubt. A doubtful rule, entry or route has the widest shape
// that it may turn out to have: the engine counts it where something may be reachable and never where something must.
// A doubtful group, ACL, table or interface may hold more than the model says, which makes the answer unknown.
package model

import "net/netip"

// Any is every protocol, port, ICMP type or code, as in AWS's API.
const Any = -1

// Network is everything that the proof knows.
type Network struct {
	VPCs          []VPC          `json:"vpcs,omitempty"`
	Subnets       []Subnet       `json:"subnets,omitempty"`
	Interfaces    []Interface    `json:"interfaces,omitempty"`
	Groups        []Group        `json:"groups,omitempty"`
	ACLs          []ACL          `json:"acls,omitempty"`
	Tables        []Table        `json:"tables,omitempty"`
	Gateways      []Gateway      `json:"gateways,omitempty"`
	NATs          []NAT          `json:"nats,omitempty"`
	Peerings      []Peering      `json:"peerings,omitempty"`
	Lists         []PrefixList   `json:"lists,omitempty"`
	LoadBalancers []LoadBalancer `json:"loadBalancers,omitempty"`
	// Elsewhere are public ranges that are known to be somebody else's: no address that AWS will give is among them.
	Elsewhere []netip.Prefix `json:"elsewhere,omitempty"`
	// Unmodelled could carry packets in ways that the model has no word for.
	Unmodelled []Unmodelled `json:"unmodelled,omitempty"`
	// Notes are what the adapter assumed or left out, for the reader.
	Notes []string `json:"notes,omitempty"`
}

// Block is what VPC Block Public Access stops: https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html.
type Block string

// The modes of Block Public Access, and its exclusions.
const (
	BlockOff           Block = ""
	BlockBidirectional Block = "block-bidirectional"
	// BlockIngress leaves NAT gateways and egress-only internet gateways.
	BlockIngress Block = "block-ingress"
	// AllowEgress is an exclusion from the block for connections that begin inside.
	AllowEgress Block = "allow-egress"
	// AllowBidirectional is an exclusion from the block altogether.
	AllowBidirectional Block = "allow-bidirectional"
	// BlockUnknown is a mode or an exclusion that is changing, or that is not one of these.
	BlockUnknown Block = "unknown"
)

// Mode is the mode of Block Public Access as AWS spells it.
func Mode(text string) Block {
	switch b := Block(text); b {
	case "off":
		return BlockOff
	case BlockBidirectional, BlockIngress:
		return b
	}
	return BlockUnknown
}

// VPC is a network of its own.
type VPC struct {
	ID    string         `json:"id"`
	Name  string         `json:"name,omitempty"`
	CIDRs []netip.Prefix `json:"cidrs"`
	// MainTable serves the subnets without a table of their own; DefaultACL those without an ACL.
	MainTable  string `json:"mainTable,omitempty"`
	DefaultACL string `json:"defaultAcl,omitempty"`
	Block      Block  `json:"block,omitempty"`
	Doubt      string `json:"doubt,omitempty"`
}

// Subnet is a part of a VPC in one zone.
type Subnet struct {
	ID    string         `json:"id"`
	Name  string         `json:"name,omitempty"`
	VPC   string         `json:"vpc"`
	CIDRs []netip.Prefix `json:"cidrs"`
	// Table and ACL are empty for the VPC's main table and default ACL.
	Table string `json:"table,omitempty"`
	ACL   string `json:"acl,omitempty"`
	// Exclusion from Block Public Access of this subnet alone.
	Exclusion Block `json:"exclusion,omitempty"`
	// Doubt says why the table or ACL may be another.
	Doubt string `json:"doubt,omitempty"`
}

// Certainty is whether something is so.
type Certainty string

// The certainties; the zero value is No.
const (
	No    Certainty = ""
	Maybe Certainty = "maybe"
	Yes   Certainty = "yes"
)

// Address is one that packets to or from an interface may bear.
type Address struct {
	// IP is private for IPv4 and global for IPv6; the zero value means any usable address of the subnet.
	IP netip.Addr `json:"ip,omitzero"`
	// Prefix is delegated to the interface, which has every address of it; IP is then zero. EC2 user guide, "Prefix delegation".
	Prefix netip.Prefix `json:"prefix,omitzero"`
	// V6 says the family where neither is known.
	V6 bool `json:"v6,omitempty"`
	// HasPublic says whether a public IPv4 address is associated; Public is that address if it is known.
	HasPublic Certainty  `json:"hasPublic,omitempty"`
	Public    netip.Addr `json:"public,omitzero"`
}

// Is6 reports whether it is an IPv6 address.
func (a Address) Is6() bool { return a.V6 || a.IP.Is6() || a.Prefix.Addr().Is6() }

// Bears reports whether an IP is certainly one of the interface's.
func (a Address) Bears(ip netip.Addr) bool {
	return ip.IsValid() && a.IP == ip || a.Prefix.Contains(ip)
}

// Kind is what an interface belongs to.
type Kind string

// The kinds of interface that the engine treats apart.
const (
	Host         Kind = "host"
	Database     Kind = "database"
	Balancer     Kind = "load-balancer"
	VPCEndpoint  Kind = "vpc-endpoint" // answers, never asks
	NATInterface Kind = "nat"          // neither end of a connection
	Function     Kind = "function"     // asks, never answers; has no public address
)

// Kinds are all of them.
var Kinds = []Kind{Host, Database, Balancer, VPCEndpoint, NATInterface, Function}

// Interface is the unit that is filtered: a network interface that exists, or one that the owner will place.
type Interface struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Kind  Kind   `json:"kind,omitempty"`
	Owner string `json:"owner,omitempty"` // instance, database, load balancer
	// Service is the name of the AWS service behind a VPC endpoint, such as "com.amazonaws.eu-central-1.ssm".
	Service string `json:"service,omitempty"`
	// Subnets are those in one of which it is or will be.
	Subnets   []string  `json:"subnets"`
	Addresses []Address `json:"addresses"`
	// Groups that filter it; none means no filter at all, as with a NAT gateway.
	Groups []string `json:"groups,omitempty"`
	// Forwards: its source/destination check is off, so that it may send from and accept for any address.
	Forwards bool `json:"forwards,omitempty"`
	// Many: there may be more than one of the kind, as in an auto scaling group.
	Many  bool   `json:"many,omitempty"`
	Doubt string `json:"doubt,omitempty"` // why it may have other groups
}

// Rule of a security group. It names one peer: a CIDR, a group, or a prefix list; none with a doubt means any peer.
type Rule struct {
	ID          string `json:"id,omitempty"`
	Description string `json:"description,omitempty"`
	Protocol    int    `json:"protocol"`
	// From and To are ports; for ICMP type and code.
	From  int          `json:"from"`
	To    int          `json:"to"`
	CIDR  netip.Prefix `json:"cidr,omitzero"`
	Group string       `json:"group,omitempty"`
	List  string       `json:"list,omitempty"`
	Doubt string       `json:"doubt,omitempty"`
}

// Group is a security group.
type Group struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	VPC     string `json:"vpc"`
	Ingress []Rule `json:"ingress,omitempty"`
	Egress  []Rule `json:"egress,omitempty"`
	Doubt   string `json:"doubt,omitempty"` // why it may have more rules
}

// Entry of a network ACL.
type Entry struct {
	Number   int          `json:"number"`
	Allow    bool         `json:"allow,omitempty"`
	Protocol int          `json:"protocol"`
	From     int          `json:"from"`
	To       int          `json:"to"`
	CIDR     netip.Prefix `json:"cidr,omitzero"` // zero with a doubt: any
	Doubt    string       `json:"doubt,omitempty"`
}

// ACL is a network ACL; what no entry matches is denied.
type ACL struct {
	ID      string  `json:"id"`
	Name    string  `json:"name,omitempty"`
	VPC     string  `json:"vpc"`
	Ingress []Entry `json:"ingress,omitempty"`
	Egress  []Entry `json:"egress,omitempty"`
	Doubt   string  `json:"doubt,omitempty"`
}

// Target is where a route leads.
type Target string

// The targets that the engine follows. Any other kind is a forwarder that it does not know.
const (
	Local           Target = "local"
	InternetGateway Target = "internet-gateway"
	EgressOnly      Target = "egress-only-internet-gateway"
	NATGateway      Target = "nat-gateway"
	PeeringLink     Target = "peering"
	GatewayEndpoint Target = "gateway-endpoint"
	Blackhole       Target = "blackhole"
	Other           Target = "other"
)

// Route of a table. It names a CIDR or a prefix list.
type Route struct {
	CIDR       netip.Prefix `json:"cidr,omitzero"`
	List       string       `json:"list,omitempty"`
	Target     Target       `json:"target"`
	To         string       `json:"to,omitempty"` // id of the gateway, NAT, peering or endpoint
	Propagated bool         `json:"propagated,omitempty"`
	Doubt      string       `json:"doubt,omitempty"`
}

// Table is a route table. The engine adds the local routes of the VPC where the table does not name them.
type Table struct {
	ID     string  `json:"id"`
	Name   string  `json:"name,omitempty"`
	VPC    string  `json:"vpc"`
	Routes []Route `json:"routes,omitempty"`
	Doubt  string  `json:"doubt,omitempty"`
}

// Gateway is an internet gateway or an egress-only one.
type Gateway struct {
	ID         string `json:"id"`
	Name       string `json:"name,omitempty"`
	VPC        string `json:"vpc,omitempty"` // empty when it is attached to none
	EgressOnly bool   `json:"egressOnly,omitempty"`
	Doubt      string `json:"doubt,omitempty"` // why it may be attached or not
}

// NAT is a NAT gateway.
type NAT struct {
	ID     string     `json:"id"`
	Name   string     `json:"name,omitempty"`
	VPC    string     `json:"vpc"`
	Subnet string     `json:"subnet"`
	Public netip.Addr `json:"public,omitzero"` // zero: not known
	// Private: of connectivity type private, which no internet gateway serves.
	Private bool   `json:"private,omitempty"`
	Down    bool   `json:"down,omitempty"`  // not available
	Doubt   string `json:"doubt,omitempty"` // what is not modelled about it
}

// Peering joins two VPCs.
type Peering struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	A      string `json:"a"`
	B      string `json:"b"`
	Active bool   `json:"active,omitempty"`
	// References: groups of the other VPC may be named, because both are in one region.
	References bool   `json:"references,omitempty"`
	Doubt      string `json:"doubt,omitempty"`
}

// PrefixList is a list of CIDRs.
type PrefixList struct {
	ID      string         `json:"id"`
	Name    string         `json:"name,omitempty"`
	Entries []netip.Prefix `json:"entries,omitempty"`
	// Service: AWS keeps the list, of the addresses of one of its services. They are an end of their own, apart from
	// the internet, whether Entries are known or not.
	Service bool   `json:"service,omitempty"`
	Doubt   string `json:"doubt,omitempty"` // why it may have more entries
}

// Transport is the IP protocol, or Any for both, of a listener or target group with a protocol in the words of the ELB API reference.
func Transport(protocol string) int {
	const tcp, udp = 6, 17
	switch protocol {
	case "UDP", "QUIC":
		return udp
	case "TCP_UDP", "TCP_QUIC":
		return Any
	}
	return tcp
}

// LoadBalancer joins connections from clients with its own to targets. Its interfaces name it as their owner.
type LoadBalancer struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Network: an NLB, which hands on packets; otherwise an ALB, which is a proxy.
	Network   bool       `json:"network,omitempty"`
	Protected bool       `json:"protected,omitempty"` // a web ACL looks at its requests
	Listeners []Listener `json:"listeners,omitempty"`
	Doubt     string     `json:"doubt,omitempty"` // why it may have more listeners
}

// Listener of a load balancer.
type Listener struct {
	ID       string        `json:"id,omitempty"`
	Protocol int           `json:"protocol"` // tcp or udp; Any for both
	Port     int           `json:"port"`
	Targets  []TargetGroup `json:"targets,omitempty"`
}

// TargetGroup is the targets that a listener or one of its rules forwards to.
type TargetGroup struct {
	ID string `json:"id"`
	// Clients: the target sees the client's address, not the load balancer's.
	Clients bool     `json:"clients,omitempty"`
	Members []Member `json:"members,omitempty"`
	Doubt   string   `json:"doubt,omitempty"` // why it may have more members
}

// Member is a target: an interface, or the owner of some, and its port.
type Member struct {
	Target   string `json:"target"`
	Protocol int    `json:"protocol"`
	Port     int    `json:"port"` // Any: not known
}

// Unmodelled is something that could carry packets and that the engine cannot follow.
type Unmodelled struct {
	ID   string `json:"id"`
	What string `json:"what"`          // its type, as its source spells it
	VPC  string `json:"vpc,omitempty"` // empty: any
}
