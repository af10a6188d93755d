// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// outsiders are addresses at which the rules of random networks cut, and some between.
var outsiders = []string{"8.8.8.8", "52.200.1.1", "203.0.113.1", "203.0.113.15", "203.0.113.16", "203.0.113.200", "203.0.114.1", "198.51.100.1", "2001:db8::1", "2001:db8:1::1", "2a00::1"}

var wider = []string{"0.0.0.0/0", "203.0.113.0/28", "203.0.113.0/24", "203.0.112.0/23", "198.51.100.0/24", "::/0", "2001:db8::/64", "2001:db8::/32"}

// alter changes what some rules, entries and routes of a network name.
func alter(net *model.Network, r *rand.Rand) {
	cidr := func(p *netip.Prefix) {
		if p.IsValid() && r.IntN(3) == 0 {
			*p = scenes.Prefix(wider[r.IntN(len(wider))])
		}
	}
	for i := range net.Groups {
		for _, rules := range [][]model.Rule{net.Groups[i].Ingress, net.Groups[i].Egress} {
			for j := range rules {
				cidr(&rules[j].CIDR)
			}
		}
	}
	for i := range net.ACLs {
		for _, entries := range [][]model.Entry{net.ACLs[i].Ingress, net.ACLs[i].Egress} {
			for j := range entries {
				cidr(&entries[j].CIDR)
			}
		}
	}
}

// opened is a network without a table.
func opened(t *testing.T, net *model.Network) *segmentation.Network {
	t.Helper()
	n, err := segmentation.Open(net, nil)
	require.NoError(t, err)
	return n
}

// member are the ends that an interface's name means in a network.
func member(t *testing.T, n *segmentation.Network, name string) []*reach.End {
	t.Helper()
	ends, err := n.Ends(name)
	require.NoError(t, err)
	return ends
}

// may is what an address outside may open to an interface, or the other way round.
func may(n *segmentation.Network, ends []*reach.End, outside *reach.End, in bool) (out flow.Set) {
	for _, e := range ends {
		a, b := outside, e
		if !in {
			a, b = e, outside
		}
		r := n.Between(a, b)
		out = out.Or(r.May)
	}
	return out
}

// TestEveryAddressOutsideIsCompared asks the engine about single addresses before and after a change of ranges, and demands that
// one row and no other says what differs.
func TestEveryAddressOutsideIsCompared(t *testing.T) {
	differing := 0
	for seed := range uint64(80) {
		before, after := scenes.Random(scenes.NewSource(seed)), scenes.Random(scenes.NewSource(seed))
		alter(after, rand.New(rand.NewPCG(seed, 1))) //nolint:gosec // a test
		old, young := opened(t, before), opened(t, after)
		changes := segmentation.Compare(old, young)
		for _, f := range before.Interfaces {
			name := cmp.Or(f.Name, f.ID)
			ends1, ends2 := member(t, old, name), member(t, young, name)
			for _, text := range outsiders {
				at := flow.Addr(scenes.IP(text))
				if !at.Minus(old.InternetEnd().Addresses()).Empty() {
					continue
				}
				for _, in := range []bool{true, false} {
					set1, set2 := may(old, ends1, old.Outside(at), in), may(young, ends2, young.Outside(at), in)
					from, to := "internet", name
					if !in {
						from, to = to, from
					}
					opens, closes := said(t, changes, from, to, scenes.IP(text), set1.Or(set2).Empty())
					require.Equal(t, describe(set2.Minus(set1)), opens, "seed %d: opens %s -> %s, %s", seed, from, to, text)
					require.Equal(t, describe(set1.Minus(set2)), closes, "seed %d: closes %s -> %s, %s", seed, from, to, text)
					if opens+closes != "" {
						differing++
					}
				}
			}
		}
	}
	require.Greater(t, differing, 150, "the networks differ too seldom for a test")
}

func describe(s flow.Set) string {
	if s.Empty() {
		return ""
	}
	return flow.Describe(s)
}

// said is what the rows of a comparison say of an address outside; exactly one row may say it. A row without addresses is about
// all of them, or all of a family if of the other nothing passes.
func said(t *testing.T, changes []segmentation.Change, from, to string, at netip.Addr, never bool) (opens, closes string) {
	t.Helper()
	for _, c := range changes {
		only := c.FromOnly + c.ToOnly
		if c.From != from || c.To != to || only == "" && never || only != "" && !names(only, at) {
			continue
		}
		require.False(t, opens != "" && c.Opens != "" || closes != "" && c.Closes != "", "two rows say it")
		opens, closes = opens+c.Opens, closes+c.Closes
	}
	return opens, closes
}

// names reports whether words such as "IPv4 but 203.0.113.0/24" or "203.0.113.0/25, IPv6" are about an address.
func names(only string, at netip.Addr) bool {
	family := map[bool]string{true: "IPv4", false: "IPv6"}[at.Is4()]
	listed := false
	for word := range strings.SplitSeq(only, ", ") {
		word = strings.TrimPrefix(strings.TrimPrefix(word, "IPv4 but "), "IPv6 but ")
		if lo, hi, two := strings.Cut(word, "-"); two {
			listed = listed || scenes.IP(lo).Compare(at) <= 0 && at.Compare(scenes.IP(hi)) <= 0
		} else if p, err := netip.ParsePrefix(word); err == nil {
			listed = listed || p.Contains(at)
		} else {
			listed = listed || word == family
		}
	}
	return listed != strings.Contains(only, family+" but ")
}

// TestEveryPairOfHostsIsCompared asks the engine about every pair of hosts before and after a change. Every host is a part of its
// own, so that nothing may be said of a pair that is the same, but for addresses of it.
func TestEveryPairOfHostsIsCompared(t *testing.T) {
	differing := 0
	for seed := range uint64(120) {
		before, after := scenes.Random(scenes.NewSource(seed)), scenes.Random(scenes.NewSource(seed))
		src := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a test
		after.Groups[src.IntN(len(after.Groups))].Ingress = nil
		before.Groups[src.IntN(len(after.Groups))].Egress = nil
		old, young := opened(t, before), opened(t, after)
		changes := segmentation.Compare(old, young)
		for _, a := range before.Interfaces {
			for _, b := range before.Interfaces {
				if a.ID == b.ID {
					continue
				}
				set1, set2 := old.Between(old.Interface(a.ID), old.Interface(b.ID)).May, young.Between(young.Interface(a.ID), young.Interface(b.ID)).May
				opens, closes := "", ""
				for _, c := range changes {
					if c.From == a.ID && c.To == b.ID && c.FromOnly+c.ToOnly == "" {
						opens, closes = opens+c.Opens, closes+c.Closes
					}
				}
				require.Equal(t, describe(set2.Minus(set1)), opens, "seed %d: opens %s -> %s", seed, a.ID, b.ID)
				require.Equal(t, describe(set1.Minus(set2)), closes, "seed %d: closes %s -> %s", seed, a.ID, b.ID)
				if opens+closes != "" {
					differing++
				}
			}
		}
		require.Empty(t, segmentation.Compare(old, old))
	}
	require.Greater(t, differing, 100, "the networks differ too seldom for a test")
}

// TestAnOpeningForAnotherMemberOrAddressIsSaid widens what one of a segment, or one of its addresses, had before.
func TestAnOpeningForAnotherMemberOrAddressIsSaid(t *testing.T) {
	table, err := intent.Read(strings.NewReader(`
segments:
  - {name: web, what: ["web*"]}
  - {name: app, what: ["app*"]}
  - {name: db, what: ["db"]}
connections:
  - {from: app, to: db, ports: tcp/5432, why: queries}
`))
	require.NoError(t, err)
	open := func(rules ...model.Rule) *segmentation.Network {
		s := scenes.Open()
		s.Group("sg-db").Ingress = rules
		s.Interface("web").Addresses[0].IP = netip.Addr{} // any of 10.0.0.0/24
		n, err := segmentation.Open(s.Network, table)
		require.NoError(t, err)
		return n
	}
	for want, rules := range map[string][2]model.Rule{
		"app (app2) -> db: tcp 5432":                       {scenes.TCP(5432, "10.0.1.10/32"), scenes.TCP(5432, "10.0.1.0/24")},
		"web -> db: tcp 22":                                {scenes.TCP(5432, "10.0.0.0/24"), scenes.TCP(22, "10.0.0.0/24")},
		"web (web, 10.0.0.128-10.0.0.254) -> db: tcp 5432": {scenes.TCP(5432, "10.0.0.0/25"), scenes.TCP(5432, "10.0.0.0/24")},
	} {
		old, young := open(rules[0]), open(rules[1])
		var out, back bytes.Buffer
		segmentation.ChangesText(&out, segmentation.Compare(old, young))
		require.Contains(t, out.String(), "opens "+want+"\n")
		segmentation.ChangesText(&back, segmentation.Compare(young, old))
		require.Contains(t, back.String(), "closes "+want+"\n")
	}
}

// TestAnotherInstanceOfASegmentOpensNothing adds a host that may what the others of its segment may.
func TestAnotherInstanceOfASegmentOpensNothing(t *testing.T) {
	s, more := scenes.Open(), scenes.Open()
	table := &intent.Table{Segments: []intent.Segment{{Name: "app", What: []string{"app*"}}, {Name: "web", What: []string{"web*"}}, {Name: "db", What: []string{"db"}}}}
	require.NoError(t, table.Settle())
	third := *more.Interface("app2")
	third.ID, third.Addresses = "app3", []model.Address{{IP: scenes.IP("10.0.1.12")}}
	more.Interfaces = append(more.Interfaces, third)
	old, err := segmentation.Open(s.Network, table)
	require.NoError(t, err)
	young, err := segmentation.Open(more.Network, table)
	require.NoError(t, err)
	require.Empty(t, segmentation.Compare(old, young))
	third.ID, third.Name = "stranger", "stranger"
	more.Interfaces[len(more.Interfaces)-1] = third
	young, err = segmentation.Open(more.Network, table)
	require.NoError(t, err)
	var out bytes.Buffer
	segmentation.ChangesText(&out, segmentation.Compare(old, young))
	require.Contains(t, out.String(), "opens stranger (in no segment) -> db: everything")
}
