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
	for _, s := range t.Segments {
		for _, inbound := range []bool{true, false} {
			count := [2]int{}
			direction := "outbound"
			if inbound {
				direction = "inbound"
			}
			for i, c := range t.Connections {
				own, peer := c.From, c.To
				if inbound {
					own, peer = c.To, c.From
				}
				if own != End(s.Name) {
					continue
				}
				before := max(count[0], count[1])
				four, six := rules(peer)
				count[0], count[1] = count[0]+four, count[1]+six
				if after := max(count[0], count[1]); before <= RulesPerGroup && after > RulesPerGroup {
					problems = append(problems, fmt.Errorf(
						"%s: with it the security group of segment %q has %d %s rules of one address family, and AWS allows %d; name fewer or wider ranges, or split the segment",
						t.Row(i), s.Name, after, direction, RulesPerGroup))
				}
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
	if e == Internet {
		return 1, 1
	}
	if !e.Outside() {
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
