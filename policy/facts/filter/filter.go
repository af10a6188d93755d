// SPDX-License-Identifier: Apache-2.0

// Package filter reads what security groups and network ACLs let pass: rules in each of their spellings, inline and as resources
// of their own, of both providers.
package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Rule is one security group rule in any of its three spellings, with what most controls ask about it.
type Rule struct {
	At       pack.Value
	Protocol pack.Value
	From, To pack.Value
	Note     pack.Value
	Sources  [2]pack.Value
	// World is the fact that the ranges, taken together, are a large part of the internet.
	World pack.Fact
	// Every is the fact that the rule is for every protocol, Transport that it is for TCP or UDP.
	Every, Transport pack.Fact
	First, last      port
	Ingress          bool
}

// Rules returns the rules that a resource carries, in or out of the group. They are read once for all controls.
func Rules(k *pack.Case, r *pack.Resource) []Rule {
	return pack.Memo(k, r.Inputs(), func() []Rule { return slices.Clip(readRules(r)) })
}

func readRules(r *pack.Resource) []Rule {
	switch v := r.Inputs(); r.Type {
	case aws.SecurityGroupIngressRule, aws.SecurityGroupEgressRule:
		return []Rule{Read(v, "ipProtocol", r.Type == aws.SecurityGroupIngressRule, v.Get("cidrIpv4"), v.Get("cidrIpv6"))}
	case aws.SecurityGroupRule:
		return []Rule{Read(v, "protocol", v.Get("type").Str() != "egress", v.Get("cidrBlocks"), v.Get("ipv6CidrBlocks"))}
	}
	if isNative(r.Type) {
		return nativeRules(r)
	}
	var out []Rule
	for _, side := range []string{"ingress", "egress"} {
		for v := range r.Get(side).Items() {
			out = append(out, Read(v, "protocol", side == "ingress", v.Get("cidrBlocks"), v.Get("ipv6CidrBlocks")))
		}
	}
	return out
}

// Read reads one rule whose properties have the names that all spellings share, but for the protocol.
func Read(v pack.Value, protocol string, ingress bool, v4, v6 pack.Value) Rule {
	r := Rule{
		At: v, Protocol: v.Get(protocol), From: v.Get("fromPort"), To: v.Get("toPort"), Note: v.Get("description"),
		Sources: [2]pack.Value{v4, v6}, Ingress: ingress,
	}
	r.First, r.last = portOf(r.From), portOf(r.To)
	r.Every = EveryProtocol(r.Protocol)
	r.Transport = OneWord(r.Protocol, "tcp", "udp", "6", "17")
	if r.Transport.Is == pack.True { // AWS refuses -1 for these, or takes it for every port
		r.First.Number = max(0, r.First.Number)
		if r.last.set && r.last.Number < 0 {
			r.last.Number = MaxPort
		}
	}
	r.World = World(v, r.Sources)
	return r
}

// OneWord is the fact that a word, such as a protocol or an action, is one of the given ones. The provider takes capital
// letters for small ones there.
func OneWord(v pack.Value, words ...string) pack.Fact {
	return v.Matches(func(s string) bool { return slices.Contains(words, strings.ToLower(s)) })
}

// EveryProtocol is the fact that a protocol stands for all of them.
func EveryProtocol(protocol pack.Value) pack.Fact { return OneWord(protocol, "-1", "all") }

// World is the fact that ranges, taken together, are a large part of the internet.
func World(at pack.Value, sources [2]pack.Value) pack.Fact {
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
	Number int
	set    bool
}

func portOf(v pack.Value) port {
	switch v.Kind() {
	case pack.Number:
		n, _ := v.Number()
		return port{Number: int(n), set: true}
	case pack.Text, pack.Bool:
		return port{Number: want.Int(v.Str()), set: true}
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

// Low and high are the facts about the two ends of the range.
func (r *Rule) Low(holds bool) pack.Fact  { return r.First.fact(r.From, holds) }
func (r *Rule) high(holds bool) pack.Fact { return r.last.fact(r.To, holds) }

// Covers is the fact that the rule lets at least one of the TCP or UDP ports through.
func (r *Rule) Covers(ports ...int) pack.Fact {
	answer := pack.No(r.At)
	decided := r.Every.Is == pack.False && !r.From.IsUnknown() && !r.To.IsUnknown()
	for _, p := range ports {
		if decided && (p < r.First.Number || p > r.last.Number) {
			continue
		}
		answer = answer.Or(r.Every.Or(r.Transport.And(r.Low(r.First.Number <= p)).And(r.high(r.last.Number >= p))))
	}
	return answer
}

// WholeRange is the fact that the rule is for every port.
func (r *Rule) WholeRange() pack.Fact {
	return r.Low(r.First.Number >= 0 && r.First.Number <= 1).And(r.high(r.last.Number >= MaxPort))
}

// Answers is the fact that the rule is for the answers to connections from inside: network ACLs keep no state, so the
// whole ephemeral range must be open for them.
func (r *Rule) Answers() pack.Fact {
	return r.Low(startsAnswers(r.First.Number)).And(r.high(r.last.Number == LastUnprivileged))
}

// startsAnswers reports whether a range for answers starts at the port: 1024 for everything, 32768 for Linux, 49152
// for Windows (Amazon VPC user guide, "Ephemeral ports").
func startsAnswers(port int) bool {
	return slices.Contains([]int{FirstEphemeral, 32768, 49152}, port)
}

// Wide is the fact that the rule holds more ports than that.
func (r *Rule) Wide(most float64) pack.Fact {
	return r.Transport.And(r.Low(true)).And(r.high(float64(r.last.Number-r.First.Number) >= most))
}

// Beyond is the fact that the rule opens a TCP or UDP port that is not in the list, or another protocol, for which ports
// mean nothing (Amazon EC2 API reference, IpPermission). ICMP is accepted.
func (r *Rule) Beyond(allowed []string) pack.Fact {
	icmp := OneWord(r.Protocol, "icmp", "icmpv6", "1", "58")
	one := r.From.OneOf(allowed...).And(r.To.OneOf(allowed...))
	if one.Is == pack.True && r.From.Str() != r.To.Str() {
		one = pack.No(r.To)
	}
	return icmp.Not().And(r.Every.Or(r.Transport.Not()).Or(one.Not()))
}

// Open says what the rule lets through, and whom.
func (r *Rule) Open() string {
	return fmt.Sprintf("%s lets the internet (%s) reach %s", Place(r.At), strings.Join(r.Ranges(), ", "), r.Span())
}

// protocols are the names of the numbers that have a name in rules.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// ProtocolName is the protocol in the spelling that AWS shows.
func (r *Rule) ProtocolName() string {
	protocol := strings.ToLower(r.Protocol.Str())
	if name, ok := protocols[protocol]; ok {
		return name
	}
	return protocol
}

// Lets reports whether the rule lets the port of the protocol through, as far as is known. A protocol without ports has
// only port 0 here.
func (r *Rule) Lets(protocol string, port int) bool {
	switch {
	case r.Every.Is == pack.True:
		return true
	case r.ProtocolName() != protocol:
		return false
	}
	return r.Transport.Is != pack.True || r.First.Number <= port && port <= r.last.Number
}

// Span describes the ports of the rule.
func (r *Rule) Span() string {
	if r.Every.Is == pack.True {
		return "every port and protocol"
	}
	protocol := r.ProtocolName()
	if r.From.Str() == r.To.Str() {
		return fmt.Sprintf("%s port %s", protocol, r.From.Str())
	}
	return fmt.Sprintf("%s ports %s to %s", protocol, r.From.Str(), r.To.Str())
}

// Ranges are the known ranges that the rule names itself.
func (r *Rule) Ranges() []string {
	var all []string
	for _, s := range r.Sources {
		known, _ := s.Strings()
		all = append(all, known...)
	}
	return all
}

// Place says where a rule stands: its path among the inputs, or that it is the resource itself.
func Place(v pack.Value) string {
	if p := v.Path(); p != "" {
		return p
	}
	return "the rule"
}

// PortsUnknown reports whether it is not known yet what the rule opens.
func (r *Rule) PortsUnknown() bool {
	return r.Protocol.IsUnknown() || r.From.IsUnknown() || r.To.IsUnknown()
}

// HasUnknown reports whether it is not known yet what the rule opens, or to whom.
func (r *Rule) HasUnknown() bool {
	return r.At.IsUnknown() || r.PortsUnknown() ||
		slices.ContainsFunc(r.Sources[:], func(v pack.Value) bool { return v.IsUnknown() || want.UnknownItem(v) })
}
