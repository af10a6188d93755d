// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Answerer answers one call of a provider function.
type Answerer func(args resource.PropertyMap) (resource.PropertyMap, error)

// Fixed answers every call with the given values over the call's own arguments.
func Fixed(values map[string]any) Answerer {
	return func(args resource.PropertyMap) (resource.PropertyMap, error) {
		answer := args.Copy()
		for key, value := range resource.NewPropertyMapFromMap(values) {
			answer[key] = value
		}
		return answer, nil
	}
}

// cannedAnswers is what the functions that a deployment commonly asks would answer in an AWS account.
func cannedAnswers(account, region string) map[string]Answerer {
	zones := []any{region + "a", region + "b", region + "c"}
	return map[string]Answerer{
		"aws:index/getCallerIdentity:getCallerIdentity": Fixed(map[string]any{
			"id": account, "accountId": account, "userId": "AIDACKCEVSQ6C2EXAMPLE", "arn": "arn:aws:iam::" + account + ":user/deployer",
		}),
		"aws:index/getRegion:getRegion": Fixed(map[string]any{
			"id": region, "name": region, "description": "Region " + region, "endpoint": "ec2." + region + ".amazonaws.com",
		}),
		"aws:index/getPartition:getPartition": Fixed(map[string]any{
			"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws",
		}),
		"aws:index/getAvailabilityZones:getAvailabilityZones": Fixed(map[string]any{
			"id": region, "names": zones, "zoneIds": []any{"az1", "az2", "az3"}, "groupNames": []any{region},
		}),
		"aws:route53/getZone:getZone": Fixed(map[string]any{
			"id": "Z0123456789ABCDEFGHIJ", "zoneId": "Z0123456789ABCDEFGHIJ", "arn": "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ",
			"privateZone": false, "callerReference": "console", "comment": "", "primaryNameServer": "ns-1.awsdns-01.org",
			"nameServers": []any{"ns-1.awsdns-01.org", "ns-2.awsdns-02.com"}, "resourceRecordSetCount": 2,
			"linkedServiceDescription": "", "linkedServicePrincipal": "", "tags": map[string]any{}, "vpcId": "",
		}),
		"aws:ec2/getAmi:getAmi": Fixed(map[string]any{
			"id": "ami-0123456789abcdef0", "imageId": "ami-0123456789abcdef0", "architecture": "x86_64", "name": "al2023-ami-2023.0-x86_64",
			"rootDeviceName": "/dev/xvda", "ownerId": "137112412989",
		}),
		"aws:ssm/getParameter:getParameter": Fixed(map[string]any{
			"id": "parameter", "type": "String", "value": "ami-0123456789abcdef0", "insecureValue": "ami-0123456789abcdef0",
			"arn": "arn:aws:ssm:" + region + "::parameter/aws/service", "version": 1,
		}),
		"aws:ec2/getPrefixList:getPrefixList": Fixed(map[string]any{
			"id": "pl-6ea54007", "prefixListId": "pl-6ea54007", "name": "com.amazonaws." + region + ".s3", "cidrBlocks": []any{"52.219.170.0/23"},
		}),
		"aws:ec2/getManagedPrefixList:getManagedPrefixList": Fixed(map[string]any{
			"id": "pl-6ea54007", "name": "com.amazonaws." + region + ".s3", "addressFamily": "IPv4", "ownerId": "AWS", "maxEntries": 0, "version": 0,
			"arn": "arn:aws:ec2:" + region + ":aws:prefix-list/pl-6ea54007", "entries": []any{}, "tags": map[string]any{},
		}),
		"aws:ec2/getVpcEndpointService:getVpcEndpointService": Fixed(map[string]any{
			"id": "1", "serviceId": "vpce-svc-0123456789abcdef0", "serviceName": "com.amazonaws." + region + ".s3", "owner": "amazon",
			"availabilityZones": zones, "acceptanceRequired": false, "supportedIpAddressTypes": []any{"ipv4"},
		}),
		"aws:rds/getEngineVersion:getEngineVersion": Fixed(map[string]any{
			"id": "16.8", "version": "16.8", "versionActual": "16.8", "parameterGroupFamily": "postgres16", "status": "available",
		}),
		"aws:rds/getCertificate:getCertificate": Fixed(map[string]any{
			"id": "rds-ca-rsa2048-g1", "certificateType": "CA", "validTill": "2061-05-25T00:00:00Z",
		}),
		"aws:ec2/getVpcs:getVpcs": Fixed(map[string]any{"id": region, "ids": []any{"vpc-0123456789abcdef0"}}),
		"aws:kms/getAlias:getAlias": Fixed(map[string]any{
			"id": "alias/aws/ebs", "arn": "arn:aws:kms:" + region + ":" + account + ":alias/aws/ebs", "targetKeyId": "00000000-0000-4000-8000-000000000000",
			"targetKeyArn": "arn:aws:kms:" + region + ":" + account + ":key/00000000-0000-4000-8000-000000000000",
		}),
	}
}

// cannedOutputs are the outputs that AWS computes from more than names: the secret that RDS makes for a managed password,
// the records that prove a certificate's names, the version of a launch template, and the IPv6 range of a VPC.
func cannedOutputs(account, region string) map[string]Outputs {
	properties := resource.NewPropertyMapFromMap
	return map[string]Outputs{
		"aws:rds/instance:Instance": func(r Registration) resource.PropertyMap {
			if r.Value("manageMasterUserPassword") != true {
				return nil
			}
			return properties(map[string]any{"masterUserSecrets": []any{map[string]any{
				"secretArn":    "arn:aws:secretsmanager:" + region + ":" + account + ":secret:rds!db-a1b2c3",
				"secretStatus": "active", "kmsKeyId": r.String("masterUserSecretKmsKeyId"),
			}}})
		},
		"aws:acm/certificate:Certificate": func(r Registration) resource.PropertyMap {
			names := []any{r.String("domainName")}
			if more, given := r.Value("subjectAlternativeNames").([]any); given {
				names = append(names, more...)
			}
			var options []any
			for _, name := range names {
				options = append(options, map[string]any{
					"domainName": name, "resourceRecordName": "_3639ac514e785e898d2646601fa951d5." + name.(string) + ".",
					"resourceRecordType": "CNAME", "resourceRecordValue": "_98d2646601fa.acm-validations.aws.",
				})
			}
			return properties(map[string]any{"domainValidationOptions": options})
		},
		"aws:ec2/launchTemplate:LaunchTemplate": func(Registration) resource.PropertyMap {
			return properties(map[string]any{"latestVersion": 1})
		},
		"aws:ec2/vpc:Vpc": func(r Registration) resource.PropertyMap {
			if r.Value("assignGeneratedIpv6CidrBlock") != true {
				return nil
			}
			return properties(map[string]any{"ipv6CidrBlock": "2001:db8:1234:5600::/56"})
		},
	}
}
