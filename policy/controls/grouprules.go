// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// rule is one security group rule in any of its three spellings, with what most controls ask about it.
type rule struct {
	at       pack.Value
	protocol pack.Value
	from, to pack.Value
	note     pack.Value
	sources  [2]pack.Value
	// world is the fact that the ranges, taken together, are a large part of the internet.
	world pack.Fact
	// every is the fact that the rule is for every protocol, transport that it is for TCP or UDP.
	every, transport pack.Fact
	first, last      port
	ingress          bool
}

// rules returns the rules that a resource carries, in or out of the group. They are read once for all controls.
func rules(k *pack.Case, r *pack.Resource) []rule {
	return pack.Memo(k, r.Inputs(), func() []rule { return slices.Clip(readRules(r)) })
}

func readRules(r *pack.Resource) []rule {
	switch v := r.Inputs(); r.Type {
	case sgIngress, sgEgress:
		return []rule{read(v, "ipProtocol", r.Type == sgIngress, v.Get("cidrIpv4"), v.Get("cidrIpv6"))}
	case sgRule:
		return []rule{read(v, "protocol", v.Get("type").Str() != "egress", v.Get("cidrBlocks"), v.Get("ipv6CidrBlocks"))}
	}
	if isNative(r.Type) {
		return nativeRules(r)
	}
	var out []rule
	for _, side := range []string{"ingress", "egress"} {
		for v := range r.Get(side).Items() {
			out = append(out, read(v, "protocol", side == "ingress", v.Get("cidrBlocks"), v.Get("ipv6CidrBlocks")))
		}
	}
	return out
}

// read reads one rule whose properties have the names that all spellings share, but for the protocol.
func read(v pack.Value, protocol string, ingress bool, v4, v6 pack.Value) rule {
	r := rule{
		at: v, protocol: v.Get(protocol), from: v.Get("fromPort"), to: v.Get("toPort"), note: v.Get("description"),
		sources: [2]pack.Value{v4, v6}, ingress: ingress,
	}
	r.first, r.last = portOf(r.from), portOf(r.to)
	r.every = everyProtocol(r.protocol)
	r.transport = oneWord(r.protocol, "tcp", "udp", "6", "17")
	if r.transport.Is == pack.True { // AWS refuses -1 for these, or takes it for every port
		r.first.number = max(0, r.first.number)
		if r.last.set && r.last.number < 0 {
			r.last.number = maxPort
		}
	}
	r.world = world(v, r.sources)
	return r
}

// oneWord is the fact that a word, such as a protocol or an action, is one of the given ones. The provider takes capital
// letters for small ones there.
func oneWord(v pack.Value, words ...string) pack.Fact {
	return v.Matches(func(s string) bool { return slices.Contains(words, strings.ToLower(s)) })
}

// everyProtocol is the fact that a protocol stands for all of them.
func everyProtocol(protocol pack.Value) pack.Fact { return oneWord(protocol, "-1", "all") }

// world is the fact that ranges, taken together, are a large part of the internet.
func world(at pack.Value, sources [2]pack.Value) pack.Fact {
	var set address.Set
	waits := pack.No(at)
	for _, source := range sources {
		waiting := false
		for item := range source.Items() {
			if text, ok := item.Text(); ok {
				_ = set.Add(text) // what is no range is the business of sg-cidr-valid and nacl-ranges-valid
			} else if item.IsUnknown() && !waiting {
				waits, waiting = pack.Wait(item), true
			}
		}
	}
	switch {
	case set.Wide():
		return pack.Yes(sources[max(0, slices.IndexFunc(sources[:], pack.Value.Exists))])
	case at.IsUnknown():
		return pack.Wait(at)
	}
	return waits
}

// port is the number at one end of a range of ports.
type port struct {
	number int
	set    bool
}

func portOf(v pack.Value) port {
	switch v.Kind() {
	case pack.Number:
		n, _ := v.Number()
		return port{number: int(n), set: true}
	case pack.Text, pack.Bool:
		return port{number: number(v.Str()), set: true}
	}
	return port{}
}

// fact is the fact that the end of a range is set and that what is said of its number holds.
func (p port) fact(at pack.Value, holds bool) pack.Fact {
	switch {
	case at.IsUnknown():
		return pack.Wait(at)
	case p.set && holds:
		return pack.Yes(at)
	}
	return pack.No(at)
}

// low and high are the facts about the two ends of the range.
func (r *rule) low(holds bool) pack.Fact  { return r.first.fact(r.from, holds) }
func (r *rule) high(holds bool) pack.Fact { return r.last.fact(r.to, holds) }

func number(s string) int {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return int(n)
}

// covers is the fact that the rule lets at least one of the TCP or UDP ports through.
func (r *rule) covers(ports ...int) pack.Fact {
	answer := pack.No(r.at)
	decided := r.every.Is == pack.False && !r.from.IsUnknown() && !r.to.IsUnknown()
	for _, p := range ports {
		if decided && (p < r.first.number || p > r.last.number) {
			continue
		}
		answer = answer.Or(r.every.Or(r.transport.And(r.low(r.first.number <= p)).And(r.high(r.last.number >= p))))
	}
	return answer
}

// wholeRange is the fact that the rule is for every port.
func (r *rule) wholeRange() pack.Fact {
	return r.low(r.first.number >= 0 && r.first.number <= 1).And(r.high(r.last.number >= maxPort))
}

// answers is the fact that the rule is for the answers to connections from inside: network ACLs keep no state, so the
// whole ephemeral range must be open for them.
func (r *rule) answers() pack.Fact {
	return r.low(startsAnswers(r.first.number)).And(r.high(r.last.number == lastUnprivileged))
}

// startsAnswers reports whether a range for answers starts at the port: 1024 for everything, 32768 for Linux, 49152
// for Windows (Amazon VPC user guide, "Ephemeral ports").
func startsAnswers(port int) bool {
	return slices.Contains([]int{firstEphemeral, 32768, 49152}, port)
}

// wide is the fact that the rule holds more ports than that.
func (r *rule) wide(most float64) pack.Fact {
	return r.transport.And(r.low(true)).And(r.high(float64(r.last.number-r.first.number) >= most))
}

// beyond is the fact that the rule opens a TCP or UDP port that is not in the list, or another protocol, for which ports
// mean nothing (Amazon EC2 API reference, IpPermission). ICMP is accepted.
func (r *rule) beyond(allowed []string) pack.Fact {
	icmp := oneWord(r.protocol, "icmp", "icmpv6", "1", "58")
	one := r.from.OneOf(allowed...).And(r.to.OneOf(allowed...))
	if one.Is == pack.True && r.from.Str() != r.to.Str() {
		one = pack.No(r.to)
	}
	return icmp.Not().And(r.every.Or(r.transport.Not()).Or(one.Not()))
}

// open says what the rule lets through, and whom.
func (r *rule) open() string {
	return fmt.Sprintf("%s lets the internet (%s) reach %s", place(r.at), strings.Join(r.ranges(), ", "), r.span())
}

// protocols are the names of the numbers that have a name in rules.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// protocolName is the protocol in the spelling that AWS shows.
func (r *rule) protocolName() string {
	protocol := strings.ToLower(r.protocol.Str())
	if name, ok := protocols[protocol]; ok {
		return name
	}
	return protocol
}

// lets reports whether the rule lets the port of the protocol through, as far as is known. A protocol without ports has
// only port 0 here.
func (r *rule) lets(protocol string, port int) bool {
	switch {
	case r.every.Is == pack.True:
		return true
	case r.protocolName() != protocol:
		return false
	}
	return r.transport.Is != pack.True || r.first.number <= port && port <= r.last.number
}

// span describes the ports of the rule.
func (r *rule) span() string {
	if r.every.Is == pack.True {
		return "every port and protocol"
	}
	protocol := r.protocolName()
	if r.from.Str() == r.to.Str() {
		return fmt.Sprintf("%s port %s", protocol, r.from.Str())
	}
	return fmt.Sprintf("%s ports %s to %s", protocol, r.from.Str(), r.to.Str())
}

// ranges are the known ranges that the rule names itself.
func (r *rule) ranges() []string {
	var all []string
	for _, s := range r.sources {
		known, _ := s.Strings()
		all = append(all, known...)
	}
	return all
}

func place(v pack.Value) string {
	if p := v.Path(); p != "" {
		return p
	}
	return "the rule"
}

// portsUnknown reports whether it is not known yet what the rule opens.
func (r *rule) portsUnknown() bool {
	return r.protocol.IsUnknown() || r.from.IsUnknown() || r.to.IsUnknown()
}

func (r *rule) hasUnknown() bool {
	return r.at.IsUnknown() || r.portsUnknown() || slices.ContainsFunc(r.sources[:], func(v pack.Value) bool { return v.IsUnknown() || hasUnknownItem(v) })
}
