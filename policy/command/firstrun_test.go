// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/command"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
)

// thing is a resource of an export of a stack that nobody has prepared.
type thing struct {
	token, name, inputs, parent string
	component                   bool
}

const root = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"

// stack writes an export as Pulumi does: the stack, the provider of a version, and the things.
func stack(t *testing.T, provider string, things ...thing) string {
	t.Helper()
	const aws = "urn:pulumi:dev::shop::pulumi:providers:aws::default"
	list := []map[string]any{
		{"urn": root, "type": "pulumi:pulumi:Stack", "custom": false},
		{"urn": aws, "type": "pulumi:providers:aws", "custom": true, "inputs": map[string]any{"version": provider}},
	}
	for _, one := range things {
		prefix, parent := "", root
		if one.parent != "" {
			parent = one.parent
			prefix = strings.SplitN(parent, "::", 4)[2] + "$"
		}
		r := map[string]any{"urn": "urn:pulumi:dev::shop::" + prefix + one.token + "::" + one.name, "type": one.token, "custom": !one.component,
			"parent": parent}
		if one.inputs != "" {
			r["inputs"] = json.RawMessage(one.inputs)
		}
		if !one.component {
			pkg, _, _ := strings.Cut(one.token, ":")
			r["provider"] = "urn:pulumi:dev::shop::pulumi:providers:" + pkg + "::default::id"
		}
		list = append(list, r)
	}
	text, err := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": list}})
	require.NoError(t, err)
	return string(text)
}

var publicACL = thing{token: "aws:s3/bucketAclV2:BucketAclV2", name: "files", inputs: `{"acl":"public-read"}`}

// TestNothingPassesUnseen has one resource of each kind that no control looks at.
func TestNothingPassesUnseen(t *testing.T) {
	network := thing{token: "awsx:ec2:Vpc", name: "net", component: true}
	state := stack(t, "7.1.0", publicACL,
		thing{token: "aws-native:s3:AccessPoint", name: "native"},
		thing{token: "aws:cloudcontrol/resource:Resource", name: "any"},
		thing{token: "aws:cloudformation/stack:Stack", name: "template"},
		network, thing{token: "eks:index:Cluster", name: "seen", component: true},
		thing{token: "aws:ec2/vpc:Vpc", name: "vpc", parent: "urn:pulumi:dev::shop::eks:index:Cluster::seen"},
		thing{token: "shop:index:Empty", name: "empty", component: true},
		thing{token: "aws:iot/thing:Thing", name: "thing"},
		thing{token: "random:index/randomPassword:RandomPassword", name: "password"},
	)
	code, out, errOut := start([]string{"check", "-"}, state)
	require.Equal(t, command.Refused, code, errOut)
	_, unseen, _ := strings.Cut(out, "\nNot judged:\n")
	last := 0
	for _, want := range []string{
		"AWS resources of another provider\n      1  aws-native:s3:AccessPoint\n", "Cloud Control", "1  aws:cloudcontrol/resource:Resource\n",
		"CloudFormation stacks",
		"1  aws:cloudformation/stack:Stack\n", "components of packages for AWS with nothing below them", "1  awsx:ec2:Vpc\n",
		"components with nothing below them", "1  shop:index:Empty\n", "types without a control\n      1  aws:iot/thing:Thing\n",
		"resources of other providers\n      1  random:index/randomPassword:RandomPassword\n", "7 resources are not judged.\n",
	} {
		at := strings.Index(unseen, want)
		require.Greater(t, at, last, "%s in %s", want, unseen)
		last = at
	}
	require.NotContains(t, unseen, "eks:index:Cluster", "what it made is seen")
	require.NotContains(t, out, "this pack knows it up to version", "it knows version 7")
	require.Contains(t, out, "\n7 resources, ", "components, the stack and providers are not the user's resources")

	for _, format := range []string{"json", "sarif", "junit", "markdown"} {
		_, out, _ := start([]string{"check", "-format", format, "-"}, state)
		for _, token := range []string{"aws-native:s3:AccessPoint", "aws:cloudformation/stack:Stack", "awsx:ec2:Vpc"} {
			require.Contains(t, out, token, format)
		}
	}
}

// TestFrontDoorsAndOtherProvidersAreJudged has four resources that once passed without a word.
func TestFrontDoorsAndOtherProvidersAreJudged(t *testing.T) {
	code, out, errOut := start([]string{"check", "-"}, stack(t, "7.1.0",
		thing{token: "aws:cloudfront/distribution:Distribution", name: "cdn", inputs: `{"enabled":true,"defaultCacheBehavior":{"viewerProtocolPolicy":"allow-all"}}`},
		thing{token: "aws:apigateway/method:Method", name: "any", inputs: `{"httpMethod":"ANY","authorization":"NONE"}`},
		thing{token: "aws:docdb/cluster:Cluster", name: "plain", inputs: `{"storageEncrypted":false}`},
		thing{token: "aws-native:s3:Bucket", name: "native", inputs: `{"accessControl":"PublicRead"}`}))
	require.Equal(t, command.Refused, code, errOut)
	for _, want := range []string{`Distribution "cdn": defaultCacheBehavior.viewerProtocolPolicy is "allow-all"`, `Method "any": authorization is "NONE"`,
		`Cluster "plain": storageEncrypted is false`, `Bucket "native": accessControl is "PublicRead"`, "; 0 resources are not judged."} {
		require.Contains(t, out, want)
	}
}

// TestUnjudgedCanBeRefused makes findings of what is not judged, but for the types that need not be.
func TestUnjudgedCanBeRefused(t *testing.T) {
	state := stack(t, "9.0.1", thing{token: "aws:ec2/vpc:Vpc", name: "vpc"}, thing{token: "aws-native:s3:AccessPoint", name: "one"},
		thing{token: "aws-native:s3:AccessPoint", name: "two"},
		thing{token: "random:index/randomPassword:RandomPassword", name: "password"})
	config := file(t, "refuse.json", `{"pack-governance":{"unjudged":"refuse","unjudgedAllowed":["random:*"]}}`)
	code, out, _ := start([]string{"check", "-config", config, "-only", "pack-governance", "-"}, state)
	require.Equal(t, command.Refused, code)
	require.Contains(t, out, `not judged: 2 aws-native:s3:AccessPoint (one, two), AWS resources of another provider`)
	require.Contains(t, out, "uses version 9.0.1 of the provider, this pack knows it up to version 7")
	require.Contains(t, out, "2 findings stop the deployment")
	require.NotContains(t, out, "RandomPassword (password)")
}

// TestAnOlderTableIsSaidOnce: what replaces a resource is known of one version of the provider. Programs on older ones, and on none
// that anybody says, are judged as ever.
func TestAnOlderTableIsSaidOnce(t *testing.T) {
	volume := thing{token: "aws:ebs/volume:Volume", name: "v", inputs: `{"encrypted":false}`}
	for provider, want := range map[string]int{"5.43.0": 0, "6.1.0": 0, schema.Version(): 0, "6.999.0": 1, "7.8.0": 1, "v7.8.0": 1, "": 0, "main": 0} {
		for _, format := range []string{"text", "markdown"} {
			code, out, errOut := start([]string{"check", "-", "-only", "ebs-encrypted", "-format", format}, stack(t, provider, volume, volume))
			require.Equal(t, command.Refused, code, "%s: %s", provider, errOut)
			require.Contains(t, out, "encrypted is false", provider)
			require.Equal(t, want, strings.Count(out, "which change of an input replaces its resource is known of version "+schema.Version()), provider)
		}
	}
}

// TestNothingJudgedIsNotGreen: an empty file and one without a type that a control knows must not look like a stack in order.
func TestNothingJudgedIsNotGreen(t *testing.T) {
	ignore := file(t, "ignore.json", `{"pack-governance":{"unjudged":"ignore"}}`)
	for name, c := range map[string]struct{ state, want string }{
		"an empty export":     {`{"version":3,"deployment":{"manifest":{}}}`, "the file holds no resource"},
		"the stack alone":     {stack(t, "7.1.0"), "the file holds no resource"},
		"an empty preview":    {`{"config":{},"changeSummary":{}}`, "the file holds no resource"},
		"an empty checkpoint": {`{"version":3,"checkpoint":{"stack":"organization/shop/dev"}}`, "the file holds no resource"},
		"other clouds":        {stack(t, "7.1.0", thing{token: "gcp:storage/bucket:Bucket", name: "b"}), "1 gcp:storage/bucket:Bucket"},
	} {
		code, out, errOut := start([]string{"check", "-"}, c.state)
		require.Equal(t, command.Unusable, code, name)
		require.Contains(t, errOut, "nothing was judged", name)
		require.Contains(t, errOut, c.want, name)
		require.Empty(t, out, name)
		code, _, errOut = start([]string{"check", "-", "-config", ignore}, c.state)
		require.Equal(t, command.Clean, code, "%s: %s", name, errOut)
	}
}

// TestFirstLineSaysByWhatWasJudged for each way to say it.
func TestFirstLineSaysByWhatWasJudged(t *testing.T) {
	config := file(t, "mine.json", `{"pack-governance":{"profile":"staging"},"s3-force-destroy":"disabled"}`)
	state := stack(t, "7.1.0", publicACL)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "Judged stdin (stack dev of shop) by each control's own level, without a profile or a configuration: "},
		{[]string{"-profile", "strict"}, `Judged stdin (stack dev of shop) by profile "strict", without a configuration: `},
		{[]string{"-config", config}, `by profile "staging" with the configuration ` + config + ": "},
	} {
		_, out, _ := start(append([]string{"check", "-"}, c.args...), state)
		line, _, _ := strings.Cut(out, "\n")
		require.Contains(t, line, c.want)
		require.Regexp(t, `: \d+ controls are on, \d+ are off\.$`, line)
	}
}

// TestResourcesOfOneNameAreToldApart by what they stand in.
func TestResourcesOfOneNameAreToldApart(t *testing.T) {
	first := thing{token: "shop:index:Files", name: "web", component: true}
	second := thing{token: "shop:index:Archive", name: "old", component: true}
	a, b, c := publicACL, publicACL, publicACL
	a.parent, b.parent, c.name = "urn:pulumi:dev::shop::shop:index:Files::web", "urn:pulumi:dev::shop::shop:index:Archive::old", "alone"
	_, out, _ := start([]string{"check", "-"}, stack(t, "7.1.0", first, second, a, b, c))
	for _, want := range []string{`BucketAclV2 "files" in Files "web": acl`, `BucketAclV2 "files" in Archive "old": acl`,
		`BucketAclV2 "alone": acl`} {
		require.Contains(t, out, want)
	}
}

// TestOneCauseIsOneFinding for people; programs get every control's.
func TestOneCauseIsOneFinding(t *testing.T) {
	state := stack(t, "7.1.0",
		thing{token: "aws:ec2/securityGroup:SecurityGroup", name: "open",
			inputs: `{"description":"d","ingress":[{"description":"d","protocol":"-1","fromPort":0,"toPort":0,"cidrBlocks":["0.0.0.0/0"]}]}`},
		thing{token: "aws:iam/policy:Policy", name: "wide",
			inputs: `{"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iam:*\",\"Resource\":\"*\"}]}"}`})
	_, out, _ := start([]string{"check", "-", "-severity", "critical"}, state)
	require.Equal(t, 1, strings.Count(out, "reach every port and protocol"), out)
	require.Contains(t, out, "  Also: sg-rdp-world, sg-risky-ports-world, sg-smb-world, sg-ssh-world\n")
	require.Equal(t, 1, strings.Count(out, "CRITICAL  iam-escalation"), out)
	require.Contains(t, out, " more, which -format json lists\n")
	require.Contains(t, out, "2 findings stop the deployment")
	_, out, _ = start([]string{"check", "-", "-severity", "critical", "-format", "json"}, state)
	require.Equal(t, 1, strings.Count(out, `"control": "sg-ssh-world"`))
	require.Equal(t, 4, strings.Count(out, `"cause": "sg-all-ports-world"`))
}

// TestOneRuleIsOneFinding although two controls look at another part of it.
func TestOneRuleIsOneFinding(t *testing.T) {
	_, out, _ := start([]string{"check", "-", "-severity", "high"}, stack(t, "7.1.0", thing{token: "aws:ec2/securityGroup:SecurityGroup", name: "web",
		inputs: `{"ingress":[{"protocol":"tcp","fromPort":22,"toPort":22,"cidrBlocks":["0.0.0.0/0"]}]}`}))
	require.Equal(t, 1, strings.Count(out, "reach tcp port 22"), out)
	require.Contains(t, out, "  Also: sg-other-ports-world\n")
}

// TestReportOnLess narrows the report and says what makes the exit code.
func TestReportOnLess(t *testing.T) {
	state := stack(t, "7.1.0", publicACL, thing{token: "aws:ebs/volume:Volume", name: "v", inputs: `{"encrypted":false}`},
		thing{token: "aws:ec2/vpc:Vpc", name: "v"})
	for _, c := range []struct {
		args []string
		code int
		want string
		none string
	}{
		{[]string{"-only", "ebs"}, command.Refused, "ebs-encrypted", "s3-acl"},
		{[]string{"-only", "ebs-cmk, s3-acl-*"}, command.Refused, "s3-acl-public-read", "ebs-encrypted"},
		{[]string{"-only", "vpc-dns"}, command.Clean, "This report is about 1 of them: id vpc-dns.", "s3-acl"},
		{[]string{"-severity", "critical"}, command.Refused, "s3-acl-public-read", "ebs-encrypted"},
		{[]string{"-fail-on", "never"}, command.Clean, "findings stop the deployment", "nothing"},
		{[]string{"-only", "vpc-dns", "-fail-on", "critical"}, command.Clean, "vpc-dns", "s3-acl"},
		{[]string{"-only", "vpc-dns", "-fail-on", "low"}, command.Refused, "vpc-dns", "s3-acl"},
	} {
		code, out, errOut := start(append([]string{"check", "-"}, c.args...), state)
		require.Equal(t, c.code, code, "%v: %s%s", c.args, out, errOut)
		require.Contains(t, out, c.want, c.args)
		require.NotContains(t, out, c.none, c.args)
	}
	code, out, errOut := start([]string{"check", "-", "-only", "ebs-cmk"}, state)
	require.Equal(t, command.Unusable, code, out)
	require.Contains(t, errOut, "every control that the flags choose (id ebs-cmk) is off")
	code, out, errOut = start([]string{"check", "-", "-only", "s3-acl-publik", "-severity", "worst", "-fail-on", "any"}, state)
	require.Equal(t, command.Unusable, code)
	require.Empty(t, out)
	require.Contains(t, errOut, `-fail-on: "any" is not known`)
	_, _, errOut = start([]string{"check", "-", "-only", "s3-acl-publik-reed", "-severity", "worst"}, state)
	require.Contains(t, errOut, `did you mean "s3-acl-public-read"?`)
	require.Contains(t, errOut, `-severity: "worst" is not known`)
}

// TestLastLineCountsCriticalChecksWithoutAnAnswer because those are what to look at next.
func TestLastLineCountsCriticalChecksWithoutAnAnswer(t *testing.T) {
	acl := publicACL
	acl.inputs = `{"acl":"[secret]"}`
	_, out, _ := start([]string{"check", "-", "-only", "s3-acl"}, stack(t, "7.1.0", acl))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Contains(t, lines[len(lines)-1], "checks are undecided, 2 of them critical;")
}

// TestWhatPulumiWritesIsRead gives one stack in every form in which Pulumi writes it down.
func TestWhatPulumiWritesIsRead(t *testing.T) {
	state := stack(t, "7.1.0", publicACL)
	deployment := strings.TrimSuffix(strings.TrimPrefix(state, `{"deployment":`), `,"version":3}`)
	checkpoint := `{"version":3,"checkpoint":{"stack":"organization/shop/dev","latest":` + deployment + `}}`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(checkpoint))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	wide := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(state)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	acl := `{"type":"aws:s3/bucketAclV2:BucketAclV2","urn":"urn:pulumi:dev::shop::aws:s3/bucketAclV2:BucketAclV2::files","custom":true,"inputs":{"acl":"public-read"},"outputs":{"acl":"public-read"}}`
	events := `{"sequence":0,"timestamp":1,"preludeEvent":{"config":{}}}
{"sequence":1,"timestamp":1,"resourcePreEvent":{"metadata":{"op":"create","urn":"` + root + `","type":"pulumi:pulumi:Stack","new":{"type":"pulumi:pulumi:Stack","urn":"` + root + `"}}}}
{"sequence":2,"timestamp":1,"resourcePreEvent":{"metadata":{"op":"create","urn":"urn:pulumi:dev::shop::aws:s3/bucketAclV2:BucketAclV2::files","new":` + strings.Replace(acl, `"outputs":{"acl":"public-read"}`, `"outputs":{}`, 1) + `}}}
{"sequence":3,"timestamp":1,"resOutputsEvent":{"metadata":{"op":"create","urn":"urn:pulumi:dev::shop::aws:s3/bucketAclV2:BucketAclV2::files","new":` + strings.Replace(acl, `"inputs":{"acl":"public-read"}`, `"inputs":{"acl":"private"}`, 1) + `}}}
`
	summary := `{"sequence":4,"timestamp":2,"summaryEvent":{"isPreview":false,"maybeCorrupt":false}}`
	for name, text := range map[string]string{
		"export": state, "checkpoint": checkpoint, "packed checkpoint": packed.String(), "export by PowerShell": string(wide),
		"event log":        events + summary,
		"event log of two": strings.ReplaceAll(events, "files", "former") + summary + "\n" + events + summary,
	} {
		code, out, errOut := start([]string{"check", "-", "-only", "s3-acl-public-read"}, text)
		require.Equal(t, command.Refused, code, "%s: %s", name, errOut)
		require.Contains(t, out, `BucketAclV2 "files": acl is "public-read"`, name)
		require.NotContains(t, out, `"former"`, name)
	}
	for name, c := range map[string][2]string{
		"ends early": {events, "no summaryEvent"},
		"cut":        {events + summary[:40], "no summaryEvent"},
		"failed": {events + `{"sequence":4,"diagnosticEvent":{"severity":"error","message":"boom"}}` + summary,
			"the preview failed, so what it shows may not be all; mend the program and preview it again: boom"},
		"half packed":  {packed.String()[:packed.Len()-9], "cannot be read"},
		"not packed":   {"\x1f\x8b nothing", "not complete"},
		"failed early": {`{"config":{},"diagnostics":[{"severity":"error","message":"no such stack"}]}`, "no such stack"},
	} {
		code, out, errOut := start([]string{"check", "-"}, c[0])
		require.Equal(t, command.Unusable, code, name)
		require.Contains(t, errOut, c[1], name)
		require.Empty(t, out, name)
	}
}

// TestFilesOfOtherKindsAreNamed gives what is easily taken for an export.
func TestFilesOfOtherKindsAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"Terraform state":         {`{"version":4,"terraform_version":"1.9.0","serial":1,"lineage":"x","resources":[]}`, "a Terraform state"},
		"Terraform state by show": {`{"format_version":"1.0","terraform_version":"1.9.0","values":{}}`, "a Terraform state"},
		"Terraform plan":          {`{"format_version":"1.2","terraform_version":"1.9.0","planned_values":{}}`, "a Terraform plan"},
		"Terraform plan, packed":  {"PK\x03\x04plan", "a zip archive"},
		"Terraform configuration": {"resource \"aws_s3_bucket\" \"b\" {\n}\n", "a Terraform configuration"},
		"Terraform in JSON":       {`{"resource":{"aws_s3_bucket":{"b":{}}}}`, "a Terraform configuration in JSON"},
		"CloudFormation":          {`{"AWSTemplateFormatVersion":"2010-09-09","Resources":{}}`, "a CloudFormation template"},
		"CloudFormation in YAML": {"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Ref N}\n",
			"a CloudFormation template"},
		"CDK template": {`{"Resources":{},"Parameters":{"BootstrapVersion":{}},"Rules":{"CheckBootstrapVersion":{}}}`,
			"synthesised by the AWS CDK"},
		"CDK assembly":    {`{"version":"36.0.0","artifacts":{}}`, "a cloud assembly of the AWS CDK"},
		"CDK settings":    {`{"app":"npx ts-node bin/app.ts","context":{}}`, "the settings of an AWS CDK app"},
		"Kubernetes":      {"apiVersion: v1\nkind: Service\n", "a Kubernetes manifest"},
		"Pulumi project":  {"name: shop\nruntime: nodejs\n", "a Pulumi project file"},
		"Pulumi settings": {"config:\n  aws:region: eu-central-1\n", "the settings of a Pulumi stack"},
		"Pulumi plan":     {`{"resourcePlans":{},"manifest":{}}`, "an update plan of Pulumi"},
		"configuration":   {`{"pack-governance":{"profile":"staging"}}`, "give it with -config"},
		"waivers":         {"waivers: []\n", "give it with -waivers"},
	} {
		code, out, errOut := start([]string{"check", "-"}, c.text)
		require.Equal(t, command.Unusable, code, name)
		require.Contains(t, errOut, c.want, name)
		require.Contains(t, errOut, "pulumi preview --json > preview.json", name)
		require.Empty(t, out, name)
	}
	folder := t.TempDir()
	_, _, errOut := start([]string{"check", folder}, "")
	require.Contains(t, errOut, "this is a folder")
}

// TestListAndExplainChoose controls by every way there is.
func TestListAndExplainChoose(t *testing.T) {
	for _, c := range []struct {
		args       []string
		want, none string
	}{
		{[]string{"list", "s3-acl"}, "s3-acl-public-read", "s3-tls-only"},
		{[]string{"list", "-type", "aws:ebs/volume:Volume"}, "ebs-encrypted", "s3-tls-only"},
		{[]string{"list", "-type", "volume"}, "ebs-encrypted", "s3-tls-only"},
		{[]string{"list", "-type", "ebs"}, "ebs-encrypted", "s3-tls-only"},
		{[]string{"list", "s3", "-severity", "critical"}, "s3-acl-public-read", "s3-tls-only"},
		{[]string{"list", "-framework", "FSBP:S3.5"}, "s3-tls-only", "s3-acl-public-read"},
		{[]string{"list", "-framework", "cis", "sg"}, "sg-ssh-world", "s3-"},
		{[]string{"list", "-level", "disabled", "account"}, "account-trail", "s3-"},
		{[]string{"list", "-profile", "strict", "-level", "mandatory", "vpc-dns"}, "vpc-dns", "advisory"},
		{[]string{"explain", "s3-acl-public"}, "s3-acl-public-write\nNo bucket ACL lets everybody write.", "s3-tls-only\n"},
		{[]string{"explain", "s3-acl-public-read"}, "level mandatory (advisory: advisory, production: mandatory", "s3-acl-public-write\n"},
		{[]string{"explain", "s3-acl-public-read", "-format", "json"}, `"control": "s3-acl-public-read"`, "s3-acl-public-write"},
	} {
		code, out, errOut := start(c.args, "")
		require.Equal(t, command.Clean, code, "%v: %s", c.args, errOut)
		require.Contains(t, out, c.want, c.args)
		require.NotContains(t, out, c.none, c.args)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"explain", "bucket-tls"}, "s3-tls-only"},
		{[]string{"explain", "qqq"}, `no control "qqq"; "list" shows all`},
		{[]string{"list", "-framework", "SOC"}, "the frameworks are FSBP, SecurityHub, CIS, NIST, PCI"},
		{[]string{"list", "-type", "aws:iot/thing:Thing"}, `no control judges "aws:iot/thing:Thing"`},
		{[]string{"list", "-level", "loud"}, `"loud" is not an enforcement level`},
		{[]string{"list", "s3-acl", "-framework", "FSBP:S3.5"}, "no control fits: id s3-acl, framework FSBP:S3.5"},
		{[]string{"explain"}, "explain needs the id of a control"},
	} {
		code, out, errOut := start(c.args, "")
		require.Equal(t, command.Unusable, code, c.args)
		require.Contains(t, errOut, c.want, c.args)
		require.Empty(t, out, c.args)
	}
}

// TestPublicSaysWhatIsReached of a file that is in order for check, in words and for programs, and refuses what check refuses.
func TestPublicSaysWhatIsReached(t *testing.T) {
	state := stack(t, "7.1.0", publicACL, thing{token: "aws:cloudfront/distribution:Distribution", name: "site", inputs: `{"enabled":true}`},
		thing{token: "aws:iot/thing:Thing", name: "lamp"})
	code, out, errOut := start([]string{"public", "-"}, state)
	require.Equal(t, command.Clean, code, errOut)
	require.Equal(t, `Public in dev of shop:
  BucketAclV2 "files": acl is "public-read"
  Distribution "site": it faces the internet
  not judged: 1 aws:iot/thing:Thing (lamp)

3 resources: 2 ways in, 0 not known yet, 1 resources not judged.
`, out)
	_, out, _ = start([]string{"public", "-", "-format", "json"}, state)
	var report struct{ Public []struct{ Name string } }
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Public, 2)
	for want, args := range map[string][]string{
		"the file holds no resource": {"public", "-"}, `-format: "xml" is not known`: {"public", "-", "-format", "xml"}, "it got 0 arguments": {"public"},
	} {
		code, out, errOut = start(args, `{"version":3,"deployment":{"manifest":{}}}`)
		require.Equal(t, command.Unusable, code, want)
		require.Contains(t, errOut, want)
		require.Empty(t, out)
	}
}

// TestGuideIsTrue runs what the guide shows.
func TestGuideIsTrue(t *testing.T) {
	_, guide, _ := start([]string{"guide"}, "")
	folder := t.TempDir()
	t.Chdir(folder)
	fence := func(language string) string {
		_, rest, found := strings.Cut(guide, "```"+language+"\n")
		require.True(t, found)
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	state := stack(t, "7.1.0", publicACL, thing{token: "aws:rds/instance:Instance", name: "db"})
	for name, text := range map[string]string{"preview.json": state, "policies.json": fence("json"), "policy-waivers.yaml": fence("yaml")} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	ran := 0
	for _, line := range strings.Split(guide, "\n") {
		if args, ours := strings.CutPrefix(line, "bulkhead-policy "); ours {
			ran++
			code, out, errOut := start(strings.Fields(args), "")
			require.NotEqual(t, command.Unusable, code, "%s: %s", line, errOut)
			require.NotEmpty(t, out, line)
		}
	}
	require.Greater(t, ran, 5, fmt.Sprint(guide))
}
