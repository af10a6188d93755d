// SPDX-License-Identifier: Apache-2.0

package segment

import "fmt"

// RulesPerGroup is how many rules of one address family a security group may have in one direction (Amazon VPC quotas,
// "Inbound or outbound rules per security group"). A rule about a group or a prefix list counts for both families.
const RulesPerGroup = 60

// quotaProblems reports every security group that would have more rules than AWS lets it have, with the row that breaks the
// quota.
func (t *Table) quotaProblems() []error {
	var problems []error
	count := map[string][2]int{}
	add := func(row int, owner, direction string, peer End) {
		four, six := rules(peer)
		before := count[owner+direction]
		after := [2]int{before[0] + four, before[1] + six}
		count[owner+direction] = after
		if most := max(after[0], after[1]); most > RulesPerGroup && max(before[0], before[1]) <= RulesPerGroup {
			problems = append(problems, fmt.Errorf(
				"%s: with it the security group of %s has %d %s rules of one address family, and AWS allows %d; name fewer or wider ranges, or split the segment",
				t.Row(row), owner, most, direction, RulesPerGroup))
		}
	}
	for i, c := range t.Connections {
		if name, inside := c.From.Segment(); inside {
			add(i, fmt.Sprintf("segment %q", name), "outbound", c.To)
		}
		if name, inside := c.To.Segment(); inside {
			add(i, fmt.Sprintf("segment %q", name), "inbound", c.From)
		}
		for _, service := range c.To.Services() {
			if !Gateway(service) {
				add(i, fmt.Sprintf("the endpoint of %q", service), "inbound", c.From)
			}
		}
	}
	return problems
}

// rules is how many rules one end takes in a security group, by address family.
func rules(e End) (four, six int) {
	if n := len(e.Services()); n > 0 {
		return n, n
	}
	if !e.Outside() || e == Internet {
		return 1, 1
	}
	for _, r := range e.Ranges() {
		if isIPv6(r) {
			six++
		} else {
			four++
		}
	}
	return four, six
}
