// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Outputs computes outputs of a resource from its registration.
type Outputs func(Registration) resource.PropertyMap

// shape says what the ids, ARNs and further outputs of one AWS type look like. Templates may hold {hexN}, {HEXN}
// and {uuid} (stable digests of type and name), {name} (the physical name: the input `name` or an auto-name), {id},
// {account}, {region} and {input:KEY}. A type without a shape gets its logical name with a digest as id, and no ARN.
type shape struct {
	id      string
	arn     string
	outputs map[string]string
}

const (
	ec2ARN = "arn:aws:ec2:{region}:{account}:"
	elbARN = "arn:aws:elasticloadbalancing:{region}:{account}:"
	iamARN = "arn:aws:iam::{account}:"
	rdsARN = "arn:aws:rds:{region}:{account}:"

	resolverARN = "arn:aws:route53resolver:{region}:{account}:"
)

var named = map[string]string{"name": "{name}"}

// ec2Shape is the shape of an EC2 resource: an id with a prefix, and an ARN that ends with it.
func ec2Shape(prefix, kind string) shape {
	return shape{id: prefix + "-0{hex16}", arn: ec2ARN + kind + "/{id}", outputs: map[string]string{"ownerId": "{account}"}}
}

var shapes = map[string]shape{
	"aws:ec2/vpc:Vpc": {
		id: "vpc-0{hex16}", arn: ec2ARN + "vpc/{id}",
		outputs: map[string]string{
			"defaultSecurityGroupId": "sg-0{hex16}", "defaultRouteTableId": "rtb-0{hex16}", "mainRouteTableId": "rtb-0{hex16}",
			"defaultNetworkAclId": "acl-0{hex16}", "ownerId": "{account}",
		},
	},
	"aws:ec2/subnet:Subnet":                                       ec2Shape("subnet", "subnet"),
	"aws:ec2/internetGateway:InternetGateway":                     ec2Shape("igw", "internet-gateway"),
	"aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": {id: "eigw-0{hex16}"},
	"aws:ec2/natGateway:NatGateway": {
		id: "nat-0{hex16}", outputs: map[string]string{"publicIp": "198.51.100.{octet}", "privateIp": "10.0.0.{octet}", "networkInterfaceId": "eni-0{hex16}"},
	},
	"aws:ec2/eip:Eip": {
		id: "eipalloc-0{hex16}", arn: ec2ARN + "elastic-ip/{id}",
		outputs: map[string]string{"allocationId": "{id}", "publicIp": "198.51.100.{octet}"},
	},
	"aws:ec2/routeTable:RouteTable":                       ec2Shape("rtb", "route-table"),
	"aws:ec2/defaultRouteTable:DefaultRouteTable":         ec2Shape("rtb", "route-table"),
	"aws:ec2/route:Route":                                 {id: "r-rtb-0{hex16}"},
	"aws:ec2/routeTableAssociation:RouteTableAssociation": {id: "rtbassoc-0{hex16}"},
	"aws:ec2/networkAcl:NetworkAcl":                       ec2Shape("acl", "network-acl"),
	"aws:ec2/defaultNetworkAcl:DefaultNetworkAcl":         ec2Shape("acl", "network-acl"),
	"aws:ec2/networkAclRule:NetworkAclRule":               {id: "nacl-{hex16}"},
	"aws:ec2/networkAclAssociation:NetworkAclAssociation": {id: "aclassoc-0{hex16}"},
	"aws:ec2/securityGroup:SecurityGroup":                 ec2Shape("sg", "security-group").with(named),
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":   ec2Shape("sg", "security-group").with(map[string]string{"name": "default"}),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
		id: "sgr-0{hex16}", arn: ec2ARN + "security-group-rule/{id}", outputs: map[string]string{"securityGroupRuleId": "{id}"},
	},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
		id: "sgr-0{hex16}", arn: ec2ARN + "security-group-rule/{id}", outputs: map[string]string{"securityGroupRuleId": "{id}"},
	},
	"aws:ec2/vpcEndpoint:VpcEndpoint":                                           ec2Shape("vpce", "vpc-endpoint").with(map[string]string{"prefixListId": "pl-0{hex8}", "state": "available"}),
	"aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation": {id: "a-vpce-0{hex16}"},
	"aws:ec2/flowLog:FlowLog":                                                   ec2Shape("fl", "vpc-flow-log"),
	"aws:ec2/managedPrefixList:ManagedPrefixList":                               ec2Shape("pl", "prefix-list"),
	"aws:ec2/launchTemplate:LaunchTemplate":                                     ec2Shape("lt", "launch-template").with(named),
	"aws:ec2/instance:Instance":                                                 ec2Shape("i", "instance"),
	"aws:ec2/keyPair:KeyPair":                                                   {id: "{name}", arn: ec2ARN + "key-pair/{id}", outputs: map[string]string{"keyPairId": "key-0{hex16}"}},
	"aws:autoscaling/group:Group": {
		id: "{name}", arn: "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}", outputs: named,
	},
	"aws:lb/loadBalancer:LoadBalancer": {
		id: elbARN + "loadbalancer/app/{name}/{hex16}", arn: "{id}",
		outputs: map[string]string{
			"name": "{name}", "arnSuffix": "app/{name}/{hex16}", "dnsName": "{name}-1234567890.{region}.elb.amazonaws.com", "zoneId": "Z215JYRZR1TBD5",
		},
	},
	"aws:lb/targetGroup:TargetGroup": {
		id: elbARN + "targetgroup/{name}/{hex16}", arn: "{id}",
		outputs: map[string]string{"name": "{name}", "arnSuffix": "targetgroup/{name}/{hex16}"},
	},
	"aws:lb/listener:Listener":         {id: elbARN + "listener/app/{name}/{hex16}/{hex16}", arn: "{id}"},
	"aws:lb/listenerRule:ListenerRule": {id: elbARN + "listener-rule/app/{name}/{hex16}/{hex16}/{hex16}", arn: "{id}"},
	"aws:lb/trustStore:TrustStore":     {id: elbARN + "truststore/{name}/{hex16}", arn: "{id}", outputs: named},
	"aws:wafv2/webAcl:WebAcl": {
		id: "{uuid}", arn: "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{uuid}", outputs: named,
	},
	"aws:wafv2/ipSet:IpSet":                                           {id: "{uuid}", arn: "arn:aws:wafv2:{region}:{account}:regional/ipset/{name}/{uuid}", outputs: named},
	"aws:wafv2/webAclAssociation:WebAclAssociation":                   {id: "{input:webAclArn},{input:resourceArn}"},
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {id: "{input:resourceArn}"},
	"aws:acm/certificate:Certificate":                                 {id: "arn:aws:acm:{region}:{account}:certificate/{uuid}", arn: "{id}"},
	"aws:acm/certificateValidation:CertificateValidation":             {id: "2025-01-01 00:00:00 +0000 UTC"},
	"aws:route53/zone:Zone":                                           {id: "Z{HEX20}", arn: "arn:aws:route53:::hostedzone/{id}", outputs: map[string]string{"zoneId": "{id}"}},
	"aws:route53/record:Record":                                       {id: "{input:zoneId}_{input:name}_{input:type}", outputs: map[string]string{"fqdn": "{input:name}"}},
	"aws:kms/key:Key":                                                 {id: "{uuid}", arn: "arn:aws:kms:{region}:{account}:key/{id}", outputs: map[string]string{"keyId": "{id}"}},
	"aws:kms/alias:Alias":                                             {id: "{name}", arn: "arn:aws:kms:{region}:{account}:{name}", outputs: named},
	"aws:iam/role:Role":                                               {id: "{name}", arn: iamARN + "role/{name}", outputs: map[string]string{"name": "{name}", "uniqueId": "AROA{HEX16}"}},
	"aws:iam/policy:Policy":                                           {id: iamARN + "policy/{name}", arn: "{id}", outputs: map[string]string{"name": "{name}", "policyId": "ANPA{HEX16}"}},
	"aws:iam/rolePolicy:RolePolicy":                                   {id: "{input:role}:{name}", outputs: named},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment":               {id: "{input:role}-{hex8}"},
	"aws:iam/instanceProfile:InstanceProfile":                         {id: "{name}", arn: iamARN + "instance-profile/{name}", outputs: map[string]string{"name": "{name}", "uniqueId": "AIPA{HEX16}"}},
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy":             {id: "iam-account-password-policy"},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider":             {id: iamARN + "oidc-provider/{name}", arn: "{id}"},
	"aws:iam/serviceLinkedRole:ServiceLinkedRole":                     {id: iamARN + "role/aws-service-role/{input:awsServiceName}/{name}", arn: "{id}"},
	"aws:s3/bucketV2:BucketV2": {
		id: "{bucket}", arn: "arn:aws:s3:::{id}",
		outputs: map[string]string{
			"bucket": "{id}", "bucketDomainName": "{id}.s3.amazonaws.com", "bucketRegionalDomainName": "{id}.s3.{region}.amazonaws.com", "region": "{region}",
		},
	},
	"aws:s3/bucketPolicy:BucketPolicy":                                                           {id: "{input:bucket}"},
	"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               {id: "{input:bucket}"},
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     {id: "{input:bucket}"},
	"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                                     {id: "{input:bucket}"},
	"aws:s3/bucketLoggingV2:BucketLoggingV2":                                                     {id: "{input:bucket}"},
	"aws:s3/bucketObjectv2:BucketObjectv2":                                                       {id: "{input:key}", arn: "arn:aws:s3:::{input:bucket}/{input:key}"},
	"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock":                                   {id: "{account}"},
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":                       {id: "{input:bucket}"},
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": {id: "{input:bucket}"},
	"aws:cloudtrail/trail:Trail": {
		id: "arn:aws:cloudtrail:{region}:{account}:trail/{name}", arn: "{id}", outputs: map[string]string{"name": "{name}", "homeRegion": "{region}"},
	},
	"aws:cloudwatch/logGroup:LogGroup":               {id: "{name}", arn: "arn:aws:logs:{region}:{account}:log-group:{name}", outputs: named},
	"aws:cloudwatch/logStream:LogStream":             {id: "{name}", arn: "arn:aws:logs:{region}:{account}:log-group:{input:logGroupName}:log-stream:{name}", outputs: named},
	"aws:cloudwatch/logMetricFilter:LogMetricFilter": {id: "{name}", outputs: named},
	"aws:cloudwatch/metricAlarm:MetricAlarm":         {id: "{name}", arn: "arn:aws:cloudwatch:{region}:{account}:alarm:{name}", outputs: named},
	"aws:cloudwatch/eventRule:EventRule":             {id: "{name}", arn: "arn:aws:events:{region}:{account}:rule/{name}", outputs: named},
	"aws:sns/topic:Topic":                            {id: "arn:aws:sns:{region}:{account}:{name}", arn: "{id}", outputs: map[string]string{"name": "{name}", "owner": "{account}"}},
	"aws:sns/topicPolicy:TopicPolicy":                {id: "{input:arn}", outputs: map[string]string{"owner": "{account}"}},
	"aws:sns/topicSubscription:TopicSubscription":    {id: "{input:topic}:{uuid}", arn: "{id}", outputs: map[string]string{"ownerId": "{account}"}},
	"aws:ssm/parameter:Parameter":                    {id: "{name}", arn: "arn:aws:ssm:{region}:{account}:parameter/{name}", outputs: named},
	"aws:ssm/document:Document":                      {id: "{name}", arn: "arn:aws:ssm:{region}:{account}:document/{name}", outputs: named},
	"aws:secretsmanager/secret:Secret": {
		id: "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{hex6}", arn: "{id}", outputs: named,
	},
	"aws:rds/subnetGroup:SubnetGroup":       {id: "{name}", arn: rdsARN + "subgrp:{name}", outputs: named},
	"aws:rds/parameterGroup:ParameterGroup": {id: "{name}", arn: rdsARN + "pg:{name}", outputs: named},
	"aws:rds/optionGroup:OptionGroup":       {id: "{name}", arn: rdsARN + "og:{name}", outputs: named},
	"aws:rds/instance:Instance": {
		id: "db-{HEX26}", arn: rdsARN + "db:{identifier}",
		outputs: map[string]string{
			"identifier": "{identifier}", "resourceId": "{id}", "address": "{identifier}.c{hex8}.{region}.rds.amazonaws.com",
			"endpoint": "{identifier}.c{hex8}.{region}.rds.amazonaws.com:5432", "hostedZoneId": "Z1RLNUO7B9Q6NB", "status": "available",
		},
	},
	"aws:route53/resolverFirewallConfig:ResolverFirewallConfig": {
		id: "rslvr-fc-{hex16}", outputs: map[string]string{"ownerId": "{account}"},
	},
	"aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": {
		id: "rslvr-fdl-{hex16}", arn: resolverARN + "firewall-domain-list/{id}", outputs: named,
	},
	"aws:route53/resolverFirewallRule:ResolverFirewallRule": {
		id: "{input:firewallRuleGroupId}:{input:firewallDomainListId}", outputs: named,
	},
	"aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup": {
		id: "rslvr-frg-{hex16}", arn: resolverARN + "firewall-rule-group/{id}", outputs: named,
	},
	"aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": {
		id: "rslvr-frgassoc-{hex16}", arn: resolverARN + "firewall-rule-group-association/{id}", outputs: named,
	},
	"aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": {
		id: "rslvr-qlc-{hex16}", arn: resolverARN + "resolver-query-log-config/{id}", outputs: named,
	},
	"aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation": {id: "rslvr-qlcassoc-{hex16}"},
}

// with returns the shape with further outputs.
func (s shape) with(outputs map[string]string) shape {
	merged := map[string]string{}
	for key, template := range s.outputs {
		merged[key] = template
	}
	for key, template := range outputs {
		merged[key] = template
	}
	s.outputs = merged
	return s
}

func (m *monitor) id(r Registration) string {
	template := shapes[r.Type].id
	switch {
	case r.ImportID != "":
		return r.ImportID
	case strings.HasPrefix(r.Type, "pulumi:providers:"):
		template = "{uuid}"
	case template == "":
		template = "{auto}"
	}
	return m.expand(template, r, "")
}

var placeholder = regexp.MustCompile(`\{([a-zA-Z]+)([0-9]*)(?::([a-zA-Z]+))?\}`)

// expand fills a template. Every occurrence of {hexN} in one resource is the same digest.
func (m *monitor) expand(template string, r Registration, id string) string {
	sum := sha256.Sum256([]byte(r.Type + "\x00" + r.Parent + "\x00" + r.Name))
	digest := hex.EncodeToString(sum[:])
	return placeholder.ReplaceAllStringFunc(template, func(match string) string {
		parts := placeholder.FindStringSubmatch(match)
		length := 0
		_, _ = fmt.Sscanf(parts[2], "%d", &length)
		auto := r.Name + "-" + digest[:7]
		switch parts[1] {
		case "hex":
			return digest[:length]
		case "HEX":
			return strings.ToUpper(digest[:length])
		case "octet":
			return fmt.Sprint(int(sum[0])%254 + 1)
		case "uuid":
			return digest[:8] + "-" + digest[8:12] + "-4" + digest[13:16] + "-8" + digest[17:20] + "-" + digest[20:32]
		case "id":
			return id
		case "account":
			return m.settings.account
		case "region":
			return m.settings.region
		case "auto":
			return auto
		case "name":
			return r.physical("name", auto)
		case "bucket":
			return r.physical("bucket", strings.ToLower(auto))
		case "identifier":
			return r.physical("identifier", strings.ToLower(auto))
		case "input":
			return r.physical(parts[3], "")
		}
		return match
	})
}

// physical returns the text of an input, or what the provider would have made up.
func (r Registration) physical(key, otherwise string) string {
	if text := r.String(key); text != "" {
		return text
	}
	return otherwise
}
