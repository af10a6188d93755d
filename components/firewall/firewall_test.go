// SPDX-License-Identifier: Apache-2.0

package firewall_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	groupType   = "aws:ec2/securityGroup:SecurityGroup"
	ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType  = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// groups makes one group for each name and hands them to the body.
func groups(body func(ctx *pulumi.Context, g map[string]*firewall.Group) error, names ...string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		made := map[string]*firewall.Group{}
		for _, name := range names {
			g, err := firewall.NewGroup(ctx, name, &firewall.GroupArgs{
				VpcID: pulumi.String("vpc-0123456789abcdef0"), Description: "Traffic of " + name,
			})
			if err != nil {
				return err
			}
			made[name] = g
		}
		return body(ctx, made)
	}
}

func TestGroupStartsClosed(t *testing.T) {
	rec := pulumitest.Run(t, groups(func(*pulumi.Context, map[string]*firewall.Group) error { return nil }, "app"))
	component := rec.Get(t, "bulkhead:firewall:Group", "app")
	group := rec.Get(t, groupType, "app-group")
	require.Equal(t, component.URN, group.Parent)
	require.Equal(t, "vpc-0123456789abcdef0", group.String("vpcId"))
	require.Equal(t, "Traffic of app", group.String("description"))
	require.Equal(t, "app", group.String("tags.Name"))
	require.Equal(t, true, group.Value("revokeRulesOnDelete"))
	require.Nil(t, group.Value("ingress"), "rules must be standalone")
	require.Nil(t, group.Value("egress"), "rules must be standalone")
	require.Empty(t, rec.ByType(ingressType))
	require.Empty(t, rec.ByType(egressType))
}

func TestAllowWritesBothHalves(t *testing.T) {
	rec := pulumitest.Run(t, groups(func(ctx *pulumi.Context, g map[string]*firewall.Group) error {
		return firewall.Allow(ctx, g["app"], g["database"], firewall.PostgreSQL, "The application queries its database")
	}, "app", "database"))
	app, database := rec.Get(t, groupType, "app-group"), rec.Get(t, groupType, "database-group")

	out := rec.Get(t, egressType, "app-to-database-postgresql")
	require.Equal(t, rec.Get(t, "bulkhead:firewall:Group", "app").URN, out.Parent)
	require.Equal(t, app.ID, out.String("securityGroupId"))
	require.Equal(t, database.ID, out.String("referencedSecurityGroupId"))

	in := rec.Get(t, ingressType, "database-from-app-postgresql")
	require.Equal(t, rec.Get(t, "bulkhead:firewall:Group", "database").URN, in.Parent)
	require.Equal(t, database.ID, in.String("securityGroupId"))
	require.Equal(t, app.ID, in.String("referencedSecurityGroupId"))

	for _, rule := range []pulumitest.Registration{in, out} {
		require.Equal(t, "tcp", rule.String("ipProtocol"))
		require.EqualValues(t, 5432, rule.Value("fromPort"))
		require.EqualValues(t, 5432, rule.Value("toPort"))
		require.Equal(t, "The application queries its database", rule.String("description"))
		require.Nil(t, rule.Value("cidrIpv4"))
		require.Nil(t, rule.Value("cidrIpv6"))
	}
	require.Len(t, rec.ByType(ingressType), 1)
	require.Len(t, rec.ByType(egressType), 1)
}

func TestAllowWorksInAPreview(t *testing.T) {
	rec := pulumitest.Run(t, groups(func(ctx *pulumi.Context, g map[string]*firewall.Group) error {
		return firewall.Allow(ctx, g["edge"], g["app"], firewall.HTTPS, "The edge forwards requests")
	}, "edge", "app"), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, rec.Only(t, ingressType).Value("referencedSecurityGroupId"))
}

func TestNetworksAndPrefixLists(t *testing.T) {
	rec := pulumitest.Run(t, groups(func(ctx *pulumi.Context, g map[string]*firewall.Group) error {
		edge := g["edge"]
		for _, err := range []error{
			edge.AllowFromCIDR(ctx, "ipv4", "0.0.0.0/0", firewall.HTTPS, "Everybody"),
			edge.AllowFromCIDR(ctx, "ipv6", "::/0", firewall.HTTPS, "Everybody"),
			edge.AllowFromCIDR(ctx, "office", "203.0.113.0/24", firewall.SSH, "The office"),
			edge.AllowToCIDR(ctx, "peer", "2001:db8::/48", firewall.PostgreSQL, "The peer"),
			edge.AllowToPrefixList(ctx, "s3", pulumi.String("pl-6ea54007"), firewall.HTTPS, "Packages of the distribution"),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}, "edge"))
	in4 := rec.Get(t, ingressType, "edge-from-ipv4-https")
	require.Equal(t, "0.0.0.0/0", in4.String("cidrIpv4"))
	require.Nil(t, in4.Value("cidrIpv6"))
	in6 := rec.Get(t, ingressType, "edge-from-ipv6-https")
	require.Equal(t, "::/0", in6.String("cidrIpv6"))
	require.Nil(t, in6.Value("cidrIpv4"))
	require.EqualValues(t, 22, rec.Get(t, ingressType, "edge-from-office-ssh").Value("toPort"))
	require.Equal(t, "2001:db8::/48", rec.Get(t, egressType, "edge-to-peer-postgresql").String("cidrIpv6"))
	require.Equal(t, "pl-6ea54007", rec.Get(t, egressType, "edge-to-s3-https").String("prefixListId"))
}

func TestRefusals(t *testing.T) {
	const why = "Because it must"
	for name, c := range map[string]struct {
		call func(ctx *pulumi.Context, a, b *firewall.Group) error
		want []string
	}{
		"world on SSH": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "all", "0.0.0.0/0", firewall.SSH, why)
		}, []string{"whole internet", "ssh (22)"}},
		"IPv6 world on SSH": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "all", "::/0", firewall.SSH, why)
		}, []string{"whole internet"}},
		"half the world": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "half", "128.0.0.0/1", firewall.PostgreSQL, why)
		}, []string{"wider than /8"}},
		"out to the world": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowToCIDR(ctx, "all", "0.0.0.0/0", firewall.PostgreSQL, why)
		}, []string{"whole internet"}},
		"host bits": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "x", "203.0.113.7/24", firewall.HTTPS, why)
		}, []string{"203.0.113.0/24"}},
		"mapped": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "x", "::ffff:203.0.113.0/120", firewall.HTTPS, why)
		}, []string{"IPv4-mapped"}},
		"no CIDR": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "x", "office", firewall.HTTPS, why)
		}, []string{`"office" is not a CIDR`}},
		"everything at once": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowFromCIDR(ctx, "X", "office", firewall.Port{Name: "9p", Number: 0}, "é")
		}, []string{`label "X"`, `port name "9p"`, "port number 0", "reason", "not a CIDR"}},
		"port too high": {func(ctx *pulumi.Context, a, b *firewall.Group) error {
			return firewall.Allow(ctx, a, b, firewall.Port{Name: "x", Number: 65536}, why)
		}, []string{"65536"}},
		"no reason": {func(ctx *pulumi.Context, a, b *firewall.Group) error {
			return firewall.Allow(ctx, a, b, firewall.HTTPS, "")
		}, []string{"reason"}},
		"no group": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return firewall.Allow(ctx, a, nil, firewall.HTTPS, why)
		}, []string{"both groups"}},
		"no prefix list": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return a.AllowToPrefixList(ctx, "s3", nil, firewall.HTTPS, why)
		}, []string{"prefix list id is missing"}},
		"twice": {func(ctx *pulumi.Context, a, b *firewall.Group) error {
			return twice(func() error { return firewall.Allow(ctx, a, b, firewall.HTTPS, why) })
		}, []string{"allowed already"}},
		"twice under two names": {func(ctx *pulumi.Context, a, b *firewall.Group) error {
			return both(firewall.Allow(ctx, a, b, firewall.HTTPS, why), firewall.Allow(ctx, a, b, firewall.Port{Name: "tls", Number: 443}, why))
		}, []string{"allowed already"}},
		"one network, two labels": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return both(a.AllowFromCIDR(ctx, "one", "203.0.113.0/24", firewall.SSH, why), a.AllowFromCIDR(ctx, "two", "203.0.113.0/24", firewall.SSH, why))
		}, []string{"allowed already"}},
		"two networks, one label": {func(ctx *pulumi.Context, a, _ *firewall.Group) error {
			return both(a.AllowFromCIDR(ctx, "one", "203.0.113.0/24", firewall.SSH, why), a.AllowFromCIDR(ctx, "one", "198.51.100.0/24", firewall.SSH, why))
		}, []string{"allowed already"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := pulumitest.RunError(t, groups(func(ctx *pulumi.Context, g map[string]*firewall.Group) error {
				return c.call(ctx, g["a"], g["b"])
			}, "a", "b"))
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func twice(call func() error) error { return both(call(), call()) }

func both(first, second error) error {
	if first != nil {
		return fmt.Errorf("the first call failed already: %w", first)
	}
	return second
}

func TestGroupNamesEveryProblem(t *testing.T) {
	for name, args := range map[string]*firewall.GroupArgs{"nil": nil, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
				_, err := firewall.NewGroup(ctx, "app", args)
				return err
			})
			if args == nil {
				require.ErrorContains(t, err, "args are missing")
				return
			}
			require.ErrorContains(t, err, "VpcID: missing")
			require.ErrorContains(t, err, "Description")
		})
	}
}

// FuzzSourceNetwork feeds arbitrary text as the source of SSH: whatever is admitted is a canonical network that is not the
// internet at large, in the field of its family.
func FuzzSourceNetwork(f *testing.F) {
	for _, seed := range []string{"0.0.0.0/0", "::/0", "10.0.0.0/8", "0.0.0.0/1", "203.0.113.7/32", "2000::/3", "fc00::/7", "::ffff:0:0/96", "", "/", "1.2.3.4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, network string) {
		var refused error
		rec := pulumitest.Run(t, groups(func(ctx *pulumi.Context, g map[string]*firewall.Group) error {
			refused = g["bastion"].AllowFromCIDR(ctx, "source", network, firewall.SSH, "Administrators")
			return nil
		}, "bastion"))
		rules := rec.ByType(ingressType)
		if refused != nil {
			require.Empty(t, rules)
			return
		}
		require.Len(t, rules, 1)
		prefix := netip.MustParsePrefix(network)
		require.Equal(t, prefix.Masked().String(), network)
		field, other, least := "cidrIpv4", "cidrIpv6", 8
		if strings.Contains(network, ":") {
			field, other, least = other, field, 16
		}
		require.GreaterOrEqual(t, prefix.Bits(), least)
		require.Equal(t, network, rules[0].String(field))
		require.Nil(t, rules[0].Value(other))
	})
}
