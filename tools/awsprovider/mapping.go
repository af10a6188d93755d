// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// shortNames are the resources whose AWS names have less room than the general 255 characters.
var shortNames = map[string]int{
	"aws_lb":                    32, // elasticloadbalancing CreateLoadBalancer
	"aws_lb_target_group":       32, // elasticloadbalancing CreateTargetGroup
	"aws_iam_role":              64, // iam CreateRole
	"aws_iam_policy":            128,
	"aws_wafv2_web_acl":         128,
	"aws_wafv2_ip_set":          128,
	"aws_launch_template":       128,
	"aws_iam_role_policy":       128,
	"aws_cloudtrail":            128,
	"aws_cloudwatch_event_rule": 64, // events PutRule
}

// plural are the blocks that the SDK has as lists under a plural name, though upstream allows one.
var plural = map[string]map[string]string{
	"aws_route53_record": {
		"alias":                      "aliases",
		"failover_routing_policy":    "failoverRoutingPolicies",
		"geolocation_routing_policy": "geolocationRoutingPolicies",
		"latency_routing_policy":     "latencyRoutingPolicies",
		"weighted_routing_policy":    "weightedRoutingPolicies",
	},
}

// singular are the types whose rule blocks keep their names, though they are lists.
var singular = map[string]bool{
	"aws_network_acl":            true,
	"aws_default_network_acl":    true,
	"aws_security_group":         true,
	"aws_default_security_group": true,
}

// mapTypes fills info's resources and data sources from Terraform names by token. Every other upstream type has been cut out of
// the source or is ignored.
func mapTypes(info *tfbridge.ProviderInfo, types map[string]string) {
	info.Resources = map[string]*tfbridge.ResourceInfo{}
	info.DataSources = map[string]*tfbridge.DataSourceInfo{}
	for token, name := range types {
		if strings.Contains(token, ":get") {
			info.DataSources[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token)}
		} else {
			info.Resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(token), Fields: fieldsOf(name)}
		}
	}
}

func fieldsOf(terraformType string) map[string]*tfbridge.SchemaInfo {
	fields := map[string]*tfbridge.SchemaInfo{}
	for name, sdkName := range plural[terraformType] {
		fields[name] = &tfbridge.SchemaInfo{Name: sdkName, MaxItemsOne: tfbridge.False()}
	}
	if terraformType == "aws_s3_bucket" {
		fields["bucket"] = tfbridge.AutoNameTransform("bucket", 63, strings.ToLower)
	}
	if singular[terraformType] {
		fields["ingress"] = &tfbridge.SchemaInfo{Name: "ingress"}
		fields["egress"] = &tfbridge.SchemaInfo{Name: "egress"}
	}
	if terraformType == "aws_s3_bucket_website_configuration" { // blocks and JSON text under names that differ by an s
		fields["routing_rule"] = &tfbridge.SchemaInfo{Name: "routingRules"}
		fields["routing_rules"] = &tfbridge.SchemaInfo{Name: "routingRuleDetails"}
	}
	if terraformType == "aws_sns_topic_subscription" {
		fields["topic_arn"] = &tfbridge.SchemaInfo{Name: "topic"}
	}
	if length, ok := shortNames[terraformType]; ok {
		fields["name"] = tfbridge.AutoName("name", length, "-")
	}
	if terraformType == "aws_lambda_function" {
		fields["function_name"] = tfbridge.AutoName("name", 64, "-") // lambda CreateFunction
		fields["filename"] = &tfbridge.SchemaInfo{Name: "code", Asset: &tfbridge.AssetTranslation{Kind: tfbridge.FileArchive, Format: archive.ZIPArchive}}
		fields["architectures"] = &tfbridge.SchemaInfo{MaxItemsOne: tfbridge.False()}
	}
	if terraformType == "aws_lambda_permission" {
		fields["function_name"] = &tfbridge.SchemaInfo{Name: "function"}
	}
	if terraformType == "aws_cloudwatch_metric_alarm" {
		fields["alarm_name"] = tfbridge.AutoName("name", 255, "-")
	}
	return fields
}
