// SPDX-License-Identifier: Apache-2.0

// Package dynamodb holds the controls of Amazon DynamoDB.
package dynamodb

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// tableScales wants a table that is paid by the request, or a target of Application Auto Scaling with the table's name.
func tableScales(k *pack.Case) {
	scales := k.Get("billingMode").OneOf("PAY_PER_REQUEST")
	for _, target := range k.Stack.Of(aws.AppAutoScalingTarget) {
		id := target.Get("resourceId")
		scales = scales.Or(want.LeadsTo(k.Stack, target, "resourceId", id, k.Resource, "arn"))
		for _, name := range []pack.Value{k.Get("name"), k.Outputs().Get("name")} {
			switch {
			case name.IsUnknown():
				scales = scales.Or(pack.Wait(name))
			case name.Str() != "":
				scales = scales.Or(id.OneOf("table/" + name.Str()))
			}
		}
	}
	k.Require(scales, "billingMode is %s, and no Target of Application Auto Scaling names the table", k.Get("billingMode"))
}

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "dynamodb-recovery", Title: "Tables can be restored to any second", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.DynamoDBTable}, Why: "Without point-in-time recovery a wrong write is final.",
			Fix: "Set pointInTimeRecovery.enabled to true.", Maps: standard.Meets("FSBP:DynamoDB.2", standard.Recovery),
			Check: want.IsTrue("pointInTimeRecovery.enabled"), Remedy: want.Put("pointInTimeRecovery.enabled", true),
		},
		{
			ID: "dynamodb-deletion-protection", Title: "Tables are protected from deletion", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.DynamoDBTable}, Why: "One wrong line in a program removes the table.", Fix: "Set deletionProtectionEnabled to true.",
			Maps: standard.Meets("FSBP:DynamoDB.6", standard.KeepSafe), Check: want.IsTrue("deletionProtectionEnabled"),
			Remedy: want.Put("deletionProtectionEnabled", true),
		},
		{
			ID: "dynamodb-capacity", Title: "The capacity of tables follows what is asked of them", Severity: pack.Medium, Level: pack.Disabled,
			Concern: pack.Resilience, Types: []string{aws.DynamoDBTable}, Joins: []string{aws.AppAutoScalingTarget}, Stack: true,
			Why:  "A table with a fixed capacity refuses what goes beyond it. Small fixed tables are cheap and common, so this is off by default.",
			Fix:  "Set billingMode to PAY_PER_REQUEST, or add an appautoscaling Target for the table.",
			Maps: standard.Meets("FSBP:DynamoDB.1", standard.Recovery), Check: tableScales,
		},
		{
			ID: "dynamodb-policy-public", Title: "No table admits everybody", Severity: pack.Critical, Types: []string{aws.DynamoDBResourcePolicy},
			Public: true,
			Why:    "Strangers can then read and change the table.", Fix: "Name the principals.", Maps: standard.Meets(standard.Exposure),
			Check: document.NotPublic("policy"),
		},
	}
}
