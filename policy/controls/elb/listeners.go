// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// listenerProtocol is the fact that a listener, whose properties get returns, speaks one of the protocols. The
// provider writes them in capital letters. A listener of an application load balancer that names none speaks HTTPS
// when it has a certificate, and HTTP otherwise; one of a gateway load balancer has neither a protocol nor a port
// (terraform-provider-aws, elbv2/listener.go).
func listenerProtocol(get func(string) pack.Value, protocols ...string) pack.Fact {
	p := get("protocol")
	if p.Exists() {
		return p.Matches(func(s string) bool { return slices.Contains(protocols, strings.ToUpper(s)) })
	}
	if !get("port").Exists() {
		return pack.No(p)
	}
	certified := get("certificateArn").IsSet()
	answer := pack.No(p)
	if slices.Contains(protocols, "HTTPS") {
		answer = answer.Or(certified)
	}
	if slices.Contains(protocols, "HTTP") {
		answer = answer.Or(certified.Not())
	}
	return answer
}

// redirects is the fact that a list of actions does nothing but redirect to HTTPS. A redirect that names no protocol
// keeps that of the request.
func redirects(actions pack.Value) pack.Fact {
	return actions.IsSet().And(actions.All(func(a pack.Value) pack.Fact {
		refused := a.Get("type").OneOf("fixed-response").And(a.Get("fixedResponse.statusCode").Matches(isError))
		return a.Get("type").OneOf("redirect").And(a.Get("redirect.protocol").OneOf("HTTPS")).Or(refused)
	}))
}

// isError reports whether a status is that of a refusal: a listener that answers 404 to everything serves nothing.
func isError(status string) bool {
	return strings.HasPrefix(status, "4") || strings.HasPrefix(status, "5")
}

// redirectsOnly wants a listener for plain HTTP to do nothing but redirect to HTTPS.
func redirectsOnly(k *pack.Case) {
	k.Require(listenerProtocol(k.Get, "HTTP").Not().Or(redirects(k.Get("defaultActions"))),
		"the HTTP listener does more than redirect to HTTPS: defaultActions[0].type is %s", k.Get("defaultActions[0].type"))
}

// listenerRules are about the rules of listeners, which take requests away from the default action.
func listenerRules() []*pack.Control {
	return []*pack.Control{
		{
			ID: "elb-http-rules-redirect", Title: "Rules of HTTP listeners only redirect to HTTPS", Severity: pack.High, Types: aws.ListenerRules,
			Joins: aws.Listeners, Stack: true,
			Why: "A rule comes before the listener's default action: what it forwards is served over plain HTTP, where it can be read and " +
				"changed on the way.",
			Fix:  "Move the rule to the HTTPS listener, or give it one action of type redirect to protocol HTTPS.",
			Maps: standard.Meets("FSBP:ELB.1", standard.InTransit), Check: ruleRedirectsOnly,
		},
	}
}

// ruleRedirectsOnly wants a rule of a listener for plain HTTP to do nothing but redirect to HTTPS.
func ruleRedirectsOnly(k *pack.Case) {
	only := redirects(k.Get("actions"))
	if only.Is == pack.True {
		return
	}
	listener, found := k.Stack.Target(k.Resource, "listenerArn", k.Get("listenerArn"), aws.Listeners...)
	switch {
	case listener != nil:
		k.Require(only.Or(listenerProtocol(listener.Get, "HTTP").Not()), "the rule of the HTTP listener %q does more than redirect to HTTPS",
			listener.Name)
	case found.Is == pack.Deferred:
		k.Defer(found.At)
	default:
		k.Skip("the listener is not part of the stack")
	}
}
