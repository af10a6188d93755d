// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Network answers questions about single ends: ids, names, segments, addresses, ranges and the internet.
type Network struct {
	*reach.Engine
	net   *model.Network
	proof *Proof
}

// Open prepares a network for questions. The table may be nil; with one its segments are names of ends too.
func Open(net *model.Network, table *intent.Table) (*Network, error) {
	n := &Network{net: net}
	if table == nil {
		n.Engine = reach.New(net)
		return n, nil
	}
	p, err := Prove(net, table)
	if err != nil {
		return nil, err
	}
	n.proof, n.Engine = p, p.engine
	return n, nil
}

// Proof is that of the network, or nil if it was opened without a table.
func (n *Network) Proof() *Proof { return n.proof }

// Ends are what a name means: an end outside, or classes of interfaces.
func (n *Network) Ends(name string) ([]*reach.End, error) {
	if name == "" {
		return nil, errors.New("an end has no name")
	}
	if n.proof != nil && len(n.proof.members[name]) > 0 {
		return n.proof.members[name], nil
	}
	if name == intent.Internet {
		return []*reach.End{n.InternetEnd()}, nil
	}
	if out := n.named(name); len(out) > 0 {
		return out, nil
	}
	if prefix, err := parsePrefix(name); err == nil {
		if out, _ := n.addressed(prefix); len(out) > 0 {
			return out, nil
		}
		return nil, fmt.Errorf("no interface has or can get an address of %s", name)
	}
	return nil, fmt.Errorf("nothing is called %q; an end is an interface's id or name, what owns it, a segment, a service's name, an address, a range, or internet", name)
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// named are the classes with a member of that id, name or owner, and the service of that name.
func (n *Network) named(name string) []*reach.End {
	var out []*reach.End
	for i := range n.net.Interfaces {
		f := &n.net.Interfaces[i]
		if e := n.Interface(f.ID); e != nil && slices.Contains([]string{f.ID, f.Name, f.Owner, last(f.ID)}, name) && !slices.ContainsFunc(out, func(x *reach.End) bool { return x.Class == e.Class }) {
			out = append(out, e)
		}
	}
	for _, l := range n.net.Lists {
		if l.Service && (l.ID == name || l.Name == name) {
			out = append(out, n.Service(l.ID))
		}
	}
	return out
}

// addressed are the classes that bear or may get an address of a range, and what of it lies outside; sure says that
// all of them bear one for certain.
func (n *Network) addressed(p netip.Prefix) (out []*reach.End, sure bool) {
	asked := flow.PrefixAddrs(p)
	left := asked.Minus(n.own())
	sure = true
	for _, e := range n.Classes() {
		switch whole := e.Addresses().Minus(asked).Empty(); {
		case whole || bears(e, p):
			out = append(out, e)
		case !e.Private().And(asked).Empty(): // it may get the address
			out, sure = append(out, e), false
		}
	}
	out = append(out, n.OutsideEnds(left)...)
	for _, l := range n.net.Lists {
		if at := left.And(reach.Internet); l.Service && (l.Doubt != "" || len(l.Entries) == 0) && !at.Empty() { // it may be of that service
			out, sure = append(out, n.OutsideOf(l.ID, at)), false
		}
	}
	return out, sure
}

// bears reports whether a member of a class has an address of a range for certain.
func bears(e *reach.End, p netip.Prefix) bool {
	return slices.ContainsFunc(e.Members(), func(m *model.Interface) bool {
		return slices.ContainsFunc(m.Addresses, func(a model.Address) bool {
			return a.IP.IsValid() && p.Contains(a.IP) || p.Contains(a.Public) || a.Prefix.IsValid() && p.Overlaps(a.Prefix)
		})
	})
}

// own are the addresses of the network: its VPCs' ranges, and the public ones that are known.
func (n *Network) own() flow.Addrs {
	var out flow.Addrs
	for _, v := range n.net.VPCs {
		out = out.Or(flow.PrefixAddrs(v.CIDRs...))
	}
	for _, f := range n.net.Interfaces {
		for _, a := range f.Addresses {
			if a.Public.IsValid() {
				out = out.Or(flow.Addr(a.Public))
			}
		}
	}
	return out
}

// sure reports whether a name means its ends for certain.
func (n *Network) sure(name string) bool {
	p, err := parsePrefix(name)
	if err != nil || len(n.named(name)) > 0 {
		return true
	}
	_, sure := n.addressed(p)
	return sure
}

// Answer is what is known about a question.
type Answer struct {
	Source      string        `json:"src"`
	Destination string        `json:"dst"`
	Question    string        `json:"question"`
	Verdict     reach.Verdict `json:"verdict"`
	// Direct, Mediated and Lateral keep apart how: by one connection, through load balancers, or by taking over what
	// is in between, Steps connections away.
	Direct   reach.Verdict `json:"direct"`
	Mediated reach.Verdict `json:"mediated"`
	Through  []string      `json:"through,omitempty"`
	Lateral  bool          `json:"lateral"`
	Steps    int           `json:"steps,omitempty"`
	// OneWay: packets arrive, and their answers do not come back.
	OneWay  bool         `json:"oneWay,omitempty"`
	Codes   []reach.Code `json:"codes,omitempty"`
	Path    *reach.Path  `json:"path,omitempty"`
	Problem string       `json:"error,omitempty"`
}

var order = []reach.Verdict{reach.Cannot, reach.Unknown, reach.MayPass, reach.MustPass}

func stronger(a, b reach.Verdict) reach.Verdict {
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// Ask answers one question. Where a name means several classes, what must pass must do so for all of them, and what
// may or is unknown for any.
func (n *Network) Ask(src, dst string, q flow.Set) (*Answer, error) {
	as, err := n.Ends(src)
	if err != nil {
		return nil, err
	}
	bs, err := n.Ends(dst)
	if err != nil {
		return nil, err
	}
	if inside := func(x *reach.End) bool { return x.Class >= 0 }; !slices.ContainsFunc(as, inside) && !slices.ContainsFunc(bs, inside) {
		return nil, fmt.Errorf("neither %s nor %s is in this network, which decides nothing between them", src, dst)
	}
	a := &Answer{Source: src, Destination: dst, Question: flow.Describe(q), Direct: reach.Cannot, Mediated: reach.Cannot}
	every := n.sure(src) && n.sure(dst)
	each(as, bs, src == dst, func(x, y *reach.End) { every = n.pair(a, x, y, q) && every })
	if a.Direct == reach.MustPass && !every {
		a.Direct = reach.MayPass
	}
	if a.Verdict = a.Direct; a.Direct == reach.Cannot {
		each(as, bs, src == dst, func(x, y *reach.End) { n.why(a, x, y, q) })
	}
	n.lateral(a, as, bs)
	return a, nil
}

// each does something with every pair of classes. A class of one interface is a pair with itself only where asked.
func each(as, bs []*reach.End, itself bool, do func(x, y *reach.End)) {
	for _, x := range as {
		for _, y := range bs {
			if x.Class != y.Class || x.Class < 0 || x.Plural() || itself {
				do(x, y)
			}
		}
	}
}

// pair adds what is known of two classes, and reports whether all of q must pass.
func (n *Network) pair(a *Answer, x, y *reach.End, q flow.Set) bool {
	r := n.Between(x, y)
	v := r.Ask(q, x.Clients())
	a.Direct = stronger(a.Direct, v)
	a.OneWay = a.OneWay || !r.Lost(x).And(q).Empty()
	if w := n.Witness(x, y, q); a.Path == nil && w != nil {
		a.Path = w
	}
	for _, m := range n.Mediated(x, y) {
		a.Mediated = stronger(a.Mediated, m.Verdict)
		if !slices.Contains(a.Through, m.Balancer.Name) {
			a.Through = append(a.Through, m.Balancer.Name)
		}
	}
	return v == reach.MustPass
}

// why adds the path that would have to be opened, and its codes.
func (n *Network) why(a *Answer, x, y *reach.End, q flow.Set) {
	p := n.Blocked(x, y, q)
	if p == nil {
		return
	}
	if a.Path == nil {
		a.Path = p
	}
	for _, h := range p.Stops() {
		if !slices.Contains(a.Codes, h.Code) {
			a.Codes = append(a.Codes, h.Code)
		}
	}
}

func (n *Network) lateral(a *Answer, as, bs []*reach.End) {
	for _, x := range as {
		far := n.Lateral(x, true)
		for _, y := range bs {
			if steps, ok := far[y.Class]; ok && y.Class >= 0 && steps > 0 && (a.Steps == 0 || steps < a.Steps) {
				a.Lateral, a.Steps = true, steps
			}
		}
	}
}
