// SPDX-License-Identifier: Apache-2.0

package want

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// wanted is what a row wants: demands on properties, companions beside a resource, or something of what it leads to.
type wanted interface {
	Control(pack.Control) *pack.Control
}

// Row is a control that is data: what it is called, why it matters, how to mend it, which requirements it meets (met, words
// separated by blanks), how bad a finding is, what it protects, and what it wants.
func Row(id, title, why, fix, met string, severity pack.Severity, concern pack.Concern, of wanted) *pack.Control {
	return of.Control(pack.Control{ID: id, Title: title, Why: why, Fix: fix, Maps: standard.Meets(met), Severity: severity, Concern: concern})
}

// Optional is the control, off by default: AWS's own documentation shows deployments without, for the price or because they
// need none.
func Optional(c *pack.Control) *pack.Control {
	c.Level = pack.Disabled
	return c
}

// BeginsWith is the fact that a text begins so.
func BeginsWith(start string) func(pack.Value) pack.Fact {
	return func(v pack.Value) pack.Fact {
		return v.Matches(func(s string) bool { return strings.HasPrefix(s, start) })
	}
}

// EndsIn is the fact that a text ends so.
func EndsIn(end string) func(pack.Value) pack.Fact {
	return func(v pack.Value) pack.Fact {
		return v.Matches(func(s string) bool { return strings.HasSuffix(s, end) })
	}
}

// NotSet is the fact that a value is not set.
func NotSet(v pack.Value) pack.Fact { return v.IsSet().Not() }
