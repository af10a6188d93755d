// SPDX-License-Identifier: Apache-2.0

// Command infra is the program of a small stack: resources of a few kinds, some with names that an account has once, in layers
// that wait for each other.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings, err := stacks.Load(ctx)
		if err != nil {
			return err
		}
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(settings.Region)})
		if err != nil {
			return err
		}
		var before []pulumi.Resource
		for layer := range 4 {
			options := []pulumi.ResourceOption{pulumi.Provider(provider), pulumi.DependsOn(before)}
			name := fmt.Sprintf("layer-%d", layer)
			group, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{Name: pulumi.String("/small/" + name)}, options...)
			if err != nil {
				return err
			}
			role, err := iam.NewRole(ctx, name, &iam.RoleArgs{Name: pulumi.String("small-" + name), AssumeRolePolicy: pulumi.String(trust)}, options...)
			if err != nil {
				return err
			}
			topic, err := sns.NewTopic(ctx, name, &sns.TopicArgs{}, options...)
			if err != nil {
				return err
			}
			before = []pulumi.Resource{group, role, topic}
		}
		return nil
	})
}
