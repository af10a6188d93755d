// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The fixture of the mutation run is our own production stack as the rehearsal leaves it, without what is
// private or changes by itself. To take a new one after `make rehearse`, and write the golden file that it changes:
//
//	go test ./policy/command -run 'Fixture|Mutations' -update -from ../../.rehearsal/production/state.json
var from = flag.String("from", "", "stack export from which the fixture is taken anew")

const fixtureFile = "testdata/hardened.json"

// identifiers are the outputs by which policies tell what points at a resource.
var identifiers = []string{"id", "arn", "bucket", "bucketRegionalDomainName", "bucketDomainName", "defaultRouteTableId", "dnsName", "domainName", "identifier", "keyId", "name", "url", "zoneId"}

type resources struct {
	Version    int `json:"version"`
	Deployment struct {
		Manifest  map[string]any   `json:"manifest"`
		Resources []map[string]any `json:"resources"`
	} `json:"deployment"`
}

func read(t *testing.T, path string) resources {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(path))
	require.NoError(t, err)
	var r resources
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

func hardened(t *testing.T) resources {
	t.Helper()
	return read(t, fixtureFile)
}

// reduced keeps what policies read.
func (r resources) reduced() resources {
	out := resources{Version: r.Version}
	out.Deployment.Manifest = map[string]any{"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}
	for _, one := range r.Deployment.Resources {
		kept := map[string]any{}
		for _, key := range []string{"urn", "type", "custom", "id", "parent", "provider", "protect"} {
			if v, ok := one[key]; ok {
				kept[key] = v
			}
		}
		inputs, _ := one["inputs"].(map[string]any)
		if len(inputs) > 0 {
			kept["inputs"] = withoutPrivate(inputs)
		}
		outputs, _ := one["outputs"].(map[string]any)
		few := map[string]any{}
		for _, key := range identifiers {
			if v, ok := outputs[key]; ok {
				few[key] = withoutPrivate(v)
			}
		}
		if len(few) > 0 {
			kept["outputs"] = few
		}
		all, _ := one["propertyDependencies"].(map[string]any)
		depends := map[string]any{}
		for key, list := range all {
			if urns, _ := list.([]any); len(urns) > 0 {
				depends[key] = urns
			}
		}
		if len(depends) > 0 {
			kept["propertyDependencies"] = depends
		}
		out.Deployment.Resources = append(out.Deployment.Resources, kept)
	}
	return out
}

const signature = "4dabf18193072939515e22adb298388d"

// withoutPrivate leaves out the provider's own keys and the text of secrets.
func withoutPrivate(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutPrivate(v[i])
		}
		return out
	case map[string]any:
		if mark, ok := v[signature]; ok {
			return map[string]any{signature: mark, "ciphertext": "left out"}
		}
		out := map[string]any{}
		for key, item := range v {
			if !strings.HasPrefix(key, "__") {
				out[key] = withoutPrivate(item)
			}
		}
		return out
	}
	return v
}

// write puts one resource on a line, so that a change of the fixture can be read.
func (r resources) write(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"version":` + jsonText(t, r.Version) + `,"deployment":{"manifest":` + jsonText(t, r.Deployment.Manifest) + `,"resources":[`)
	for i, one := range r.Deployment.Resources {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n" + jsonText(t, one))
	}
	b.WriteString("\n]}}\n")
	require.NoError(t, os.WriteFile(fixtureFile, b.Bytes(), 0o600))
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(v))
	return strings.TrimSpace(b.String())
}

var private = regexp.MustCompile(`(?i)ciphertext":"[^l]|v1:[A-Za-z0-9+/=]{12}|/home/|/root/|/tmp/|/work/|passphrase|sourcePosition|stackTrace|\bAKIA[0-9A-Z]{16}|-----BEGIN`)

// TestFixture holds the fixture to what it is said to be: complete, reduced and without anything private.
func TestFixture(t *testing.T) {
	if *from != "" {
		read(t, *from).reduced().write(t)
	}
	text, err := os.ReadFile(fixtureFile)
	require.NoError(t, err)
	require.Empty(t, private.FindAllString(string(text), -1))
	r := hardened(t)
	require.Equal(t, jsonText(t, r.reduced()), jsonText(t, r), "the fixture holds more than policies read")
	kinds := map[string]int{}
	for _, one := range r.Deployment.Resources {
		token, _ := one["type"].(string)
		kinds[token]++
	}
	t.Logf("%d resources of %d types, stack %s", len(r.Deployment.Resources), len(kinds), stackOf(r))
	for _, token := range []string{
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer", "aws:wafv2/webAcl:WebAcl",
		"aws:cloudtrail/trail:Trail", "aws:kms/key:Key", "aws:iam/role:Role", "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/flowLog:FlowLog",
	} {
		require.Positive(t, kinds[token], "the fixture has no %s", token)
	}
	require.Greater(t, len(slices.Collect(maps.Keys(kinds))), 50)
}

func stackOf(r resources) string {
	urn, _ := r.Deployment.Resources[0]["urn"].(string)
	name, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return name
}
