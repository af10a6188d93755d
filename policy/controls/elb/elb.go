// SPDX-License-Identifier: Apache-2.0

// Package elb holds the controls of Elastic Load Balancing.
package elb

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(classic(), loadBalancers(), answers(), listenerRules())
}
