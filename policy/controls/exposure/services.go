// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// services are about services of any kind that admit strangers or write nothing down.
func services() []*pack.Control {
	return []*pack.Control{
		want.Properties{
			"aws:apigateway/stage:Stage":         {"accessLogSettings.destinationArn": want.Given},
			"aws:apigatewayv2/stage:Stage":       {"accessLogSettings.destinationArn": want.Given},
			"aws:appsync/graphQLApi:GraphQLApi":  {"logConfig.fieldLogLevel": want.Is("ERROR", "ALL", "INFO", "DEBUG")},
			"aws:docdb/cluster:Cluster":          {"enabledCloudwatchLogsExports": want.Holding("audit")},
			"aws:eks/cluster:Cluster":            {"enabledClusterLogTypes": want.Holding("audit")},
			"aws:elb/loadBalancer:LoadBalancer":  {"accessLogs.bucket": want.Given, "accessLogs.enabled": want.KeptOn},
			"aws:neptune/cluster:Cluster":        {"enableCloudwatchLogsExports": want.Holding("audit")},
			"aws:connect/instance:Instance":      {"contactFlowLogsEnabled": want.On},
			"aws:datasync/task:Task":             {"cloudwatchLogGroupArn": want.Given},
			"aws:ec2clientvpn/endpoint:Endpoint": {"connectionLogOptions.enabled": want.On},
			"aws:msk/cluster:Cluster":            {"loggingInfo.brokerLogs": want.AnyOn("cloudwatchLogs.enabled", "firehose.enabled", "s3.enabled")},
			"aws:mq/broker:Broker": {"logs.general": want.On,
				"logs.audit": want.On.Where("engineType", "ActiveMQ", "ACTIVEMQ", "activemq")},
			"aws:mskconnect/connector:Connector": {"logDelivery.workerLogDelivery": want.Given},
			"aws:transfer/connector:Connector":   {"loggingRole": want.Given},
			"aws:waf/webAcl:WebAcl":              {"loggingConfiguration": want.Given},
			"aws:sfn/stateMachine:StateMachine":  {"loggingConfiguration.level": want.Is("ERROR", "FATAL", "ALL")},
		}.Control(pack.Control{
			ID: "service-logs", Title: "Services write down who asked for what", Severity: pack.Medium,
			Why: "Without the log nobody can tell afterwards what was read, by whom, and from where.",
			Fix: "Switch the log on and send it where it is kept.",
			Maps: standard.Meets("FSBP:Neptune.2 FSBP:DocumentDB.4 FSBP:EKS.8 FSBP:AppSync.2 FSBP:APIGateway.1 FSBP:APIGateway.9 "+
				"FSBP:StepFunctions.1 FSBP:ELB.5 FSBP:Connect.2 FSBP:DataSync.1 FSBP:EC2.51 FSBP:MQ.2 FSBP:MSK.5 FSBP:Transfer.3 FSBP:WAF.1",
				standard.Logging),
		}),
		want.Properties{
			"aws:appsync/graphQLApi:GraphQLApi": {
				"authenticationType": want.Is("AWS_IAM", "AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_LAMBDA"),
				"additionalAuthenticationProviders[].authenticationType": want.NotThe("API_KEY"),
			},
			"aws:cognito/identityPool:IdentityPool":                                 {"allowUnauthenticatedIdentities": want.Off},
			"aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration": {"blockPublicSecurityGroupRules": want.On},
			"aws:msk/cluster:Cluster": {
				"brokerNodeGroupInfo.connectivityInfo.publicAccess.type": want.IsOrDefault("DISABLED"),
			},
			"aws:sagemaker/notebookInstance:NotebookInstance": {"directInternetAccess": want.Is("Disabled")},
		}.Control(pack.Control{
			ID: "service-guests", Public: true, Title: "Services admit nobody who is not known", Severity: pack.High,
			Why:  "Strangers then get credentials, queries or builds of yours, and you get the bill.",
			Fix:  "Ask who calls: no guests in identity pools, no API key as the only proof, no public clusters.",
			Maps: standard.Meets("FSBP:Cognito.2 FSBP:AppSync.5 FSBP:EMR.2 FSBP:MSK.4 FSBP:SageMaker.1", standard.Exposure, standard.Identity),
		}),
		want.Properties{
			"aws:codebuild/project:Project":                   {"environment.privilegedMode": want.Off},
			"aws:sagemaker/notebookInstance:NotebookInstance": {"rootAccess": want.Is("Disabled")},
		}.Control(pack.Control{
			ID: "service-isolated", Title: "Builds and notebooks do not have the rights of their host", Severity: pack.High,
			Why: "Whoever gets code into a privileged build or a notebook with root is root on the machine under it.",
			Fix: "Leave privilegedMode out; switch root off.", Maps: standard.Meets("FSBP:CodeBuild.5 FSBP:SageMaker.3", standard.Isolation),
		}),
	}
}
