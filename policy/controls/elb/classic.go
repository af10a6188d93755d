// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"regexp"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// classic are about Classic Load Balancers, and the ports that network load balancers hand on.
func classic() []*pack.Control {
	return []*pack.Control{
		{
			ID: "elb-classic-encrypted", Title: "Public Classic Load Balancers do not listen in the clear", Severity: pack.High,
			Types: []string{aws.ClassicLoadBalancer},
			Why:   "What is served over plain HTTP can be read and changed on the way, and a Classic Load Balancer cannot redirect.",
			Fix:   "Use lbProtocol https or ssl with a certificate, or move to an Application Load Balancer.",
			Maps:  standard.Meets("FSBP:ELB.3", standard.InTransit), Check: classicPlain,
		},
		{
			ID: "elb-network-ports", Title: "Network load balancers hand no database or administration port to the internet",
			Severity: pack.Critical, Types: aws.Listeners, Joins: aws.LoadBalancers, Stack: true,
			Why: "A network load balancer passes on whatever arrives, so the service behind it is on the internet itself.",
			Fix: "Make the load balancer internal, or remove the listener.", Maps: standard.Meets(standard.Exposure), Check: networkPorts,
		},
		{
			ID: "elb-classic-zones", Title: "Classic Load Balancers stand in two zones or more", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.ClassicLoadBalancer},
			Why:   "With one zone the service goes when the zone does.", Fix: "List two availability zones or subnets of two zones.",
			Maps: standard.Meets("FSBP:ELB.10", standard.Spreading), Check: func(k *pack.Case) {
				zones := k.Inputs().First("availabilityZones", "subnets")
				if zones.IsUnknown() {
					k.Defer(zones)
				} else if zones.Len() < 2 {
					k.Report(zones, "the load balancer stands in %d of at least 2 zones", zones.Len())
				}
			},
		},
		want.Properties{
			aws.ClassicLoadBalancer: {"crossZoneLoadBalancing": want.KeptOn, "connectionDraining": want.On},
		}.Control(pack.Control{
			ID: "elb-classic-even", Title: "Classic Load Balancers spread evenly and let requests end", Severity: pack.Low, Concern: pack.Resilience,
			Why:  "Otherwise one zone carries more than another, and each rollout cuts off whoever is being served.",
			Fix:  "Leave crossZoneLoadBalancing out and set connectionDraining to true.",
			Maps: standard.Meets("FSBP:ELB.7 FSBP:ELB.9", standard.Spreading),
		}),
		want.Row("elb-classic-tls-policy", "Classic Load Balancers use a strong predefined TLS policy",
			"Older versions and ciphers can be broken later from a recording.",
			"Set the attribute Reference-Security-Policy to ELBSecurityPolicy-TLS-1-2-2017-01.", "FSBP:ELB.8 "+standard.InTransit, pack.Medium, "",
			want.Properties{
				"aws:elb/sslNegotiationPolicy:SslNegotiationPolicy": {"attributes": want.Entry("name", "Reference-Security-Policy", "value",
					"ELBSecurityPolicy-TLS-1-2-2017-01")},
				"aws:elb/loadBalancerPolicy:LoadBalancerPolicy": {"policyAttributes": want.Entry("name", "Reference-Security-Policy", "value",
					"ELBSecurityPolicy-TLS-1-2-2017-01").Where("policyTypeName", "SSLNegotiationPolicyType")},
			}),
		want.Row("elb-classic-certificate", "Classic Load Balancers take their certificates from ACM",
			"A certificate that somebody uploaded is renewed by hand, and one day is not.",
			"Set sslCertificateId of the listener to the ARN of an ACM certificate.", "FSBP:ELB.2 "+standard.InTransit, pack.Medium, "",
			want.Properties{aws.ClassicLoadBalancer: {
				"listeners[].sslCertificateId": want.Matching("the ARN of an ACM certificate", certificateARN.MatchString).Where("lbProtocol", "https",
					"HTTPS", "ssl", "SSL"),
			}}),
		want.Row("elb-classic-desync", "Classic Load Balancers refuse ambiguous requests",
			"Two servers that read one request differently let an attacker slip a second one in.",
			"Leave desyncMitigationMode out, or set it to strictest.", "FSBP:ELB.14 "+standard.WebAttack, pack.Medium, "",
			want.Properties{aws.ClassicLoadBalancer: {"desyncMitigationMode": want.IsOrDefault("defensive", "strictest")}}),
	}
}

// classicPlain refuses listeners for HTTP, and for whatever comes to port 80, of a load balancer that is not internal.
func classicPlain(k *pack.Case) {
	public := k.Get("internal").IsFalse()
	k.Forbid(public.And(k.Get("listeners").Any(func(l pack.Value) pack.Fact {
		protocol := l.Get("lbProtocol")
		return protocol.Matches(want.AnyOf("HTTP")).Or(protocol.Matches(want.AnyOf("TCP")).And(l.Get("lbPort").OneOf("80")))
	})), "a listener of the public load balancer is in the clear")
}

// networkPorts judges the listeners of network load balancers that face the internet.
func networkPorts(k *pack.Case) {
	port := k.Get("port")
	listens := listenerProtocol(k.Get, "TCP", "UDP", "TCP_UDP").And(port.Matches(func(s string) bool {
		return slices.Contains(append(filter.RiskyPorts(), filter.PortSSH, filter.PortRDP, filter.PortSMB), want.Int(s))
	}))
	if listens.Is == pack.False {
		return
	}
	balancer, found := k.Stack.Target(k.Resource, "loadBalancerArn", k.Get("loadBalancerArn"), aws.LoadBalancers...)
	switch {
	case balancer != nil:
		k.Forbid(listens.And(balancer.Get("internal").IsFalse()),
			"port %s of the load balancer %q, which faces the internet, is that of a database or of administration", port, balancer.Name)
	case found.Is == pack.Deferred:
		k.Defer(found.At)
	default:
		k.Skip("the load balancer is not part of the stack")
	}
}

var (
	certificateARN = regexp.MustCompile(`^arn:aws[a-z-]*:acm:`)
)
