// SPDX-License-Identifier: Apache-2.0

package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

// configuration is the pipeline with extends and default written out, as far as the rules look at it.
type configuration struct {
	Stages    []string
	Variables map[string]string
	Workflow  struct{ Rules []rule }
	Jobs      map[string]definition `yaml:"-"`
	// SharedCache tells that a cache of protected branches is open to the others. gitlab-ci-local drops
	// the keyword, so it is looked for in the file as it is written.
	SharedCache bool `yaml:"-"`
}

// definition is a job of the configuration.
type definition struct {
	Stage         string
	Image         struct{ Name string }
	Services      []any
	Script        []string
	BeforeScript  []string `yaml:"before_script"`
	AfterScript   []string `yaml:"after_script"`
	Variables     map[string]string
	Needs         []any
	Rules         []rule
	AllowFailure  any `yaml:"allow_failure"`
	Environment   environment
	ResourceGroup string `yaml:"resource_group"`
	Interruptible *bool
	Tokens        map[string]struct{ Aud string } `yaml:"id_tokens"`
	Cache         []struct {
		Key    struct{ Files []string }
		Policy string
	}
	Artifacts struct {
		When    string
		Access  string
		Paths   []string
		Reports struct{ JUnit string }
	}
}

type environment struct {
	Name string
	Tier string `yaml:"deployment_tier"`
}

// UnmarshalYAML also accepts GitLab's short form, the name alone.
func (e *environment) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&e.Name)
	}
	type long environment
	return node.Decode((*long)(e))
}

type rule struct {
	If           string
	When         string
	AllowFailure any `yaml:"allow_failure"`
}

// expand lets gitlab-ci-local write the pipeline out.
func expand(t *testing.T, pipeline []byte) *configuration {
	t.Helper()
	text := gitlab(t, pipeline, "--preview")
	c := &configuration{Jobs: map[string]definition{}, SharedCache: sharedCache.Match(pipeline)}
	require.NoError(t, yaml.Unmarshal(text, c))
	var keys map[string]yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &keys))
	for name, node := range keys {
		if name == "stages" || name == "variables" || name == "workflow" {
			continue
		}
		var d definition
		require.NoError(t, node.Decode(&d), name)
		c.Jobs[name] = d
	}
	require.NotEmpty(t, c.Jobs)
	return c
}

// helpLine is a target of the Makefile that `make help` lists.
var helpLine = regexp.MustCompile(`(?m)^([a-z][a-z-]*):.*## `)

func makeTargets(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	targets := map[string]bool{}
	for _, match := range helpLine.FindAllSubmatch(text, -1) {
		targets[string(match[1])] = true
	}
	require.NotEmpty(t, targets)
	return targets
}

var (
	makeCall = regexp.MustCompile(`^make ([a-z][a-z-]*)(?: ENV=([a-z][a-z0-9-]*))?$`)
	// An image's tag names a version to the patch level, so that the same commit always builds the same way.
	pinnedImage = regexp.MustCompile(`^[a-z0-9./_-]+:\d+\.\d+\.\d+[a-z0-9.-]*$`)
	storedKey   = regexp.MustCompile(`(?i)ACCESS_KEY|SESSION_TOKEN|ACCESS_TOKEN|PASSWORD|PASSPHRASE`)
	sharedCache = regexp.MustCompile(`(?m)^[^#]*\bunprotect\b`)
	onlyMaster  = regexp.MustCompile(`^\$CI_COMMIT_BRANCH == "master"$`)
)

// violations returns what is wrong with the pipeline, sorted; each names the job.
func violations(c *configuration, targets map[string]bool) []string {
	var found []string
	report := func(subject, format string, values ...any) {
		found = append(found, subject+": "+fmt.Sprintf(format, values...))
	}
	if len(c.Workflow.Rules) == 0 {
		report("workflow", "has no rules, so a merge request would start two pipelines")
	}
	if c.SharedCache {
		report("cache", "unprotect lets merge requests write what deployments run")
	}
	checkVariables(c.Variables, "variables", report)
	for name, d := range c.Jobs {
		of := func(format string, values ...any) { report(name, format, values...) }
		checkVariables(d.Variables, name, report)
		checkJob(d, of)
		if len(d.Script) != 1 || len(d.AfterScript) > 0 {
			of("the script is %q; one make target is all that a job runs", slices.Concat(d.Script, d.AfterScript))
			continue
		}
		call := makeCall.FindStringSubmatch(d.Script[0])
		if call == nil || !targets[call[1]] {
			of("%q is no target that make help lists", d.Script[0])
			continue
		}
		switch target, environment := call[1], call[2]; target {
		case "up":
			checkDeploy(c, d, environment, of)
		case "preview":
			checkAccount(d, environment, "PREVIEW", of)
			checkOpens(d, environment, of)
			checkNoDeployment(d, of)
		default:
			checkNoDeployment(d, of)
			if len(d.Tokens) > 0 || d.Variables["AWS_ROLE_ARN"] != "" {
				of("acts in no account, so it must have neither id_tokens nor a role")
			}
			if target == "test" && (d.Artifacts.Reports.JUnit != "build/junit.xml" || d.Artifacts.When != "always") {
				of("must always report build/junit.xml")
			}
		}
	}
	slices.Sort(found)
	return found
}

// checkOpens checks that a preview keeps what the change opens.
func checkOpens(d definition, environment string, report func(string, ...any)) {
	if want := "build/opens-" + environment + ".md"; !slices.Contains(d.Artifacts.Paths, want) || d.Artifacts.Access != "developer" {
		report("must keep %s, what the change opens, for developers alone", want)
	}
}

func checkVariables(variables map[string]string, subject string, report func(string, string, ...any)) {
	for name, value := range variables {
		if storedKey.MatchString(name) || storedKey.MatchString(value) {
			report(subject, "variable %s holds a stored credential; jobs get theirs by id_tokens", name)
		}
		if subject == "variables" && strings.Contains(name+value, "ROLE") {
			report(subject, "variable %s gives a role to every job", name)
		}
	}
}

// checkJob checks what holds for every job.
func checkJob(d definition, report func(string, ...any)) {
	if !pinnedImage.MatchString(d.Image.Name) {
		report("image %q is not pinned to a version", d.Image.Name)
	}
	if len(d.Services) > 0 {
		report("needs services, which a laptop does not have")
	}
	for _, line := range d.BeforeScript {
		if strings.Contains(line, "make ") || strings.Contains(line, "pulumi") {
			report("before_script runs %q, which belongs into a make target", line)
		}
	}
	failing := d.AllowFailure
	for _, r := range d.Rules {
		if r.AllowFailure == true {
			failing = true
		}
	}
	if failing != nil && failing != false {
		report("may fail unnoticed")
	}
	for _, cache := range d.Cache {
		if !slices.ContainsFunc(cache.Key.Files, func(file string) bool { return strings.HasSuffix(file, "go.sum") }) {
			report("a cache is not keyed by a go.sum")
		}
		if cache.Policy != "pull" && d.Artifacts.Reports.JUnit == "" {
			report("writes a cache, which only the tests do")
		}
	}
}

// checkAccount checks that a job acts in the account of its environment with the role of its purpose.
func checkAccount(d definition, environment, purpose string, report func(string, ...any)) {
	if environment == "" {
		report("must name its environment with ENV=")
	}
	prefix := "$" + strings.ToUpper(strings.ReplaceAll(environment, "-", "_"))
	if want, role := prefix+"_"+purpose+"_ROLE_ARN", d.Variables["AWS_ROLE_ARN"]; role != want {
		report("role %s; must be %s", role, want)
	}
	if want, url := prefix+"_BACKEND_URL", d.Variables["PULUMI_BACKEND_URL"]; url != want {
		report("backend %s; must be %s", url, want)
	}
	if d.Variables["AWS_WEB_IDENTITY_TOKEN_FILE"] == "" || d.Tokens["AWS_ID_TOKEN"].Aud == "" {
		report("has no id_tokens to exchange for its role")
	}
	for name, value := range d.Variables {
		if strings.Contains(value, "ROLE_ARN") && name != "AWS_ROLE_ARN" {
			report("variable %s brings a second role", name)
		}
	}
}

func checkNoDeployment(d definition, report func(string, ...any)) {
	if d.Environment.Name != "" || d.ResourceGroup != "" {
		report("deploys nothing, so it must have neither environment nor resource_group")
	}
}

func checkDeploy(c *configuration, d definition, environment string, report func(string, ...any)) {
	checkAccount(d, environment, "DEPLOY", report)
	if tier := d.Environment.Tier; d.Environment.Name != environment || stacks.IsProduction(environment) != (tier == "production") || tier == "" {
		report("environment %q of tier %q; must be %q, of tier production if it is held to production's rules and of a lower one if not",
			d.Environment.Name, tier, environment)
	}
	if d.ResourceGroup != environment {
		report("resource_group %q; must be %q, so that one deployment runs at a time", d.ResourceGroup, environment)
	}
	if d.Interruptible == nil || *d.Interruptible {
		report("must not be interruptible")
	}
	checkDeployRules(d, environment, report)
	checkOrder(c, d, environment, report)
}

// checkDeployRules checks that only master is deployed, and production only by somebody's hand.
func checkDeployRules(d definition, environment string, report func(string, ...any)) {
	if len(d.Rules) == 0 {
		report("has no rules, so it would deploy every branch")
	}
	for _, r := range d.Rules {
		if !onlyMaster.MatchString(r.If) {
			report("rule %q is not bound to master alone", r.If)
		}
		if stacks.IsProduction(environment) && r.When != "manual" {
			report("must be manual")
		}
		if !stacks.IsProduction(environment) && r.When != "" && r.When != "on_success" {
			report("runs %s, whatever the jobs before it say", r.When)
		}
	}
}

// checkOrder checks that a deployment comes after the tests, and production after what is like it.
func checkOrder(c *configuration, d definition, environment string, report func(string, ...any)) {
	if d.Needs != nil {
		report("has needs, so it would not wait for the stages before it")
	}
	stage := func(s string) int { return slices.Index(c.Stages, s) }
	tests, trials := 0, 0
	for name, other := range c.Jobs {
		deployed, deploys := strings.CutPrefix(strings.Join(other.Script, "\n"), "make up ENV=")
		isTrial := deploys && !stacks.IsProduction(deployed)
		isTest := slices.Contains(other.Script, "make test")
		precedes := isTest || slices.Contains(other.Script, "make test-renamed") || isTrial && stacks.IsProduction(environment)
		if precedes && stage(other.Stage) >= stage(d.Stage) {
			report("does not come after %s", name)
		}
		if isTest {
			tests++
		}
		if isTrial {
			trials++
		}
	}
	if tests == 0 {
		report("no job runs make test")
	}
	if trials == 0 {
		report("no environment is deployed before production")
	}
}
