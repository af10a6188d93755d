// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
)

// logGroupPrefix is the start that AWS WAF demands of a log group's name ("Log group naming", AWS WAF Developer Guide).
const logGroupPrefix = "aws-waf-logs-"

// redactedHeaders are the request headers whose values are secrets: whoever reads the log must not be able to act as
// the client. AWS WAF writes "REDACTED" in their place. The names are in lower case because AWS WAF wants them so.
var redactedHeaders = []string{"authorization", "cookie", "proxy-authorization", "x-api-key"}

// log sends every evaluated request, with secrets redacted, to an encrypted log group (Security Hub WAF.11).
func (w *WebACL) log(ctx *pulumi.Context, name string, args *Args) error {
	group, err := logs.New(ctx, name, &logs.Args{Account: args.Account, Name: logGroupPrefix + w.MetricName}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	delivery, err := logs.NewDelivery(ctx, name+"-delivery", "DeliverWebACLLogs", group, pulumi.Parent(w))
	if err != nil {
		return err
	}
	redacted := make(wafv2.WebAclLoggingConfigurationRedactedFieldArray, 0, len(redactedHeaders))
	for _, header := range redactedHeaders {
		redacted = append(redacted, wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
			SingleHeader: wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs{Name: pulumi.String(header)},
		})
	}
	_, err = wafv2.NewWebAclLoggingConfiguration(ctx, name+"-logging", &wafv2.WebAclLoggingConfigurationArgs{
		ResourceArn:           w.ARN,
		LogDestinationConfigs: pulumi.StringArray{group.ARN},
		RedactedFields:        redacted,
	}, pulumi.Parent(w), order.After(order.List(delivery), group.Ready()))
	w.LogGroupName = group.Name
	return err
}
