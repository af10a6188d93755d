// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import "testing"

// look reads back what was built, through the services' own interfaces.
func look(t *testing.T, a *account) {
	t.Helper()
	for _, view := range []struct {
		name string
		look func(*testing.T, *account)
	}{
		{"StateIsAccount", requireStateIsAccount},
		{"VPC", lookAtVPC},
		{"filter of DNS", lookAtDNS},
		{"Subnets", lookAtSubnets},
		{"Routes", lookAtRoutes},
		{"ACLs", lookAtACLs},
		{"Endpoints", lookAtEndpoints},
		{"FlowLogs", lookAtFlowLogs},
		{"Firewall", lookAtFirewall},
		{"Servers", lookAtServers},
		{"LoadBalancer", lookAtBalancer},
		{"Listeners", lookAtListeners},
		{"WebACL", lookAtWebACL},
		{"Names", lookAtNames},
		{"Database", lookAtDatabase},
		{"Buckets", lookAtBuckets},
		{"Keys", lookAtKeys},
		{"Logs", lookAtLogs},
		{"Trail", lookAtTrail},
		{"Alarms", lookAtAlarms},
		{"Identities", lookAtIdentities},
	} {
		t.Run(view.name, func(t *testing.T) { view.look(t, a) })
	}
}
