// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"math"
	"slices"
	"strings"

	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Types that no policy asks for.
const (
	egressOnlyGatewayType = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
	profileType           = "aws:iam/instanceProfile:InstanceProfile"
	queryLogType          = "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"
	certificateType       = "aws:acm/certificate:Certificate"
	linkedRoleType        = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
)

// plan is a preview. Ids of what it makes are unknown, and an event log does not say which resource an unknown id is of.
type plan struct {
	deployment *export.Deployment
	outputs    map[string]pack.Value // by URN
}

func newPlan(d *export.Deployment) *plan {
	p := &plan{d, map[string]pack.Value{}}
	for _, r := range d.Stack {
		p.outputs[r.URN] = r.Outputs()
	}
	return p
}

// of are the resources of some types that there will be.
func (p *plan) of(tokens ...string) []*pack.Resource {
	var found []*pack.Resource
	for _, r := range p.deployment.Inputs {
		if r.IsA(tokens...) {
			found = append(found, r)
		}
	}
	return found
}

// makes reports whether the deployment makes the resource. What is replaced counts: the old one goes last.
func (p *plan) makes(r *pack.Resource) bool { return p.deployment.Made[r.URN] }

// demand is how much of one thing a deployment needs, in one place where the quota counts for each place of its own.
type demand struct {
	where string
	count int
}

// made is how many resources of a type the deployment makes, if there will be any.
func made(tokens ...string) func(*plan) []demand {
	return madeWhere(func(*pack.Resource) (string, bool) { return "", true }, tokens...)
}

// madeWhere is made for the resources that pass, at the place of each.
func madeWhere(place func(*pack.Resource) (where string, counts bool), tokens ...string) func(*plan) []demand {
	return func(p *plan) []demand {
		count := map[string]int{}
		for _, r := range p.of(tokens...) {
			if where, counts := place(r); counts {
				count[where] += 0
				if p.makes(r) {
					count[where]++
				}
			}
		}
		return demands(count)
	}
}

func demands(count map[string]int) []demand {
	var all []demand
	for where, n := range count {
		all = append(all, demand{where, n})
	}
	slices.SortFunc(all, func(a, b demand) int { return cmp.Compare(a.where, b.where) })
	return all
}

// endpoint is the VPC of an endpoint of one kind, empty for one that the deployment makes. AWS's default is Gateway.
func endpoint(kind string, perVPC bool) func(*pack.Resource) (string, bool) {
	return func(r *pack.Resource) (string, bool) {
		is, _ := r.Inputs().Get("vpcEndpointType").Text()
		if cmp.Or(is, "Gateway") != kind {
			return "", false
		}
		if !perVPC {
			return "", true
		}
		return r.Inputs().Get("vpcId").Str(), true
	}
}

// natGateways are the NAT gateways of each zone. The subnet of a new one is not known yet, so the end of its name tells the zone; one
// that ends otherwise counts in every zone.
func natGateways(zones []string) func(*plan) []demand {
	return func(p *plan) []demand {
		count := map[string]int{}
		for _, r := range p.of(resource.NATGateway) {
			told := slices.ContainsFunc(zones, func(zone string) bool { return strings.HasSuffix(r.Name, zone) })
			for _, zone := range zones {
				if !told || strings.HasSuffix(r.Name, zone) {
					count[zone] += 0
					if p.makes(r) {
						count[zone]++
					}
				}
			}
		}
		return demands(count)
	}
}

// fullest is the owner with the most rules of one direction and address family, all of which are the stack's; extra is how many rules
// the owner has of itself.
func fullest(owner string, extra int, rules ...string) func(*plan) []demand {
	return func(p *plan) []demand {
		count := map[string]int{}
		for _, r := range p.of(rules...) {
			direction := "inbound"
			if r.IsA(resource.SecurityGroupEgressRule) || r.Inputs().Get("egress").Str() == "true" {
				direction = "outbound"
			}
			for _, family := range families(r) {
				count[p.owner(r, owner)+", "+direction+" "+family]++
			}
		}
		if len(count) == 0 {
			return nil
		}
		most := slices.MaxFunc(demands(count), func(a, b demand) int { return cmp.Compare(a.count, b.count) })
		return []demand{{most.where, most.count + extra}}
	}
}

// families are the address families of a rule; one about a group or a prefix list counts for both.
func families(r *pack.Resource) []string {
	four := r.Inputs().First("cidrIpv4", "cidrBlock").Exists()
	six := r.Inputs().First("cidrIpv6", "ipv6CidrBlock").Exists()
	switch {
	case four && !six:
		return []string{"IPv4"}
	case six && !four:
		return []string{"IPv6"}
	}
	return []string{"IPv4", "IPv6"}
}

// owner is the group or ACL of a rule: by its id where that is known, else the one among its siblings, else the one whose name
// begins the name of the rule.
func (p *plan) owner(rule *pack.Resource, token string) string {
	id := rule.Inputs().First("securityGroupId", "networkAclId").Str()
	var siblings, named []string
	for _, r := range p.of(token) {
		if id != "" && p.outputs[r.URN].Get("id").Str() == id {
			return r.Name
		}
		if r.Parent == rule.Parent {
			siblings = append(siblings, r.Name)
		}
		if strings.HasPrefix(rule.Name, strings.TrimSuffix(r.Name, "-group")+"-") {
			named = append(named, r.Name)
		}
	}
	switch {
	case len(siblings) == 1:
		return siblings[0]
	case len(named) > 0:
		return slices.MaxFunc(named, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	}
	return cmp.Or(id, rule.Parent)
}

// servers is one auto-scaling group with what it starts.
type servers struct {
	name    string
	kind    string // The instance type; empty where it is not known.
	start   int    // How many instances the deployment starts, if it makes the group.
	largest int    // How many there are at most, while they are replaced.
}

// fleets are the auto-scaling groups of the deployment. The launch template of a group is the one among its siblings.
func (p *plan) fleets() []servers {
	var all []servers
	for _, g := range p.of(resource.AutoScalingGroup) {
		in := g.Inputs()
		least, most := number(in.Get("minSize")), number(in.Get("maxSize"))
		s := servers{name: g.Name, largest: most + reserve(in, least, most)}
		if p.makes(g) {
			s.start = max(least, number(in.Get("desiredCapacity")))
		}
		for _, t := range p.of(resource.LaunchTemplate) {
			if t.Parent == g.Parent {
				s.kind = t.Inputs().Get("instanceType").Str()
			}
		}
		all = append(all, s)
	}
	return all
}

// reserve is how many instances a group has beyond its largest size while they are replaced: those of an instance refresh, or else
// the first ones of the group that takes its place, as many as its smallest size, or what its maintenance policy allows.
func reserve(in pack.Value, least, most int) int {
	beyond := func(path string, otherwise float64) int {
		percent, known := in.Get(path).Number()
		if !known {
			percent = otherwise
		}
		return int(math.Ceil(float64(most) * (percent - 100) / 100))
	}
	maintained := max(0, beyond("instanceMaintenancePolicy.maxHealthyPercentage", 100))
	if in.Get("instanceRefresh").Exists() {
		return max(maintained, beyond("instanceRefresh.preferences.maxHealthyPercentage", 100))
	}
	return max(maintained, least)
}

func number(v pack.Value) int {
	n, _ := v.Number()
	return int(n)
}

// kinds are the instance types of the launch templates, each once.
func (p *plan) kinds() []string {
	var all []string
	for _, t := range p.of(resource.LaunchTemplate) {
		if kind := t.Inputs().Get("instanceType").Str(); kind != "" {
			all = append(all, kind)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// standard reports whether an instance type counts for the quota of the standard instances: its family is one of A, C, D, H, I, M, R, T and Z
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html).
func standard(kind string) bool {
	family := kind[:max(0, strings.IndexAny(kind, "0123456789-."))]
	return family != "" && strings.Contains("acdhimrtz", family[:1]) && !slices.Contains([]string{"dl", "hpc", "inf", "mac", "trn"}, family)
}
