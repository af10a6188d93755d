// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// closed is the check that a port is not open to the internet.
func closed(ports ...int) func(*pack.Case) {
	return func(k *pack.Case) { closedPorts(k, ports) }
}

func closedPorts(k *pack.Case, ports []int) {
	for _, r := range rules(k.Resource) {
		if !r.ingress && k.Type != sgRule || k.Type == sgRule && k.Get("type").Str() == "egress" {
			continue
		}
		incoming := pack.Yes(r.at)
		if k.Type == sgRule {
			incoming = k.Get("type").OneOf("ingress")
		}
		world := r.world()
		if world.Is == pack.False {
			continue
		}
		hit := pack.No(r.at)
		for _, p := range ports {
			hit = hit.Or(r.covers(p))
		}
		if all := incoming.And(world).And(hit); all.Is != pack.False {
			k.Forbid(all, "%s lets the internet (%s) reach %s", place(r.at), r.where(), r.span())
		}
	}
	unknownSides(k, "ingress")
}

// unknownSides defers when the inline rules as a whole are not known.
func unknownSides(k *pack.Case, side string) {
	if v := k.Get(side); (k.Type == sgType || k.Type == sgDefault) && v.IsUnknown() {
		k.Defer(v)
	}
}

func allPortsWorld(k *pack.Case) {
	for _, r := range rules(k.Resource) {
		incoming := pack.Yes(r.at)
		if k.Type == sgRule {
			incoming = k.Get("type").OneOf("ingress")
		} else if !r.ingress {
			continue
		}
		k.Forbid(incoming.And(r.world()).And(r.every().Or(r.wholeRange())), "%s lets the internet (%s) reach %s", place(r.at), r.where(), r.span())
	}
	unknownSides(k, "ingress")
}

func otherPortsWorld(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	for _, r := range rules(k.Resource) {
		incoming := pack.Yes(r.at)
		if k.Type == sgRule {
			incoming = k.Get("type").OneOf("ingress")
		} else if !r.ingress {
			continue
		}
		k.Forbid(incoming.And(r.world()).And(r.beyond(allowed)), "%s lets the internet (%s) reach %s", place(r.at), r.where(), r.span())
	}
	unknownSides(k, "ingress")
}

// opening is what the rules of one group let through to the same ports.
type opening struct {
	set   address.Set
	parts int
}

// unionWorld adds up the ranges of all rules of a group for the same ports.
func unionWorld(k *pack.Case) {
	all := rules(k.Resource)
	sure, maybe := k.Stack.Pointing(k.Resource, "securityGroupId", sgRule, sgIngress)
	for _, companion := range sure {
		all = append(all, rules(companion)...)
	}
	open := map[string]*opening{}
	for _, r := range all {
		if r.ingress && r.world().Is != pack.True && r.beyond(k.Words("allowedPorts")).Is == pack.True {
			add(open, r)
		}
	}
	for _, ports := range slices.Sorted(maps.Keys(open)) {
		if o := open[ports]; o.set.Wide() {
			k.Report(k.Get("ingress"), "%d ranges together let the internet reach %s", o.parts, ports)
		}
	}
	if len(maybe) > 0 || slices.ContainsFunc(all, hasUnknown) {
		k.Defer(k.Get("ingress"))
	}
}

func add(open map[string]*opening, r rule) {
	o := open[r.span()]
	if o == nil {
		o = &opening{}
		open[r.span()] = o
	}
	for _, source := range r.sources {
		known, _ := source.Strings()
		for _, cidr := range known {
			if o.set.Add(cidr) == nil {
				o.parts++
			}
		}
	}
}

func described(k *pack.Case) {
	ok := func(v pack.Value) pack.Fact {
		return v.Matches(func(s string) bool {
			return len(strings.TrimSpace(s)) >= describeLength && s != "Managed by Pulumi" && s != "Managed by Terraform"
		})
	}
	if k.Type == sgType {
		k.Require(ok(k.Get("description")))
	}
	for _, r := range rules(k.Resource) {
		k.Require(ok(r.note), "%s has no description of its own", place(r.at))
	}
}

func validRanges(k *pack.Case) {
	for _, r := range rules(k.Resource) {
		for _, source := range r.sources {
			for v := range source.Items() {
				k.Require(v.Matches(func(s string) bool { return strings.Contains(s, "/") && new(address.Set).Add(s) == nil }),
					"%s is %s, which is not a CIDR range", v.Path(), v)
			}
		}
	}
}
