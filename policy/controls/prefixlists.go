// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	listType  = "aws:ec2/managedPrefixList:ManagedPrefixList"
	listEntry = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
)

// prefixLists are the rules about security group rules that name prefix lists. What a list of the same stack
// holds counts as if the rule said it. A list that is not part of the stack is accepted: nobody but AWS, or
// another stack, knows what is in it; sg-prefix-list-known is for those who want each of them named.
func prefixLists() []*pack.Control {
	joins := []string{listType, listEntry, endpointType}
	return []*pack.Control{
		{
			ID: "sg-prefix-list-world", Title: "Prefix lists do not open ports to the internet", Severity: pack.Critical, Types: groupTypes, Joins: append([]string{sgRule, sgIngress}, joins...), Stack: true,
			Why: "A rule that names a list looks narrow however much of the internet the list holds.", Fix: "Remove the wide ranges from the list, or name another source.",
			Settings: []pack.Setting{words("allowedPorts", "TCP and UDP ports that may be open to the internet.", "80", "443")},
			Maps:     meets("FSBP:EC2.18 FSBP:EC2.19 CIS:5.3 CIS:5.4", exposure), Check: listsClosed,
		},
		{
			ID: "sg-prefix-list-egress", Title: "Prefix lists do not let everything out", Severity: pack.Medium, Types: []string{sgType, sgEgress, sgRule, sgDefault}, Joins: joins, Stack: true,
			Why: "A rule for every port and a list that holds the internet lets a workload send your data anywhere.", Fix: "Allow the ports and destinations that are needed.",
			Maps: meets(wayOut), Check: listsKeepIn,
		},
		{
			ID: "sg-prefix-list-known", Title: "Rules name prefix lists that are known", Severity: pack.Low, Level: pack.Disabled, Types: []string{sgType, sgRule, sgIngress, sgEgress, sgDefault}, Joins: joins, Stack: true,
			Why: "What is in a list of another stack can change without this stack noticing. Lists of AWS are usually fine, so this is off by default.",
			Fix: "Manage the list in this stack, or add its id to the setting allowed.", Settings: []pack.Setting{words("allowed", "Ids of prefix lists of AWS or of other stacks; \"*\" stands for any text.")},
			Maps: meets(segments), Check: listsKnown,
		},
	}
}

// contents is what the prefix lists of one rule hold, as far as the stack tells.
type contents struct {
	// ranges are those of lists that the rule certainly names, possible those of lists that it may name.
	ranges, possible []string
	names            []string
	// foreign are lists that are not part of the stack.
	foreign []pack.Value
	waits   pack.Value
}

// listsOf reads the prefix lists of a rule, which belongs to a resource that may hold several rules.
func listsOf(s *pack.Stack, from *pack.Resource, at pack.Value) contents {
	var c contents
	property := "prefixListIds"
	if from.IsA(sgIngress, sgEgress) {
		property = "prefixListId"
	}
	ids := at.Get(property)
	if from.IsA(sgType, sgDefault) {
		property, _, _ = strings.Cut(at.Path(), "[")
	}
	for id := range ids.Items() {
		switch list, found := s.Target(from, property, id, listType); {
		case list != nil && !id.IsUnknown():
			c.add(s, list, true)
		case id.IsUnknown():
			c.resolve(s, from, property, id)
		case found.Is == pack.Deferred:
			c.waits = found.At
		default:
			c.foreign = append(c.foreign, id)
		}
	}
	return c
}

// resolve looks for the list behind an id that is not known yet among the resources that the property depends
// on. A gateway endpoint has a list of AWS's own.
func (c *contents) resolve(s *pack.Stack, from *pack.Resource, property string, id pack.Value) {
	var lists []*pack.Resource
	endpoint := false
	for _, urn := range from.PropertyDependencies[property] {
		if to := s.Find(urn); to != nil && to.Type == listType {
			lists = append(lists, to)
		} else if to != nil && to.Type == endpointType {
			endpoint = true
		}
	}
	for _, list := range lists {
		c.add(s, list, len(lists) == 1 && !endpoint)
	}
	switch {
	case len(lists) == 0 && endpoint:
		c.foreign = append(c.foreign, id)
	case len(lists) == 0:
		c.waits = id
	}
}

// add adds the entries of a list, in the list itself or beside it.
func (c *contents) add(s *pack.Stack, list *pack.Resource, sure bool) {
	into := &c.possible
	if sure {
		into = &c.ranges
	}
	c.names = append(c.names, list.Name)
	take := func(v pack.Value) {
		if v.IsUnknown() {
			c.waits = v
		} else if v.Str() != "" {
			*into = append(*into, v.Str())
		}
	}
	for entry := range list.Get("entries").Items() {
		take(entry.Get("cidr"))
	}
	entries, maybe := s.Pointing(list, "prefixListId", listEntry)
	for _, entry := range entries {
		take(entry.Get("cidr"))
	}
	if len(maybe) > 0 {
		c.waits = maybe[0]
	}
}

// any reports whether the rule names a prefix list at all.
func (c *contents) any() bool {
	return len(c.names) > 0 || len(c.foreign) > 0 || c.waits.IsUnknown()
}

// world is the fact that the lists, together with what else the rule names, are a large part of the internet.
// What is wide without the lists is the business of other controls.
func (c *contents) world(at pack.Value, plain []string) pack.Fact {
	if wide, _ := address.Wide(plain...); wide {
		return pack.No(at)
	}
	if wide, _ := address.Wide(slices.Concat(plain, c.ranges)...); wide {
		return pack.Yes(at)
	}
	if wide, _ := address.Wide(slices.Concat(plain, c.ranges, c.possible)...); wide {
		return pack.Wait(at)
	}
	if c.waits.IsUnknown() {
		return pack.Wait(c.waits)
	}
	return pack.No(at)
}

// waitFor notes that ranges of the rule itself are not known yet.
func (c *contents) waitFor(sources []pack.Value) {
	for _, source := range sources {
		if _, unknown := source.Strings(); unknown.IsUnknown() {
			c.waits = unknown
		}
	}
}

// told names the lists and what they hold.
func (c *contents) told() string {
	return fmt.Sprintf("prefix list %s: %s", strings.Join(c.names, ", "), strings.Join(slices.Concat(c.ranges, c.possible), ", "))
}

// direction is the fact that a rule is about traffic in the direction.
func direction(from *pack.Resource, r *rule, ingress bool) pack.Fact {
	if from.Type != sgRule {
		if r.ingress == ingress {
			return pack.Yes(r.at)
		}
		return pack.No(r.at)
	}
	want := "egress"
	if ingress {
		want = "ingress"
	}
	return from.Get("type").OneOf(want)
}

// eachListed judges every rule of the resource that names a prefix list.
func eachListed(k *pack.Case, judge func(*rule, *contents)) {
	list := rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		if c := listsOf(k.Stack, k.Resource, r.at); c.any() {
			c.waitFor(r.sources[:])
			judge(r, &c)
		}
	}
}

func listsClosed(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	eachListed(k, func(r *rule, c *contents) {
		k.Forbid(direction(k.Resource, r, true).And(c.world(r.at, r.ranges())).And(r.beyond(allowed)),
			"%s lets the internet (%s) reach %s", place(r.at), c.told(), r.span())
	})
	if k.Type == sgType {
		listsTogether(k, allowed)
	}
	unknownSides(k, "ingress")
}

// together is what the rules of one group let in, added up for the same ports.
type together struct {
	sums  map[string]*sum
	lists bool
	open  pack.Value
}

type sum struct{ plain, listed, names []string }

// collect adds the rules that a resource carries. What a single rule opens is told by itself.
func (t *together) collect(k *pack.Case, from *pack.Resource, allowed []string) {
	list := rules(k, from)
	for i := range list {
		r := &list[i]
		c := listsOf(k.Stack, from, r.at)
		t.lists = t.lists || c.any()
		c.waitFor(r.sources[:])
		for _, v := range []pack.Value{r.protocol, r.from, r.to} {
			if v.IsUnknown() {
				t.open = v
			}
		}
		counts := direction(from, r, true).And(r.beyond(allowed))
		switch world := c.world(r.at, r.ranges()); {
		case counts.Is == pack.False || world.Is == pack.True:
			continue
		case counts.Is == pack.Deferred:
			t.open = counts.At
		case world.Is == pack.Deferred:
			t.open = world.At
		}
		ports := r.span()
		if t.sums[ports] == nil {
			t.sums[ports] = &sum{}
		}
		s := t.sums[ports]
		s.plain, s.listed, s.names = append(s.plain, r.ranges()...), append(s.listed, c.ranges...), append(s.names, c.names...)
	}
}

// listsTogether adds up the rules of a group for the same ports, lists and all. What is wide without any list
// is the business of sg-union-world.
func listsTogether(k *pack.Case, allowed []string) {
	t := together{sums: map[string]*sum{}}
	t.collect(k, k.Resource, allowed)
	sure, maybe := k.Stack.Pointing(k.Resource, "securityGroupId", sgRule, sgIngress)
	for _, companion := range sure {
		t.collect(k, companion, allowed)
	}
	for _, ports := range slices.Sorted(maps.Keys(t.sums)) {
		s := t.sums[ports]
		c := contents{ranges: s.listed}
		if len(s.listed) > 0 && c.world(k.Get("ingress"), s.plain).Is == pack.True {
			k.Report(k.Get("ingress"), "its rules, with prefix list %s, together let the internet reach %s", strings.Join(s.names, ", "), ports)
		}
	}
	if len(maybe) > 0 && len(k.Stack.Of(listType)) > 0 {
		k.Defer(maybe[0])
	}
	if t.lists && t.open.IsUnknown() {
		k.Defer(t.open)
	}
}

func listsKeepIn(k *pack.Case) {
	eachListed(k, func(r *rule, c *contents) {
		everything := r.every.Or(r.wholeRange())
		k.Forbid(direction(k.Resource, r, false).And(c.world(r.at, r.ranges())).And(everything), "%s lets everything out to %s", place(r.at), c.told())
	})
	unknownSides(k, "egress")
}

func listsKnown(k *pack.Case) {
	list := rules(k, k.Resource)
	for i := range list {
		c := listsOf(k.Stack, k.Resource, list[i].at)
		for _, id := range c.foreign {
			k.Require(id.Matches(func(text string) bool {
				return slices.ContainsFunc(k.Words("allowed"), func(pattern string) bool { return glob.Match(pattern, text) })
			}), "%s names a prefix list that is not part of the stack", place(id))
		}
		if c.waits.IsUnknown() {
			k.Defer(c.waits)
		}
	}
	unknownSides(k, "ingress")
	unknownSides(k, "egress")
}
