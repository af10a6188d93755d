// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Change is what differs between two networks for a pair of ends.
type Change struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Opens   string `json:"opens,omitempty"`
	Closes  string `json:"closes,omitempty"`
	Unknown string `json:"unknown,omitempty"`
	// Path is that of a packet which passes after the change and did not before, or of one that might.
	Path *reach.Path `json:"path,omitempty"`
}

// Rule is what lets the packet of the path in: the rule of a security group where there is one.
func (c *Change) Rule() string {
	rule := ""
	if c.Path == nil {
		return rule
	}
	for _, kind := range []reach.Kind{reach.Unfollowed, reach.Gate, reach.RouteStep, reach.GroupOut, reach.GroupIn} {
		for _, h := range c.Path.Hops {
			if h.Kind == kind && !h.Reply {
				rule = h.Rule
			}
		}
	}
	return rule
}

// parts are the ends to compare by names that survive a change: segments, or what interfaces are called.
func (n *Network) parts() map[string][]*reach.End {
	if n.proof != nil {
		return n.proof.members
	}
	out := map[string][]*reach.End{intent.Internet: {n.InternetEnd()}}
	for i := range n.net.Interfaces {
		f := &n.net.Interfaces[i]
		if e := n.Interface(f.ID); e != nil {
			name := f.Name
			if name == "" {
				name = f.ID
			}
			out[name] = append(out[name], e)
		}
	}
	return out
}

// total is what may pass and what is open between two parts.
func (n *Network) total(as, bs []*reach.End) (may, open flow.Set) {
	each(as, bs, false, func(a, b *reach.End) {
		r := n.Between(a, b)
		may, open = may.Or(r.May), open.Or(r.Open)
	})
	return may, open
}

// Compare lists what opens and closes from one network to another.
func Compare(before, after *Network) []Change {
	old, young := before.parts(), after.parts()
	var names []string
	for _, m := range []map[string][]*reach.End{old, young} {
		for name := range m {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var out []Change
	for _, from := range names {
		for _, to := range names {
			may1, open1 := before.total(old[from], old[to])
			may2, open2 := after.total(young[from], young[to])
			opens, unknown := may2.Minus(may1), open2.Minus(open1).Minus(may2)
			c := Change{From: from, To: to, Opens: some(opens), Closes: some(may1.Minus(may2)), Unknown: some(unknown)}
			if c.Opens+c.Closes+c.Unknown != "" {
				if opens.Empty() {
					opens = unknown
				}
				c.Path = after.witness(young[from], young[to], opens)
				out = append(out, c)
			}
		}
	}
	return out
}

// witness is the path of a packet of q between two parts, or nil.
func (n *Network) witness(as, bs []*reach.End, q flow.Set) (path *reach.Path) {
	each(as, bs, false, func(a, b *reach.End) {
		if path == nil && !q.Empty() {
			path = n.Witness(a, b, q)
		}
	})
	return path
}

func some(s flow.Set) string {
	if s.Empty() {
		return ""
	}
	return flow.Describe(s)
}

// Remark is something that does nothing, or loses answers.
type Remark struct {
	Code  string `json:"code"`
	Where string `json:"where"`
	What  string `json:"what"`
}

// Lint lists rules that others of their group cover, groups that nothing has or names, and connections whose answers
// are lost.
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
	slices.SortFunc(out, func(a, b Remark) int { return strings.Compare(a.Code+a.Where+a.What, b.Code+b.Where+b.What) })
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
