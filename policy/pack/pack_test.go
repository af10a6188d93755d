// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

const (
	box  = "aws:s3/bucketV2:BucketV2"
	lock = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
)

func control(id string, change func(*pack.Control)) *pack.Control {
	c := &pack.Control{
		ID: id, Title: "It holds", Why: "Because.", Fix: "Do it.", Severity: pack.High, Types: []string{box},
		Maps: []string{"FSBP:S3.8"}, Check: func(*pack.Case) {},
	}
	change(c)
	return c
}

func sample(tb testing.TB, more ...*pack.Control) *pack.Pack {
	tb.Helper()
	p := &pack.Pack{Name: "sample", Version: "1.2.3", Profiles: map[string]pack.Profile{
		"relaxed": {Help: "Advises.", Level: func(*pack.Control) pack.Level { return pack.Advisory }},
	}}
	controls := append([]*pack.Control{
		control("a-locked", func(c *pack.Control) {
			c.Check = func(k *pack.Case) { k.Require(k.Get("locked").IsTrue()) }
			c.Remedy = func(e *pack.Edit) { e.Set("locked", true) }
		}),
		control("b-size", func(c *pack.Control) {
			c.Severity = pack.Low
			c.Settings = []pack.Setting{{Name: "least", Default: 10.0, Help: "Least size."}}
			c.Check = func(k *pack.Case) { k.Require(k.Get("size").AtLeast(k.Num("least"))) }
		}),
		control("c-faulty", func(c *pack.Control) {
			c.Check = func(k *pack.Case) {
				if k.Get("explode").Exists() {
					panic("boom")
				}
			}
		}),
		control("d-has-lock", func(c *pack.Control) {
			c.Stack, c.Joins = true, []string{lock}
			c.Check = func(k *pack.Case) {
				sure, maybe := k.Stack.Pointing(k.Resource, "bucket", lock)
				switch {
				case len(sure) > 0:
				case len(maybe) > 0:
					k.Defer(maybe[0])
				default:
					k.Report(pack.Value{}, "no lock")
				}
			}
		}),
	}, more...)
	require.NoError(tb, p.Load(controls...))
	return p
}

func props(tb testing.TB, m map[string]any) *structpb.Struct {
	tb.Helper()
	s, err := structpb.NewStruct(m)
	require.NoError(tb, err)
	return s
}

func urn(token, name string) string { return "urn:pulumi:dev::p::" + token + "::" + name }

func analyze(tb testing.TB, c pulumirpc.AnalyzerClient, name string, m map[string]any) *pulumirpc.AnalyzeResponse {
	tb.Helper()
	got, err := c.Analyze(context.Background(),
		&pulumirpc.AnalyzeRequest{Type: box, Name: name, Urn: urn(box, name), Properties: props(tb, m)})
	require.NoError(tb, err)
	return got
}

func names(diagnostics []*pulumirpc.AnalyzeDiagnostic) []string {
	var out []string
	for _, d := range diagnostics {
		out = append(out, d.GetPolicyName())
	}
	return out
}

func TestServerAnswersBeforeAnyConfiguration(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	plugin, err := c.GetPluginInfo(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	require.Equal(t, "1.2.3", plugin.GetVersion())
	info, err := c.GetAnalyzerInfo(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	require.True(t, info.GetSupportsConfig())
	require.Len(t, info.GetPolicies(), 5)
	first := info.GetPolicies()[0]
	require.Equal(t, "a-locked", first.GetName())
	require.Equal(t, pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH, first.GetSeverity())
	require.Equal(t, pulumirpc.EnforcementLevel_MANDATORY, first.GetEnforcementLevel())
	require.Equal(t, "S3.8", first.GetFramework().GetSpecification())
	require.Equal(t, "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-8", first.GetFramework().GetReference())
	require.Equal(t, pulumirpc.PolicyType_POLICY_TYPE_STACK, info.GetPolicies()[3].GetPolicyType())
	require.Equal(t, 10.0,
		info.GetPolicies()[1].GetConfigSchema().GetProperties().GetFields()["least"].GetStructValue().GetFields()["default"].GetNumberValue())
	_, err = c.Handshake(context.Background(), &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: "127.0.0.1:1"})
	require.NoError(t, err)
}

func TestAnalyzeOrderLevelsAndUnknowns(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	got := analyze(t, c, "x", map[string]any{"size": 3, "explode": true})
	require.Equal(t, []string{"a-locked", "b-size", "c-faulty"}, names(got.GetDiagnostics()))
	require.Equal(t, pulumirpc.EnforcementLevel_ADVISORY, got.GetDiagnostics()[1].GetEnforcementLevel())
	require.Contains(t, got.GetDiagnostics()[0].GetMessage(), `BucketV2 "x": locked is not set`)
	require.Contains(t, got.GetDiagnostics()[2].GetMessage(), "boom")

	got = analyze(t, c, "y", map[string]any{"size": 30, "locked": pack.UnknownText})
	require.Empty(t, got.GetDiagnostics())
	require.Len(t, got.GetNotApplicable(), 1)
	require.Contains(t, got.GetNotApplicable()[0].GetReason(), "waits for locked")

	other, err := c.Analyze(context.Background(), &pulumirpc.AnalyzeRequest{Type: "random:index/randomPet:RandomPet", Urn: urn("t", "z")})
	require.NoError(t, err)
	require.Len(t, other.GetNotApplicable(), 3, "controls for other types are not counted as passed")

	stack, err := c.AnalyzeStack(context.Background(), &pulumirpc.AnalyzeStackRequest{})
	require.NoError(t, err)
	require.Len(t, stack.GetDiagnostics(), 1)
	require.Contains(t, stack.GetDiagnostics()[0].GetMessage(), "1 checks wait")
}

func TestStackJoinsByURNWithCachedInputs(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	analyze(t, c, "one", map[string]any{"locked": true, "size": 11})
	analyze(t, c, "two", map[string]any{"locked": true, "size": 11})
	_, err := c.Analyze(context.Background(), &pulumirpc.AnalyzeRequest{
		Type: lock, Name: "l", Urn: urn(lock, "l"), Properties: props(t, map[string]any{"bucket": pack.UnknownText}),
	})
	require.NoError(t, err)
	request := &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		{Type: box, Name: "one", Urn: urn(box, "one")},
		{Type: box, Name: "two", Urn: urn(box, "two")},
		{
			Type: lock, Name: "l", Urn: urn(lock, "l"), // the provider blanked the outputs altogether
			PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{"bucket": {Urns: []string{urn(box, "one")}}},
		},
	}}
	got, err := c.AnalyzeStack(context.Background(), request)
	require.NoError(t, err)
	require.Equal(t, []string{"d-has-lock"}, names(got.GetDiagnostics()))
	require.Equal(t, urn(box, "two"), got.GetDiagnostics()[0].GetUrn())
}

// TestUsingFollowsPropertyDependencies: each user is named once, in the order of the engine, however many of its
// properties are computed from the resource.
func TestUsingFollowsPropertyDependencies(t *testing.T) {
	one, two := pack.NewResource(box, "one", urn(box, "one"), nil), pack.NewResource(box, "two", urn(box, "two"), nil)
	both, second := pack.NewResource(lock, "both", urn(lock, "both"), nil), pack.NewResource(lock, "second", urn(lock, "second"), nil)
	both.PropertyDependencies = map[string][]string{"bucket": {one.URN, two.URN}, "key": {one.URN}}
	second.PropertyDependencies = map[string][]string{"bucket": {two.URN}}
	stack := pack.NewStack([]*pack.Resource{one, second, two, both})
	require.Equal(t, []*pack.Resource{both}, stack.Using(one))
	require.Equal(t, []*pack.Resource{second, both}, stack.Using(two))
	require.Empty(t, stack.Using(both))
}

// TestAnARNEndsInTheIDOfAResource: exports that mocks have made, or that were cut down by hand, hold no ARNs.
func TestAnARNEndsInTheIDOfAResource(t *testing.T) {
	const own = "arn:aws:s3:::another"
	for name, c := range map[string]struct {
		points, arn string
		want        pack.Verdict
	}{
		"after a slash":              {"arn:aws:box:eu-central-1:111122223333:box/one", "", pack.True},
		"after a colon":              {"arn:aws:box:::one", "", pack.True},
		"the id alone":               {"one", "", pack.True},
		"the end of a longer name":   {"arn:aws:box:::number-one", "", pack.False},
		"no ARN":                     {"box/one", "", pack.False},
		"the resource knows its own": {"arn:aws:box:::one", own, pack.False},
		"its own":                    {own, own, pack.True},
	} {
		to := pack.NewResource(box, "one", urn(box, "one"), nil)
		to.SetOutputs(props(t, map[string]any{"id": "one", "arn": c.arn}))
		from := pack.NewResource(lock, "l", urn(lock, "l"), props(t, map[string]any{"bucket": c.points}))
		stack := pack.NewStack([]*pack.Resource{to, from})
		require.Equal(t, c.want, stack.Refers(from, "bucket", from.Get("bucket"), to).Is, name)
		_, found := stack.Target(from, "bucket", from.Get("bucket"), box)
		require.Equal(t, c.want, found.Is, name)
		sure, _ := stack.Pointing(to, "bucket", lock)
		require.Equal(t, c.want == pack.True, len(sure) == 1, name)
	}
}

func configure(tb testing.TB, c pulumirpc.AnalyzerClient, m map[string]*pulumirpc.PolicyConfig) error {
	tb.Helper()
	_, err := c.Configure(context.Background(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: m})
	return err
}

func TestConfigureLevelsSettingsAndProfile(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	require.NoError(t, configure(t, c, map[string]*pulumirpc.PolicyConfig{
		"a-locked":        {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY},
		"b-size":          {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY, Properties: props(t, map[string]any{"least": 2})},
		"c-faulty":        {EnforcementLevel: pulumirpc.EnforcementLevel_DISABLED},
		"pack-governance": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY, Properties: props(t, map[string]any{"profile": "relaxed"})},
	}))
	got := analyze(t, c, "x", map[string]any{"size": 1, "explode": true})
	require.Equal(t, []string{"a-locked", "b-size"}, names(got.GetDiagnostics()))
	require.Equal(t, pulumirpc.EnforcementLevel_ADVISORY, got.GetDiagnostics()[0].GetEnforcementLevel(), "the profile relaxes")
	require.Equal(t, pulumirpc.EnforcementLevel_MANDATORY, got.GetDiagnostics()[1].GetEnforcementLevel(), "the file raises")
	require.Empty(t, analyze(t, c, "x", map[string]any{"size": 2, "locked": true}).GetDiagnostics())

	for name, bad := range map[string]map[string]*pulumirpc.PolicyConfig{
		`did you mean "a-locked"`:     {"a-loked": {}},
		"wrong type":                  {"b-size": {Properties: props(t, map[string]any{"least": "many"})}},
		"has no setting":              {"b-size": {Properties: props(t, map[string]any{"most": 1})}},
		"is not one of":               {"pack-governance": {Properties: props(t, map[string]any{"profile": "nope"})}},
		"no control \"zzzzz\"":        {"pack-governance": {Properties: props(t, map[string]any{"levels": map[string]any{"zzzzz": "advisory"}})}},
		"is not an enforcement level": {"pack-governance": {Properties: props(t, map[string]any{"levels": map[string]any{"b-size": "loud"}})}},
		"enforcement level 9":         {"b-size": {EnforcementLevel: 9}},
		"there is no missing.yaml in": {"pack-governance": {Properties: props(t, map[string]any{"waiversFile": "missing.yaml"})}},
		"/missing.yaml: no such file": {"pack-governance": {Properties: props(t, map[string]any{"waiversFile": "/missing.yaml"})}},
		"takes a level and no":        {"all": {Properties: props(t, map[string]any{"least": 1})}},
		"is not negative":             {"b-size": {Properties: props(t, map[string]any{"least": -1})}},
		"it has least":                {"b-size": {Properties: props(t, map[string]any{"most": 1})}},
		`unknown field "kontrol"`: {"pack-governance": {Properties: props(t,
			map[string]any{"waivers": []any{map[string]any{"kontrol": "x"}}})}},
	} {
		require.ErrorContains(t, configure(t, c, bad), name)
	}
}

func TestRemediateKeepsEverythingElse(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	secret := map[string]any{sig: "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}
	request := &pulumirpc.AnalyzeRequest{Type: box, Name: "x", Urn: urn(box, "x"), Properties: props(t, map[string]any{
		"locked": false, "password": secret, "later": pack.UnknownText, "__defaults": []any{"name"},
	})}
	got, err := c.Remediate(context.Background(), request)
	require.NoError(t, err)
	require.Empty(t, got.GetRemediations(), "nothing is mended unless asked for")

	require.NoError(t, configure(t, c,
		map[string]*pulumirpc.PolicyConfig{"a-locked": {EnforcementLevel: pulumirpc.EnforcementLevel_REMEDIATE}}))
	got, err = c.Remediate(context.Background(), request)
	require.NoError(t, err)
	require.Len(t, got.GetRemediations(), 1)
	require.Equal(t, map[string]any{
		"locked": true, "password": secret, "later": pack.UnknownText, "__defaults": []any{"name"},
	}, got.GetRemediations()[0].GetProperties().AsMap())

	request.Properties = got.GetRemediations()[0].GetProperties()
	got, err = c.Remediate(context.Background(), request)
	require.NoError(t, err)
	require.Empty(t, got.GetRemediations(), "a second run changes nothing")
	request.Properties = props(t, map[string]any{"locked": pack.UnknownText})
	got, err = c.Remediate(context.Background(), request)
	require.NoError(t, err)
	require.Empty(t, got.GetRemediations(), "an unknown value is left alone")
}

func TestWaivers(t *testing.T) {
	waiver := func(change map[string]any) map[string]any {
		w := map[string]any{
			"control": "a-locked", "name": "old-*", "reason": "replaced by the new store in March", "owner": "storage team",
			"expires": time.Now().AddDate(0, 1, 0).Format(time.DateOnly),
		}
		for k, v := range change {
			w[k] = v
		}
		return w
	}
	run := func(t *testing.T, governance map[string]any) (*pulumirpc.AnalyzeResponse, []string) {
		t.Helper()
		c := packtest.Dial(t, sample(t))
		require.NoError(t, configure(t, c, map[string]*pulumirpc.PolicyConfig{
			"pack-governance": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY, Properties: props(t, governance)},
		}))
		got := analyze(t, c, "old-one", map[string]any{"size": 20})
		stack, err := c.AnalyzeStack(context.Background(), &pulumirpc.AnalyzeStackRequest{})
		require.NoError(t, err)
		var notes []string
		for _, d := range stack.GetDiagnostics() {
			notes = append(notes, strings.TrimPrefix(d.GetEnforcementLevel().String(), "")+" "+d.GetMessage())
		}
		return got, notes
	}
	got, notes := run(t, map[string]any{"waivers": []any{waiver(nil)}})
	require.Empty(t, got.GetDiagnostics())
	require.Contains(t, got.GetNotApplicable()[0].GetReason(), "by storage team: replaced by the new store")
	require.Len(t, notes, 1)
	require.Contains(t, notes[0], "ADVISORY waived until")

	got, notes = run(t, map[string]any{"waivers": []any{waiver(map[string]any{"expires": "2020-01-31"})}})
	require.Len(t, got.GetDiagnostics(), 1)
	require.Contains(t, notes[0], "MANDATORY waiver a-locked for name old-* expired on 2020-01-31")

	got, notes = run(t, map[string]any{"forbidWaivers": true, "waivers": []any{waiver(nil)}})
	require.Len(t, got.GetDiagnostics(), 1)
	require.Contains(t, notes[0], "MANDATORY waiver a-locked for name old-*: this stack forbids waivers")

	_, notes = run(t, map[string]any{"waivers": []any{waiver(map[string]any{"name": "other"})}})
	require.Contains(t, notes[0], "ADVISORY waiver a-locked for name other is not used")

	got, notes = run(t,
		map[string]any{"waivers": []any{waiver(map[string]any{"name": "*", "reason": "x", "owner": "", "control": "nope", "expires": "soon"})}})
	require.Len(t, got.GetDiagnostics(), 1)
	for _, part := range []string{`"nope" does not exist`, "more narrowly", "at least 10", "owner is missing", `"soon" is not a date`} {
		require.Contains(t, notes[0], part)
	}

	file := filepath.Join(t.TempDir(), "waivers.yaml")
	require.NoError(t, os.WriteFile(file,
		[]byte("waivers:\n  - {control: a-locked, name: old-one, reason: a long enough reason, owner: me, expires: 2999-01-01}\n"), 0o600))
	got, _ = run(t, map[string]any{"waiversFile": file})
	require.Empty(t, got.GetDiagnostics())
}

func TestSecretsOfTheConfigurationAreBlottedOut(t *testing.T) {
	p := sample(t, control("e-echo", func(c *pack.Control) {
		c.Check = func(k *pack.Case) { k.Report(k.Get("text")) }
	}))
	c := packtest.Dial(t, p)
	_, err := c.ConfigureStack(context.Background(), &pulumirpc.AnalyzerStackConfigureRequest{
		Config: map[string]string{"p:token": "s3cr3t-token"}, ConfigSecretKeys: []string{"p:token"}, DryRun: true,
	})
	require.NoError(t, err)
	got := analyze(t, c, "x", map[string]any{"locked": true, "size": 20, "text": "see s3cr3t-token here"})
	require.Equal(t, []string{"e-echo"}, names(got.GetDiagnostics()))
	require.NotContains(t, got.GetDiagnostics()[0].GetMessage(), "s3cr3t-token")
	got = analyze(t, c, "x",
		map[string]any{"locked": true, "size": 20, "text": map[string]any{sig: "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}})
	require.NotContains(t, got.GetDiagnostics()[0].GetMessage(), "hunter2")
	require.Contains(t, got.GetDiagnostics()[0].GetMessage(), "text holds a secret value")
}

func TestCancelEndsTheWork(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	_, err := c.Cancel(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	_, err = c.Analyze(context.Background(), &pulumirpc.AnalyzeRequest{Type: box})
	require.ErrorContains(t, err, "cancelled")
}

func TestLargeStackFitsInOneMessage(t *testing.T) {
	c := packtest.Dial(t, sample(t))
	big := strings.Repeat("x", 5<<20)
	_, err := c.AnalyzeStack(context.Background(), &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		{Type: lock, Name: "l", Urn: urn(lock, "l"), Properties: props(t, map[string]any{"text": big})},
	}})
	require.NoError(t, err)
}

func TestLoadNamesEveryFault(t *testing.T) {
	p := &pack.Pack{Name: "x"}
	err := p.Load(&pack.Control{ID: "Bad Id", Title: "Ends."}, control("same", func(*pack.Control) {}),
		control("same", func(*pack.Control) {}))
	require.Error(t, err)
	for _, part := range []string{"lower case words", "without a full stop", "sentences", "no severity", "no check", "needs types",
		"defined twice"} {
		require.ErrorContains(t, err, part)
	}
}

// TestAnalyzeAtOnce judges the same resources in many goroutines of one session. The answers must be those of one after the
// other; the race detector finds what they share.
func TestAnalyzeAtOnce(t *testing.T) {
	p := sample(t)
	resource := func(i int) *pack.Resource {
		name := fmt.Sprintf("r%d", i)
		return pack.NewResource(box, name, "urn:pulumi:s::p::"+box+"::"+name, props(t, map[string]any{"size": i % 20, "locked": i%3 == 0}))
	}
	const resources, workers = 60, 8
	one := pack.NewSession(p)
	var want [resources][]pack.Result
	for i := range want {
		want[i] = one.Analyze(resource(i))
	}
	many := pack.NewSession(p)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range want {
				assert.Equal(t, want[i], many.Analyze(resource(i)))
			}
		})
	}
	group.Wait()
}

// TestAboutReachesChecks: a check may ask which stack it judges, and whether this is a preview.
func TestAboutReachesChecks(t *testing.T) {
	p := sample(t, control("only-in-previews", func(c *pack.Control) {
		c.Check = func(k *pack.Case) {
			if k.About.DryRun {
				k.Report(k.Inputs(), "stack %s of team %s", k.About.Stack, k.About.Tags["team"])
			}
		}
	}))
	s := pack.NewSession(p)
	judge := func() string {
		for _, r := range s.Analyze(pack.NewResource(box, "x", "urn:x", nil)) {
			if r.Control.ID == "only-in-previews" && r.Outcome == pack.Fail {
				return r.Notes[0].Text
			}
		}
		return ""
	}
	require.Empty(t, judge())
	s.Describe(pack.About{Stack: "dev", Tags: map[string]string{"team": "shop"}, DryRun: true}, nil, nil)
	require.Equal(t, "stack dev of team shop", judge())
}

// TestSecretsOfTheConfigurationAreNotTold, in whichever form a message shows them.
func TestSecretsOfTheConfigurationAreNotTold(t *testing.T) {
	p := sample(t, control("tells", func(c *pack.Control) {
		c.Check = func(k *pack.Case) { k.Require(k.Get("word").IsTrue()) }
	}))
	for name, secret := range map[string]string{
		"plain": "correct horse", "quotes": "pass\"word\nnext", "long": strings.Repeat("abcdefghij", 30),
		"begins with another": "correct horse battery",
	} {
		s := pack.NewSession(p)
		s.Describe(pack.About{}, map[string]string{"a": "correct horse", "b": secret}, []string{"a", "b"})
		for _, r := range s.Analyze(pack.NewResource(box, "x", "urn:x", props(t, map[string]any{"word": secret}))) {
			if r.Control.ID == "tells" {
				require.Equal(t, `word is "[secret]"`, r.Notes[0].Text, name)
			}
		}
	}
}

// TestWaiversThatChooseEverythingAreInvalid, whichever way they are written.
func TestWaiversThatChooseEverythingAreInvalid(t *testing.T) {
	for pattern, valid := range map[string]bool{
		"name: '*'": false, "urn: 'u*'": false, "urn: 'urn:pulumi:*'": false, "urn: '*::*'": false, "type: 'aws:*'": false, "name: '??*'": false,
		"name: 'x*'": true, "urn: 'urn:pulumi:prod::*'": true, "type: 'aws:s3/*'": true, "urn: '*::files'": true,
		"{type: '*', name: files}": true,
	} {
		text := "waivers:\n- control: a-locked\n  " + strings.NewReplacer("{", "", "}", "", ", ", "\n  ").Replace(pattern) +
			"\n  reason: because we say so\n  owner: me\n  expires: 2999-01-01\n"
		list, err := pack.ParseWaivers([]byte(text))
		require.NoError(t, err, text)
		s := pack.NewSession(sample(t))
		require.NoError(t, s.Configure(map[string]pack.Config{"pack-governance": {Properties: map[string]any{"waivers": []any{map[string]any{
			"control": list[0].Control, "urn": list[0].URN, "type": list[0].Type, "name": list[0].Name, "reason": list[0].Reason,
			"owner": list[0].Owner, "expires": list[0].Expires,
		}}}}}))
		broken := false
		for _, r := range s.AnalyzeStack(nil) {
			for _, n := range r.Notes {
				broken = broken || strings.Contains(n.Text, "pack-governance.waivers: waiver 1 ") && strings.Contains(n.Text, "more narrowly")
			}
		}
		require.Equal(t, valid, !broken, pattern)
	}
}
