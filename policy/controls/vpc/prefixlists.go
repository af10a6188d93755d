// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// prefixLists are the rules about security group rules that name prefix lists. What a list of the same stack
// holds counts as if the rule said it. A list that is not part of the stack is accepted: nobody but AWS, or
// another stack, knows what is in it; sg-prefix-list-known is for those who want each of them named.
func prefixLists() []*pack.Control {
	joins := []string{aws.ManagedPrefixList, aws.ManagedPrefixListEntry, aws.VPCEndpoint}
	return []*pack.Control{
		{
			ID: "sg-prefix-list-world", Title: "Prefix lists do not open ports to the internet", Severity: pack.Critical, Types: groupTypes,
			Joins: append([]string{aws.SecurityGroupRule, aws.SecurityGroupIngressRule}, joins...), Stack: true,
			Why:      "A rule that names a list looks narrow however much of the internet the list holds.",
			Fix:      "Remove the wide ranges from the list, or name another source.",
			Settings: []pack.Setting{want.Words("allowedPorts", "TCP and UDP ports that may be open to the internet.", "80", "443")},
			Maps:     standard.Meets("FSBP:EC2.18 FSBP:EC2.19 CIS:5.3 CIS:5.4", standard.Exposure), Check: listsClosed,
		},
		{
			ID: "sg-prefix-list-egress", Title: "Prefix lists do not let everything out", Severity: pack.Medium,
			Types: []string{aws.SecurityGroup, aws.SecurityGroupEgressRule, aws.SecurityGroupRule, aws.DefaultSecurityGroup}, Joins: joins,
			Stack: true,
			Why:   "A rule for every port and a list that holds the internet lets a workload send your data anywhere.",
			Fix:   "Allow the ports and destinations that are needed.",
			Maps:  standard.Meets(standard.WayOut), Check: listsKeepIn,
		},
		{
			ID: "sg-prefix-list-known", Title: "Rules name prefix lists that are known", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.SecurityGroup, aws.SecurityGroupRule, aws.SecurityGroupIngressRule, aws.SecurityGroupEgressRule,
				aws.DefaultSecurityGroup}, Joins: joins, Stack: true,
			Why: "What is in a list of another stack can change without this stack noticing. Lists of AWS are usually fine, so this is off by " +
				"default.",
			Fix:      "Manage the list in this stack, or add its id to the setting allowed.",
			Settings: []pack.Setting{want.Words("allowed", "Ids of prefix lists of AWS or of other stacks; \"*\" stands for any text.")},
			Maps:     standard.Meets(standard.Segments), Check: listsKnown,
		},
		{
			ID: "sg-sources-listed", Title: "Only listed addresses of the internet reach a group", Severity: pack.Low, Level: pack.Disabled,
			Types: groupTypes, Joins: joins, Stack: true, Public: true,
			Why: "Every range of the internet is a door, however narrow. Switch this on with the list of the ranges that are meant.",
			Fix: "Name a security group as the source, or list the range, or the id of a prefix list that the stack does not make.",
			Settings: []pack.Setting{want.Words("allowed", "Ranges, and ids of prefix lists of AWS or of other stacks, that may be sources; "+
				"\"*\" stands for any text.")},
			Maps: standard.Meets(standard.Exposure), Check: sourcesListed,
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
	if from.IsA(aws.SecurityGroupIngressRule, aws.SecurityGroupEgressRule) {
		property = "prefixListId"
	}
	ids := at.Get(property)
	if from.IsA(aws.SecurityGroup, aws.DefaultSecurityGroup) {
		property, _, _ = strings.Cut(at.Path(), "[")
	}
	for id := range ids.Items() {
		switch list, found := s.Target(from, property, id, aws.ManagedPrefixList); {
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
		if to := s.Find(urn); to != nil && to.Type == aws.ManagedPrefixList {
			lists = append(lists, to)
		} else if to != nil && to.Type == aws.VPCEndpoint {
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
	entries, maybe := s.Pointing(list, "prefixListId", aws.ManagedPrefixListEntry)
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
func direction(from *pack.Resource, r *filter.Rule, ingress bool) pack.Fact {
	if from.Type != aws.SecurityGroupRule {
		if r.Ingress == ingress {
			return pack.Yes(r.At)
		}
		return pack.No(r.At)
	}
	want := "egress"
	if ingress {
		want = "ingress"
	}
	return from.Get("type").OneOf(want)
}

// eachListed judges every rule of the resource that names a prefix list.
func eachListed(k *pack.Case, judge func(*filter.Rule, *contents)) {
	list := filter.Rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		if c := listsOf(k.Stack, k.Resource, r.At); c.any() {
			c.waitFor(r.Sources[:])
			judge(r, &c)
		}
	}
}

func listsClosed(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	eachListed(k, func(r *filter.Rule, c *contents) {
		k.Forbid(direction(k.Resource, r, true).And(c.world(r.At, r.Ranges())).And(r.Beyond(allowed)),
			"%s lets the internet (%s) reach %s", filter.Place(r.At), c.told(), r.Span())
	})
	if k.IsA(aws.Groups...) {
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
	list := filter.Rules(k, from)
	for i := range list {
		r := &list[i]
		c := listsOf(k.Stack, from, r.At)
		t.lists = t.lists || c.any()
		c.waitFor(r.Sources[:])
		for _, v := range []pack.Value{r.Protocol, r.From, r.To} {
			if v.IsUnknown() {
				t.open = v
			}
		}
		counts := direction(from, r, true).And(r.Beyond(allowed))
		switch world := c.world(r.At, r.Ranges()); {
		case counts.Is == pack.False || world.Is == pack.True:
			continue
		case counts.Is == pack.Deferred:
			t.open = counts.At
		case world.Is == pack.Deferred:
			t.open = world.At
		}
		ports := r.Span()
		if t.sums[ports] == nil {
			t.sums[ports] = &sum{}
		}
		s := t.sums[ports]
		s.plain, s.listed, s.names = append(s.plain, r.Ranges()...), append(s.listed, c.ranges...), append(s.names, c.names...)
	}
}

// listsTogether adds up the rules of a group for the same ports, lists and all. What is wide without any list
// is the business of sg-union-world.
func listsTogether(k *pack.Case, allowed []string) {
	t := together{sums: map[string]*sum{}}
	t.collect(k, k.Resource, allowed)
	sure, maybe := k.Stack.Pointing(k.Resource, "securityGroupId", aws.SecurityGroupRule, aws.SecurityGroupIngressRule)
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
	if len(maybe) > 0 && len(k.Stack.Of(aws.ManagedPrefixList)) > 0 {
		k.Defer(maybe[0])
	}
	if t.lists && t.open.IsUnknown() {
		k.Defer(t.open)
	}
}

func listsKeepIn(k *pack.Case) {
	eachListed(k, func(r *filter.Rule, c *contents) {
		everything := r.Every.Or(r.WholeRange())
		k.Forbid(direction(k.Resource, r, false).And(c.world(r.At, r.Ranges())).And(everything), "%s lets everything out to %s",
			filter.Place(r.At), c.told())
	})
	unknownSides(k, "egress")
}

func listsKnown(k *pack.Case) {
	list := filter.Rules(k, k.Resource)
	for i := range list {
		c := listsOf(k.Stack, k.Resource, list[i].At)
		for _, id := range c.foreign {
			k.Require(id.Matches(func(text string) bool {
				return slices.ContainsFunc(k.Words("allowed"), func(pattern string) bool { return glob.Match(pattern, text) })
			}), "%s names a prefix list that is not part of the stack", filter.Place(id))
		}
		if c.waits.IsUnknown() {
			k.Defer(c.waits)
		}
	}
	unknownSides(k, "ingress")
	unknownSides(k, "egress")
}

// sourcesListed refuses ranges that the internet routes, and prefix lists of which nothing is known, unless they are in the setting.
func sourcesListed(k *pack.Case) {
	listed := func(from string) bool {
		return slices.ContainsFunc(k.Words("allowed"), func(pattern string) bool { return glob.Match(pattern, from) })
	}
	list := filter.Rules(k, k.Resource)
	for i := range list {
		r := &list[i]
		c := listsOf(k.Stack, k.Resource, r.At)
		c.waitFor(r.Sources[:])
		ranges := slices.DeleteFunc(slices.Concat(r.Ranges(), c.ranges, c.possible), func(s string) bool { return !address.Public(s) })
		for _, id := range c.foreign {
			ranges = append(ranges, id.Str())
		}
		ranges = slices.DeleteFunc(ranges, listed)
		switch lets := direction(k.Resource, r, true); {
		case len(ranges) > 0:
			k.Forbid(lets, "%s lets %s reach %s", filter.Place(r.At), want.Few(ranges), r.Span())
		case c.waits.IsUnknown():
			k.Forbid(lets.And(pack.Wait(c.waits)), "")
		}
	}
	unknownSides(k, "ingress")
}
