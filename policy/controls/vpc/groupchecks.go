// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// closed is the check that ports are not open to the internet.
func closed(ports ...int) func(*pack.Case) {
	return func(k *pack.Case) {
		closedToWorld(k, func(r *filter.Rule) pack.Fact { return r.Covers(ports...) })
	}
}

func allPortsWorld(k *pack.Case) {
	closedToWorld(k, func(r *filter.Rule) pack.Fact { return r.Every.Or(r.WholeRange()) })
}

func otherPortsWorld(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	closedToWorld(k, func(r *filter.Rule) pack.Fact { return r.Beyond(allowed) })
}

// closedToWorld refuses every rule that lets the internet in to what the fact is about.
func closedToWorld(k *pack.Case, opens func(*filter.Rule) pack.Fact) {
	list := filter.Rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		lets := direction(k.Resource, r, true).And(r.World)
		if lets.Is == pack.False {
			continue
		}
		if lets = lets.And(opens(r)); lets.Is != pack.False {
			k.Forbid(lets, "%s", r.Open())
		}
	}
	unknownSides(k, "ingress")
}

// unknownSides defers when the inline rules as a whole are not known.
func unknownSides(k *pack.Case, side string) {
	paths := []string{side}
	switch k.Type {
	case aws.SecurityGroup, aws.DefaultSecurityGroup:
	case aws.NativeSecurityGroup:
		paths = want.Keys(filter.NativeSides)
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
	list := filter.Rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		lets := direction(k.Resource, r, false).And(r.World)
		if lets.Is == pack.False {
			continue
		}
		if lets = lets.And(r.Every.Or(r.WholeRange())); lets.Is != pack.False {
			k.Forbid(lets, "%s lets everything out to %s", filter.Place(r.At), strings.Join(r.Ranges(), ", "))
		}
	}
	unknownSides(k, "egress")
}

// narrowRange wants rules not to open more ports than the setting says.
func narrowRange(k *pack.Case) {
	list := filter.Rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		if !r.Ingress && k.Type != aws.SecurityGroupRule {
			continue
		}
		if wide := r.Wide(k.Num("maxPorts")); wide.Is != pack.False && !r.Dynamic() {
			k.Forbid(wide, "%s opens %s", filter.Place(r.At), r.Span())
		}
	}
	unknownSides(k, "ingress")
}

// unionWorld adds up the ranges of all rules of a group that let the same port in. Where that sum can change, a rule begins.
func unionWorld(k *pack.Case) {
	all := filter.Rules(k, k.Resource)
	sure, maybe := k.Stack.Pointing(k.Resource, "securityGroupId", aws.SecurityGroupRule, aws.SecurityGroupIngressRule)
	for _, companion := range sure {
		all = append(all, filter.Rules(k, companion)...)
	}
	var narrow []*filter.Rule
	for i := range all {
		if r := &all[i]; r.Ingress && !r.PortsUnknown() && r.World.Is != pack.True && r.Beyond(k.Words("allowedPorts")).Is == pack.True {
			narrow = append(narrow, r)
		}
	}
	for _, begins := range narrow {
		port := 0
		if begins.Transport.Is == pack.True {
			port = begins.First.Number
		}
		if parts, wide := sumOf(narrow, begins.ProtocolName(), port); wide {
			k.Report(k.Get("ingress"), "%d ranges together let the internet reach %s", parts, begins.Span())
		}
	}
	if len(maybe) > 0 || slices.ContainsFunc(all, func(r filter.Rule) bool { return r.HasUnknown() }) {
		k.Defer(k.Get("ingress"))
	}
}

// sumOf adds up the ranges of the rules that let the port in, and reports whether they are a large part of the internet.
func sumOf(list []*filter.Rule, protocol string, port int) (parts int, wide bool) {
	var set address.Set
	for _, r := range list {
		if !r.Lets(protocol, port) {
			continue
		}
		for _, cidr := range r.Ranges() {
			if set.Add(cidr) == nil {
				parts++
			}
		}
	}
	return parts, set.Wide()
}

func described(k *pack.Case) {
	if k.Type == aws.SecurityGroup {
		about := k.Get("description")
		k.Require(about.Matches(saysSomething), "description is %s; a reason in words is wanted", about)
	}
	list := filter.Rules(k, k.Resource)
	var silent []string
	for i := range list {
		switch said := list[i].Note.Matches(saysSomething); said.Is {
		case pack.False:
			silent = append(silent, filter.Place(list[i].At))
		case pack.Deferred:
			k.Defer(said.At)
		}
	}
	if len(silent) > 0 {
		k.Report(k.Inputs(), "no description of its own: %s", want.Few(silent))
	}
}

// saysSomething reports whether a description is more than a word or a default.
func saysSomething(s string) bool {
	return len(strings.TrimSpace(s)) >= describeLength && s != "Managed by Pulumi" && s != "Managed by Terraform"
}

func validRanges(k *pack.Case) {
	list := filter.Rules(k, k.Resource)
	for i := range list {
		for _, source := range list[i].Sources {
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
