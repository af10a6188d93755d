// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/network"
)

// flows are the connections that cross a border of a tier. The network ACLs let nothing else pass;
// which instance may use one is for the security groups, which the components connect.
func (e *environment) flows() []network.Flow {
	public, app, data := network.TierOf(network.Public), network.TierOf(network.App), network.TierOf(network.Data)
	flows := []network.Flow{
		{From: network.Internet, To: public, Port: firewall.HTTPS},
		{From: network.Internet, To: public, Port: firewall.HTTP},
		{From: public, To: app, Port: e.servicePort()},
		{From: app, To: data, Port: firewall.PostgreSQL},
		{From: public, To: app, Port: firewall.SSH},
		{From: public, To: app, Port: firewall.HTTPS}, // the bastion to the interface endpoints
		{From: app, To: app, Port: firewall.HTTPS},    // the service to the interface endpoints
		{From: public, To: network.S3, Port: firewall.HTTPS},
		{From: app, To: network.S3, Port: firewall.HTTPS},
	}
	if e.settings.Bastion.ReachesDatabase {
		flows = append(flows, network.Flow{From: public, To: data, Port: firewall.PostgreSQL})
	}
	for _, cidr := range e.settings.Bastion.AllowedCIDRs {
		if !strings.Contains(cidr, ":") { // the VPC has no IPv6 addresses
			flows = append(flows, network.Flow{From: network.CIDR(cidr), To: public, Port: firewall.SSH})
		}
	}
	for _, cidr := range e.settings.App.EgressCIDRs {
		flows = append(flows, network.Flow{From: app, To: network.CIDR(cidr), Port: firewall.HTTPS})
	}
	return flows
}
