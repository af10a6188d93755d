// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// TestRequirementsAreOfKnownFrameworks looks for requirement ids whose catalogue is not described, and tries what the
// engine is told of the first one of each control.
func TestRequirementsAreOfKnownFrameworks(t *testing.T) {
	known := map[string]pack.Framework{}
	for _, f := range controls.Frameworks() {
		require.NotEmpty(t, f.URL, f.Key)
		known[f.Key] = f
	}
	for _, c := range controls.All() {
		for _, m := range c.Maps {
			key, id, ok := strings.Cut(m, ":")
			require.True(t, ok && id != "" && known[key].Name != "", "%s: %s", c.ID, m)
		}
		require.NotEmpty(t, c.References(), c.ID)
	}
	info, err := packtest.Dial(t, load(t)).GetAnalyzerInfo(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	for _, p := range info.GetPolicies() {
		if f := p.GetFramework(); f != nil {
			require.Equal(t, known[f.GetName()].Version, f.GetVersion(), p.GetName())
			require.NotEmpty(t, f.GetReference(), p.GetName())
		}
	}
}

// TestFoundationalStandardIsCoveredOrExplained wants every control of the standard to be served by one of ours, or a reason.
func TestFoundationalStandardIsCoveredOrExplained(t *testing.T) {
	served := map[string]bool{}
	for _, c := range controls.All() {
		for _, m := range c.Maps {
			if id, ok := strings.CutPrefix(m, "FSBP:"); ok {
				served[id] = true
			}
		}
	}
	standard := controls.Frameworks()[0]
	require.Equal(t, "FSBP", standard.Key)
	for _, id := range standard.All {
		require.NotEqual(t, served[id], standard.Uncovered[id] != "", "%s is covered: %v, and the reason why it is not: %q", id, served[id],
			standard.Uncovered[id])
	}
	for id := range standard.Uncovered {
		require.Contains(t, standard.All, id)
	}
}

// TestRequirementsThatAreEasilyMistaken holds what looks like a requirement of a control and is one of another.
func TestRequirementsThatAreEasilyMistaken(t *testing.T) {
	p := load(t)
	for _, c := range []struct{ id, has, hasNot string }{
		{"elb-listener-certificate", "PCI:4.2.1", "FSBP:ELB.2"},            // Classic Load Balancers
		{"elb-cross-zone", "NIST:SC-5", "FSBP:ELB.9"},                      // Classic Load Balancers
		{"iam-no-console-login", "CIS:1.9", "CIS:1.10"},                    // 1.10 is about keys at setup
		{"trail-bucket-private", "SecurityHub:CloudTrail.6", "CIS:3.4"},    // access logging of the bucket
		{"sg-egress-world", "PCI:1.3.2", "PCI:1.3.1"},                      // 1.3.1 is inbound
		{"sg-prefix-list-egress", "PCI:1.3.2", "CIS:5.5"},                  // the default group
		{"ebs-snapshot-block-public-access", "FSBP:EC2.182", "FSBP:EC2.1"}, // EC2.1 is about one snapshot
		{"ec2-image-block-public-access", "PCI:1.4.4", "FSBP:EC2.182"},     // snapshots
		{"iam-password-reuse", "PCI:8.3.7", "PCI:8.3.6"},                   // 8.3.6 is length and kinds of letters
		{"iam-password-age", "PCI:8.3.9", "PCI:8.3.6"},                     // likewise
		{"secret-rotation", "PCI:8.6.3", "PCI:8.6.2"},                      // 8.6.2 is about passwords in programs
		{"secret-rotation-period", "PCI:8.6.3", "PCI:8.6.2"},               // likewise
		{"log-retention", "NIST:AU-11", "PCI:10.5.1"},                      // 10.5.1 wants a year: log-retention-year
		{"rds-proxy-debug", "NIST:AU-9", "PCI:10.3.2"},                     // 10.3.2 is about changing logs
		{"waf-logs-redacted", "NIST:AU-9", "PCI:10.3.2"},                   // likewise
		{"iam-full-access", "CIS:1.21", "CIS:1.15"},                        // 1.15 is full administration
		{"rds-events-enabled", "PCI:10.4.1.1", "FSBP:RDS.19"},              // categories of events
	} {
		maps := p.Control(c.id).Maps
		require.True(t, slices.Contains(maps, c.has), "%s: %v", c.id, maps)
		require.False(t, slices.Contains(maps, c.hasNot), "%s: %v", c.id, maps)
	}
}

// TestRuleJSONThatIsNone reads what the firewall's controls say about text that holds no rules.
func TestRuleJSONThatIsNone(t *testing.T) {
	p := load(t)
	for _, text := range []string{"not json", "[{", "null", `{"Name":"a"}`, `"[]"`} {
		scene := packtest.YAML(t, "aws:wafv2/webAcl:WebAcl",
			"- {$name: shop, visibilityConfig: {cloudwatchMetricsEnabled: true}, ruleJson: '"+text+"'}")
		for _, id := range []string{"waf-has-rules", "waf-rule-actions", "waf-groups-not-counting", "waf-rate-limit", "waf-known-bad-inputs",
			"waf-common-rules", "waf-metrics"} {
			outcome, results, err := packtest.RunOne(p, id, scene, packtest.State, nil)
			require.NoError(t, err)
			require.Equal(t, pack.Fail, outcome, "%s: %s", id, text)
			require.Equal(t, []pack.Note{{Text: "ruleJson is not a list of rules in JSON", Path: "ruleJson"}}, results[0].Notes, "%s: %s", id, text)
		}
	}
}

// TestStrangersAreKnownByTheOwnAccounts shares an image while no account is known to be ours.
func TestStrangersAreKnownByTheOwnAccounts(t *testing.T) {
	p := load(t)
	scene := packtest.YAML(t, "aws:ec2/amiLaunchPermission:AmiLaunchPermission", `- {$name: image, imageId: ami-1, accountId: "999999999999"}`)
	outcome, _, err := packtest.RunOne(p, "shared-foreign-account", scene, packtest.State, nil)
	require.NoError(t, err)
	require.Equal(t, pack.NotApplicable, outcome)
	outcome, _, err = packtest.RunOne(p, "shared-foreign-account", scene, packtest.State,
		map[string]any{"allowedAccounts": []any{"123456789012"}})
	require.NoError(t, err)
	require.Equal(t, pack.Fail, outcome)
}
