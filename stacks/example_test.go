// SPDX-License-Identifier: Apache-2.0

package stacks_test

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

// Everything that is wrong with a configuration is one error, with file, key, value and cure.
func ExampleParse() {
	_, err := stacks.Parse("shop", "staging", map[string]string{
		"accountId": "210987654321", "region": "eu-central-1", "zones": `["eu-central-1a","eu-central-1b"]`,
		"vpcCidr": "10.20.0.0/24", "edgeZone": "staging.shop.example", "alarmEmails": "[]",
	})
	fmt.Println(err)
	// Output:
	// 2 problems in the configuration:
	//   Pulumi.staging.yaml: shop:vpcCidr: "10.20.0.0/24" is too small for three tiers in four zones; use a prefix from /16 to /20
	//   Pulumi.staging.yaml: shop:alarmEmails: [] is empty, and alarms would ring unheard; list who answers them
}
