// SPDX-License-Identifier: Apache-2.0

// Package opensearch holds the controls of Amazon OpenSearch Service.
package opensearch

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(domains(), properties())
}

// domains are about who reaches a search domain, and what it writes down.
func domains() []*pack.Control {
	return []*pack.Control{
		{
			ID: "opensearch-private", Public: true, Title: "Search domains are inside a VPC", Severity: pack.High, Types: aws.SearchDomains,
			Why: "A domain outside a VPC is on the internet, with a policy between it and the world.", Fix: "Set vpcOptions.",
			Maps: standard.Meets("FSBP:Opensearch.2 FSBP:ES.2", standard.Exposure, standard.Segments), Check: want.IsSet("vpcOptions.subnetIds"),
		},
		{
			ID: "opensearch-encrypted", Title: "Search domains encrypt disks, nodes and clients", Severity: pack.High, Types: aws.SearchDomains,
			Why:   "An index holds the data it was made from.",
			Fix:   "Enable encryptAtRest and nodeToNodeEncryption and set domainEndpointOptions.enforceHttps to true.",
			Maps:  standard.Meets("FSBP:Opensearch.1 FSBP:Opensearch.3 FSBP:Opensearch.8 FSBP:ES.1 FSBP:ES.3", standard.AtRest, standard.InTransit),
			Check: want.IsTrue("encryptAtRest.enabled", "nodeToNodeEncryption.enabled", "domainEndpointOptions.enforceHttps"),
		},
		{
			ID: "opensearch-policy-public", Public: true, Title: "No search domain admits everybody", Severity: pack.Critical,
			Types: slices.Concat(aws.SearchDomainPolicies, aws.SearchDomains), Joins: aws.SearchDomains, Stack: true,
			Why: "Strangers can then search, change and delete the index.",
			Fix: "Name the principals, or add a condition on aws:SourceIp with ranges of yours. Inside a VPC and with fine-grained access " +
				"control the domain itself asks who calls.", Maps: standard.Meets(standard.Exposure), Check: searchPublic,
		},
		{
			ID: "opensearch-collection-private", Title: "Serverless search collections are not open to the internet", Severity: pack.High,
			Public: true,
			Types:  []string{aws.OpenSearchServerlessSecurityPolicy},
			Why:    "With AllowFromPublic the collection and its dashboards answer the whole internet, with a policy between them and the world.",
			Fix:    "Set AllowFromPublic to false and list endpoints in SourceVPCEs.", Maps: standard.Meets(standard.Exposure),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("type").OneOf("network").And(k.Get("policy").Matches(publicCollections)), "policy admits the internet (AllowFromPublic)")
			},
		},
	}
}

// searchPublic wants a domain's policy to name callers, unless the domain is inside a VPC and asks by itself who
// calls: for that case AWS recommends an open policy (OpenSearch developer guide, fine-grained access control).
func searchPublic(k *pack.Case) {
	guards := func(d *pack.Resource) pack.Fact {
		return d.Get("vpcOptions.subnetIds").IsSet().And(d.Get("advancedSecurityOptions.enabled").IsTrue())
	}
	guarded := pack.No(pack.Value{})
	if k.IsA(aws.SearchDomains...) {
		guarded = guards(k.Resource)
	} else {
		for _, d := range k.Stack.Of(aws.SearchDomains...) {
			guarded = guarded.Or(want.LeadsTo(k.Stack, k.Resource, "domainName", k.Get("domainName"), d, "domainName").And(guards(d)))
		}
	}
	document.EachStatement(document.At("accessPolicies"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
		if why := s.Public(); why != "" {
			k.Require(guarded.Or(pack.No(v)), "%s %s", s.Label(), why)
		}
	})(k)
}

// publicCollections reports whether a network policy of OpenSearch Serverless has a part that admits the internet. A
// text that is not JSON is refused by AWS.
func publicCollections(text string) bool {
	var parts []map[string]any
	if json.Unmarshal([]byte(text), &parts) != nil {
		var one map[string]any
		if json.Unmarshal([]byte(text), &one) != nil {
			return false
		}
		parts = append(parts, one)
	}
	for _, part := range parts {
		for key, v := range part {
			if open, _ := v.(bool); open && strings.EqualFold(key, "AllowFromPublic") {
				return true
			}
		}
	}
	return false
}

// properties are what properties of domains must be.
func properties() []*pack.Control {
	domains := func(wants map[string]want.Want) want.Properties {
		d := want.Properties{}
		for _, token := range aws.SearchDomains {
			d[token] = wants
		}
		return d
	}
	return []*pack.Control{
		want.Optional(want.Row("opensearch-audit-logs", "Search domains log who asked for what", "Nobody can tell afterwards what was read.",
			"Add AUDIT_LOGS to logPublishingOptions.", "FSBP:ES.5 FSBP:Opensearch.5 "+standard.Logging, pack.Medium, "",
			domains(map[string]want.Want{"logPublishingOptions": publishes("AUDIT_LOGS")}))),
		want.Optional(want.Row("opensearch-error-logs", "Search domains log their errors", "Errors of the domain go unseen otherwise.",
			"Add ES_APPLICATION_LOGS to logPublishingOptions.", "FSBP:ES.4 FSBP:Opensearch.4 "+standard.Monitoring, pack.Low, pack.Operations,
			domains(map[string]want.Want{"logPublishingOptions": publishes("ES_APPLICATION_LOGS")}))),
		want.Optional(want.Row("opensearch-nodes", "Search domains have three data nodes in several zones",
			"With fewer the loss of one loses data or stops writing.",
			"Set clusterConfig.instanceCount to 3 or more and zoneAwarenessEnabled to true.", "FSBP:ES.6 FSBP:Opensearch.6 "+standard.Spreading,
			pack.Low,
			pack.Resilience, domains(map[string]want.Want{"clusterConfig.instanceCount": want.Least(3),
				"clusterConfig.zoneAwarenessEnabled": want.On}))),
		want.Optional(want.Row("opensearch-masters", "Search domains have three dedicated masters",
			"With fewer two halves of a domain can each take itself for the whole.",
			"Set clusterConfig.dedicatedMasterEnabled to true and dedicatedMasterCount to 3.", "FSBP:ES.7 "+standard.Spreading, pack.Low,
			pack.Resilience,
			domains(map[string]want.Want{"clusterConfig.dedicatedMasterEnabled": want.On, "clusterConfig.dedicatedMasterCount": want.Least(3)}))),
		want.Row("opensearch-tls-policy", "Search domains want TLS 1.2 of their clients", "Older versions can be broken later from a recording.",
			"Set domainEndpointOptions.tlsSecurityPolicy to Policy-Min-TLS-1-2-PFS-2023-10.", "FSBP:ES.8 FSBP:Opensearch.8 "+standard.InTransit,
			pack.Medium, "", domains(map[string]want.Want{"domainEndpointOptions.tlsSecurityPolicy": want.Is("Policy-Min-TLS-1-2-2019-07",
				"Policy-Min-TLS-1-2-PFS-2023-10")})),
		want.Optional(want.Row("opensearch-fine-grained", "Search domains say who may read which index",
			"Whoever reaches the domain otherwise reads all of it.",
			"Set advancedSecurityOptions.enabled to true.", "FSBP:Opensearch.7 "+standard.Privilege, pack.Medium, "",
			domains(map[string]want.Want{"advancedSecurityOptions.enabled": want.On}))),
		want.Optional(want.Row("opensearch-updates", "Search domains take updates by themselves", "Updates mend holes.",
			"Set softwareUpdateOptions.autoSoftwareUpdateEnabled to true.", "FSBP:Opensearch.10 "+standard.Patching, pack.Low, "",
			want.Properties{"aws:opensearch/domain:Domain": {"softwareUpdateOptions.autoSoftwareUpdateEnabled": want.On}})),
	}
}

// publishes wants a log among those that a domain sends, and not switched off there.
func publishes(log string) want.Want {
	return want.One("a list with one of logType "+log+" that is not switched off", func(item pack.Value) pack.Fact {
		return item.Get("logType").OneOf(log).And(item.Get("enabled").Is(true, true))
	})
}
