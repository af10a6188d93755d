// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Remark is something that does nothing, or loses answers.
type Remark struct {
	Code  string `json:"code"`
	Where string `json:"where"`
	What  string `json:"what"`
}

// Lint lists rules that others of their group cover, entries of ACLs that an earlier one leaves nothing to decide, groups that nothing has or names, and
// connections whose answers are lost.
func Lint(net *model.Network) []Remark {
	var out []Remark
	used := map[string]bool{}
	for _, f := range net.Interfaces {
		for _, g := range f.Groups {
			used[g] = true
		}
	}
	for _, g := range net.Groups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			if r.Group != g.ID {
				used[r.Group] = true
			}
		}
	}
	for _, g := range net.Groups {
		if !used[g.ID] && len(g.Ingress)+len(g.Egress) > 0 {
			out = append(out, Remark{"UNUSED_GROUP", g.ID, "no interface has the group, and no rule names it"})
		}
		for direction, rules := range map[string][]model.Rule{"ingress": g.Ingress, "egress": g.Egress} {
			out = append(out, shadowed(g.ID, direction, rules)...)
		}
	}
	for _, a := range net.ACLs {
		out = slices.Concat(out, decided(a.ID, "ingress", a.Ingress), decided(a.ID, "egress", a.Egress))
	}
	out = append(append([]Remark{}, out...), lost(net)...)
	slices.SortFunc(out, func(a, b Remark) int { return strings.Compare(a.Code+a.Where+a.What, b.Code+b.Where+b.What) })
	return out
}

// lost are the connections whose answers are.
func lost(net *model.Network) (out []Remark) {
	e := reach.New(net)
	ends := append(e.Classes(), e.InternetEnd())
	for _, a := range ends {
		for _, b := range ends {
			r := e.Between(a, b)
			if lost := r.Lost(a); !lost.Empty() && (a.Class != b.Class || a.Plural()) {
				out = append(out, Remark{"ANSWERS_LOST", last(a.Label()) + " -> " + last(b.Label()), flow.Describe(lost) + " arrives, and its answers do not come back"})
			}
		}
	}
	return out
}

func shadowed(group, direction string, rules []model.Rule) []Remark {
	var out []Remark
	for i, r := range rules {
		for j, o := range rules {
			if i != j && covers(o, r) && (j < i || !covers(r, o)) {
				out = append(out, Remark{"SHADOWED_RULE", group, fmt.Sprintf("%s rule %d (%s) admits nothing that rule %d does not", direction, i+1, r.Description, j+1)})
				break
			}
		}
	}
	return out
}

// lastEntry is the number of the one with which every ACL ends, by which AWS refuses the rest:
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html.
const lastEntry = 32767

// decided are the entries of an ACL of which an earlier one decides everything: the first that matches counts.
func decided(acl, direction string, entries []model.Entry) (out []Remark) {
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b model.Entry) int { return cmp.Compare(a.Number, b.Number) })
	selects := func(e model.Entry) model.Rule {
		return model.Rule{Protocol: e.Protocol, From: e.From, To: e.To, CIDR: e.CIDR, Doubt: e.Doubt}
	}
	for i, e := range sorted {
		first := slices.IndexFunc(sorted[:i], func(o model.Entry) bool {
			return o.CIDR.IsValid() && e.CIDR.IsValid() && covers(selects(o), selects(e))
		})
		if first >= 0 && e.Number < lastEntry {
			out = append(out, Remark{"SHADOWED_ENTRY", acl, fmt.Sprintf("%s entry %d decides nothing: entry %d matches all of it", direction, e.Number, sorted[first].Number)})
		}
	}
	return out
}

// covers reports whether everything that one rule admits another does for certain.
func covers(wide, narrow model.Rule) bool {
	w, from := reach.Selects(wide)
	n, of := reach.Selects(narrow)
	if wide.Doubt != "" || !n.Minus(w).Empty() {
		return false
	}
	if from == nil || of == nil {
		return from == nil && of == nil && wide.Group == narrow.Group && wide.List == narrow.List
	}
	return of.Minus(from).Empty()
}
