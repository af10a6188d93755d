// SPDX-License-Identifier: Apache-2.0

// Package cidr decides which address ranges an environment may name: whom the
// bastion admits, where the app tier may connect, and what a VPC may span.
//
// Ranges are demanded in canonical form (RFC 4632 for IPv4, RFC 5952 for IPv6, no
// host bits), because AWS silently rewrites "203.0.113.7/24" to "203.0.113.0/24"
// and thereby admits 255 addresses more than the author had in mind.
package cidr

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// The narrowest prefix lengths that still count as a list of known addresses.
const (
	// KnownBits4 is the shortest IPv4 prefix that CheckKnown admits: 256 addresses.
	KnownBits4 = 24
	// KnownBits6 is the shortest IPv6 prefix that CheckKnown admits: one site (RFC 6177).
	KnownBits6 = 48
	// DestinationBits4 is the shortest IPv4 prefix that CheckDestination admits: the
	// size of the largest private network, 10.0.0.0/8.
	DestinationBits4 = 8
	// DestinationBits6 is the shortest IPv6 prefix that CheckDestination admits.
	DestinationBits6 = 16
	// VPCMinBits is the widest VPC that AWS allows, a /16.
	VPCMinBits = 16
	// VPCMaxBits is the narrowest VPC that has room for three tiers in four zones.
	VPCMaxBits = 20
	// MaxKnown is how many ranges of one address family may come in. It is narrower than what
	// a security group holds, which is 60: a network ACL has 20 rules for each direction and
	// address family (Amazon VPC quotas), and must also hold those of the load balancer and
	// of the NAT gateways.
	MaxKnown = 8
	// MaxDestinations is how many ranges of one address family may be reached, for the same
	// reason.
	MaxDestinations = 4
)

// Parse reads one range in canonical form. The error is a *form.Error.
func Parse(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return netip.Prefix{}, form.Text(s, "has no prefix length",
			"write "+netip.PrefixFrom(addr, addr.BitLen()).String()+" for this one address")
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, form.Text(s, "is not a CIDR range", "write it like 203.0.113.0/28 or 2001:db8:1::/48")
	}
	if p.Addr().Is4In6() {
		return netip.Prefix{}, form.Text(s, "is an IPv4-mapped IPv6 range, which AWS never matches",
			"write the IPv4 range itself")
	}
	if canonical := p.Masked(); s != canonical.String() {
		return netip.Prefix{}, form.Text(s, "is not in canonical form",
			fmt.Sprintf("write %s, or the exact addresses with a longer prefix", canonical))
	}
	return p, nil
}

// CheckKnown accepts a range that can stand for known addresses: canonical, not
// wider than /24 (IPv4) or /48 (IPv6), and in no spelling the whole internet.
// It is the rule for every source the bastion admits (Security Hub EC2.13, EC2.53, EC2.54).
// The error is a *form.Error.
func CheckKnown(s string) error {
	if isWorld(s) {
		return form.Text(s, "admits the whole internet", "list known addresses")
	}
	p, err := Parse(s)
	if err != nil {
		return err
	}
	if limit := bitsFor(p, KnownBits4, KnownBits6); p.Bits() < limit {
		return form.Text(s, fmt.Sprintf("is wider than /%d", limit), "list known addresses in narrower ranges")
	}
	if where := special(p); where != "" {
		return form.Text(s, "lies in "+where+", from which no known client connects", "list known addresses")
	}
	return nil
}

// CheckDestination accepts a range that a tier may connect to: canonical, not the
// whole internet in any spelling or in halves (not wider than /8 or /16), and not
// the link-local range of the instance metadata service. The error is a *form.Error.
func CheckDestination(s string) error {
	if isWorld(s) {
		return form.Text(s, "reaches the whole internet", "list known destinations")
	}
	p, err := Parse(s)
	if err != nil {
		return err
	}
	if limit := bitsFor(p, DestinationBits4, DestinationBits6); p.Bits() < limit {
		return form.Text(s, fmt.Sprintf("is wider than /%d", limit), "list known destinations in narrower ranges")
	}
	if where := special(p); where != "" {
		return form.Text(s, "lies in "+where+", where no service of yours listens", "list known destinations")
	}
	return nil
}

// CheckVPC accepts a range for a VPC: private IPv4 (RFC 1918), canonical, between /16
// (the widest that AWS allows) and /20 (the narrowest with room for three tiers in
// four zones). The error is a *form.Error.
func CheckVPC(s string) error {
	p, err := Parse(s)
	if err != nil {
		return err
	}
	if !p.Addr().Is4() {
		return form.Text(s, "is not IPv4", "write a private IPv4 range such as 10.20.0.0/16")
	}
	if p.Bits() < VPCMinBits {
		return form.Text(s, "is wider than a VPC may be", fmt.Sprintf("use a prefix from /%d to /%d", VPCMinBits, VPCMaxBits))
	}
	if p.Bits() > VPCMaxBits {
		return form.Text(s, "is too small for three tiers in four zones",
			fmt.Sprintf("use a prefix from /%d to /%d", VPCMinBits, VPCMaxBits))
	}
	if !p.Addr().IsPrivate() {
		return form.Text(s, "is not private address space",
			"use a range inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)")
	}
	return nil
}

// CheckList reports what is wrong with a list of ranges: each that does not pass check or
// is listed twice, each that another one contains, and more ranges of one address family
// than most.
func CheckList(list []string, most int, check func(string) error) []error {
	problems := form.CheckEach(list, check)
	sound, count := make([]string, len(list)), map[bool]int{}
	for i, s := range list {
		count[strings.Contains(s, ":")]++
		if check(s) == nil {
			sound[i] = s
		}
	}
	for i, j := range Covered(sound) {
		if list[i] != list[j] {
			problems = append(problems, form.At(i, form.Text(list[i], "lies inside "+list[j]+" of the same list", "drop one of the two")))
		}
	}
	slices.SortStableFunc(problems, byIndex)
	if longer := max(count[true], count[false]); longer > most {
		problems = slices.Insert(problems, 0, form.Whole(
			fmt.Sprintf("lists %d ranges of one address family, and a network ACL has room for %d", longer, most), "merge neighbours or drop some"))
	}
	return problems
}

func byIndex(a, b error) int {
	var first, second *form.Element
	if errors.As(a, &first) && errors.As(b, &second) {
		return first.Index - second.Index
	}
	return 0
}

// CheckOutside reports the ranges of a list that overlap the range of a VPC. A range that
// does not parse is left to its own check.
func CheckOutside(list []string, vpc string) []error {
	var problems []error
	for i, s := range list {
		if Overlap(s, vpc) {
			problems = append(problems, form.At(i, form.Text(s, "overlaps the VPC's own range "+vpc, "name addresses outside the VPC")))
		}
	}
	return problems
}

// Overlap reports whether two ranges share an address. A range that does not parse
// overlaps nothing: report it through its own check.
func Overlap(a, b string) bool {
	p, errA := netip.ParsePrefix(a)
	q, errB := netip.ParsePrefix(b)
	return errA == nil && errB == nil && p.Overlaps(q)
}

// Covered returns, for each range that another range of the list already contains, the
// index of the widest that does. Of two equal ranges the later is covered. Two ranges
// are either nested or apart, so that one pass over the sorted list finds them all.
func Covered(list []string) map[int]int {
	type entry struct {
		prefix netip.Prefix
		index  int
	}
	var sorted []entry
	for i, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			sorted = append(sorted, entry{p.Masked(), i})
		}
	}
	slices.SortStableFunc(sorted, func(a, b entry) int { return a.prefix.Compare(b.prefix) })
	covered := map[int]int{}
	var outer entry
	for _, e := range sorted {
		if outer.prefix.IsValid() && outer.prefix.Overlaps(e.prefix) {
			covered[e.index] = outer.index
		} else {
			outer = e
		}
	}
	return covered
}

func bitsFor(p netip.Prefix, four, six int) int {
	if p.Addr().Is4() {
		return four
	}
	return six
}

// isWorld recognises every spelling of "everyone": words, the unspecified address,
// and any range whose mask is zero ("0/0", "::/0", "10.0.0.0/0", "0.0.0.0/0.0.0.0").
func isWorld(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "*", "any", "all", "world", "internet", "everyone", "anywhere", "0", "0.0.0.0", "::":
		return true
	}
	_, mask, found := strings.Cut(s, "/")
	mask = strings.TrimSpace(mask)
	return found && mask != "" && strings.Trim(mask, "0.") == "" && strings.Contains(mask, "0")
}

// special names the reserved block a range touches, "" for an ordinary one. Private
// space is ordinary: it arrives through a VPN or a peering.
func special(p netip.Prefix) string {
	for _, block := range reserved {
		if block.prefix.Overlaps(p) {
			return block.name
		}
	}
	return ""
}

// reserved lists the blocks of the IANA special-purpose registries (RFC 6890) that
// never identify a known peer. The translation blocks matter most: a /96 there
// stands for the whole IPv4 internet although its prefix looks narrow.
var reserved = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), `the block of "this network" (RFC 791)`},
	{netip.MustParsePrefix("127.0.0.0/8"), "the loopback block (RFC 1122)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "the link-local block (RFC 3927)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "the multicast block (RFC 5771)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "the reserved block (RFC 1112)"},
	{netip.MustParsePrefix("::/96"), "the unspecified, loopback and IPv4-compatible block (RFC 4291)"},
	{netip.MustParsePrefix("64:ff9b::/96"), "the NAT64 block that stands for all of IPv4 (RFC 6052)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "the local NAT64 block (RFC 8215)"},
	{netip.MustParsePrefix("fe80::/10"), "the link-local block (RFC 4291)"},
	{netip.MustParsePrefix("ff00::/8"), "the multicast block (RFC 4291)"},
}
