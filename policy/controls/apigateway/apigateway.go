// SPDX-License-Identifier: Apache-2.0

// Package apigateway holds the controls of Amazon API Gateway.
package apigateway

import (
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
	return []*pack.Control{
		{
			ID: "apigateway-policy-public", Public: true, Title: "Policies of APIs say who may call", Severity: pack.Medium,
			Types: []string{aws.APIGatewayRestAPI, aws.APIGatewayRestAPIPolicy},
			Why:   "An API that is meant for some can be called by everybody. One that is meant for all is advised about, no more.",
			Fix:   "Name the principals, add a condition, or deny everybody who does not come from a VPC endpoint of yours.",
			Maps:  standard.Meets(standard.Exposure), Check: document.Each(document.At("policy"), func(k *pack.Case, v pack.Value, d *iam.Document) {
				if d.DeniesOthers("execute-api:Invoke") {
					return
				}
				for i := range d.Statements {
					if why := d.Statements[i].Public(); why != "" {
						k.Report(v, "%s %s", d.Statements[i].Label(), why)
					}
				}
			}),
		},
		{
			ID: "api-authorized", Public: true, Title: "Methods and routes of APIs ask who calls", Severity: pack.Medium,
			Types: []string{aws.APIGatewayMethod, aws.APIGatewayV2Route},
			Why:   "With authorization NONE anybody on the internet can call what is behind the method.",
			Fix: "Set authorization (of a route: authorizationType) to AWS_IAM, JWT, CUSTOM or COGNITO_USER_POOLS; waive the few that are " +
				"meant for everybody.", Maps: standard.Meets("FSBP:APIGateway.8", standard.Exposure), Check: apiAuthorized,
		},
		want.Row("api-client-certificate", "Backends can tell that a request comes from the API",
			"Whoever finds the backend's own address otherwise calls it past the API.",
			"Set clientCertificateId and let the backend ask for the certificate.", "FSBP:APIGateway.2 "+standard.Identity, pack.Low, "",
			want.Properties{aws.APIGatewayStage: {"clientCertificateId": want.Given}}),
		want.Row("api-tracing", "Stages of APIs are traced", "Without a trace nobody sees which part of a request failed or was slow.",
			"Set xrayTracingEnabled to true.", "FSBP:APIGateway.3 "+standard.Monitoring, pack.Low, pack.Operations,
			want.Properties{aws.APIGatewayStage: {"xrayTracingEnabled": want.On}}),
		want.Row("api-firewall", "Stages of APIs have a web ACL", "A web ACL stops known attacks before they reach what is behind the API.",
			"Add a WebAclAssociation for the stage.", "FSBP:APIGateway.4 "+standard.WebAttack, pack.Low, "",
			want.Beside{aws.APIGatewayStage: {Token: aws.WAFWebACLAssociation, Property: "resourceArn"}}),
		want.Row("api-cache-encrypted", "Cached answers of APIs are encrypted", "The cache holds what the API said to its callers.",
			"Set settings.cacheDataEncrypted to true.", "FSBP:APIGateway.5 "+standard.AtRest, pack.Medium, "",
			want.Properties{aws.APIGatewayMethodSettings: {"settings.cacheDataEncrypted": want.On.Where("settings.cachingEnabled", "true")}}),
	}
}

// apiAuthorized accepts what a browser asks before it calls (CORS), and methods that want an API key: that is no proof of who
// calls, but a decision.
func apiAuthorized(k *pack.Case) {
	how := k.Inputs().First("authorization", "authorizationType")
	asks := k.Get("httpMethod").OneOf("OPTIONS").
		Or(k.Get("routeKey").Matches(func(s string) bool { return strings.HasPrefix(s, "OPTIONS ") || s == "$disconnect" }))
	open := how.OneOf("NONE").Or(want.Absent(how))
	k.Forbid(open.And(asks.Not()).And(k.Get("apiKeyRequired").IsFalse()), "%s is %s", how.Path(), how)
}
