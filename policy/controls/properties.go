// SPDX-License-Identifier: Apache-2.0

package controls

import "github.com/bulkhead-iac/bulkhead/policy/pack"

// properties are what properties of stores and services must be, whatever else the stack holds.
func properties() []*pack.Control {
	return []*pack.Control{
		demands{
			"aws:appsync/apiCache:ApiCache":      {"atRestEncryptionEnabled": on},
			"aws:athena/workgroup:Workgroup":     {"configuration.resultConfiguration.encryptionConfiguration.encryptionOption": given},
			"aws:dax/cluster:Cluster":            {"serverSideEncryption.enabled": on},
			"aws:docdb/cluster:Cluster":          {"storageEncrypted": on},
			"aws:kinesis/stream:Stream":          {"encryptionType": is("KMS")},
			"aws:neptune/cluster:Cluster":        {"storageEncrypted": on},
			"aws:workspaces/workspace:Workspace": {"rootVolumeEncryptionEnabled": on, "userVolumeEncryptionEnabled": on},
		}.control(pack.Control{
			ID: "store-encrypted", Title: "Data stores and streams are encrypted", Severity: pack.High,
			Why: "Whoever gets hold of a disk, a snapshot or a backup of it can read what is not encrypted.",
			Fix: "Switch the encryption on when the store is made, with a key of yours where the type takes one.", Maps: meets("FSBP:Neptune.1 FSBP:DocumentDB.1 FSBP:DynamoDB.3 FSBP:Kinesis.1 FSBP:AppSync.1 FSBP:WorkSpaces.1 FSBP:WorkSpaces.2", atRest),
		}),
		demands{
			"aws:appsync/apiCache:ApiCache": {"transitEncryptionEnabled": on},
			"aws:dax/cluster:Cluster":       {"clusterEndpointEncryptionType": is("TLS")},
			"aws:memorydb/cluster:Cluster":  {"tlsEnabled": keptOn},
			"aws:msk/cluster:Cluster":       {"encryptionInfo.encryptionInTransit.clientBroker": isOrDefault("TLS"), "encryptionInfo.encryptionInTransit.inCluster": keptOn},
		}.control(pack.Control{
			ID: "store-in-transit", Title: "Data stores and brokers speak TLS", Severity: pack.High,
			Why: "Passwords and data that cross the network in the clear can be read and changed on the way.",
			Fix: "Switch TLS on for clients and between the nodes.", Maps: meets("FSBP:MSK.1 FSBP:DynamoDB.7 FSBP:AppSync.6", inTransit),
		}),
		demands{
			"aws:cognito/userPool:UserPool":         {"deletionProtection": is("ACTIVE")},
			"aws:docdb/cluster:Cluster":             {"deletionProtection": on},
			"aws:neptune/cluster:Cluster":           {"deletionProtection": on},
			"aws:networkfirewall/firewall:Firewall": {"deleteProtection": on},
		}.control(pack.Control{
			ID: "store-deletion-protection", Title: "Stores and guards are protected from deletion", Severity: pack.High, Concern: pack.Resilience,
			Why: "One wrong line in a program, or a destroy in the wrong stack, removes them for good.",
			Fix: "Switch the protection on, and off again on the day when it shall go.", Maps: meets("FSBP:Neptune.4 FSBP:DocumentDB.5 FSBP:NetworkFirewall.9 FSBP:Cognito.6", keepSafe),
		}),
		demands{
			"aws:docdb/cluster:Cluster":    {"skipFinalSnapshot": off},
			"aws:neptune/cluster:Cluster":  {"skipFinalSnapshot": off},
			"aws:redshift/cluster:Cluster": {"skipFinalSnapshot": off},
		}.control(pack.Control{
			ID: "store-final-snapshot", Title: "A last snapshot is taken when a store is removed", Severity: pack.High, Concern: pack.Resilience,
			Why: "Without it the data goes with the store, in one step.",
			Fix: "Set skipFinalSnapshot to false and finalSnapshotIdentifier.", Maps: meets(keepSafe),
		}),
		demands{
			"aws:docdb/cluster:Cluster":                         {"backupRetentionPeriod": least(7)},
			"aws:elasticache/replicationGroup:ReplicationGroup": {"snapshotRetentionLimit": least(1)},
			"aws:memorydb/cluster:Cluster":                      {"snapshotRetentionLimit": least(1)},
			"aws:neptune/cluster:Cluster":                       {"backupRetentionPeriod": least(7)},
			"aws:redshift/cluster:Cluster":                      {"automatedSnapshotRetentionPeriod": least(7)},
		}.control(pack.Control{
			ID: "store-backups", Title: "Stores keep automated backups", Severity: pack.Medium, Concern: pack.Resilience,
			Why: "Damage is often found after days; the default is one day or none.",
			Fix: "Keep backups for a week at least; a cache needs one of its last day.", Maps: meets("FSBP:Neptune.5 FSBP:DocumentDB.2 FSBP:Redshift.3 FSBP:ElastiCache.1", recovery),
		}),
		demands{
			"aws:dms/replicationInstance:ReplicationInstance":   {"autoMinorVersionUpgrade": on},
			"aws:elasticache/replicationGroup:ReplicationGroup": {"autoMinorVersionUpgrade": keptOn},
			"aws:mq/broker:Broker":                              {"autoMinorVersionUpgrade": on},
			"aws:redshift/cluster:Cluster":                      {"allowVersionUpgrade": keptOn},
		}.control(pack.Control{
			ID: "store-minor-upgrades", Title: "Stores take minor versions by themselves", Severity: pack.Medium,
			Why: "Minor versions mend holes; who waits for somebody to think of it runs with them.",
			Fix: "Leave the switch on.", Maps: meets("FSBP:ElastiCache.2 FSBP:DMS.6 FSBP:MQ.3 FSBP:Redshift.6", patching),
		}),
		demands{
			"aws:dax/cluster:Cluster":                           {"securityGroupIds": given},
			"aws:docdb/cluster:Cluster":                         {"vpcSecurityGroupIds": given},
			"aws:elasticache/cluster:Cluster":                   {"securityGroupIds": given},
			"aws:elasticache/replicationGroup:ReplicationGroup": {"securityGroupIds": given},
			"aws:memorydb/cluster:Cluster":                      {"securityGroupIds": given},
			"aws:neptune/cluster:Cluster":                       {"vpcSecurityGroupIds": given},
			"aws:redshift/cluster:Cluster":                      {"vpcSecurityGroupIds": given},
		}.control(pack.Control{
			ID: "store-security-group", Title: "Stores have a security group of their own", Severity: pack.Medium,
			Why: "Without one the store gets the default group of the VPC, and with it everybody else who did not name one.",
			Fix: "Name a security group that lets the clients in, and nobody else.", Maps: meets(segments),
		}),
		demands{
			"aws:apigateway/stage:Stage":         {"accessLogSettings.destinationArn": given},
			"aws:apigatewayv2/stage:Stage":       {"accessLogSettings.destinationArn": given},
			"aws:appsync/graphQLApi:GraphQLApi":  {"logConfig.fieldLogLevel": is("ERROR", "ALL", "INFO", "DEBUG")},
			"aws:docdb/cluster:Cluster":          {"enabledCloudwatchLogsExports": holding("audit")},
			"aws:eks/cluster:Cluster":            {"enabledClusterLogTypes": holding("audit")},
			"aws:elb/loadBalancer:LoadBalancer":  {"accessLogs.bucket": given, "accessLogs.enabled": keptOn},
			"aws:neptune/cluster:Cluster":        {"enableCloudwatchLogsExports": holding("audit")},
			"aws:connect/instance:Instance":      {"contactFlowLogsEnabled": on},
			"aws:datasync/task:Task":             {"cloudwatchLogGroupArn": given},
			"aws:ec2clientvpn/endpoint:Endpoint": {"connectionLogOptions.enabled": on},
			"aws:mq/broker:Broker":               {"logs.audit": on.where("engineType", "ActiveMQ", "ACTIVEMQ"), "logs.general": on},
			"aws:mskconnect/connector:Connector": {"logDelivery.workerLogDelivery": given},
			"aws:transfer/connector:Connector":   {"loggingRole": given},
			"aws:waf/webAcl:WebAcl":              {"loggingConfiguration": given},
			"aws:sfn/stateMachine:StateMachine":  {"loggingConfiguration.level": is("ERROR", "FATAL", "ALL")},
		}.control(pack.Control{
			ID: "service-logs", Title: "Services write down who asked for what", Severity: pack.Medium,
			Why: "Without the log nobody can tell afterwards what was read, by whom, and from where.",
			Fix: "Switch the log on and send it where it is kept.", Maps: meets("FSBP:Neptune.2 FSBP:DocumentDB.4 FSBP:EKS.8 FSBP:AppSync.2 FSBP:APIGateway.1 FSBP:APIGateway.9 FSBP:StepFunctions.1 FSBP:ELB.5 FSBP:Connect.2 FSBP:DataSync.1 FSBP:EC2.51 FSBP:MQ.2 FSBP:MSK.5 FSBP:Transfer.3 FSBP:WAF.1", logging),
		}),
		demands{
			"aws:appsync/graphQLApi:GraphQLApi":                                     {"authenticationType": is("AWS_IAM", "AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_LAMBDA")},
			"aws:cognito/identityPool:IdentityPool":                                 {"allowUnauthenticatedIdentities": off},
			"aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration": {"blockPublicSecurityGroupRules": on},
			"aws:msk/cluster:Cluster":                                               {"brokerNodeGroupInfo.connectivityInfo.publicAccess.type": isOrDefault("DISABLED")},
			"aws:sagemaker/notebookInstance:NotebookInstance":                       {"directInternetAccess": is("Disabled")},
		}.control(pack.Control{
			ID: "service-guests", Title: "Services admit nobody who is not known", Severity: pack.High,
			Why: "Strangers then get credentials, queries or builds of yours, and you get the bill.",
			Fix: "Ask who calls: no guests in identity pools, no API key as the only proof, no public clusters.", Maps: meets("FSBP:Cognito.2 FSBP:AppSync.5 FSBP:EMR.2 FSBP:MSK.4 FSBP:SageMaker.1", exposure, identity),
		}),
		demands{
			"aws:codebuild/project:Project":                   {"environment.privilegedMode": off},
			"aws:sagemaker/notebookInstance:NotebookInstance": {"rootAccess": is("Disabled")},
		}.control(pack.Control{
			ID: "service-isolated", Title: "Builds and notebooks do not have the rights of their host", Severity: pack.High,
			Why: "Whoever gets code into a privileged build or a notebook with root is root on the machine under it.",
			Fix: "Leave privilegedMode out; switch root off.", Maps: meets("FSBP:CodeBuild.5 FSBP:SageMaker.3", isolation),
		}),
	}
}
