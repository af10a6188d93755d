// SPDX-License-Identifier: Apache-2.0

// Package lambda holds the controls of AWS Lambda.
package lambda

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "lambda-url-authenticated", Title: "Function URLs ask who calls", Severity: pack.Critical, Types: []string{aws.LambdaFunctionURL},
			Public: true,
			Why:    "With authorization NONE anybody can call the function, at your cost.", Fix: "Set authorizationType to AWS_IAM.",
			Maps: standard.Meets(standard.Exposure), Check: want.OneOf("authorizationType", "AWS_IAM"),
		},
		{
			ID: "lambda-permission-public", Public: true, Title: "No function can be called by everybody", Severity: pack.Critical,
			Types: []string{aws.LambdaPermission}, Why: "Strangers can then run the function with its rights.",
			Fix:  "Name a principal, or set principalOrgId, sourceAccount or eventSourceToken.",
			Maps: standard.Meets("FSBP:Lambda.1", standard.Exposure), Check: func(k *pack.Case) {
				// With AWS_IAM a function URL asks for a signature, which every account can make.
				narrow := k.Get("principalOrgId").IsSet().Or(k.Get("sourceAccount").IsSet()).Or(k.Get("eventSourceToken").IsSet())
				k.Forbid(k.Get("principal").OneOf("*").And(narrow.Not()), "principal is \"*\"")
			},
		},
		{
			ID: "lambda-permission-source", Title: "Services may call functions only for your own resources", Severity: pack.High,
			Types: []string{aws.LambdaPermission},
			Why:   "A service acts for all of its customers; without a source any of them can call the function through it.",
			Fix:   "Set sourceArn or sourceAccount; for Alexa, eventSourceToken.", Maps: standard.Meets("FSBP:Lambda.1", standard.Privilege),
			Check: func(k *pack.Case) {
				service := k.Get("principal").Matches(func(s string) bool { return strings.HasSuffix(s, ".amazonaws.com") })
				k.Require(service.Not().Or(k.Get("sourceArn").Matches(iam.NamesOwner)).Or(k.Get("sourceAccount").IsSet()).
					Or(k.Get("principalOrgId").IsSet()), "neither sourceArn nor sourceAccount names whose calls are let in")
				alexa := k.Get("principal").Matches(func(s string) bool { return strings.HasSuffix(s, ".amazon.com") })
				k.Require(alexa.Not().Or(k.Get("eventSourceToken").IsSet()), "eventSourceToken is not set, so that every skill may call the function")
			},
		},
		{
			ID: "lambda-runtime-supported", Title: "Functions run on a supported runtime", Severity: pack.High, Types: []string{aws.LambdaFunction},
			Why: "Runtimes past their end get no fixes, and in the end no deployments.", Fix: "Use a current runtime.",
			Maps: standard.Meets("FSBP:Lambda.2", standard.Patching), Check: want.NoneOf("runtime",
				"nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x", "nodejs16.x",
				"nodejs18.x", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9",
				"dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0", "dotnet6", "dotnet7", "java8", "go1.x", "ruby2.5",
				"ruby2.7", "provided"),
		},
		{
			ID: "lambda-env-secrets", Title: "Environment variables of functions hold no secrets", Severity: pack.High,
			Types: []string{aws.LambdaFunction}, Why: "Everybody who may describe the function can read its environment.",
			Fix: "Read secrets from Secrets Manager at start.", Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) {
				vars := k.Get("environment.variables")
				if vars.IsUnknown() {
					k.Defer(vars)
				}
				for key, v := range vars.Fields() {
					k.Forbid(credential.Setting(key, v), "%s looks like a secret", v.Path())
				}
			},
		},
		{
			ID: "lambda-call-secrets", Title: "Calls of functions hold no secrets", Severity: pack.High, Types: []string{aws.LambdaInvocation},
			Why: "The program, its state and perhaps the function's log keep what a call holds.", Fix: "Give the function the ARN of a secret.",
			Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) {
				input := k.Get("input")
				k.Forbid(credential.Setting("input", input), "input looks like it holds a secret")
			},
		},
		{
			ID: "lambda-tracing", Title: "Functions are traced", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations,
			Types: []string{aws.LambdaFunction}, Why: "Traces show where time is lost. They cost extra, so this is off by default.",
			Fix: "Set tracingConfig.mode to Active.", Maps: standard.Meets("FSBP:Lambda.7", standard.Monitoring),
			Check: want.OneOf("tracingConfig.mode", "Active"),
		},
		want.Row("lambda-zones", "Functions in a VPC run in two zones or more", "With one subnet the function goes when the zone does.",
			"List subnets of two zones in vpcConfig.subnetIds.", "FSBP:Lambda.5 "+standard.Spreading, pack.Medium, pack.Resilience,
			want.Properties{aws.LambdaFunction: {"vpcConfig.subnetIds": want.Items(2).WhereIs("vpcConfig.subnetIds", pack.Value.IsSet)}}),
	}
}
