// SPDX-License-Identifier: Apache-2.0

package cidr_test

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// Ranges are written without host bits, since AWS would silently widen them.
func Example() {
	fmt.Println(cidr.CheckKnown("203.0.113.7/24"))
	fmt.Println(cidr.CheckKnown("203.0.113.7/32"))
	fmt.Println(cidr.Overlap("10.20.0.0/16", "10.20.128.0/20"))
	// Output:
	// "203.0.113.7/24" is not in canonical form; write 203.0.113.0/24, or the exact addresses with a longer prefix
	// <nil>
	// true
}
