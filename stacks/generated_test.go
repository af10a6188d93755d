// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write the generated and golden files instead of comparing")

// golden compares a file with what it should hold, or writes it with -update.
func golden(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		require.NoError(t, os.Chmod(file, 0o644)) //nolint:gosec // part of the repository, to be read by all
	}
	have, err := os.ReadFile(file) //nolint:gosec // a path of this test
	require.NoError(t, err)
	require.Equal(t, want, string(have), "%s is out of date; run `go generate ./stacks`", file)
}

// marker divides Pulumi.yaml into the part that people edit and the generated one.
const marker = "# Everything below is generated from stacks/keys.go; change it there and run `go generate ./stacks`.\n"

func TestGeneratedProject(t *testing.T) {
	const file = "../" + projectFile
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	head, _, found := strings.Cut(string(content), marker)
	require.True(t, found, "%s has lost the line %q", file, marker)
	golden(t, file, head+marker+projectConfig(t))
}

func TestGeneratedReference(t *testing.T) {
	golden(t, "../"+reference, referenceText(t))
}

// projectConfig writes the table as the config block of Pulumi.yaml. Only keys of the
// project's own namespace may have a type; pulumi: keys have a value (workspace.Project).
func projectConfig(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString(`config:
  # Every resource and look-up must name its provider, so that none slips into the
  # account of whoever happens to run the program.
  pulumi:disable-default-providers:
    value: ["*"]
`)
	for i := range table {
		s := &table[i]
		fmt.Fprintf(&out, "\n  %s:%s:\n    type: %s\n", ours, s.key, s.typeName())
		if s.typeName() == typeArray {
			out.WriteString("    items:\n      type: string\n")
		}
		out.WriteString("    description: >-\n")
		for _, line := range wrapped(s.description, 96) {
			out.WriteString("      " + line + "\n")
		}
		if !s.required() {
			fmt.Fprintf(&out, "    default: %s\n", flow(t, s.fallback))
		}
	}
	return out.String()
}

// flow writes a value as YAML on one line.
func flow(t *testing.T, value any) string {
	t.Helper()
	var node yaml.Node
	require.NoError(t, node.Encode(value))
	node.Style = yaml.FlowStyle
	text, err := yaml.Marshal(&node)
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

const referenceHead = `<!-- Generated from package stacks; change it there and run "go generate ./stacks". -->

# Configuration

An environment is a file ` + "`Pulumi.<environment>.yaml`" + ` beside ` + "`Pulumi.yaml`" + `, for example ` + "`Pulumi.staging.yaml`" + `.
Its name has 1 to 15 lower-case letters, digits and inner hyphens, and begins the names of what is deployed; it
does not begin with ` + "`aws`, `amazon`, `amzn`, `sg-`, `internal-` or `sthree-`" + `, which AWS keeps for itself.

` + "```yaml" + `
config:
  bulkhead:accountId: "210987654321"
  bulkhead:region: eu-central-1
  bulkhead:zones:
    - eu-central-1a
    - eu-central-1b
` + "```" + `

Edit the file, or use ` + "`pulumi config set`" + ` (with ` + "`--path`" + ` for elements of a list). No setting is a secret: the database's
password is made and rotated by AWS. A key without a default must be given.

Everything is checked before anything is deployed, and everything that is wrong is listed in one run, each with file,
key, value and cure:

` + "```text" + `
%s
` + "```" + `

## Production

The rules that begin with "In production" hold for **every** environment, unless its name is one of
%s, or starts with one of them and a hyphen, such as ` + "`dev-anna`" + `. An unforeseen name is
never lenient. What the others may relax is size and spare parts, never encryption, segmentation, or who gets in.
`

// referenceText writes docs/configuration.md.
func referenceText(t *testing.T) string {
	t.Helper()
	_, example := Parse(ours, "staging", map[string]string{
		"bulkhead:accountId":           "210987654321",
		"bulkhead:region":              "eu-central-1",
		"bulkhead:zones":               `["eu-central-1a","eu-west-1b"]`,
		"bulkhead:vpcCider":            "10.20.0.0/16",
		"bulkhead:bastion":             "KnownAddresses",
		"bulkhead:bastionAllowedCidrs": `["203.0.113.0/28","0.0.0.0/0"]`,
		"bulkhead:edgeZone":            "staging.bulkhead.example",
		"bulkhead:alarmEmails":         `["alarms@example.com"]`,
	})
	require.Error(t, example)
	var out strings.Builder
	fmt.Fprintf(&out, referenceHead, example, "`"+strings.Join(relaxed, "`, `")+"`")
	group := ""
	for i := range table {
		s := &table[i]
		if s.group != group {
			group = s.group
			fmt.Fprintf(&out, "\n## %s\n\n| Key | Type | Default | Meaning | May be |\n|---|---|---|---|---|\n", group)
		}
		fallback := "**must be given**"
		if !s.required() {
			fallback = "`" + flow(t, s.fallback) + "`"
		}
		fmt.Fprintf(&out, "| `%s:%s` | %s | %s | %s | %s |\n", ours, s.key, typeInWords(s), fallback, cell(s.description), cell(s.allowed))
	}
	out.WriteString("\n## Rules between keys\n\n")
	for _, r := range rules {
		fmt.Fprintf(&out, "- %s.\n", r.text)
	}
	out.WriteString("- No two stack files have overlapping `vpcCidr`s, and none shares the account of production.\n")
	return out.String()
}

func typeInWords(s *setting) string {
	if s.typeName() == typeArray {
		return "array of strings"
	}
	return s.typeName()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
