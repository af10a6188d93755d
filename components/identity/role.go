// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
)

// RoleArgs are the arguments of NewRole.
type RoleArgs struct {
	// AssumedBy is the trust policy: who may take on the role. See AssumeRoleByService.
	AssumedBy Document
	// AssumedByInputs are further conditions of each statement of AssumedBy, whose values other resources produce. Default: none.
	AssumedByInputs []ConditionInput
	// Boundary is the ARN of the permission boundary, and required: without one a role could be given anything. See
	// NewBoundary.
	Boundary pulumi.StringInput
	// Description says what the role is for; it shows in the console. Default: the name of the role.
	Description string `pulumi:"description"`
	// Policies are the inline policies of the role: name to JSON text, as Document.JSON or DocumentOutput give it.
	Policies map[string]pulumi.StringInput
	// ManagedPolicyARNs are AWS-managed policies to attach, such as
	// "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore". Those that administer the account are refused.
	ManagedPolicyARNs []string `pulumi:"managedPolicyArns"`
	// InstanceProfile also makes the instance profile through which an EC2 instance takes on the role. Default: none.
	InstanceProfile bool `pulumi:"instanceProfile"`
	// Tags go onto the role, where policies of other resources find them as aws:PrincipalTag, besides Name. Default: none.
	Tags map[string]string `pulumi:"tags"`
}

// Role is an IAM role under a permission boundary.
type Role struct {
	pulumi.ResourceState

	// ARN is the ARN of the role. It is known only when the policies are in place, so that whatever uses the role does not
	// start without its permissions.
	ARN pulumi.StringOutput
	// Name is the physical name of the role, known from the start.
	Name pulumi.StringOutput
	// InstanceProfileARN and InstanceProfileName identify the instance profile, with the same guarantee as ARN. Both are
	// empty without one.
	InstanceProfileARN, InstanceProfileName pulumi.StringOutput
}

// nameLimit leaves room, in the 64 characters of a role name, for what Pulumi appends.
const nameLimit = 56

var (
	policyName    = regexp.MustCompile(`^[a-zA-Z0-9+=,.@_-]{1,128}$`)
	managedPolicy = regexp.MustCompile(`^arn:aws:iam::(aws|[0-9]{12}):policy/[a-zA-Z0-9+=,.@_/-]+$`)
	// administers matches the managed policies that hand over an account or the right to hand it over.
	administers = regexp.MustCompile(`/(AdministratorAccess[A-Za-z-]*|PowerUserAccess|IAMFullAccess|AWSOrganizationsFullAccess|Billing)$`)
)

// NewRole creates a role.
func NewRole(ctx *pulumi.Context, name string, args *RoleArgs, opts ...pulumi.ResourceOption) (*Role, error) {
	trust, err := args.check(name)
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", name, err)
	}
	r := &Role{}
	drafts := Drafts(args.Policies)
	if text, waits := trust.(Text); waits {
		drafts["role"] = text.Draft
	}
	if err := component.Register(ctx, "bulkhead:identity:Role", name, component.Documents(args, drafts), r, opts...); err != nil {
		return nil, err
	}
	description := args.Description
	if description == "" {
		description = name
	}
	tags := pulumi.ToStringMap(args.Tags)
	if tags == nil {
		tags = pulumi.StringMap{}
	}
	tags["Name"] = pulumi.String(name)
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		AssumeRolePolicy:    trust,
		Description:         pulumi.String(description),
		PermissionsBoundary: args.Boundary.ToStringOutput(),
		Tags:                tags,
		// IAM deletes no role to which somebody has attached a policy: the destroy would end half-way in DeleteConflict.
		ForceDetachPolicies: pulumi.Bool(true),
	}, pulumi.Parent(r))
	if err != nil {
		return nil, err
	}
	r.Name = role.Name
	granted, err := r.grant(ctx, name, args)
	if err != nil {
		return nil, err
	}
	r.ARN = after(role.Arn, granted)
	r.InstanceProfileARN, r.InstanceProfileName = pulumi.String("").ToStringOutput(), pulumi.String("").ToStringOutput()
	if args.InstanceProfile {
		profile, err := iam.NewInstanceProfile(ctx, name+"-profile", &iam.InstanceProfileArgs{
			Role: role.Name,
			Tags: pulumi.StringMap{"Name": pulumi.String(name)},
		}, pulumi.Parent(r))
		if err != nil {
			return nil, err
		}
		r.InstanceProfileARN, r.InstanceProfileName = after(profile.Arn, granted), after(profile.Name, granted)
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"arn": r.ARN, "name": r.Name, "instanceProfileArn": r.InstanceProfileARN})
}

// grant writes the policies of the role and returns their ids.
func (r *Role) grant(ctx *pulumi.Context, name string, args *RoleArgs) ([]any, error) {
	var granted []any
	for _, policy := range slices.Sorted(maps.Keys(args.Policies)) {
		p, err := iam.NewRolePolicy(ctx, name+"-"+policy, &iam.RolePolicyArgs{
			Role:   r.Name,
			Name:   pulumi.String(policy),
			Policy: args.Policies[policy].ToStringOutput(),
		}, pulumi.Parent(r))
		if err != nil {
			return nil, err
		}
		granted = append(granted, p.ID())
	}
	for _, arn := range args.ManagedPolicyARNs {
		a, err := iam.NewRolePolicyAttachment(ctx, name+"-"+lastSegment(arn), &iam.RolePolicyAttachmentArgs{
			Role:      r.Name,
			PolicyArn: pulumi.String(arn),
		}, pulumi.Parent(r))
		if err != nil {
			return nil, err
		}
		granted = append(granted, a.ID())
	}
	return granted, nil
}

// after is the value once everything it waits for exists.
func after(value pulumi.StringOutput, waits []any) pulumi.StringOutput {
	return pulumi.All(append([]any{value}, waits...)...).ApplyT(func(values []any) (string, error) {
		text, ok := values[0].(string)
		if !ok {
			return "", fmt.Errorf("expected text, got %T", values[0])
		}
		return text, nil
	}).(pulumi.StringOutput)
}

// trust is the trust policy as text.
func (args *RoleArgs) trust() (pulumi.StringInput, error) {
	text, err := args.AssumedBy.JSON()
	if err != nil || len(args.AssumedByInputs) == 0 {
		return pulumi.String(text), err
	}
	var statements []StatementInput
	for _, s := range args.AssumedBy.Statements {
		statements = append(statements, StatementInput{Statement: s, ConditionInputs: args.AssumedByInputs})
	}
	return DocumentOutput(TrustPolicy, statements...), nil
}

// check reports everything wrong with the arguments, or returns the trust policy.
func (args *RoleArgs) check(name string) (trust pulumi.StringInput, err error) {
	args = component.Given(args)
	var problems []error
	if len(name) > nameLimit {
		problems = append(problems, fmt.Errorf("the name has %d characters: use at most %d", len(name), nameLimit))
	}
	if args.AssumedBy.Kind != TrustPolicy {
		problems = append(problems, fmt.Errorf("AssumedBy is a %s: give a trust policy, such as AssumeRoleByService makes", args.AssumedBy.Kind))
	} else if trust, err = args.trust(); err != nil {
		problems = append(problems, fmt.Errorf("AssumedBy: %w", err))
	}
	if args.Boundary == nil {
		problems = append(problems, missing("Boundary", "every role needs the ARN of a permission boundary"))
	}
	for _, policy := range slices.Sorted(maps.Keys(args.Policies)) {
		if !policyName.MatchString(policy) {
			problems = append(problems, fmt.Errorf("inline policy %q of Policies: use 1 to 128 characters out of letters, digits and +=,.@_- for the name", policy))
		}
		if args.Policies[policy] == nil {
			problems = append(problems, fmt.Errorf("inline policy %q of Policies has no document; give one", policy))
		}
	}
	seen := map[string]bool{}
	for _, arn := range args.ManagedPolicyARNs {
		switch {
		case !managedPolicy.MatchString(arn):
			problems = append(problems, fmt.Errorf("ManagedPolicyARNs: %q is no ARN of a managed policy, such as arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", arn))
		case administers.MatchString(arn):
			problems = append(problems, fmt.Errorf("ManagedPolicyARNs: %q administers the account: write an inline policy with what the role needs", arn))
		case seen[arn]:
			problems = append(problems, fmt.Errorf("ManagedPolicyARNs: %q is listed twice", arn))
		}
		seen[arn] = true
	}
	return trust, errors.Join(problems...)
}

func lastSegment(arn string) string {
	for i := len(arn) - 1; i >= 0; i-- {
		if arn[i] == '/' {
			return arn[i+1:]
		}
	}
	return arn
}
