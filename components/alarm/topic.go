// SPDX-License-Identifier: Apache-2.0

package alarm

import (
	"errors"
	"fmt"
	"net/mail"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/form"
)

// TopicArgs are the arguments of NewTopic.
type TopicArgs struct {
	// Account is the account and region of the topic, whose alarms alone may publish. Required.
	Account *account.Account
	// KeyARN is the KMS key that encrypts the messages, and required. It must be a customer-managed key whose policy admits
	// "cloudwatch.amazonaws.com", or alarms are lost without a sound: see components/key.
	KeyARN pulumi.StringInput
	// Emails are the addresses that hear the alarms, at least one, each once. AWS asks every one of them to confirm; until
	// then it hears nothing. An address cannot be changed in place.
	Emails []string `pulumi:"emails"`
	// EventRules lets EventBridge publish what its rules find. The key's policy must then also admit "events.amazonaws.com". Default:
	// alarms alone.
	EventRules bool `pulumi:"eventRules"`
	// DatabaseEvents lets RDS publish the events of the account's databases. The key's policy must then also admit
	// "events.rds.amazonaws.com". Default: alarms alone.
	DatabaseEvents bool `pulumi:"databaseEvents"`
}

// Topic is the SNS topic to which alarms are sent: encrypted, over TLS only, and open to nobody but the account's own
// alarms, and EventBridge if it is asked to be.
type Topic struct {
	pulumi.ResourceState

	// ARN is the ARN of the topic. It is known only when the policy is in place, so that no alarm arrives too early.
	ARN pulumi.StringOutput
}

// NewTopic creates an alarm topic with its subscriptions.
func NewTopic(ctx *pulumi.Context, name string, args *TopicArgs, opts ...pulumi.ResourceOption) (*Topic, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("alarm topic %q: %w", name, err)
	}
	t := &Topic{}
	draft, err := args.policy(fmt.Sprintf("arn:aws:sns:%s:%s:%s", args.Account.Region, args.Account.ID, name)).JSON()
	if err != nil {
		return nil, err
	}
	documents := map[string]string{"policy": draft}
	if err := component.Register(ctx, "bulkhead:audit:Topic", name, component.Documents(args, documents), t, opts...); err != nil {
		return nil, err
	}
	topic, err := sns.NewTopic(ctx, name+"-topic", &sns.TopicArgs{
		KmsMasterKeyId: args.KeyARN.ToStringOutput(),
		Tags:           pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	policy, err := sns.NewTopicPolicy(ctx, name+"-policy", &sns.TopicPolicyArgs{
		Arn: topic.Arn,
		Policy: topic.Arn.ApplyT(func(arn string) (string, error) {
			return args.policy(arn).JSON()
		}).(pulumi.StringOutput),
	}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	for _, email := range args.Emails {
		if _, err := sns.NewTopicSubscription(ctx, name+"-"+email, &sns.TopicSubscriptionArgs{
			Topic:    topic.Arn,
			Protocol: pulumi.String("email"),
			Endpoint: pulumi.String(email),
		}, pulumi.Parent(t)); err != nil {
			return nil, err
		}
	}
	t.ARN = pulumi.All(topic.Arn, policy.ID()).ApplyT(func(values []any) (string, error) {
		arn, ok := values[0].(string)
		if !ok {
			return "", fmt.Errorf("expected the topic's ARN, got %T", values[0])
		}
		return arn, nil
	}).(pulumi.StringOutput)
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"arn": t.ARN})
}

// NewTopicWithKey is NewTopic with a key of the topic's own, so that whoever disables one key silences one topic. The description says
// what is sent; KeyARN is filled in.
func NewTopicWithKey(ctx *pulumi.Context, name, description string, args TopicArgs, opts ...pulumi.ResourceOption) (*Topic, error) {
	services := []string{"cloudwatch.amazonaws.com"}
	if args.EventRules {
		services = append(services, "events.amazonaws.com")
	}
	if args.DatabaseEvents {
		services = append(services, "events.rds.amazonaws.com")
	}
	own, err := key.New(ctx, name, &key.Args{Account: args.Account, Description: description, Services: services}, opts...)
	if err != nil {
		return nil, err
	}
	args.KeyARN = own.ARN
	return NewTopic(ctx, name, &args, opts...)
}

// TopicPolicy lets CloudWatch alarms of the account in the region publish to the topic, and nobody
// without TLS (https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html). The account's administrators
// reach the topic through IAM, which needs no word here. With event rules EventBridge may publish, too: it tells a topic no
// source, and under a condition on one every event would be lost without a sound (EventBridge user guide, "Using resource-based
// policies").
func TopicPolicy(accountID, region, topicARN string, eventRules bool) identity.Document {
	policy := identity.OnResource(
		identity.Statement{
			Sid: "PublishAlarms", Effect: identity.Allow, Principals: identity.Principals{Services: []string{"cloudwatch.amazonaws.com"}},
			Actions: []string{"sns:Publish"}, Resources: []string{topicARN},
			Conditions: []identity.Condition{identity.SourceAccount(accountID), identity.SourceARN(fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:*", region, accountID))},
		},
		identity.Statement{
			Sid: "RefusePlainHTTP", Effect: identity.Deny, Principals: identity.Principals{Everyone: true},
			Actions: []string{"sns:Publish"}, Resources: []string{topicARN},
			Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
		},
	)
	if eventRules {
		policy.Statements = append(policy.Statements, identity.Statement{
			Sid: "PublishEvents", Effect: identity.Allow, Principals: identity.Principals{Services: []string{"events.amazonaws.com"}},
			Actions: []string{"sns:Publish"}, Resources: []string{topicARN},
		})
	}
	return policy
}

// policy is TopicPolicy, and with DatabaseEvents lets RDS publish, too (RDS user guide, "Granting permissions to publish notifications to
// an Amazon SNS topic").
func (args *TopicArgs) policy(topicARN string) identity.Document {
	document := TopicPolicy(args.Account.ID, args.Account.Region, topicARN, args.EventRules)
	if args.DatabaseEvents {
		document.Statements = append(document.Statements, identity.Statement{
			Sid: "PublishDatabaseEvents", Effect: identity.Allow, Principals: identity.Principals{Services: []string{"events.rds.amazonaws.com"}},
			Actions: []string{"sns:Publish"}, Resources: []string{topicARN},
			Conditions: []identity.Condition{
				identity.SourceAccount(args.Account.ID), identity.SourceARN(fmt.Sprintf("arn:aws:rds:%s:%s:*", args.Account.Region, args.Account.ID)),
			},
		})
	}
	return document
}

func (args *TopicArgs) check() error {
	args = component.Given(args)
	problems := args.Account.CheckPlace()
	if args.KeyARN == nil {
		problems = append(problems, form.Missing("KeyARN", "give the ARN of the KMS key that encrypts the messages"))
	}
	if len(args.Emails) == 0 {
		problems = append(problems, form.Missing("Emails", "give at least one address that hears the alarms"))
	}
	seen := map[string]bool{}
	for i, email := range args.Emails {
		address, err := mail.ParseAddress(email)
		switch {
		case err != nil || address.Address != email:
			problems = append(problems, fmt.Errorf("Emails[%d]: %q is not an address; write it like name@example.com", i, email))
		case seen[email]:
			problems = append(problems, fmt.Errorf("Emails[%d]: %q is listed twice; remove one", i, email))
		}
		seen[email] = true
	}
	return errors.Join(problems...)
}
