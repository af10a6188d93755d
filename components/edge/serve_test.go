// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

const targetGroupARN = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/0123456789abcdef"

// target is an app as far as the edge can see one.
type target struct {
	group *firewall.Group
	port  firewall.Port
}

func (s target) FirewallGroup() *firewall.Group { return s.group }
func (s target) ServicePort() firewall.Port     { return s.port }
func (s target) TargetGroupARN() pulumi.StringOutput {
	return pulumi.String(targetGroupARN).ToStringOutput()
}

// newTarget makes a target with a security group.
func newTarget(ctx *pulumi.Context) (target, error) {
	group, err := firewall.NewGroup(ctx, "shop", &firewall.GroupArgs{VpcID: pulumi.String("vpc-1"), Description: "Shop"})
	return target{group: group, port: firewall.Port{Name: "shop", Number: 8443}}, err
}

// serve calls Serve once for every argument, on one target.
func serve(all ...ServeArgs) func(*pulumi.Context, *Edge) error {
	return func(ctx *pulumi.Context, e *Edge) error {
		to, err := newTarget(ctx)
		if err != nil {
			return err
		}
		for i, args := range all {
			args.Target = to
			if err := e.Serve(ctx, "shop"+strings.Repeat("-more", i), &args); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestServeForwardsWhatMatches(t *testing.T) {
	recording := build(t, withCertificate, serve(ServeArgs{Hosts: []string{"www.example.com"}, Paths: []string{"/api/*", "/"}, Priority: 10}))
	rule := recording.Get(t, ruleType, "edge-shop")
	require.Equal(t, recording.Get(t, listenerType, "edge-https").ID, rule.String("listenerArn"))
	require.Equal(t, float64(10), rule.Value("priority"))
	require.Equal(t, []any{
		map[string]any{"hostHeader": map[string]any{"values": []any{"www.example.com"}}},
		map[string]any{"pathPattern": map[string]any{"values": []any{"/api/*", "/"}}},
	}, rule.Value("conditions"))
	require.Equal(t, []any{map[string]any{"type": "forward", "targetGroupArn": targetGroupARN}}, rule.Value("actions"))
	require.Equal(t, recording.Only(t, "bulkhead:edge:Edge").URN, rule.Parent)
}

func TestServeOpensTheTargetsPortOnly(t *testing.T) {
	recording := build(t, withCertificate, serve(ServeArgs{Hosts: []string{"*"}, Priority: 1}))
	mine := edgeGroup(t, recording)
	theirs := recording.Get(t, "aws:ec2/securityGroup:SecurityGroup", "shop-group")
	egress := pick(recording.ByType(egressType), mine.ID)
	require.Len(t, egress, 1)
	require.Equal(t, theirs.ID, egress[0].Value("referencedSecurityGroupId"))
	require.Equal(t, float64(8443), egress[0].Value("fromPort"))
	require.Equal(t, float64(8443), egress[0].Value("toPort"))
	require.Nil(t, egress[0].Value("cidrIpv4"))
	ingress := pick(recording.ByType(ingressType), theirs.ID)
	require.Len(t, ingress, 1)
	require.Equal(t, mine.ID, ingress[0].Value("referencedSecurityGroupId"))
	require.Equal(t, float64(8443), ingress[0].Value("toPort"))
}

// pick returns the rules of one security group.
func pick(rules []pulumitest.Registration, group string) []pulumitest.Registration {
	var found []pulumitest.Registration
	for _, rule := range rules {
		if rule.Value("securityGroupId") == group {
			found = append(found, rule)
		}
	}
	return found
}

func TestServeTwiceOpensTheTargetOnce(t *testing.T) {
	recording := build(t, withCertificate, serve(
		ServeArgs{Hosts: []string{"www.example.com"}, Priority: 1},
		ServeArgs{Paths: []string{"/shop/*"}, Priority: 2},
	))
	require.Len(t, recording.ByType(ruleType), 2)
	require.Len(t, pick(recording.ByType(egressType), edgeGroup(t, recording).ID), 1)
}

func TestServeRefuses(t *testing.T) {
	good := ServeArgs{Hosts: []string{"www.example.com"}, Priority: 1}
	cases := map[string]struct {
		args []ServeArgs
		want []string
	}{
		"everything": {args: []ServeArgs{{Priority: 1}}, want: []string{`edge "edge": serve "shop"`, "Hosts, Paths: 0 patterns; give 1 to 5"}},
		"too many patterns": {
			args: []ServeArgs{{Hosts: []string{"a.b", "c.d", "e.f"}, Paths: []string{"/a", "/b", "/c"}, Priority: 1}},
			want: []string{"Hosts, Paths: 6 patterns"},
		},
		"a host with a path": {args: []ServeArgs{{Hosts: []string{"example.com/shop"}, Priority: 1}}, want: []string{`Hosts[0]: "example.com/shop"`}},
		"a long host":        {args: []ServeArgs{{Hosts: []string{strings.Repeat("a", 129)}, Priority: 1}}, want: []string{"Hosts[0]"}},
		"a relative path":    {args: []ServeArgs{{Paths: []string{"shop"}, Priority: 1}}, want: []string{`Paths[0]: "shop" is not a pattern for paths`}},
		"a query":            {args: []ServeArgs{{Paths: []string{"/shop?a=b"}, Priority: 1}}, want: []string{"Paths[0]"}},
		"no priority":        {args: []ServeArgs{{Hosts: good.Hosts}}, want: []string{"Priority: 0 is not between 1 and 50000"}},
		"a late priority":    {args: []ServeArgs{{Hosts: good.Hosts, Priority: 50001}}, want: []string{"Priority: 50001"}},
		"a priority twice":   {args: []ServeArgs{good, good}, want: []string{`serve "shop-more"`, `Priority: 1 is taken by "shop"`}},
		"all at once":        {args: []ServeArgs{{Hosts: []string{"a b"}}}, want: []string{"Hosts[0]", "Priority"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := pulumitest.RunError(t, program(withCertificate, serve(c.args...)))
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestServeNeedsATargetAndAName(t *testing.T) {
	err := pulumitest.RunError(t, program(withCertificate, func(ctx *pulumi.Context, e *Edge) error {
		return e.Serve(ctx, "my shop", nil)
	}))
	for _, want := range []string{`name: "my shop"`, "Target: missing", "Hosts, Paths: 0 patterns", "Priority: 0"} {
		require.ErrorContains(t, err, want)
	}
}
