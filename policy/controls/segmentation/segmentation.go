// SPDX-License-Identifier: Apache-2.0

// Package segmentation holds the controls of the proof of segmentation.
package segmentation

import (
	"errors"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{{
		ID: "segmentation-proved", Title: "The network has the connections of its table and no others", Severity: pack.Critical, Stack: true,
		Reads: stack.Reads,
		Why: "Whatever is open between segments beside the table is a way for a breach to spread, and a connection of the table that cannot " +
			"be opened is an outage.",
		Fix: "Take away the rule, route or address that the packet passes by, or, if the connection is meant, add a row with its reason to " +
			"the table of segments.",
		Maps: standard.Meets("FSBP:EC2.19", standard.Segments),
		Settings: []pack.Setting{{
			Name: "table", Default: "",
			Help: "A YAML file with the table of segments and connections, where the network component has not registered its own. A relative " +
				"path is looked for in the working directory and above it, up to the root of the repository.",
		}},
		Check: proved,
	}}
}

const noTable = "the segmentation of the network was not judged, because nothing says which connections are meant: build it with the " +
	"component " + stack.NetworkType +
	", which registers its table, or give a YAML file of segments and connections as the setting \"table\" of segmentation-proved " +
	"(docs/segmentation.md shows one)"

const notInStack = "the segmentation of the network was not judged, because it moves into an existing VPC, whose subnets and routes are " +
	"not in the stack; " +
	"prove it from AWS's answers: bulkhead-policy prove -intent state.json answers/"

func proved(k *pack.Case) {
	all := k.Stack.All()
	table, err := tableOf(k, all)
	if errors.Is(err, stack.ErrUnknown) {
		k.Doubt("%s", err)
		return
	}
	if err != nil {
		k.Report(pack.Value{}, "the table of segments cannot be used: %s", err)
		return
	}
	if table == nil {
		if len(k.Stack.Of(aws.VPC)) > 0 { // whoever makes no network has no segments of his own
			k.Remark("%s", noTable)
		}
		k.Skip("%s", noTable)
		return
	}
	if stack.Adopts(all) {
		k.Remark("%s", notInStack)
		k.Skip("%s", notInStack)
		return
	}
	p, err := segmentation.Prove(stack.Network(all, all, table.Services), table)
	if err != nil {
		k.Report(pack.Value{}, "%s", err)
		return
	}
	for i := range p.Cells {
		for j := range p.Cells[i].Findings {
			f := &p.Cells[i].Findings[j]
			if page := strings.TrimSpace(f.Page(&p.Cells[i])); f.Certain() {
				k.Report(pack.Value{}, "%s", page)
			} else {
				k.Doubt("%s", strings.SplitN(page, "\n", 2)[0])
			}
		}
	}
}

// tableOf is the table that the configuration names, or that of the networks in the stack; nil is none.
func tableOf(k *pack.Case, all []*pack.Resource) (*intent.Table, error) {
	if k.Word("table") == "" {
		return stack.Table(all)
	}
	f, err := k.File("table")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return intent.Read(f)
}
