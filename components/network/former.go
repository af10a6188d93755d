// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
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

// formerRule is the name of a rule whose port was called "app", whichever port the service had. The engine refuses two
// resources with one former name, so that of several ports between two groups the first has it.
func (b *builder) formerRule(name string, ports segment.Ports) pulumi.ResourceOption {
	former := strings.TrimSuffix(name, ports.Label()) + "app"
	if ports.Label() != fmt.Sprintf("tcp-%d", ports.From) || b.former[former] {
		return pulumi.Aliases(nil)
	}
	b.former[former] = true
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(former)}})
}
