// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// rule is one security group rule in any of its three spellings.
type rule struct {
	at       pack.Value
	protocol pack.Value
	from, to pack.Value
	sources  []pack.Value
	note     pack.Value
	ingress  bool
}

// rules returns the rules that a resource carries, in or out of the group.
func rules(r *pack.Resource) []rule {
	switch r.Type {
	case sgIngress, sgEgress:
		return []rule{{
			at: r.Inputs(), protocol: r.Get("ipProtocol"), from: r.Get("fromPort"), to: r.Get("toPort"), ingress: r.Type == sgIngress,
			sources: []pack.Value{r.Get("cidrIpv4"), r.Get("cidrIpv6")}, note: r.Get("description"),
		}}
	case sgRule:
		return []rule{{
			at: r.Inputs(), protocol: r.Get("protocol"), from: r.Get("fromPort"), to: r.Get("toPort"), ingress: r.Get("type").Str() != "egress",
			sources: []pack.Value{r.Get("cidrBlocks"), r.Get("ipv6CidrBlocks")}, note: r.Get("description"),
		}}
	}
	var out []rule
	for _, side := range []string{"ingress", "egress"} {
		for v := range r.Get(side).Items() {
			out = append(out, rule{
				at: v, protocol: v.Get("protocol"), from: v.Get("fromPort"), to: v.Get("toPort"), ingress: side == "ingress",
				sources: []pack.Value{v.Get("cidrBlocks"), v.Get("ipv6CidrBlocks")}, note: v.Get("description"),
			})
		}
	}
	return out
}

// world is the fact that the rule's ranges, taken together, are a large part of the internet.
func (r rule) world() pack.Fact {
	var known []string
	waits := pack.No(r.at)
	for _, source := range r.sources {
		some, unknown := source.Strings()
		known = append(known, some...)
		if unknown.IsUnknown() {
			waits = pack.Wait(unknown)
		}
	}
	if wide, _ := address.Wide(known...); wide {
		for _, source := range r.sources {
			if source.Exists() {
				return pack.Yes(source)
			}
		}
		return pack.Yes(r.at)
	}
	if r.at.IsUnknown() {
		return pack.Wait(r.at)
	}
	return waits
}

// every is the fact that the rule is for every protocol.
func (r rule) every() pack.Fact { return r.protocol.OneOf(everyProtocol, "all") }

// covers is the fact that the rule lets a TCP or UDP port through.
func (r rule) covers(port int) pack.Fact {
	low := r.from.Matches(func(s string) bool { return number(s) <= port })
	high := r.to.Matches(func(s string) bool { return number(s) >= port })
	transport := r.protocol.OneOf("tcp", "udp", "6", "17", "TCP", "UDP")
	return r.every().Or(transport.And(low).And(high))
}

func number(s string) int {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return int(n)
}

// span describes the ports of the rule.
func (r rule) span() string {
	if r.every().Is == pack.True {
		return "every port and protocol"
	}
	if r.from.Str() == r.to.Str() {
		return fmt.Sprintf("%s port %s", r.protocol.Str(), r.from.Str())
	}
	return fmt.Sprintf("%s ports %s to %s", r.protocol.Str(), r.from.Str(), r.to.Str())
}

// where lists the known ranges.
func (r rule) where() string {
	var all []string
	for _, s := range r.sources {
		known, _ := s.Strings()
		all = append(all, known...)
	}
	return strings.Join(all, ", ")
}

func (r rule) wholeRange() pack.Fact {
	low := r.from.Matches(func(s string) bool { n := number(s); return n >= 0 && n <= 1 })
	high := r.to.Matches(func(s string) bool { return number(s) >= maxPort })
	return low.And(high)
}

// beyond is the fact that the rule opens a TCP or UDP port that is not in the list. ICMP is not about ports.
func (r rule) beyond(allowed []string) pack.Fact {
	icmp := r.protocol.OneOf("icmp", "icmpv6", "1", "58")
	one := r.from.OneOf(allowed...).And(r.to.OneOf(allowed...))
	if one.Is == pack.True && r.from.Str() != r.to.Str() {
		one = pack.No(r.to)
	}
	return icmp.Not().And(r.every().Or(one.Not()))
}

func hasUnknown(r rule) bool {
	for _, v := range append([]pack.Value{r.at, r.protocol, r.from, r.to}, r.sources...) {
		if v.IsUnknown() {
			return true
		}
		if _, unknown := v.Strings(); unknown.IsUnknown() {
			return true
		}
	}
	return false
}

func place(v pack.Value) string {
	if p := v.Path(); p != "" {
		return p
	}
	return "the rule"
}
