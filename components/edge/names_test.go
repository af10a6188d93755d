// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckNames(t *testing.T) {
	cases := map[string]struct {
		zone, domain string
		alternatives []string
		want         []string // parts of the error; none means accepted
	}{
		"a name in the zone":          {zone: "example.com", domain: "www.example.com"},
		"the zone itself":             {zone: "example.com", domain: "example.com", alternatives: []string{"www.example.com"}},
		"a delegated zone":            {zone: "staging.example.com", domain: "app.staging.example.com"},
		"no domain":                   {zone: "example.com", want: []string{`Domain: "" is not a DNS name; write it like www.example.com`}},
		"another zone":                {zone: "example.com", domain: "www.example.org", want: []string{`Domain: "www.example.org" lies outside the zone example.com; choose`}},
		"a zone that only ends alike": {zone: "example.com", domain: "www.badexample.com", want: []string{`Domain: "www.badexample.com" lies outside the zone example.com`}},
		"a wildcard":                  {zone: "example.com", domain: "*.example.com", want: []string{`Domain: "*.example.com" is a wildcard`}},
		"a final dot":                 {zone: "example.com.", domain: "www.example.com", want: []string{`Zone: "example.com." is not a DNS name`, "without a final dot"}},
		"capitals":                    {zone: "example.com", domain: "WWW.example.com", want: []string{"in lower case"}},
		"an address":                  {zone: "example.com", domain: "192.0.2.1", want: []string{`Domain: "192.0.2.1" is not a DNS name`}},
		"a label too long":            {zone: "example.com", domain: strings.Repeat("a", 64) + ".example.com", want: []string{`.example.com" is not a DNS name`}},
		"a name twice":                {zone: "example.com", domain: "www.example.com", alternatives: []string{"a.example.com", "www.example.com"}, want: []string{`AlternativeNames[1]: "www.example.com" is named twice`}},
		"everything at once": {
			zone: "com", domain: "www.example.com", alternatives: []string{"*.example.com"},
			want: []string{"Zone", "AlternativeNames[0]"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := checkNames(c.zone, append([]string{c.domain}, c.alternatives...))
			if len(c.want) == 0 {
				require.NoError(t, err)
			}
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestCheckCertificateARN(t *testing.T) {
	for _, good := range []string{
		"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
	} {
		require.NoError(t, checkCertificateARN(good))
	}
	for _, bad := range []string{
		"",
		"www.example.com",
		"arn:aws-us-gov:acm:us-gov-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012", // Only the commercial partition is supported.
		"arn:aws:iam::111122223333:server-certificate/www",
		"arn:aws:acm:eu-central-1:1234:certificate/12345678-1234-1234-1234-123456789012",
		"arn:aws:acm:eu-central-1:111122223333:certificate/a/b",
	} {
		require.ErrorContains(t, checkCertificateARN(bad), "CertificateARN", bad)
	}
}

// Every accepted name is a host name that a record in the zone can have.
func FuzzCheckNames(f *testing.F) {
	f.Add("example.com", "www.example.com")
	f.Add("example.com", "*.example.com")
	f.Add("example.com.", "example.com.")
	f.Fuzz(func(t *testing.T, zone, domain string) {
		if checkNames(zone, []string{domain}) != nil {
			return
		}
		require.True(t, domain == zone || strings.HasSuffix(domain, "."+zone))
		for _, label := range strings.Split(domain, ".") {
			require.NotEmpty(t, label)
			require.LessOrEqual(t, len(label), 63)
			require.Equal(t, label, strings.Trim(strings.ToLower(label), "-* \r\n"))
		}
	})
}
