// SPDX-License-Identifier: Apache-2.0

// Package logs makes encrypted log groups whose events expire.
package logs

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/order"
)

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_/.#-]{1,512}$`)

// Args are the arguments of New.
type Args struct {
	// Account says with which key the group is encrypted, and how long it keeps its events. Required, but for the boundary:
	// a log group makes no role.
	Account *account.Account
	// Name is the physical name, for services that dictate one, such as "aws-waf-logs-…" or "/aws/rds/instance/…".
	// Default: the component's name with a random ending. A change replaces the group and loses its logs.
	Name string `pulumi:"name"`
	// NameInput stands in for Name where another resource decides it. The group then keeps the name with which it was made, even
	// if that resource is replaced. Default: Name.
	NameInput pulumi.StringInput
	// OutlivesStack leaves the group where it is when its stack is destroyed: for a service that writes its last lines late, and
	// that would make a group that is gone again, unencrypted and for ever. Its events expire as before. Default: the group is
	// deleted with its events.
	OutlivesStack bool `pulumi:"outlivesStack"`
}

// Group is an encrypted CloudWatch log group whose events expire.
type Group struct {
	pulumi.ResourceState

	// ARN is the ARN of the group, without the ":*" that policies on its streams append.
	ARN pulumi.StringOutput
	// Name is the physical name of the group.
	Name pulumi.StringOutput

	group *cloudwatch.LogGroup
}

// Ready is what must exist before anything writes to the group: a service that finds none makes its own, unencrypted and
// for ever. Hand it to order.After.
func (g *Group) Ready() []pulumi.CustomResource { return order.List(g.group) }

// New creates a log group.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Group, error) {
	if err := component.Failure("log group", name, args.check()...); err != nil {
		return nil, err
	}
	g := &Group{}
	if err := component.Register(ctx, "bulkhead:audit:LogGroup", name, args, g, opts...); err != nil {
		return nil, err
	}
	inputs := &cloudwatch.LogGroupArgs{
		KmsKeyId:        args.Account.LogKeyARN.ToStringOutput(),
		RetentionInDays: pulumi.Int(args.Account.Retention()),
		Tags:            pulumi.StringMap{"Name": pulumi.String(name)},
	}
	options := []pulumi.ResourceOption{pulumi.Parent(g), pulumi.RetainOnDelete(args.OutlivesStack)}
	if args.Name != "" {
		inputs.Name = pulumi.String(args.Name)
	} else if args.NameInput != nil {
		inputs.Name = args.NameInput.ToStringOutput()
		options = append(options, pulumi.IgnoreChanges([]string{"name"}))
	}
	var err error
	if g.group, err = cloudwatch.NewLogGroup(ctx, name+"-logs", inputs, options...); err != nil {
		return nil, err
	}
	g.ARN, g.Name = g.group.Arn, g.group.Name
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"arn": g.ARN, "name": g.Name})
}

func (args *Args) check() []error {
	args = component.Given(args)
	problems := args.Account.CheckLogs()
	if args.Name != "" && !nameForm.MatchString(args.Name) {
		problems = append(problems, fmt.Errorf("Name: %q must be 1 to 512 letters, digits and _/.#-", args.Name))
	}
	return problems
}
