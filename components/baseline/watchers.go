// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/accessanalyzer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/guardduty"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/inspector2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/securityhub"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
)

// protections are the features of GuardDuty beside what every detector looks at (GuardDuty API reference,
// DetectorFeatureConfiguration): FSBP GuardDuty.5 to .11.
var protections = []string{"S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS", runtimeMonitoring}

const runtimeMonitoring = "RUNTIME_MONITORING"

// agents are what GuardDuty would install by itself for runtime monitoring. They stay off: with the agent GuardDuty makes an endpoint
// and a security group of its own in every VPC (GuardDuty user guide, "How Runtime Monitoring works with Amazon EC2 instances"), a
// door that no table of segments knows. An instance whose image has the agent, in a VPC whose table leads to "guardduty-data", is
// watched.
var agents = []string{"EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"}

// watch has GuardDuty look for intruders and report within a quarter of an hour.
func (b *Baseline) watch(ctx *pulumi.Context) error {
	detector, err := guardduty.NewDetector(ctx, b.name+"-guardduty", &guardduty.DetectorArgs{
		Enable:                     pulumi.Bool(true),
		FindingPublishingFrequency: pulumi.String("FIFTEEN_MINUTES"),
		Tags:                       pulumi.StringMap{"Name": pulumi.String(b.name)},
	}, b.child())
	if err != nil {
		return err
	}
	for _, protection := range protections {
		args := &guardduty.DetectorFeatureArgs{DetectorId: detector.ID(), Name: pulumi.String(protection), Status: pulumi.String("ENABLED")}
		if protection == runtimeMonitoring {
			var off guardduty.DetectorFeatureAdditionalConfigurationArray
			for _, agent := range agents {
				off = append(off, guardduty.DetectorFeatureAdditionalConfigurationArgs{Name: pulumi.String(agent), Status: pulumi.String("DISABLED")})
			}
			args.AdditionalConfigurations = off
		}
		if _, err := guardduty.NewDetectorFeature(ctx, b.name+"-guardduty-"+strings.ToLower(strings.ReplaceAll(protection, "_", "-")), args, b.child()); err != nil {
			return err
		}
	}
	return nil
}

// standards are what Security Hub judges by: AWS Foundational Security Best Practices and CIS AWS Foundations (Security Hub user guide,
// "Standards reference").
var standards = map[string]string{
	"fsbp": "aws-foundational-security-best-practices/v/1.0.0",
	"cis":  "cis-aws-foundations-benchmark/v/5.0.0",
}

// judge switches Security Hub on, which collects what GuardDuty, Inspector, Access Analyzer and Config find, and judges the account.
func (b *Baseline) judge(ctx *pulumi.Context) error {
	hub, err := securityhub.NewAccount(ctx, b.name+"-hub", &securityhub.AccountArgs{
		AutoEnableControls:      pulumi.Bool(true),
		ControlFindingGenerator: pulumi.String("SECURITY_CONTROL"), // one finding for a control, however many standards demand it
		EnableDefaultStandards:  pulumi.Bool(false),                // they hold CIS 1.2 of 2018
	}, b.child())
	if err != nil {
		return err
	}
	for name, standard := range standards {
		if _, err := securityhub.NewStandardsSubscription(ctx, b.name+"-hub-"+name, &securityhub.StandardsSubscriptionArgs{
			StandardsArn: pulumi.Sprintf("arn:aws:securityhub:%s::standards/%s", b.Account.Region, standard),
		}, b.child(), order.After(order.List(hub))); err != nil {
			return err
		}
	}
	return nil
}

// codeScanning are the regions in which Inspector reads the code of functions (Inspector user guide, "Regions and endpoints",
// Region-specific feature availability).
var codeScanning = []string{
	"ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "us-east-1", "us-east-2", "us-west-2",
}

// inspect has Inspector look for known vulnerabilities in whatever it can read.
func (b *Baseline) inspect(ctx *pulumi.Context) error {
	types := []string{"EC2", "ECR", "LAMBDA"}
	if slices.Contains(codeScanning, b.Account.Region) {
		types = append(types, "LAMBDA_CODE")
	}
	_, err := inspector2.NewEnabler(ctx, b.name+"-inspector", &inspector2.EnablerArgs{
		AccountIds:    pulumi.ToStringArray([]string{b.Account.ID}),
		ResourceTypes: pulumi.ToStringArray(types),
	}, b.child())
	return err
}

// analyze has IAM Access Analyzer look for what policies open to others.
func (b *Baseline) analyze(ctx *pulumi.Context) error {
	_, err := accessanalyzer.NewAnalyzer(ctx, b.name+"-analyzer", &accessanalyzer.AnalyzerArgs{
		AnalyzerName: pulumi.String(fmt.Sprintf("%s-%s", ctx.Project(), b.name)),
		Type:         pulumi.String("ACCOUNT"),
		Tags:         pulumi.StringMap{"Name": pulumi.String(b.name)},
	}, b.child())
	return err
}
