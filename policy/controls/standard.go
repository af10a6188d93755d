// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"regexp"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// wanted is what a row wants: demands on properties, companions beside a resource, or something of what it leads to.
type wanted interface {
	control(pack.Control) *pack.Control
}

// row is a control that is data: id, title, why, fix and requirements, and what it wants.
type row struct {
	id, title, why, fix, met string
	severity                 pack.Severity
	concern                  pack.Concern
	of                       wanted
}

// The last names of types that several rows are about.
const (
	apiStage      = "aws:apigateway/stage:Stage"
	apiSettings   = "aws:apigateway/methodSettings:MethodSettings"
	userPool      = "aws:cognito/userPool:UserPool"
	beanstalk     = "aws:elasticbeanstalk/environment:Environment"
	beanNamespace = "aws:elasticbeanstalk:"
	fwPolicy      = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
	serviceSwitch = "aws:ssm/serviceSetting:ServiceSetting"
	fileBackups   = "aws:efs/backupPolicy:BackupPolicy"
	queryLogUse   = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"
	namespaceType = "aws:redshiftserverless/namespace:Namespace"
)

var (
	bucketOrigin   = regexp.MustCompile(`\.s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?$`)
	functionOrigin = regexp.MustCompile(`\.lambda-url\.[a-z0-9-]+\.on\.aws$`)
	oldRedis       = regexp.MustCompile(`^[2-5]\.`)
	certificateARN = regexp.MustCompile(`^arn:aws[a-z-]*:acm:`)
	urlLogin       = regexp.MustCompile(`://[^/@]+@`)
)

// protectedOrigin is the fact that a domain name is that of a bucket or of a function, which CloudFront can sign its requests to.
func protectedOrigin(v pack.Value) pack.Fact {
	return v.Matches(func(s string) bool {
		return bucketOrigin.MatchString(s) && !strings.Contains(s, ".s3-website") || functionOrigin.MatchString(s)
	})
}

func beginsWith(start string) func(pack.Value) pack.Fact {
	return func(v pack.Value) pack.Fact {
		return v.Matches(func(s string) bool { return strings.HasPrefix(s, start) })
	}
}

func endsIn(end string) func(pack.Value) pack.Fact {
	return func(v pack.Value) pack.Fact {
		return v.Matches(func(s string) bool { return strings.HasSuffix(s, end) })
	}
}

func notSet(v pack.Value) pack.Fact { return v.IsSet().Not() }

// standardOff are the rows that are off by default: AWS's own documentation shows deployments without, for their price or because
// they need none.
var standardOff = map[string]bool{
	"cloudfront-failover": true, "cloudfront-own-certificate": true, "cloudfront-root-object": true, "efs-backups": true,
	"inspector-functions": true, "opensearch-audit-logs": true, "opensearch-error-logs": true, "opensearch-fine-grained": true,
	"opensearch-masters": true, "opensearch-nodes": true, "opensearch-updates": true, "rds-aurora-audit": true,
	"route53-query-log-used": true, "vpn-logs": true,
}

// standard are the controls of the Foundational Security Best Practices that one property, companion or target decides.
func standard() []*pack.Control {
	var list []*pack.Control
	for _, rows := range [][]row{doorRows(), computeRows(), storeRows(), operationRows()} {
		for _, r := range rows {
			level := pack.Unset
			if standardOff[r.id] {
				level = pack.Disabled
			}
			list = append(list, r.of.control(pack.Control{
				Level: level, ID: r.id, Title: r.title, Why: r.why, Fix: r.fix, Maps: meets(r.met), Severity: r.severity, Concern: r.concern,
			}))
		}
	}
	return list
}

// doorRows are about what faces the internet.
func doorRows() []row {
	return []row{
		{"api-client-certificate", "Backends can tell that a request comes from the API",
			"Whoever finds the backend's own address otherwise calls it past the API.",
			"Set clientCertificateId and let the backend ask for the certificate.", "FSBP:APIGateway.2 " + identity, pack.Low, "",
			demands{apiStage: {"clientCertificateId": given}}},
		{"api-tracing", "Stages of APIs are traced", "Without a trace nobody sees which part of a request failed or was slow.",
			"Set xrayTracingEnabled to true.", "FSBP:APIGateway.3 " + monitoring, pack.Low, pack.Operations,
			demands{apiStage: {"xrayTracingEnabled": on}}},
		{"api-firewall", "Stages of APIs have a web ACL", "A web ACL stops known attacks before they reach what is behind the API.",
			"Add a WebAclAssociation for the stage.", "FSBP:APIGateway.4 " + webAttack, pack.Low, "",
			beside{apiStage: {token: wafAssociation, property: "resourceArn"}}},
		{"api-cache-encrypted", "Cached answers of APIs are encrypted", "The cache holds what the API said to its callers.",
			"Set settings.cacheDataEncrypted to true.", "FSBP:APIGateway.5 " + atRest, pack.Medium, "",
			demands{apiSettings: {"settings.cacheDataEncrypted": on.where("settings.cachingEnabled", "true")}}},
		{"cloudfront-root-object", "Distributions answer a request for \"/\" with a page",
			"Without one a request for the root can list what is in the bucket.", "Set defaultRootObject.", "FSBP:CloudFront.1 " + exposure,
			pack.Low, "", demands{distribution: {"defaultRootObject": given}}},
		{"cloudfront-failover", "Distributions have a second origin", "With one origin the site goes when the origin does.",
			"Set originGroups.", "FSBP:CloudFront.4 " + spreading, pack.Low, pack.Resilience, demands{distribution: {"originGroups": given}}},
		{"cloudfront-own-certificate", "Distributions have a certificate for their own name",
			"With the default certificate viewers use TLS 1.0 and the name of CloudFront.", "Set viewerCertificate.acmCertificateArn.",
			"FSBP:CloudFront.7 " + inTransit, pack.Low, "", demands{distribution: {"viewerCertificate.cloudfrontDefaultCertificate": off}}},
		{"cloudfront-sni", "Distributions tell sites apart by name", "An address of its own for each distribution costs 600 dollars a month.",
			"Set viewerCertificate.sslSupportMethod to sni-only.", "FSBP:CloudFront.8 " + hygiene, pack.Low, pack.Cost,
			demands{distribution: {"viewerCertificate.sslSupportMethod": isOrDefault("sni-only")}}},
		{"cloudfront-origin-access", "Buckets and functions behind a distribution are reached through it only",
			"Without origin access control the origin must be open to everybody.", "Set originAccessControlId of the origin.",
			"FSBP:CloudFront.13 FSBP:CloudFront.16 " + exposure, pack.Medium, "",
			demands{distribution: {"origins[].originAccessControlId": given.whereIs("domainName", protectedOrigin)}}},
		{"cloudfront-key-groups", "Signed URLs are signed with keys of a key group",
			"The keys of trusted signers belong to the root user of an account.", "Use trustedKeyGroups in place of trustedSigners.",
			"FSBP:CloudFront.17 " + identity, pack.Medium, "",
			demands{distribution: {"defaultCacheBehavior.trustedSigners": none, "orderedCacheBehaviors[].trustedSigners": none}}},
		{"cognito-threat-protection", "User pools stop sign-ins that look stolen", "Leaked passwords are tried at every service.",
			"Set userPoolAddOns.advancedSecurityMode to ENFORCED, and for sign-ins of your own advancedSecurityAdditionalFlows.customAuthMode.",
			"FSBP:Cognito.1 FSBP:Cognito.4 " + identity, pack.Low, "", demands{userPool: {
				"userPoolAddOns.advancedSecurityMode": is("ENFORCED"),
				"userPoolAddOns.advancedSecurityAdditionalFlows.customAuthMode": is("ENFORCED").whereIs("lambdaConfig.defineAuthChallenge",
					pack.Value.IsSet),
			}}},
		{"cognito-passwords", "User pools want passwords that are hard to guess", "Short and simple passwords are guessed.",
			"Leave passwordPolicy out, or ask for eight characters with capitals, digits and symbols.", "FSBP:Cognito.3 " + signIn, pack.Medium,
			"", demands{userPool: {
				"passwordPolicy.minimumLength":    least(8).whereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireLowercase": on.whereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireUppercase": on.whereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireNumbers":   on.whereIs("passwordPolicy", pack.Value.IsSet),
				"passwordPolicy.requireSymbols":   on.whereIs("passwordPolicy", pack.Value.IsSet),
			}}},
		{"elb-classic-tls-policy", "Classic Load Balancers use a strong predefined TLS policy",
			"Older versions and ciphers can be broken later from a recording.",
			"Set the attribute Reference-Security-Policy to ELBSecurityPolicy-TLS-1-2-2017-01.", "FSBP:ELB.8 " + inTransit, pack.Medium, "",
			demands{
				"aws:elb/sslNegotiationPolicy:SslNegotiationPolicy": {"attributes": entry("name", "Reference-Security-Policy", "value",
					"ELBSecurityPolicy-TLS-1-2-2017-01")},
			}},
		{"elb-classic-certificate", "Classic Load Balancers take their certificates from ACM",
			"A certificate that somebody uploaded is renewed by hand, and one day is not.",
			"Set sslCertificateId of the listener to the ARN of an ACM certificate.", "FSBP:ELB.2 " + inTransit, pack.Medium, "",
			demands{classicBalancer: {
				"listeners[].sslCertificateId": matching("the ARN of an ACM certificate", certificateARN.MatchString).where("lbProtocol", "https",
					"HTTPS", "ssl", "SSL"),
			}}},
		{"elb-classic-desync", "Classic Load Balancers refuse ambiguous requests",
			"Two servers that read one request differently let an attacker slip a second one in.",
			"Leave desyncMitigationMode out, or set it to strictest.", "FSBP:ELB.14 " + webAttack, pack.Medium, "",
			demands{classicBalancer: {"desyncMitigationMode": isOrDefault("defensive", "strictest")}}},
		{"route53-firewall-closed", "The DNS firewall blocks what it cannot judge",
			"While it fails, a firewall that fails open answers every name, and whoever can make it fail has a way out.",
			"Leave firewallFailOpen out, or set it to DISABLED.", wayOut, pack.Medium, "", demands{
				"aws:route53/resolverFirewallConfig:ResolverFirewallConfig": {"firewallFailOpen": isOrDefault("DISABLED")},
			}},
		{"route53-firewall-names", "The DNS firewall does not allow every name",
			"A rule that allows \"*\" ends the list: nothing that stands after it blocks anything, and data leaves in names.",
			"List the names that are needed, and block \"*\" after them.", wayOut, pack.Medium, "", leading{
				"aws:route53/resolverFirewallRule:ResolverFirewallRule": {"firewallDomainListId",
					"aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", "domains", without("*", "*.").where("action", "ALLOW")},
			}},
		{"route53-query-log-used", "Logs of DNS queries belong to a VPC", "A log that no VPC writes to stays empty.",
			"Add a ResolverQueryLogConfigAssociation for the VPC.", logging, pack.Low, "", beside{
				"aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": {token: queryLogUse, property: "resolverQueryLogConfigId"},
			}},
		{"waf-classic-rules", "Classic web ACLs, groups and rules are not empty", "An empty rule stops nothing and looks like one that does.",
			"Add predicates to the rule, rules to the group and to the web ACL.",
			"FSBP:WAF.2 FSBP:WAF.3 FSBP:WAF.4 FSBP:WAF.6 FSBP:WAF.7 FSBP:WAF.8 " + webAttack, pack.Medium, "", demands{
				"aws:waf/rule:Rule": {"predicates": given}, "aws:waf/ruleGroup:RuleGroup": {"activatedRules": given},
				"aws:waf/webAcl:WebAcl":     {"rules": given},
				"aws:wafregional/rule:Rule": {"predicates": given}, "aws:wafregional/ruleGroup:RuleGroup": {"activatedRules": given},
				"aws:wafregional/webAcl:WebAcl": {"rules": given},
			}},
		{"firewall-policy-rules", "Firewall policies have rules, and drop or inspect the rest",
			"A policy that passes what no rule names is no firewall.",
			"Add rule groups, and set the default actions to aws:drop or aws:forward_to_sfe.",
			"FSBP:NetworkFirewall.3 FSBP:NetworkFirewall.4 FSBP:NetworkFirewall.5 " + segments, pack.Medium, "", demands{fwPolicy: {
				"firewallPolicy.statelessDefaultActions[]":         is("aws:drop", "aws:forward_to_sfe"),
				"firewallPolicy.statelessFragmentDefaultActions[]": is("aws:drop", "aws:forward_to_sfe"),
				"firewallPolicy.statefulRuleGroupReferences":       given.whereIs("firewallPolicy.statelessRuleGroupReferences", notSet),
			}}},
		{"firewall-group-rules", "Stateless rule groups are not empty", "An empty group stops nothing.", "Add rules to the group.",
			"FSBP:NetworkFirewall.6 " + segments, pack.Medium, "", demands{
				"aws:networkfirewall/ruleGroup:RuleGroup": {"ruleGroup.rulesSource.statelessRulesAndCustomActions.statelessRules": given.where("type",
					"STATELESS")},
			}},
	}
}

// computeRows are about what runs programs.
func computeRows() []row {
	return []row{
		{"beanstalk-health", "Beanstalk reports the health of what it runs in full", "Basic reports do not say why an environment fails.",
			"Set SystemType of aws:elasticbeanstalk:healthreporting:system to enhanced.", "FSBP:ElasticBeanstalk.1 " + monitoring, pack.Low,
			pack.Operations, demands{beanstalk: {"settings": entry("namespace", beanNamespace+"healthreporting:system", "name", "SystemType",
				"value", "enhanced")}}},
		{"beanstalk-updates", "Beanstalk updates its platform by itself", "Updates of the platform mend holes.",
			"Set ManagedActionsEnabled of aws:elasticbeanstalk:managedactions to true.", "FSBP:ElasticBeanstalk.2 " + patching, pack.High, "",
			demands{beanstalk: {"settings": entry("namespace", beanNamespace+"managedactions", "name", "ManagedActionsEnabled", "value",
				"true")}}},
		{"beanstalk-logs", "Beanstalk sends its logs to CloudWatch", "The logs go with the instance otherwise.",
			"Set StreamLogs of aws:elasticbeanstalk:cloudwatch:logs to true.", "FSBP:ElasticBeanstalk.3 " + logging, pack.Medium, "",
			demands{beanstalk: {"settings": entry("namespace", beanNamespace+"cloudwatch:logs", "name", "StreamLogs", "value", "true")}}},
		{"codebuild-source-login", "Addresses of sources hold no logins", "Whoever may read the project reads the login.",
			"Give the login to CodeBuild as a source credential, and leave it out of the address.", "FSBP:CodeBuild.1 " + identity, pack.Critical,
			"", demands{"aws:codebuild/project:Project": {
				"source.location": unlike("free of a login", urlLogin), "secondarySources[].location": unlike("free of a login", urlLogin),
			}}},
		{"codebuild-reports-encrypted", "Exported test reports are encrypted", "Reports hold what the tests saw.",
			"Leave encryptionDisabled out.", "FSBP:CodeBuild.7 " + atRest, pack.Medium, "",
			demands{"aws:codebuild/reportGroup:ReportGroup": {"exportConfig.s3Destination.encryptionDisabled": off}}},
		{"cloudformation-role", "CloudFormation stacks work with a role of their own",
			"Without one the stack has the rights of whoever starts it.", "Set iamRoleArn.", "FSBP:CloudFormation.4 " + privilege, pack.Low, "",
			demands{"aws:cloudformation/stack:Stack": {"iamRoleArn": given}}},
		{"ecs-managed-termination", "Instances with running tasks are not taken away",
			"Scaling in otherwise ends tasks in the middle of their work.",
			"Set autoScalingGroupProvider.managedTerminationProtection to ENABLED.", "FSBP:ECS.19 " + spreading, pack.Low, pack.Resilience,
			demands{
				"aws:ecs/capacityProvider:CapacityProvider": {
					"autoScalingGroupProvider.managedTerminationProtection": is("ENABLED").whereIs("autoScalingGroupProvider", pack.Value.IsSet),
				},
			}},
		{"eks-version", "Kubernetes runs in a version that AWS supports", "Old versions get no security patches, or cost six times as much.",
			"Set version to one in standard support, or leave it out.", "FSBP:EKS.2 " + patching, pack.High, "",
			demands{kubernetes: {"version": matching("a version in standard support, or left out", func(version string) bool {
				return inStandardSupport(version, time.Now())
			}).whereIs("version", pack.Value.IsSet)}}},
		{"emr-at-rest", "EMR encrypts what it stores", "Intermediate data on the disks of the cluster is a copy of what it works on.",
			"Set EncryptionConfiguration.EnableAtRestEncryption to true.", "FSBP:EMR.3 " + atRest, pack.Medium, "",
			demands{"aws:emr/securityConfiguration:SecurityConfiguration": {"configuration": inJSON("EncryptionConfiguration",
				"EnableAtRestEncryption")}}},
		{"emr-in-transit", "EMR encrypts what its nodes send", "Nodes send each other what they work on.",
			"Set EncryptionConfiguration.EnableInTransitEncryption to true.", "FSBP:EMR.4 " + inTransit, pack.Medium, "",
			demands{"aws:emr/securityConfiguration:SecurityConfiguration": {"configuration": inJSON("EncryptionConfiguration",
				"EnableInTransitEncryption")}}},
		{"cluster-subnet-private", "Clusters and mount targets stand in subnets that give out no public addresses",
			"What starts there is on the internet.", "Name a subnet without mapPublicIpOnLaunch.", "FSBP:EMR.1 FSBP:EFS.6 " + exposure, pack.High,
			"", leading{
				"aws:emr/cluster:Cluster":         {"ec2Attributes.subnetId", subnetType, "mapPublicIpOnLaunch", off},
				"aws:efs/mountTarget:MountTarget": {"subnetId", subnetType, "mapPublicIpOnLaunch", off},
			}},
		{"glue-version", "Spark jobs run on a supported version of Glue", "Old versions get no security patches.",
			"Set glueVersion to 3.0 or later.", "FSBP:Glue.4 " + patching, pack.Medium, "",
			demands{"aws:glue/job:Job": {"glueVersion": least(3).where("command.name", "glueetl")}}},
		{"lambda-zones", "Functions in a VPC run in two zones or more", "With one subnet the function goes when the zone does.",
			"List subnets of two zones in vpcConfig.subnetIds.", "FSBP:Lambda.5 " + spreading, pack.Medium, pack.Resilience,
			demands{functionType: {"vpcConfig.subnetIds": items(2).whereIs("vpcConfig.subnetIds", pack.Value.IsSet)}}},
		{"sagemaker-variants", "Endpoints of models have two instances or more", "With one instance the model goes when the zone does.",
			"Set initialInstanceCount to 2 or more.", "FSBP:SageMaker.4 " + spreading, pack.Low, pack.Resilience, demands{
				"aws:sagemaker/endpointConfiguration:EndpointConfiguration": {
					"productionVariants[].initialInstanceCount": least(2).whereIs("serverlessConfig", notSet),
				},
			}},
		{"sagemaker-isolated", "Models and their checks have no network", "A model from elsewhere can carry data off.",
			"Set enableNetworkIsolation to true.", "FSBP:SageMaker.5 FSBP:SageMaker.11 " + wayOut, pack.Medium, "", demands{
				"aws:sagemaker/model:Model":                                       {"enableNetworkIsolation": on},
				"aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": {"networkConfig.enableNetworkIsolation": on},
			}},
		{"sagemaker-traffic-encrypted", "Checks of models encrypt what their containers send", "Containers send each other what they work on.",
			"Set networkConfig.enableInterContainerTrafficEncryption to true.", "FSBP:SageMaker.9 " + inTransit, pack.Medium, "", demands{
				"aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": {"networkConfig.enableInterContainerTrafficEncryption": on},
			}},
		{"notebook-platform", "Notebooks run on a supported platform", "Old platforms get no security patches.",
			"Set platformIdentifier to notebook-al2023-v1.", "FSBP:SageMaker.8 " + patching, pack.Medium, "",
			demands{"aws:sagemaker/notebookInstance:NotebookInstance": {"platformIdentifier": is("notebook-al2-v3", "notebook-al2023-v1")}}},
	}
}

// operationRows are about how an account is run.
func operationRows() []row {
	return []row{
		{"ca-root-disabled", "Root certificate authorities are switched off",
			"Whoever gets at the root makes certificates for any name; day to day only subordinate ones are needed.",
			"Set enabled to false once the subordinate authorities have their certificates.", "FSBP:PCA.1 " + keyCare, pack.Low, "",
			demands{"aws:acmpca/certificateAuthority:CertificateAuthority": {"enabled": is("false").where("type", "ROOT")}}},
		{"vpn-logs", "Tunnels of VPNs write down their negotiations",
			"Without the log nobody can tell afterwards who tried to build a tunnel, and why one fell.",
			"Set cloudwatchLogOptions.logEnabled to true in tunnel1LogOptions and tunnel2LogOptions.", "FSBP:EC2.171 " + logging, pack.Medium, "",
			demands{
				"aws:ec2/vpnConnection:VpnConnection": {"tunnel1LogOptions.cloudwatchLogOptions.logEnabled": on,
					"tunnel2LogOptions.cloudwatchLogOptions.logEnabled": on},
			}},
		{"rds-aurora-audit", "Aurora MySQL writes an audit log", "The log that is sent to CloudWatch stays empty until the parameter is set.",
			"Set the parameter server_audit_logging to 1.", "FSBP:RDS.45 " + logging, pack.Medium, "", demands{rdsClusterParam: {
				"parameters": entry("name", "server_audit_logging", "value", "1").whereIs("family", beginsWith("aurora-mysql")),
			}}},
		{"event-bus-policy", "Event buses of your own say who may send to them",
			"Without a policy the rights of whoever is in the account decide.", "Add an EventBusPolicy.", "FSBP:EventBridge.3 " + privilege,
			pack.Low, "", beside{"aws:cloudwatch/eventBus:EventBus": {token: busPolicy, property: "eventBusName"}}},
		{"guardduty-agents", "GuardDuty manages its own agents",
			"Without its agent GuardDuty does not see what runs on a machine, in a task or in a pod.",
			"Set the status of each of additionalConfigurations to ENABLED.", "FSBP:GuardDuty.7 FSBP:GuardDuty.12 FSBP:GuardDuty.13 " + detecting,
			pack.Medium, "", demands{
				"aws:guardduty/detectorFeature:DetectorFeature": {"additionalConfigurations[].status": is("ENABLED"),
					"additionalConfigurations": given.where("name", "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING")},
			}},
		{"inspector-functions", "Inspector looks at functions and their code", "Functions hold libraries with known holes too.",
			"List LAMBDA and LAMBDA_CODE in resourceTypes.", "FSBP:Inspector.3 FSBP:Inspector.4 " + patching, pack.Low, "",
			demands{inspector: {"resourceTypes": both("LAMBDA", "LAMBDA_CODE")}}},
		{"ses-tls", "Mail is sent over TLS only", "Mail crosses the internet in the clear where the receiver does not offer TLS.",
			"Set deliveryOptions.tlsPolicy to REQUIRE (ses: Require).", "FSBP:SES.3 " + inTransit, pack.Medium, "", demands{
				"aws:ses/configurationSet:ConfigurationSet":   {"deliveryOptions.tlsPolicy": is("Require")},
				"aws:sesv2/configurationSet:ConfigurationSet": {"deliveryOptions.tlsPolicy": is("REQUIRE")},
			}},
		{"servicecatalog-shares", "Portfolios are shared within the organization only",
			"A share with an account stays when the account leaves.",
			"Set type to ORGANIZATION, ORGANIZATIONAL_UNIT or ORGANIZATION_MEMBER_ACCOUNT.", "FSBP:ServiceCatalog.1 " + exposure, pack.Medium, "",
			demands{
				"aws:servicecatalog/portfolioShare:PortfolioShare": {"type": is("ORGANIZATION", "ORGANIZATIONAL_UNIT", "ORGANIZATION_MEMBER_ACCOUNT")},
			}},
		{"ssm-automation-logs", "Automations log what their scripts do", "Nobody can tell afterwards what a runbook did.",
			"Set the value to CloudWatch.", "FSBP:SSM.6 " + logging, pack.Medium, "",
			demands{serviceSwitch: {"settingValue": is("CloudWatch").whereIs("settingId",
				endsIn("/ssm/automation/customer-script-log-destination"))}}},
		{"ssm-documents-not-public", "Documents cannot be shared with everybody",
			"A document shown to everybody shows how your machines are run.", "Set the value to Disable.", "FSBP:SSM.7 " + exposure, pack.High, "",
			demands{serviceSwitch: {"settingValue": is("Disable").whereIs("settingId",
				endsIn("/ssm/documents/console/public-sharing-permission"))}}},
	}
}
