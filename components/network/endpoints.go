// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// serviceName returns the full name of an AWS service's endpoint.
func serviceName(region, service string) string {
	return "com.amazonaws." + region + "." + service
}

// createGatewayEndpoint gives the public and the app tier a route to S3 that costs nothing and passes no NAT. The data
// tier has none: it stores nothing in S3 by itself. The links to the route tables are resources of their own, so that a
// zone more does not change the endpoint.
func (b *builder) createGatewayEndpoint(ctx *pulumi.Context) error {
	policy, err := s3Policy(b.args.AccountID, b.Region, b.args.InterfaceEndpoints).JSON()
	if err != nil {
		return err
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, b.child("s3"), &ec2.VpcEndpointArgs{
		VpcId:           b.VpcID,
		VpcEndpointType: pulumi.String("Gateway"),
		ServiceName:     pulumi.String(serviceName(b.Region, "s3")),
		Policy:          pulumi.String(policy),
		Tags:            b.tags("s3"),
	}, pulumi.Parent(b.Network))
	if err := b.keep(endpoint, err); err != nil {
		return err
	}
	b.S3PrefixListID = endpoint.PrefixListId
	linked := map[string]bool{}
	for _, tier := range []Tier{Public, App} {
		for _, zone := range b.Zones {
			role := tableOf(tier, zone)
			if linked[role] {
				continue
			}
			linked[role] = true
			if err := b.keep(ec2.NewVpcEndpointRouteTableAssociation(ctx, b.child("s3-"+role), &ec2.VpcEndpointRouteTableAssociationArgs{
				VpcEndpointId: endpoint.ID(),
				RouteTableId:  b.tables[role].ID(),
			}, pulumi.Parent(b.Network))); err != nil {
				return err
			}
		}
	}
	return nil
}

// createInterfaceEndpoints puts an address of every listed AWS service into the app tier of every zone, under the
// service's usual name, behind one security group. The group exists even without services, so that clients need not ask.
//
// The subnets are a list in the endpoint, unlike the other links here: as resources of their own the AWS provider adds
// them one by one with a minute between, and the endpoint would serve no zone until the first is in.
func (b *builder) createInterfaceEndpoints(ctx *pulumi.Context) error {
	group, err := firewall.NewGroup(ctx, b.child("endpoints"), &firewall.GroupArgs{
		VpcID:       b.VpcID,
		Description: "Interface endpoints of AWS services; each client is admitted by name",
	}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	b.Endpoints = group
	policy, err := servicePolicy(b.args.AccountID).JSON()
	if err != nil {
		return err
	}
	var subnets pulumi.StringArray
	for _, zone := range b.Zones {
		subnets = append(subnets, b.Subnets[App][zone].ID().ToStringOutput())
	}
	for _, service := range b.args.InterfaceEndpoints {
		if err := b.keep(ec2.NewVpcEndpoint(ctx, b.child(service), &ec2.VpcEndpointArgs{
			VpcId:             b.VpcID,
			VpcEndpointType:   pulumi.String("Interface"),
			ServiceName:       pulumi.String(serviceName(b.Region, service)),
			SubnetIds:         subnets,
			SecurityGroupIds:  pulumi.StringArray{group.ID},
			PrivateDnsEnabled: pulumi.Bool(true),
			Policy:            pulumi.String(policy),
			Tags:              b.tags(service),
		}, pulumi.Parent(b.Network))); err != nil {
			return err
		}
	}
	return nil
}

// ownIdentities is the condition that a request is signed by an identity of the account.
func ownIdentities(accountID string) identity.Condition {
	return identity.Condition{Operator: "StringEquals", Key: "aws:PrincipalAccount", Values: []string{accountID}}
}

// servicePolicy lets the account's identities, and nobody else's, use an interface endpoint. What they may do there is
// for their own policies to say.
func servicePolicy(accountID string) identity.Document {
	return identity.OnResource(identity.Statement{
		Sid:        "OwnIdentities",
		Effect:     identity.Allow,
		Principals: identity.Principals{Everyone: true},
		Actions:    []string{"*"},
		Resources:  []string{"*"},
		Conditions: []identity.Condition{ownIdentities(accountID)},
		Reason:     "an endpoint policy grants nothing and only bounds whose identities pass",
	})
}

// s3Policy lets the account's identities use the account's buckets, and lets anybody in the VPC read what AWS publishes
// for its own software and what the services behind the interface endpoints keep in buckets of AWS. Nothing can be written to, or read from, a bucket of somebody else, whoever's credentials are
// used (AWS data perimeter, https://github.com/aws-samples/data-perimeter-policy-examples).
func s3Policy(accountID, region string, services []string) identity.Document {
	owned := identity.Condition{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: []string{accountID}}
	encrypted := identity.Condition{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}}
	return identity.OnResource(identity.Statement{
		Sid:        "OwnBuckets",
		Effect:     identity.Allow,
		Principals: identity.Principals{Everyone: true},
		Actions:    []string{"s3:*"},
		Resources:  []string{"*"},
		Conditions: []identity.Condition{ownIdentities(accountID), owned, encrypted},
		Reason:     "an endpoint policy grants nothing and only bounds whose identities and buckets pass",
	}, identity.Statement{
		Sid:        "SoftwareOfAWS",
		Effect:     identity.Allow,
		Principals: identity.Principals{Everyone: true},
		Actions:    []string{"s3:GetObject"},
		Resources:  softwareBuckets(region, services),
		Conditions: []identity.Condition{encrypted},
		Reason:     "package managers fetch without signing the request, and Amazon ECR signs for its clients",
	})
}

// softwareBuckets are the buckets from which Amazon Linux and its agents fetch themselves: the distribution's packages
// (Amazon Linux 2023 user guide, "AL2023 repositories"), what SSM Agent needs (Systems Manager user guide, "SSM Agent
// communications with AWS managed S3 buckets"), and the CloudWatch agent. With an endpoint of Amazon ECR there is also the
// bucket of all image layers (ECR user guide, "Minimum Amazon S3 Bucket Permissions for Amazon ECR").
func softwareBuckets(region string, services []string) []string {
	formats := []string{
		"al2023-repos-%s-de612dc2",
		"amazon-ssm-%s",
		"amazon-ssm-packages-%s",
		"amazoncloudwatch-agent-%s",
		"aws-ssm-%s",
		"aws-ssm-distributor-file-%s",
		"aws-ssm-document-attachments-%s",
		"patch-baseline-snapshot-%s",
		"%s-birdwatcher-prod",
	}
	if slices.Contains(services, "ecr.api") || slices.Contains(services, "ecr.dkr") {
		formats = append(formats, "prod-%s-starport-layer-bucket")
	}
	var arns []string
	for _, format := range formats {
		arns = append(arns, "arn:aws:s3:::"+fmt.Sprintf(format, region)+"/*")
	}
	return arns
}
