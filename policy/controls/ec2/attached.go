// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/backups"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// attached are about instances together with what is attached to them.
func attached() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ec2-one-interface", Title: "Instances have one network interface", Severity: pack.Low,
			Types: []string{aws.EC2Instance, aws.LaunchTemplate, aws.SpotInstanceRequest},
			Joins: []string{aws.NetworkInterfaceAttachment, aws.NetworkInterface}, Stack: true,
			Why: "An instance with a foot in two subnets is a way from one to the other that no route table shows.",
			Fix: "Remove the further interface, or list the appliance that needs it in the setting allowed.",
			Settings: []pack.Setting{want.Words("allowed",
				"Names of resources that may have several, such as \"*-firewall\"; \"*\" stands for any text.")},
			Maps: standard.Meets("FSBP:EC2.17", standard.Segments), Check: oneInterface,
		},
		{
			ID: "ebs-backup-plan", Title: "Volumes are in a backup plan", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Resilience,
			Types: []string{aws.EBSVolume}, Joins: []string{aws.BackupSelection}, Stack: true,
			Why: "Without a plan, a snapshot exists only if somebody thought of it. Volumes that can be made anew need none, so this is off by " +
				"default.",
			Fix: "Add the volume's ARN to a backup Selection, or select by tag.", Maps: standard.Meets("FSBP:EC2.28", standard.Recovery),
			Check: backups.Wanted,
		},
		{
			ID: "asg-instance-types", Title: "Auto Scaling groups may start several types of instances", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Resilience, Types: []string{aws.AutoScalingGroup}, Joins: []string{aws.LaunchTemplate}, Stack: true,
			Why: "When a zone has no more machines of the one type, the group cannot grow. Not every program runs well on several types, so this " +
				"is off by default.",
			Fix:  "Set mixedInstancesPolicy with overrides of two instance types or more, or with instanceRequirements.",
			Maps: standard.Meets("FSBP:AutoScaling.6", standard.Spreading), Check: severalTypes,
		},
	}
}

// oneInterface counts the interfaces that an instance starts with and those that are attached to it.
func oneInterface(k *pack.Case) {
	if want.Allowed(k) {
		return
	}
	own := k.Get("networkInterfaces")
	if own.IsUnknown() {
		k.Defer(own)
		return
	}
	further := max(own.Len(), 1) - 1
	for _, place := range []struct{ property, token string }{{"instanceId", aws.NetworkInterfaceAttachment},
		{"attachments.instance", aws.NetworkInterface}} {
		sure, maybe := k.Stack.Pointing(k.Resource, place.property, place.token)
		further += len(sure)
		for _, v := range maybe {
			k.Defer(v)
		}
	}
	if further > 0 {
		k.Report(own, "%d network interfaces", further+1)
	}
}

// severalTypes wants overrides of more than one instance type, or a description of the machine instead of a type.
func severalTypes(k *pack.Case) {
	mixed := k.Get("mixedInstancesPolicy.launchTemplate")
	overrides := mixed.Get("overrides")
	several := overrides.Any(func(o pack.Value) pack.Fact { return o.Get("instanceRequirements").IsSet() })
	first := pack.Value{}
	for o := range overrides.Items() {
		t := o.Get("instanceType")
		switch {
		case t.IsUnknown():
			several = several.Or(pack.Wait(t))
		case !t.Exists():
		case !first.Exists():
			first = t
		default:
			several = several.Or(want.SameText(t, first).Not())
		}
	}
	if first.Exists() {
		k.Require(several, "every override is for %s", first)
		return
	}
	template, found := k.Stack.Target(k.Resource, "mixedInstancesPolicy",
		mixed.Get("launchTemplateSpecification").First("launchTemplateId", "launchTemplateName"), aws.LaunchTemplate)
	if plain := k.Get("launchTemplate"); template == nil && plain.Exists() {
		template, found = k.Stack.Target(k.Resource, "launchTemplate", plain.First("id", "name"), aws.LaunchTemplate)
	}
	switch {
	case template != nil:
		several = several.Or(template.Get("instanceRequirements").IsSet())
	case found.Is == pack.Deferred:
		several = several.Or(found)
	case found.At.Exists() && several.Is == pack.False:
		k.Skip("the launch template is not part of the stack")
		return
	}
	k.Require(several, "the group starts one type of instance")
}
