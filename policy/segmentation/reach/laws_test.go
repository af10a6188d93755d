// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// matrix is every pair's result, the internet among the ends, under the names that rename gives.
func matrix(net *model.Network) map[string]reach.Result {
	e := reach.New(net)
	out := map[string]reach.Result{}
	ends := append([]model.Interface{{ID: "internet"}}, net.Interfaces...)
	at := func(id string) *reach.End {
		if id == "internet" {
			return e.InternetEnd()
		}
		return e.Interface(id)
	}
	for _, a := range ends {
		for _, b := range ends {
			if a.ID != b.ID {
				out[a.ID+" -> "+b.ID] = e.Between(at(a.ID), at(b.ID))
			}
		}
	}
	return out
}

func copied(t *testing.T, net *model.Network, rename func(string) string) *model.Network {
	t.Helper()
	text, err := json.Marshal(net)
	if err != nil {
		t.Fatal(err)
	}
	var out model.Network
	if err := json.Unmarshal([]byte(rename(string(text))), &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

func same(a, b reach.Result) bool {
	return a.Must.Equal(b.Must) && a.May.Equal(b.May) && a.Open.Equal(b.Open) && a.OneWay.Equal(b.OneWay)
}

func halves(p netip.Prefix) []netip.Prefix {
	lo, hi := flow.Ends(p)
	return []netip.Prefix{netip.PrefixFrom(lo, p.Bits()+1), netip.PrefixFrom(hi, p.Bits()+1).Masked()}
}

// split writes every CIDR of the rules as its two halves.
func split(net *model.Network) {
	for i := range net.Groups {
		var rules []model.Rule
		for _, r := range net.Groups[i].Ingress {
			if !r.CIDR.IsValid() || r.CIDR.IsSingleIP() {
				rules = append(rules, r)
				continue
			}
			for _, half := range halves(r.CIDR) {
				r.CIDR = half
				rules = append(rules, r)
			}
		}
		net.Groups[i].Ingress = rules
	}
}

func renumber(net *model.Network) {
	for i := range net.ACLs {
		for j := range net.ACLs[i].Ingress {
			net.ACLs[i].Ingress[j].Number += 5
		}
	}
}

func renamed(s string) string {
	for _, kind := range []string{"vpc", "subnet", "sg", "acl", "rt", "igw", "nat"} {
		for n := range 8 {
			s = strings.ReplaceAll(s, fmt.Sprintf(`"%s%d"`, kind, n), fmt.Sprintf(`"%s-other-%d"`, kind, 100-n))
		}
	}
	return s
}

func identity(s string) string { return s }

func TestSplittingRenumberingAndRenamingChangeNothing(t *testing.T) {
	for seed := range uint64(25) {
		net := scenes.Random(scenes.NewSource(seed))
		before := matrix(net)
		halved, numbered := copied(t, net, identity), copied(t, net, identity)
		split(halved)
		renumber(numbered)
		for name, other := range map[string]*model.Network{"splitting": halved, "renumbering": numbered, "renaming": copied(t, net, renamed)} {
			for pair, r := range matrix(other) {
				if !same(before[pair], r) {
					t.Fatalf("seed %d: %s changes %s: %+v is now %+v", seed, name, pair, before[pair], r)
				}
			}
		}
	}
}

func TestAnAllowMoreNeverTakesReachAway(t *testing.T) {
	for seed := range uint64(25) {
		src := scenes.NewSource(seed)
		net := scenes.Random(src)
		before := matrix(net)
		more := copied(t, net, identity)
		g := &more.Groups[src.IntN(len(more.Groups))]
		g.Ingress = append(g.Ingress, scenes.TCP(443, "0.0.0.0/0"))
		g.Egress = append(g.Egress, model.Rule{Protocol: model.Any, CIDR: scenes.Prefix("0.0.0.0/0")})
		renumber(more)
		a := &more.ACLs[src.IntN(len(more.ACLs))]
		a.Ingress = append(a.Ingress, scenes.Allow(1, 6, 0, 65535, "10.0.0.0/8"))
		for pair, r := range matrix(more) {
			if !before[pair].Must.Minus(r.Must).Empty() || !before[pair].May.Minus(r.May).Empty() {
				t.Fatalf("seed %d: an allow takes reach from %s", seed, pair)
			}
		}
	}
}

func TestWitnessAndBlockedPathNameWhatDecides(t *testing.T) {
	s := scenes.Open()
	only(s, "sg-app", model.Rule{ID: "sgr-1", Description: "HTTPS from the edge", Protocol: 6, From: 443, To: 443, Group: "sg-web"})
	s.ACL("acl-private").Ingress = []model.Entry{scenes.Deny(90, 6, 22, 22, "0.0.0.0/0"), scenes.Allow(100, -1, 0, 0, "10.0.0.0/24")}
	s.Subnet("public").Table = "rt-main"
	e := reach.New(s.Network)
	q, _ := flow.Parse("tcp/443")
	w := e.Witness(e.Interface("web"), e.Interface("app"), q)
	if w == nil || w.Packet.String() != "tcp 10.0.0.10:49152 -> 10.0.1.10:443" || w.Way != "inside the VPC" || len(w.Stops()) > 0 {
		t.Fatalf("the witness is %+v", w)
	}
	text, _ := json.Marshal(w.Hops)
	for _, want := range []string{`sgr-1 of sg-app allows tcp 443 from sg-web \"HTTPS from the edge\"`, "entry 100 of acl-private allows everything for 10.0.0.0/24", "10.0.0.0/16 -\\u003e local", "entry 100 of acl-private"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	q, _ = flow.Parse("tcp/22")
	if w := e.Witness(e.Interface("web"), e.Interface("app"), q); w != nil {
		t.Errorf("a witness for what cannot pass: %+v", w)
	}
	var codes []string
	for _, h := range e.Blocked(e.InternetEnd(), e.Interface("app"), q).Stops() {
		codes = append(codes, string(h.Code))
	}
	if got := strings.Join(codes, " "); got != "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS SUBNET_ACL_RESTRICTION ENI_SG_RULES_MISMATCH NO_ROUTE_FOR_REPLY" {
		t.Errorf("the blocked path stops at %s: every setting must be named", got)
	}
}
