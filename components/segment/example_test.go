// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"fmt"
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A table is checked without Pulumi and without AWS; each problem names the row, the value and the cure.
func Example() {
	table := &segment.Table{
		Segments: []segment.Segment{
			{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
			{Name: "app", Tier: segment.App, Holds: "Service"},
			{Name: "db", Tier: segment.Data, Holds: "Database"},
		},
		Connections: []segment.Connection{
			{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "Clients"},
			{From: "edge", To: "app", Ports: segment.TCP(8443), Why: "Requests"},
			{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "Data"},
			{From: "edge", To: "cache", Ports: segment.TCP(6379), Why: "Sessions"},
			{From: "db", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Exports"},
		},
	}
	for _, problem := range table.Check(segment.Surroundings{VPC: netip.MustParsePrefix("10.0.0.0/16")}) {
		fmt.Println(problem)
	}
	fmt.Println(table.Allows("app", "db", segment.PostgreSQL), table.Allows("edge", "db", segment.PostgreSQL))
	// Output:
	// Connections[3] (edge -> cache tcp/6379): To: "cache" is not a segment of the table; it has edge, app, db
	// Connections[4] (db -> aws:s3 tcp/443): the tier has no routes, so it has none to a gateway endpoint; let a segment of another tier do it
	// true false
}
