// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
)

// NetworkType is the component that registers the table from which it is made as an input of its own.
const NetworkType = "bulkhead:network:Network"

// ErrUnknown is returned for a table that the deployment decides.
var ErrUnknown = errors.New("its table is " + later)

// Table is what the network components among resources say that they are made from: nil where there are none. With
// several networks the segments have the network's name before theirs.
func Table(resources []*pack.Resource) (*intent.Table, error) {
	var networks []*pack.Resource
	for _, r := range resources {
		if r.Type == NetworkType && r.Get("table").Exists() {
			networks = append(networks, r)
		}
	}
	if len(networks) == 0 {
		return nil, nil
	}
	all := &intent.Table{Limited: true}
	for _, r := range networks {
		plain, known := r.Get("table").Plain()
		if !known {
			return nil, fmt.Errorf("%s: %w", r.Name, ErrUnknown)
		}
		text, err := yaml.Marshal(plain)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		var t intent.Table
		if err := yaml.Unmarshal(text, &t); err != nil { // fields of a newer component decide nothing here
			return nil, fmt.Errorf("%s: its table cannot be read: %w", r.Name, err)
		}
		owned(&t, r.Name, len(networks) > 1)
		all.Segments, all.Connections = append(all.Segments, t.Segments...), append(all.Connections, t.Connections...)
	}
	return all, all.Settle()
}

// Adopts reports whether a network among resources moves into a VPC of somebody else's making. Its subnets and routes are then not among
// them, and only AWS's answers can tell what passes.
func Adopts(resources []*pack.Resource) bool {
	return slices.ContainsFunc(resources, func(r *pack.Resource) bool { return r.Type == NetworkType && r.Get("existing").Exists() })
}

// owned gives the segments of a network's table their members: what has the group that the network made for the
// segment, or for the endpoint of an AWS service.
func owned(t *intent.Table, network string, several bool) {
	prefix := ""
	if several {
		prefix = network + "/"
	}
	for i := range t.Segments {
		s := &t.Segments[i]
		s.What = group(network + "-" + s.Name)
		for j := range t.Connections {
			for _, end := range []*string{&t.Connections[j].From, &t.Connections[j].To} {
				if *end == s.Name {
					*end = prefix + s.Name
				}
			}
		}
		s.Name = prefix + s.Name
	}
	if !several {
		return
	}
	// An interface endpoint serves its own network alone.
	rows := t.Connections
	t.Connections = nil
	for _, c := range rows {
		services, found := strings.CutPrefix(c.To, "aws:")
		if !found || services == "" {
			t.Connections = append(t.Connections, c)
			continue
		}
		for service := range strings.SplitSeq(services, ",") {
			one := c
			if one.To = "aws:" + service; service != "s3" && service != "dynamodb" {
				one.To = prefix + "aws:" + service
				if !slices.ContainsFunc(t.Segments, func(s intent.Segment) bool { return s.Name == one.To }) {
					t.Segments = append(t.Segments, intent.Segment{Name: one.To, What: group(network + "-endpoint-" + strings.ReplaceAll(service, ".", "-"))})
				}
			}
			t.Connections = append(t.Connections, one)
		}
	}
}

// group selects what has a group of the network component: by its name in AWS, and by that of its resource.
func group(name string) intent.Words {
	return intent.Words{"group:" + name, "group:urn:*::" + name + "-group"}
}

// modules are the beginnings of the types of which a network is made.
var modules = []string{
	NetworkType, "aws:ec2/", "aws:vpc/", "aws:lb/", "aws:alb/", "aws:applicationloadbalancing/", "aws:elb/", "aws:autoscaling/", "aws:wafv2/webAclAssociation", "aws:ec2transitgateway/",
	"aws:ec2clientvpn/", "aws:networkfirewall/", "aws:vpclattice/",
}

// Reads reports whether the inputs of resources of a type decide anything.
func Reads(token string) bool {
	_, holds := placed[family(token)]
	return holds || slices.Contains(subnetGroups, family(token)) || slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(token, m) })
}
