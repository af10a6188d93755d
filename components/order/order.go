// SPDX-License-Identifier: Apache-2.0

// Package order makes one resource wait for others: it is made after them and deleted before them.
//
// pulumi.DependsOn also takes components, and a component there stands only for those of its children that the SDK has begun
// to register (https://github.com/pulumi/pulumi/issues/7542): the order is then a matter of luck. After takes resources of
// providers alone, so that the compiler refuses a component, and a linter refuses pulumi.DependsOn everywhere else.
package order

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// After is the resource option that waits for every resource of the lists.
func After(lists ...[]pulumi.CustomResource) pulumi.ResourceOption {
	var all []pulumi.Resource
	for _, resource := range slices.Concat(lists...) {
		all = append(all, resource)
	}
	return pulumi.DependsOn(all)
}

// List is the resources as a list, for After.
func List(resources ...pulumi.CustomResource) []pulumi.CustomResource { return resources }
