// SPDX-License-Identifier: Apache-2.0

package providertest_test

import "github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"

// root is the project's folder.
const root = "../../.."

type (
	m        = map[string]any
	l        = []any
	resource = providertest.Resource
)

// attachments are outputs that change because another resource attaches itself, as they do on AWS.
var attachments = []string{"inlinePolicies", "managedPolicyArns", "loadBalancerArns"}
