// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/command"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const openBucket = `{"version":3,"deployment":{"resources":[
 {"urn":"urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev","type":"pulumi:pulumi:Stack"},
 {"urn":"urn:pulumi:dev::shop::aws:s3/bucketAclV2:BucketAclV2::files","type":"aws:s3/bucketAclV2:BucketAclV2","inputs":{"bucket":"b","acl":"public-read"}}]}}`

func start(args []string, in string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = command.Main(args, strings.NewReader(in), &o, &e)
	return code, o.String(), e.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFormats(t *testing.T) {
	code, out, _ := start([]string{"check", "-"}, openBucket)
	require.Equal(t, command.Refused, code)
	for _, part := range []string{"CRITICAL  s3-acl-public-read  [mandatory]", `BucketAclV2 "files": acl is "public-read"`, "Why: ", "Fix: ",
		"1 finding stops the deployment"} {
		require.Contains(t, out, part)
	}
	_, out, _ = start([]string{"check", "-format", "json", "-"}, openBucket)
	var report struct {
		Findings []map[string]any `json:"findings"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, "s3-acl-public-read", report.Findings[0]["control"])
	require.Contains(t, report.Findings[0]["references"], "https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketaclv2/")
	for _, f := range report.Findings {
		require.NotEmpty(t, f["url"], f["control"])
		require.IsType(t, []any{}, f["requirements"], f["control"])
	}

	_, out, _ = start([]string{"check", "-format", "sarif", "-"}, openBucket)
	var sarif struct {
		Version string `json:"version"`
		Runs    []struct {
			Tool struct {
				Driver struct {
					Rules []struct {
						Properties struct {
							References []string `json:"references"`
						} `json:"properties"`
					} `json:"rules"`
					Properties struct {
						Frameworks []pack.Framework `json:"frameworks"`
					} `json:"properties"`
				} `json:"driver"`
			} `json:"tool"`
			Results []map[string]any `json:"results"`
		} `json:"runs"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &sarif))
	require.Equal(t, "2.1.0", sarif.Version)
	require.Greater(t, len(sarif.Runs[0].Tool.Driver.Rules), 200)
	require.Equal(t, "error", sarif.Runs[0].Results[0]["level"])
	require.NotEmpty(t, sarif.Runs[0].Tool.Driver.Rules[0].Properties.References)
	for i, f := range controls.Frameworks() {
		f.All, f.Uncovered, f.Date = nil, nil, "" // for the documentation, not for a report
		require.Equal(t, f, sarif.Runs[0].Tool.Driver.Properties.Frameworks[i])
	}

	_, out, _ = start([]string{"check", "-format", "junit", "-"}, openBucket)
	var suite struct {
		Failures int `xml:"failures,attr"`
	}
	require.NoError(t, xml.Unmarshal([]byte(out), &suite))
	require.Equal(t, 1, suite.Failures)

	_, out, _ = start([]string{"check", "-format", "markdown", "-"}, openBucket)
	require.Contains(t, out, "| critical | [s3-acl-public-read](")
}

func TestWaiverOnTheCommandLine(t *testing.T) {
	waivers := file(t, "waivers.yaml",
		"waivers:\n- {control: s3-acl-public-read, name: files, reason: public by agreement, owner: me, expires: 2999-12-31}\n")
	code, out, _ := start([]string{"check", "-waivers", waivers, "-"}, openBucket)
	require.Equal(t, command.Clean, code)
	require.Contains(t, out, "waived until 2999-12-31 by me: public by agreement")
	require.Contains(t, out, "1 waived")
	_, out, _ = start([]string{"check", "-waivers", waivers, "-format", "sarif", "-"}, openBucket)
	require.Contains(t, out, "suppressions")
}

// TestExpiredWaiversCannotBeHidden by switching off the control that reports them.
func TestExpiredWaiversCannotBeHidden(t *testing.T) {
	waivers := file(t, "w.yaml",
		"waivers:\n- {control: s3-acl-public-read, name: files, reason: public by agreement, owner: me, expires: 2020-12-31}\n- {control: "+
			"nothing, name: x}\n")
	for _, config := range []string{`{"all":"disabled"}`, `{"pack-governance":"disabled"}`, `{"pack-governance":"remediate"}`} {
		code, out, _ := start([]string{"check", "-config", file(t, "c.json", config), "-waivers", waivers, "-"}, openBucket)
		require.Equal(t, command.Refused, code, config)
		require.Contains(t, out, "pack-governance  [mandatory]", config)
		require.Contains(t, out, "expired on 2020-12-31; owner me", config)
		require.Contains(t, out, "w.yaml: waiver 2 (nothing for name x) is invalid and waives nothing", config)
	}
	unreadable := `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::aws:s3/bucketAclV2:BucketAclV2::x","type":"aws:s3/bucketAclV2:BucketAclV2","inputs":{"acl":"[secret]"}}]}}`
	for config, refused := range map[string]int{
		`{"pack-governance":"disabled"}`:                                           command.Clean,
		`{"pack-governance":{"enforcementLevel":"disabled","undecided":"refuse"}}`: command.Refused,
	} {
		code, out, _ := start([]string{"check", "-config", file(t, "c.json", config), "-"}, unreadable)
		require.Equal(t, refused, code, out)
	}
}

// TestBadInput gives the command what it cannot use. It must say so, with exit code 2, and judge nothing.
func TestBadInput(t *testing.T) {
	good := file(t, "state.json", openBucket)
	for name, c := range map[string]struct {
		args []string
		in   string
		want string
	}{
		"truncated export": {[]string{"check", "-"}, openBucket[:len(openBucket)-40], "not complete JSON"},
		"empty":            {[]string{"check", "-"}, "", "not complete JSON"},
		"a list":           {[]string{"check", "-"}, `[{"urn": "x"}]`, "JSON of another shape"},
		"a list within":    {[]string{"check", "-"}, `{"deployment": []}`, "JSON of another shape"},
		"another document": {[]string{"check", "-"}, `{"resources":[]}`, "neither a stack export"},
		"future version":   {[]string{"check", "-"}, `{"version":99,"deployment":{"resources":[]}}`, "version 99"},
		"no urn":           {[]string{"check", "-"}, `{"version":3,"deployment":{"resources":[{"type":"x"}]}}`, "no valid URN"},
		"inputs are a list": {[]string{"check", "-"},
			`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::c::d","type":"c","inputs":[]}]}}`, "not a JSON object"},
		"no file":   {[]string{"check"}, "", "needs one stack export"},
		"two files": {[]string{"check", good, good}, "", "it got 2 arguments"},
		"failed preview": {[]string{"check", "-"}, failedPreview,
			"the preview failed, so what it shows may not be all; mend the program and preview it again: boom"},
		"corrupt preview": {[]string{"check", "-"}, `{"steps":[],"maybeCorrupt":true}`, "the preview failed"},
		"key given twice": {[]string{"check", "-config", file(t, "c.json", `{"s3-tls-only":"mandatory","s3-tls-only":"disabled"}`), good}, "",
			"s3-tls-only"},
		"config named": {[]string{"check", "-config", file(t, "mine.json", `{"nothing-such":"advisory"}`), good}, "",
			"mine.json: the pack has no control"},
		"two YAML documents": {[]string{"check", "-waivers", file(t, "w.yaml", "waivers: []\n---\nwaivers: []\n"), good}, "",
			"more than one YAML document"},
		"missing file":       {[]string{"check", "/nowhere.json"}, "", "no such file"},
		"unknown format":     {[]string{"check", "-format", "pdf", good}, "", `-format: "pdf" is not known`},
		"unknown profile":    {[]string{"check", "-profile", "lax", good}, "", `"lax" is not one of advisory, production, staging, strict`},
		"unknown command":    {[]string{"judge"}, "", `no command "judge"`},
		"unknown control":    {[]string{"explain", "s3-tls-onli"}, "", `no control "s3-tls-onli"; did you mean "s3-tls-only"?`},
		"config is a list":   {[]string{"check", "-config", file(t, "c.json", "[]"), good}, "", "pack configuration"},
		"config wrong level": {[]string{"check", "-config", file(t, "c.json", `{"s3-tls-only":"loud"}`), good}, "", "not an enforcement level"},
		"config wrong type": {[]string{"check", "-config", file(t, "c.json", `{"rds-backups":{"minDays":"many"}}`), good}, "",
			"expected a number"},
		"config number": {[]string{"check", "-config", file(t, "c.json", `{"rds-backups":7}`), good}, "", "must be a level or an object"},
		"config misspelt": {[]string{"check", "-config", file(t, "c.json", `{"s3-tls-onli":"advisory"}`), good}, "",
			`did you mean "s3-tls-only"`},
		"waivers not YAML": {[]string{"check", "-waivers", file(t, "w.yaml", "waivers: {"), good}, "", "waivers"},
		"waivers misspelt": {[]string{"check", "-waivers", file(t, "w.yaml", "waivers:\n- {kontrol: x}\n"), good}, "", "kontrol"},
	} {
		code, out, errOut := start(c.args, c.in)
		require.Equal(t, command.Unusable, code, name)
		require.Contains(t, errOut, c.want, name)
		require.Empty(t, out, name)
	}
}

func TestOddDocumentsAreFindings(t *testing.T) {
	for name, c := range map[string]struct{ policy, want string }{
		"not JSON":   {`{`, "not valid JSON"},
		"twice":      {`{"Statement":[{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`, `key \"Effect\" twice`},
		"too long":   {`{"Statement":"` + strings.Repeat("x", 10<<20) + `"}`, "longer than 256 KB"},
		"deep":       {strings.Repeat("[", 5000), "not valid JSON"},
		"a number":   {`7`, "not a JSON object"},
		"no effect":  {`{"Statement":[{"Action":"s3:*","Resource":"*"}]}`, "AWS knows Allow and Deny"},
		"a sentence": {`everyone may read`, "not valid JSON"},
	} {
		text, err := json.Marshal(c.policy)
		require.NoError(t, err)
		state := `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::aws:iam/policy:Policy::d","type":"aws:iam/policy:Policy","inputs":{"policy":` + string(text) + `}}]}}`
		code, out, _ := start([]string{"check", "-format", "json", "-"}, state)
		require.Equal(t, command.Refused, code, name)
		require.Contains(t, out, "iam-document-valid", name)
		require.Contains(t, out, c.want, name)
	}
}

const failedPreview = `{"steps":[{"op":"create","urn":"urn:pulumi:a::b::pulumi:pulumi:Stack::b-a","newState":{"type":"pulumi:pulumi:Stack"}}],
 "diagnostics":[{"severity":"warning","message":"odd"},{"severity":"error","message":"boom\n"}]}`

func TestHelpIsNoError(t *testing.T) {
	code, out, errOut := start([]string{"check", "-h"}, "")
	require.Equal(t, command.Clean, code)
	require.Contains(t, out, "Usage: bulkhead-policy check [flags] FILE")
	require.Contains(t, out, "text, json, sarif, junit, markdown")
	require.Empty(t, errOut)
	code, out, errOut = start([]string{"check", "-colour"}, "")
	require.Equal(t, command.Unusable, code)
	require.Contains(t, errOut, "not defined: -colour")
	require.Empty(t, out)
}

// TestUnknownFormatKeepsTheOldReport: nothing was judged, so nothing may be written.
func TestUnknownFormatKeepsTheOldReport(t *testing.T) {
	report := file(t, "report.json", "old")
	code, _, _ := start([]string{"check", "-format", "pdf", "-output", report, "-"}, openBucket)
	require.Equal(t, command.Unusable, code)
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
}

// TestSecretsAreNotTold gives rules about open ports and containers values that are secret, beside others that are not.
func TestSecretsAreNotTold(t *testing.T) {
	secret := func(json string) string {
		return `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","value":` + json + `}`
	}
	for name, c := range map[string]struct{ token, inputs, hidden string }{
		"an address": {"aws:ec2/securityGroup:SecurityGroup",
			`{"ingress":[{"protocol":"tcp","fromPort":22,"toPort":22,"cidrBlocks":["0.0.0.0/0",` + secret(`"203.0.113.77/32"`) + `]}]}`,
			"203.0.113.77"},
		"a list": {"aws:ec2/securityGroup:SecurityGroup",
			`{"ingress":[{"protocol":"tcp","fromPort":22,"toPort":22,"cidrBlocks":` + secret(`["0.0.0.0/0","203.0.113.77/32"]`) + `}]}`,
			"203.0.113.77"},
		"containers": {"aws:ecs/taskDefinition:TaskDefinition",
			`{"family":"f","containerDefinitions":` +
				secret(`"[{\"name\":\"hush-name\",\"image\":\"registry.corp/hush-image:latest\",\"privileged\":true}]"`) + `}`, "hush"},
		"a document": {"aws:iam/policy:Policy",
			`{"policy":` + secret(`"{\"Statement\":[{\"Sid\":\"hush\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"`) + `}`, "hush"},
	} {
		state := `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::` + c.token + `::d","type":"` + c.token + `","inputs":` +
			c.inputs + `}]}}`
		for _, format := range []string{"text", "json", "sarif", "junit", "markdown"} {
			code, out, _ := start([]string{"check", "-format", format, "-"}, state)
			require.Equal(t, command.Refused, code, name)
			require.NotContains(t, out, c.hidden, "%s in %s", name, format)
		}
	}
}

// TestReadResourcesAreNotJudgedAlone: the engine asks about a resource that a program only reads in the stack pass.
func TestReadResourcesAreNotJudgedAlone(t *testing.T) {
	preview := `{"steps":[{"op":"OP","urn":"urn:pulumi:a::b::aws:s3/bucketAclV2:BucketAclV2::x","newState":{"urn":"urn:pulumi:a::b::aws:s3/bucketAclV2:BucketAclV2::x",
	 "type":"aws:s3/bucketAclV2:BucketAclV2","inputs":{"acl":"public-read"},"outputs":{"acl":"public-read"}}}]}`
	code, _, _ := start([]string{"check", "-"}, strings.Replace(preview, "OP", "create", 1))
	require.Equal(t, command.Refused, code)
	code, out, _ := start([]string{"check", "-"}, strings.Replace(preview, "OP", "read", 1))
	require.Equal(t, command.Clean, code, out)
	require.Contains(t, out, "1 resource,")
}

// TestStepsWithoutURNAreAllJudged: the URN may stand in the new state only.
func TestStepsWithoutURNAreAllJudged(t *testing.T) {
	step := func(name, acl string) string {
		return `{"op":"create","newState":{"urn":"urn:pulumi:a::b::aws:s3/bucketAclV2:BucketAclV2::` + name +
			`","type":"aws:s3/bucketAclV2:BucketAclV2","inputs":{"acl":"` + acl + `"}}}`
	}
	code, out, _ := start([]string{"check", "-"}, `{"steps":[`+step("x", "public-read")+`,`+step("y", "private")+`]}`)
	require.Equal(t, command.Refused, code)
	require.Contains(t, out, "2 resources")
}

func TestRedactedSecretsAreUndecidedNotPassed(t *testing.T) {
	state := `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::aws:rds/instance:Instance::d","type":"aws:rds/instance:Instance",
	  "inputs":{"storageEncrypted":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"v1:x"}}}]}}`
	_, out, _ := start([]string{"check", "-"}, state)
	require.Contains(t, out,
		"  high      Instance \"d\": waits for storageEncrypted, a secret that cannot be read; export again with "+
			"--show-secrets\n            rds-storage-encrypted\n")

	state = `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::aws:s3/bucketAclV2:BucketAclV2::x","type":"aws:s3/bucketAclV2:BucketAclV2","inputs":{"acl":"[secret]"}},
	 {"urn":"urn:pulumi:a::b::aws:s3/bucketPolicy:BucketPolicy::y","type":"aws:s3/bucketPolicy:BucketPolicy","inputs":{"policy":"[secret]"}}]}}`
	_, out, _ = start([]string{"check", "-"}, state)
	for _, want := range []string{"BucketAclV2 \"x\": waits for acl, ", "s3-acl-public-read, s3-acl-public-write",
		"BucketPolicy \"y\": waits for policy, ", "s3-policy-public", "iam-document-valid"} {
		require.Contains(t, out, want)
	}
}

// TestGeneratedDocumentationIsCurrent writes the documentation anew and compares every file, those that are too many included.
func TestGeneratedDocumentationIsCurrent(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "policies"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "policies", "gone.md"), nil, 0o600))
	code, _, errOut := start([]string{"docs", folder}, "")
	require.Equal(t, command.Clean, code, errOut)
	const run = "run: go run ./policy docs docs"
	written := pages(t, folder)
	committed := pages(t, "../../docs")
	require.Equal(t, slices.Sorted(maps.Keys(committed)), slices.Sorted(maps.Keys(written)), run)
	for name, text := range written {
		require.True(t, text == committed[name], "docs/%s is not current; %s", name, run)
	}
	p, err := controls.New()
	require.NoError(t, err)
	for _, c := range p.Controls() {
		file, anchor, _ := strings.Cut(strings.TrimPrefix(c.URL, strings.TrimSuffix(controls.Documentation, "policies.md")), "#")
		if c.ID == pack.GovernanceID {
			anchor = "Waivers"
		}
		require.Contains(t, written[file], "\n## "+anchor+"\n", "%s has the address %s, and nothing is there", c.ID, c.URL)
	}
}

// pages are the files about policies in a folder of documentation.
func pages(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob(filepath.Join(folder, "policies", "*.md"))
	require.NoError(t, err)
	for _, file := range append(files, filepath.Join(folder, "policies.md")) {
		text, err := os.ReadFile(filepath.Clean(file))
		require.NoError(t, err)
		name, err := filepath.Rel(folder, file)
		require.NoError(t, err)
		found[filepath.ToSlash(name)] = string(text)
	}
	return found
}

func TestProfilesAreValid(t *testing.T) {
	files, err := filepath.Glob("../profiles/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		_, _, errOut := start([]string{"check", "-config", f, "-"}, openBucket)
		require.Empty(t, errOut, f)
	}
}

// TestFindingOfThePackItself reads a finding about a waiver, which is no control's with requirements.
func TestFindingOfThePackItself(t *testing.T) {
	waivers := file(t, "waivers.yaml",
		"waivers:\n- {control: s3-acl-public-read, name: files, reason: public by agreement, owner: me, expires: 2001-12-31}\n")
	_, out, _ := start([]string{"check", "-waivers", waivers, "-format", "json", "-"}, openBucket)
	var report struct {
		Frameworks []map[string]string `json:"frameworks"`
		Findings   []map[string]any    `json:"findings"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Frameworks, 5)
	for _, f := range report.Findings {
		if f["control"] == "pack-governance" {
			require.Equal(t, controls.Documentation+"#waivers", f["url"])
			require.Equal(t, []any{}, f["requirements"])
			require.Equal(t, []any{}, f["references"])
			return
		}
	}
	t.Fatal("no finding of pack-governance")
}

// TestList compares the controls as data with those of the pack.
func TestList(t *testing.T) {
	code, out, _ := start([]string{"list", "-format", "json"}, "")
	require.Equal(t, command.Clean, code)
	var all struct {
		Controls []struct {
			ID         string           `json:"control"`
			References []string         `json:"references"`
			Settings   []map[string]any `json:"settings"`
		} `json:"controls"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &all))
	p, err := controls.New()
	require.NoError(t, err)
	require.Len(t, all.Controls, len(p.Controls()))
	for _, c := range all.Controls {
		require.Equal(t, p.Control(c.ID).References(), c.References)
		require.Len(t, c.Settings, len(p.Control(c.ID).Settings))
		if c.ID != "pack-governance" {
			require.NotEmpty(t, c.References, c.ID)
		}
	}
	code, out, _ = start([]string{"list", "-h"}, "")
	require.Equal(t, command.Clean, code)
	require.Contains(t, out, "text, json")
	for _, args := range [][]string{{"list", "-format", "yaml"}, {"list", "s3-nothing-such"}, {"list", "-what"}} {
		code, _, _ = start(args, "")
		require.Equal(t, command.Unusable, code, args)
	}
}

func TestHelp(t *testing.T) {
	code, out, _ := start([]string{"help"}, "")
	require.Equal(t, command.Clean, code)
	require.Contains(t, out, "Exit codes")
	_, out, _ = start([]string{"list"}, "")
	require.Contains(t, out, "s3-public-access-block")
	code, out, _ = start([]string{"explain", "rds-backups"}, "")
	require.Equal(t, command.Clean, code)
	require.Contains(t, out, "Setting minDays (default 7)")
	require.Contains(t, out, "Reference: https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-11")
	require.Contains(t, out, "Reference: https://www.pulumi.com/registry/packages/aws/api-docs/rds/instance/")
	code, _, _ = start(nil, "")
	require.Equal(t, command.Unusable, code)
}
