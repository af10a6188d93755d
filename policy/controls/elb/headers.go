// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// answers are about what a load balancer answers by itself.
func answers() []*pack.Control {
	const prefix = "routingHttpResponse"
	return []*pack.Control{
		{
			ID: "elb-security-headers", Title: "Listeners add security headers and hide what they are", Severity: pack.Low, Level: pack.Disabled,
			Types: aws.Listeners,
			Why: "The headers keep browsers from guessing types, from framing the site and from running foreign scripts. Applications can send " +
				"them too, so this is off by default.",
			Fix: "Set the X-Content-Type-Options, X-Frame-Options and Content-Security-Policy values of the listener, and " +
				"routingHttpResponseServerEnabled to false.", Maps: standard.Meets(standard.WebAttack), Check: func(k *pack.Case) {
				web := listenerProtocol(k.Get, "HTTP", "HTTPS")
				k.Require(web.Not().Or(k.Get(prefix+"ServerEnabled").Is(false, true)), "the listener names its server")
				tls := listenerProtocol(k.Get, "HTTPS")
				k.Require(tls.Not().Or(k.Get(prefix+"XContentTypeOptionsHeaderValue").OneOf("nosniff")), "X-Content-Type-Options is not nosniff")
				k.Require(tls.Not().Or(k.Get(prefix+"XFrameOptionsHeaderValue").OneOf("DENY", "SAMEORIGIN")), "X-Frame-Options is not set")
				k.Require(tls.Not().Or(k.Get(prefix+"ContentSecurityPolicyHeaderValue").IsSet()), "Content-Security-Policy is not set")
			},
		},
		{
			ID: "elb-connection-logs", Title: "Application load balancers log connections", Severity: pack.Low, Level: pack.Disabled,
			Types: aws.LoadBalancers,
			Why: "The connection log shows clients that fail before they ask for anything, and with which TLS version. Access logs are enough " +
				"for most, so this is off by default.",
			Fix: "Set connectionLogs with a bucket and enabled true.", Maps: standard.Meets(standard.Logging), Check: func(k *pack.Case) {
				k.Require(application(k.Inputs()).Not().Or(k.Get("connectionLogs.enabled").IsTrue()), "connectionLogs.enabled is %s",
					k.Get("connectionLogs.enabled"))
			},
		},
		{
			ID: "elb-forwarded-for", Title: "Load balancers write down where a request came from", Severity: pack.Low, Level: pack.Disabled,
			Types: aws.LoadBalancers,
			Why: "With mode preserve the client decides what the application takes for its address. Behind another proxy that is wanted, so " +
				"this is off by default.",
			Fix: "Leave xffHeaderProcessingMode at append.", Maps: standard.Meets(standard.WebAttack),
			Check: want.NoneOf("xffHeaderProcessingMode", "preserve"),
		},
	}
}
