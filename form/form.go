// SPDX-License-Identifier: Apache-2.0

// Package form knows what AWS accepts as an account id, a region, an instance type and
// so on, and where the toolkit accepts less. It is the one place that decides: the
// settings of an environment (package stacks) and the arguments of the components both
// ask it, and each adds where the value was written.
//
// A check returns nil for a good value and an *Error otherwise. A check of a list
// returns every problem of the list; an *Element is about one entry of it.
package form

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Error says what is wrong with one value and how to put it right.
type Error struct {
	// Value is the value as a message shows it: text in quotes, a number bare, and
	// nothing for a list as a whole.
	Value string
	// Fault completes the sentence that starts with the value.
	Fault string
	// Cure is what to do instead, in the imperative.
	Cure string
	// Choices are the good values, if they are few.
	Choices []string
}

// Error returns value, fault and cure as one sentence.
func (e *Error) Error() string {
	return strings.TrimSpace(e.Value+" "+e.Fault) + "; " + e.Cure
}

// Element is an error about one entry of a list.
type Element struct {
	// Index is the place of the entry in the list, from 0.
	Index int
	// Err is what is wrong with it.
	Err *Error
}

// Error returns the place in brackets, value, fault and cure.
func (e *Element) Error() string { return fmt.Sprintf("[%d]: %s", e.Index, e.Err) }

// At makes the error about one entry of a list from an *Error.
func At(index int, err error) error {
	element := &Element{Index: index}
	if !errors.As(err, &element.Err) {
		element.Err = &Error{Fault: err.Error(), Cure: "correct it"}
	}
	return element
}

// Unwrap returns what is wrong with the entry.
func (e *Element) Unwrap() error { return e.Err }

// In puts the name of a field in front of each error that is not nil: "Zones[1]: …" for
// an Element and "Region: …" for any other.
func In(field string, errs ...error) error { return errors.Join(Within(field, errs...)...) }

// Within is In as a list, in which each of joined errors stands on its own.
func Within(field string, errs ...error) []error {
	var named []error
	for _, err := range errs {
		joined, several := err.(interface{ Unwrap() []error })
		var element *Element
		switch {
		case err == nil:
		case several:
			named = append(named, Within(field, joined.Unwrap()...)...)
		case errors.As(err, &element):
			named = append(named, fmt.Errorf("%s%w", field, err))
		default:
			named = append(named, fmt.Errorf("%s: %w", field, err))
		}
	}
	return named
}

// Problems returns the errors that are not nil.
func Problems(errs ...error) []error {
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// Missing is the error about a field that must be given.
func Missing(field, cure string) error { return fmt.Errorf("%s: missing; %s", field, cure) }

// Text makes the error about a text.
func Text(value, fault, cure string) error {
	return &Error{Value: strconv.Quote(value), Fault: fault, Cure: cure}
}

// Number makes the error about a number.
func Number(value int, fault, cure string) error {
	return &Error{Value: strconv.Itoa(value), Fault: fault, Cure: cure}
}

// Whole makes the error about a list as a whole.
func Whole(fault, cure string) error { return &Error{Fault: fault, Cure: cure} }

// CheckEach checks every entry of a list, which may not hold one twice.
func CheckEach(list []string, check func(string) error) []error {
	var problems []error
	seen := make(map[string]bool, len(list))
	for i, entry := range list {
		err := check(entry)
		if err == nil && seen[entry] {
			err = Text(entry, "is listed twice", "keep one")
		}
		seen[entry] = true
		if err != nil {
			problems = append(problems, At(i, err))
		}
	}
	return problems
}

// CheckChoice accepts one of a few words, which may be the values of a type of their own.
func CheckChoice[T ~string](value T, choices ...T) error {
	if slices.Contains(choices, value) {
		return nil
	}
	words := make([]string, len(choices))
	for i, choice := range choices {
		words[i] = string(choice)
	}
	last := len(words) - 1
	return &Error{
		Value: strconv.Quote(string(value)), Fault: "is not one of the choices",
		Cure: "choose " + strings.Join(words[:last], ", ") + " or " + words[last], Choices: words,
	}
}

// CheckBetween accepts a number within bounds, both inclusive.
func CheckBetween(value, least, most int, unit string) error {
	if value >= least && value <= most {
		return nil
	}
	return Number(value, fmt.Sprintf("is not between %d and %d %s", least, most, unit), "choose a number in that range")
}
