// SPDX-License-Identifier: Apache-2.0

// Package services holds the controls of services with few controls, such as AWS Batch, CodeBuild, Amazon Cognito, EMR and
// SageMaker.
package services

import (
	"encoding/json"
	"regexp"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "batch-not-privileged", Title: "Batch jobs are not privileged", Severity: pack.Critical, Types: []string{aws.BatchJobDefinition},
			Why: "A privileged container is root on its host.", Fix: "Leave privileged out.", Maps: standard.Meets(standard.Isolation),
			Check: func(k *pack.Case) {
				text := k.Get("containerProperties")
				k.Forbid(text.Matches(func(s string) bool {
					var job struct {
						Privileged bool `json:"privileged"`
					}
					return json.Unmarshal([]byte(s), &job) == nil && job.Privileged
				}), "containerProperties.privileged is true")
			},
		},
		{
			ID: "transfer-no-ftp", Title: "Transfer servers do not speak FTP", Severity: pack.High, Types: []string{aws.TransferServer},
			Why: "FTP sends passwords and files in the clear.", Fix: "Use SFTP, FTPS or AS2.",
			Maps: standard.Meets("FSBP:Transfer.2", standard.InTransit), Check: func(k *pack.Case) {
				k.Forbid(k.Get("protocols").Any(func(v pack.Value) pack.Fact { return v.Matches(want.AnyOf("FTP")) }), "protocols has FTP")
			},
		},
		want.Properties{
			"aws:sagemaker/notebookInstance:NotebookInstance": {"subnetId": want.Given},
		}.Control(pack.Control{
			ID: "notebook-in-vpc", Title: "Notebooks stand in a VPC", Severity: pack.Medium,
			Why: "Outside of one they reach the internet past your network, its logs and its rules.",
			Fix: "Set subnetId and securityGroups.", Maps: standard.Meets("FSBP:SageMaker.2", standard.Segments),
		}),
		want.Properties{
			"aws:cognito/userPool:UserPool": {"mfaConfiguration": want.Is("ON", "OPTIONAL")},
		}.Control(pack.Control{
			ID: "cognito-second-factor", Title: "User pools offer a second factor", Severity: pack.Medium,
			Why:  "A password alone is guessed or phished.",
			Fix:  "Set mfaConfiguration to ON, or to OPTIONAL for applications that choose.",
			Maps: standard.Meets("FSBP:Cognito.5", standard.Identity),
		}),
		want.Properties{
			"aws:athena/workgroup:Workgroup": {"configuration.publishCloudwatchMetricsEnabled": want.KeptOn},
		}.Control(pack.Control{
			ID: "athena-metrics", Title: "Athena workgroups are measured", Severity: pack.Low, Concern: pack.Operations,
			Why: "Without metrics nobody sees a query that reads everything.",
			Fix: "Leave publishCloudwatchMetricsEnabled out.", Maps: standard.Meets("FSBP:Athena.4", standard.Monitoring),
		}),
		want.Properties{
			"aws:codebuild/project:Project": {"logsConfig.s3Logs.encryptionDisabled": want.Off,
				"logsConfig.cloudwatchLogs.status": want.IsOrDefault("ENABLED")},
		}.Control(pack.Control{
			ID: "codebuild-logs", Title: "Builds keep their logs, encrypted", Severity: pack.Medium,
			Why:  "The log is what shows afterwards what a build did, and it often holds what it read.",
			Fix:  "Leave logsConfig out, or enable one of the two, with encryptionDisabled false.",
			Maps: standard.Meets("FSBP:CodeBuild.3 FSBP:CodeBuild.4", standard.Logging, standard.LogSafety),
		}),
		want.Row("cognito-threat-protection", "User pools stop sign-ins that look stolen", "Leaked passwords are tried at every service.",
			"Set userPoolAddOns.advancedSecurityMode to ENFORCED, and for sign-ins of your own advancedSecurityAdditionalFlows.customAuthMode.",
			"FSBP:Cognito.1 FSBP:Cognito.4 "+standard.Identity, pack.Low, "", want.Properties{aws.CognitoUserPool: {
				"userPoolAddOns.advancedSecurityMode":                           want.Is("ENFORCED"),
				"userPoolAddOns.advancedSecurityAdditionalFlows.customAuthMode": want.Is("ENFORCED").WhereIs("", ownSignIns),
			}}),
		want.Row("cognito-passwords", "User pools want passwords that are hard to guess", "Short and simple passwords are guessed.",
			"Leave passwordPolicy out, or ask for eight characters with capitals, digits and symbols.", "FSBP:Cognito.3 "+standard.SignIn,
			pack.Medium,
			"", want.Properties{aws.CognitoUserPool: {
				"passwordPolicy.minimumLength":    want.Least(8).WhereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireLowercase": want.On.WhereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireUppercase": want.On.WhereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireNumbers":   want.On.WhereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireSymbols":   want.On.WhereIs("passwordPolicy", pack.Value.IsSet),
			}}),
		want.Row("beanstalk-health", "Beanstalk reports the health of what it runs in full", "Basic reports do not say why an environment fails.",
			"Set SystemType of aws:elasticbeanstalk:healthreporting:system to enhanced.", "FSBP:ElasticBeanstalk.1 "+standard.Monitoring, pack.Low,
			pack.Operations, want.Properties{aws.BeanstalkEnvironment: {"settings": want.Entry("namespace", beanNamespace+"healthreporting:system",
				"name", "SystemType",
				"value", "enhanced")}}),
		want.Row("beanstalk-updates", "Beanstalk updates its platform by itself", "Updates of the platform mend holes.",
			"Set ManagedActionsEnabled of aws:elasticbeanstalk:managedactions to true.", "FSBP:ElasticBeanstalk.2 "+standard.Patching, pack.High, "",
			want.Properties{aws.BeanstalkEnvironment: {"settings": want.Entry("namespace", beanNamespace+"managedactions", "name",
				"ManagedActionsEnabled", "value",
				"true")}}),
		want.Row("beanstalk-logs", "Beanstalk sends its logs to CloudWatch", "The logs go with the instance otherwise.",
			"Set StreamLogs of aws:elasticbeanstalk:cloudwatch:logs to true.", "FSBP:ElasticBeanstalk.3 "+standard.Logging, pack.Medium, "",
			want.Properties{aws.BeanstalkEnvironment: {"settings": want.Entry("namespace", beanNamespace+"cloudwatch:logs", "name", "StreamLogs",
				"value", "true")}}),
		want.Row("codebuild-source-login", "Addresses of sources hold no logins", "Whoever may read the project reads the login.",
			"Give the login to CodeBuild as a source credential, and leave it out of the address.", "FSBP:CodeBuild.1 "+standard.Identity,
			pack.Critical,
			"", want.Properties{"aws:codebuild/project:Project": {
				"source.location": want.Unlike("free of a login", urlLogin), "secondarySources[].location": want.Unlike("free of a login", urlLogin),
			}}),
		want.Row("codebuild-reports-encrypted", "Exported test reports are encrypted", "Reports hold what the tests saw.",
			"Leave encryptionDisabled out.", "FSBP:CodeBuild.7 "+standard.AtRest, pack.Medium, "",
			want.Properties{"aws:codebuild/reportGroup:ReportGroup": {"exportConfig.s3Destination.encryptionDisabled": want.Off}}),
		want.Row("cloudformation-role", "CloudFormation stacks work with a role of their own",
			"Without one the stack has the rights of whoever starts it.", "Set iamRoleArn.", "FSBP:CloudFormation.4 "+standard.Privilege, pack.Low,
			"",
			want.Properties{"aws:cloudformation/stack:Stack": {"iamRoleArn": want.Given}}),
		want.Row("emr-at-rest", "EMR encrypts what it stores", "Intermediate data on the disks of the cluster is a copy of what it works on.",
			"Set EncryptionConfiguration.EnableAtRestEncryption to true.", "FSBP:EMR.3 "+standard.AtRest, pack.Medium, "",
			want.Properties{"aws:emr/securityConfiguration:SecurityConfiguration": {"configuration": want.InJSON("EncryptionConfiguration",
				"EnableAtRestEncryption")}}),
		want.Row("emr-in-transit", "EMR encrypts what its nodes send", "Nodes send each other what they work on.",
			"Set EncryptionConfiguration.EnableInTransitEncryption to true.", "FSBP:EMR.4 "+standard.InTransit, pack.Medium, "",
			want.Properties{"aws:emr/securityConfiguration:SecurityConfiguration": {"configuration": want.InJSON("EncryptionConfiguration",
				"EnableInTransitEncryption")}}),
		want.Row("cluster-subnet-private", "Clusters and mount targets stand in subnets that give out no public addresses",
			"What starts there is on the internet.", "Name a subnet without mapPublicIpOnLaunch.", "FSBP:EMR.1 FSBP:EFS.6 "+standard.Exposure,
			pack.High,
			"", want.Leading{
				"aws:emr/cluster:Cluster":         {Property: "ec2Attributes.subnetId", Token: aws.Subnet, Path: "mapPublicIpOnLaunch", Want: want.Off},
				"aws:efs/mountTarget:MountTarget": {Property: "subnetId", Token: aws.Subnet, Path: "mapPublicIpOnLaunch", Want: want.Off},
			}),
		want.Row("glue-version", "Spark jobs run on a supported version of Glue", "Old versions get no security patches.",
			"Set glueVersion to 3.0 or later.", "FSBP:Glue.4 "+standard.Patching, pack.Medium, "",
			want.Properties{"aws:glue/job:Job": {"glueVersion": want.Least(3).WhereIs("command.name", sparkJob)}}),
		want.Row("sagemaker-variants", "Endpoints of models have two instances or more", "With one instance the model goes when the zone does.",
			"Set initialInstanceCount to 2 or more.", "FSBP:SageMaker.4 "+standard.Spreading, pack.Low, pack.Resilience, want.Properties{
				"aws:sagemaker/endpointConfiguration:EndpointConfiguration": {
					"productionVariants[].initialInstanceCount": want.Least(2).WhereIs("serverlessConfig", want.NotSet),
				},
			}),
		want.Row("sagemaker-isolated", "Models and their checks have no network", "A model from elsewhere can carry data off.",
			"Set enableNetworkIsolation to true.", "FSBP:SageMaker.5 FSBP:SageMaker.11 "+standard.WayOut, pack.Medium, "", want.Properties{
				"aws:sagemaker/model:Model":                                       {"enableNetworkIsolation": want.On},
				"aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": {"networkConfig.enableNetworkIsolation": want.On},
			}),
		want.Row("sagemaker-traffic-encrypted", "Checks of models encrypt what their containers send",
			"Containers send each other what they work on.",
			"Set networkConfig.enableInterContainerTrafficEncryption to true.", "FSBP:SageMaker.9 "+standard.InTransit, pack.Medium, "",
			want.Properties{
				"aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": {"networkConfig.enableInterContainerTrafficEncryption": want.On},
			}),
		want.Row("notebook-platform", "Notebooks run on a supported platform", "Old platforms get no security patches.",
			"Set platformIdentifier to notebook-al2023-v1.", "FSBP:SageMaker.8 "+standard.Patching, pack.Medium, "",
			want.Properties{"aws:sagemaker/notebookInstance:NotebookInstance": {"platformIdentifier": want.Is("notebook-al2-v3",
				"notebook-al2023-v1")}}),
		want.Row("ca-root-disabled", "Root certificate authorities are switched off",
			"Whoever gets at the root makes certificates for any name; day to day only subordinate ones are needed.",
			"Set enabled to false once the subordinate authorities have their certificates.", "FSBP:PCA.1 "+standard.KeyCare, pack.Low, "",
			want.Properties{"aws:acmpca/certificateAuthority:CertificateAuthority": {"enabled": want.Is("false").Where("type", "ROOT")}}),
		want.Row("ses-tls", "Mail is sent over TLS only", "Mail crosses the internet in the clear where the receiver does not offer TLS.",
			"Set deliveryOptions.tlsPolicy to REQUIRE (ses: Require).", "FSBP:SES.3 "+standard.InTransit, pack.Medium, "", want.Properties{
				"aws:ses/configurationSet:ConfigurationSet":   {"deliveryOptions.tlsPolicy": want.Is("Require")},
				"aws:sesv2/configurationSet:ConfigurationSet": {"deliveryOptions.tlsPolicy": want.Is("REQUIRE")},
			}),
		want.Row("servicecatalog-shares", "Portfolios are shared within the organization only",
			"A share with an account stays when the account leaves.",
			"Set type to ORGANIZATION, ORGANIZATIONAL_UNIT or ORGANIZATION_MEMBER_ACCOUNT.", "FSBP:ServiceCatalog.1 "+standard.Exposure, pack.Medium,
			"",
			want.Properties{
				"aws:servicecatalog/portfolioShare:PortfolioShare": {"type": want.Is("ORGANIZATION", "ORGANIZATIONAL_UNIT",
					"ORGANIZATION_MEMBER_ACCOUNT")},
			}),
	}
}

// The last names of types that several rows are about.
const (
	beanNamespace = "aws:elasticbeanstalk:"
)

var (
	urlLogin = regexp.MustCompile(`://[^/@]+@`)
)

// ownSignIns is the fact that a user pool has a way to sign in that is a program of its own, or says how such ways are guarded.
func ownSignIns(pool pack.Value) pack.Fact {
	return pool.Get("lambdaConfig.defineAuthChallenge").IsSet().
		Or(pool.Get("userPoolAddOns.advancedSecurityAdditionalFlows.customAuthMode").IsSet())
}

// sparkJob is the fact that the command of a job of Glue is one for Spark, as it is when nobody names it.
func sparkJob(name pack.Value) pack.Fact {
	return want.Absent(name).Or(name.OneOf("glueetl", "gluestreaming"))
}
