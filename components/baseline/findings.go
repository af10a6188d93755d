// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The events of findings that somebody must hear of. Security Hub has those of all services; each is sent again with every update until
// somebody gives it another workflow status than NEW (Security Hub user guide, "Configuring an EventBridge rule for Security Hub
// findings"). Without Security Hub, GuardDuty's own are heard: 7 and above is high (GuardDuty user guide, "Severity levels").
const (
	hubPattern = `{"source":["aws.securityhub"],"detail-type":["Security Hub Findings - Imported"],"detail":{"findings":{` +
		`"RecordState":["ACTIVE"],"Severity":{"Label":["HIGH","CRITICAL"]},"Workflow":{"Status":["NEW"]}}}}`
	guardDutyPattern = `{"source":["aws.guardduty"],"detail-type":["GuardDuty Finding"],"detail":{"severity":[{"numeric":[">=",7]}]}}`
)

// reportFindings sends findings of high severity to the topic, each as a sentence.
func (b *Baseline) reportFindings(ctx *pulumi.Context) error {
	paths := pulumi.StringMap{"account": pulumi.String("$.account"), "region": pulumi.String("$.region")}
	var pattern string
	switch {
	case b.args.part(SecurityHub).there():
		pattern = hubPattern
		paths["title"], paths["severity"], paths["what"] = pulumi.String("$.detail.findings[0].Title"),
			pulumi.String("$.detail.findings[0].Severity.Label"), pulumi.String("$.detail.findings[0].Resources[0].Id")
	case b.args.part(GuardDuty).there():
		pattern = guardDutyPattern
		paths["title"], paths["severity"], paths["what"] = pulumi.String("$.detail.title"), pulumi.String("$.detail.severity"), pulumi.String("$.detail.type")
	default:
		return nil
	}
	rule, err := cloudwatch.NewEventRule(ctx, b.name+"-findings", &cloudwatch.EventRuleArgs{
		Description:  pulumi.String("Findings of high severity, for a human"),
		EventPattern: pulumi.String(pattern),
		State:        pulumi.String("ENABLED"),
		Tags:         pulumi.StringMap{"Name": pulumi.String(b.name + "-findings")},
	}, b.child())
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewEventTarget(ctx, b.name+"-findings", &cloudwatch.EventTargetArgs{
		Rule:     rule.Name,
		TargetId: pulumi.String("topic"),
		Arn:      b.Topic.ARN,
		InputTransformer: cloudwatch.EventTargetInputTransformerArgs{
			InputPaths:    paths,
			InputTemplate: pulumi.String(`"<severity> in account <account>, <region>: <title> (<what>)"`),
		},
	}, b.child())
	return err
}
