// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/waf"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// What the configuration relaxes reaches the web ACL and the listener, with its reason in a tag.
func TestRelaxations(t *testing.T) {
	settings := settingsOf(t, "staging")
	known := stacks.WAFIntents()
	for i, intent := range waf.Baseline() {
		require.Equal(t, string(intent), known[i], "the configuration knows what is in every web ACL")
		if intent == waf.CommonRuleSet {
			intent += ".SizeRestrictions_BODY"
		}
		settings.WAF.Relaxations = append(settings.WAF.Relaxations, string(intent)+" because people upload photos")
	}
	require.Len(t, settings.WAF.Relaxations, len(known))
	settings.Edge.HSTSOffReason = "the domain moves back to plain HTTP"
	const pages = "default-src 'self'; img-src https://cdn.example.com"
	settings.Edge.ContentSecurityPolicy = pages
	settings.Network.DNSBlockOffReason = "finding out which names there are"
	settings.Network.DNSFailClosedOffReason = "requests matter more than names"
	settings.Network.CredentialsAnywhereReason = "browsers get URLs that an instance signs"
	rec := deployed(t, settings)

	acl := rec.Only(t, "aws:wafv2/webAcl:WebAcl")
	rules, ok := acl.Value("rules").([]any)
	require.True(t, ok)
	counting := 0
	for _, rule := range rules {
		r := rule.(map[string]any)
		for _, key := range []string{"action", "overrideAction"} {
			if action, found := r[key].(map[string]any); found && action["count"] != nil {
				counting++
			}
		}
		if r["name"] == "CommonRuleSet" {
			group := r["statement"].(map[string]any)["managedRuleGroupStatement"].(map[string]any)
			require.Equal(t, []any{map[string]any{"name": "SizeRestrictions_BODY", "actionToUse": map[string]any{"count": map[string]any{}}}}, group["ruleActionOverrides"])
		}
	}
	require.Equal(t, len(settings.WAF.Relaxations)-1, counting, "every part that the configuration knows is one of the web ACL")
	tags, ok := acl.Value("tags").(map[string]any)
	require.True(t, ok)
	require.Equal(t, "people upload photos", tags["bulkhead:relaxed:CommonRuleSet.SizeRestrictions_BODY"])

	listener := rec.Get(t, "aws:lb/listener:Listener", "staging-edge-https")
	require.Equal(t, pages, listener.String("routingHttpResponseContentSecurityPolicyHeaderValue"))
	require.Equal(t, "max-age=0", listener.String("routingHttpResponseStrictTransportSecurityHeaderValue"))
	require.Contains(t, listener.Value("tags"), "bulkhead:relaxed:HSTS")

	boundary := rec.Get(t, "aws:iam/policy:Policy", "staging-boundary-policy")
	require.NotContains(t, boundary.String("policy"), "RefuseStolenInstanceCredentials")
	require.Contains(t, boundary.Value("tags"), "bulkhead:relaxed:InstanceCredentials")

	require.Equal(t, "ALERT", rec.Get(t, "aws:route53/resolverFirewallRule:ResolverFirewallRule", "staging-dns-rest").String("action"))
	require.Contains(t, rec.Only(t, "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup").Value("tags"), "bulkhead:relaxed:DNSBlock")
	require.Equal(t, "ENABLED", rec.Only(t, "aws:route53/resolverFirewallConfig:ResolverFirewallConfig").String("firewallFailOpen"))
}

func TestNothingIsRelaxedUnlessAskedFor(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		require.Empty(t, settings.WAF.Relaxations)
		require.Empty(t, settings.Edge.HSTSOffReason)
		require.Empty(t, settings.Network.DNSBlockOffReason)
		require.Empty(t, settings.Network.DNSFailClosedOffReason)
		require.Empty(t, settings.Network.CredentialsAnywhereReason)
		for name := range deployed(t, settings).Only(t, "aws:wafv2/webAcl:WebAcl").Value("tags").(map[string]any) {
			require.NotContains(t, name, "relaxed")
		}
	}
}
