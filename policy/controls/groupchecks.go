// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// closed is the check that ports are not open to the internet.
func closed(ports ...int) func(*pack.Case) {
	return func(k *pack.Case) {
		closedToWorld(k, func(r *rule) pack.Fact { return r.covers(ports...) })
	}
}

func allPortsWorld(k *pack.Case) {
	closedToWorld(k, func(r *rule) pack.Fact { return r.every.Or(r.wholeRange()) })
}

func otherPortsWorld(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	closedToWorld(k, func(r *rule) pack.Fact { return r.beyond(allowed) })
}

// closedToWorld refuses every rule that lets the internet in to what the fact is about.
func closedToWorld(k *pack.Case, opens func(*rule) pack.Fact) {
	list := rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		lets := direction(k.Resource, r, true).And(r.world)
		if lets.Is == pack.False {
			continue
		}
		if lets = lets.And(opens(r)); lets.Is != pack.False {
			k.Forbid(lets, "%s", r.open())
		}
	}
	unknownSides(k, "ingress")
}

// unknownSides defers when the inline rules as a whole are not known.
func unknownSides(k *pack.Case, side string) {
	paths := []string{side}
	switch k.Type {
	case sgType, sgDefault:
	case nativeGroup:
		paths = sorted(nativeSides)
	default:
		return
	}
	for _, path := range paths {
		if v := k.Get(path); v.IsUnknown() {
			k.Defer(v)
		}
	}
}

func egressWorld(k *pack.Case) {
	list := rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		lets := direction(k.Resource, r, false).And(r.world)
		if lets.Is == pack.False {
			continue
		}
		if lets = lets.And(r.every.Or(r.wholeRange())); lets.Is != pack.False {
			k.Forbid(lets, "%s lets everything out to %s", place(r.at), strings.Join(r.ranges(), ", "))
		}
	}
	unknownSides(k, "egress")
}

// narrowRange wants rules not to open more ports than the setting says.
func narrowRange(k *pack.Case) {
	list := rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		if !r.ingress && k.Type != sgRule {
			continue
		}
		if wide := r.wide(k.Num("maxPorts")); wide.Is != pack.False && !r.dynamic() {
			k.Forbid(wide, "%s opens %s", place(r.at), r.span())
		}
	}
	unknownSides(k, "ingress")
}

// firstDynamic is where the ports begin that systems hand out by themselves (Linux 32768, Windows 49152).
const firstDynamic = 32768

// dynamic reports whether the rule lets groups reach ports that are handed out at run time, such as those of
// containers behind a load balancer (Amazon ECS developer guide, dynamic host port mapping) or of RPC.
func (r *rule) dynamic() bool {
	return r.first.number >= firstDynamic && !r.sources[0].Exists() && !r.sources[1].Exists()
}

// unionWorld adds up the ranges of all rules of a group that let the same port in. Where that sum can change, a rule begins.
func unionWorld(k *pack.Case) {
	all := rules(k, k.Resource)
	sure, maybe := k.Stack.Pointing(k.Resource, "securityGroupId", sgRule, sgIngress)
	for _, companion := range sure {
		all = append(all, rules(k, companion)...)
	}
	var narrow []*rule
	for i := range all {
		if r := &all[i]; r.ingress && !r.portsUnknown() && r.world.Is != pack.True && r.beyond(k.Words("allowedPorts")).Is == pack.True {
			narrow = append(narrow, r)
		}
	}
	for _, begins := range narrow {
		port := 0
		if begins.transport.Is == pack.True {
			port = begins.first.number
		}
		if parts, wide := sumOf(narrow, begins.protocolName(), port); wide {
			k.Report(k.Get("ingress"), "%d ranges together let the internet reach %s", parts, begins.span())
		}
	}
	if len(maybe) > 0 || slices.ContainsFunc(all, func(r rule) bool { return r.hasUnknown() }) {
		k.Defer(k.Get("ingress"))
	}
}

// sumOf adds up the ranges of the rules that let the port in, and reports whether they are a large part of the internet.
func sumOf(list []*rule, protocol string, port int) (parts int, wide bool) {
	var set address.Set
	for _, r := range list {
		if !r.lets(protocol, port) {
			continue
		}
		for _, cidr := range r.ranges() {
			if set.Add(cidr) == nil {
				parts++
			}
		}
	}
	return parts, set.Wide()
}

func described(k *pack.Case) {
	if k.Type == sgType {
		k.Require(k.Get("description").Matches(saysSomething))
	}
	list := rules(k, k.Resource)
	for i := range list {
		if said := list[i].note.Matches(saysSomething); said.Is != pack.True {
			k.Require(said, "%s has no description of its own", place(list[i].at))
		}
	}
}

// saysSomething reports whether a description is more than a word or a default.
func saysSomething(s string) bool {
	return len(strings.TrimSpace(s)) >= describeLength && s != "Managed by Pulumi" && s != "Managed by Terraform"
}

func validRanges(k *pack.Case) {
	list := rules(k, k.Resource)
	for i := range list {
		for _, source := range list[i].sources {
			for v := range source.Items() {
				if valid := v.Matches(isRange); valid.Is != pack.True {
					k.Require(valid, "%s is %s, which is not a CIDR range", v.Path(), v)
				}
			}
		}
	}
}

// isRange reports whether text is a CIDR range.
func isRange(s string) bool {
	return strings.Contains(s, "/") && new(address.Set).Add(s) == nil
}
