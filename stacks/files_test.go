// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
)

// directory is the project of the tests with some of its files edited: each edit replaces
// the first text by the second. An edit of "" replaces the whole file.
func directory(tb testing.TB, edits map[string][2]string) string {
	tb.Helper()
	dir := tb.TempDir()
	require.NoError(tb, testproject.Write(dir))
	for name, edit := range edits {
		text := edit[1]
		if edit[0] != "" {
			content, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // inside the test's own directory
			require.NoError(tb, err)
			require.Equal(tb, 1, strings.Count(string(content), edit[0]), "%s: %q", name, edit[0])
			text = strings.Replace(string(content), edit[0], edit[1], 1)
		}
		write(tb, dir, name, text)
	}
	return dir
}

func write(tb testing.TB, dir, name, text string) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

// TestCheckFilesReportsBadStackFiles edits the staging file.
func TestCheckFilesReportsBadStackFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		was, is string
		want    []string
	}{
		"no such list": {"bulkhead:zones:\n    - eu-central-1a\n    - eu-central-1b", "bulkhead:zones: eu-central-1a",
			[]string{`Pulumi.staging.yaml: bulkhead:zones: "eu-central-1a" is not a list; write a YAML list such as [eu-central-1a, eu-central-1b]`}},
		"a list for a value": {"bulkhead:region: eu-central-1", "bulkhead:region: [eu-central-1]",
			[]string{`Pulumi.staging.yaml: bulkhead:region: ["eu-central-1"] is not a single value; write one such as eu-central-1`}},
		"an account without quotes": {`"210987654321"`, `210987654321`,
			[]string{`Pulumi.staging.yaml: bulkhead:accountId: 210987654321 is not text to YAML, which may change it; put it in quotes: "210987654321"`}},
		"an account that loses its zero": {`"210987654321"`, `012345678901`,
			[]string{`bulkhead:accountId: 012345678901 is not text to YAML, which may change it; put it in quotes: "012345678901"`}},
		"a date": {`bulkhead:natStrategy: Single`, `bulkhead:natStrategy: 2001-02-03`,
			[]string{`bulkhead:natStrategy: 2001-02-03 is not text to YAML`}},
		"numbers in a list": {"- platform-staging@example.com", "- 7\n    - true\n    - [x, [y]]\n    - {a: b}",
			[]string{`alarmEmails[0]: 7 is not a string; put it in quotes`, `alarmEmails[1]: true is not a string`,
				`alarmEmails[2]: ["x", […]] is not a string`, `alarmEmails[3]: {…} is not a string`}},
		"nothing": {"bulkhead:region: eu-central-1", "bulkhead:region:",
			[]string{`Pulumi.staging.yaml: bulkhead:region: has no value; write one such as eu-central-1`}},
		"half a number": {"bulkhead:databaseStorageGb: 20", "bulkhead:databaseStorageGb: 20.5",
			[]string{`bulkhead:databaseStorageGb: 20.5 is not a whole number`}},
		"a word for a number": {"bulkhead:databaseStorageGb: 20", "bulkhead:databaseStorageGb: much",
			[]string{`bulkhead:databaseStorageGb: "much" is not a whole number`}},
		"yes for true": {"bulkhead:databaseSingleAz: true", "bulkhead:databaseSingleAz: yes",
			[]string{`bulkhead:databaseSingleAz: "yes" is neither true nor false; write true or false`}},
		"an encrypted value": {"bulkhead:region: eu-central-1", "bulkhead:region:\n    secure: v1:AAAA:BBBB",
			[]string{`Pulumi.staging.yaml: bulkhead:region: [secret] is encrypted, so that it can be neither checked nor rehearsed; write it in plain; no setting is a secret`}},
		"an encrypted element": {"- platform-staging@example.com", "- secure: v1:AAAA:BBBB",
			[]string{`alarmEmails[0]: [secret] is not a string`}},
		"a key twice": {"bulkhead:natStrategy: Single", "bulkhead:natStrategy: Single\n  bulkhead:natStrategy: None",
			[]string{`Pulumi.staging.yaml: bulkhead:natStrategy: is given twice, in lines 20 and 21; keep one`}},
		"a key in both spellings": {"bulkhead:natStrategy: Single", "bulkhead:natStrategy: Single\n  natStrategy: None",
			[]string{`bulkhead:natStrategy: is given twice, with and without its namespace; keep one`}},
		"an unknown key": {"bulkhead:natStrategy: Single", "bulkhead:natStrategy: Single\n  bulkhead:nat: [1, 2]",
			[]string{`bulkhead:nat: [1, 2] is given to an unknown key; remove it, or look it up in docs/configuration.md`}},
		"the old form of a key": {"bulkhead:appMinSize: 1", "bulkhead:config:appMinSize: 1",
			[]string{`bulkhead:config:appMinSize: 1 is given to an unknown key`}},
		"a misspelt namespace": {"bulkhead:appMinSize: 1", "bulkheads:appMinSize: 1",
			[]string{`bulkheads:appMinSize: 1 is set in a namespace that nothing here reads; did you mean bulkhead:appMinSize?`}},
		"a default provider": {"bulkhead:natStrategy: Single", "bulkhead:natStrategy: Single\n  aws:region: us-east-1",
			[]string{`Pulumi.staging.yaml: aws:region: "us-east-1" configures a default provider, which this project does not use; remove it; the provider is configured by bulkhead:region and bulkhead:accountId`}},
		"a mislaid key": {"config:\n", "natStrategy: Single\nconfig:\n",
			[]string{`Pulumi.staging.yaml: line 11: "natStrategy" is not a part of a stack file; move it below config:, or remove it`}},
		"merged keys": {"config:\n", "config:\n  <<: {bulkhead:appPort: 80}\n",
			[]string{`Pulumi.staging.yaml: line 12: has a key that is not plain text; write the keys out`}},
		"production's range": {"10.20.0.0/16", "10.10.128.0/20",
			[]string{`Pulumi.staging.yaml: bulkhead:vpcCidr: "10.10.128.0/20" overlaps 10.10.0.0/16 of Pulumi.production.yaml; give each environment a range of its own`}},
		"production's account": {"210987654321", "123456789012",
			[]string{`Pulumi.staging.yaml: bulkhead:accountId: "123456789012" is also the account of Pulumi.production.yaml; give production an account of its own`}},
		"several at once": {"bulkhead:region: eu-central-1\n", "bulkhead:region: eu-west-1\n  bulkhead:appPort: 22\n  bulkhead:bastionInstanceType: 3\n",
			[]string{`zones[0]: "eu-central-1a" lies outside region eu-west-1`, `zones[1]: "eu-central-1b" lies outside region eu-west-1`,
				`bastionInstanceType: 3 is not text to YAML`, `appPort: 22 is a privileged port`}},
	} {
		dir := directory(t, map[string][2]string{FileName("staging"): {tt.was, tt.is}})
		_, err := CheckFiles(dir, "staging")
		var problems Problems
		require.ErrorAs(t, err, &problems, name)
		require.Len(t, problems, len(tt.want), "%s: %v", name, err)
		for i, want := range tt.want {
			require.Contains(t, problems[i].String(), want, name)
		}
	}
}

// TestCheckFilesOfAnotherProject finds one cause, not one for each key.
func TestCheckFilesOfAnotherProject(t *testing.T) {
	stack, err := os.ReadFile(filepath.Join(directory(t, nil), FileName("staging")))
	require.NoError(t, err)
	theirs := strings.ReplaceAll(string(stack), ours+":", "shop:")
	_, err = CheckFiles(directory(t, map[string][2]string{FileName("staging"): {"", theirs}}), "staging")
	require.EqualError(t, err, `Pulumi.staging.yaml: "shop:" begins every key, and this project is called bulkhead; write bulkhead: instead, or name the project shop in Pulumi.yaml`)

	_, err = CheckFiles(directory(t, map[string][2]string{FileName("production"): {"", theirs}}), "staging")
	require.EqualError(t, err, `Pulumi.production.yaml: cannot be read, so that its network and account cannot be compared with Pulumi.staging.yaml; correct it first`)

	_, err = CheckFiles(directory(t, map[string][2]string{projectFile: {"name: bulkhead", "name: Shop & Co"}}), "staging")
	require.ErrorContains(t, err, `Pulumi.yaml: name: "Shop & Co" is not a valid name for the project, which becomes part of the names of AWS resources; use 1 to 20 lower-case letters, digits and inner hyphens, beginning with a letter`)

	_, err = CheckFiles(directory(t, map[string][2]string{projectFile: {"name: bulkhead\n", ""}}), "staging")
	require.EqualError(t, err, `Pulumi.yaml: name: is missing, and every key begins with it; add it, for example name: shop`)
}

// TestAnyProjectName renames the project, and with it every key.
func TestAnyProjectName(t *testing.T) {
	dir := directory(t, nil)
	for _, name := range []string{projectFile, FileName("staging"), FileName("production")} {
		content, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // inside the test's own directory
		require.NoError(t, err)
		write(t, dir, name, strings.NewReplacer("name: "+ours, "name: shop", ours+":", "shop:").Replace(string(content)))
	}
	settings, err := CheckFiles(dir, "staging")
	require.NoError(t, err)
	require.Equal(t, "shop", settings.Project)
	_, err = Parse("shop", "staging", map[string]string{"shop:vpcCider": "x"})
	require.ErrorContains(t, err, "add it, for example shop:region: eu-central-1")
	require.ErrorContains(t, err, "did you mean shop:vpcCidr?")
	require.NotContains(t, err.Error(), ours+":")
}

// TestCheckFilesReportsWhatIsNoYAML names the line, and nothing that merely follows.
func TestCheckFilesReportsWhatIsNoYAML(t *testing.T) {
	for name, tt := range map[string]struct{ file, text, want string }{
		"a stray bracket":     {"Pulumi.staging.yaml", "config:\n  bulkhead:region: eu-central-1\n  bulkhead:zones: [a\n", `Pulumi.staging.yaml: line 3: did not find expected ',' or ']'; correct the YAML there`},
		"a tab":               {"Pulumi.staging.yaml", "config:\n\tbulkhead:region: x\n", `Pulumi.staging.yaml: line 2: found character that cannot start any token; correct the YAML there`},
		"a bad indentation":   {"Pulumi.staging.yaml", "# one\nconfig:\n  bulkhead:region: a\n  bulkhead:zones:\n    - [a,\n       b]\n  bulkhead:appPort: 1\n   bulkhead:appImage: x\n  bulkhead:wafRateLimit: 4\n", `Pulumi.staging.yaml: line 8: mapping values are not allowed in this context; correct the YAML there`},
		"an open quote":       {"Pulumi.staging.yaml", "config:\n  bulkhead:region: \"eu\n  bulkhead:appPort: 1\n", `Pulumi.staging.yaml: line 2: found unexpected end of stream; correct the YAML there`},
		"two documents":       {"Pulumi.staging.yaml", "config: {}\n---\nconfig: {}\n", `Pulumi.staging.yaml: line 2: begins a second document, which Pulumi would not read; keep one document in the file`},
		"a list":              {"Pulumi.staging.yaml", "- config\n", `Pulumi.staging.yaml: line 1: is not a mapping of keys to values; write one key: value on each line`},
		"config is a list":    {"Pulumi.staging.yaml", "config:\n  - bulkhead:region\n", `Pulumi.staging.yaml: line 2: config is not a mapping of keys to values; write one key: value on each line`},
		"an unknown anchor":   {"Pulumi.staging.yaml", "config: *nothing\n", `Pulumi.staging.yaml: line 1: unknown anchor 'nothing' referenced; correct the YAML there`},
		"a long file":         {"Pulumi.staging.yaml", strings.Repeat("# a remark\n", 600) + "config:\n  bulkhead:zones: [a\n", `Pulumi.staging.yaml: line 601: did not find expected ',' or ']'; correct the YAML there`},
		"broken project":      {"Pulumi.yaml", "name: [\n", `Pulumi.yaml: line 1: did not find expected node content; correct the YAML there`},
		"a broken other file": {"Pulumi.production.yaml", "config: [\n", `Pulumi.production.yaml: cannot be read, so that its network and account cannot be compared with Pulumi.staging.yaml; correct it first`},
	} {
		_, err := CheckFiles(directory(t, map[string][2]string{tt.file: {"", tt.text}}), "staging")
		require.EqualError(t, err, tt.want, name)
	}
}

func TestCheckFilesOfAnEmptyStackFile(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "config:\n", "config: {}\n", "encryptionsalt: v1:abc\n"} {
		_, err := CheckFiles(directory(t, map[string][2]string{FileName("staging"): {"", text}}), "staging")
		var problems Problems
		require.ErrorAs(t, err, &problems, text)
		require.Len(t, problems, 6, "every key that must be given is missing: %v", err)
		for _, p := range problems {
			require.Contains(t, p.String(), "is missing")
		}
	}
}

func TestCheckFilesOfAnUnknownEnvironment(t *testing.T) {
	dir := directory(t, nil)
	for env, want := range map[string]string{
		"qa":            `Pulumi.qa.yaml: "qa" is not an environment, the file does not exist; known are production, staging`,
		"stagin":        `Pulumi.stagin.yaml: "stagin" is not an environment, the file does not exist; did you mean staging? known are production, staging`,
		"Staging":       `Pulumi.Staging.yaml: "Staging" is not an environment, the file does not exist; did you mean staging? known are production, staging`,
		"":              `Pulumi.<environment>.yaml: "" is not an environment, it has no such file; known are production, staging`,
		"../../staging": `Pulumi.<environment>.yaml: "../../staging" is not an environment, it has no such file; did you mean staging? known are production, staging`,
	} {
		_, err := CheckFiles(dir, env)
		var unknown *UnknownEnvironmentError
		require.ErrorAs(t, err, &unknown, env)
		require.Equal(t, []string{"production", "staging"}, unknown.Known)
		require.EqualError(t, err, want)
	}
	_, err := CheckFiles(t.TempDir(), "staging")
	require.EqualError(t, err, `Pulumi.staging.yaml: "staging" is not an environment, the file does not exist; run this where the stack files are, next to Pulumi.yaml`)
	_, err = CheckFiles(filepath.Join(dir, "nowhere"), "staging")
	require.ErrorIs(t, err, fs.ErrNotExist)

	require.NoError(t, os.Remove(filepath.Join(dir, projectFile)))
	_, err = CheckFiles(dir, "staging")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, projectFile)
}

func TestCheckFilesHonoursTheProjectFile(t *testing.T) {
	// A default that was edited there counts, and so does a fixed value.
	dir := directory(t, map[string][2]string{projectFile: {"default: 8443", "default: 9443"}})
	settings, err := CheckFiles(dir, "staging")
	require.NoError(t, err)
	require.Equal(t, 9443, settings.App.Port)

	// A bad one is reported against the file that holds it.
	dir = directory(t, map[string][2]string{projectFile: {"default: 8443", "default: 443"}})
	_, err = CheckFiles(dir, "staging")
	require.EqualError(t, err, `Pulumi.yaml: bulkhead:appPort: 443 is a privileged port; choose one from 1025 to 65535`)

	// A declared key that the program does not know would be demanded of every stack.
	dir = directory(t, map[string][2]string{projectFile: {"  bulkhead:appPort:\n", "  bulkhead:appPorts:\n    type: integer\n\n  bulkhead:appPort:\n"}})
	_, err = CheckFiles(dir, "staging")
	require.EqualError(t, err, `Pulumi.yaml: bulkhead:appPorts: declares a key that the program does not know; did you mean bulkhead:appPort?`)
}

// TestCheckFilesReadsWhatPulumiReads writes values in every form in which YAML and
// `pulumi config set` write them, and compares with Pulumi's own loader.
func TestCheckFilesReadsWhatPulumiReads(t *testing.T) {
	for _, change := range [][2]string{
		{"bulkhead:databaseStorageGb: 20\n", "bulkhead:databaseStorageGb: \"20\"\n"},
		{"bulkhead:databaseStorageGb: 20\n", "bulkhead:databaseStorageGb: 0x14\n"},
		{"bulkhead:databaseStorageGb: 20\n", "databaseStorageGb: 2_0\n"},
		{"bulkhead:databaseSingleAz: true", "bulkhead:databaseSingleAz: \"true\""},
		{"bulkhead:databaseSingleAz: true", "bulkhead:databaseSingleAz: True"},
		{"bulkhead:region: eu-central-1\n", "bulkhead:region: >-\n    eu-central-1\n"},
		{"bulkhead:region: eu-central-1\n", "bulkhead:region: !!str eu-central-1\n"},
		{"bulkhead:region: eu-central-1\n", "bulkhead:region: &region eu-central-1\n"},
		{"    - eu-central-1a\n    - eu-central-1b", "    [eu-central-1a, 'eu-central-1b']"},
		{"- platform-staging@example.com", "- &who ops@example.com"},
		{"config:\n", "encryptionsalt: v1:abc\nconfig:\n"},
		{"# Staging:", "\ufeff# Staging:"},
	} {
		dir := directory(t, map[string][2]string{FileName("staging"): change})
		project, err := workspace.LoadProject(filepath.Join(dir, projectFile))
		require.NoError(t, err)
		fromEngine, err := Parse(ours, "staging", rawOf(t, project, filepath.Join(dir, FileName("staging"))))
		require.NoError(t, err, change[1])
		fromFiles, err := CheckFiles(dir, "staging")
		require.NoError(t, err, change[1])
		require.Equal(t, withoutEmptyLists(fromEngine), withoutEmptyLists(fromFiles), change[1])
	}
}

func TestEnvironmentsPassesOverOtherFiles(t *testing.T) {
	dir := directory(t, nil)
	for _, name := range []string{"Pulumi..yaml", "Pulumi.dev.yml", "pulumi.dev.yaml", "Pulumi.dev.yaml.bak", "Pulumi.a b.yaml"} {
		write(t, dir, name, "")
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "Pulumi.folder.yaml"), 0o700))
	write(t, dir, "Pulumi.dev-anna.yaml", "")
	names, err := Environments(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"dev-anna", "production", "staging"}, names)
}
