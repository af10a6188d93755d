// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

const keyPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${account.id}:root"},"Action":"kms:*","Resource":"*"},` +
	`{"Sid":"logs","Effect":"Allow","Principal":{"Service":"logs.eu-central-1.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*"],"Resource":"*"}]}`

func TestAccount(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Start(t, root),
		resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"description": "logs", "enableKeyRotation": true, "deletionWindowInDays": 30, "policy": keyPolicy, "tags": m{"Name": "logs"}},
			Update: m{"description": "all logs", "rotationPeriodInDays": 180}},
		resource{Name: "alias", Type: "aws:kms/alias:Alias", Inputs: m{"name": "alias/logs", "targetKeyId": "${key.keyId}"}},
		resource{Name: "bucket", Type: "aws:s3/bucketV2:BucketV2", Inputs: m{"forceDestroy": false, "tags": m{"Name": "logs"}}},
		resource{Name: "bpab", Type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", Inputs: m{"bucket": "${bucket.id}", "blockPublicAcls": true,
			"blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true}},
		resource{Name: "bown", Type: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", Inputs: m{"bucket": "${bucket.id}", "rule": m{"objectOwnership": "BucketOwnerEnforced"}}},
		resource{Name: "benc", Type: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", Inputs: m{"bucket": "${bucket.id}",
			"rules": l{m{"applyServerSideEncryptionByDefault": m{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "${key.arn}"}, "bucketKeyEnabled": true}}}},
		resource{Name: "bver", Type: "aws:s3/bucketVersioningV2:BucketVersioningV2", Inputs: m{"bucket": "${bucket.id}", "versioningConfiguration": m{"status": "Enabled"}}},
		resource{Name: "blog", Type: "aws:s3/bucketLoggingV2:BucketLoggingV2", Inputs: m{"bucket": "${bucket.id}", "targetBucket": "${bpol2.bucket}", "targetPrefix": "s3/"}},
		resource{Name: "bucket2", Type: "aws:s3/bucketV2:BucketV2", Inputs: m{"forceDestroy": true}}, // moto writes access logs into it.
		resource{Name: "bpol2", Type: "aws:s3/bucketPolicy:BucketPolicy", Inputs: m{"bucket": "${bucket2.id}", "policy": `{"Version":"2012-10-17","Statement":[{"Sid":"s3","Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"${bucket2.arn}/*"}]}`}},
		resource{Name: "benc2", Type: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", Inputs: m{"bucket": "${bucket2.id}",
			"rules": l{m{"applyServerSideEncryptionByDefault": m{"sseAlgorithm": "AES256"}}}}},
		resource{Name: "blife", Type: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", Inputs: m{"bucket": "${bucket.id}", "rules": l{
			m{"id": "expire", "status": "Enabled", "filter": m{}, "expiration": m{"days": 365}, "noncurrentVersionExpiration": m{"noncurrentDays": 30},
				"abortIncompleteMultipartUpload": m{"daysAfterInitiation": 7}}}}},
		resource{Name: "bpol", Type: "aws:s3/bucketPolicy:BucketPolicy", Inputs: m{"bucket": "${bucket.id}", "policy": `{"Version":"2012-10-17","Statement":[{"Sid":"DenyPlain","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["${bucket.arn}","${bucket.arn}/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},` +
			`{"Sid":"trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"${bucket.arn}"}]}`}},
		resource{Name: "apab", Type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", Inputs: m{"accountId": "${account.id}", "blockPublicAcls": true,
			"blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true}},
		resource{Name: "boundary", Type: "aws:iam/policy:Policy", Inputs: m{"description": "boundary", "policy": `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":["logs:*","s3:Get*"],"Resource":"*"}]}`},
			Update: m{"policy": `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":["logs:*"],"Resource":"*"}]}`}},
		resource{Name: "role", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("ec2.amazonaws.com"), "permissionsBoundary": "${boundary.arn}", "description": "app", "maxSessionDuration": 3600, "tags": m{"Name": "app"}},
			Update: m{"description": "the app"}, Differ: attachments},
		resource{Name: "inline", Type: "aws:iam/rolePolicy:RolePolicy", Inputs: m{"role": "${role.name}", "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}]}`}},
		resource{Name: "attach", Type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", Inputs: m{"role": "${role.name}", "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}},
		resource{Name: "profile", Type: "aws:iam/instanceProfile:InstanceProfile", Inputs: m{"role": "${role.name}"}},
		resource{Name: "passwords", Type: "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", Inputs: m{"minimumPasswordLength": 14, "passwordReusePrevention": 24,
			"requireLowercaseCharacters": true, "requireNumbers": true, "requireSymbols": true, "requireUppercaseCharacters": true, "allowUsersToChangePassword": true, "maxPasswordAge": 90}},
		resource{Name: "oidc", Type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider", Inputs: m{"url": "https://gitlab.com", "clientIdLists": l{"https://gitlab.com"}, "thumbprintLists": l{"b3dd7606d2b5a8b4a13771dbecc9ee1cecafa38a"}}},
		resource{Name: "group", Type: "aws:iam/group:Group", Inputs: m{"path": "/ops/"}},
		resource{Name: "grouppolicy", Type: "aws:iam/groupPolicy:GroupPolicy", Inputs: m{"group": "${group.name}", "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:StartSession","Resource":"*"}]}`}},
		resource{Name: "secret", Type: "aws:secretsmanager/secret:Secret", Inputs: m{"kmsKeyId": "${key.arn}", "recoveryWindowInDays": 7, "description": "x"}, Update: m{"description": "y"}},
		resource{Name: "secretpolicy", Type: "aws:secretsmanager/secretPolicy:SecretPolicy", Inputs: m{"secretArn": "${secret.arn}", "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`}},
		resource{Name: "param", Type: "aws:ssm/parameter:Parameter", Inputs: m{"name": "/bulkhead/x", "type": "SecureString", "keyId": "${key.arn}", "value": "v", "description": "d"}},
		resource{Name: "doc", Type: "aws:ssm/document:Document", Inputs: m{"name": "SSM-SessionManagerRunShell", "documentType": "Session", "documentFormat": "JSON",
			"content": `{"schemaVersion":"1.0","description":"sessions","sessionType":"Standard_Stream","inputs":{"cloudWatchLogGroupName":"x","cloudWatchEncryptionEnabled":true}}`},
			Update: m{"content": `{"schemaVersion":"1.0","description":"sessions","sessionType":"Standard_Stream","inputs":{"cloudWatchLogGroupName":"y","cloudWatchEncryptionEnabled":true}}`}},
	)
}

func TestAudit(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Start(t, root),
		resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"description": "logs", "enableKeyRotation": true, "policy": keyPolicy}},
		resource{Name: "bucket", Type: "aws:s3/bucketV2:BucketV2", Inputs: m{}},
		resource{Name: "group", Type: "aws:cloudwatch/logGroup:LogGroup", Inputs: m{"retentionInDays": 365, "kmsKeyId": "${key.arn}", "tags": m{"Name": "trail"}}, Update: m{"retentionInDays": 400}},
		resource{Name: "role", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("cloudtrail.amazonaws.com")}},
		resource{Name: "resourcepolicy", Type: "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", Inputs: m{"policyName": "waf", "policyDocument": `{"Version":"2012-10-17","Statement":[{"Sid":"waf","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"${group.arn}:*"}]}`}},
		resource{Name: "filter", Type: "aws:cloudwatch/logMetricFilter:LogMetricFilter", Inputs: m{"logGroupName": "${group.name}", "pattern": `{ $.userIdentity.type = "Root" }`,
			"metricTransformation": m{"name": "RootUse", "namespace": "Bulkhead", "value": "1", "defaultValue": "0", "unit": "Count"}},
			Update: m{"pattern": `{ ($.userIdentity.type = "Root") && ($.eventType != "AwsServiceEvent") }`}},
		resource{Name: "topic", Type: "aws:sns/topic:Topic", Inputs: m{"kmsMasterKeyId": "${key.arn}", "displayName": "alarms", "tags": m{"Name": "alarms"}}, Update: m{"displayName": "Alarms"}},
		resource{Name: "topicpolicy", Type: "aws:sns/topicPolicy:TopicPolicy", Inputs: m{"arn": "${topic.arn}", "policy": `{"Version":"2012-10-17","Statement":[{"Sid":"alarms","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"${topic.arn}"}]}`}},
		resource{Name: "subscription", Type: "aws:sns/topicSubscription:TopicSubscription", Inputs: m{"topic": "${topic.arn}", "protocol": "email", "endpoint": "ops@example.com"}},
		resource{Name: "alarm", Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Inputs: m{"alarmDescription": "root", "comparisonOperator": "GreaterThanOrEqualToThreshold", "evaluationPeriods": 1,
			"metricName": "RootUse", "namespace": "Bulkhead", "period": 300, "statistic": "Sum", "threshold": 1, "treatMissingData": "notBreaching", "alarmActions": l{"${topic.arn}"}, "okActions": l{"${topic.arn}"}, "tags": m{"Name": "root"}},
			Update: m{"threshold": 2.5, "period": 60, "dimensions": m{"LoadBalancer": "x"}}},
		resource{Name: "alarm2", Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Inputs: m{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 3, "datapointsToAlarm": 2, "threshold": 5,
			"metricQueries": l{m{"id": "e", "expression": "m/60", "label": "rate", "returnData": true}, m{"id": "m", "metric": m{"metricName": "x", "namespace": "AWS/ApplicationELB", "period": 60, "stat": "p99", "dimensions": m{"LoadBalancer": "x"}}}}}},
		resource{Name: "alarm3", Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Inputs: m{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 3, "threshold": 0.5,
			"metricName": "TargetResponseTime", "namespace": "AWS/ApplicationELB", "period": 60, "extendedStatistic": "p99", "evaluateLowSampleCountPercentiles": "ignore", "unit": "Seconds"}},
		resource{Name: "trail", Type: "aws:cloudtrail/trail:Trail", Inputs: m{"s3BucketName": "${bucket.id}", "kmsKeyId": "${key.arn}", "isMultiRegionTrail": true, "enableLogFileValidation": true, "includeGlobalServiceEvents": true,
			"cloudWatchLogsGroupArn": "${group.arn}:*", "cloudWatchLogsRoleArn": "${role.arn}", "enableLogging": true, "tags": m{"Name": "trail"},
			"eventSelectors": l{m{"readWriteType": "All", "includeManagementEvents": true}}},
			Update: m{"enableLogFileValidation": false, "eventSelectors": l{m{"readWriteType": "WriteOnly", "includeManagementEvents": true}}}},
		resource{Name: "trail2", Type: "aws:cloudtrail/trail:Trail", Inputs: m{"s3BucketName": "${bucket.id}", "snsTopicName": "${topic.name}",
			"advancedEventSelectors": l{m{"name": "s3", "fieldSelectors": l{m{"field": "eventCategory", "equals": l{"Data"}}, m{"field": "resources.type", "equals": l{"AWS::S3::Object"}}}}}}},
	)
}

// TestBaseline is what an account has once.
func TestBaseline(t *testing.T) {
	t.Parallel()
	agents := l{m{"name": "EKS_ADDON_MANAGEMENT", "status": "DISABLED"}, m{"name": "ECS_FARGATE_AGENT_MANAGEMENT", "status": "DISABLED"}, m{"name": "EC2_AGENT_MANAGEMENT", "status": "DISABLED"}}
	contact := m{"alternateContactType": "SECURITY", "name": "Security on call", "title": "CISO", "emailAddress": "security@example.com", "phoneNumber": "+49 30 1234567"}
	providertest.Run(t, providertest.Start(t, root),
		resource{Name: "detector", Type: "aws:guardduty/detector:Detector", Inputs: m{"enable": true, "findingPublishingFrequency": "FIFTEEN_MINUTES", "tags": m{"Name": "account"}}, Update: m{"findingPublishingFrequency": "ONE_HOUR"}},
		resource{Name: "logins", Type: "aws:guardduty/detectorFeature:DetectorFeature", Inputs: m{"detectorId": "${detector.id}", "name": "RDS_LOGIN_EVENTS", "status": "ENABLED"}, Update: m{"status": "DISABLED"}},
		resource{Name: "runtime", Type: "aws:guardduty/detectorFeature:DetectorFeature", Inputs: m{"detectorId": "${detector.id}", "name": "RUNTIME_MONITORING", "status": "ENABLED", "additionalConfigurations": agents}},
		resource{Name: "hub", Type: "aws:securityhub/account:Account", Inputs: m{"autoEnableControls": true, "controlFindingGenerator": "SECURITY_CONTROL", "enableDefaultStandards": false}, Update: m{"controlFindingGenerator": "STANDARD_CONTROL"}},
		resource{Name: "fsbp", Type: "aws:securityhub/standardsSubscription:StandardsSubscription", Inputs: m{"standardsArn": "arn:aws:securityhub:eu-central-1::standards/aws-foundational-security-best-practices/v/1.0.0"}, After: []string{"hub"}},
		resource{Name: "cis", Type: "aws:securityhub/standardsSubscription:StandardsSubscription", Inputs: m{"standardsArn": "arn:aws:securityhub:eu-central-1::standards/cis-aws-foundations-benchmark/v/5.0.0"}, After: []string{"hub"}},
		resource{Name: "configrole", Type: "aws:iam/serviceLinkedRole:ServiceLinkedRole", Inputs: m{"awsServiceName": "config.amazonaws.com"}},
		resource{Name: "recorder", Type: "aws:cfg/recorder:Recorder", Inputs: m{"name": "default", "roleArn": "${configrole.arn}", "recordingGroup": m{"allSupported": true, "includeGlobalResourceTypes": true}}},
		resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"policy": keyPolicy}},
		resource{Name: "history", Type: "aws:s3/bucketV2:BucketV2", Inputs: m{"forceDestroy": true}},
		resource{Name: "channel", Type: "aws:cfg/deliveryChannel:DeliveryChannel", Inputs: m{"name": "${recorder.name}", "s3BucketName": "${history.id}", "s3KmsKeyArn": "${key.arn}"}},
		resource{Name: "recording", Type: "aws:cfg/recorderStatus:RecorderStatus", Inputs: m{"name": "${channel.name}", "isEnabled": true}},
		resource{Name: "inspector", Type: "aws:inspector2/enabler:Enabler", Inputs: m{"accountIds": l{"${account.id}"}, "resourceTypes": l{"EC2", "ECR", "LAMBDA", "LAMBDA_CODE"}}},
		resource{Name: "analyzer", Type: "aws:accessanalyzer/analyzer:Analyzer", Inputs: m{"analyzerName": "account", "type": "ACCOUNT", "tags": m{"Name": "account"}}},
		resource{Name: "snapshots", Type: "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", Inputs: m{"state": "block-all-sharing"}, Update: m{"state": "block-new-sharing"}},
		resource{Name: "images", Type: "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess", Inputs: m{"state": "block-new-sharing"}},
		resource{Name: "metadata", Type: "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", Inputs: m{"httpTokens": "required", "httpPutResponseHopLimit": 1}, Update: m{"httpPutResponseHopLimit": 2}},
		resource{Name: "contact", Type: "aws:account/alternativeContact:AlternativeContact", Inputs: contact, Update: m{"title": "CSO"}},
		resource{Name: "rule", Type: "aws:cloudwatch/eventRule:EventRule", Inputs: m{"description": "findings", "eventPattern": `{"source":["aws.securityhub"],"detail":{"findings":{"Severity":{"Label":["HIGH","CRITICAL"]}}}}`, "state": "ENABLED", "tags": m{"Name": "findings"}},
			Update: m{"description": "all findings"}},
		resource{Name: "topic", Type: "aws:sns/topic:Topic", Inputs: m{}},
		resource{Name: "target", Type: "aws:cloudwatch/eventTarget:EventTarget", Inputs: m{"rule": "${rule.name}", "targetId": "topic", "arn": "${topic.arn}",
			"inputTransformer": m{"inputPaths": m{"title": "$.detail.findings[0].Title"}, "inputTemplate": `"<title>"`}}},
		resource{Name: "budget", Type: "aws:budgets/budget:Budget", Inputs: m{"name": "account", "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "400", "limitUnit": "USD", "tags": m{"Name": "account"}, "notifications": l{
			m{"notificationType": "ACTUAL", "comparisonOperator": "GREATER_THAN", "threshold": 80, "thresholdType": "PERCENTAGE", "subscriberEmailAddresses": l{"ops@example.com"}},
			m{"notificationType": "FORECASTED", "comparisonOperator": "GREATER_THAN", "threshold": 100, "thresholdType": "PERCENTAGE", "subscriberEmailAddresses": l{"ops@example.com", "security@example.com"}}}}},
		resource{Name: "monitor", Type: "aws:costexplorer/anomalyMonitor:AnomalyMonitor", Inputs: m{"name": "account", "monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE", "tags": m{"Name": "account"}}, Update: m{"name": "services"}},
		resource{Name: "anomalies", Type: "aws:costexplorer/anomalySubscription:AnomalySubscription", Inputs: m{"name": "account", "frequency": "DAILY", "monitorArnLists": l{"${monitor.arn}"}, "subscribers": l{m{"type": "EMAIL", "address": "ops@example.com"}},
			"thresholdExpression": m{"dimension": m{"key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "matchOptions": l{"GREATER_THAN_OR_EQUAL"}, "values": l{"40"}}}}, Update: m{"frequency": "WEEKLY"}},
	)
}
