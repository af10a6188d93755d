// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
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
	for seed := range uint64(150) {
		before, after := scenes.Random(scenes.NewSource(seed)), scenes.Random(scenes.NewSource(seed))
		alter(after, rand.New(rand.NewPCG(seed, 1))) //nolint:gosec // a test
		old, err := segmentation.Open(before, nil)
		require.NoError(t, err)
		young, err := segmentation.Open(after, nil)
		require.NoError(t, err)
		changes := segmentation.Compare(old, young)
		for _, f := range before.Interfaces {
			name := f.Name
			if name == "" {
				name = f.ID
			}
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
	require.Greater(t, differing, 300, "the networks differ too seldom for a test")
}

func describe(s flow.Set) string {
	if s.Empty() {
		return ""
	}
	return flow.Describe(s)
}

// said is what the rows of a comparison say of an address. A row without addresses is about all of a family of which something
// passes.
func said(t *testing.T, changes []segmentation.Change, from, to string, at netip.Addr, never bool) (opens, closes string) {
	t.Helper()
	for _, c := range changes {
		if c.From != from || c.To != to || len(c.Addresses) == 0 && never || len(c.Addresses) > 0 && !slices.ContainsFunc(c.Addresses, func(text string) bool { return spans(t, text, at) }) {
			continue
		}
		require.False(t, opens != "" && c.Opens != "", "two rows say that it opens")
		opens, closes = opens+c.Opens, closes+c.Closes
	}
	return opens, closes
}

// spans reports whether a prefix, or a first and last address, has an address.
func spans(t *testing.T, text string, at netip.Addr) bool {
	t.Helper()
	if lo, hi, two := strings.Cut(text, "-"); two {
		return scenes.IP(lo).Compare(at) <= 0 && at.Compare(scenes.IP(hi)) <= 0
	}
	return scenes.Prefix(text).Contains(at)
}
