// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

const targetGroupARN = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/0123456789abcdef"

// serve calls Serve once for every argument, each with the same target in the segment "app".
func serve(all ...ServeArgs) func(*pulumi.Context, *Edge) error {
	return func(ctx *pulumi.Context, e *Edge) error {
		for i, args := range all {
			to, err := e.segment.Network().Segment("app")
			if err != nil {
				return err
			}
			args.Segment, args.Port, args.TargetGroupARN = to, networktest.ServicePort, pulumi.String(targetGroupARN)
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

func TestServeWithoutARowIsRefusedWithTheRowToAdd(t *testing.T) {
	for name, c := range map[string]struct {
		segment string
		port    int
		want    string
	}{
		"another port": {"app", 8444, `edge "edge": serve "shop": requests and health checks of shop: no row of the table lets "edge" open tcp/8444 to "app"; ` +
			`add {From: "edge", To: "app", Ports: segment.TCP(8444), Why: "..."} to its Connections`},
		"another segment": {"bastion", networktest.ServicePort, `no row of the table lets "edge" open tcp/8443 to "bastion"`},
		"no port":         {"app", 0, `Port: 0 is not between 1 and 65535`},
	} {
		t.Run(name, func(t *testing.T) {
			err := pulumitest.RunError(t, program(withCertificate, func(ctx *pulumi.Context, e *Edge) error {
				to, err := e.segment.Network().Segment(c.segment)
				if err != nil {
					return err
				}
				return e.Serve(ctx, "shop", &ServeArgs{
					Segment: to, Port: c.port, TargetGroupARN: pulumi.String(targetGroupARN), Hosts: []string{"a b"}, Priority: 1,
				})
			}))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, `Hosts[0]: "a b"`, "all problems at once")
		})
	}
}

func TestServeWritesNoRuleOfAGroup(t *testing.T) {
	count := func(more ...func(*pulumi.Context, *Edge) error) int {
		recording := build(t, withCertificate, more...)
		return len(recording.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")) + len(recording.ByType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"))
	}
	require.Equal(t, count(), count(serve(
		ServeArgs{Hosts: []string{"www.example.com"}, Priority: 1},
		ServeArgs{Paths: []string{"/shop/*"}, Priority: 2},
	)))
}

func TestServeTwiceMakesTwoListenerRules(t *testing.T) {
	recording := build(t, withCertificate, serve(
		ServeArgs{Hosts: []string{"www.example.com"}, Priority: 1},
		ServeArgs{Paths: []string{"/shop/*"}, Priority: 2},
	))
	require.Len(t, recording.ByType(ruleType), 2)
}

// What starts on being served is held by a rule that no request meets, starts, and gets requests only when it is healthy.
func TestRequestsMoveWhenTheTargetsAreHealthy(t *testing.T) {
	recording := build(t, withCertificate, serve(ServeArgs{
		Hosts: []string{"www.example.com"}, Priority: 7,
		Start: func(inUse []pulumi.CustomResource) ([]pulumi.CustomResource, error) { return inUse, nil },
	}))
	held, rule := recording.Get(t, ruleType, "edge-shop-held"), recording.Get(t, ruleType, "edge-shop")
	require.Equal(t, []any{map[string]any{"sourceIp": map[string]any{"values": []any{"192.0.2.1/32"}}}}, held.Value("conditions"))
	require.Equal(t, 25007.0, held.Value("priority"))
	require.Equal(t, rule.Value("actions"), held.Value("actions"))
	require.Contains(t, recording.Before(rule), held.URN)
	require.NotContains(t, recording.Before(held), rule.URN)
}

func TestServeMovesNothingToWhatDoesNotStart(t *testing.T) {
	err := pulumitest.RunError(t, program(withCertificate, serve(ServeArgs{
		Hosts: []string{"www.example.com"}, Priority: 7,
		Start: func([]pulumi.CustomResource) ([]pulumi.CustomResource, error) {
			return nil, errors.New("no such image")
		},
	})))
	require.ErrorContains(t, err, "no such image")
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
		"no priority":        {args: []ServeArgs{{Hosts: good.Hosts}}, want: []string{"Priority: 0 is not between 1 and 25000"}},
		"a late priority":    {args: []ServeArgs{{Hosts: good.Hosts, Priority: 25001}}, want: []string{"Priority: 25001"}},
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
	for _, want := range []string{`name: "my shop"`, "Segment, TargetGroupARN: missing", "Hosts, Paths: 0 patterns", "Priority: 0"} {
		require.ErrorContains(t, err, want)
	}
}
