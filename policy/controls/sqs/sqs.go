// SPDX-License-Identifier: Apache-2.0

// Package sqs holds the controls of Amazon SQS.
package sqs

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	queues := []string{aws.SQSQueuePolicy, aws.SQSQueue}
	return []*pack.Control{
		{
			ID: "sqs-encrypted", Title: "Queues are encrypted", Severity: pack.Medium, Types: []string{aws.SQSQueue},
			Why: "Messages wait on disk until they are read.", Fix: "Leave sqsManagedSseEnabled out, or set kmsMasterKeyId.",
			Maps: standard.Meets("FSBP:SQS.1", standard.AtRest),
			Check: func(k *pack.Case) {
				k.Require(k.Get("kmsMasterKeyId").IsSet().Or(k.Get("sqsManagedSseEnabled").Is(true, true)), "the queue is not encrypted")
			},
		},
		{
			ID: "sqs-policy-public", Public: true, Title: "No queue admits everybody", Severity: pack.Critical, Types: queues,
			Why: "Strangers can then read, plant or delete messages.", Fix: "Name the principals, or add a condition on aws:SourceArn.",
			Maps: standard.Meets("FSBP:SQS.3", standard.Exposure), Check: document.NotPublic("policy"),
		},
		{
			ID: "sqs-policy-foreign-account", Title: "Queue policies admit only accounts that are listed", Severity: pack.High, Types: queues,
			Why:      "Whoever controls the other account can read and send messages.",
			Fix:      "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that queue policies may admit.")},
			Maps:     standard.Meets(standard.Privilege), Check: document.Foreign(document.At("policy")),
		},
		{
			ID: "sqs-policy-wildcard", Title: "Queue policies allow named actions", Severity: pack.Medium, Types: queues,
			Why: "sqs:* includes changing the policy and deleting the queue.", Fix: "List the actions, such as sqs:SendMessage.",
			Maps:  standard.Meets(standard.Privilege),
			Check: document.EachStatement(document.At("policy"), document.Wildcard("sqs")),
		},
		{
			ID: "sqs-service-confused", Title: "Queue policies tie services to their own resources", Severity: pack.Medium, Types: queues,
			Why: "A service acts for all of its customers; without a condition on the source, any of them can use the queue through it.",
			Fix: "Add a condition on aws:SourceArn or aws:SourceAccount.", Maps: standard.Meets(standard.Privilege),
			Check: document.EachStatement(document.At("policy"), document.Unbound(document.Except())),
		},
		{
			ID: "sqs-dead-letters", Title: "Queues keep messages that cannot be handled", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Resilience, Types: []string{aws.SQSQueue},
			Why: "Without a dead-letter queue a bad message comes back until it expires. Dead-letter queues themselves need none, so this is off " +
				"by default.", Fix: "Set redrivePolicy.", Maps: standard.Meets(standard.Spreading), Check: want.IsSet("redrivePolicy"),
		},
	}
}
