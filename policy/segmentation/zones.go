// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"cmp"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// ZoneKind is what a zone of the network is.
type ZoneKind string

// The kinds of zone, from the outside in.
const (
	OutsideZone ZoneKind = "outside"
	VPCZone     ZoneKind = "VPC"
	TierZone    ZoneKind = "tier"
	SegmentZone ZoneKind = "segment"
)

// Zone is a part of the network as a reader sees it. A segment with members in several VPCs or outside is in each of these.
type Zone struct {
	Kind ZoneKind
	Name string
	// Holds is what the table says that a segment holds.
	Holds string
	// Zones are those within. A segment has none, and Members instead: what its interfaces are called.
	Zones   []Zone
	Members []string
}

// within is the zone of that kind and name in a zone, which is made where there is none yet.
func (z *Zone) within(kind ZoneKind, name string) *Zone {
	i := slices.IndexFunc(z.Zones, func(x Zone) bool { return x.Kind == kind && x.Name == name })
	if i < 0 {
		i = len(z.Zones)
		z.Zones = append(z.Zones, Zone{Kind: kind, Name: name})
	}
	return &z.Zones[i]
}

// Zones are the network from the outside in: what lies outside, and the VPCs with their tiers, segments and members.
func (p *Proof) Zones() []Zone {
	var root Zone
	names := map[string]string{}
	for _, v := range p.net.VPCs {
		names[v.ID] = cmp.Or(v.Name, last(v.ID))
	}
	root.within(OutsideZone, "")
	for _, segment := range p.Segments {
		for _, e := range p.members[segment] {
			if e.Class < 0 {
				root.within(OutsideZone, "").within(SegmentZone, segment).Holds = p.holds(segment)
			}
			for _, f := range e.Members() {
				at := root.within(VPCZone, names[vpcOf(f, p.net)])
				if tier := p.tier(segment); tier != "" {
					at = at.within(TierZone, tier)
				}
				at = at.within(SegmentZone, segment)
				at.Holds = p.holds(segment)
				at.Members = append(at.Members, label(f))
			}
		}
	}
	return root.Zones
}

// label is what a reader calls an interface, or several alike.
func label(f *model.Interface) string {
	name := cmp.Or(f.Name, last(f.ID))
	if f.Many {
		name += " (any number)"
	}
	return name
}

func (p *Proof) tier(segment string) string { return string(p.named(segment).Tier) }

func (p *Proof) holds(segment string) string { return p.named(segment).Holds }

// named is the segment of the table with a name; the zero value if it is none.
func (p *Proof) named(segment string) intent.Segment {
	i := slices.IndexFunc(p.table.Segments, func(s intent.Segment) bool { return s.Name == segment })
	if i < 0 {
		return intent.Segment{}
	}
	return p.table.Segments[i]
}
