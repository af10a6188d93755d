// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// Segment is a segment of the table as the network has built it: where a component runs, and all that it gets to know of
// the network.
type Segment struct {
	segment.Segment

	// GroupID is the id of the segment's security group, such as sg-0123456789abcdef0.
	GroupID pulumi.StringOutput

	network *Network
	ready   []pulumi.CustomResource
}

// Segment returns a segment of the table.
func (n *Network) Segment(name string) (*Segment, error) {
	s, found := n.segments[name]
	if !found {
		return nil, fmt.Errorf("%q is not a segment of the table; it has %v", name, n.Table.Names())
	}
	return s, nil
}

// Network is the network that the segment belongs to.
func (s *Segment) Network() *Network { return s.network }

// Account is the account and region of the segment.
func (s *Segment) Account() *account.Account { return s.network.Account }

// SubnetIDs are the ids of the subnets of the segment's tier, one in each zone.
func (s *Segment) SubnetIDs() pulumi.StringArray { return s.network.SubnetIDs(s.Tier) }

// Ready is everything that must exist for the segment's connections to work at the first moment of what runs in it, and
// until its last: the rules of both sides, ACL rules, routes, gateways and endpoints, and the filter of DNS. Hand it to order.After.
func (s *Segment) Ready() []pulumi.CustomResource { return s.ready }

// Check reports what keeps a component from running in the segment: a tier of another reach than it can live with, and every
// need for which the table has no row.
func (s *Segment) Check(reaches []segment.Reach, needs ...segment.Need) []error {
	if s == nil {
		return []error{fmt.Errorf("Segment: missing; give the segment of the network to run in, as Network.Segment returns it")}
	}
	var problems []error
	if !slices.Contains(reaches, s.Tier.Reach) {
		problems = append(problems, fmt.Errorf("Segment: %q is in the tier %q, whose reach is %s; put it into a tier with the reach %v",
			s.Name, s.Tier.Name, s.Tier.Reach, reaches))
	}
	for _, err := range s.network.Table.Lacking(s.Name, needs...) {
		problems = append(problems, fmt.Errorf("Segment %q: %w", s.Name, err))
	}
	return problems
}

// Reached reports whether some row of the table leads to the segment at the ports.
func (s *Segment) Reached(at segment.Ports) bool {
	return slices.ContainsFunc(s.network.Table.Connections, func(c segment.Connection) bool {
		return c.To == segment.End(s.Name) && c.Ports.Covers(at)
	})
}

// joinSegments works out what each segment waits for, now that everything is made: besides what carries its rows, the links
// and routes of its own tier and of those that stand between, the app tier with the interface endpoints and the public tier
// with the NAT gateways.
func (b *builder) joinSegments() {
	for name, s := range b.segments {
		ready := slices.Concat(b.filtered, b.doors[s.Tier])
		for i, row := range b.args.Table.Connections {
			if row.From != segment.End(name) && row.To != segment.End(name) {
				continue
			}
			ready = append(ready, b.serving[i]...)
			if hasInterface(row.To) {
				ready = append(ready, b.doors[segment.App]...)
			}
			if s.Tier.Reach == segment.ReachNAT && len(row.To.Ranges()) > 0 {
				ready = append(ready, b.doors[segment.Public]...)
			}
		}
		known := map[pulumi.CustomResource]bool{}
		s.ready = slices.DeleteFunc(ready, func(r pulumi.CustomResource) bool {
			again := known[r]
			known[r] = true
			return again
		})
	}
}
