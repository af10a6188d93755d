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
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// The fixtures are our own stacks as the rehearsal leaves them, without what is private or changes by itself. The
// mutation run weakens the one of production. To take new ones after `make rehearse`, and write the golden file
// that they change:
//
//	go test ./policy/command -run 'Fixture|Mutations' -update -from ../../.rehearsal
//
// An environment whose folder has no state.json keeps its fixture.
var from = flag.String("from", "", "folder of the rehearsal from which the fixtures are taken anew")

const fixtureFile = "testdata/hardened.json"

// fixtures are the files of our environments.
var fixtures = map[string]string{"production": fixtureFile, "staging": "testdata/hardened-staging.json"}

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
func (r resources) write(t *testing.T, file string) {
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
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
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

// TestFixtures holds the fixtures to what they are said to be: complete, reduced and without anything private.
func TestFixtures(t *testing.T) {
	for environment, file := range fixtures {
		if state := filepath.Join(*from, environment, "state.json"); *from != "" {
			if _, err := os.Stat(state); err == nil {
				read(t, state).reduced().write(t, file)
			} else {
				t.Logf("%s is as it was: %v", file, err)
			}
		}
		text, err := os.ReadFile(filepath.Clean(file))
		require.NoError(t, err)
		require.Empty(t, private.FindAllString(string(text), -1), file)
		r := read(t, file)
		require.Equal(t, environment, stackOf(r))
		require.Equal(t, jsonText(t, r.reduced()), jsonText(t, r), "%s holds more than policies read", file)
		kinds := map[string]int{}
		for _, one := range r.Deployment.Resources {
			token, _ := one["type"].(string)
			kinds[token]++
		}
		t.Logf("%s: %d resources of %d types", file, len(r.Deployment.Resources), len(kinds))
		for _, token := range []string{
			"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer", "aws:wafv2/webAcl:WebAcl",
			"aws:cloudtrail/trail:Trail", "aws:kms/key:Key", "aws:iam/role:Role", "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/flowLog:FlowLog",
		} {
			require.Positive(t, kinds[token], "%s has no %s", file, token)
		}
		require.Greater(t, len(kinds), 50, file)
	}
}

func stackOf(r resources) string {
	urn, _ := r.Deployment.Resources[0]["urn"].(string)
	name, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return name
}

// preview is the stack before it is deployed for the first time: whatever a resource takes from another one is
// unknown, and so are its own id and ARN.
func (r resources) preview() resources {
	out := resources{Version: r.Version}
	for _, one := range r.Deployment.Resources {
		one = maps.Clone(one)
		if inputs, ok := one["inputs"].(map[string]any); ok {
			inputs = maps.Clone(inputs)
			depends, _ := one["propertyDependencies"].(map[string]any)
			for property := range depends {
				inputs[property] = pack.UnknownText
			}
			one["inputs"] = inputs
		}
		if outputs, ok := one["outputs"].(map[string]any); ok {
			outputs = maps.Clone(outputs)
			inputs, _ := one["inputs"].(map[string]any)
			for key := range outputs {
				if outputs[key] = pack.UnknownText; inputs[key] != nil {
					outputs[key] = inputs[key]
				}
			}
			one["outputs"] = outputs
		}
		out.Deployment.Resources = append(out.Deployment.Resources, one)
	}
	return out
}
