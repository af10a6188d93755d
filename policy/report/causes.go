// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// cause is what people are shown as one finding: everything that a control says of a resource, with the other controls that
// say the same of it.
type cause struct {
	*Finding
	// texts are what is wrong, each at a place of its own.
	texts []string
}

// link finds the findings of one resource that say the same. The first of them, which stops the deployment before others and
// is at least as severe, gets the others' ids in Also; theirs is its id in Cause.
func link(findings []Finding) {
	groups := map[[2]string][]*Finding{}
	for i := range findings {
		f := &findings[i]
		if f.Waiver == nil {
			key := [2]string{f.URN, f.Text}
			groups[key] = append(groups[key], f)
		}
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b *Finding) int {
			return cmp.Or(rank(b.Blocks())-rank(a.Blocks()), int(b.Control.Severity)-int(a.Control.Severity))
		})
		for _, f := range group[1:] {
			if f.ID != group[0].ID {
				f.Cause = group[0].ID
				group[0].Also = append(group[0].Also, f.ID)
			}
		}
	}
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// causes puts together what people are shown as one.
func (r *Report) causes() []cause {
	var list []cause
	at := map[[2]string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Cause != "" {
			continue
		}
		key := [2]string{f.ID, f.URN}
		if known, ok := at[key]; ok && list[known].Waiver == f.Waiver && slices.Equal(list[known].Also, f.Also) && f.ID != pack.GovernanceID {
			list[known].texts = append(list[known].texts, f.Text)
			continue
		}
		at[key] = len(list)
		list = append(list, cause{Finding: f, texts: []string{f.Text}})
	}
	return list
}

// wait is what people are shown as one open question: the checks that wait for the same of one resource.
type wait struct {
	*Open
	ids []string
}

// waits puts those checks together, in the order of the most severe of each.
func (r *Report) waits() []wait {
	var list []wait
	at := map[[2]string]int{}
	for i := range r.Undecided {
		o := &r.Undecided[i]
		key := [2]string{o.URN, o.Reason}
		if known, ok := at[key]; ok {
			list[known].ids = append(list[known].ids, o.ID)
			continue
		}
		at[key] = len(list)
		list = append(list, wait{Open: o, ids: []string{o.ID}})
	}
	return list
}
