// SPDX-License-Identifier: Apache-2.0

// Package sns holds the controls of Amazon SNS.
package sns

import (
	"maps"
	"slices"
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
	topics := []string{aws.SNSTopicPolicy, aws.SNSTopic}
	return []*pack.Control{
		{
			ID: "sns-encrypted", Title: "Topics are encrypted", Severity: pack.Medium, Types: []string{aws.SNSTopic},
			Why: "Messages wait on disk until they are delivered.", Fix: "Set kmsMasterKeyId to a key of yours.",
			Maps: standard.Meets("FSBP:SNS.1", standard.AtRest), Check: want.IsSet("kmsMasterKeyId"),
		},
		{
			ID: "sns-cmk", Title: "Topics that alarms write to use a customer managed key", Severity: pack.Low, Types: []string{aws.SNSTopic},
			Joins: []string{aws.MetricAlarm, aws.CompositeAlarm, aws.KMSKey}, Stack: true,
			Why: "CloudWatch cannot use the AWS managed key of SNS: its alarms are lost without a word.",
			Fix: "Set kmsMasterKeyId to a key whose policy admits cloudwatch.amazonaws.com.", Maps: standard.Meets(standard.KeyCare),
			Check: func(k *pack.Case) {
				managed := k.Get("kmsMasterKeyId").Matches(func(s string) bool { return strings.HasSuffix(s, "alias/aws/sns") })
				_, own := k.Stack.Target(k.Resource, "kmsMasterKeyId", k.Get("kmsMasterKeyId"), aws.KMSKey) // whose id a preview does not know
				k.Forbid(managed.And(own.Not()).And(want.AnyCompanion(k, "alarmActions", []string{aws.MetricAlarm, aws.CompositeAlarm}, want.Present)),
					"an alarm writes to the topic, whose key is the one that AWS manages")
			},
		},
		{
			ID: "sns-policy-public", Public: true, Title: "No topic admits everybody", Severity: pack.Critical, Types: topics,
			Why:  "Strangers can then send messages in your name or read along.",
			Fix:  "Name the principals, or add a condition on aws:SourceAccount or aws:SourceArn.",
			Maps: standard.Meets("FSBP:SNS.4", standard.Exposure), Check: document.NotPublic("policy"),
		},
		{
			ID: "sns-policy-foreign-account", Title: "Topic policies admit only accounts that are listed", Severity: pack.High, Types: topics,
			Why:      "Whoever controls the other account can send and read messages.",
			Fix:      "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that topic policies may admit.")},
			Maps:     standard.Meets(standard.Privilege), Check: document.Foreign(document.At("policy")),
		},
		{
			ID: "sns-service-confused", Title: "Topic policies tie services to their own resources", Severity: pack.Medium, Types: topics,
			Why: "A service acts for all of its customers; without a condition on the source, any of them can use the topic through it.",
			Fix: "Add a condition on aws:SourceAccount or aws:SourceArn.", Maps: standard.Meets(standard.Privilege),
			Check: document.EachStatement(document.At("policy"), document.Unbound(document.Except(noSource))),
		},
		{
			ID: "sns-policy-wildcard", Title: "Topic policies allow named actions", Severity: pack.Medium, Types: topics,
			Why: "sns:* includes changing the policy and deleting the topic.", Fix: "List the actions, such as sns:Publish.",
			Maps:  standard.Meets(standard.Privilege),
			Check: document.EachStatement(document.At("policy"), document.Wildcard("sns")),
		},
		{
			ID: "sns-subscription-encrypted", Title: "Subscriptions are delivered over HTTPS", Severity: pack.High,
			Types: []string{aws.SNSTopicSubscription}, Why: "Messages sent over plain HTTP can be read on the way.",
			Fix: "Use protocol https.", Maps: standard.Meets(standard.InTransit), Check: want.NoneOf("protocol", "http"),
		},
		{
			ID: "sns-tls-only", Title: "Topics refuse messages sent without TLS", Severity: pack.Low, Level: pack.Disabled, Types: topics,
			Why: "A message published over plain HTTP can be read and changed on the way. The SDKs use TLS by themselves, so this is off by " +
				"default.",
			Fix: "Deny sns:Publish to everybody when aws:SecureTransport is false.", Maps: standard.Meets(standard.InTransit),
			Check: document.Each(document.At("policy"), func(k *pack.Case, v pack.Value, d *iam.Document) {
				if !d.RequiresTLS(func([]string) bool { return true }, "sns:Publish") {
					k.Report(v, "no statement denies messages without TLS")
				}
			}),
		},
		{
			ID: "sns-delivery-logged", Title: "Topics report messages that could not be delivered", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Operations, Types: []string{aws.SNSTopic}, Joins: []string{aws.SNSTopicSubscription}, Stack: true,
			Why:  "A message that its receiver refuses is gone without a word. Metrics count such messages too, so this is off by default.",
			Fix:  "Set the failure feedback role of each protocol that is subscribed, such as sqsFailureFeedbackRoleArn.",
			Maps: standard.Meets("FSBP:SNS.2 NIST:AU-12", standard.Monitoring), Check: deliveryLogged,
		},
	}
}

// noSource is EventBridge, which supports no condition in the policy of a topic (EventBridge user guide, "Using
// resource-based policies").
const noSource = "events.amazonaws.com"

// feedback names, for each protocol that SNS can log, the property of the topic that switches that on (Amazon SNS
// developer guide, "Message delivery status"). Mail and text messages have none in the topic.
var feedback = map[string]string{
	"http": "httpFailureFeedbackRoleArn", "https": "httpFailureFeedbackRoleArn", "sqs": "sqsFailureFeedbackRoleArn",
	"lambda":   "lambdaFailureFeedbackRoleArn",
	"firehose": "firehoseFailureFeedbackRoleArn", "application": "applicationFailureFeedbackRoleArn",
}

// deliveryLogged wants failures to be logged for each protocol by which the stack subscribes to the topic, or for any
// one where it has no subscriptions.
func deliveryLogged(k *pack.Case) {
	sure, maybe := k.Stack.Pointing(k.Resource, "topic", aws.SNSTopicSubscription)
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
