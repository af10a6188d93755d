// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// authorize makes four resources: a role, what it may do inline and by a policy of its own.
func (c *cell) authorize() error {
	role, err := iam.NewRole(c.ctx, c.name, &iam.RoleArgs{
		Description:         pulumi.String("Runs " + c.name),
		PermissionsBoundary: pulumi.String("arn:aws:iam::" + account + ":policy/boundary"),
		AssumeRolePolicy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
			`"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
		Tags: c.tags(),
	})
	if err != nil {
		return err
	}
	if _, err := iam.NewRolePolicy(c.ctx, c.name, &iam.RolePolicyArgs{
		Role: role.Name, Name: pulumi.String("store"),
		Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"Objects","Effect":"Allow",` + string(c.choose(`"Action":["s3:GetObject","s3:PutObject"]`, `"NotAction":"s3:DeleteBucket"`)) + `,` +
			`"Resource":"arn:aws:s3:::comparison-` + c.name + `/*"},` +
			`{"Sid":"List","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::comparison-` + c.name + `"}]}`),
	}); err != nil {
		return err
	}
	policy, err := iam.NewPolicy(c.ctx, c.name, &iam.PolicyArgs{
		Description: pulumi.String("Lets " + c.name + " send mail to its own queue"),
		Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Sid":"Send","Effect":"Allow",` +
			`"Action":["sqs:SendMessage","sqs:GetQueueUrl"],"Resource":"arn:aws:sqs:eu-central-1:` + account + `:` + c.name + `"}]}`),
		Tags: c.tags(),
	})
	if err != nil {
		return err
	}
	_, err = iam.NewRolePolicyAttachment(c.ctx, c.name, &iam.RolePolicyAttachmentArgs{Role: role.Name, PolicyArn: policy.Arn})
	return err
}
