// SPDX-License-Identifier: Apache-2.0

package glob_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "x", false},
		{"*", "", true},
		{"*", "anything", true},
		{"**", "anything", true},
		{"?", "", false},
		{"?", "é", true},
		{"??", "é", false},
		{"s3:Get*", "s3:GetObject", true},
		{"S3:GETOBJECT", "s3:GetObject", false},
		{"s3:?etObject", "s3:GetObject", true},
		{"iam:*Role*", "iam:PassRole", true},
		{"iam:*Role", "iam:PassRolePolicy", false},
		{"iam:*Role", "iam:PassRoleRole", true},
		{"a*a", "a", false},
		{"*a?c*c", "abcabc", true},
		{"*a?c*c", "abcab", false},
		{"*b?", "abc", true},
		{"*-?-*", "one-é-two", true},
		{"[a-z]", "b", false},
		{`\*`, `\x`, true},
	} {
		require.Equal(t, c.want, glob.Match(c.pattern, c.text), "%q %q", c.pattern, c.text)
	}
}

// TestHostilePatterns would not end within the time that go test allows with a matcher that tries every way to share the text
// among the stars.
func TestHostilePatterns(t *testing.T) {
	text := strings.Repeat("a", 100_000)
	require.False(t, glob.Match(strings.Repeat("*a", 10_000)+"b", text))
	require.True(t, glob.Match(strings.Repeat("*a", 10_000), text))
	require.False(t, glob.Match(strings.Repeat("a*", 10_000)+"b", text))
	require.False(t, glob.Match("*"+strings.Repeat("?", 1000)+"b*", text))
}

// FuzzMatch compares with a regular expression that says the same.
func FuzzMatch(f *testing.F) {
	f.Add("*a?c*c", "abcabc")
	f.Add("*-é-*?", "one-é-\xff")
	f.Add("", "\n")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 1000 || !utf8.ValidString(pattern) {
			return // a regular expression has to be valid text of some size
		}
		same := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile(`(?s)\A(?:` + same + `)\z`).MatchString(text)
		require.Equal(t, want, glob.Match(pattern, text))
	})
}
