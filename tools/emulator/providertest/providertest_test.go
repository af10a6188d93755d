// SPDX-License-Identifier: Apache-2.0

package providertest_test

// root is the project's folder.
const root = "../../.."

type (
	m = map[string]any
	l = []any
)

// attachments are outputs that change because another resource attaches itself, as they do on AWS.
var attachments = []string{"inlinePolicies", "managedPolicyArns", "loadBalancerArns"}
