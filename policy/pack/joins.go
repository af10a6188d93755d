// SPDX-License-Identifier: Apache-2.0

package pack

import "slices"

// pointers indexes the resources of one type by where one property of theirs points, so that a join costs as
// much as it finds and not as much as there is.
type pointers struct {
	byValue map[string][]*Resource
	byURN   map[string][]*Resource
	// strangers are resources whose property is unknown and depends on nothing of a family: they may point
	// at any resource of it. The lists are made when a family is first asked for.
	strangers map[string][]*Resource
	unknown   []*Resource
	all       []*Resource
}

// names indexes the resources of one type by their identities.
type names struct {
	byValue map[string][]*Resource
	// open are resources whose chosen name is not known yet.
	open []*Resource
}

func (s *Stack) pointersOf(token, property string) *pointers {
	key := [2]string{token, property}
	if p := s.pointers[key]; p != nil {
		return p
	}
	p := &pointers{byValue: map[string][]*Resource{}, byURN: map[string][]*Resource{}, strangers: map[string][]*Resource{},
		all: s.byType[token]}
	s.pointers[key] = p
	for _, r := range p.all {
		unknown := false
		for item := range r.Get(property).Items() {
			if item.IsUnknown() {
				unknown = true
			} else if text, ok := item.Text(); ok {
				p.byValue[text] = append(p.byValue[text], r)
				if name := nameInARN(text); name != "" {
					p.byValue[name] = append(p.byValue[name], r)
				}
			}
		}
		if !unknown {
			continue
		}
		p.unknown = append(p.unknown, r)
		for _, urn := range r.PropertyDependencies[rootOf(property)] {
			p.byURN[urn] = append(p.byURN[urn], r)
		}
	}
	return p
}

// candidates are the resources of a type whose property may point at `to`, in the order of the engine.
func (s *Stack) candidates(to *Resource, property, token string) []*Resource {
	p := s.pointersOf(token, property)
	if openName(to) {
		return p.all
	}
	found := slices.Clone(p.byURN[to.URN])
	for _, key := range identities {
		for _, id := range [2]string{to.Outputs().Get(key).Str(), to.Inputs().Get(key).Str()} {
			if id != "" {
				found = append(found, p.byValue[id]...)
			}
		}
	}
	found = append(found, p.strangersTo(s, familyOf(to.Type), rootOf(property))...)
	slices.SortFunc(found, func(a, b *Resource) int { return a.position - b.position })
	return slices.Compact(found)
}

func (p *pointers) strangersTo(s *Stack, family, root string) []*Resource {
	if list, ok := p.strangers[family]; ok {
		return list
	}
	var list []*Resource
	for _, r := range p.unknown {
		if !slices.ContainsFunc(r.PropertyDependencies[root], func(urn string) bool {
			target := s.byURN[urn]
			return target != nil && familyOf(target.Type) == family
		}) {
			list = append(list, r)
		}
	}
	p.strangers[family] = list
	return list
}

// Using returns the resources with an input that is computed from `to`, in the order of the engine.
func (s *Stack) Using(to *Resource) []*Resource {
	if s.users == nil {
		s.users = map[string][]*Resource{}
		for _, r := range s.all {
			for _, urns := range r.PropertyDependencies {
				for _, urn := range urns {
					if list := s.users[urn]; len(list) == 0 || list[len(list)-1] != r {
						s.users[urn] = append(list, r)
					}
				}
			}
		}
	}
	return s.users[to.URN]
}

// openName reports whether a name that the program may choose is still unknown.
func openName(r *Resource) bool {
	return slices.ContainsFunc(chosen, func(key string) bool { return r.Inputs().Get(key).IsUnknown() })
}

// named are the resources of a type that have the identity, or may turn out to have it.
func (s *Stack) named(token, id string) []*Resource {
	n := s.names[token]
	if n == nil {
		n = &names{byValue: map[string][]*Resource{}}
		s.names[token] = n
		for _, r := range s.byType[token] {
			if openName(r) {
				n.open = append(n.open, r)
			}
			for _, key := range identities {
				for _, v := range [2]string{r.Outputs().Get(key).Str(), r.Inputs().Get(key).Str()} {
					if list := n.byValue[v]; v != "" && (len(list) == 0 || list[len(list)-1] != r) {
						n.byValue[v] = append(list, r)
					}
				}
			}
		}
	}
	list := slices.Clone(n.byValue[id])
	if name := nameInARN(id); name != "" {
		list = append(list, n.byValue[name]...)
	}
	return append(list, n.open...)
}
