// SPDX-License-Identifier: Apache-2.0

// Package aws names the types of AWS resources as Pulumi spells them, those that are one type under two names (twins) together, and
// knows which inputs hold the id of which type.
package aws

import "strings"

// The types of resources that controls name.
const (
	Analyzer                                 = "aws:accessanalyzer/analyzer:Analyzer"
	AccountAlternativeContact                = "aws:account/alternativeContact:AlternativeContact"
	ACMCertificate                           = "aws:acm/certificate:Certificate"
	ALBListener                              = "aws:alb/listener:Listener"
	ALBListenerCertificate                   = "aws:alb/listenerCertificate:ListenerCertificate"
	ALBListenerRule                          = "aws:alb/listenerRule:ListenerRule"
	ALBLoadBalancer                          = "aws:alb/loadBalancer:LoadBalancer"
	ALBTargetGroup                           = "aws:alb/targetGroup:TargetGroup"
	APIGatewayMethod                         = "aws:apigateway/method:Method"
	APIGatewayMethodSettings                 = "aws:apigateway/methodSettings:MethodSettings"
	APIGatewayRestAPI                        = "aws:apigateway/restApi:RestApi"
	APIGatewayRestAPIPolicy                  = "aws:apigateway/restApiPolicy:RestApiPolicy"
	APIGatewayStage                          = "aws:apigateway/stage:Stage"
	APIGatewayV2Route                        = "aws:apigatewayv2/route:Route"
	AppAutoScalingTarget                     = "aws:appautoscaling/target:Target"
	AutoScalingAttachment                    = "aws:autoscaling/attachment:Attachment"
	AutoScalingGroup                         = "aws:autoscaling/group:Group"
	AutoScalingTrafficSourceAttachment       = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"
	BackupPlan                               = "aws:backup/plan:Plan"
	BackupSelection                          = "aws:backup/selection:Selection"
	BackupVault                              = "aws:backup/vault:Vault"
	BackupVaultLockConfiguration             = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
	BackupVaultPolicy                        = "aws:backup/vaultPolicy:VaultPolicy"
	BatchJobDefinition                       = "aws:batch/jobDefinition:JobDefinition"
	ConfigDeliveryChannel                    = "aws:cfg/deliveryChannel:DeliveryChannel"
	ConfigRecorder                           = "aws:cfg/recorder:Recorder"
	ConfigRecorderStatus                     = "aws:cfg/recorderStatus:RecorderStatus"
	CloudFrontDistribution                   = "aws:cloudfront/distribution:Distribution"
	CloudTrailEventDataStore                 = "aws:cloudtrail/eventDataStore:EventDataStore"
	CloudTrailTrail                          = "aws:cloudtrail/trail:Trail"
	CompositeAlarm                           = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	DefaultSubnet                            = "aws:ec2/defaultSubnet:DefaultSubnet"
	DefaultVPC                               = "aws:ec2/defaultVpc:DefaultVpc"
	EventBusPolicy                           = "aws:cloudwatch/eventBusPolicy:EventBusPolicy"
	EventTarget                              = "aws:cloudwatch/eventTarget:EventTarget"
	LogDeliverySource                        = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
	LogDestinationPolicy                     = "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy"
	LogGroup                                 = "aws:cloudwatch/logGroup:LogGroup"
	LogMetricFilter                          = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	LogResourcePolicy                        = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
	MetricAlarm                              = "aws:cloudwatch/metricAlarm:MetricAlarm"
	CognitoUserPool                          = "aws:cognito/userPool:UserPool"
	DMSEndpoint                              = "aws:dms/endpoint:Endpoint"
	DocumentDBCluster                        = "aws:docdb/cluster:Cluster"
	DocumentDBClusterParameterGroup          = "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
	DynamoDBResourcePolicy                   = "aws:dynamodb/resourcePolicy:ResourcePolicy"
	DynamoDBTable                            = "aws:dynamodb/table:Table"
	EBSEncryptionByDefault                   = "aws:ebs/encryptionByDefault:EncryptionByDefault"
	EBSVolume                                = "aws:ebs/volume:Volume"
	DefaultNetworkACL                        = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	DefaultRouteTable                        = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	DefaultSecurityGroup                     = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	ElasticIP                                = "aws:ec2/eip:Eip"
	ElasticIPAssociation                     = "aws:ec2/eipAssociation:EipAssociation" //nolint:gosec // the name of a type
	FlowLog                                  = "aws:ec2/flowLog:FlowLog"
	EC2Instance                              = "aws:ec2/instance:Instance"
	InternetGateway                          = "aws:ec2/internetGateway:InternetGateway"
	LaunchConfiguration                      = "aws:ec2/launchConfiguration:LaunchConfiguration"
	LaunchTemplate                           = "aws:ec2/launchTemplate:LaunchTemplate"
	MainRouteTableAssociation                = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
	ManagedPrefixList                        = "aws:ec2/managedPrefixList:ManagedPrefixList"
	ManagedPrefixListEntry                   = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
	NATGateway                               = "aws:ec2/natGateway:NatGateway"
	NetworkACL                               = "aws:ec2/networkAcl:NetworkAcl"
	NetworkACLAssociation                    = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
	NetworkACLRule                           = "aws:ec2/networkAclRule:NetworkAclRule"
	NetworkInterface                         = "aws:ec2/networkInterface:NetworkInterface"
	NetworkInterfaceAttachment               = "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment"
	Route                                    = "aws:ec2/route:Route"
	RouteTable                               = "aws:ec2/routeTable:RouteTable"
	RouteTableAssociation                    = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	SecurityGroup                            = "aws:ec2/securityGroup:SecurityGroup"
	SecurityGroupRule                        = "aws:ec2/securityGroupRule:SecurityGroupRule"
	SpotFleetRequest                         = "aws:ec2/spotFleetRequest:SpotFleetRequest"
	SpotInstanceRequest                      = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
	Subnet                                   = "aws:ec2/subnet:Subnet"
	VPC                                      = "aws:ec2/vpc:Vpc"
	VPCEndpoint                              = "aws:ec2/vpcEndpoint:VpcEndpoint"
	VPCEndpointPolicy                        = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"
	VPCEndpointService                       = "aws:ec2/vpcEndpointService:VpcEndpointService"
	VPCEndpointServiceAllowedPrincipal       = "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple"
	ECRLifecyclePolicy                       = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	ECRRegistryPolicy                        = "aws:ecr/registryPolicy:RegistryPolicy"
	ECRRepository                            = "aws:ecr/repository:Repository"
	ECRRepositoryPolicy                      = "aws:ecr/repositoryPolicy:RepositoryPolicy"
	ECSCluster                               = "aws:ecs/cluster:Cluster"
	ECSService                               = "aws:ecs/service:Service"
	ECSTaskDefinition                        = "aws:ecs/taskDefinition:TaskDefinition"
	ECSTaskSet                               = "aws:ecs/taskSet:TaskSet"
	EFSBackupPolicy                          = "aws:efs/backupPolicy:BackupPolicy"
	EFSFileSystem                            = "aws:efs/fileSystem:FileSystem"
	EFSFileSystemPolicy                      = "aws:efs/fileSystemPolicy:FileSystemPolicy"
	EKSCluster                               = "aws:eks/cluster:Cluster"
	ElastiCacheCluster                       = "aws:elasticache/cluster:Cluster"
	ElastiCacheReplicationGroup              = "aws:elasticache/replicationGroup:ReplicationGroup"
	BeanstalkEnvironment                     = "aws:elasticbeanstalk/environment:Environment"
	ElasticsearchDomain                      = "aws:elasticsearch/domain:Domain"
	ElasticsearchDomainPolicy                = "aws:elasticsearch/domainPolicy:DomainPolicy"
	ClassicLoadBalancer                      = "aws:elb/loadBalancer:LoadBalancer"
	FSxOpenZFSFileSystem                     = "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"
	FSxOpenZFSVolume                         = "aws:fsx/openZfsVolume:OpenZfsVolume"
	GameLiftFleet                            = "aws:gamelift/fleet:Fleet"
	GuardDutyDetector                        = "aws:guardduty/detector:Detector"
	IAMAccountPasswordPolicy                 = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy" //nolint:gosec // the name of a type
	IAMGroup                                 = "aws:iam/group:Group"
	IAMGroupMembership                       = "aws:iam/groupMembership:GroupMembership"
	IAMGroupPolicy                           = "aws:iam/groupPolicy:GroupPolicy"
	IAMGroupPolicyAttachment                 = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	IAMGroupPolicyAttachmentsExclusive       = "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive"
	IAMPolicy                                = "aws:iam/policy:Policy"
	IAMPolicyAttachment                      = "aws:iam/policyAttachment:PolicyAttachment"
	IAMRole                                  = "aws:iam/role:Role"
	IAMRolePolicy                            = "aws:iam/rolePolicy:RolePolicy"
	IAMRolePolicyAttachment                  = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	IAMRolePolicyAttachmentsExclusive        = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
	IAMUser                                  = "aws:iam/user:User"
	IAMUserGroupMembership                   = "aws:iam/userGroupMembership:UserGroupMembership"
	IAMUserPolicy                            = "aws:iam/userPolicy:UserPolicy"
	IAMUserPolicyAttachment                  = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
	IAMUserPolicyAttachmentsExclusive        = "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive"
	InspectorEnabler                         = "aws:inspector2/enabler:Enabler"
	Firehose                                 = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
	KMSExternalKey                           = "aws:kms/externalKey:ExternalKey"
	KMSKey                                   = "aws:kms/key:Key"
	KMSKeyPolicy                             = "aws:kms/keyPolicy:KeyPolicy"
	KMSReplicaExternalKey                    = "aws:kms/replicaExternalKey:ReplicaExternalKey"
	KMSReplicaKey                            = "aws:kms/replicaKey:ReplicaKey"
	LambdaFunction                           = "aws:lambda/function:Function"
	LambdaInvocation                         = "aws:lambda/invocation:Invocation"
	LambdaFunctionURL                        = "aws:lambda/functionUrl:FunctionUrl"
	LambdaLayerVersionPermission             = "aws:lambda/layerVersionPermission:LayerVersionPermission"
	LambdaPermission                         = "aws:lambda/permission:Permission"
	Listener                                 = "aws:lb/listener:Listener"
	ListenerCertificate                      = "aws:lb/listenerCertificate:ListenerCertificate"
	ListenerRule                             = "aws:lb/listenerRule:ListenerRule"
	LoadBalancer                             = "aws:lb/loadBalancer:LoadBalancer"
	TargetGroup                              = "aws:lb/targetGroup:TargetGroup"
	LightsailInstancePublicPorts             = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
	MacieAccount                             = "aws:macie2/account:Account"
	NeptuneClusterParameterGroup             = "aws:neptune/clusterParameterGroup:ClusterParameterGroup"
	NetworkFirewallFirewallPolicy            = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
	OpenSearchDomain                         = "aws:opensearch/domain:Domain"
	OpenSearchDomainPolicy                   = "aws:opensearch/domainPolicy:DomainPolicy"
	OpenSearchServerlessSecurityPolicy       = "aws:opensearch/serverlessSecurityPolicy:ServerlessSecurityPolicy"
	RDSCluster                               = "aws:rds/cluster:Cluster"
	RDSClusterInstance                       = "aws:rds/clusterInstance:ClusterInstance"
	RDSClusterParameterGroup                 = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
	RDSEventSubscription                     = "aws:rds/eventSubscription:EventSubscription"
	RDSInstance                              = "aws:rds/instance:Instance"
	RDSParameterGroup                        = "aws:rds/parameterGroup:ParameterGroup"
	RedshiftCluster                          = "aws:redshift/cluster:Cluster"
	RedshiftParameterGroup                   = "aws:redshift/parameterGroup:ParameterGroup"
	RedshiftServerlessNamespace              = "aws:redshiftserverless/namespace:Namespace"
	Route53HostedZoneDNSSEC                  = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
	Route53QueryLog                          = "aws:route53/queryLog:QueryLog"
	Route53Record                            = "aws:route53/record:Record"
	Route53ResolverQueryLogConfigAssociation = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"
	Route53Zone                              = "aws:route53/zone:Zone"
	Route53DomainsRegisteredDomain           = "aws:route53domains/registeredDomain:RegisteredDomain"
	S3AccessPoint                            = "aws:s3/accessPoint:AccessPoint"
	S3AccountPublicAccessBlock               = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
	S3Bucket                                 = "aws:s3/bucket:Bucket"
	S3BucketACL                              = "aws:s3/bucketAcl:BucketAcl"
	S3BucketACLV2                            = "aws:s3/bucketAclV2:BucketAclV2"
	S3BucketCorsConfiguration                = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
	S3BucketCorsConfigurationV2              = "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2"
	S3BucketLifecycleConfiguration           = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
	S3BucketLifecycleConfigurationV2         = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	S3BucketLogging                          = "aws:s3/bucketLogging:BucketLogging"
	S3BucketLoggingV2                        = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	S3BucketNotification                     = "aws:s3/bucketNotification:BucketNotification"
	S3BucketObject                           = "aws:s3/bucketObject:BucketObject"
	S3BucketObjectLockConfiguration          = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
	S3BucketObjectLockConfigurationV2        = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	S3BucketObjectV2                         = "aws:s3/bucketObjectv2:BucketObjectv2"
	S3BucketOwnershipControls                = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	S3BucketPolicy                           = "aws:s3/bucketPolicy:BucketPolicy"
	S3BucketPublicAccessBlock                = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	S3BucketReplicationConfig                = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
	S3BucketEncryption                       = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
	S3BucketEncryptionV2                     = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	S3BucketV2                               = "aws:s3/bucketV2:BucketV2"
	S3BucketVersioning                       = "aws:s3/bucketVersioning:BucketVersioning"
	S3BucketVersioningV2                     = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	S3BucketWebsiteConfiguration             = "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration"
	S3BucketWebsiteConfigurationV2           = "aws:s3/bucketWebsiteConfigurationV2:BucketWebsiteConfigurationV2"
	S3DirectoryBucket                        = "aws:s3/directoryBucket:DirectoryBucket"
	S3ObjectCopy                             = "aws:s3/objectCopy:ObjectCopy"
	S3ControlAccessPointPolicy               = "aws:s3control/accessPointPolicy:AccessPointPolicy"
	S3ControlBucketPolicy                    = "aws:s3control/bucketPolicy:BucketPolicy"
	S3ControlMultiRegionAccessPoint          = "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint"
	S3ControlMultiRegionAccessPointPolicy    = "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy"
	S3ControlObjectLambdaAccessPointPolicy   = "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy"
	SchedulerSchedule                        = "aws:scheduler/schedule:Schedule"
	SecretsManagerSecret                     = "aws:secretsmanager/secret:Secret"
	SecretsManagerSecretPolicy               = "aws:secretsmanager/secretPolicy:SecretPolicy"
	SecretsManagerSecretRotation             = "aws:secretsmanager/secretRotation:SecretRotation"
	SecurityHubAccount                       = "aws:securityhub/account:Account"
	SNSTopic                                 = "aws:sns/topic:Topic"
	SNSTopicPolicy                           = "aws:sns/topicPolicy:TopicPolicy"
	SNSTopicSubscription                     = "aws:sns/topicSubscription:TopicSubscription"
	SQSQueue                                 = "aws:sqs/queue:Queue"
	SQSQueuePolicy                           = "aws:sqs/queuePolicy:QueuePolicy"
	SSMDocument                              = "aws:ssm/document:Document"
	SSMParameter                             = "aws:ssm/parameter:Parameter"
	SSMServiceSetting                        = "aws:ssm/serviceSetting:ServiceSetting"
	SSOCustomerManagedPolicyAttachment       = "aws:ssoadmin/customerManagedPolicyAttachment:CustomerManagedPolicyAttachment"
	SSOManagedPolicyAttachment               = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	SSOPermissionSetInlinePolicy             = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
	TransferServer                           = "aws:transfer/server:Server"
	SecurityGroupEgressRule                  = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	SecurityGroupIngressRule                 = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	WAFRuleGroup                             = "aws:wafv2/ruleGroup:RuleGroup"
	WAFWebACL                                = "aws:wafv2/webAcl:WebAcl"
	WAFWebACLAssociation                     = "aws:wafv2/webAclAssociation:WebAclAssociation"
	WAFWebACLLogging                         = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	NativeSecurityGroup                      = "aws-native:ec2:SecurityGroup"
	NativeSecurityGroupEgress                = "aws-native:ec2:SecurityGroupEgress"
	NativeSecurityGroupIngress               = "aws-native:ec2:SecurityGroupIngress"
	NativeBucket                             = "aws-native:s3:Bucket"
	NativeBucketPolicy                       = "aws-native:s3:BucketPolicy"
)

// Types that are one type under several names: alb beside lb, opensearch beside elasticsearch, and the V2 names of S3, which
// version 7 of the provider folds back into the plain ones.
var (
	Buckets              = []string{S3BucketV2, S3Bucket}
	BucketACLs           = []string{S3BucketACLV2, S3BucketACL}
	BucketVersionings    = []string{S3BucketVersioningV2, S3BucketVersioning}
	BucketEncryptions    = []string{S3BucketEncryptionV2, S3BucketEncryption}
	BucketLoggings       = []string{S3BucketLoggingV2, S3BucketLogging}
	BucketLifecycles     = []string{S3BucketLifecycleConfigurationV2, S3BucketLifecycleConfiguration}
	BucketWebsites       = []string{S3BucketWebsiteConfigurationV2, S3BucketWebsiteConfiguration}
	BucketCORS           = []string{S3BucketCorsConfigurationV2, S3BucketCorsConfiguration}
	BucketObjectLocks    = []string{S3BucketObjectLockConfigurationV2, S3BucketObjectLockConfiguration}
	BucketObjects        = []string{S3BucketObjectV2, S3BucketObject}
	LoadBalancers        = []string{LoadBalancer, ALBLoadBalancer}
	Listeners            = []string{Listener, ALBListener}
	ListenerRules        = []string{ListenerRule, ALBListenerRule}
	ListenerCertificates = []string{ListenerCertificate, ALBListenerCertificate}
	TargetGroups         = []string{TargetGroup, ALBTargetGroup}
	SearchDomains        = []string{OpenSearchDomain, ElasticsearchDomain}
	SearchDomainPolicies = []string{OpenSearchDomainPolicy, ElasticsearchDomainPolicy}
)

// BucketPolicies are the types that hold the policy of a bucket.
var BucketPolicies = []string{S3BucketPolicy, S3BucketV2, S3Bucket, S3ControlBucketPolicy}

// Hosts are instances, and Machines also what instances are started from.
var (
	Hosts    = []string{EC2Instance, SpotInstanceRequest}
	Machines = []string{EC2Instance, LaunchTemplate, LaunchConfiguration, SpotInstanceRequest}
)

// Groups and RouteTables are what a program makes, or adopts as the default of a VPC.
var (
	Groups      = []string{SecurityGroup, DefaultSecurityGroup}
	RouteTables = []string{RouteTable, DefaultRouteTable}
)

// twins are the types that have several names.
var twins = [][]string{
	Buckets, BucketACLs, BucketVersionings, BucketEncryptions, BucketLoggings, BucketLifecycles, BucketWebsites, BucketCORS,
	BucketObjectLocks, BucketObjects, LoadBalancers, Listeners, ListenerRules, ListenerCertificates, TargetGroups, SearchDomains,
	SearchDomainPolicies,
}

// others holds for each of those names the other one.
var others = func() map[string]string {
	m := map[string]string{}
	for _, pair := range twins {
		m[pair[0]], m[pair[1]] = pair[1], pair[0]
	}
	return m
}()

// former are modules that had other names in version 6 of the provider and before; programs of that time still say them.
var former = map[string]string{
	"aws:elasticloadbalancing/": "aws:elb/", "aws:elasticloadbalancingv2/": "aws:lb/", "aws:applicationloadbalancing/": "aws:alb/",
}

// Current returns the name that a type has today.
func Current(token string) string {
	if end := strings.IndexByte(token, '/') + 1; former[token[:end]] != "" {
		return former[token[:end]] + token[end:]
	}
	return token
}

// Twin returns the other name of a type that has two, such as aws:alb/listener:Listener for aws:lb/listener:Listener, or nothing.
func Twin(token string) (other string, ok bool) {
	other, ok = others[token]
	return other, ok
}
