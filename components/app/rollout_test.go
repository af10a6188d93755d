// SPDX-License-Identifier: Apache-2.0

package app

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const ruleType = "aws:lb/listenerRule:ListenerRule"

// behindAnEdge gives the service a load balancer.
func behindAnEdge(ctx *pulumi.Context, a *Args) error {
	in, err := a.Segment.Network().Segment("edge")
	if err != nil {
		return err
	}
	a.Edge, err = edge.New(ctx, "edge", &edge.Args{
		Segment: in, CertificateARN: "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
	})
	a.Serve = edge.ServeArgs{Hosts: []string{"shop.example"}, Priority: 100}
	return err
}

// The load balancer uses the target group before the instances start, or their health would never be known; requests come when
// the instances are healthy.
func TestTheBalancerUsesTheTargetsThenTheyStartThenItServesThem(t *testing.T) {
	recording := build(t, behindAnEdge)
	targets, group := recording.Only(t, targetsType), recording.Only(t, servertest.GroupType)
	held, rule := recording.Get(t, ruleType, "edge-app-held"), recording.Get(t, ruleType, "edge-app")
	for i, step := range []pulumitest.Registration{held, group, rule} {
		before := recording.Before(step)
		for _, earlier := range []pulumitest.Registration{targets, held, group}[:i+1] {
			require.Contains(t, before, earlier.URN, step.Name)
		}
	}
	require.Equal(t, []any{map[string]any{"type": "forward", "targetGroupArn": targets.ID}}, rule.Value("actions"))
	require.Equal(t, 2.0, group.Value("minElbCapacity"))
	require.Nil(t, group.Value("waitForElbCapacity"), "the provider would wait for exactly so many at every change of the size")
}

func TestWhatIsReadyIsTheInstances(t *testing.T) {
	var ready []string
	recording := build(t, unchanged, func(ctx *pulumi.Context, a *App) error {
		servertest.URNs(ctx, a.Ready(), &ready)
		return nil
	})
	require.Equal(t, []string{recording.Only(t, servertest.GroupType).URN}, ready)
}

// A new template, a new port, and the next try after a failure make a new group before the old one goes.
func TestANewVersionIsAGroupOfItsOwn(t *testing.T) {
	recording := build(t, behindAnEdge)
	group := recording.Only(t, servertest.GroupType)
	require.Equal(t, []string{"launchTemplate", "targetGroupArns", "#initerror"}, group.ReplaceOnChanges)
	for _, r := range []pulumitest.Registration{group, recording.Only(t, targetsType)} {
		require.False(t, r.DeleteBeforeReplace, r.Name)
		require.Nil(t, r.Value("name"), "two of %s stand side by side, so that Pulumi must name them", r.Name)
	}
	require.Nil(t, group.Value("instanceRefresh"))
	require.Equal(t, servertest.Version, group.Value("launchTemplate.version"), "an old group keeps its own version")
}

func TestAServiceThatTheBalancerCannotServeIsRefusedBeforeAnythingIsMade(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Args)
		want   []string
	}{
		"no row":        {func(a *Args) { a.Port = 9443 }, []string{`app "shop": Serve: requests and health checks of app: no row of the table lets "edge" open tcp/9443 to "app"`}},
		"every problem": {func(a *Args) { a.Serve, a.Port = edge.ServeArgs{Hosts: []string{"a b"}}, 80 }, []string{`Serve: Hosts[0]: "a b"`, "Serve: Priority: 0", "Port: 80 is a privileged port"}},
	} {
		t.Run(name, func(t *testing.T) {
			recording, err := pulumitest.Record(program(func(ctx *pulumi.Context, a *Args) error {
				err := behindAnEdge(ctx, a)
				c.change(a)
				return err
			}))
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.Empty(t, recording.ByType(targetsType))
		})
	}
}

// Of two ports, neither the rules of the groups nor those of the ACLs have one name in common: those of the new port are new
// resources, made before those of the old port go. A rule of one name would be changed, and the old port be closed, while
// the old instances still serve.
func TestTheOldPortStaysOpenUntilTheNewOneServes(t *testing.T) {
	at := func(port int) map[string]string {
		recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
			table := networktest.Table()
			for i, row := range table.Connections {
				if row.From == "edge" && row.To == "app" {
					table.Connections[i].Ports.From, table.Connections[i].Ports.To = port, port
				}
			}
			_, err := networktest.New(ctx, table)
			return err
		})
		rules := map[string]string{}
		for _, token := range []string{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "aws:ec2/networkAclRule:NetworkAclRule"} {
			for _, r := range recording.ByType(token) {
				if r.Value("fromPort") == float64(port) {
					rules[token+" "+r.Name] = r.URN
				}
			}
		}
		return rules
	}
	old, renewed := at(8443), at(9443)
	require.Len(t, old, 4, "two halves of the rule between the groups, and the requests at both borders")
	require.Len(t, renewed, 4)
	for name := range old {
		require.NotContains(t, renewed, name)
	}
}
