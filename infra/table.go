// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

//go:generate go test -run TestThePictureShowsWhatIsProved -update .

// table is who may talk to whom: the one page to review, and the one to change. Everything that opens a way is made from it,
// and whatever has no row is closed. To add a service, add its segment and its rows here, and the service in main.go.
func table(s *stacks.Settings) *segment.Table {
	serve := segment.TCP(s.App.Port)
	t := &segment.Table{
		Segments: []segment.Segment{
			{Name: "edge", Tier: segment.Public, Holds: "Load balancer: HTTPS from the internet, out to its targets only"},
			{Name: "app", Tier: segment.App, Holds: "Instances of the service: served through the load balancer only"},
			{Name: "db", Tier: segment.Data, Holds: "Database: only named clients, and nothing outward"},
			{Name: "db-agent", Tier: segment.Data, Holds: "Function that makes the users of the database"},
		},
		Connections: []segment.Connection{
			{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "HTTPS from the internet"},
			{From: segment.Internet, To: "edge", Ports: segment.HTTP, Why: "HTTP from the internet, answered with a redirect to HTTPS"},
			{From: "edge", To: "app", Ports: serve, Why: "Requests and health checks from the load balancer to the service"},
			{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "PostgreSQL connections of the service"},
			{From: "db-agent", To: "db", Ports: segment.PostgreSQL, Why: "Users of the database are made"},
			{From: "db-agent", To: segment.AWS("secretsmanager"), Ports: segment.HTTPS, Why: "Secret of the owner of the database"},
			{From: "app", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Amazon S3, which also holds the packages of Amazon Linux"},
			{From: "app", To: segment.AWS(s.Network.InterfaceEndpoints...), Ports: segment.HTTPS, Why: "AWS services through their endpoints"},
			{
				From: "app", To: segment.Addresses(s.App.EgressCIDRs...), Ports: segment.HTTPS, Why: "Known services outside AWS that the service calls",
				Names: s.App.EgressDomains,
			},
		},
	}
	if s.Database.External.Given() {
		leave(t, s.Database.External)
	}
	if s.Bastion.Access == stacks.BastionNone {
		return t
	}
	door := segment.Segment{Name: "bastion", Tier: segment.App, Holds: "Bastion: operators in, out to what they administer"}
	if s.Bastion.Access == stacks.BastionKnownAddresses {
		door.Tier = segment.Public
	}
	t.Segments = append(t.Segments, door)
	t.Connections = append(t.Connections, []segment.Connection{
		{From: segment.Addresses(s.Bastion.AllowedCIDRs...), To: "bastion", Ports: segment.SSH, Why: "Operators at known addresses"},
		{From: "bastion", To: segment.AWS(segment.SessionServices()...), Ports: segment.HTTPS, Why: "Session Manager and the log of its sessions"},
		{From: "bastion", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Amazon S3, which holds the packages of Amazon Linux"},
		{From: "bastion", To: "app", Ports: segment.SSH, Why: "Operators on the bastion"},
	}...)
	if s.Bastion.ReachesDatabase {
		t.Connections = append(t.Connections, segment.Connection{From: "bastion", To: "db", Ports: segment.PostgreSQL, Why: "Administrators on the bastion"})
	}
	return t
}

// leave has the service call a database that somebody else runs, in the place of the environment's own.
func leave(t *segment.Table, e stacks.ExternalDatabase) {
	own := []string{"db", "db-agent"}
	t.Segments = slices.DeleteFunc(t.Segments, func(s segment.Segment) bool { return slices.Contains(own, s.Name) })
	t.Connections = slices.DeleteFunc(t.Connections, func(c segment.Connection) bool {
		return slices.Contains(own, string(c.From)) || slices.Contains(own, string(c.To))
	})
	at, _ := form.ParseDatabaseURL(e.URL) // The settings are checked.
	t.Connections = append(t.Connections, segment.Connection{
		From: "app", To: segment.Addresses(e.CIDRs...), Ports: segment.TCP(at.Port), Why: "Database that somebody else runs", Names: []string{at.Host},
	})
}
