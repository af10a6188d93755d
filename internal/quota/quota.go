// SPDX-License-Identifier: Apache-2.0

// Package quota is one list of the quotas of AWS that a deployment can run into, for the command that compares them with an account,
// and for the emulator, whose accounts have AWS's defaults. It imports nothing.
package quota

// Quota is one limit of an account.
type Quota struct {
	// Service and Code are the codes of Service Quotas, such as "vpc" and "L-F678F1CE". A quota that nobody can raise may have no code.
	Service, Code string
	// Name is AWS's.
	Name string
	// Default is AWS's published value for a new account.
	Default int
	// Global quotas count in the whole account; Service Quotas answers for them in one region only, see [Home].
	Global bool
	// Source is the page of AWS's documentation that has the default.
	Source string
}

// The pages that the defaults are from.
const (
	vpcPage   = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
	ec2Page   = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits"
	eipPage   = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html"
	albPage   = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"
	rdsPage   = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"
	kmsPage   = "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"
	s3Page    = "https://docs.aws.amazon.com/general/latest/gr/s3.html"
	iamPage   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	trailPage = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"
	logsPage  = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
)

// The quotas. Defaults as of November 2026.
var (
	VPCs               = &Quota{"vpc", "L-F678F1CE", "VPCs per Region", 5, false, vpcPage}
	InternetGateways   = &Quota{"vpc", "L-A4707A72", "Internet gateways per Region", 5, false, vpcPage}
	EgressOnlyGateways = &Quota{"vpc", "L-45FE3B85", "Egress-only internet gateways per Region", 5, false, vpcPage}
	NATGateways        = &Quota{"vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5, false, vpcPage}
	InterfaceEndpoints = &Quota{"vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", 50, false, vpcPage}
	GatewayEndpoints   = &Quota{"vpc", "L-1B52E74A", "Gateway VPC endpoints per Region", 20, false, vpcPage}
	SecurityGroups     = &Quota{"vpc", "L-E79EC296", "VPC security groups per Region", 2500, false, vpcPage}
	RulesPerGroup      = &Quota{"vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60, false, vpcPage}
	RulesPerACL        = &Quota{"vpc", "L-2AEEBF1A", "Rules per network ACL", 20, false, vpcPage}
	ElasticIPs         = &Quota{"ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, false, eipPage}
	StandardVCPUs      = &Quota{"ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5, false, ec2Page}
	LoadBalancers      = &Quota{"elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50, false, albPage}
	TargetGroups       = &Quota{"elasticloadbalancing", "L-B22855CB", "Target Groups per Region", 3000, false, albPage}
	DBInstances        = &Quota{"rds", "L-7B6409FD", "DB instances", 40, false, rdsPage}
	Keys               = &Quota{"kms", "L-C2F1777E", "Customer Master Keys (CMKs)", 100000, false, kmsPage}
	Buckets            = &Quota{"s3", "L-DC2B2D3D", "General purpose buckets", 10000, true, s3Page}
	Roles              = &Quota{"iam", "L-FE177D64", "Roles per account", 1000, true, iamPage}
	Policies           = &Quota{"iam", "L-E95E4862", "Customer managed policies per account", 1500, true, iamPage}
	InstanceProfiles   = &Quota{"iam", "L-6E65F664", "Instance profiles per account", 1000, true, iamPage}
	// Nobody can raise these two, and Service Quotas need not be asked.
	Trails              = &Quota{"cloudtrail", "", "Trails per Region", 5, false, trailPage}
	LogResourcePolicies = &Quota{"logs", "", "Resource policies of CloudWatch Logs per Region", 10, false, logsPage}
)

// All lists them in the order in which they are shown.
var All = []*Quota{
	VPCs, InternetGateways, EgressOnlyGateways, NATGateways, InterfaceEndpoints, GatewayEndpoints, SecurityGroups, RulesPerGroup, RulesPerACL, ElasticIPs, StandardVCPUs,
	LoadBalancers, TargetGroups, DBInstances, Keys, Buckets, Roles, Policies, InstanceProfiles, Trails, LogResourcePolicies,
}

// Home is the region in which Service Quotas answers for what an account has once, in the partition of a region
// (https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html).
func Home(region string) string {
	switch {
	case len(region) > 3 && region[:3] == "cn-":
		return "cn-north-1"
	case len(region) > 7 && region[:7] == "us-gov-":
		return "us-gov-west-1"
	}
	return "us-east-1"
}
