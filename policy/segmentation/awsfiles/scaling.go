// SPDX-License-Identifier: Apache-2.0

package awsfiles

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// scaling adds the instances that an auto scaling group may start by its launch template, whether any runs or not.
func (b *builder) scaling() {
	for i := range b.AutoScalingGroups {
		g := &b.AutoScalingGroups[i]
		var subnets []string
		for id := range strings.SplitSeq(g.VPCZoneIdentifier, ",") {
			if id = strings.TrimSpace(id); id != "" {
				subnets = append(subnets, id)
			}
		}
		for n, v := range b.templates(g) {
			m := b.started(v, subnets)
			m.ID, m.Name = b.groupID(g), g.AutoScalingGroupName
			m.Owner = m.ID
			if n > 0 {
				m.ID = fmt.Sprintf("%s:template-%d", m.ID, n+1)
			}
			b.place(m, "")
		}
	}
}

// groupID is a group's name, or its ARN where one of another account or region has the name.
func (b *builder) groupID(g *autoScalingGroup) string {
	return only(g.AutoScalingGroupName, g.AutoScalingGroupARN, b.AutoScalingGroups, func(o *autoScalingGroup) (string, string) { return o.AutoScalingGroupName, o.AutoScalingGroupARN })
}

// only is a name if nothing else in a list has it, or else the ARN.
func only[T any](name, arn string, list []T, of func(*T) (name, arn string)) string {
	for i := range list {
		if n, a := of(&list[i]); n == name && a != arn && arn != "" {
			return arn
		}
	}
	return name
}

// started is what a launch template starts in one of some subnets; nil is a template that is not among the answers.
func (b *builder) started(v *launchTemplateVersion, subnets []string) model.Interface {
	m := model.Interface{Kind: model.Host, Subnets: subnets, Many: true}
	a, six := model.Address{}, b.assigned(subnets)
	if v == nil {
		m.Doubt, a.HasPublic, six = "its launch template is not among the answers", model.Maybe, true
	} else {
		m.Groups = v.LaunchTemplateData.SecurityGroupIDs
		a.HasPublic = b.launched(subnets)
		if len(v.LaunchTemplateData.NetworkInterfaces) > 1 {
			m.Doubt = "each of its interfaces has groups of its own"
		}
		for _, f := range v.LaunchTemplateData.NetworkInterfaces {
			m.Groups = append(slices.Clone(m.Groups), f.Groups...)
			if p := f.AssociatePublicIPAddress; p != nil {
				a.HasPublic = map[bool]model.Certainty{true: model.Yes, false: model.No}[*p]
			}
			six = six || f.Ipv6AddressCount+f.Ipv6PrefixCount+len(f.Ipv6Addresses)+len(f.Ipv6Prefixes) > 0
		}
	}
	m.Addresses = []model.Address{a}
	if six {
		m.Addresses = append(m.Addresses, model.Address{V6: true})
	}
	if len(m.Groups) == 0 {
		m.Doubt = cmp.Or(m.Doubt, "its groups are not known")
	}
	return m
}

// templates are the versions of launch templates that a group uses: that of all instances, which is the first, and those of single types of
// them. A version that is not among the answers is nil.
func (b *builder) templates(g *autoScalingGroup) []*launchTemplateVersion {
	main := g.LaunchTemplate
	var others []*launchTemplate
	if p := g.MixedInstancesPolicy; main == nil && p != nil && p.LaunchTemplate != nil {
		main = p.LaunchTemplate.LaunchTemplateSpecification
		for _, o := range p.LaunchTemplate.Overrides {
			if o.LaunchTemplateSpecification != nil {
				others = append(others, o.LaunchTemplateSpecification)
			}
		}
	}
	out := []*launchTemplateVersion{b.version(main)}
	for _, t := range others {
		if v := b.version(t); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// version is what a launch template means, or nil where it is not among the answers.
func (b *builder) version(t *launchTemplate) *launchTemplateVersion {
	if t == nil {
		return nil
	}
	var found *launchTemplateVersion
	for i := range b.LaunchTemplateVersions {
		v := &b.LaunchTemplateVersions[i]
		if v.LaunchTemplateID != t.LaunchTemplateID && (t.LaunchTemplateID != "" || v.LaunchTemplateName != t.LaunchTemplateName) {
			continue
		}
		switch t.Version {
		case "$Latest":
			if found == nil || v.VersionNumber > found.VersionNumber {
				found = v
			}
		case "", "$Default":
			if v.DefaultVersion {
				found = v
			}
		case strconv.Itoa(v.VersionNumber):
			found = v
		}
	}
	return found
}

// scaled are the groups whose instances register with a target group, whether any runs or not.
func (b *builder) scaled(targets string) (names []string) {
	for i := range b.AutoScalingGroups {
		g := &b.AutoScalingGroups[i]
		if slices.Contains(g.TargetGroupARNs, targets) || slices.Contains(g.TrafficSources, struct{ Identifier string }{targets}) {
			names = append(names, b.groupID(g))
		}
	}
	return names
}

// launched is whether what starts in some of the subnets gets a public address by itself.
func (b *builder) launched(subnets []string) model.Certainty {
	for _, s := range b.Subnets {
		if s.MapPublicIPOnLaunch && slices.Contains(subnets, s.SubnetID) {
			return model.Maybe
		}
	}
	return model.No
}

// assigned reports whether what starts in one of the subnets gets an IPv6 address by itself.
func (b *builder) assigned(subnets []string) bool {
	return slices.ContainsFunc(b.Subnets, func(s subnet) bool { return s.AssignIpv6AddressOnCreation && slices.Contains(subnets, s.SubnetID) })
}

// UserData is what the instances of each auto scaling group run at their first start, by the group's name, from the same folder as
// [Read]. A group without any is left out.
func UserData(folder string) (map[string][]byte, error) {
	a, err := readAnswers(folder)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	b := &builder{answers: a}
	for i := range a.AutoScalingGroups {
		g := &a.AutoScalingGroups[i]
		v := b.templates(g)[0]
		if v == nil || v.LaunchTemplateData.UserData == "" {
			continue
		}
		if out[g.AutoScalingGroupName], err = base64.StdEncoding.DecodeString(v.LaunchTemplateData.UserData); err != nil {
			return nil, fmt.Errorf("%s: user data of the launch template %s: %w", folder, v.LaunchTemplateID, err)
		}
	}
	return out, nil
}
