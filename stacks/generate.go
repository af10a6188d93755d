// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// marker divides Pulumi.yaml into the part that people edit and the generated one.
const marker = "# Everything below is generated from stacks/keys.go; change it there and run `go generate ./stacks`.\n"

// ProjectFile returns a Pulumi.yaml whose config block is what the table of settings says,
// with the file's own project name before each key. What stands above the marker stays.
func ProjectFile(content []byte) ([]byte, error) {
	head, _, found := strings.Cut(string(content), marker)
	if !found {
		return nil, fmt.Errorf("%s has lost the line %q", projectFile, strings.TrimSpace(marker))
	}
	name, err := ProjectName(content)
	if err != nil {
		return nil, err
	}
	config, err := projectConfig(name)
	return []byte(head + marker + config), err
}

// ProjectName returns the name of the project in a Pulumi.yaml.
func ProjectName(content []byte) (string, error) {
	var project struct{ Name string }
	if err := yaml.Unmarshal(content, &project); err != nil {
		return "", fmt.Errorf("%s: %w", projectFile, err)
	}
	return project.Name, nil
}

// projectConfig writes the table as the config block of Pulumi.yaml. Only keys of the
// project's own namespace may have a type; pulumi: keys have a value (workspace.Project).
func projectConfig(project string) (string, error) {
	var out strings.Builder
	out.WriteString(`config:
  # Every resource and look-up must name its provider, so that none slips into the
  # account of whoever happens to run the program.
  pulumi:disable-default-providers:
    value: ["*"]
`)
	for _, s := range programOf(project).rows() {
		fmt.Fprintf(&out, "\n  %s:%s:\n    type: %s\n", project, s.key, s.typeName())
		if s.typeName() == typeArray {
			out.WriteString("    items:\n      type: string\n")
		}
		out.WriteString("    description: >-\n")
		for _, line := range wrapped(s.description, 96) {
			out.WriteString("      " + line + "\n")
		}
		if !s.required() {
			value, err := flow(s.fallback)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&out, "    default: %s\n", value)
		}
	}
	return out.String(), nil
}

// flow writes a value as YAML on one line.
func flow(value any) (string, error) {
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return "", err
	}
	node.Style = yaml.FlowStyle
	text, err := yaml.Marshal(&node)
	return string(bytes.TrimSpace(text)), err
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
  PROJECT:accountId: "210987654321"
  PROJECT:region: eu-central-1
  PROJECT:zones:
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

// baselineHead begins the settings of the account's baseline.
const baselineHead = `
## %s

The baseline of the account ([baseline.md](baseline.md)) is a project of its own, %[2]s, in the folder infra/baseline, with a stack file for each
account. Besides these, it has accountId, region, logRetentionDays and alarmEmails, behind its own name.
`

// Reference writes docs/configuration.md for a project of this name.
func Reference(project string) ([]byte, error) {
	_, example := Parse(project, "staging", map[string]string{
		"accountId":           "210987654321",
		"region":              "eu-central-1",
		"zones":               `["eu-central-1a","eu-west-1b"]`,
		"vpcCider":            "10.20.0.0/16",
		"bastion":             "KnownAddresses",
		"bastionAllowedCidrs": `["203.0.113.0/28","0.0.0.0/0"]`,
		"edgeZone":            "staging.bulkhead.example",
		"alarmEmails":         `["alarms@example.com"]`,
	})
	var out strings.Builder
	fmt.Fprintf(&out, strings.ReplaceAll(referenceHead, "PROJECT:", project+":"), example, "`"+strings.Join(relaxed, "`, `")+"`")
	group := ""
	for i := range table {
		s := &table[i]
		if s.of == baseline {
			project = strings.TrimSuffix(project, BaselineSuffix) + BaselineSuffix
		}
		if s.group != group {
			group = s.group
			if group == groupBaseline {
				fmt.Fprintf(&out, baselineHead, group, project)
			} else {
				fmt.Fprintf(&out, "\n## %s\n", group)
			}
			fmt.Fprintf(&out, "\n| Key | Type | Default | Meaning | May be |\n|---|---|---|---|---|\n")
		}
		fallback := "**must be given**"
		if !s.required() {
			value, err := flow(s.fallback)
			if err != nil {
				return nil, err
			}
			fallback = "`" + value + "`"
		}
		fmt.Fprintf(&out, "| `%s:%s` | %s | %s | %s | %s |\n", project, s.key, typeInWords(s), fallback, cell(s.description), cell(s.allowed))
	}
	out.WriteString("\n## Rules between keys\n\n")
	for _, r := range rules {
		fmt.Fprintf(&out, "- %s.\n", r.text)
	}
	out.WriteString("- No two stack files have overlapping `vpcCidr`s, and none shares the account of production.\n")
	return []byte(out.String()), nil
}

func typeInWords(s *setting) string {
	if s.typeName() == typeArray {
		return "array of strings"
	}
	return s.typeName()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
