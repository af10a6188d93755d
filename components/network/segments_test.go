// SPDX-License-Identifier: Apache-2.0

package network

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// waiting builds the network and, for every segment, a resource that waits until the segment is ready.
func waiting(t *testing.T, change func(*Args)) *pulumitest.Recording {
	t.Helper()
	return buildAnd(t, change, func(ctx *pulumi.Context, n *Network) error {
		for _, name := range n.Table.Names() {
			s, err := n.Segment(name)
			if err != nil {
				return err
			}
			if _, err := ec2.NewInstance(ctx, name, &ec2.InstanceArgs{}, order.After(s.Ready())); err != nil {
				return err
			}
		}
		return nil
	})
}

// readyFor is what the resource of a segment waits for, by type and name.
func readyFor(t *testing.T, rec *pulumitest.Recording, name string) []string {
	t.Helper()
	byURN := map[string]pulumitest.Registration{}
	for _, r := range rec.Registrations() {
		byURN[r.URN] = r
	}
	var all []string
	for _, urn := range rec.Get(t, "aws:ec2/instance:Instance", name).DependsOn {
		require.True(t, byURN[urn].Custom, "%s is a component", urn)
		all = append(all, byURN[urn].Type+" "+byURN[urn].Name)
	}
	slices.Sort(all)
	require.Equal(t, slices.Compact(slices.Clone(all)), all, "each once")
	return all
}

func TestASegmentWaitsForAllThatItsRowsNeedAndForNothingElse(t *testing.T) {
	rec := waiting(t, nil)
	require.Equal(t, []string{
		aclLinkType + " net-data-" + zoneA, aclLinkType + " net-data-" + zoneB,
		aclRuleType + " net-app-in-answers-from-data", aclRuleType + " net-app-out-5432-to-data",
		aclRuleType + " net-data-in-5432-from-app", aclRuleType + " net-data-in-5432-from-public",
		aclRuleType + " net-data-out-answers-to-app", aclRuleType + " net-data-out-answers-to-public",
		aclRuleType + " net-public-in-answers-from-data", aclRuleType + " net-public-out-5432-to-data",
		tableLinkType + " net-data-" + zoneA, tableLinkType + " net-data-" + zoneB,
		dnsLinkType + " net-dns", queryLogLinkType + " net-dns-queries",
		groupEgressType + " net-app-to-net-db-postgresql", groupEgressType + " net-bastion-to-net-db-postgresql",
		groupIngressType + " net-db-from-net-app-postgresql", groupIngressType + " net-db-from-net-bastion-postgresql",
	}, readyFor(t, rec, "db"))

	app := readyFor(t, rec, "app")
	for _, want := range []string{
		groupEgressType + " net-edge-to-net-app-tcp-8443", groupIngressType + " net-app-from-net-edge-tcp-8443", // both halves
		aclRuleType + " net-public-out-8443-to-app", aclRuleType + " net-app-in-8443-from-public", // both borders
		endpointType + " net-s3", endpointLinkType + " net-s3-app-" + zoneA, groupEgressType + " net-app-to-s3-https",
		endpointType + " net-secretsmanager", groupIngressType + " net-endpoint-secretsmanager-from-net-app-https",
		routeType + " net-app-" + zoneB + "-198.51.100.0-24",
		routeType + " net-public-internet", aclLinkType + " net-public-" + zoneA, // through NAT
		aclRuleType + " net-public-in-443-from-app", aclRuleType + " net-public-out-443-to-world",
	} {
		require.Contains(t, app, want)
	}
	require.NotContains(t, app, groupIngressType+" net-edge-from-internet-https")
	require.NotContains(t, app, groupIngressType+" net-db-from-net-bastion-postgresql")

	edge := readyFor(t, rec, "edge")
	require.Contains(t, edge, routeType+" net-public-internet", "what has a public address answers over it")
	require.NotContains(t, edge, endpointType+" net-s3")
	bastion := readyFor(t, rec, "bastion")
	require.Contains(t, bastion, aclLinkType+" net-app-"+zoneB, "the endpoints stand in the app tier")
	require.NotContains(t, bastion, endpointType+" net-secretsmanager")
}

// What carries the rows of a segment is every rule that names its group, on either side, whatever the row.
func TestASegmentWaitsForEveryRuleThatNamesItsGroup(t *testing.T) {
	rec := waiting(t, nil)
	for _, s := range typicalTable().Segments {
		ready, group := readyFor(t, rec, s.Name), rec.Get(t, groupType, "net-"+s.Name+"-group").ID
		for _, rule := range append(rec.ByType(groupIngressType), rec.ByType(groupEgressType)...) {
			names := rule.String("securityGroupId") == group || rule.String("referencedSecurityGroupId") == group
			require.Equal(t, names, slices.Contains(ready, rule.Type+" "+rule.Name), "%s and %s", s.Name, rule.Name)
		}
	}
}

func TestSegmentIsWhereAComponentRuns(t *testing.T) {
	buildAnd(t, nil, func(_ *pulumi.Context, n *Network) error {
		app, err := n.Segment("app")
		require.NoError(t, err)
		require.Equal(t, segment.App, app.Tier)
		require.Same(t, n, app.Network())
		require.Same(t, n.Account, app.Account())
		require.Len(t, app.SubnetIDs(), 2)
		require.True(t, app.Reached(segment.TCP(8443)) && app.Reached(segment.SSH) && !app.Reached(segment.HTTPS))
		_, err = n.Segment("cache")
		require.ErrorContains(t, err, `"cache" is not a segment of the table; it has [edge bastion app db]`)
		return nil
	})
}

func TestSegmentCheckNamesTierAndMissingRows(t *testing.T) {
	draft := Draft(typicalArgs())
	app, err := draft.Segment("app")
	require.NoError(t, err)
	private := []segment.Reach{segment.ReachNAT, segment.ReachNowhere}
	require.Empty(t, app.Check(private, segment.Need{To: segment.AWS("logs", "secretsmanager"), Ports: segment.HTTPS, For: "its secrets"}))
	problems := app.Check([]segment.Reach{segment.ReachInternet}, segment.Need{To: segment.AWS("sqs"), Ports: segment.HTTPS, For: "its queue"})
	require.Len(t, problems, 2)
	require.ErrorContains(t, problems[0], `Segment: "app" is in the tier "app", whose reach is nat; put it into a tier with the reach [internet]`)
	require.ErrorContains(t, problems[1], `Segment "app": its queue: no row of the table lets "app" open tcp/443`)
	var missing *Segment
	require.ErrorContains(t, missing.Check(private)[0], "Segment: missing; give the segment of the network")
	empty := Draft(&Args{})
	_, err = empty.Segment("app")
	require.ErrorContains(t, err, "is not a segment", "the arguments have no table yet")
}
