// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

var (
	argsStruct = regexp.MustCompile(`(?s)\ntype [a-z]\w*Args struct \{(.*?)\n\}`)
	sdkName    = regexp.MustCompile("`pulumi:\"(\\w+)\"`")
	demanded   = regexp.MustCompile(`invalid value for required argument '(\w+)'`)
)

// inputsOf returns the input properties of a resource type as the AWS SDK for Pulumi spells them, or nil.
func inputsOf(sdk, token string) map[string]bool {
	parts := strings.Split(token, ":")
	text, err := os.ReadFile(filepath.Join(sdk, "go/aws", parts[1]+".go"))
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for _, m := range argsStruct.FindAllStringSubmatch(string(text), -1) {
		for _, n := range sdkName.FindAllStringSubmatch(m[1], -1) {
			names[n[1]] = true
		}
	}
	return names
}

// demandedOf returns the inputs without which the SDK refuses to make the resource.
func demandedOf(sdk, token string) []string {
	text, err := os.ReadFile(filepath.Join(sdk, "go/aws", strings.Split(token, ":")[1]+".go"))
	if err != nil {
		return nil
	}
	var names []string
	for _, m := range demanded.FindAllStringSubmatch(string(text), -1) {
		names = append(names, strings.ToLower(m[1][:1])+m[1][1:])
	}
	return names
}

// awsSDK returns the folder of the AWS SDK for Pulumi.
func awsSDK(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	require.NoError(t, err, "the module github.com/pulumi/pulumi-aws/sdk/v6 is needed: go mod download")
	return strings.TrimSpace(string(out))
}

// TestNamesAreTheSDKs compares every type token and every input that controls and fixtures name with the AWS
// SDK for Pulumi: a control for a property that does not exist would never fail.
func TestNamesAreTheSDKs(t *testing.T) {
	sdk := awsSDK(t)
	known := map[string]map[string]bool{}
	look := func(token string) map[string]bool {
		if _, ok := known[token]; !ok {
			known[token] = inputsOf(sdk, token)
		}
		return known[token]
	}
	missing := 0
	for _, c := range controls.All() {
		for _, token := range slices.Concat(c.Types, c.Joins) {
			if look(token) == nil {
				missing++
				require.True(t, controls.NewerName(token), "%s: the SDK has no type %s", c.ID, token)
			}
		}
	}
	p := load(t)
	fixtures, err := packtest.LoadFixtures("testdata")
	require.NoError(t, err)
	seen := 0
	for id, f := range fixtures {
		good, bad, neither, err := f.Scenes(p)
		require.NoError(t, err, id)
		for _, scenes := range [][]packtest.Scene{good, bad, neither} {
			for _, scene := range scenes {
				for i, spec := range scene {
					props, _, err := scene.Inputs(i, packtest.State)
					require.NoError(t, err, id)
					names := look(spec.Type)
					for key := range pack.FromStruct(props).Fields() {
						seen++
						if names != nil && !names[key] {
							t.Errorf("%s: %s has no input %q", id, spec.Type, key)
						}
					}
				}
			}
		}
	}
	t.Logf("%d inputs of fixtures compared, %d tokens of later provider versions", seen, missing)
}
