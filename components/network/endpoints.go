// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
)

// serviceName returns the full name of an AWS service's endpoint.
func serviceName(region, service string) string {
	return "com.amazonaws." + region + "." + service
}

// service is one AWS service as segments see it: through an interface endpoint behind a group of its own, or as the addresses
// of a prefix list through a gateway endpoint.
type service struct {
	group      *group
	prefixList pulumi.StringOutput
	made       []pulumi.CustomResource
}

// createEndpoints gives every service that some row leads to its endpoint.
func (b *builder) createEndpoints(ctx *pulumi.Context) error {
	b.services = map[string]service{}
	for _, name := range b.args.Table.Services() {
		create := b.interfaceEndpoint
		if segment.Gateway(name) {
			create = b.gatewayEndpoint
		}
		made, err := create(ctx, name)
		if err != nil {
			return err
		}
		b.services[name] = made
		for i, row := range b.args.Table.Connections {
			if slices.Contains(row.To.Services(), name) {
				for _, resource := range made.made {
					b.serve(resource, i)
				}
			}
		}
	}
	return nil
}

// gatewayEndpoint is a route to a service that costs nothing and passes no NAT, for the tiers with a row to it. The links to
// the route tables are resources of their own, so that one more zone does not change the endpoint.
func (b *builder) gatewayEndpoint(ctx *pulumi.Context, name string) (service, error) {
	document := b.servicePolicy(name)
	if name == "s3" {
		document = b.s3Policy()
	}
	policy, err := document.JSON()
	if err != nil {
		return service{}, err
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, b.child(name), &ec2.VpcEndpointArgs{
		VpcId:           b.VPCID,
		VpcEndpointType: pulumi.String("Gateway"),
		ServiceName:     pulumi.String(serviceName(b.Account.Region, name)),
		Policy:          pulumi.String(policy),
		Tags:            b.endpointTags(name),
	}, pulumi.Parent(b.Network))
	if err != nil {
		return service{}, err
	}
	s := service{prefixList: endpoint.PrefixListId, made: []pulumi.CustomResource{endpoint}}
	linked := map[string]bool{}
	for _, tier := range b.tiersCalling(name) {
		for _, zone := range b.Zones {
			way := b.ways[place{tier, zone}]
			if linked[way.role] {
				continue
			}
			linked[way.role] = true
			link, err := ec2.NewVpcEndpointRouteTableAssociation(ctx, b.child(name+"-"+way.role), &ec2.VpcEndpointRouteTableAssociationArgs{
				VpcEndpointId: endpoint.ID(),
				RouteTableId:  way.table,
			}, pulumi.Parent(b.Network))
			if err != nil {
				return service{}, err
			}
			s.made = append(s.made, link)
		}
	}
	return s, nil
}

// tiersCalling are the tiers with a row to a service.
func (b *builder) tiersCalling(name string) []segment.Tier {
	var found []segment.Tier
	for _, row := range b.args.Table.Connections {
		from, inside := b.args.Table.Segment(string(row.From))
		if inside && slices.Contains(row.To.Services(), name) && !slices.Contains(found, from.Tier) {
			found = append(found, from.Tier)
		}
	}
	return found
}

// interfaceEndpoint puts an address of a service into the app tier of every zone, under the service's usual name, behind a
// security group of its own, so that a row to one service does not lead to the others.
//
// The subnets are a list in the endpoint, unlike the other links here: as resources of their own the AWS provider adds
// them one by one with a minute between, and the endpoint would serve no zone until the first is in.
func (b *builder) interfaceEndpoint(ctx *pulumi.Context, name string) (service, error) {
	own, err := b.group(ctx, b.child("endpoint-"+strings.ReplaceAll(name, ".", "-")), "Endpoint of the AWS service "+name)
	if err != nil {
		return service{}, err
	}
	policy, err := b.servicePolicy(name).JSON()
	if err != nil {
		return service{}, err
	}
	var subnets pulumi.StringArray
	for _, zone := range b.Zones {
		subnets = append(subnets, b.subnets[place{segment.App, zone}])
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, b.child(name), &ec2.VpcEndpointArgs{
		VpcId:             b.VPCID,
		VpcEndpointType:   pulumi.String("Interface"),
		ServiceName:       pulumi.String(serviceName(b.Account.Region, name)),
		SubnetIds:         subnets,
		SecurityGroupIds:  pulumi.StringArray{own.id},
		PrivateDnsEnabled: pulumi.Bool(true),
		Policy:            pulumi.String(policy),
		Tags:              b.endpointTags(name),
	}, pulumi.Parent(b.Network))
	return service{group: own, made: []pulumi.CustomResource{endpoint}}, err
}

// ownIdentities is the condition that a request is signed by an identity of the account.
func (b *builder) ownIdentities() identity.Condition {
	return identity.Condition{Operator: "StringEquals", Key: "aws:PrincipalAccount", Values: []string{b.Account.ID}}
}

// ownResources is the condition that a request is about something in the account, or in one that is trusted.
func (b *builder) ownResources() identity.Condition {
	accounts := append([]string{b.Account.ID}, slices.Sorted(maps.Keys(b.args.TrustedAccounts))...)
	return identity.Condition{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: accounts}
}

// servicePolicy lets the account's identities, and nobody else's, use an endpoint, for what is in the account or in one that is trusted
// (AWS data perimeter, https://github.com/aws-samples/data-perimeter-policy-examples). What they may do there is for their own policies to say.
// Through Systems Manager they also read the documents and parameters that AWS publishes, which are in no account.
func (b *builder) servicePolicy(name string) identity.Document {
	statements := []identity.Statement{{
		Sid:        "OwnIdentitiesAndResources",
		Effect:     identity.Allow,
		Principals: identity.Principals{Everyone: true},
		Actions:    []string{"*"},
		Resources:  []string{"*"},
		Conditions: []identity.Condition{b.ownIdentities(), b.ownResources()},
		Reason:     "an endpoint policy grants nothing and only bounds whose identities pass, and to what",
	}}
	if name == "ssm" {
		statements = append(statements, identity.Statement{
			Sid:        "PublishedByAWS",
			Effect:     identity.Allow,
			Principals: identity.Principals{Everyone: true},
			Actions:    []string{"ssm:Describe*", "ssm:Get*", "ssm:List*"},
			Resources: []string{
				"arn:aws:ssm:" + b.Account.Region + "::document/*",
				"arn:aws:ssm:" + b.Account.Region + "::parameter/aws/*",
			},
			Conditions: []identity.Condition{b.ownIdentities()},
			Reason:     "an endpoint policy grants nothing and only bounds whose identities pass",
		})
	}
	return identity.OnResource(statements...)
}

// s3Policy lets the account's identities use the account's buckets, and those of accounts that are trusted, and lets anybody in the VPC
// read what AWS publishes for its own software and what the services behind the interface endpoints keep in buckets of AWS. Nothing can be
// written to, or read from, a bucket of somebody else, whoever's credentials are used.
func (b *builder) s3Policy() identity.Document {
	encrypted := identity.Condition{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}}
	return identity.OnResource(identity.Statement{
		Sid:        "OwnBuckets",
		Effect:     identity.Allow,
		Principals: identity.Principals{Everyone: true},
		Actions:    []string{"s3:*"},
		Resources:  []string{"*"},
		Conditions: []identity.Condition{b.ownIdentities(), b.ownResources(), encrypted},
		Reason:     "an endpoint policy grants nothing and only bounds whose identities and buckets pass",
	}, identity.Statement{
		Sid:        "SoftwareOfAWS",
		Effect:     identity.Allow,
		Principals: identity.Principals{Everyone: true},
		Actions:    []string{"s3:GetObject"},
		Resources:  softwareBuckets(b.Account.Region, b.args.Table.Services()),
		Conditions: []identity.Condition{encrypted},
		Reason:     "package managers fetch without signing the request, and Amazon ECR signs for its clients",
	})
}

// endpointTags also say which accounts are trusted, and why.
func (b *builder) endpointTags(name string) pulumi.StringMap {
	tags := b.tags(name)
	for account, reason := range b.args.TrustedAccounts {
		tags["bulkhead:relaxed:ResourcesOf"+account] = pulumi.String(reason)
	}
	return tags
}

// trustProblems is what is wrong with the accounts that are trusted.
func (args *Args) trustProblems() []error {
	var problems []error
	if n := len(args.TrustedAccounts); n > form.MaxTrustedAccounts {
		problems = append(problems, in("TrustedAccounts", "has %d accounts, and their reasons are tags; at most %d", n, form.MaxTrustedAccounts))
	}
	for _, account := range slices.Sorted(maps.Keys(args.TrustedAccounts)) {
		field := fmt.Sprintf("TrustedAccounts[%s]", account)
		problems = append(problems, form.In(field, form.CheckAccountID(account)), form.In(field, form.CheckReason(args.TrustedAccounts[account])))
		if args.Account != nil && account == args.Account.ID {
			problems = append(problems, in(field, "is the account itself; remove it"))
		}
	}
	return form.Problems(problems...)
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
