// SPDX-License-Identifier: Apache-2.0

// Package stack reads the resources of a Pulumi deployment as a network: those that a policy pack sees in a preview, a
// stack export, or the JSON of a preview. Resources are known by their URNs, before and after their ids exist. What a
// preview does not know yet becomes a doubt; what could carry packets and has no place in the model becomes unmodelled.
package stack

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// resource is one resource by its inputs and by its state.
type resource struct {
	*pack.Resource // state, and dependencies
	before         *pack.Resource
	read           bool // the program only reads it: what belongs to it may be elsewhere
}

// set reports whether there is a value: a provider writes an empty text into the state where nothing is set.
func set(v pack.Value) bool {
	s, known := v.Text()
	return v.Exists() && (!known || s != "")
}

// get is a property: the input if it is known, else the state's.
func (r *resource) get(path string) pack.Value {
	in, out := r.before.Inputs().Get(path), r.Outputs().Get(path)
	if !set(out) {
		return in
	}
	switch {
	case in.Exists() && !in.IsUnknown():
		return in
	case out.Exists() && !out.IsUnknown():
		return out
	case in.IsUnknown():
		return in
	}
	return out
}

// told is a property, and nothing where the program leaves it out and a preview does not know what the provider will read back there.
func (r *resource) told(path string) pack.Value {
	at, in := r.get(path), r.before.Inputs().Get(path)
	if at.IsUnknown() && !in.Exists() {
		return in
	}
	return at
}

// blank says of what a program only reads that a preview could not read it yet.
func (r *resource) blank() string {
	if r.read && bare(r.Outputs()) {
		return r.Name + " is " + later
	}
	return ""
}

// name is what a reader calls the resource.
func (r *resource) name() string {
	if s, ok := r.get("tags.Name").Text(); ok {
		return s
	}
	return r.Name
}

type builder struct {
	net    model.Network
	all    []*resource
	byURN  map[string]*resource
	byType map[string][]*resource
	// ids are the URNs of what AWS's ids, ARNs and names mean, by family and by id, as in "ec2/vpc vpc-1". What a VPC
	// has by itself has no family. Names may mean several: they are unique in a region only.
	ids map[string][]string
}

// Of is the network of an export or a preview; services is that of [Network].
func Of(d *export.Deployment, services map[string]string) *model.Network {
	return Network(d.Inputs, d.Stack, services)
}

// Network is that of resources by their inputs and by their state, which the same list may hold. Services names the
// services of AWS's prefix lists whose ids a program looked up, such as "com.amazonaws.eu-central-1.s3" by "pl-6ea54007":
// a preview does not tell.
func Network(before, after []*pack.Resource, services map[string]string) *model.Network {
	b := &builder{byURN: map[string]*resource{}, byType: map[string][]*resource{}, ids: map[string][]string{}}
	inputs := map[string]*pack.Resource{}
	for _, r := range before {
		inputs[r.URN] = r
	}
	for _, r := range after {
		x := &resource{Resource: r, before: inputs[r.URN]}
		x.read = x.before == nil || x.before == r && !r.Declared()
		if x.before == nil || bare(x.before.Inputs()) { // what a program only reads has no inputs
			x.before = r
		}
		b.all = append(b.all, x)
		b.byURN[r.URN] = x
		b.byType[family(r.Type)] = append(b.byType[family(r.Type)], x)
		for _, key := range []string{"id", "arn", "name", "identifier"} {
			if s, ok := x.get(key).Text(); ok && s != "" {
				b.call(family(r.Type)+" "+s, r.URN)
			}
		}
		if s := x.Outputs().Get("primaryNetworkInterfaceId").Str(); s != "" {
			b.call(interfaceFamily+" "+s, r.URN)
		}
	}
	b.services(services)
	b.vpcs()
	b.subnets()
	b.groups()
	b.acls()
	b.tables()
	b.gateways()
	b.interfaces()
	b.balancers()
	b.carriers()
	b.foreign()
	return &b.net
}

// partly reports whether a list, or an element of it, is not known.
func partly(at pack.Value) bool {
	if at.IsUnknown() {
		return true
	}
	for item := range at.Items() {
		if item.IsUnknown() {
			return true
		}
	}
	return false
}

// bare reports whether there are no properties.
func bare(v pack.Value) bool {
	for range v.Fields() {
		return false
	}
	return true
}

// family is the part of a token that says what a resource is, such as "ec2/vpc"; load balancers have two modules.
func family(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 || parts[0] != "aws" {
		return token
	}
	f := strings.Replace(parts[1], "alb/", "lb/", 1)
	return strings.Replace(f, "applicationloadbalancing/", "lb/", 1)
}

// of are the resources of families, in the order of the deployment.
func (b *builder) of(families ...string) []*resource {
	var out []*resource
	for _, f := range families {
		out = append(out, b.byType[f]...)
	}
	return out
}

// prefixes are the CIDRs of a value, and whether there are others that are not known.
func prefixes(at pack.Value) (out []netip.Prefix, doubt string) {
	for item := range at.Items() {
		s, ok := item.Text()
		if !ok {
			doubt = item.Path() + " is " + later
			continue
		}
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			doubt = fmt.Sprintf("%s: %q is no CIDR", item.Path(), s)
			continue
		}
		out = append(out, p.Masked())
	}
	return out, doubt
}

// certain is whether a value is true, where it may be unknown.
func certain(at pack.Value, absent model.Certainty) model.Certainty {
	if at.IsUnknown() {
		return model.Maybe
	}
	if !at.Exists() {
		return absent
	}
	if yes, _ := at.Bool(); yes {
		return model.Yes
	}
	return model.No
}

// protocolOf reads a protocol; one that is not known may be any.
func protocolOf(at pack.Value) (int, string) {
	s, ok := at.Text()
	if !ok {
		return model.Any, at.Path() + " is " + later
	}
	n, err := flow.Protocol(s)
	if err != nil {
		return model.Any, err.Error()
	}
	return n, ""
}

// numbers are a rule's ports or ICMP type and code; absent ones are any.
func numbers(at pack.Value, names ...string) (out [2]int, doubt string) {
	for i, name := range names {
		v := at.Get(name)
		n, ok := v.Number()
		switch {
		case ok:
			out[i] = int(n)
		case v.IsUnknown():
			return [2]int{model.Any, model.Any}, name + " is " + later
		default:
			out[i] = model.Any
		}
	}
	return out, ""
}
