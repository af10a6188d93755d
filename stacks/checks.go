// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/stacks/cidr"
)

// wrong is a fault in a value as a whole.
func wrong(what, cure string) *fault {
	return &fault{index: whole, what: what, cure: cure}
}

// text makes a check of one string; an empty fault means that it passes.
func text(test func(string) *fault) check {
	return func(value any) []fault {
		s, _ := value.(string)
		if f := test(s); f != nil {
			return []fault{*f}
		}
		return nil
	}
}

// each makes a check of every element of a list, which may not hold one twice.
func each(test func(string) *fault) check {
	return func(value any) []fault {
		list, _ := value.([]string)
		var faults []fault
		seen := make(map[string]bool, len(list))
		for i, s := range list {
			f := test(s)
			if f == nil && seen[s] {
				f = wrong("is listed twice", "keep one")
			}
			seen[s] = true
			if f != nil {
				f.index, f.value = i, quoted(s)
				faults = append(faults, *f)
			}
		}
		return faults
	}
}

// some makes a check that a list is not empty, before the check of its elements.
func some(consequence, cure string, elements check) check {
	return func(value any) []fault {
		if list, _ := value.([]string); len(list) == 0 {
			return []fault{{index: whole, value: "[]", what: "is empty, and " + consequence, cure: cure}}
		}
		return elements(value)
	}
}

// atMost makes a check that the rules for a list of ranges fit into a network ACL,
// which holds 20 for each direction and address family (Amazon VPC quotas) and must
// also hold those of the load balancer and of the NAT gateways.
func atMost(most int, elements check) check {
	return func(value any) []fault {
		list, _ := value.([]string)
		count := map[bool]int{}
		for _, s := range list {
			count[strings.Contains(s, ":")]++
		}
		if longer := max(count[true], count[false]); longer > most {
			return append([]fault{*wrong(fmt.Sprintf("lists %d ranges of one address family, and a network ACL has room for %d", longer, most),
				"merge neighbours or drop some")}, elements(value)...)
		}
		return elements(value)
	}
}

// withIPv4 makes a check that a list of ranges, unless it is empty, has one of IPv4, before the check of its elements:
// the VPC has no IPv6 addresses, so that nobody comes in from such a range.
func withIPv4(elements check) check {
	return func(value any) []fault {
		list, _ := value.([]string)
		if len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return !strings.Contains(s, ":") }) {
			return elements(value)
		}
		return append([]fault{*wrong("has no IPv4 range, and the VPC has no IPv6 addresses", "list the IPv4 addresses too")}, elements(value)...)
	}
}

// within makes a check of a number's bounds, both inclusive.
func within(least, most int, unit string) check {
	return func(value any) []fault {
		number, _ := value.(int)
		if number < least || number > most {
			return []fault{*wrong(fmt.Sprintf("is not between %d and %d %s", least, most, unit), "choose a number in that range")}
		}
		return nil
	}
}

// matches makes a check of a string's form.
func matches(pattern, what, cure string) func(string) *fault {
	form := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(s string) *fault {
		if form.MatchString(s) {
			return nil
		}
		return wrong(what, cure)
	}
}

// fromCIDR adopts the verdict of package cidr.
func fromCIDR(test func(string) error) func(string) *fault {
	return func(s string) *fault {
		var refused *cidr.Error
		if errors.As(test(s), &refused) {
			return wrong(refused.Fault, refused.Cure)
		}
		return nil
	}
}

// oneOf checks for one of a few words, which may be the values of a type of their own.
func oneOf[T ~string](choices ...T) func(string) *fault {
	words := make([]string, len(choices))
	for i, choice := range choices {
		words[i] = string(choice)
	}
	return func(s string) *fault {
		if slices.Contains(words, s) {
			return nil
		}
		cure := "choose " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
		return wrong("is none of the choices", meant(s, words, cure))
	}
}
