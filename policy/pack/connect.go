// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"
	"strings"
)

// References tells what a preview can know of a value that is unknown: the engine says which resources it comes from.
type References struct {
	// Identifies reports whether a property, by its last name, holds the id or ARN of a resource of the type, so that it is
	// certainly set when it comes from one.
	Identifies func(property, token string) bool
	// Documents are the properties of a type that hold policy documents.
	Documents func(token string) []string
}

// DocumentsInput is the input of a component that declares the policy documents of its children, by the names of the children
// without the component's own name and a hyphen, as JSON text or as objects. A preview judges those whose text waits for an id
// by what is declared, with another ARN in the place of those that are not known yet. The update judges the text itself.
const DocumentsInput = "documents"

// connect marks, among the inputs of the resources, the unknown values that come from resources of the stack alone, and puts
// the documents that a component declares in the place of those that are unknown.
func (s *Session) connect(stack *Stack, resources []*Resource) {
	if s.pack.References.Identifies == nil {
		return
	}
	for _, r := range resources {
		if len(r.PropertyDependencies) == 0 {
			continue
		}
		props := r.Inputs().n
		for property, urns := range r.PropertyDependencies {
			if n := props.child(property); n != nil && n.firstUnknown() != nil && stack.holds(urns) {
				s.declared(stack, r, n)
				s.mark(stack, n, urns)
			}
		}
	}
}

// holds reports whether all of the resources, of which there is one at least, are in the stack.
func (s *Stack) holds(urns []string) bool {
	for _, urn := range urns {
		if s.byURN[urn] == nil {
			return false
		}
	}
	return len(urns) > 0
}

// mark notes on the unknown values from n downwards where they come from.
func (s *Session) mark(stack *Stack, n *node, urns []string) {
	if n.kind == Unknown && !n.secret {
		n.own, n.given = true, true
		for _, urn := range urns {
			n.given = n.given && s.pack.References.Identifies(n.name(), stack.byURN[urn].Type)
		}
	}
	for i := range n.items {
		s.mark(stack, &n.items[i], urns)
	}
}

// name is the last key on the way to the node.
func (n *node) name() string {
	for n.parent != nil && n.parent.kind == List {
		n = n.parent
	}
	return n.key
}

// declared replaces an unknown document by what the component around the resource declares.
func (s *Session) declared(stack *Stack, r *Resource, n *node) {
	parent := stack.byURN[r.Parent]
	if n.kind != Unknown || n.secret || parent == nil || !parent.Component {
		return
	}
	key, inside := strings.CutPrefix(r.Name, parent.Name+"-")
	if !inside {
		return
	}
	for _, path := range s.pack.References.Documents(r.Type) {
		if path != n.key {
			continue
		}
		if draft := parent.Inputs().Get(DocumentsInput).Get(key); draft.Exists() && !draft.IsUnknown() {
			n.kind, n.text, n.items = draft.n.kind, draft.n.text, draft.n.copyBelow(n)
		}
	}
}

// copyBelow copies the items of n, to stand below another node.
func (n *node) copyBelow(parent *node) []node {
	items := make([]node, len(n.items))
	for i := range n.items {
		items[i] = n.items[i]
		items[i].parent = parent
		items[i].items = n.items[i].copyBelow(&items[i])
	}
	return items
}

// reconsider judges the checks of single resources again that waited, now that the engine has said where the unknown values
// come from. It returns the results that are not undecided any more.
func (s *Session) reconsider(resources []*Resource) []Result {
	var results []Result
	if s.pack.References.Identifies == nil {
		return nil
	}
	s.mu.Lock()
	waiting := map[string]map[string]bool{}
	for key := range s.waiting {
		id, urn, _ := strings.Cut(key, " ")
		if waiting[urn] == nil {
			waiting[urn] = map[string]bool{}
		}
		waiting[urn][id] = true
	}
	s.mu.Unlock()
	for _, r := range resources {
		open := waiting[r.URN]
		if len(open) == 0 || len(r.PropertyDependencies) == 0 {
			continue
		}
		duties := slices.DeleteFunc(slices.Clone(s.dutiesFor(r.Type).resource), func(d duty) bool { return !open[d.control.ID] })
		for _, result := range s.judge(nil, duties, r, nil) {
			if result.Outcome != Undecided {
				s.mu.Lock()
				delete(s.waiting, result.Control.ID+" "+r.URN)
				s.mu.Unlock()
				results = append(results, result)
			}
		}
	}
	return results
}

// Latest leaves out the results that a later one replaces: what waited in [Session.Analyze] and was judged again in
// [Session.AnalyzeStack].
func Latest(results []Result) []Result {
	type key struct {
		control *Control
		urn     string
	}
	waited := map[key]int{}
	latest := make([]Result, 0, len(results))
	for i := range results {
		r := &results[i]
		k := key{r.Control, r.URN}
		if at, ok := waited[k]; ok {
			latest[at] = *r
			delete(waited, k)
			continue
		}
		if r.Outcome == Undecided && !r.Control.Stack {
			waited[k] = len(latest)
		}
		latest = append(latest, *r)
	}
	return latest
}
