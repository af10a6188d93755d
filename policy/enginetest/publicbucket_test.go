// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// seven are the ways of the example, each with the findings that stop it and nothing else.
var seven = []struct {
	way  string
	want []string
}{
	{"acl", []string{"s3-acl-public-read  (aws:s3:BucketAclV2: acl)", "s3-acl-public-read  (aws:s3:BucketAclV2: grant)"}},
	{"policy", []string{
		"s3-policy-public  (aws:s3:BucketPolicy: policy)", "s3-policy-public  (aws:s3:BucketPolicy: organisations)",
		"s3-policy-public  (aws:s3:BucketPolicy: halves)", "s3-policy-public  (aws:s3:BucketPolicy: exclusion)",
		"s3-policy-inverted  (aws:s3:BucketPolicy: exclusion)",
	}},
	{"missing", []string{"s3-public-access-block  (aws:s3:BucketV2: missing)"}},
	{"partial", []string{
		"s3-ignore-public-acls  (aws:s3:BucketPublicAccessBlock: partial)", "s3-restrict-public-buckets  (aws:s3:BucketPublicAccessBlock: partial)",
		"s3-public-access-block  (aws:s3:BucketV2: partial)",
	}},
	{"point", []string{ // two flags and the policy
		"s3-access-point-block  (aws:s3:AccessPoint: point)", "s3-access-point-block  (aws:s3:AccessPoint: point)",
		"s3-access-point-policy-public  (aws:s3:AccessPoint: point)",
	}},
	{"website", []string{"s3-no-website  (aws:s3:BucketWebsiteConfigurationV2: website)"}},
	{"account", []string{ // two flags
		"s3-account-public-access-block  (aws:s3:AccountPublicAccessBlock: account)", "s3-account-public-access-block  (aws:s3:AccountPublicAccessBlock: account)",
	}},
}

// TestSevenPublicBucketsAreRefusedAtPreview previews the example, one way at a time, while nothing exists and
// every id is unknown. Each way must be refused, by the findings that belong to it and no others; the README
// must show what the user sees; and the private bucket that each way starts from must be let through.
func TestSevenPublicBucketsAreRefusedAtPreview(t *testing.T) {
	readme, err := os.ReadFile("../examples/publicbucket/README.md")
	require.NoError(t, err)
	project, err := os.ReadFile("../examples/publicbucket/Pulumi.yaml")
	require.NoError(t, err)
	e := newEngine(t)
	e.stack(t, string(project), program(t, "publicbucket", "./policy/examples/publicbucket"), nil)
	preview := func(t *testing.T, way string) result {
		t.Helper()
		e.must(t, "config", "set", "--stack", "dev", "way", way)
		return e.run(t, previewArgs(packProgram(t), plain(t))...)
	}
	for _, c := range seven {
		t.Run(c.way, func(t *testing.T) {
			r := preview(t, c.way)
			require.NotZero(t, r.code, "the preview was not refused:\n%s\n%s", r.out, r.err)
			found := mandatory(r.out)
			var titles []string
			for _, f := range found {
				titles = append(titles, strings.SplitN(strings.SplitN(f, "\n", 2)[0], "]  ", 2)[1])
			}
			require.ElementsMatch(t, c.want, titles, r.out)
			golden(t, filepath.Join("testdata/publicbucket", c.way+".golden"), strings.Join(found, ""))
			require.Contains(t, string(readme), "```text\n"+strings.Join(found, "")+"```", "the README does not show what the user sees")
		})
	}
	t.Run("none", func(t *testing.T) {
		r := preview(t, "none")
		require.Zero(t, r.code, "%s\n%s", r.out, r.err)
		require.Empty(t, mandatory(r.out))
	})
}

// mandatory returns the findings in the CLI's output that stop a deployment, each as the user sees it.
func mandatory(out string) []string {
	_, policies, _ := strings.Cut(out, "\nPolicies:\n")
	var found []string
	within := false
	for line := range strings.Lines(policies) {
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, "- ["):
			if within = strings.HasPrefix(text, "- [mandatory]"); within {
				found = append(found, text+"\n")
			}
		case !strings.HasPrefix(line, "        ") || text == "":
			within = false
		case within:
			found[len(found)-1] += "  " + text + "\n"
		}
	}
	return found
}
