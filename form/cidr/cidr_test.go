// SPDX-License-Identifier: Apache-2.0

package cidr_test

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

func TestCheckKnown(t *testing.T) {
	for _, ok := range []string{
		"203.0.113.0/24", "203.0.113.0/28", "198.51.100.7/32", "10.1.2.0/24",
		"2001:db8::/48", "2001:db8:1:2::/64", "2001:db8::1/128", "fd00:1:2::/48",
	} {
		require.NoError(t, cidr.CheckKnown(ok), ok)
	}
	world := "admits the whole internet; list known addresses"
	for value, want := range map[string]string{
		"0.0.0.0/0":                 world,
		"::/0":                      world,
		"0/0":                       world,
		"0.0.0.0/00":                world,
		"0.0.0.0/0.0.0.0":           world,
		"203.0.113.7/0":             world,
		"0:0:0:0:0:0:0:0/0":         world,
		" 0.0.0.0/0 ":               world,
		"*":                         world,
		"Any":                       world,
		"0.0.0.0":                   world,
		"::":                        world,
		"0.0.0.0/1":                 "wider than /24",
		"128.0.0.0/1":               "wider than /24",
		"8000::/1":                  "wider than /48",
		"::/1":                      "wider than /48",
		"203.0.112.0/23":            "wider than /24",
		"2001:db8::/47":             "wider than /48",
		"203.0.113.7/24":            "write 203.0.113.0/24",
		"203.0.113.7":               "write 203.0.113.7/32",
		"2001:db8::1":               "write 2001:db8::1/128",
		"2001:DB8::/48":             "write 2001:db8::/48",
		"2001:db8:0:0::/64":         "write 2001:db8::/64",
		"::ffff:0:0/96":             "IPv4-mapped",
		"::ffff:203.0.113.0/120":    "IPv4-mapped",
		"64:ff9b::/96":              "NAT64",
		"::/96":                     "IPv4-compatible",
		"0.0.0.0/32":                "this network",
		"127.0.0.1/32":              "loopback",
		"169.254.169.254/32":        "link-local",
		"224.0.0.0/24":              "multicast",
		"fe80::/64":                 "link-local",
		"fe80::1%eth0":              "is not a CIDR range",
		"fe80::1%eth0/64":           "is not a CIDR range",
		"203.0.113.0/255.255.255.0": "is not a CIDR range",
		"203.0.113.0/33":            "is not a CIDR range",
		"203.0.113.0/-1":            "is not a CIDR range",
		"203.0.113.0/":              "is not a CIDR range",
		"office":                    "is not a CIDR range",
		"":                          "is not a CIDR range",
		"203.0.113.0/24 ":           "is not a CIDR range",
	} {
		err := cidr.CheckKnown(value)
		require.ErrorContains(t, err, want, value)
		var typed *form.Error
		require.ErrorAs(t, err, &typed, value)
		require.Equal(t, strconv.Quote(value), typed.Value)
	}
}

func TestCheckDestination(t *testing.T) {
	for _, ok := range []string{"10.0.0.0/8", "203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32", "fd00::/16"} {
		require.NoError(t, cidr.CheckDestination(ok), ok)
	}
	for value, want := range map[string]string{
		"0.0.0.0/0":          "reaches the whole internet; list known destinations",
		"::/0":               "reaches the whole internet",
		"0.0.0.0/1":          "wider than /8",
		"128.0.0.0/1":        "wider than /8",
		"2000::/3":           "wider than /16",
		"169.254.169.254/32": "link-local",
		"10.1.0.0/8":         "write 10.0.0.0/8",
	} {
		require.ErrorContains(t, cidr.CheckDestination(value), want, value)
	}
}

func TestCheckVPC(t *testing.T) {
	for _, ok := range []string{"10.20.0.0/16", "172.16.0.0/20", "192.168.0.0/18"} {
		require.NoError(t, cidr.CheckVPC(ok), ok)
	}
	for value, want := range map[string]string{
		"10.0.0.0/8":      "wider than a VPC may be",
		"10.20.0.0/15":    "wider than a VPC may be",
		"10.20.0.0/21":    "too small",
		"10.20.0.0/24":    "too small",
		"10.20.0.1/16":    "write 10.20.0.0/16",
		"203.0.0.0/16":    "not private",
		"172.32.0.0/16":   "not private",
		"fd00::/48":       "not IPv4",
		"10.20.0.0":       "no prefix length",
		"the big network": "is not a CIDR range",
	} {
		require.ErrorContains(t, cidr.CheckVPC(value), want, value)
	}
}

func TestOverlapAndCovered(t *testing.T) {
	require.True(t, cidr.Overlap("10.20.0.0/16", "10.20.128.0/20"))
	require.True(t, cidr.Overlap("10.20.128.0/20", "10.20.0.0/16"))
	require.False(t, cidr.Overlap("10.20.0.0/16", "10.21.0.0/16"))
	require.False(t, cidr.Overlap("10.20.0.0/16", "nonsense"))
	require.False(t, cidr.Overlap("0.0.0.0/0", "::/0"))

	require.Empty(t, cidr.Covered([]string{"203.0.113.0/28", "203.0.113.16/28", "2001:db8::/48"}))
	require.Equal(t, map[int]int{1: 0, 2: 0},
		cidr.Covered([]string{"203.0.113.0/24", "203.0.113.16/28", "203.0.113.0/24", "bad"}))
	require.Equal(t, map[int]int{0: 1}, cidr.Covered([]string{"203.0.113.16/28", "203.0.113.0/24"}))
	require.Equal(t, map[int]int{1: 3, 2: 3, 4: 3, 6: 5}, cidr.Covered(
		[]string{"2001:db8::/48", "10.1.2.0/24", "10.1.0.0/16", "10.0.0.0/8", "10.1.2.3/32", "192.0.2.0/25", "192.0.2.64/26", "192.0.2.128/25"}))
}

func TestCheckListReportsEverythingAtOnce(t *testing.T) {
	require.Empty(t, cidr.CheckList([]string{"203.0.113.0/28", "2001:db8::/48"}, 1, cidr.CheckKnown))
	err := form.In("Ranges", cidr.CheckList([]string{"203.0.113.16/28", "203.0.113.0/24", "0.0.0.0/0", "203.0.113.0/24", "2001:db8::/48"}, 3, cidr.CheckKnown)...)
	require.EqualError(t, err, "Ranges: lists 4 ranges of one address family, and a network ACL has room for 3; merge neighbours or drop some\n"+
		`Ranges[0]: "203.0.113.16/28" lies inside 203.0.113.0/24 of the same list; drop one of the two`+"\n"+
		`Ranges[2]: "0.0.0.0/0" admits the whole internet; list known addresses`+"\n"+
		`Ranges[3]: "203.0.113.0/24" is listed twice; keep one`)
	err = form.In("Ranges", cidr.CheckOutside([]string{"203.0.113.0/24", "10.20.4.0/24", "nonsense"}, "10.20.0.0/16")...)
	require.EqualError(t, err, `Ranges[1]: "10.20.4.0/24" overlaps the VPC's own range 10.20.0.0/16; name addresses outside the VPC`)
}

func FuzzChecks(f *testing.F) {
	for _, seed := range []string{
		"0.0.0.0/0", "::/0", "203.0.113.0/28", "2001:db8::/48", "10.20.0.0/16", "0/0", "::ffff:1.2.3.4/120", "/", "%/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, check := range map[string]func(string) error{
			"known": cidr.CheckKnown, "destination": cidr.CheckDestination, "vpc": cidr.CheckVPC,
		} {
			err := check(s)
			if err != nil {
				var typed *form.Error
				require.True(t, errors.As(err, &typed), "%s: %T", name, err)
				require.NotEmpty(t, typed.Fault)
				require.NotEmpty(t, typed.Cure)
				continue
			}
			p, err := netip.ParsePrefix(s)
			require.NoError(t, err, "%s accepted %q", name, s)
			require.Equal(t, s, p.Masked().String(), "%s accepted a form that is not canonical", name)
			require.Positive(t, p.Bits(), "%s accepted the world", name)
			if name == "known" {
				require.LessOrEqual(t, p.Addr().BitLen()-p.Bits(), 128-cidr.KnownBits6)
				require.False(t, p.Contains(netip.MustParseAddr("169.254.169.254")))
			}
		}
	})
}
