// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form/https"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// application is the fact that a load balancer is of the application type, which is the default.
func application(v pack.Value) pack.Fact {
	t := v.Get("loadBalancerType")
	return t.OneOf("application").Or(want.Absent(t))
}

func loadBalancers() []*pack.Control {
	return []*pack.Control{
		{
			ID: "elb-http-redirects", Title: "HTTP listeners only redirect to HTTPS", Severity: pack.High, Types: aws.Listeners,
			Why:   "What is served over plain HTTP can be read and changed on the way, including the session.",
			Fix:   "Give the listener on port 80 one default action of type redirect to protocol HTTPS, status HTTP_301.",
			Maps:  standard.Meets("FSBP:ELB.1", standard.InTransit),
			Check: redirectsOnly,
		},
		{
			ID: "elb-encrypted-listener", Title: "Network listeners use TLS for TCP", Severity: pack.Medium, Level: pack.Disabled,
			Types: aws.Listeners,
			Why:   "A TCP listener passes on whatever arrives. Where the target ends TLS by itself that is right, so this is off by default.",
			Fix:   "Set protocol to TLS with a certificate.", Maps: standard.Meets("FSBP:ELB.18", standard.InTransit),
			Check: func(k *pack.Case) { k.Forbid(listenerProtocol(k.Get, "TCP", "UDP", "TCP_UDP")) },
		},
		{
			ID: "elb-tls-policy", Title: "Listeners speak TLS 1.2 and later only", Severity: pack.High, Types: aws.Listeners,
			Why: "Older versions and ciphers without forward secrecy can be broken later from a recording.",
			Fix: "Set sslPolicy to " + https.TLSPolicy + " or a newer one.", Maps: standard.Meets("FSBP:ELB.17", standard.InTransit),
			Check: func(k *pack.Case) {
				tls := listenerProtocol(k.Get, "HTTPS", "TLS")
				k.Require(tls.Not().Or(k.Get("sslPolicy").Matches(https.ModernTLS)), "sslPolicy is %s", k.Get("sslPolicy"))
			},
			Remedy: func(e *pack.Edit) {
				if listenerProtocol(e.Get, "HTTPS", "TLS").Is == pack.True && !https.ModernTLS(e.Get("sslPolicy").Str()) {
					e.Set("sslPolicy", https.TLSPolicy)
				}
			},
		},
		{
			ID: "elb-listener-certificate", Title: "TLS listeners have a certificate from ACM", Severity: pack.High,
			Types: slices.Concat(aws.Listeners, aws.ListenerCertificates),
			Why: "A TLS listener without a certificate cannot answer, and one with a certificate kept in IAM stops on the day that nobody " +
				"renewed it.", Fix: "Set certificateArn to a certificate from ACM.", Maps: standard.Meets(standard.InTransit),
			Check: func(k *pack.Case) {
				arn := k.Get("certificateArn")
				if !k.IsA(aws.ListenerCertificates...) {
					k.Require(listenerProtocol(k.Get, "HTTPS", "TLS").Not().Or(arn.IsSet()), "certificateArn is not set")
				}
				k.Forbid(arn.Matches(keptInIAM), "certificateArn is a certificate kept in IAM, which nobody renews: %s", arn)
			},
		},
		{
			ID: "elb-hsts", Title: "HTTPS listeners tell browsers to stay on HTTPS", Severity: pack.Medium, Types: aws.Listeners,
			Why:  "Without the header, the first plain request of every visit can be intercepted.",
			Fix:  "Set routingHttpResponseStrictTransportSecurityHeaderValue to " + https.HSTS(https.MaxHSTSDays, true) + ".",
			Maps: standard.Meets(standard.InTransit),
			Check: func(k *pack.Case) {
				v := k.Get("routingHttpResponseStrictTransportSecurityHeaderValue")
				k.Require(listenerProtocol(k.Get, "HTTPS").Not().Or(v.Matches(hstsLongEnough)), "the Strict-Transport-Security header is %s", v)
			},
			Remedy: func(e *pack.Edit) {
				const path = "routingHttpResponseStrictTransportSecurityHeaderValue"
				if listenerProtocol(e.Get, "HTTPS").Is == pack.True && !e.Get(path).Exists() {
					e.Set(path, https.HSTS(https.MaxHSTSDays, true))
				}
			},
		},
		{
			ID: "elb-drop-invalid-headers", Title: "Load balancers drop invalid headers", Severity: pack.Medium, Types: aws.LoadBalancers,
			Why:  "Headers that two servers read differently are how one request is smuggled inside another.",
			Fix:  "Set dropInvalidHeaderFields to true.",
			Maps: standard.Meets("FSBP:ELB.4", standard.WebAttack), Check: func(k *pack.Case) {
				k.Require(application(k.Inputs()).Not().Or(k.Get("dropInvalidHeaderFields").IsTrue()), "dropInvalidHeaderFields is %s",
					k.Get("dropInvalidHeaderFields"))
			},
			Remedy: func(e *pack.Edit) {
				if t := e.Get("loadBalancerType"); !t.Exists() || t.Str() == "application" {
					e.Set("dropInvalidHeaderFields", true)
				}
			},
		},
		{
			ID: "elb-access-logs", Title: "Application load balancers log access", Severity: pack.Medium, Types: aws.LoadBalancers,
			Why:  "The access log is the record of who asked for what, for faults and for incidents.",
			Fix:  "Set accessLogs with a bucket and enabled true.",
			Maps: standard.Meets("FSBP:ELB.5", standard.Logging), Check: func(k *pack.Case) {
				k.Require(application(k.Inputs()).Not().Or(k.Get("accessLogs.enabled").IsTrue()), "accessLogs.enabled is %s",
					k.Get("accessLogs.enabled"))
			},
		},
		{
			ID: "elb-network-access-logs", Title: "Network load balancers that end TLS log access", Severity: pack.Medium, Types: aws.LoadBalancers,
			Joins: aws.Listeners, Stack: true,
			Why: "The access log is the record of who connected and with which TLS version. Without a TLS listener a network load balancer " +
				"writes none.", Fix: "Set accessLogs with a bucket and enabled true.",
			Maps: standard.Meets(standard.Logging), Check: func(k *pack.Case) {
				ends := k.Get("loadBalancerType").OneOf("network").
					And(want.AnyCompanion(k, "loadBalancerArn", aws.Listeners, func(l *pack.Resource) pack.Fact { return listenerProtocol(l.Get, "TLS") }))
				k.Require(ends.Not().Or(k.Get("accessLogs.enabled").IsTrue()), "accessLogs.enabled is %s", k.Get("accessLogs.enabled"))
			},
		},
		{
			ID: "elb-deletion-protection", Title: "Load balancers are protected from deletion", Severity: pack.Medium, Concern: pack.Resilience,
			Types: aws.LoadBalancers,
			Why:   "A new load balancer has a new name; clients that know the old one are lost.", Fix: "Set enableDeletionProtection to true.",
			Maps: standard.Meets("FSBP:ELB.6", standard.KeepSafe), Check: want.IsTrue("enableDeletionProtection"),
			Remedy: want.Put("enableDeletionProtection", true),
		},
		{
			ID: "elb-desync", Title: "Load balancers refuse ambiguous requests", Severity: pack.Medium, Types: aws.LoadBalancers,
			Why: "Mode monitor passes requests on that are known for smuggling.", Fix: "Leave desyncMitigationMode at defensive, or set strictest.",
			Maps: standard.Meets("FSBP:ELB.12", standard.WebAttack), Check: want.NoneOf("desyncMitigationMode", "monitor"),
			Remedy: func(e *pack.Edit) {
				if e.Get("desyncMitigationMode").Str() == "monitor" {
					e.Set("desyncMitigationMode", "defensive")
				}
			},
		},
		{
			ID: "elb-zones", Title: "Load balancers stand in two zones or more", Severity: pack.Medium, Concern: pack.Resilience,
			Types: aws.LoadBalancers,
			Why:   "With one zone, its failure is yours.", Fix: "List subnets of at least two zones.",
			Maps: standard.Meets("FSBP:ELB.13", standard.Spreading),
			Check: func(k *pack.Case) {
				subnets, mapped := k.Get("subnets"), k.Get("subnetMappings")
				if subnets.IsUnknown() || mapped.IsUnknown() {
					k.Defer(k.Inputs().First("subnets", "subnetMappings"))
					return
				}
				if n := max(subnets.Len(), mapped.Len()); n < 2 {
					k.Report(subnets, "%s listed, of at least two zones are wanted", want.Count(n, "subnet is", "subnets are"))
				}
			},
		},
		{
			ID: "elb-cross-zone", Title: "Network and gateway load balancers spread over zones", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Resilience, Types: aws.LoadBalancers,
			Why: "Without it, a zone with few targets carries as much as one with many. Traffic between zones costs extra, so this is off by " +
				"default.",
			Fix: "Set enableCrossZoneLoadBalancing to true.", Maps: standard.Meets(standard.Spreading), Check: func(k *pack.Case) {
				k.Require(application(k.Inputs()).Or(k.Get("enableCrossZoneLoadBalancing").IsTrue()), "enableCrossZoneLoadBalancing is %s",
					k.Get("enableCrossZoneLoadBalancing"))
			},
		},
		{
			ID: "elb-internal", Title: "Only listed load balancers face the internet", Severity: pack.Medium, Level: pack.Disabled,
			Public:   true,
			Types:    aws.LoadBalancers,
			Why:      "Each one that faces the internet is a door. Switch this on with the list of doors that are meant.",
			Fix:      "Set internal to true, or list the resource's name.",
			Settings: []pack.Setting{want.Words("allowed", "Resource names of load balancers that may face the internet.")},
			Maps:     standard.Meets(standard.Exposure),
			Check: func(k *pack.Case) {
				if want.Allowed(k) {
					return
				}
				k.Require(k.Get("internal").IsTrue(), "the load balancer faces the internet: internal is %s", k.Get("internal"))
			},
		},
		{
			ID: "elb-security-groups", Title: "Application load balancers have a security group of their own", Severity: pack.High,
			Types: aws.LoadBalancers,
			Why:   "Without one it gets the default group of the VPC.", Fix: "Set securityGroups.", Maps: standard.Meets(standard.Segments),
			Check: func(k *pack.Case) {
				k.Require(application(k.Inputs()).Not().Or(k.Get("securityGroups").IsSet()), "securityGroups is not set")
			},
		},
		{
			ID: "elb-waf-fail-closed", Title: "Load balancers do not pass the firewall by when it fails", Severity: pack.Medium,
			Types: aws.LoadBalancers,
			Why:   "With fail-open, whoever can overload the firewall is past it.", Fix: "Leave enableWafFailOpen out.",
			Maps: standard.Meets(standard.WebAttack), Check: want.IsFalse("enableWafFailOpen"),
			Remedy: want.Put("enableWafFailOpen", false),
		},
		{
			ID: "elb-waf", Title: "Application load balancers on the internet have a web application firewall", Severity: pack.High,
			Types: aws.LoadBalancers,
			Joins: []string{aws.WAFWebACLAssociation, aws.CloudFrontDistribution, aws.SecurityGroup, aws.DefaultSecurityGroup, aws.SecurityGroupRule,
				aws.SecurityGroupIngressRule}, Stack: true,
			Why:  "Without it, floods and known attacks reach the application as they are.",
			Fix:  "Add a WebAclAssociation for the load balancer, or one for the CloudFront distribution through which alone it can be reached.",
			Maps: standard.Meets("FSBP:ELB.16", standard.WebAttack),
			Check: func(k *pack.Case) {
				public := application(k.Inputs()).And(k.Get("internal").IsFalse())
				covered := want.AnyCompanion(k, "resourceArn", []string{aws.WAFWebACLAssociation}, want.Present)
				k.Require(public.Not().Or(covered).Or(behindCloudFront(k)), "no web ACL is associated with the load balancer")
			},
		},
		{
			ID: "elb-target-health", Title: "Target groups check health", Severity: pack.Medium, Concern: pack.Resilience, Types: aws.TargetGroups,
			Why: "Without health checks, requests go to servers that cannot answer.", Fix: "Leave healthCheck.enabled out or set it to true.",
			Maps:  standard.Meets(standard.Spreading),
			Check: want.NotFalse("healthCheck.enabled"),
		},
		{
			ID: "elb-target-encrypted", Title: "Targets are reached over TLS", Severity: pack.Low, Level: pack.Disabled, Types: aws.TargetGroups,
			Why: "Plain HTTP inside the network can be read by whoever gets inside. Many keep TLS at the edge only, so this is off by default.",
			Fix: "Set protocol to HTTPS or TLS.", Maps: standard.Meets(standard.InTransit), Check: want.NoneOf("protocol", "HTTP", "TCP"),
		},
		{
			ID: "elb-sticky-cookie", Title: "Target groups do not keep sessions longer than a day", Severity: pack.Low, Concern: pack.Resilience,
			Types: aws.TargetGroups,
			Why:   "Long stickiness keeps users on servers that should be drained.", Fix: "Leave stickiness.cookieDuration at 86400 or less.",
			Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("stickiness.enabled").Is(true, true).And(k.Get("stickiness.cookieDuration").AtLeast(86401)),
					"stickiness.cookieDuration is %s seconds", k.Get("stickiness.cookieDuration"))
			},
		},
		{
			ID: "elb-authentication-deny", Title: "Listeners with a login refuse who does not log in", Severity: pack.High,
			Types: slices.Concat(aws.ListenerRules, aws.Listeners),
			Why:   "With onUnauthenticatedRequest allow, the login is only decoration.",
			Fix:   "Set onUnauthenticatedRequest to authenticate or deny.", Maps: standard.Meets(standard.Exposure),
			Check: func(k *pack.Case) {
				letsStrangersIn(k, "defaultActions")
				letsStrangersIn(k, "actions")
			},
		},
	}
}

func letsStrangersIn(k *pack.Case, list string) {
	for a := range k.Get(list).Items() {
		k.Forbid(a.Get("authenticateOidc.onUnauthenticatedRequest").OneOf("allow"))
		k.Forbid(a.Get("authenticateCognito.onUnauthenticatedRequest").OneOf("allow"))
	}
}

// behindCloudFront is the fact that a distribution with a web ACL has the load balancer as its origin, and that
// the load balancer's security groups admit nobody by address, so that the internet cannot pass it by.
func behindCloudFront(k *pack.Case) pack.Fact {
	fronted := pack.No(k.Get("securityGroups"))
	for _, d := range k.Stack.Of(aws.CloudFrontDistribution) {
		for origin := range d.Get("origins").Items() {
			fronted = fronted.Or(want.LeadsTo(k.Stack, d, "origins", origin.Get("domainName"), k.Resource, "dnsName").And(d.Get("webAclId").IsSet()))
		}
	}
	if fronted.Is == pack.False {
		return fronted
	}
	for id := range k.Get("securityGroups").Items() {
		group, found := k.Stack.Target(k.Resource, "securityGroups", id, aws.Groups...)
		if group == nil {
			fronted = fronted.And(found)
			continue
		}
		fronted = fronted.And(filter.AdmitsWorld(k, group).Not())
	}
	return fronted
}

// keptInIAM reports whether the ARN of a certificate is one that was uploaded to IAM.
func keptInIAM(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws") && strings.Contains(arn, ":iam::") && strings.Contains(arn, ":server-certificate/")
}

const hstsSeconds = 15768000 // half a year

// hstsLongEnough reports whether a Strict-Transport-Security value lasts at least half a year. max-age=0 is
// how HSTS is switched off on purpose, and is not long enough.
func hstsLongEnough(v string) bool {
	for _, part := range strings.Split(v, ";") {
		name, age, ok := strings.Cut(strings.TrimSpace(part), "=")
		if ok && strings.EqualFold(name, "max-age") {
			return want.Int(strings.Trim(age, `"`)) >= hstsSeconds
		}
	}
	return false
}
