// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"iter"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	distribution  = "aws:cloudfront/distribution:Distribution"
	logSource     = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
	apiMethod     = "aws:apigateway/method:Method"
	apiRoute      = "aws:apigatewayv2/route:Route"
	lightsailPort = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
	gameFleet     = "aws:gamelift/fleet:Fleet"
)

// frontDoors are about the services that face the internet on purpose: what may come in, and how.
func frontDoors() []*pack.Control {
	cdn := []string{distribution}
	return []*pack.Control{
		{
			ID: "cloudfront-viewer-https", Title: "Distributions serve viewers over HTTPS only", Severity: pack.High, Types: cdn,
			Why: "What goes over plain HTTP can be read and changed on the way, including the session.",
			Fix: "Set viewerProtocolPolicy of every cache behavior to redirect-to-https or https-only.", Maps: meets("FSBP:CloudFront.3", inTransit),
			Check: func(k *pack.Case) {
				for b := range behaviors(k) {
					v := b.Get("viewerProtocolPolicy")
					k.Require(v.OneOf("redirect-to-https", "https-only"), "%s is %s", v.Path(), v)
				}
			},
		},
		{
			ID: "cloudfront-origin-tls", Title: "Distributions reach their origins over TLS 1.2", Severity: pack.High, Types: cdn,
			Why: "The way from the edge to the origin crosses the internet too.",
			Fix: "Set originProtocolPolicy to https-only and originSslProtocols to TLSv1.2.", Maps: meets("FSBP:CloudFront.9 FSBP:CloudFront.10", inTransit), Check: originTLS,
		},
		{
			ID: "cloudfront-tls-policy", Title: "Distributions speak TLS 1.2 and later only", Severity: pack.High, Types: cdn,
			Why: "Older versions can be broken later from a recording.", Fix: "Set viewerCertificate.minimumProtocolVersion to TLSv1.2_2021 or a newer policy.", Maps: meets("FSBP:CloudFront.15", inTransit),
			Check: func(k *pack.Case) {
				own := k.Get("viewerCertificate.acmCertificateArn").IsSet().Or(k.Get("viewerCertificate.iamCertificateId").IsSet())
				v := k.Get("viewerCertificate.minimumProtocolVersion")
				k.Require(own.Not().Or(v.Matches(func(s string) bool { return strings.HasPrefix(s, "TLSv1.2_") || strings.HasPrefix(s, "TLSv1.3_") })), "%s is %s", v.Path(), v)
			},
		},
		{
			ID: "cloudfront-logging", Title: "Distributions log requests", Severity: pack.Medium, Types: cdn, Joins: []string{logSource}, Stack: true,
			Why: "Without the log nobody can tell afterwards who asked for what.", Fix: "Set loggingConfig.bucket, or add a LogDeliverySource for the distribution.", Maps: meets("FSBP:CloudFront.5", logging),
			Check: func(k *pack.Case) {
				own := k.Get("loggingConfig.bucket").IsSet()
				k.Require(own.Or(anyCompanion(k, "resourceArn", []string{logSource}, present)), "neither loggingConfig nor a LogDeliverySource logs requests")
			},
		},
		{
			ID: "cloudfront-firewall", Title: "Distributions have a web ACL", Severity: pack.Medium, Level: pack.Disabled, Types: cdn,
			Why: "A web ACL stops known attacks before they reach the origin. Static files need none, so this is off by default.", Fix: "Set webAclId.", Maps: meets("FSBP:CloudFront.6", webAttack), Check: isSet("webAclId"),
		},
		{
			ID: "api-authorized", Title: "Methods and routes of APIs ask who calls", Severity: pack.Medium, Types: []string{apiMethod, apiRoute},
			Why: "With authorization NONE anybody on the internet can call what is behind the method.",
			Fix: "Set authorization (of a route: authorizationType) to AWS_IAM, JWT, CUSTOM or COGNITO_USER_POOLS; waive the few that are meant for everybody.", Maps: meets("FSBP:APIGateway.8", exposure), Check: apiAuthorized,
		},
		{
			ID: "elb-network-ports", Title: "Network load balancers hand no database or administration port to the internet", Severity: pack.Critical, Types: listenerTokens, Joins: loadBalancerTokens, Stack: true,
			Why: "A network load balancer passes on whatever arrives, so the service behind it is on the internet itself.", Fix: "Make the load balancer internal, or remove the listener.", Maps: meets(exposure), Check: networkPorts,
		},
		{
			ID: "ports-world", Title: "Lightsail and GameLift open only web ports to the internet", Severity: pack.High, Types: []string{lightsailPort, gameFleet},
			Why: "These machines have no security group: the list of ports is all that stands between them and the internet.", Fix: "Name the addresses that need the port, or add it to the setting allowedPorts.",
			Settings: []pack.Setting{words("allowedPorts", "Ports that may be open to the internet.", "80", "443")}, Maps: meets(exposure), Check: portsWorld,
		},
		{
			ID: "elb-classic-zones", Title: "Classic Load Balancers stand in two zones or more", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{classicBalancer},
			Why: "With one zone the service goes when the zone does.", Fix: "List two availability zones or subnets of two zones.", Maps: meets("FSBP:ELB.10", spreading), Check: func(k *pack.Case) {
				zones := k.Inputs().First("availabilityZones", "subnets")
				if zones.IsUnknown() {
					k.Defer(zones)
				} else if zones.Len() < 2 {
					k.Report(zones, "the load balancer stands in %d of at least 2 zones", zones.Len())
				}
			},
		},
		demands{
			classicBalancer: {"crossZoneLoadBalancing": keptOn, "connectionDraining": on},
		}.control(pack.Control{
			ID: "elb-classic-even", Title: "Classic Load Balancers spread evenly and let requests end", Severity: pack.Low, Concern: pack.Resilience,
			Why: "Otherwise one zone carries more than another, and each rollout cuts off whoever is being served.", Fix: "Leave crossZoneLoadBalancing out and set connectionDraining to true.", Maps: meets("FSBP:ELB.7 FSBP:ELB.9", spreading),
		}),
	}
}

// behaviors yields the cache behaviors of a distribution.
func behaviors(k *pack.Case) iter.Seq[pack.Value] {
	return func(yield func(pack.Value) bool) {
		if !yield(k.Get("defaultCacheBehavior")) {
			return
		}
		for b := range k.Get("orderedCacheBehaviors").Items() {
			if !yield(b) {
				return
			}
		}
	}
}

func originTLS(k *pack.Case) {
	for o := range k.Get("origins").Items() {
		custom := o.Get("customOriginConfig")
		if !custom.Exists() {
			continue
		}
		policy := custom.Get("originProtocolPolicy")
		k.Require(policy.OneOf("https-only", "match-viewer"), "%s is %s", policy.Path(), policy)
		for p := range custom.Get("originSslProtocols").Items() {
			k.Forbid(p.Matches(oldTLS).And(policy.OneOf("http-only").Not()), "%s is %s", p.Path(), p)
		}
	}
}

// apiAuthorized accepts what a browser asks before it calls (CORS), and methods that want an API key: that is no proof of who
// calls, but a decision.
func apiAuthorized(k *pack.Case) {
	how := k.Inputs().First("authorization", "authorizationType")
	asks := k.Get("httpMethod").OneOf("OPTIONS").Or(k.Get("routeKey").Matches(func(s string) bool { return strings.HasPrefix(s, "OPTIONS ") || s == "$disconnect" }))
	open := how.OneOf("NONE").Or(absent(how))
	k.Forbid(open.And(asks.Not()).And(k.Get("apiKeyRequired").IsFalse()), "%s is %s", how.Path(), how)
}

// networkPorts judges the listeners of network load balancers that face the internet.
func networkPorts(k *pack.Case) {
	port := k.Get("port")
	listens := listenerProtocol(k.Get, "TCP", "UDP", "TCP_UDP").And(port.Matches(func(s string) bool {
		return slices.Contains(append(riskyList(), portSSH, portRDP, portSMB), number(s))
	}))
	if listens.Is == pack.False {
		return
	}
	balancer, found := k.Stack.Target(k.Resource, "loadBalancerArn", k.Get("loadBalancerArn"), loadBalancerTokens...)
	switch {
	case balancer != nil:
		k.Forbid(listens.And(balancer.Get("internal").IsFalse()), "port %s of the load balancer %q, which faces the internet, is that of a database or of administration", port, balancer.Name)
	case found.Is == pack.Deferred:
		k.Defer(found.At)
	default:
		k.Skip("the load balancer is not part of the stack")
	}
}

// portsWorld wants open ports to be in the setting, or for addresses that are named.
func portsWorld(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	for _, list := range []string{"portInfos", "ec2InboundPermissions"} {
		for p := range k.Get(list).Items() {
			known, unknown := p.First("cidrs", "ipRange").Strings()
			wide := waitFor(unknown)
			if open, _ := address.Wide(known...); open || k.Type == lightsailPort && p.Get("cidrs").Len()+p.Get("cidrListAliases").Len()+p.Get("ipv6Cidrs").Len() == 0 {
				wide = pack.Yes(p)
			}
			one := p.Get("fromPort").OneOf(allowed...).And(p.Get("toPort").OneOf(allowed...))
			k.Forbid(wide.And(one.Not()), "%s opens ports %s to %s to the internet", p.Path(), p.Get("fromPort"), p.Get("toPort"))
		}
	}
}
