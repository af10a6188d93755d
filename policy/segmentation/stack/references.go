// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// found are the resources that a property points at, and why that may be wrong.
type found struct {
	ids   []string
	doubt string
	short bool // there may be others
}

// one is the only id, or the empty one.
func (f found) one() string {
	if len(f.ids) == 1 {
		return f.ids[0]
	}
	return ""
}

// and is both.
func (f found) and(g found) found {
	return found{append(f.ids, g.ids...), cmp.Or(f.doubt, g.doubt), f.short || g.short}
}

const later = "known after the deployment"

// refer finds what a property points at. Ids that are known are those of the stack's resources or of strangers. For
// those that are not, the engine tells of what the property is computed: as many resources of the right kinds as there
// are unknown ids are the ones, in whatever order; otherwise each may be, which is a doubt.
func (b *builder) refer(r *resource, path string, at pack.Value, families ...string) found {
	return b.referAll(r, path, slices.Collect(at.Items()), families...)
}

// referAll is refer of several values of one property.
func (b *builder) referAll(r *resource, path string, items []pack.Value, families ...string) found {
	var out found
	unknown := 0
	for _, item := range items {
		switch s, ok := item.Text(); {
		case item.IsUnknown():
			unknown++
		case ok && s != "":
			meant := b.meant(r, s, families)
			if out.ids = append(out.ids, meant...); len(meant) > 1 {
				out.doubt = "several are called " + s
			}
		}
	}
	if unknown == 0 {
		return out
	}
	root, _, _ := strings.Cut(path, ".")
	candidates := b.computedFrom(r.PropertyDependencies[root], out.ids, families)
	if out.ids = append(out.ids, candidates...); len(candidates) != unknown {
		out.doubt, out.short = path+" is "+later, len(candidates) < unknown
	}
	return out
}

// call says what an id means.
func (b *builder) call(id, urn string) {
	if !slices.Contains(b.ids[id], urn) {
		b.ids[id] = append(b.ids[id], urn)
	}
}

// meant are the URNs of what an id of one of the families means to a resource, or the id of a stranger. Of several, it means those of its
// own provider and region.
func (b *builder) meant(r *resource, id string, families []string) []string {
	for _, f := range append(slices.Clone(families), "") {
		urns := b.ids[f+" "+id]
		if len(urns) > 1 {
			urns = slices.DeleteFunc(slices.Clone(urns), func(urn string) bool {
				x := b.byURN[urn]
				return x != nil && (x.ProviderURN != r.ProviderURN || x.get("region").Str() != r.get("region").Str())
			})
		}
		if len(urns) > 0 {
			return urns
		}
	}
	return []string{id}
}

// computedFrom are the resources of some families among URNs, but for those that are known by their ids.
func (b *builder) computedFrom(urns, known, families []string) []string {
	var out []string
	for _, urn := range urns {
		x := b.byURN[urn]
		if x == nil || !slices.Contains(families, family(x.Type)) || slices.Contains(known, urn) || slices.Contains(out, urn) {
			continue
		}
		out = append(out, urn)
	}
	return out
}

// placesOf are the subnets that a property may mean. An interface is in one of them, so more than one is no doubt, if that is all.
func (b *builder) placesOf(r *resource, path string, at pack.Value, families ...string) found {
	f := b.refer(r, path, at, families...)
	if !f.short {
		f.doubt = ""
	}
	return f
}

// ref is refer of a whole property. One that the program leaves out and a preview does not know names nothing: the provider will read back
// there what other resources say.
func (b *builder) ref(r *resource, path string, families ...string) found {
	return b.refer(r, path, r.told(path), families...)
}

// vpcOf is the VPC that a resource names.
func (b *builder) vpcOf(r *resource) string {
	return b.ref(r, "vpcId", vpcFamilies...).one()
}
