// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"errors"
	"strconv"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// wrong is a fault in a value as a whole.
func wrong(what, cure string) *fault {
	return &fault{index: whole, what: what, cure: cure}
}

// faultsOf adopts the verdict of package form.
func faultsOf(errs ...error) []fault {
	var faults []fault
	for _, err := range errs {
		var refused *form.Error
		if !errors.As(err, &refused) {
			continue
		}
		f := fault{index: whole, value: refused.Value, what: refused.Fault, cure: refused.Cure}
		if element := (*form.Element)(nil); errors.As(err, &element) {
			f.index = element.Index
		}
		if text, err := strconv.Unquote(refused.Value); err == nil {
			f.value = quoted(text)
			if len(refused.Choices) > 0 && len(faults) < mostShown {
				f.cure = meant(text, refused.Choices, refused.Cure)
			}
		}
		faults = append(faults, f)
	}
	return faults
}

// text makes a check of one string.
func text(test func(string) error) check {
	return func(value any) []fault {
		s, _ := value.(string)
		return faultsOf(test(s))
	}
}

// number makes a check of one number.
func number(test func(int) error) check {
	return func(value any) []fault {
		n, _ := value.(int)
		return faultsOf(test(n))
	}
}

// each makes a check of every element of a list, which may not hold one twice.
func each(test func(string) error) check {
	return func(value any) []fault {
		list, _ := value.([]string)
		return faultsOf(form.CheckEach(list, test)...)
	}
}

// ranges makes a check of a list of address ranges, of which one address family may have
// as many as most.
func ranges(most int, test func(string) error) check {
	return func(value any) []fault {
		list, _ := value.([]string)
		return faultsOf(cidr.CheckList(list, most, test)...)
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

// atMost makes a check that a list is not too long, before the check of its elements.
func atMost(most int, elements check) check {
	return func(value any) []fault {
		if list, _ := value.([]string); len(list) > most {
			return []fault{*wrong("has "+strconv.Itoa(len(list))+" entries", "list at most "+strconv.Itoa(most))}
		}
		return elements(value)
	}
}

// oneOf checks for one of a few words, which may be the values of a type of their own.
func oneOf[T ~string](choices ...T) func(string) error {
	return func(s string) error { return form.CheckChoice(T(s), choices...) }
}
