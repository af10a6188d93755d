// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// Stacks of version 0.1 have their groups and rules under other names. The engine takes those for the same resources, so that
// none is made anew.

// formerGroups are the components that made a group themselves, each under its own name.
func formerGroups(ctx *pulumi.Context, name string) pulumi.ResourceOption {
	var all []pulumi.Alias
	for _, owner := range []tokens.Type{"bulkhead:app:App", "bulkhead:bastion:Bastion", "bulkhead:database:Database", "bulkhead:edge:Edge"} {
		parent := urn.New(tokens.QName(ctx.Stack()), tokens.PackageName(ctx.Project()), "", owner, name)
		all = append(all, pulumi.Alias{ParentURN: pulumi.URN(parent)})
	}
	return pulumi.Aliases(all)
}

// formerRule is the name of a rule whose ports were called "app", whichever port the service had.
func formerRule(name string, ports segment.Ports) pulumi.ResourceOption {
	former := strings.TrimSuffix(name, ports.Label()) + "app"
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(former)}})
}
