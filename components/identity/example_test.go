// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// A document says what is wrong with it instead of granting too much.
func Example() {
	for _, actions := range [][]string{{"sqs:SendMessage"}, {"sqs:*"}} {
		text, err := identity.Permissions(identity.Statement{
			Sid: "Send", Effect: identity.Allow, Actions: actions, Resources: []string{"arn:aws:sqs:eu-central-1:111122223333:orders"},
		}).JSON()
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(text)
	}
	// Output:
	// {"Version":"2012-10-17","Statement":[{"Sid":"Send","Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:111122223333:orders"}]}
	// statement "Send": action "sqs:*" allows everything: list the actions, or give a Reason
}
