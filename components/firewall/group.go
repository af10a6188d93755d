// SPDX-License-Identifier: Apache-2.0

// Package firewall says who may talk to whom, and writes the security groups for it.
//
// A [Group] starts closed in both directions. [Allow] connects two groups on one port and writes both halves: the egress
// rule of the caller and the ingress rule of the called. Rules are standalone resources, since inline rules and standalone
// ones wipe each other (https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/), and each carries the
// reason it exists.
package firewall

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// GroupArgs are the arguments of NewGroup.
type GroupArgs struct {
	// VpcID is the VPC of the group. It cannot be changed in place.
	VpcID pulumi.StringInput
	// Description says whose traffic the group rules, in up to 255 characters. AWS cannot change it in place: a new text
	// replaces the group.
	Description string
}

// Group is a security group without rules of its own: nothing may enter or leave until Allow and its siblings say so.
type Group struct {
	pulumi.ResourceState

	// ID is the id of the security group, such as sg-0123456789abcdef0.
	ID pulumi.StringOutput

	name  string
	rules map[string]bool
	made  []pulumi.Resource
}

// Rules are the rules that must stand for the connections that were asked for so far, those of the other ends included. Pass
// them to pulumi.DependsOn for what connects as soon as it starts: the group alone, being a component, stands for those of
// its rules only that the SDK has begun to register.
func (g *Group) Rules() []pulumi.Resource { return g.made }

// keep notes a rule that was made.
func (g *Group) keep(rule pulumi.Resource, err error) error {
	if err == nil {
		g.made = append(g.made, rule)
	}
	return err
}

// NewGroup creates a security group that admits nothing and lets nothing out.
func NewGroup(ctx *pulumi.Context, name string, args *GroupArgs, opts ...pulumi.ResourceOption) (*Group, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("firewall group %q: %w", name, err)
	}
	g := &Group{name: name, rules: map[string]bool{}}
	if err := ctx.RegisterComponentResource("bulkhead:firewall:Group", name, g, opts...); err != nil {
		return nil, err
	}
	// The AWS provider removes the allow-all egress rule that EC2 gives to every new group.
	group, err := ec2.NewSecurityGroup(ctx, name+"-group", &ec2.SecurityGroupArgs{
		VpcId:               args.VpcID.ToStringOutput(),
		Description:         pulumi.String(args.Description),
		RevokeRulesOnDelete: pulumi.Bool(true),
		Tags:                pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(g))
	if err != nil {
		return nil, err
	}
	g.ID = group.ID().ToStringOutput()
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"id": g.ID})
}

func (args *GroupArgs) check() error {
	if args == nil {
		return errors.New("args are missing")
	}
	var problems []error
	if args.VpcID == nil {
		problems = append(problems, missing("VpcID", "give the id of the VPC"))
	}
	problems = append(problems, checkWhy("Description", args.Description))
	return errors.Join(problems...)
}

// claim notes a rule, so that the same one is never written twice: EC2 refuses a duplicate only in the middle of a
// deployment.
func (g *Group) claim(direction, peer string, port Port) error {
	rule := fmt.Sprintf("%s %s %d", direction, peer, port.Number)
	if g.rules[rule] {
		return fmt.Errorf("firewall group %q: %s %s on port %s is allowed already", g.name, direction, peer, port)
	}
	g.rules[rule] = true
	return nil
}

// missing is the error about a field that must be given.
func missing(field, cure string) error { return fmt.Errorf("%s: missing; %s", field, cure) }
