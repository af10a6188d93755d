// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

func (p *Proof) outside(segment string) bool {
	return segment == Elsewhere || len(p.members[segment]) > 0 && p.members[segment][0].Class < 0
}

// assign finds the members of every segment. An interface in two segments contradicts the table.
func (p *Proof) assign() error {
	var problems []string
	vpcs := map[string]bool{}
	p.of = map[string]string{}
	known := selectable(p.net)
	for _, e := range p.table.Ends() {
		p.addOutside(&e)
		members := selected(&e, known)
		for _, f := range members {
			if other := p.of[f.ID]; other != "" {
				problems = append(problems, fmt.Sprintf("%s is in the segments %s and %s; an interface has one", called(f), other, e.Name))
			}
			p.of[f.ID] = e.Name
			vpcs[vpcOf(f, p.net)] = true
			p.add(e.Name, p.engine.Interface(f.ID))
		}
		p.absent[e.Name] = p.missing(&e, members)
		if len(p.members[e.Name]) == 0 {
			p.Assumptions = append(p.Assumptions, fmt.Sprintf("segment %s has no members", e.Name))
		}
	}
	for i := range p.net.Interfaces {
		f := &p.net.Interfaces[i]
		switch {
		case p.of[f.ID] != "" || f.Kind == model.NATInterface:
		case p.table.Limited && !vpcs[vpcOf(f, p.net)]:
			p.add(Elsewhere, p.engine.Interface(f.ID))
		default:
			p.add(Unassigned, p.engine.Interface(f.ID))
			p.Assumptions = append(p.Assumptions, fmt.Sprintf("%s is in no segment, so everything to and from it is forbidden", called(f)))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("the table does not fit the network:\n  %s", strings.Join(problems, "\n  "))
	}
	return nil
}

// vpcOf is the VPC that an interface is in.
func vpcOf(f *model.Interface, net *model.Network) string {
	for _, s := range net.Subnets {
		if slices.Contains(f.Subnets, s.ID) {
			return s.VPC
		}
	}
	return ""
}

// addOutside adds what an end is outside the network: addresses, or services of AWS.
func (p *Proof) addOutside(e *intent.End) {
	p.add(e.Name)
	if e.Name == intent.Internet {
		p.add(e.Name, p.engine.Outside(p.engine.InternetEnd().Addresses().Minus(flow.PrefixAddrs(p.table.Known()...))))
	}
	if len(e.Addresses) > 0 {
		for _, x := range p.engine.OutsideEnds(e.Addresses) {
			p.add(e.Name, x)
		}
	}
	for _, l := range p.net.Lists {
		if l.Service && slices.ContainsFunc(e.Segments, func(s intent.Segment) bool { return s.Service != "" && glob.Match(s.Service, l.Name) }) {
			service := p.engine.Service(l.ID)
			if l.Doubt != "" {
				// Where a service's addresses are not known, those that the table names have an end of their own, as against the internet.
				service = p.engine.OutsideOf(l.ID, service.Addresses().Minus(flow.PrefixAddrs(p.table.Known()...)))
			}
			p.add(e.Name, service)
		}
	}
}

func called(f *model.Interface) string {
	if f.Name == "" {
		return f.ID
	}
	return f.Name + " (" + f.ID + ")"
}

// traits are what an interface can be selected by: names of its own, and ids and names of its subnets and groups.
type traits struct {
	*model.Interface
	names, subnets, groups []string
}

// selectable are the interfaces that can be in a segment.
func selectable(net *model.Network) []traits {
	names := map[string]string{}
	for _, x := range net.Subnets {
		names[x.ID] = x.Name
	}
	for _, x := range net.Groups {
		names[x.ID] = x.Name
	}
	both := func(ids []string) []string {
		var out []string
		for _, id := range ids {
			out = append(out, id, names[id])
		}
		return out
	}
	var out []traits
	for i := range net.Interfaces {
		if f := &net.Interfaces[i]; f.Kind != model.NATInterface {
			out = append(out, traits{f, []string{f.ID, last(f.ID), f.Name, f.Owner}, both(f.Subnets), both(f.Groups)})
		}
	}
	return out
}

// selected are the interfaces of an end.
func selected(e *intent.End, from []traits) []*model.Interface {
	var out []*model.Interface
	for _, f := range from {
		if slices.ContainsFunc(e.Segments, func(s intent.Segment) bool {
			return s.Selects(string(f.Kind), f.Service, f.names, f.subnets, f.groups)
		}) {
			out = append(out, f.Interface)
		}
	}
	return out
}

// add adds ends to a segment, each class once.
func (p *Proof) add(segment string, ends ...*reach.End) {
	if !slices.Contains(p.Segments, segment) {
		p.Segments = append(p.Segments, segment)
	}
	for _, e := range ends {
		if e != nil && (e.Class < 0 || !slices.ContainsFunc(p.members[segment], func(x *reach.End) bool { return x.Class == e.Class })) {
			p.members[segment] = append(p.members[segment], e)
		}
	}
}
