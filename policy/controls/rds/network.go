// SPDX-License-Identifier: Apache-2.0

package rds

import (
	"github.com/bulkhead-iac/bulkhead/policy/facts/route"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// placement is about where databases stand in a network.
func placement() []*pack.Control {
	return []*pack.Control{
		{
			ID: "rds-subnets-private", Title: "Databases live in subnets without a route to the internet gateway", Severity: pack.Critical,
			Types: []string{"aws:rds/subnetGroup:SubnetGroup"},
			Joins: route.Types, Stack: true, Why: "A database in a public subnet is one setting away from the internet.",
			Fix: "List only private subnets in subnetIds.", Maps: standard.Meets("FSBP:RDS.46", standard.Segments),
			Check: route.SubnetsPrivate("subnetIds"),
		},
	}
}
