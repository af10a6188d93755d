// SPDX-License-Identifier: Apache-2.0

package hardening_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// environments are those of the program, whose exports are in testdata.
var environments = []string{"production", "staging"}

func fileOf(environment string) string { return "testdata/" + environment + ".json" }

type resources struct {
	Version    int `json:"version"`
	Deployment struct {
		Manifest  map[string]any   `json:"manifest"`
		Resources []map[string]any `json:"resources"`
	} `json:"deployment"`
}

// deployed is the export of an environment, with what the provider fills in.
func deployed(t *testing.T, environment string) resources {
	t.Helper()
	text, err := os.ReadFile(fileOf(environment))
	require.NoError(t, err)
	var r resources
	require.NoError(t, json.Unmarshal(text, &r))
	filled := defaults(t)
	for _, one := range r.Deployment.Resources {
		token, _ := one["type"].(string)
		inputs, _ := one["inputs"].(map[string]any)
		for key, value := range filled[token] {
			if _, given := inputs[key]; !given {
				inputs[key] = value
			}
		}
	}
	return r
}

// defaults are the inputs that the provider fills in, by type.
func defaults(t *testing.T) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/defaults.yaml")
	require.NoError(t, err)
	var read map[string]map[string]any
	require.NoError(t, yaml.Unmarshal(text, &read))
	asJSON, err := json.Marshal(read) // numbers as in an export
	require.NoError(t, err)
	var filled map[string]map[string]any
	require.NoError(t, json.Unmarshal(asJSON, &filled))
	return filled
}

func hardened(t *testing.T) resources {
	t.Helper()
	return deployed(t, "production")
}

const signature = "4dabf18193072939515e22adb298388d"

func jsonText(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(v))
	return strings.TrimSpace(b.String())
}

var private = regexp.MustCompile(`(?i)ciphertext":"[^l]|v1:[A-Za-z0-9+/=]{12}|/home/|/root/|/tmp/|passphrase|sourcePosition|stackTrace|\bAKIA[0-9A-Z]{16}|-----BEGIN`)

// TestHardenedStacksAreWhole holds the exports to what they are said to be: whole environments, without anything private.
func TestHardenedStacksAreWhole(t *testing.T) {
	for _, environment := range environments {
		text, err := os.ReadFile(fileOf(environment))
		require.NoError(t, err)
		require.Empty(t, private.FindAllString(string(text), -1), environment)
		r := deployed(t, environment)
		kinds := map[string]int{}
		for _, one := range r.Deployment.Resources {
			token, _ := one["type"].(string)
			kinds[token]++
			urn, _ := one["urn"].(string)
			require.True(t, strings.HasPrefix(urn, "urn:pulumi:"+environment+"::"), urn)
		}
		t.Logf("%s: %d resources of %d types", environment, len(r.Deployment.Resources), len(kinds))
		for _, token := range []string{
			"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer", "aws:wafv2/webAcl:WebAcl",
			"aws:cloudtrail/trail:Trail", "aws:kms/key:Key", "aws:iam/role:Role", "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/flowLog:FlowLog",
		} {
			require.Positive(t, kinds[token], "%s has no %s", environment, token)
		}
		require.Greater(t, len(kinds), 50, environment)
		for token := range defaults(t) {
			require.True(t, kinds[token] > 0 || environment != "production", "testdata/defaults.yaml: production has no %s", token)
		}
	}
}
