// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// BaselineFolder is the folder of the project of the account's baseline, seen from that of the environments' project.
const BaselineFolder = "infra/baseline"

// Part is a part of the account's baseline that is not made.
type Part struct {
	// Name is the part, one of package baseline's.
	Name string
	// Adopt is the id of what somebody else keeps; SkipReason says why there is none. One of them is empty.
	Adopt, SkipReason string
}

// partOf takes "guardDuty adopt 12abc34d" or "trail skip because the organization has one" apart.
func partOf(s string) (Part, error) {
	const example = "write it like guardDuty adopt 12abc34d567e8fa901bc2d34e56789f0, or like trail skip because the organization has one"
	name, rest, _ := strings.Cut(s, " ")
	verb, what, _ := strings.Cut(rest, " ")
	switch id, skipped := form.PartID(name); {
	case !skipped:
		return Part{}, form.Text(s, "names no part of the baseline", meant(name, form.Parts(), "choose from "+strings.Join(form.Parts(), ", ")))
	case verb == "adopt" && id == nil:
		return Part{}, form.Text(s, "adopts a part that has no id", "leave it out, or skip it with a reason")
	case verb == "adopt" && !id.MatchString(what):
		return Part{}, form.Text(s, "adopts by something that is not the id of the part", "write it like "+id.String())
	case verb == "adopt":
		return Part{Name: name, Adopt: what}, nil
	}
	reason, found := strings.CutPrefix(rest, "skip because ")
	if !found {
		return Part{}, form.Text(s, "neither adopts nor skips a part with a reason", example)
	}
	if err := reasonOf(s, reason); err != nil {
		return Part{}, err
	}
	return Part{Name: name, SkipReason: reason}, nil
}

// parts checks a list of parts, in which none may be twice.
func parts(value any) []fault {
	seen := map[string]string{}
	return each(func(s string) error {
		p, err := partOf(s)
		if first, twice := seen[p.Name]; err == nil && twice && first != s {
			return form.Text(s, fmt.Sprintf("is about %s a second time", p.Name), "keep one")
		}
		seen[p.Name] = s
		return err
	})(value)
}

// NotMade are the parts in a form that a program reads.
func (b Baseline) NotMade() []Part {
	var all []Part
	for _, s := range b.Parts {
		if p, err := partOf(s); err == nil {
			all = append(all, p)
		}
	}
	return all
}
