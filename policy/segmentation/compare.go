// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Change is what differs between two networks for a pair of ends.
type Change struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Addresses are those outside that are meant, where it is not all of the segment outside.
	Addresses []string `json:"addresses,omitempty"`
	Opens     string   `json:"opens,omitempty"`
	Closes    string   `json:"closes,omitempty"`
	Unknown   string   `json:"unknown,omitempty"`
	// Path is that of a packet which passes after the change and did not before, or of one that might.
	Path *reach.Path `json:"path,omitempty"`
}

// Rule is what lets the packet of the path in: the rule of a security group where there is one.
func (c *Change) Rule() string {
	rule := ""
	if c.Path == nil {
		return rule
	}
	for _, kind := range []reach.Kind{reach.Unfollowed, reach.Gate, reach.RouteStep, reach.GroupOut, reach.GroupIn} {
		for _, h := range c.Path.Hops {
			if h.Kind == kind && !h.Reply {
				rule = h.Rule
			}
		}
	}
	return rule
}

// NoSegment are the addresses outside that are in no segment and not on the internet, such as those of a private network.
const NoSegment = "(addresses of no segment)"

// parts are the ends to compare by names that survive a change: segments, or what interfaces are called.
func (n *Network) parts() map[string][]*reach.End {
	out := map[string][]*reach.End{}
	if n.proof != nil {
		maps.Copy(out, n.proof.members)
	} else {
		out[intent.Internet] = []*reach.End{n.InternetEnd()}
		for i := range n.net.Interfaces {
			f := &n.net.Interfaces[i]
			if e := n.Interface(f.ID); e != nil {
				name := cmp.Or(f.Name, f.ID)
				out[name] = append(out[name], e)
			}
		}
	}
	rest := flow.Internet.Or(flow.Local).Minus(n.own())
	for _, ends := range out {
		for _, e := range ends {
			if e.Class < 0 {
				rest = rest.Minus(e.Addresses())
			}
		}
	}
	out[NoSegment] = []*reach.End{n.Outside(rest)}
	return out
}

// total is what may pass and what is open between two parts. Inside the network it is that of all addresses together, at the
// zero address.
func (n *Network) total(as, bs []*reach.End) (may, open flow.Peers) {
	all := flow.Addr(netip.IPv4Unspecified())
	each(as, bs, false, func(a, b *reach.End) {
		if a.Class < 0 && b.Class < 0 {
			return
		}
		if a.IsBeyond() || b.IsBeyond() {
			m, o := n.Beyond(a, b)
			may, open = may.Or(m), open.Or(o)
			return
		}
		r := n.Between(a, b)
		may, open = may.Or(flow.To(all, r.May)), open.Or(flow.To(all, r.Open))
	})
	return may, open
}

// Compare lists what opens and closes from one network to another. Between two segments of the network it is what any member
// of the one may send to any of the other; of what is outside, every address counts, so that a rule which admits more addresses
// than before opens something.
func Compare(before, after *Network) []Change {
	c := comparison{before: before, after: after, old: before.parts(), young: after.parts()}
	names := slices.Concat(slices.Collect(maps.Keys(c.old)), slices.Collect(maps.Keys(c.young)))
	slices.Sort(names)
	names = slices.Compact(names)
	c.share(names)
	for _, from := range names {
		for _, to := range names {
			c.pair(from, to)
		}
	}
	return c.changes
}

// comparison is that of two networks, whose parts have the same names.
type comparison struct {
	before, after *Network
	old, young    map[string][]*reach.End
	whole, shares map[string]flow.Addrs // of the parts outside
	changes       []Change
}

// share gives every address outside to the smallest of the parts that have it, so that a change is told once.
func (c *comparison) share(names []string) {
	c.whole, c.shares = map[string]flow.Addrs{}, map[string]flow.Addrs{}
	for _, name := range names {
		ends := c.young[name]
		if len(ends) == 0 {
			ends = c.old[name]
		}
		for _, e := range ends {
			if e.IsBeyond() {
				c.whole[name] = c.whole[name].Or(e.Addresses())
			}
		}
	}
	for _, name := range names {
		c.shares[name] = c.whole[name]
		for _, other := range names {
			smaller := c.whole[other].Minus(c.whole[name]).Empty() && (other < name || !c.whole[name].Minus(c.whole[other]).Empty())
			if other != name && smaller {
				c.shares[name] = c.shares[name].Minus(c.whole[other])
			}
		}
	}
}

// pair adds a change for every set of addresses outside for which the same changes.
func (c *comparison) pair(from, to string) {
	may1, open1 := c.before.total(c.old[from], c.old[to])
	may2, open2 := c.after.total(c.young[from], c.young[to])
	opens, closes, unknown := may2.Minus(may1), may1.Minus(may2), open2.Minus(open1).Minus(may2)
	outside := from
	if len(c.whole[to]) > 0 {
		outside = to
	}
	whole := c.whole[outside]
	if !whole.Empty() {
		opens, closes, unknown = opens.Within(c.shares[outside]), closes.Within(c.shares[outside]), unknown.Within(c.shares[outside])
	}
	first := len(c.changes)
	row := func(at flow.Addrs) *Change {
		var text []string
		if !whole.Empty() {
			text = partly(at, whole, may1.Or(may2).Or(open2).Keys())
		}
		for i := range c.changes[first:] {
			if x := &c.changes[first+i]; slices.Equal(x.Addresses, text) {
				return x
			}
		}
		c.changes = append(c.changes, Change{From: from, To: to, Addresses: text})
		return &c.changes[len(c.changes)-1]
	}
	witness := func(x *Change, at flow.Addrs, q flow.Set) {
		as, bs := c.young[from], c.young[to]
		switch {
		case x.Path != nil:
		case whole.Empty():
			x.Path = c.after.witness(as, bs, q)
		case outside == from:
			x.Path = c.after.witness(c.after.only(as, at), bs, q)
		default:
			x.Path = c.after.witness(as, c.after.only(bs, at), q)
		}
	}
	for _, some := range alike(opens) {
		x := row(some.at)
		x.Opens = flow.Describe(some.set)
		witness(x, some.at, some.set)
	}
	for _, some := range alike(closes) {
		row(some.at).Closes = flow.Describe(some.set)
	}
	for _, some := range alike(unknown) {
		x := row(some.at)
		x.Unknown = flow.Describe(some.set)
		witness(x, some.at, some.set)
	}
}

// only are those of the ends outside that have some of the addresses, with no others, so that a path names one of them. A
// service stays whole.
func (n *Network) only(ends []*reach.End, at flow.Addrs) []*reach.End {
	out := slices.Clone(ends)
	for i, e := range out {
		if !e.IsService() {
			out[i] = n.Outside(e.Addresses().And(at))
		}
	}
	return out
}

// partly says which addresses of a part are meant, unless it is all that there are, or all of a family if of the other nothing
// passes.
func partly(at, whole, passing flow.Addrs) []string {
	rest := whole.Minus(at)
	for _, family := range flow.Anywhere {
		these := flow.Addrs{family}
		if others := rest.And(these); !others.Empty() && (!at.And(these).Empty() || passing.Touches(others)) {
			return flow.DescribeAddrs(at)
		}
	}
	return nil
}

// group are addresses with the same set.
type group struct {
	at  flow.Addrs
	set flow.Set
}

// alike puts together the addresses that have the same set.
func alike(p flow.Peers) []group {
	var out []group
	for _, e := range p {
		at := flow.Span(e.Lo, e.Hi, flow.Bit(true))
		if i := slices.IndexFunc(out, func(g group) bool { return g.set.Equal(e.V) }); i >= 0 {
			out[i].at = out[i].at.Or(at)
		} else {
			out = append(out, group{at, e.V})
		}
	}
	return out
}

// witness is the path of a packet of q between two parts, or nil.
func (n *Network) witness(as, bs []*reach.End, q flow.Set) (path *reach.Path) {
	each(as, bs, false, func(a, b *reach.End) {
		if path == nil && !q.Empty() {
			path = n.Witness(a, b, q)
		}
	})
	return path
}

// Remark is something that does nothing, or loses answers.
type Remark struct {
	Code  string `json:"code"`
	Where string `json:"where"`
	What  string `json:"what"`
}

// Lint lists rules that others of their group cover, groups that nothing has or names, and connections whose answers
// are lost.
func Lint(net *model.Network) []Remark {
	var out []Remark
	used := map[string]bool{}
	for _, f := range net.Interfaces {
		for _, g := range f.Groups {
			used[g] = true
		}
	}
	for _, g := range net.Groups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			if r.Group != g.ID {
				used[r.Group] = true
			}
		}
	}
	for _, g := range net.Groups {
		if !used[g.ID] && len(g.Ingress)+len(g.Egress) > 0 {
			out = append(out, Remark{"UNUSED_GROUP", g.ID, "no interface has the group, and no rule names it"})
		}
		for direction, rules := range map[string][]model.Rule{"ingress": g.Ingress, "egress": g.Egress} {
			out = append(out, shadowed(g.ID, direction, rules)...)
		}
	}
	e := reach.New(net)
	ends := append(e.Classes(), e.InternetEnd())
	for _, a := range ends {
		for _, b := range ends {
			r := e.Between(a, b)
			if lost := r.Lost(a); !lost.Empty() && (a.Class != b.Class || a.Plural()) {
				out = append(out, Remark{"ANSWERS_LOST", last(a.Label()) + " -> " + last(b.Label()), flow.Describe(lost) + " arrives, and its answers do not come back"})
			}
		}
	}
	slices.SortFunc(out, func(a, b Remark) int { return strings.Compare(a.Code+a.Where+a.What, b.Code+b.Where+b.What) })
	return out
}

func shadowed(group, direction string, rules []model.Rule) []Remark {
	var out []Remark
	for i, r := range rules {
		for j, o := range rules {
			if i != j && covers(o, r) && (j < i || !covers(r, o)) {
				out = append(out, Remark{"SHADOWED_RULE", group, fmt.Sprintf("%s rule %d (%s) admits nothing that rule %d does not", direction, i+1, r.Description, j+1)})
				break
			}
		}
	}
	return out
}

// covers reports whether everything that one rule admits another does for certain.
func covers(wide, narrow model.Rule) bool {
	w, from := reach.Selects(wide)
	n, of := reach.Selects(narrow)
	if wide.Doubt != "" || !n.Minus(w).Empty() {
		return false
	}
	if from == nil || of == nil {
		return from == nil && of == nil && wide.Group == narrow.Group && wide.List == narrow.List
	}
	return of.Minus(from).Empty()
}
