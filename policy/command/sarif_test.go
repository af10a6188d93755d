// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/command"
)

type located struct {
	Message          struct{ Text string }
	LogicalLocations []struct{ FullyQualifiedName, Name string }
}

type sarifRun struct {
	Tool struct {
		Driver struct {
			Version string
			Rules   []struct{ ID string }
		}
	}
	Results []sarifResult
}

type sarifResult struct {
	RuleID, Level, Kind string
	Message             struct{ Text string }
	Suppressions        []any
	Locations           []located
	CodeFlows           []struct {
		ThreadFlows []struct {
			Locations []struct{ Location located }
		}
	}
}

// sarifSchema is the standard's own schema, which knows no property but those of the standard. The library that ships it keeps it
// to itself, as a constant of its source.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", reflect.TypeFor[sarif.Report]().PkgPath()).Output()
	require.NoError(t, err)
	source, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(folder)), "schema.go"), nil, 0)
	require.NoError(t, err)
	literal := source.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Trim(literal, "`")))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("sarif.json", document))
	compiled, err := compiler.Compile("sarif.json")
	require.NoError(t, err)
	return compiled
}

// valid reads a log in which the schema finds nothing wrong. Every result has a rule and a place.
func valid(t *testing.T, text string) sarifRun {
	t.Helper()
	schema := sarifSchema(t)
	for _, judged := range []struct {
		text  string
		valid bool
	}{{text, true}, {strings.Replace(text, `"startLine"`, `"line"`, 1), !strings.Contains(text, `"startLine"`)}} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(judged.text))
		require.NoError(t, err)
		if err = schema.Validate(document); judged.valid {
			require.NoError(t, err)
		} else {
			require.Error(t, err, "the schema refuses nothing")
		}
	}
	var log struct{ Runs []sarifRun }
	require.NoError(t, json.Unmarshal([]byte(text), &log))
	require.Len(t, log.Runs, 1)
	run := log.Runs[0]
	for _, r := range run.Results {
		require.True(t, slices.ContainsFunc(run.Tool.Driver.Rules, func(x struct{ ID string }) bool { return x.ID == r.RuleID }), "no rule %s",
			r.RuleID)
		require.NotEmpty(t, r.Locations)
		require.True(t, (r.Kind == "open") == (r.Level == "none"), "what is no failure has no level")
	}
	return run
}

func TestTheFindingsOfCheckAreValidSARIF(t *testing.T) {
	waivers := file(t, "waivers.yaml",
		"waivers:\n- {control: s3-acl-public-read, name: files, reason: public by agreement, owner: me, expires: 2999-12-31}\n")
	for name, args := range map[string][]string{"finding": {"-"}, "waived": {"-waivers", waivers, "-"}} {
		code, out, errOut := start(append([]string{"check", "-format", "sarif"}, args...), openBucket)
		require.NotEqual(t, command.Unusable, code, errOut)
		run := valid(t, out)
		require.NotEmpty(t, run.Results, name)
		require.Equal(t, name == "waived", len(run.Results[0].Suppressions) > 0)
	}
}

// TestTheFindingsOfAProofAreValidSARIF widens a rule of our production stack, takes one away, and hides one.
func TestTheFindingsOfAProofAreValidSARIF(t *testing.T) {
	state, err := os.ReadFile("../hardening/testdata/production.json")
	require.NoError(t, err)
	_, out, errOut := start([]string{"prove", "-format", "sarif", "-"}, string(state))
	require.Empty(t, errOut)
	require.Empty(t, valid(t, out).Results)

	old := []byte(`"fromPort":8443,"ipProtocol":"tcp"`)
	require.True(t, bytes.Contains(state, old))
	for name, c := range map[string]struct{ young, rule, level string }{
		"a rule on another port": {`"fromPort":22,"ipProtocol":"tcp"`, "segmentation-violation", "error"},
		"a rule that is unlike":  {`"fromPort":9443,"ipProtocol":"udp"`, "segmentation-blocked", "error"},
		"an unknown port":        {`"fromPort":"04da6b54-80e4-46f7-96ec-b56ff0331ba9","ipProtocol":"tcp"`, "segmentation-unknown", "none"},
	} {
		changed := strings.ReplaceAll(string(state), string(old), c.young)
		code, out, errOut := start([]string{"prove", "-format", "sarif", file(t, "state of: shop.json", changed)}, "")
		require.Equal(t, command.Refused, code, name+errOut)
		run := valid(t, out)
		require.Equal(t, "0.1.0", run.Tool.Driver.Version)
		i := slices.IndexFunc(run.Results, func(r sarifResult) bool { return r.RuleID == c.rule })
		require.GreaterOrEqual(t, i, 0, name+out)
		r := run.Results[i]
		require.Equal(t, c.level, r.Level, name)
		require.Contains(t, r.Message.Text, "edge -> app: ", name)
		steps := r.CodeFlows[0].ThreadFlows[0].Locations
		require.Greater(t, len(steps), 3, name)
		require.Regexp(t, "^(passes|stops): ", steps[0].Location.Message.Text)
		require.True(t, slices.ContainsFunc(steps, func(s struct{ Location located }) bool {
			return s.Location.LogicalLocations[0].FullyQualifiedName == r.Locations[0].LogicalLocations[0].FullyQualifiedName
		}), "the result is where one of the hops is")
	}
}
