// SPDX-License-Identifier: Apache-2.0

package pack

import "slices"

// Verdict is the truth of a [Fact].
type Verdict uint8

// The three truth values. Deferred means that the answer depends on a value which is known only after a
// deployment.
const (
	False Verdict = iota
	True
	Deferred
)

// Fact is a statement about a resource that is true, false or not yet known, and the value that decided it.
// Facts combine by Kleene's rules, so a known bad value decides whatever else is unknown.
type Fact struct {
	// At is the value that made the fact true or false, or the unknown value that it waits for.
	At Value
	// Is is the truth value.
	Is Verdict
}

func fact(is bool, at Value) Fact {
	if is {
		return Fact{Is: True, At: at}
	}
	return Fact{Is: False, At: at}
}

// Yes and No are constant facts about a value.
func Yes(at Value) Fact { return Fact{Is: True, At: at} }

// No is the fact that is false because of the value.
func No(at Value) Fact { return Fact{Is: False, At: at} }

// Wait is the fact that waits for the value.
func Wait(at Value) Fact { return Fact{Is: Deferred, At: at} }

// And is true when both are, false when either is known to be false.
func (f Fact) And(g Fact) Fact {
	switch {
	case f.Is == False:
		return f
	case g.Is == False:
		return g
	case f.Is == Deferred:
		return f
	}
	return g
}

// Or is true when either is, false when both are known to be false.
func (f Fact) Or(g Fact) Fact {
	switch {
	case f.Is == True:
		return f
	case g.Is == True:
		return g
	case f.Is == Deferred:
		return f
	case g.Is == Deferred:
		return g
	}
	return f
}

// Not turns true into false and the other way round; what is not known stays so.
func (f Fact) Not() Fact {
	switch f.Is {
	case True:
		f.Is = False
	case False:
		f.Is = True
	}
	return f
}

// Is reports whether the value is the boolean want; a value that is not set is missing.
func (v Value) Is(want, missing bool) Fact {
	if v.IsUnknown() {
		return Wait(v)
	}
	got, ok := v.Bool()
	if !ok {
		got = missing && !v.Exists()
		if v.Exists() {
			return No(v)
		}
	}
	return fact(got == want, v)
}

// IsTrue is the fact that the value is set and true.
func (v Value) IsTrue() Fact { return v.Is(true, false) }

// IsFalse is the fact that the value is false or not set.
func (v Value) IsFalse() Fact { return v.Is(false, false) }

// IsSet is the fact that the value is set to something that is not empty. An unknown value may turn out
// empty, so it is waited for, unless it is the id of a resource of the stack.
func (v Value) IsSet() Fact {
	if v.IsUnknown() {
		if v.n.given {
			return Yes(v)
		}
		return Wait(v)
	}
	if s, ok := v.Text(); ok && s == "" {
		return No(v)
	}
	return fact(v.Len() > 0, v)
}

// OneOf is the fact that the value is one of the given strings. A value that is not set is not, and neither is the id of a
// resource of the stack, which AWS makes.
func (v Value) OneOf(want ...string) Fact {
	if v.IsUnknown() {
		if v.n.given {
			return No(v)
		}
		return Wait(v)
	}
	s, ok := v.Text()
	return fact(ok && slices.Contains(want, s), v)
}

// Matches is the fact that the value is a string for which the predicate holds.
func (v Value) Matches(holds func(string) bool) Fact {
	if v.IsUnknown() {
		return Wait(v)
	}
	s, ok := v.Text()
	return fact(ok && holds(s), v)
}

// AtLeast is the fact that the value is a number not below the limit. A value that is not set is below.
func (v Value) AtLeast(limit float64) Fact {
	if v.IsUnknown() {
		return Wait(v)
	}
	n, ok := v.Number()
	return fact(ok && n >= limit, v)
}

// AtMost is the fact that the value is a number not above the limit. A value that is not set is above.
func (v Value) AtMost(limit float64) Fact {
	if v.IsUnknown() {
		return Wait(v)
	}
	n, ok := v.Number()
	return fact(ok && n <= limit, v)
}

// Contains is the fact that a list has the string among its items.
func (v Value) Contains(want string) Fact {
	answer := No(v)
	for item := range v.Items() {
		answer = answer.Or(item.OneOf(want))
	}
	return answer
}

// Any is the fact that holds for at least one item of a list.
func (v Value) Any(holds func(Value) Fact) Fact {
	answer := No(v)
	if v.IsUnknown() {
		return Wait(v)
	}
	for item := range v.Items() {
		if item.IsUnknown() {
			answer = answer.Or(Wait(item))
			continue
		}
		answer = answer.Or(holds(item))
	}
	return answer
}

// All is the fact that holds for every item of a list; it holds for an empty one.
func (v Value) All(holds func(Value) Fact) Fact {
	answer := Yes(v)
	if v.IsUnknown() {
		return Wait(v)
	}
	for item := range v.Items() {
		if item.IsUnknown() {
			answer = answer.And(Wait(item))
			continue
		}
		answer = answer.And(holds(item))
	}
	return answer
}
