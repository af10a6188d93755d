// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// providerMajor is the newest major version of the AWS provider whose names and defaults the controls know.
const providerMajor = 7

// opaque are types behind which AWS resources stand that no control sees. A Terraform module in a program, of
// Pulumi's package terraform-module, has children such as vpc:tf:aws_vpc.
func opaque() []pack.Opaque {
	return []pack.Opaque{
		{Means: "AWS resources of another provider", Types: []string{"aws-native:*", "*:tf:aws_*"}},
		{Means: "resources of Cloud Control (their properties are one text that is not read)", Types: []string{"aws:cloudcontrol/*"},
			Always: true},
		{Means: "CloudFormation stacks (what their templates make is not seen)", Always: true, Types: []string{
			"aws:cloudformation/stack:Stack", "aws:cloudformation/stackSet*", "aws:serverlessrepository/cloudFormationStack:*",
			"aws:servicecatalog/provisionedProduct:*",
		}},
		{Means: "components of packages for AWS with nothing below them (what they make is not seen)",
			Types: []string{"awsx:*", "eks:*", "aws-*"}},
	}
}

// plainTypes are types that only tie others together, name or size them: what they tie is judged at its own resource.
var plainTypes = []string{
	"aws:acm/certificateValidation:CertificateValidation", "aws:autoscaling/policy:Policy",
	"aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
	"aws:ec2/tag:Tag", "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
	"aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
	"aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", "aws:iam/instanceProfile:InstanceProfile", "aws:kms/alias:Alias",
	"aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup",
	"aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
	"aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
}
