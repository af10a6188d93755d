// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/command"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// exported is an export with one resource.
func exported(t *testing.T, token string, inputs any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": []any{
		map[string]any{"urn": "urn:pulumi:a::b::" + token + "::odd", "type": token, "inputs": inputs},
	}}})
	require.NoError(t, err)
	return string(text)
}

// TestTruncatedExportsAreRefused cuts an export anywhere. No part of it may look like a whole.
func TestTruncatedExportsAreRefused(t *testing.T) {
	for i := range openBucket {
		code, out, errOut := start([]string{"check", "-"}, openBucket[:i])
		require.Equal(t, command.Unusable, code, "cut at %d", i)
		require.Contains(t, errOut, "not complete JSON", "cut at %d", i)
		require.Empty(t, out)
	}
	text, err := os.ReadFile("../hardening/testdata/production.json")
	require.NoError(t, err)
	whole := strings.TrimSpace(string(text))
	for i := 0; i < len(whole); i += len(whole) / 50 {
		code, _, errOut := start([]string{"check", "-"}, whole[:i])
		require.Equal(t, command.Unusable, code, "cut at %d of %d", i, len(whole))
		require.Contains(t, errOut, "not complete JSON")
	}
}

// documentPlaces are where policy documents stand, one for each way in which controls reach them.
var documentPlaces = map[string]string{
	"aws:s3/bucketPolicy:BucketPolicy": "policy", "aws:s3/bucket:Bucket": "policy", "aws:iam/role:Role": "assumeRolePolicy",
	"aws:iam/policy:Policy": "policy", "aws:kms/key:Key": "policy",
	"aws:sqs/queuePolicy:QueuePolicy": "policy", "aws:sns/topicPolicy:TopicPolicy": "policy", "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
	"aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
	"aws:ecr/repositoryPolicy:RepositoryPolicy":    "policy", "aws:opensearch/domain:Domain": "accessPolicies",
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
	"aws:backup/vaultPolicy:VaultPolicy":                 "policy", "aws:efs/fileSystemPolicy:FileSystemPolicy": "policy",
	"aws:dynamodb/resourcePolicy:ResourcePolicy": "policy",
}

// TestMalformedDocumentsAreFindings puts documents that AWS refuses, or reads differently from how they look, into
// every kind of resource. Each is a finding that stops the deployment and names the place.
func TestMalformedDocumentsAreFindings(t *testing.T) {
	open := `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
	documents := map[string]string{
		"cut off":                `{"Statement":[` + open,
		"more after the end":     `{"Statement":[` + open + `]} {"Statement":[]}`,
		"no statement":           `{"Version":"2012-10-17"}`,
		"statement is text":      `{"Statement":"Allow"}`,
		"statement of numbers":   `{"Statement":[1,2]}`,
		"statement of lists":     `{"Statement":[[` + open + `]]}`,
		"statement is null":      `{"Statement":null}`,
		"effect in small":        `{"Statement":[{"Effect":"allow","Principal":"*","Action":"*","Resource":"*"}]}`,
		"effect is a list":       `{"Statement":[{"Effect":["Allow"],"Principal":"*","Action":"*","Resource":"*"}]}`,
		"keys in small":          `{"Statement":[{"effect":"Allow","principal":"*","action":"*","resource":"*"}]}`,
		"key twice":              `{"Statement":[{"Effect":"Deny","\u0045ffect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`,
		"statement twice":        `{"Statement":[],"Statement":[` + open + `]}`,
		"no action":              `{"Statement":[{"Effect":"Allow","Principal":"*","Resource":"*"}]}`,
		"action is an object":    `{"Statement":[{"Effect":"Allow","Principal":"*","Action":{"s3":"*"},"Resource":"*"}]}`,
		"principal is a list":    `{"Statement":[{"Effect":"Allow","Principal":["*"],"Action":"*","Resource":"*"}]}`,
		"principal is a number":  `{"Statement":[{"Effect":"Allow","Principal":7,"Action":"*","Resource":"*"}]}`,
		"principal of objects":   `{"Statement":[{"Effect":"Allow","Principal":{"AWS":{"all":"*"}},"Action":"*","Resource":"*"}]}`,
		"condition is text":      `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":"never"}]}`,
		"condition of lists":     `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":["aws:SourceVpce"]}}]}`,
		"resource is an object":  `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":{"arn":"*"}}]}`,
		"misspelt element":       `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Conditions":{}}]}`,
		"another version":        `{"Version":"2022-01-01","Statement":[` + open + `]}`,
		"ten megabytes":          `{"Statement":[` + strings.Repeat(open+",", 10<<20/len(open)) + open + `]}`,
		"deeper than any reader": `{"Statement":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`,
		"deep condition": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":` +
			strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20000) + `}]}`,
		"not text at all": "\x00\x01\ufffd",
	}
	for name, document := range documents {
		for token, at := range documentPlaces {
			if len(document) > 1<<20 && token != "aws:s3/bucketPolicy:BucketPolicy" && token != "aws:kms/key:Key" {
				continue
			}
			code, out, errOut := start([]string{"check", "-format", "json", "-"}, exported(t, token, map[string]any{at: document}))
			if code != command.Refused || errOut != "" || !strings.Contains(out, `"control": "iam-document-valid"`) ||
				strings.Contains(out, "the control itself failed") {
				t.Errorf("%s in %s: exit code %d, %s", name, token, code, errOut)
			}
		}
	}
	t.Logf("%d documents in %d kinds of resources", len(documents), len(documentPlaces))
}

// TestDeepInputs nests inputs deeper than anybody writes them.
func TestDeepInputs(t *testing.T) {
	nest := func(depth int, open, shut string) string {
		return `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::aws:s3/bucket:Bucket::deep","type":"aws:s3/bucket:Bucket","inputs":{"acl":"public-read","tags":` +
			strings.Repeat(open, depth) + `1` + strings.Repeat(shut, depth) + `}}]}}`
	}
	for _, c := range [][2]string{{`{"a":`, `}`}, {`[`, `]`}} {
		code, out, errOut := start([]string{"check", "-"}, nest(2000, c[0], c[1]))
		require.Equal(t, command.Refused, code, errOut)
		require.Contains(t, out, "s3-acl-public-read", "what is wrong is found all the same")
		code, out, errOut = start([]string{"check", "-"}, nest(200000, c[0], c[1]))
		require.Equal(t, command.Unusable, code)
		require.Contains(t, errOut, "depth")
		require.Empty(t, out)
	}
}

// TestInvalidWaiversWaiveNothing gives waivers that are wrong in one way each. The finding stays, and another one
// says what is wrong.
func TestInvalidWaiversWaiveNothing(t *testing.T) {
	right := map[string]string{"control": "s3-acl-public-read", "name": "files", "reason": "public by agreement", "owner": "me",
		"expires": "2999-12-31"}
	for name, c := range map[string]struct{ key, value, want string }{
		"unknown control": {"control", "s3-acl-publik-read", `"s3-acl-publik-read" does not exist`},
		"no control":      {"control", "", "control is missing"},
		"own settings":    {"control", "pack-governance", "cannot be waived"},
		"everything":      {"name", "'*'", "more narrowly"},
		"no choice":       {"name", "", "more narrowly"},
		"short reason":    {"reason", "because", "at least 10 characters"},
		"no owner":        {"owner", "' '", "owner is missing"},
		"no day":          {"expires", "soon", `"soon" is not a date`},
		"no such day":     {"expires", "2999-02-30", "is not a date"},
		"expired":         {"expires", "2020-01-31", "expired on 2020-01-31"},
	} {
		text := "waivers:\n- {"
		for _, key := range slices.Sorted(keysOf(right)) {
			value := right[key]
			if key == c.key {
				value = c.value
			}
			text += fmt.Sprintf("%s: %s, ", key, value)
		}
		code, out, errOut := start([]string{"check", "-waivers", file(t, "waivers.yaml", strings.TrimSuffix(text, ", ")+"}\n"), "-"}, openBucket)
		require.Empty(t, errOut, name)
		require.Equal(t, command.Refused, code, name)
		require.Contains(t, out, `acl is "public-read"`, name)
		require.Contains(t, out, c.want, name)
	}
}

func keysOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// TestEverySettingRefusesWrongTypes configures every setting of every control with values of the wrong type. Each
// is an error that names control and setting.
func TestEverySettingRefusesWrongTypes(t *testing.T) {
	p, err := controls.New()
	require.NoError(t, err)
	wrong := []any{nil, 1.5, "text", true, []any{"a", 1.0}, []any{map[string]any{}}, map[string]any{"a": 1.0}, []any{nil}}
	tried := 0
	for _, c := range p.Controls() {
		for _, s := range c.Settings {
			for _, v := range wrong {
				if fits(s.Default, v) {
					continue
				}
				tried++
				err := pack.NewSession(p).Configure(map[string]pack.Config{c.ID: {Properties: map[string]any{s.Name: v}}})
				require.ErrorContains(t, err, c.ID+"."+s.Name, "%v", v)
			}
		}
		err := pack.NewSession(p).Configure(map[string]pack.Config{c.ID: {Properties: map[string]any{"noSuchSetting": 1.0}}})
		require.ErrorContains(t, err, `control "`+c.ID+`" has no setting "noSuchSetting"`)
	}
	t.Logf("%d wrong settings", tried)
}

// fits reports whether a value has the type of a setting, as far as the type goes.
func fits(setting, v any) bool {
	switch setting.(type) {
	case float64:
		_, ok := v.(float64)
		return ok
	case string:
		_, ok := v.(string)
		return ok
	case bool:
		_, ok := v.(bool)
		return ok
	case []any:
		_, ok := v.([]any)
		return ok
	case map[string]any:
		_, ok := v.(map[string]any)
		return ok
	}
	return false
}
