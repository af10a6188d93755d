// SPDX-License-Identifier: Apache-2.0

package form_test

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Each check says what is wrong and how to put it right; In adds where the value was written.
func Example() {
	fmt.Println(form.In("Region", form.CheckRegion("eu-central-1a")))
	fmt.Println(form.In("Zones", form.CheckZones("eu-central-1", []string{"eu-central-1a", "eu-west-1b"})...))
	fmt.Println(form.CheckInstanceType("t3.small"))
	// Output:
	// Region: "eu-central-1a" is not the name of an AWS region; write it like eu-central-1
	// Zones[1]: "eu-west-1b" lies outside region eu-central-1; name a zone such as eu-central-1a
	// <nil>
}
