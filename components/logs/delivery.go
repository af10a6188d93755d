// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// NewDelivery lets the AWS log delivery service, through which web ACLs and the VPC's resolver write, into one log group. AWS
// would otherwise add an entry to a policy that all of the account's log deliveries share, until that one is full
// (hashicorp/terraform-provider-aws#25296). An account has room for ten such policies in a region. The sid names the only
// statement.
func NewDelivery(ctx *pulumi.Context, name, sid string, group *Group, opts ...pulumi.ResourceOption) (*cloudwatch.LogResourcePolicy, error) {
	return cloudwatch.NewLogResourcePolicy(ctx, name, &cloudwatch.LogResourcePolicyArgs{
		PolicyName:     group.Name,
		PolicyDocument: group.ARN.ApplyT(func(arn string) (string, error) { return DeliveryPolicy(sid, arn) }).(pulumi.StringOutput),
	}, opts...)
}

// DeliveryPolicy is the document that admits the service on behalf of the group's own account only: the conditions are those of "Logs sent to
// CloudWatch Logs" in the CloudWatch Logs User Guide, and keep other accounts from using it as a confused deputy.
func DeliveryPolicy(sid, logGroupARN string) (string, error) {
	part := strings.SplitN(logGroupARN, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "logs" {
		return "", fmt.Errorf("%q is not the ARN of a log group", logGroupARN)
	}
	partition, region, accountID := part[1], part[3], part[4]
	return identity.OnResource(identity.Statement{
		Sid:        sid,
		Effect:     identity.Allow,
		Principals: identity.Principals{Services: []string{"delivery.logs.amazonaws.com"}},
		Actions:    []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources:  []string{logGroupARN + ":*"},
		Conditions: []identity.Condition{
			identity.SourceAccount(accountID),
			identity.SourceARN(fmt.Sprintf("arn:%s:logs:%s:%s:*", partition, region, accountID)),
		},
	}).JSON()
}

// EventPolicy is the document that lets the rules of EventBridge which match a pattern write what they match into one log group, whose name has
// to begin with "/aws/events/". Only those rules write lines; that streams are made for them AWS ties to no rule (EventBridge user guide,
// "Using resource-based policies for Amazon EventBridge", CloudWatch Logs permissions).
func EventPolicy(logGroupARN, rulePattern string) (string, error) {
	deliverers := identity.Principals{Services: []string{"delivery.logs.amazonaws.com", "events.amazonaws.com"}}
	return identity.OnResource(
		identity.Statement{
			Sid: "DeliverStreams", Effect: identity.Allow, Principals: deliverers, Actions: []string{"logs:CreateLogStream"}, Resources: []string{logGroupARN + ":*"},
		},
		identity.Statement{
			Sid: "DeliverEvents", Effect: identity.Allow, Principals: deliverers, Actions: []string{"logs:PutLogEvents"}, Resources: []string{logGroupARN + ":*"},
			Conditions: []identity.Condition{identity.SourceARN(rulePattern)},
		},
	).JSON()
}
