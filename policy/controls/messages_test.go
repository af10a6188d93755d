// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"cmp"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// odd is what no message says: a value in a sentence that does not fit it, or nothing at all.
var odd = regexp.MustCompile(`\b(?:as|at|to|by|of|with|from|has) not set\b|\ban object with \d|\bthe rule is not met\b|%!|\b1 [a-z]+s (?:is|are|of)\b|  |is true; it must be true`)

var input = regexp.MustCompile(`^[a-z][\w.\[\]]*$`)

// TestMessagesSayWhatWasRead reads what every bad scene is told. A message that says of an input what it is is about that input, and
// so is the warning that a change of it replaces the resource.
func TestMessagesSayWhatWasRead(t *testing.T) {
	t.Parallel()
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	read := 0
	for _, c := range controls.All() {
		if c.Service == "segmentation" { // a table, which has spaces
			continue
		}
		_, bad, _, err := fixtures[c.ID].Scenes(p)
		require.NoError(t, err)
		for _, scene := range bad {
			_, results, err := packtest.RunOne(p, c.ID, scene, packtest.State, fixtures[c.ID].Settings)
			require.NoError(t, err)
			for _, r := range results {
				if r.Control.ID != c.ID {
					continue
				}
				for _, n := range r.Notes {
					read++
					require.NotRegexp(t, odd, n.Text, c.ID)
					if n.Caution != "" {
						block := n.Path[:max(0, strings.LastIndexByte(n.Path, '.'))]
						require.Contains(t, n.Text, cmp.Or(block, n.Path), "%s warns of a change of what it is not about: %s", c.ID, n.Caution)
					}
					if about, _, found := strings.Cut(n.Text, " is not set"); found && input.MatchString(about) {
						require.Equal(t, about, n.Path, "%s: %s", c.ID, n.Text)
					}
				}
			}
		}
	}
	require.Greater(t, read, 1300)
}

// TestMessages are those that were once not clear.
func TestMessages(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, c := range []struct{ id, token, inputs, want string }{
		{"elb-zones", aws.LoadBalancer, "subnets: [subnet-1]", "1 subnet is listed, of at least two zones are wanted"},
		{"asg-zones", aws.AutoScalingGroup, "vpcZoneIdentifiers: [subnet-1]", "1 subnet is listed, of at least two zones are wanted"},
		{"rds-backups", aws.RDSInstance, "engine: mysql, backupRetentionPeriod: 1", "backupRetentionPeriod is 1; at least 7 days are wanted"},
		{"elb-http-redirects", aws.Listener, "port: 80, protocol: HTTP, defaultActions: [{type: forward}]", `the HTTP listener does more than redirect to HTTPS: defaultActions[0].type is "forward"`},
		{"ecs-no-root-user", aws.ECSTaskDefinition, `containerDefinitions: '[{"name":"web"}]'`, `container "web" runs as root: user is not set`},
		{"ecs-env-secrets", aws.ECSTaskDefinition, `containerDefinitions: !secret '[{"name":"web","environment":[{"name":"DB_PASSWORD","value":"hunter2hunter2"}]}]'`, `containerDefinitions[0] has "DB_PASSWORD" in its environment`},
		{"lambda-env-secrets", aws.LambdaFunction, "environment: {variables: {DB_PASSWORD: !secret hunter2hunter2}}", "environment.variables.DB_PASSWORD holds a secret value that breaks this rule"},
		{"sg-rule-described", aws.SecurityGroup, "description: web, ingress: [{protocol: tcp}, {protocol: udp}]", `description is "web"; a reason in words is wanted`},
		{"sg-rule-described", aws.SecurityGroup, "description: web servers, ingress: [{protocol: tcp}, {protocol: udp}], egress: [{protocol: tcp}]", "no description of its own: ingress[0], ingress[1], egress[0]"},
		{"beanstalk-logs", aws.BeanstalkEnvironment, "settings: [{namespace: a, name: b, value: c}]", `settings is a list of 1 object; it must be a list with one of namespace "aws:elasticbeanstalk:cloudwatch:logs", name "StreamLogs", value "true"`},
	} {
		outcome, results, err := packtest.RunOne(p, c.id, packtest.YAML(t, c.token, "{"+c.inputs+"}"), packtest.State, nil)
		require.NoError(t, err)
		require.Equal(t, pack.Fail, outcome, c.id)
		require.Equal(t, c.want, results[0].Notes[0].Text, c.id)
	}
	require.Contains(t, p.Control("s3-versioning").Fix, "BucketVersioningV2 (BucketVersioning since version 7 of the provider)")
	for _, c := range p.Controls() {
		require.Equal(t, strings.Count(c.Fix, "V2"), strings.Count(c.Fix, "since version 7 of the provider"), "%s: %s", c.ID, c.Fix)
	}
}
