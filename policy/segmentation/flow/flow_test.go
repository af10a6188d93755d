// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
)

// boxes are random products near the ends of every dimension, where sweeps go wrong, and the membership of points.
type box struct{ pl, ph, dl, dh, cl, ch flow.Number }

var edges = []flow.Number{0, 1, 2, 6, 7, 254, 255, 256, 65534, 65535}

func randomBox(r *rand.Rand) box {
	two := func(limit flow.Number) (flow.Number, flow.Number) {
		a, b := min(edges[r.IntN(len(edges))], limit), min(edges[r.IntN(len(edges))], limit)
		return min(a, b), max(a, b)
	}
	var b box
	b.pl, b.ph = two(255)
	b.dl, b.dh = two(65535)
	b.cl, b.ch = two(65535)
	return b
}

func (b box) set() flow.Set {
	return flow.Box(b.pl, b.ph, flow.PortRange(b.dl, b.dh), flow.PortRange(b.cl, b.ch))
}

func (b box) has(p, d, c flow.Number) bool {
	return b.pl <= p && p <= b.ph && b.dl <= d && d <= b.dh && b.cl <= c && c <= b.ch
}

// step is a box and what is done with it: 0 adds it, 1 takes it away, 2 keeps what is in it or in the first box.
type step struct {
	b  box
	op int
}

func membership(steps []step, p, d, c flow.Number) bool {
	in := false
	for _, st := range steps {
		switch st.op {
		case 0:
			in = in || st.b.has(p, d, c)
		case 1:
			in = in && !st.b.has(p, d, c)
		default:
			in = in && (st.b.has(p, d, c) || steps[0].b.has(p, d, c))
		}
	}
	return in
}

func TestSetsAgreeWithMembershipOfEveryEdge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var s flow.Set
		var steps []step
		for range 6 {
			st := step{randomBox(r), r.IntN(3)}
			steps = append(steps, st)
			switch st.op {
			case 0:
				s = s.Or(st.b.set())
			case 1:
				s = s.Minus(st.b.set())
			default:
				s = s.And(st.b.set().Or(steps[0].b.set()))
			}
		}
		for _, p := range edges[:7] {
			for _, d := range edges {
				for _, c := range edges {
					if got, want := flow.Has(s, p, d, c), membership(steps, p, d, c); got != want {
						t.Fatalf("%v: %d/%d/%d is %v, want %v", steps, p, d, c, got, want)
					}
				}
			}
		}
	}
}

func TestEqualSetsAreEqualListsWhateverTheWayTheyWereMade(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		a, b, c := randomBox(r).set(), randomBox(r).set(), randomBox(r).set()
		for name, pair := range map[string][2]flow.Set{
			"union is associative":  {a.Or(b).Or(c), c.Or(a.Or(b))},
			"and distributes":       {a.And(b.Or(c)), a.And(b).Or(a.And(c))},
			"minus is and-not":      {a.Minus(b), a.And(flow.Everything.Minus(b))},
			"De Morgan":             {flow.Everything.Minus(a.Or(b)), flow.Everything.Minus(a).And(flow.Everything.Minus(b))},
			"taken apart and again": {a.Minus(b).Or(a.And(b)), a},
		} {
			if !pair[0].Equal(pair[1]) {
				t.Fatalf("%s: %s and %s", name, flow.Describe(pair[0]), flow.Describe(pair[1]))
			}
		}
	}
}

func TestAddressesOfBothFamiliesNeverJoin(t *testing.T) {
	all := flow.Anywhere
	if len(all) != 2 {
		t.Fatalf("anywhere is %v, want one span a family", all)
	}
	low := flow.PrefixAddrs(netip.MustParsePrefix("0.0.0.0/1"))
	high := flow.PrefixAddrs(netip.MustParsePrefix("128.0.0.0/1"))
	if !low.Or(high).Or(flow.PrefixAddrs(netip.MustParsePrefix("::/0"))).Equal(all) {
		t.Error("two halves are not the whole")
	}
	if got := all.Minus(flow.Addr(netip.MustParseAddr("255.255.255.255"))).At(netip.MustParseAddr("::")); !bool(got) {
		t.Error("the first IPv6 address went with the last IPv4 address")
	}
}

func TestCommonNeedsEveryKey(t *testing.T) {
	keys := flow.PrefixAddrs(netip.MustParsePrefix("10.0.0.0/30"))
	half := flow.To(flow.PrefixAddrs(netip.MustParsePrefix("10.0.0.0/31")), flow.One(flow.TCP, 22))
	if !half.Common(keys).Empty() {
		t.Error("half of the addresses is not every address")
	}
	if !half.Or(flow.To(keys, flow.One(flow.TCP, 443))).Common(keys).Equal(flow.One(flow.TCP, 443)) {
		t.Error("443 is common to all")
	}
	if !half.Common(nil).Empty() {
		t.Error("no keys have nothing in common")
	}
}

func TestDescribeSaysWhatAReaderKnows(t *testing.T) {
	for want, s := range map[string]flow.Set{
		"nothing":    nil,
		"everything": flow.Everything,
		"tcp 443":    flow.One(flow.TCP, 443),
		"udp":        flow.Box(17, 17, flow.AllPorts, flow.AllPorts),
		"tcp 0-1":    flow.One(flow.TCP, 0).Or(flow.One(flow.TCP, 1)),
		"icmp type 8; tcp 22 from client ports 1024-65535": flow.Box(1, 1, flow.PortRange(8<<8, 8<<8|255), flow.AllPorts).
			Or(flow.Box(6, 6, flow.PortRange(22, 22), flow.PortRange(1024, 65535))),
	} {
		if got := flow.Describe(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
