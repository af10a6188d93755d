// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Change is what differs between two networks for a pair of ends.
type Change struct {
	From string `json:"from"`
	To   string `json:"to"`
	// FromOnly and ToOnly are the members and addresses that the change is about, where it is not about all of the end.
	FromOnly string `json:"fromOnly,omitempty"`
	ToOnly   string `json:"toOnly,omitempty"`
	Opens    string `json:"opens,omitempty"`
	Closes   string `json:"closes,omitempty"`
	Unknown  string `json:"unknown,omitempty"`
	// Path is that of a packet which passes after the change and did not before, or of one that might.
	Path *reach.Path `json:"path,omitempty"`
}

// Rule is what lets the packet of the path in: the rule of a security group where there is one.
func (c *Change) Rule() string {
	if h := opener(c.Path); h != nil {
		return h.Rule
	}
	return ""
}

// opener is the hop that lets a packet in, before any other that of the security group at its end; nil without a path.
func opener(p *reach.Path) (out *reach.Hop) {
	if p == nil {
		return nil
	}
	for _, kind := range []reach.Kind{reach.Unfollowed, reach.Gate, reach.RouteStep, reach.GroupOut, reach.GroupIn} {
		for i := range p.Hops {
			if h := &p.Hops[i]; h.Kind == kind && !h.Reply {
				out = h
			}
		}
	}
	return out
}

// Compare lists what opens and closes from one network to another. A packet that passes in one of them only is in exactly one
// change. Addresses outside are compared one by one. Inside, a member of a segment is compared with itself if both networks have
// it, and so is each of its addresses; what is new, with all of its segment, and what is gone likewise: another instance of a
// service opens nothing.
func Compare(before, after *Network) []Change {
	c := comparison{nets: [2]*Network{before, after}, flows: map[asked]flow.Flows{}, vague: map[string]bool{}}
	parts := c.parts()
	for _, p := range parts {
		for _, q := range parts {
			c.tell(c.more(0, reach.May, p, q), func(x *Change) *string { return &x.Opens })
			c.tell(c.more(0, reach.Open, p, q), func(x *Change) *string { return &x.Unknown })
			c.tell(c.more(1, reach.May, p, q), func(x *Change) *string { return &x.Closes })
		}
	}
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(a.FromOnly, b.FromOnly), strings.Compare(a.ToOnly, b.ToOnly))
	})
	return c.changes
}

// tell adds differences to the changes, those of the same ends to one.
func (c *comparison) tell(found []difference, where func(*Change) *string) {
	for _, d := range found {
		young := Change{From: d.from.part.name, To: d.to.part.name, FromOnly: d.fromOnly, ToOnly: d.toOnly}
		i := slices.IndexFunc(c.changes, func(x Change) bool {
			return x.From == young.From && x.To == young.To && x.FromOnly == young.FromOnly && x.ToOnly == young.ToOnly && *where(&x) == ""
		})
		if i < 0 {
			i = len(c.changes)
			c.changes = append(c.changes, young)
		}
		x := &c.changes[i]
		*where(x) = flow.Describe(d.set)
		if x.Path == nil && d.old == 0 {
			x.Path = c.nets[1].witness(&d)
		}
	}
}

// witness is the path of a packet of a difference.
func (n *Network) witness(d *difference) (path *reach.Path) {
	each(d.from.ends[1], d.to.ends[1], false, func(a, b *reach.End) {
		if path == nil {
			path = n.WitnessWithin(a, b, d.set, d.src, d.dst)
		}
	})
	return path
}
