// SPDX-License-Identifier: Apache-2.0

// Package account is what everything in one AWS account and region shares, as one value that is handed on.
package account

import (
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Account is the surroundings of a deployment. Package environment makes it; a program of its own fills it in.
type Account struct {
	// ID is the twelve digits of the AWS account. Required.
	ID string
	// Region is the AWS region, such as eu-central-1. Required; it cannot be changed in place.
	Region string
	// BoundaryARN is the permission boundary of every role. Required; identity.NewBoundary makes one.
	BoundaryARN pulumi.StringInput
	// LogKeyARN is the KMS key that encrypts logs. Required; its policy must admit CloudWatch Logs. key.New makes one.
	LogKeyARN pulumi.StringInput
	// LogRetentionDays is how long logs are kept, one of the numbers of days that CloudWatch Logs accepts. Default 365.
	LogRetentionDays int
	// Tags go onto what the provider's default tags do not reach: instances that Auto Scaling launches, their disks and
	// network interfaces.
	Tags map[string]string
}

// Tags are those that say whose something is: Project, Environment, which is the name, ManagedBy, and more.
func Tags(ctx *pulumi.Context, name string, more map[string]string) map[string]string {
	tags := map[string]string{"Project": ctx.Project(), "Environment": name, "ManagedBy": "Pulumi"}
	maps.Copy(tags, more)
	return tags
}

// NewProvider makes the one provider of a program: it refuses to act in any other account, and puts the tags onto everything.
func (a *Account) NewProvider(ctx *pulumi.Context) (*aws.Provider, error) {
	return aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
		Region:            pulumi.String(a.Region),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(a.ID)},
		DefaultTags:       aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(a.Tags)},
	})
}

// Retention is LogRetentionDays, or its default.
func (a *Account) Retention() int {
	if a.LogRetentionDays == 0 {
		return form.DefaultLogDays
	}
	return a.LogRetentionDays
}

// Check reports everything that is missing or wrong, each with its cure.
func (a *Account) Check() []error {
	if a == nil {
		return []error{form.Missing("Account", "give the account, region, boundary and log key that everything shares")}
	}
	problems := a.CheckLogs()
	if a.BoundaryARN == nil {
		problems = append(problems, form.Missing("BoundaryARN", "give the ARN of the permission boundary of every role"))
	}
	return problems
}

// CheckLogs is Check for what makes no role, such as a log group.
func (a *Account) CheckLogs() []error {
	problems := a.CheckPlace()
	if a == nil {
		return problems
	}
	if a.LogRetentionDays != 0 {
		problems = append(problems, form.Problems(form.In("LogRetentionDays", form.CheckLogDays(a.LogRetentionDays)))...)
	}
	if a.LogKeyARN == nil {
		problems = append(problems, form.Missing("LogKeyARN", "give the ARN of the KMS key that encrypts logs"))
	}
	return problems
}

// CheckPlace is Check for what needs no more than the account and the region, such as a key that the rest is made with.
func (a *Account) CheckPlace() []error {
	if a == nil {
		return []error{form.Missing("Account", "give the account and the region")}
	}
	return form.Problems(form.In("AccountID", form.CheckAccountID(a.ID)), form.In("Region", form.CheckRegion(a.Region)))
}
