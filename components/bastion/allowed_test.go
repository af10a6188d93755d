// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

func TestCheckAllowedCIDRAdmitsKnownRanges(t *testing.T) {
	for _, known := range []string{
		"203.0.113.7/32",
		"203.0.113.0/24",
		"198.51.100.128/25",
		"10.40.8.0/24",
		"2001:db8:1::/48",
		"2001:db8:1:2::/64",
		"2001:db8::1/128",
	} {
		require.NoError(t, CheckAllowedCIDR(known), known)
	}
}

func TestCheckAllowedCIDRRefusesTheRest(t *testing.T) {
	for _, test := range []struct{ allowed, because string }{
		{"0.0.0.0/0", "whole internet"},
		{"::/0", "whole internet"},
		{"0/0", "whole internet"},
		{"0.0.0.0", "whole internet"},
		{"0.0.0.0/0.0.0.0", "whole internet"},
		{"203.0.113.7/0", "whole internet"},
		{"0:0:0:0:0:0:0:0/0", "whole internet"},
		{"*", "whole internet"},
		{"Any", "whole internet"},
		{" ::/0 ", "whole internet"},
		{"0.0.0.0/1", "wider than /24"},
		{"128.0.0.0/1", "wider than /24"},
		{"::/1", "wider than /48"},
		{"8000::/1", "wider than /48"},
		{"2000::/3", "wider than /48"},
		{"203.0.112.0/23", "wider than /24"},
		{"10.0.0.0/8", "wider than /24"},
		{"2001:db8::/47", "wider than /48"},
		{"64:ff9b::/96", "all of IPv4"},
		{"::ffff:0.0.0.0/96", "IPv4-mapped"},
		{"203.0.113.7/24", "canonical"},
		{"2001:DB8:1::/48", "canonical"},
		{"2001:db8:1::1/48", "canonical"},
		{"203.0.113.7", "prefix length"},
		{"203.0.113.0/255.255.255.0", "not a CIDR"},
		{"203.0.113.0/33", "not a CIDR"},
		{"203.0.113.0 /24", "not a CIDR"},
		{"office", "not a CIDR"},
		{"", "not a CIDR"},
	} {
		err := CheckAllowedCIDR(test.allowed)
		require.ErrorContains(t, err, test.because, test.allowed)
		var named *form.Error
		require.ErrorAs(t, err, &named)
		require.NotEmpty(t, named.Cure)
	}
}

func TestCheckAllowedCIDRsReportsEveryProblemAtOnce(t *testing.T) {
	err := CheckAllowedCIDRs([]string{
		"0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24", "203.0.113.128/25", "198.51.100.7/24", "2001:db8:1::/48", "2001:db8:1::/48",
	})
	require.Error(t, err)
	require.Equal(t, []string{
		`[0]: "0.0.0.0/1" is wider than /24; list known addresses in narrower ranges`,
		`[1]: "128.0.0.0/1" is wider than /24; list known addresses in narrower ranges`,
		`[4]: "198.51.100.7/24" is not in canonical form; write 198.51.100.0/24, or the exact addresses with a longer prefix`,
		`[3]: "203.0.113.128/25" lies inside "203.0.113.0/24"; drop one of the two`,
		`[6]: "2001:db8:1::/48" is listed twice; drop one`,
	}, strings.Split(err.Error(), "\n"))
}

func TestCheckAllowedCIDRsBlamesTheWideRangeAndNotTheOnesInside(t *testing.T) {
	err := CheckAllowedCIDRs([]string{"203.0.113.7/32", "0.0.0.0/0"})
	require.EqualError(t, err, `[1]: "0.0.0.0/0" admits the whole internet; list known addresses`)
}

func TestCheckAllowedCIDRsNeedsSomebody(t *testing.T) {
	require.ErrorIs(t, CheckAllowedCIDRs(nil), ErrNobodyAllowed)
	require.ErrorIs(t, CheckAllowedCIDRs([]string{}), ErrNobodyAllowed)
}

func TestCheckAllowedCIDRsFitsOneSecurityGroup(t *testing.T) {
	var list []string
	for i := range MaxAllowedCIDRs {
		list = append(list, fmt.Sprintf("203.0.113.%d/32", i))
	}
	require.NoError(t, CheckAllowedCIDRs(list))
	require.ErrorContains(t, CheckAllowedCIDRs(append(list, "198.51.100.1/32")), "61 ranges are listed")
}

// Whatever is written, an admitted range is canonical and small.
func FuzzCheckAllowedCIDR(f *testing.F) {
	for _, seed := range []string{"0.0.0.0/0", "::/0", "0/0", "203.0.113.7/32", "2001:db8::/48", "fe80::1%eth0/64", "::ffff:1.2.3.4/128"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckAllowedCIDR(text) != nil {
			return
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatalf("admitted %q, which does not parse: %v", text, err)
		}
		if p.Masked().String() != text {
			t.Fatalf("admitted %q, which is not canonical", text)
		}
		if p.Addr().Is4() && p.Bits() < 24 || p.Addr().Is6() && p.Bits() < 48 {
			t.Fatalf("admitted %q, which is too wide", text)
		}
	})
}
