// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

var appPort = firewall.Port{Name: "app", Number: 8443}

// typicalFlows is what a whole environment needs: the edge, a bastion for one office, an application with a database,
// the interface endpoints, and ways out through NAT and to S3.
func typicalFlows() []Flow {
	office := CIDR("203.0.113.0/24")
	return []Flow{
		{From: Internet, To: TierOf(Public), Port: firewall.HTTPS},            // clients to the load balancer
		{From: Internet, To: TierOf(Public), Port: firewall.HTTP},             // and its redirect to HTTPS
		{From: office, To: TierOf(Public), Port: firewall.SSH},                // operators to the bastion
		{From: TierOf(Public), To: TierOf(App), Port: appPort},                // load balancer to servers
		{From: TierOf(Public), To: TierOf(App), Port: firewall.SSH},           // bastion to servers
		{From: TierOf(App), To: TierOf(Data), Port: firewall.PostgreSQL},      // servers to the database
		{From: TierOf(Public), To: TierOf(Data), Port: firewall.PostgreSQL},   // bastion to the database
		{From: TierOf(App), To: TierOf(App), Port: firewall.HTTPS},            // servers to the interface endpoints
		{From: TierOf(Public), To: TierOf(App), Port: firewall.HTTPS},         // bastion to the interface endpoints
		{From: TierOf(App), To: S3, Port: firewall.HTTPS},                     // packages and logs through the gateway endpoint
		{From: TierOf(Public), To: S3, Port: firewall.HTTPS},                  // the same for the bastion
		{From: TierOf(App), To: Internet, Port: firewall.HTTPS},               // servers to partners, through NAT
		{From: TierOf(Public), To: CIDR("2001:db8::/48"), Port: firewall.SSH}, // an IPv6 range has rules of its own
	}
}

func testPlan(t *testing.T) Plan {
	t.Helper()
	plan, err := NewPlan("10.0.0.0/16")
	require.NoError(t, err)
	return plan
}

func TestTypicalFlowsAreSound(t *testing.T) {
	for _, nat := range []NATStrategy{NATSingle, NATOnePerZone} {
		require.Empty(t, flowProblems(testPlan(t), nat, typicalFlows()))
	}
}

func TestFlowProblems(t *testing.T) {
	https := firewall.HTTPS
	for name, c := range map[string]struct {
		flow    Flow
		nat     NATStrategy
		message string
	}{
		"nothing set":             {flow: Flow{}, message: "From is not set"},
		"unknown tier":            {flow: Flow{TierOf("dmz"), TierOf(App), https}, message: `unknown tier "dmz"`},
		"no port":                 {flow: Flow{Internet, TierOf(Public), firewall.Port{}}, message: "port 0 does not exist"},
		"port too high":           {flow: Flow{Internet, TierOf(Public), firewall.Port{Number: 65536}}, message: "port 65536 does not exist"},
		"no tier":                 {flow: Flow{Internet, CIDR("203.0.113.0/24"), https}, message: "neither side is a tier"},
		"internet to app":         {flow: Flow{Internet, TierOf(App), https}, message: "only the public tier can be reached"},
		"internet to data":        {flow: Flow{Internet, TierOf(Data), https}, message: "only the public tier can be reached"},
		"office to data":          {flow: Flow{CIDR("203.0.113.0/24"), TierOf(Data), https}, message: "only the public tier can be reached"},
		"data to internet":        {flow: Flow{TierOf(Data), Internet, https}, message: "has no route out"},
		"data to S3":              {flow: Flow{TierOf(Data), S3, https}, message: "has no route out"},
		"data to an office":       {flow: Flow{TierOf(Data), CIDR("203.0.113.0/24"), https}, message: "has no route out"},
		"data to app":             {flow: Flow{TierOf(Data), TierOf(App), https}, message: "let the other side open"},
		"from S3":                 {flow: Flow{S3, TierOf(App), https}, message: "S3 opens no connections"},
		"app out without NAT":     {flow: Flow{TierOf(App), Internet, https}, nat: NATNone, message: "no way out with NAT None"},
		"app to CIDR without NAT": {flow: Flow{TierOf(App), CIDR("203.0.113.0/24"), https}, nat: NATNone, message: "no way out with NAT None"},
		"app to IPv6":             {flow: Flow{TierOf(App), CIDR("2001:db8::/48"), https}, message: "IPv4 only"},
		"CIDR unreadable":         {flow: Flow{CIDR("office"), TierOf(Public), https}, message: `From: "office" is not a CIDR range`},
		"CIDR with host bits":     {flow: Flow{CIDR("203.0.113.7/24"), TierOf(Public), https}, message: `write 203.0.113.0/24`},
		"CIDR is the world":       {flow: Flow{CIDR("0.0.0.0/0"), TierOf(Public), https}, message: "the whole internet"},
		"CIDR is the IPv6 world":  {flow: Flow{CIDR("::/0"), TierOf(Public), https}, message: "the whole internet"},
		"CIDR is half the world":  {flow: Flow{CIDR("128.0.0.0/1"), TierOf(Public), https}, message: "is wider than"},
		"CIDR is IPv6 in use":     {flow: Flow{CIDR("2000::/3"), TierOf(Public), https}, message: "is wider than"},
		"internet to SSH":         {flow: Flow{Internet, TierOf(Public), firewall.SSH}, message: "ports 80 and 443"},
		"CIDR inside":             {flow: Flow{TierOf(App), CIDR("10.0.192.0/19"), https}, message: "overlaps the VPC"},
		"CIDR around":             {flow: Flow{TierOf(App), CIDR("10.0.0.0/8"), https}, message: "overlaps the VPC"},
	} {
		t.Run(name, func(t *testing.T) {
			nat := c.nat
			if nat == "" {
				nat = NATOnePerZone
			}
			problems := flowProblems(testPlan(t), nat, []Flow{typicalFlows()[0], c.flow})
			require.NotEmpty(t, problems)
			err := errors.Join(problems...)
			require.ErrorContains(t, err, "Flows[1]")
			require.ErrorContains(t, err, c.message)
		})
	}
}

func TestFlowProblemsAreListedTogether(t *testing.T) {
	problems := flowProblems(testPlan(t), NATNone, []Flow{
		{From: Internet, To: TierOf(Data), Port: firewall.HTTPS},
		{},
		{From: TierOf(App), To: Internet, Port: firewall.HTTPS},
	})
	require.Len(t, problems, 5) // the empty flow has three: From, To and the port
	require.Len(t, flowProblems(testPlan(t), NATNone, nil), 1)
}

func TestS3NeedsNoNAT(t *testing.T) {
	require.Empty(t, flowProblems(testPlan(t), NATNone, []Flow{{From: TierOf(App), To: S3, Port: firewall.HTTPS}}))
}
