// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// TestCarriersSayWhatTheyMake reads the messages: whoever has to judge a template or a product must know which.
func TestCarriersSayWhatTheyMake(t *testing.T) {
	const past = " is made past the other controls"
	p := load(t)
	for text, says := range map[string]string{
		`{$type: "aws:cloudcontrol/resource:Resource", typeName: "AWS::S3::Bucket"}`:                                                 `a resource of the type "AWS::S3::Bucket"` + past,
		`{$type: "aws:cloudformation/stack:Stack", templateUrl: "https://example.com/t"}`:                                            `what the template "https://example.com/t" describes` + past,
		`{$type: "aws:cloudformation/stack:Stack", templateBody: "{}"}`:                                                              `what the template in templateBody describes` + past,
		`{$type: "aws:cloudformation/stackInstances:StackInstances", stackSetName: guards}`:                                          `what the template of the stack set "guards" describes` + past,
		`{$type: "aws:servicecatalog/provisionedProduct:ProvisionedProduct", name: n, productName: shop}`:                            `what the product "shop" holds` + past,
		`{$type: "aws:servicecatalog/provisionedProduct:ProvisionedProduct", name: n, productId: prod-1}`:                            `what the product "prod-1" holds` + past,
		`{$type: "aws:serverlessrepository/cloudFormationStack:CloudFormationStack", applicationId: "arn:aws:serverlessrepo:a:1:b"}`: `what the application "arn:aws:serverlessrepo:a:1:b" holds` + past,
		`{$type: "aws:cloudformation/stackSet:StackSet", name: n}`:                                                                   `what it makes is not judged`,
	} {
		outcome, results, err := packtest.RunOne(p, "carried-resources", packtest.YAML(t, "", text), packtest.State, nil)
		require.NoError(t, err, text)
		require.Equal(t, pack.Fail, outcome, text)
		found := ""
		for _, r := range results {
			if r.Outcome == pack.Fail {
				found = r.Notes[0].Text
			}
		}
		require.Equal(t, says, found, text)
	}
}
