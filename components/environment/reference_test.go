// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

const (
	servicePort = networktest.ServicePort
	partner     = "198.51.100.64/28"
)

// name is what the reference environment is called.
const name = "shop"

// referenceTable is a deployment with one of everything.
func referenceTable() *segment.Table {
	table := networktest.Table()
	table.Connections = append(table.Connections,
		segment.Connection{From: "app", To: segment.AWS("kms"), Ports: segment.HTTPS, Why: "Keys of the service"},
		segment.Connection{From: "app", To: segment.Addresses(partner), Ports: segment.HTTPS, Why: "Payment provider", Names: []string{"api.partner.example"}})
	return table
}

// reference is the arguments of that deployment, with defaults wherever there are some.
func reference() *Args {
	return &Args{
		AccountID:   pulumitest.AccountID,
		Region:      pulumitest.Region,
		Zones:       []string{pulumitest.Region + "a", pulumitest.Region + "b"},
		VPCCIDR:     "10.20.0.0/16",
		NATStrategy: network.NATSingle,
		Table:       referenceTable(),
		AlarmEmails: []string{"ops@example.com"},
		Edge:        &Edge{Args: edge.Args{Zone: "shop.example", ContentSecurityPolicy: edge.StrictContentSecurityPolicy}},
		Services:    []Service{{Name: "app", Args: app.Args{Port: servicePort}, UsesDatabase: "db", Hosts: []string{"shop.example"}}},
		Databases:   []Database{{}},
		Bastion:     &Bastion{},
	}
}

// deployed runs a program with the environment and returns what it asked of the engine.
func deployed(tb testing.TB, args *Args, options ...pulumitest.Option) *pulumitest.Recording {
	tb.Helper()
	return pulumitest.Run(tb, program(args), options...)
}

func program(args *Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		env, err := New(ctx, name, args)
		if err != nil {
			return err
		}
		env.Export(ctx)
		return nil
	}
}
