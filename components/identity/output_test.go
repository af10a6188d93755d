// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// attach makes a first policy and a second one whose document needs the first one's ARN.
func attach(statement identity.StatementInput) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		first, err := iam.NewPolicy(ctx, "first", &iam.PolicyArgs{Policy: pulumi.String("{}")})
		if err != nil {
			return err
		}
		if statement.Actions != nil {
			statement.ResourceInputs = pulumi.StringArray{first.Arn, pulumi.Sprintf("%s/*", first.Arn)}
			statement.ConditionInputs = []identity.ConditionInput{{
				Operator: "ArnEquals", Key: "iam:PolicyARN", Values: pulumi.StringArray{first.Arn},
			}}
		}
		_, err = iam.NewPolicy(ctx, "second", &iam.PolicyArgs{Policy: identity.DocumentOutput(identity.PermissionsPolicy, statement)})
		return err
	}
}

func TestDocumentOutputWaitsForARNs(t *testing.T) {
	read := identity.StatementInput{Statement: identity.Statement{
		Sid: "Read", Effect: identity.Allow, Actions: []string{"iam:GetPolicy"}, Resources: []string{object},
		Conditions: []identity.Condition{identity.SourceAccount("111122223333")},
	}}
	rec := pulumitest.Run(t, attach(read))
	first := rec.Get(t, policyType, "first")
	require.Equal(t, `{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"iam:GetPolicy",`+
		`"Resource":["`+first.ID+`","`+first.ID+`/*","arn:aws:s3:::bucket/key"],`+
		`"Condition":{"ArnEquals":{"iam:PolicyARN":"`+first.ID+`"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}`,
		rec.Get(t, policyType, "second").String("policy"))
	require.Contains(t, rec.Get(t, policyType, "second").DependsOn, first.URN)

	rec = pulumitest.Run(t, attach(read), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, rec.Get(t, policyType, "second").Value("policy"))
}

func TestDocumentOutputWithoutWaiting(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := iam.NewPolicy(ctx, "plain", &iam.PolicyArgs{Policy: identity.DocumentOutput(identity.PermissionsPolicy, identity.StatementInput{
			Statement: identity.Statement{Effect: identity.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{object}},
		})})
		return err
	})
	require.Contains(t, rec.Only(t, policyType).String("policy"), `"Action":"s3:GetObject"`)
}

func TestDocumentOutputFindsMistakesInAPreview(t *testing.T) {
	wide := identity.StatementInput{Statement: identity.Statement{Effect: identity.Allow, Actions: []string{"iam:*"}}}
	for name, options := range map[string][]pulumitest.Option{"preview": {pulumitest.Preview()}, "update": nil} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, pulumitest.RunError(t, attach(wide), options...), `action "iam:*" allows everything`)
		})
	}
}

func TestDocumentOutputChecksWhatItGets(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := iam.NewPolicy(ctx, "plain", &iam.PolicyArgs{Policy: identity.DocumentOutput(identity.PermissionsPolicy, identity.StatementInput{
			Statement:      identity.Statement{Effect: identity.Allow, Actions: []string{"s3:GetObject"}},
			ResourceInputs: pulumi.StringArray{pulumi.String("*")},
		})})
		return err
	})
	require.ErrorContains(t, err, "every resource")
}
