// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	topicType        = "aws:sns/topic:Topic"
	topicPolicy      = "aws:sns/topicPolicy:TopicPolicy"
	subscriptionType = "aws:sns/topicSubscription:TopicSubscription"
	queueType        = "aws:sqs/queue:Queue"
	queuePolicy      = "aws:sqs/queuePolicy:QueuePolicy"
)

func topicsAndQueues() []*pack.Control {
	topics, queues := []string{topicPolicy, topicType}, []string{queuePolicy, queueType}
	return []*pack.Control{
		{
			ID: "sns-encrypted", Title: "Topics are encrypted", Severity: pack.Medium, Types: []string{topicType}, Why: "Messages wait on disk until they are delivered.", Fix: "Set kmsMasterKeyId to a key of yours.",
			Maps: meets("FSBP:SNS.1", atRest), Check: isSet("kmsMasterKeyId"),
		},
		{
			ID: "sns-cmk", Title: "Topics that alarms write to use a customer managed key", Severity: pack.Low, Types: []string{topicType}, Joins: []string{metricAlarm, compositeAlarm}, Stack: true,
			Why: "CloudWatch cannot use the AWS managed key of SNS: its alarms are lost without a word.", Fix: "Set kmsMasterKeyId to a key whose policy admits cloudwatch.amazonaws.com.", Maps: meets(keyCare),
			Check: func(k *pack.Case) {
				managed := k.Get("kmsMasterKeyId").Matches(func(s string) bool { return strings.HasSuffix(s, "alias/aws/sns") })
				k.Forbid(managed.And(anyCompanion(k, "alarmActions", []string{metricAlarm, compositeAlarm}, present)), "an alarm writes to the topic, whose key is the one that AWS manages")
			},
		},
		{
			ID: "sns-policy-public", Title: "No topic admits everybody", Severity: pack.Critical, Types: topics, Why: "Strangers can then send messages in your name or read along.", Fix: "Name the principals, or add a condition on aws:SourceAccount or aws:SourceArn.",
			Maps: meets("FSBP:SNS.4", exposure), Check: notPublic("policy"),
		},
		{
			ID: "sns-policy-foreign-account", Title: "Topic policies admit only accounts that are listed", Severity: pack.High, Types: topics, Why: "Whoever controls the other account can send and read messages.",
			Fix: "Remove the account, or list it in the setting allowedAccounts.", Settings: []pack.Setting{words("allowedAccounts", "Account ids that topic policies may admit.")}, Maps: meets(privilege), Check: foreignCheck(at("policy")),
		},
		{
			ID: "sns-service-confused", Title: "Topic policies tie services to their own resources", Severity: pack.Medium, Types: topics, Why: "A service acts for all of its customers; without a condition on the source, any of them can use the topic through it.",
			Fix: "Add a condition on aws:SourceAccount or aws:SourceArn.", Maps: meets(privilege), Check: eachStatement(at("policy"), unbound(except(noSource))),
		},
		{
			ID: "sns-policy-wildcard", Title: "Topic policies allow named actions", Severity: pack.Medium, Types: topics, Why: "sns:* includes changing the policy and deleting the topic.", Fix: "List the actions, such as sns:Publish.", Maps: meets(privilege),
			Check: eachStatement(at("policy"), wildcardAction("sns")),
		},
		{
			ID: "sns-subscription-encrypted", Title: "Subscriptions are delivered over HTTPS", Severity: pack.High, Types: []string{subscriptionType}, Why: "Messages sent over plain HTTP can be read on the way.",
			Fix: "Use protocol https.", Maps: meets(inTransit), Check: noneOf("protocol", "http"),
		},
		{
			ID: "sns-tls-only", Title: "Topics refuse messages sent without TLS", Severity: pack.Low, Level: pack.Disabled, Types: topics, Why: "A message published over plain HTTP can be read and changed on the way. The SDKs use TLS by themselves, so this is off by default.",
			Fix: "Deny sns:Publish to everybody when aws:SecureTransport is false.", Maps: meets(inTransit), Check: eachDocument(at("policy"), func(k *pack.Case, v pack.Value, d *iam.Document) {
				if !d.RequiresTLS(func([]string) bool { return true }, "sns:Publish") {
					k.Report(v, "no statement denies messages without TLS")
				}
			}),
		},
		{
			ID: "sns-delivery-logged", Title: "Topics report messages that could not be delivered", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations, Types: []string{topicType}, Joins: []string{subscriptionType}, Stack: true,
			Why: "A message that its receiver refuses is gone without a word. Metrics count such messages too, so this is off by default.",
			Fix: "Set the failure feedback role of each protocol that is subscribed, such as sqsFailureFeedbackRoleArn.", Maps: meets("FSBP:SNS.2 NIST:AU-12", monitoring), Check: deliveryLogged,
		},
		{
			ID: "sqs-encrypted", Title: "Queues are encrypted", Severity: pack.Medium, Types: []string{queueType}, Why: "Messages wait on disk until they are read.", Fix: "Leave sqsManagedSseEnabled out, or set kmsMasterKeyId.", Maps: meets("FSBP:SQS.1", atRest),
			Check: func(k *pack.Case) {
				k.Require(k.Get("kmsMasterKeyId").IsSet().Or(k.Get("sqsManagedSseEnabled").Is(true, true)), "the queue is not encrypted")
			},
		},
		{
			ID: "sqs-policy-public", Title: "No queue admits everybody", Severity: pack.Critical, Types: queues, Why: "Strangers can then read, plant or delete messages.", Fix: "Name the principals, or add a condition on aws:SourceArn.",
			Maps: meets("FSBP:SQS.3", exposure), Check: notPublic("policy"),
		},
		{
			ID: "sqs-policy-foreign-account", Title: "Queue policies admit only accounts that are listed", Severity: pack.High, Types: queues, Why: "Whoever controls the other account can read and send messages.",
			Fix: "Remove the account, or list it in the setting allowedAccounts.", Settings: []pack.Setting{words("allowedAccounts", "Account ids that queue policies may admit.")}, Maps: meets(privilege), Check: foreignCheck(at("policy")),
		},
		{
			ID: "sqs-policy-wildcard", Title: "Queue policies allow named actions", Severity: pack.Medium, Types: queues, Why: "sqs:* includes changing the policy and deleting the queue.", Fix: "List the actions, such as sqs:SendMessage.", Maps: meets(privilege),
			Check: eachStatement(at("policy"), wildcardAction("sqs")),
		},
		{
			ID: "sqs-service-confused", Title: "Queue policies tie services to their own resources", Severity: pack.Medium, Types: queues, Why: "A service acts for all of its customers; without a condition on the source, any of them can use the queue through it.",
			Fix: "Add a condition on aws:SourceArn or aws:SourceAccount.", Maps: meets(privilege), Check: eachStatement(at("policy"), unbound(except())),
		},
		{
			ID: "sqs-dead-letters", Title: "Queues keep messages that cannot be handled", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Resilience, Types: []string{queueType},
			Why: "Without a dead-letter queue a bad message comes back until it expires. Dead-letter queues themselves need none, so this is off by default.", Fix: "Set redrivePolicy.", Maps: meets(spreading), Check: isSet("redrivePolicy"),
		},
	}
}

// noSource is EventBridge, which supports no condition in the policy of a topic (EventBridge user guide, "Using
// resource-based policies").
const noSource = "events.amazonaws.com"

// wildcardAction reports an Allow statement that gives every action of a service.
func wildcardAction(service string) func(*pack.Case, pack.Value, *iam.Statement) {
	return func(k *pack.Case, v pack.Value, s *iam.Statement) {
		if s.Allows() && s.EveryAction(service) {
			k.Report(v, "%s allows every action", s.Label())
		}
	}
}

// feedback names, for each protocol that SNS can log, the property of the topic that switches that on (Amazon SNS
// developer guide, "Message delivery status"). Mail and text messages have none in the topic.
var feedback = map[string]string{
	"http": "httpFailureFeedbackRoleArn", "https": "httpFailureFeedbackRoleArn", "sqs": "sqsFailureFeedbackRoleArn", "lambda": "lambdaFailureFeedbackRoleArn",
	"firehose": "firehoseFailureFeedbackRoleArn", "application": "applicationFailureFeedbackRoleArn",
}

// deliveryLogged wants failures to be logged for each protocol by which the stack subscribes to the topic, or for any
// one where it has no subscriptions.
func deliveryLogged(k *pack.Case) {
	sure, maybe := k.Stack.Pointing(k.Resource, "topic", subscriptionType)
	logged := pack.No(k.Get("sqsFailureFeedbackRoleArn"))
	for _, property := range slices.Sorted(maps.Values(feedback)) {
		logged = logged.Or(k.Get(property).IsSet())
	}
	if len(sure)+len(maybe) == 0 {
		k.Require(logged, "no failure feedback role is set")
		return
	}
	for _, v := range maybe {
		k.Defer(v)
	}
	judged := len(maybe) > 0
	for _, r := range sure {
		protocol := r.Get("protocol")
		property, known := feedback[protocol.Str()]
		switch {
		case protocol.IsUnknown():
			k.Defer(protocol)
		case known:
			k.Require(k.Get(property).IsSet())
		default:
			continue
		}
		judged = true
	}
	if !judged {
		k.Skip("no subscription is by a protocol that the topic can log")
	}
}
