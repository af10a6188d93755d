// SPDX-License-Identifier: Apache-2.0

// Package pipeline_test tests .gitlab-ci.yml without a GitLab server: against GitLab's own schema, by
// listing the jobs that each event starts, and by rules about who may deploy what.
package pipeline_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func pipelineFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".gitlab-ci.yml"))
	require.NoError(t, err)
	return text
}

// mutate replaces the first occurrence of a text that must be there.
func mutate(t *testing.T, pipeline []byte, from, to string) []byte {
	t.Helper()
	require.Contains(t, string(pipeline), from, "the mutation no longer applies")
	return bytes.Replace(pipeline, []byte(from), []byte(to), 1)
}

func TestSchema(t *testing.T) {
	t.Parallel()
	s, pipeline := schema(t), pipelineFile(t)
	require.NoError(t, s.Validate(instance(t, pipeline)))
	// The schema takes anything for a hidden job, so what the jobs inherit is checked where it ends up.
	require.NoError(t, s.Validate(instance(t, gitlab(t, pipeline, "--preview"))))

	for name, m := range map[string]struct{ from, to string }{
		"unknown keyword":        {"resource_group: staging", "resource_groups: staging"},
		"unknown action":         {"deployment_tier: staging", "action: deploy"},
		"wrong type":             {"interruptible: false", "interruptible: sometimes"},
		"unknown access":         {"access: developer", "access: everybody"},
		"token without audience": {"aud: sts.amazonaws.com", "audience: sts.amazonaws.com"},
		"unknown policy of rule": {"when: manual", "when: somebody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := gitlab(t, mutate(t, pipeline, m.from, m.to), "--preview")
			require.Error(t, s.Validate(instance(t, broken)))
		})
	}
}

// events are what may start a pipeline, each with the predefined variables that GitLab sets.
var events = []struct {
	name      string
	variables map[string]string
}{
	{"merge request", map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": "", "CI_COMMIT_REF_NAME": "topic",
		"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "group/bulkhead", "CI_MERGE_REQUEST_PROJECT_PATH": "group/bulkhead",
	}},
	{"merge request from a branch called master", map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": "", "CI_COMMIT_REF_NAME": "master",
		"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "group/bulkhead", "CI_MERGE_REQUEST_PROJECT_PATH": "group/bulkhead",
	}},
	{"merge request from a fork", map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": "", "CI_COMMIT_REF_NAME": "topic",
		"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "guest/bulkhead", "CI_MERGE_REQUEST_PROJECT_PATH": "group/bulkhead",
	}},
	{"push to master", map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "master"}},
	{"master, by hand", map[string]string{"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "master"}},
	{"push to another branch", map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic"}},
	{"push to a branch with an open merge request", map[string]string{
		"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic", "CI_OPEN_MERGE_REQUESTS": "group/bulkhead!7",
	}},
	{"another branch, by hand", map[string]string{"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "topic"}},
	{"push of a tag called master", map[string]string{
		"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "master", "CI_COMMIT_REF_NAME": "master",
	}},
	{"schedule on master", map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "master"}},
	{"trigger on master", map[string]string{"CI_PIPELINE_SOURCE": "trigger", "CI_COMMIT_BRANCH": "master"}},
}

func TestJobsOfEvents(t *testing.T) {
	t.Parallel()
	pipeline := pipelineFile(t)
	var table strings.Builder
	for _, event := range events {
		jobs := list(t, pipeline, event.variables)
		fmt.Fprintf(&table, "%s\n", event.name)
		if len(jobs) == 0 {
			fmt.Fprintf(&table, "  no pipeline\n")
		}
		for _, j := range jobs {
			fmt.Fprintf(&table, "  %-10s  %-18s  %s\n", j.Stage, j.Name, j.When)
			require.False(t, j.AllowFailure, "%s: %s", event.name, j.Name)
		}
	}
	const golden = "testdata/jobs.golden"
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o750))
		require.NoError(t, os.WriteFile(golden, []byte(table.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), table.String(), "run the test with -update if the change is meant")
}

func TestRules(t *testing.T) {
	t.Parallel()
	require.Empty(t, violations(expand(t, pipelineFile(t)), makeTargets(t)))
}

// Every rule must notice the mistake it is there for, or it guards nothing.
func TestRulesNoticeMistakes(t *testing.T) {
	t.Parallel()
	targets := makeTargets(t)
	const (
		staging    = "\n    - if: $CI_COMMIT_BRANCH == \"master\"\n\n"
		production = "\n    - if: $CI_COMMIT_BRANCH == \"master\"\n      when: manual\n"
		tokens     = "  id_tokens:\n    AWS_ID_TOKEN:\n      aud: sts.amazonaws.com\n"
	)
	for name, m := range map[string]struct{ from, to, want string }{
		"script without make":           {"- make test", "- go test ./...", `test: "go test ./..." is no target`},
		"unknown target":                {"- make test", "- make tests", `test: "make tests" is no target`},
		"second command":                {"- make test", "- make test\n    - make lint", "test: the script is"},
		"work in before_script":         {"    - test -n \"$AWS_ROLE_ARN\"", "    - make toolchain\n    - test -n \"$AWS_ROLE_ARN\"", "before_script runs"},
		"latest image":                  {"golang:1.26.8-trixie", "golang:latest", `image "golang:latest" is not pinned`},
		"image without a tag":           {"golang:1.26.8-trixie", "golang", `image "golang" is not pinned`},
		"image of a moving version":     {"golang:1.26.8-trixie", "golang:1.26", `image "golang:1.26" is not pinned`},
		"production not manual":         {production, "\n    - if: $CI_COMMIT_BRANCH == \"master\"\n", "deploy-production: must be manual"},
		"production from any branch":    {production, "\n    - when: manual\n", "deploy-production: rule \"\" is not bound to master"},
		"production from a pattern":     {production, "\n    - if: $CI_COMMIT_BRANCH =~ /master/\n      when: manual\n", "is not bound to master"},
		"production beside staging":     {"stage: production", "stage: staging", "deploy-production: does not come after deploy-staging"},
		"production without waiting":    {"stage: production", "stage: production\n  needs: []", "deploy-production: has needs"},
		"staging whatever happened":     {staging, "\n    - if: $CI_COMMIT_BRANCH == \"master\"\n      when: always\n\n", "deploy-staging: runs always"},
		"staging before the tests":      {"stage: staging", "stage: test", "deploy-staging: does not come after test\n"},
		"staging before the others":     {"stage: staging", "stage: test", "deploy-staging: does not come after test-renamed"},
		"failure allowed":               {"allow_failure: false", "allow_failure: true", "deploy-production: may fail unnoticed"},
		"failure of the tests allowed":  {"- make test", "- make test\n  allow_failure: true", "test: may fail unnoticed"},
		"other resource group":          {"resource_group: production", "resource_group: staging", `deploy-production: resource_group "staging"`},
		"no resource group":             {"  resource_group: staging\n", "", `deploy-staging: resource_group ""`},
		"interruptible deployment":      {"interruptible: false", "interruptible: true", "must not be interruptible"},
		"other environment":             {"name: staging", "name: production", `deploy-staging: environment "production"`},
		"other tier":                    {"deployment_tier: production", "deployment_tier: testing", "deploy-production: environment"},
		"no identity":                   {tokens, "", "deploy-staging: has no id_tokens"},
		"tests with an identity":        {"  stage: test\n", "  stage: test\n" + tokens, "test: acts in no account"},
		"preview with the deploy role":  {"$STAGING_PREVIEW_ROLE_ARN", "$STAGING_DEPLOY_ROLE_ARN", "preview-staging: role $STAGING_DEPLOY_ROLE_ARN"},
		"preview of another's opening":  {"- build/opens-production.md", "- build/opens-staging.md", "preview-production: must keep build/opens-production.md"},
		"what opens for everybody":      {"access: developer\n    expire_in: 30 days\n    expose_as", "expire_in: 30 days\n    expose_as", "preview-staging: must keep build/opens-staging.md, what the change opens, for developers alone"},
		"preview with a second role":    {"  script:\n    - make preview ENV=staging", "    OTHER: $STAGING_DEPLOY_ROLE_ARN\n  script:\n    - make preview ENV=staging", "variable OTHER brings a second role"},
		"preview as a deployment":       {"  stage: preview\n", "  stage: preview\n  environment: production\n", "preview-staging: deploys nothing"},
		"role of the other environment": {"$PRODUCTION_DEPLOY_ROLE_ARN", "$STAGING_DEPLOY_ROLE_ARN", "deploy-production: role $STAGING_DEPLOY_ROLE_ARN"},
		"state of the other one":        {"$PRODUCTION_BACKEND_URL", "$STAGING_BACKEND_URL", "preview-production: backend $STAGING_BACKEND_URL"},
		"role for every job":            {"variables:\n", "variables:\n  AWS_ROLE_ARN: $STAGING_DEPLOY_ROLE_ARN\n", "variables: variable AWS_ROLE_ARN gives a role to every job"},
		"stored key":                    {"variables:\n", "variables:\n  AWS_SECRET_ACCESS_KEY: $KEY\n", "AWS_SECRET_ACCESS_KEY holds a stored credential"},
		"stored key in a job":           {"    AWS_ROLE_SESSION_NAME:", "    NAME: $AWS_ACCESS_KEY_ID\n    AWS_ROLE_SESSION_NAME:", "NAME holds a stored credential"},
		"cache of unprotected branches": {"    policy: pull\n", "    policy: pull\n    unprotect: true\n", "cache: unprotect lets merge requests write"},
		"cache written by a deployment": {"    policy: pull\n", "    policy: pull-push\n", "deploy-production: writes a cache"},
		"cache never renewed":           {"        - go.sum\n        - tools/awsprovider/go.sum\n", "        - LICENSE\n", "a cache is not keyed by a go.sum"},
		"no report":                     {"junit: build/junit.xml", "junit: junit.xml", "test: must always report"},
		"no report of a failure":        {"when: always", "when: on_success", "test: must always report"},
		"two pipelines for one commit":  {"workflow:\n  rules:", "workflow:\n  x-rules:", "workflow: has no rules"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := violations(expand(t, mutate(t, pipelineFile(t), m.from, m.to)), targets)
			require.Contains(t, strings.Join(found, "\n"), m.want)
		})
	}
}

// The lines that come before a deployment are shell, so they run here in one.
func TestIdentityToken(t *testing.T) {
	t.Parallel()
	c := expand(t, pipelineFile(t))
	lines := strings.Join(c.Jobs["deploy-production"].BeforeScript, "\n")
	file := filepath.Join(t.TempDir(), "token")
	shell := func(role, backend string) (string, error) {
		command := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", lines)
		command.Env = []string{"AWS_ID_TOKEN=signed", "AWS_WEB_IDENTITY_TOKEN_FILE=" + file, "AWS_ROLE_ARN=" + role, "PULUMI_BACKEND_URL=" + backend}
		output, err := command.CombinedOutput()
		return string(output), err
	}

	output, err := shell("", "s3://state")
	require.Error(t, err)
	require.Contains(t, output, "AWS_ROLE_ARN is empty")
	output, err = shell("arn:aws:iam::123456789012:role/deploy", "")
	require.Error(t, err)
	require.Contains(t, output, "PULUMI_BACKEND_URL is empty")
	require.NoFileExists(t, file)

	output, err = shell("arn:aws:iam::123456789012:role/deploy", "s3://state")
	require.NoError(t, err, output)
	require.Empty(t, output, "the token must not show in the log")
	token, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "signed", string(token))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// Every variable that somebody must set in GitLab is in the documentation.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join(root, "docs", "pipeline.md"))
	require.NoError(t, err)
	used := regexp.MustCompile(`\$((?:STAGING|PRODUCTION)_\w+)`).FindAllSubmatch(pipelineFile(t), -1)
	require.NotEmpty(t, used)
	for _, variable := range used {
		require.Contains(t, string(manual), "| `"+string(variable[1])+"` |")
	}
}

// Without a network and without npm's cache the installation says what it needs, and leaves nothing
// that a later run could take for a finished one.
func TestInstallWithoutNetwork(t *testing.T) {
	t.Setenv("npm_config_registry", "http://127.0.0.1:9/")
	t.Setenv("npm_config_cache", t.TempDir())
	t.Setenv("npm_config_fetch_retries", "0")
	folder := filepath.Join(t.TempDir(), tool)
	err := npmInstall(t.Context(), folder)
	require.ErrorContains(t, err, "needs Node.js 20 or later with npm and, the first time, a way to the npm registry")
	require.NoDirExists(t, folder)
}
