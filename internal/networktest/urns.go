// SPDX-License-Identifier: Apache-2.0

package networktest

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// URNs notes the URNs of resources, such as those of Segment.Ready, once the program has run.
func URNs(ctx *pulumi.Context, resources []pulumi.CustomResource, into *[]string) {
	all := pulumi.StringArray{}
	for _, resource := range resources {
		all = append(all, resource.URN().ToStringOutput())
	}
	ctx.Export("urns", all.ToStringArrayOutput().ApplyT(func(urns []string) int {
		*into = urns
		return len(urns)
	}))
}
