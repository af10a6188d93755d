// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/address"
)

func TestWide(t *testing.T) {
	for _, c := range []struct {
		ranges []string
		wide   bool
	}{
		{[]string{"0.0.0.0/0"}, true},
		{[]string{"::/0"}, true},
		{[]string{"0.0.0.0/1", "128.0.0.0/1"}, true},
		{[]string{"0.0.0.0/1"}, true},
		{[]string{"128.0.0.0/2"}, true},
		{[]string{"2000::/3"}, true},
		{[]string{"2000::/4", "3000::/4"}, true},
		{[]string{"::/1"}, true},
		{[]string{"10.0.0.0/8"}, false},
		{[]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}, false},
		{[]string{"203.0.113.0/24", "198.51.100.7"}, false},
		{[]string{"52.0.0.0/9", "52.128.0.0/9"}, true},
		{[]string{"52.0.0.0/9", "52.0.0.0/10"}, false},
		{[]string{"2001:db8::/32"}, false},
		{[]string{"fd00::/8"}, false},
		{[]string{"::ffff:0.0.0.0/96"}, true},
		{nil, false},
	} {
		wide, err := address.Wide(c.ranges...)
		require.NoError(t, err)
		require.Equal(t, c.wide, wide, "%v", c.ranges)
	}
	wide, err := address.Wide("nonsense", "0.0.0.0/0")
	require.Error(t, err)
	require.True(t, wide)
}

func FuzzAdd(f *testing.F) {
	f.Add("0.0.0.0/0", "::/0")
	f.Fuzz(func(t *testing.T, a, b string) {
		var one, both address.Set
		if one.Add(a) != nil || both.Add(a) != nil || both.Add(b) != nil {
			return
		}
		if one.Wide() && !both.Wide() {
			t.Fatalf("adding %q to %q made the set smaller", b, a)
		}
		var turned address.Set
		if turned.Add(b) != nil || turned.Add(a) != nil || turned.Wide() != both.Wide() {
			t.Fatalf("the order of %q and %q counts", a, b)
		}
	})
}
