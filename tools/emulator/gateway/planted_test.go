// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"html"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// planted is a call with a wrong value, and what AWS answers.
type planted struct {
	service string // As in the signature.
	action  string // The operation, or for REST method and path.
	body    string // A form without action and version, a JSON object, or XML.
	code    string // AWS's error code.
	words   string // Part of AWS's message.
}

// versions are the API versions of the services that take forms.
var versions = map[string]string{
	"autoscaling": "2011-01-01", "ec2": "2016-11-15", "elasticloadbalancing": "2015-12-01", "iam": "2010-05-08", "rds": "2014-10-31",
	"sns": "2010-03-31", "sts": "2011-06-15",
}

// send makes the call and returns the answer's status, code and message.
func (p planted) send(t *testing.T, account *emulatortest.Account) (status int, code, message string) {
	t.Helper()
	method, path, rest := strings.Cut(p.action, " ")
	header, body := http.Header{}, p.body
	switch {
	case rest:
		header.Set("Content-Type", "application/octet-stream")
	case versions[p.service] != "":
		method, path = http.MethodPost, "/"
		body = "Action=" + p.action + "&Version=" + versions[p.service] + "&" + p.body
		header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	default:
		method, path = http.MethodPost, "/"
		header.Set("Content-Type", "application/x-amz-json-1.1")
		header.Set("X-Amz-Target", "Target."+p.action)
	}
	header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account.AccessKey+"/20260101/"+emulatortest.Region+"/"+p.service+
		"/aws4_request, SignedHeaders=host, Signature=0")
	request, err := http.NewRequestWithContext(t.Context(), method, account.Endpoint+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	call, reply := wire.Parse(request, []byte(body)), &wire.Reply{Status: response.StatusCode, Header: response.Header, Body: answer}
	message = call.ErrorMessage(reply)
	if strings.HasPrefix(string(answer), "<") {
		message = html.UnescapeString(string(answer))
	}
	return response.StatusCode, call.ErrorCode(reply), message
}

// refuse sends every planted call and expects AWS's words.
func refuse(t *testing.T, rows []planted) {
	t.Helper()
	account := emulatortest.NewAccount(t)
	for _, p := range rows {
		t.Run(p.service+" "+p.action+" "+p.words, func(t *testing.T) {
			status, code, message := p.send(t, account)
			assert.Equal(t, http.StatusBadRequest, status)
			assert.Equal(t, p.code, code)
			assert.Contains(t, message, p.words)
		})
	}
	for _, record := range recorded(t, account) {
		require.Equal(t, "gateway", record.FilledBy, "%s %s reached moto", record.Service, record.Action)
	}
}

// Wrong values that AWS's published models refuse. The wording is the one of public reports, such as hashicorp/terraform-provider-aws#3366
// and #15511 for role names, serverless/serverless#4503 for log groups and aws/aws-cdk#20805 for enums.
func TestPlantedValuesThatTheModelsRefuse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2000)
	acl := `{"Name":"edge","Scope":"REGIONAL","DefaultAction":{"Allow":{}},"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"},"Rules":[{"Name":"r","Priority":0,"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"},"Statement":STATEMENT}]}`
	alarm := func(change string) string {
		return `{"AlarmName":"a","ComparisonOperator":"GreaterThanThreshold","EvaluationPeriods":1,` + change + `}`
	}
	record := `<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>ACTION</Action><ResourceRecordSet><Name>a.example.</Name><Type>TYPE</Type></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
	replaced := func(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }
	refuse(t, []planted{
		{"logs", "CreateLogGroup", `{"logGroupName":"a b"}`, "InvalidParameterException", `1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`},
		{"logs", "CreateLogGroup", `{"logGroupName":"` + long + `"}`, "InvalidParameterException", "at 'logGroupName' failed to satisfy constraint: Member must have length less than or equal to 512"},
		{"logs", "CreateLogGroup", `{}`, "InvalidParameterException", "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"},
		{"logs", "PutRetentionPolicy", `{"logGroupName":"a"}`, "InvalidParameterException", "Value null at 'retentionInDays'"},
		{"logs", "PutMetricFilter", `{"logGroupName":"a","filterName":"f","filterPattern":"","metricTransformations":[]}`, "InvalidParameterException", "Value '[]' at 'metricTransformations' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"logs", "PutMetricFilter", `{"logGroupName":"a","filterName":"f:g","filterPattern":"","metricTransformations":[{"metricName":"m","metricNamespace":"n","metricValue":"1"}]}`, "InvalidParameterException", "Value 'f:g' at 'filterName'"},
		{"kms", "CreateKey", `{"KeySpec":"RSA_1024"}`, "ValidationException", "Value 'RSA_1024' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: ["},
		{"kms", "CreateAlias", `{"AliasName":"alias/a b","TargetKeyId":"k"}`, "ValidationException", "Value 'alias/a b' at 'aliasName'"},
		{"kms", "EnableKeyRotation", `{"KeyId":"k","RotationPeriodInDays":30}`, "ValidationException", "Value '30' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value greater than or equal to 90"},
		{"kms", "ScheduleKeyDeletion", `{"KeyId":"k","PendingWindowInDays":400}`, "ValidationException", "Member must have value less than or equal to 365"},
		{"wafv2", "CreateWebACL", replaced(acl, "REGIONAL", "GLOBAL", "STATEMENT", `{}`), "ValidationException", "Value 'GLOBAL' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [CLOUDFRONT, REGIONAL]"},
		{"wafv2", "CreateWebACL", replaced(acl, `"edge"`, `"edge acl"`, "STATEMENT", `{}`), "ValidationException", "Value 'edge acl' at 'name'"},
		{"wafv2", "CreateWebACL", replaced(acl, "STATEMENT", `{"RateBasedStatement":{"Limit":5,"AggregateKeyType":"IP"}}`), "ValidationException", "Value '5' at 'rules.1.member.statement.rateBasedStatement.limit' failed to satisfy constraint: Member must have value greater than or equal to 10"},
		{"wafv2", "CreateWebACL", replaced(acl, "STATEMENT", `{"RateBasedStatement":{"Limit":500,"AggregateKeyType":"ADDRESS"}}`), "ValidationException", "Value 'ADDRESS' at 'rules.1.member.statement.rateBasedStatement.aggregateKeyType'"},
		{"wafv2", "CreateWebACL", replaced(acl, "STATEMENT", `{"ManagedRuleGroupStatement":{"Name":"AWSManagedRulesCommonRuleSet"}}`), "ValidationException", "Value null at 'rules.1.member.statement.managedRuleGroupStatement.vendorName'"},
		{"acm", "RequestCertificate", `{"DomainName":"example.com","ValidationMethod":"HTTPS"}`, "ValidationException", "Value 'HTTPS' at 'validationMethod'"},
		{"acm", "RequestCertificate", `{"DomainName":"example.com","KeyAlgorithm":"RSA_512"}`, "ValidationException", "Value 'RSA_512' at 'keyAlgorithm'"},
		{"secretsmanager", "CreateSecret", `{"Name":"","ClientRequestToken":"00000000-0000-4000-8000-000000000000"}`, "ValidationException", "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"secretsmanager", "RotateSecret", `{"SecretId":"s","ClientRequestToken":"00000000-0000-4000-8000-000000000000","RotationRules":{"AutomaticallyAfterDays":5000}}`, "ValidationException", "Value '5000' at 'rotationRules.automaticallyAfterDays'"},
		{"cloudtrail", "PutEventSelectors", `{"TrailName":"t","EventSelectors":[{"ReadWriteType":"Reads"}]}`, "ValidationException", "Value 'Reads' at 'eventSelectors.1.member.readWriteType'"},
		{"iam", "CreateRole", "RoleName=" + long[:65] + "&AssumeRolePolicyDocument={}", "ValidationError", "at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"iam", "CreateRole", "RoleName=r&AssumeRolePolicyDocument={}&MaxSessionDuration=100", "ValidationError", "Value '100' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"},
		{"iam", "CreateRole", "RoleName=r&AssumeRolePolicyDocument={}&Description=it%E2%80%99s", "ValidationError", "at 'description' failed to satisfy constraint: Member must satisfy regular expression pattern"},
		{"iam", "CreateRole", "RoleName=a/b&AssumeRolePolicyDocument={}", "ValidationError", `Value 'a/b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"iam", "PutRolePolicy", "RoleName=r&PolicyName=p", "ValidationError", "Value null at 'policyDocument'"},
		{"iam", "UpdateAccountPasswordPolicy", "MinimumPasswordLength=5", "ValidationError", "Value '5' at 'minimumPasswordLength'"},
		{"iam", "UpdateAccountPasswordPolicy", "PasswordReusePrevention=25", "ValidationError", "Member must have value less than or equal to 24"},
		{"iam", "TagRole", "RoleName=r&Tags.member.1.Key=" + long[:129] + "&Tags.member.1.Value=v", "ValidationError", "at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"sts", "AssumeRole", "RoleArn=arn:aws:iam::123456789012:role/deploy&RoleSessionName=s&DurationSeconds=60", "ValidationError", "Value '60' at 'durationSeconds'"},
		{"sts", "AssumeRole", "RoleArn=arn:aws:iam::123456789012:role/deploy&RoleSessionName=a+b", "ValidationError", "Value 'a b' at 'roleSessionName'"},
		{"autoscaling", "CreateAutoScalingGroup", "AutoScalingGroupName=g&MaxSize=1", "ValidationError", "Value null at 'minSize'"},
		{"autoscaling", "CreateAutoScalingGroup", "AutoScalingGroupName=" + long[:256] + "&MinSize=1&MaxSize=1", "ValidationError", "at 'autoScalingGroupName' failed to satisfy constraint: Member must have length less than or equal to 255"},
		{"elasticloadbalancing", "CreateTargetGroup", "Name=t&Port=70000", "ValidationError", "Value '70000' at 'port' failed to satisfy constraint: Member must have value less than or equal to 65535"},
		{"elasticloadbalancing", "CreateTargetGroup", "Name=t&Protocol=HTTP2", "ValidationError", "Value 'HTTP2' at 'protocol' failed to satisfy constraint: Member must satisfy enum value set"},
		{"elasticloadbalancing", "CreateTargetGroup", "Name=t&HealthCheckIntervalSeconds=1", "ValidationError", "Value '1' at 'healthCheckIntervalSeconds'"},
		{"elasticloadbalancing", "CreateTargetGroup", "Name=t&HealthyThresholdCount=1", "ValidationError", "Value '1' at 'healthyThresholdCount' failed to satisfy constraint: Member must have value greater than or equal to 2"},
		{"elasticloadbalancing", "CreateLoadBalancer", "Name=l&Scheme=public", "ValidationError", "Value 'public' at 'scheme'"},
		{"elasticloadbalancing", "CreateRule", "ListenerArn=l&Priority=50001&Conditions.member.1.Field=path-pattern&Actions.member.1.Type=forward", "ValidationError", "Value '50001' at 'priority'"},
		{"elasticloadbalancing", "CreateListener", "LoadBalancerArn=l&Port=0&DefaultActions.member.1.Type=forward", "ValidationError", "Value '0' at 'port'"},
		{"elasticloadbalancing", "CreateListener", "LoadBalancerArn=l&Port=80&DefaultActions.member.1.Type=forwards", "ValidationError", "Value 'forwards' at 'defaultActions.1.member.type'"},
		{"monitoring", "PutMetricAlarm", alarm(`"Statistic":"Mean"`), "ValidationError", "Value 'Mean' at 'statistic' failed to satisfy constraint: Member must satisfy enum value set"},
		{"monitoring", "PutMetricAlarm", alarm(`"Period":0`), "ValidationError", "Value '0' at 'period'"},
		{"monitoring", "PutMetricAlarm", `{"AlarmName":"a","ComparisonOperator":"Greater","EvaluationPeriods":1}`, "ValidationError", "Value 'Greater' at 'comparisonOperator'"},
		{"monitoring", "PutMetricAlarm", alarm(`"AlarmActions":["a","b","c","d","e","f"]`), "ValidationError", "Value '[a, b, c, d, e, f]' at 'alarmActions' failed to satisfy constraint: Member must have length less than or equal to 5"},
		{"rds", "CreateDBInstance", "DBInstanceIdentifier=d&Engine=postgres", "MissingParameter", "The request must contain the parameter DBInstanceClass"},
		{"rds", "CreateDBSubnetGroup", "DBSubnetGroupName=d&DBSubnetGroupDescription=d", "MissingParameter", "The request must contain the parameter SubnetIds"},
		{"rds", "ModifyDBParameterGroup", "DBParameterGroupName=g&Parameters.Parameter.1.ParameterName=a&Parameters.Parameter.1.ApplyMethod=later", "ValidationError", "Value 'later' at 'parameters.1.member.applyMethod'"},
		{"ec2", "CreateVpc", "CidrBlock=10.0.0.0/16&InstanceTenancy=shared", "InvalidParameterValue", "Invalid value 'shared' for InstanceTenancy"},
		{"ec2", "CreateSubnet", "CidrBlock=10.0.0.0/24", "MissingParameter", "The request must contain the parameter VpcId"},
		{"ec2", "RunInstances", "ImageId=ami-1&MinCount=1&MaxCount=1&InstanceType=t2.medum", "InvalidParameterValue", "Invalid value 't2.medum' for InstanceType"},
		{"ec2", "RunInstances", "ImageId=ami-1&MinCount=1&MaxCount=1&MetadataOptions.HttpTokens=needed", "InvalidParameterValue", "Invalid value 'needed' for MetadataOptions.HttpTokens"},
		{"ec2", "CreateFlowLogs", "ResourceId.1=vpc-1&ResourceType=VPC&TrafficType=DENY", "InvalidParameterValue", "Invalid value 'DENY' for TrafficType"},
		{"ec2", "CreateVpcEndpoint", "VpcId=vpc-1&ServiceName=s&VpcEndpointType=Gatewy", "InvalidParameterValue", "Invalid value 'Gatewy' for VpcEndpointType"},
		{"ec2", "CreateVolume", "AvailabilityZone=eu-central-1a&Size=8&VolumeType=gp9", "InvalidParameterValue", "Invalid value 'gp9' for VolumeType"},
		{"ec2", "CreateLaunchTemplate", "LaunchTemplateName=a&LaunchTemplateData.InstanceType=m9.huge", "InvalidParameterValue", "Invalid value 'm9.huge' for LaunchTemplateData.InstanceType"},
		{"route53", "POST /2013-04-01/hostedzone/Z1/rrset/", replaced(record, "ACTION", "ADD", "TYPE", "A"), "InvalidInput", "Value 'ADD' at 'changeBatch.changes.1.member.action' failed to satisfy constraint: Member must satisfy enum value set: [CREATE, DELETE, UPSERT]"},
		{"route53", "POST /2013-04-01/hostedzone/Z1/rrset/", replaced(record, "ACTION", "CREATE", "TYPE", "ALIAS"), "InvalidInput", "Value 'ALIAS' at 'changeBatch.changes.1.member.resourceRecordSet.type'"},
		{"s3", "PUT /bucket?versioning", `<VersioningConfiguration><Status>On</Status></VersioningConfiguration>`, "MalformedXML", "The XML you provided was not well-formed"},
		{"s3", "PUT /bucket?ownershipControls", `<OwnershipControls><Rule><ObjectOwnership>Owner</ObjectOwnership></Rule></OwnershipControls>`, "MalformedXML", "did not validate against our published schema"},
		{"s3", "PUT /bucket?encryption", `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:km</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`, "MalformedXML", "did not validate"},
		{"s3", "PUT /bucket?lifecycle", `<LifecycleConfiguration><Rule><ID>a</ID></Rule></LifecycleConfiguration>`, "MalformedXML", "did not validate"},
		{"backup", "PUT /backup-vaults/a", `{}`, "InvalidParameterValueException", "Value 'a' at 'backupVaultName'"},
		{"backup", "PUT /backup/plans/", `{"BackupPlan":{"Rules":[{"RuleName":"r","TargetBackupVaultName":"vault"}]}}`, "InvalidParameterValueException", "Value null at 'backupPlan.backupPlanName'"},
		{"guardduty", "POST /detector", `{"enable":true,"findingPublishingFrequency":"DAILY"}`, "BadRequestException", "Value 'DAILY' at 'findingPublishingFrequency'"},
		{"lambda", "POST /2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},"Runtime":"python2.8"}`, "ValidationException", "Value 'python2.8' at 'runtime' failed to satisfy constraint: Member must satisfy enum value set"},
		{"lambda", "POST /2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},"MemorySize":64}`, "ValidationException", "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"},
		{"events", "PutRule", `{"Name":"a b","EventPattern":"{}"}`, "ValidationException", "Value 'a b' at 'name'"},
		{"events", "PutRule", `{"Name":"a","State":"ON"}`, "ValidationException", "Value 'ON' at 'state'"},
		{"route53resolver", "CreateFirewallRule", `{"CreatorRequestId":"a","FirewallRuleGroupId":"g","FirewallDomainListId":"d","Priority":1,"Action":"DROP","Name":"n"}`, "ValidationException", "Value 'DROP' at 'action'"},
		{"sns", "CreateTopic", "", "ValidationError", "Value null at 'name'"},
	})
}

// Wrong values that the models let pass and that the table of known values refuses (fill/known.go).
func TestPlantedValuesThatTheKnownValuesRefuse(t *testing.T) {
	t.Parallel()
	database := "DBInstanceIdentifier=d&AllocatedStorage=20&MasterUsername=u&MasterUserPassword=long-enough"
	group := `{"Name":"edge","Scope":"REGIONAL","DefaultAction":{"Allow":{}},"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"},"Rules":[{"Name":"r","Priority":0,"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"},"OverrideAction":{"None":{}},"Statement":{"ManagedRuleGroupStatement":{"VendorName":"AWS","Name":"AWSManagedRulesCoreRuleSet"}}}]}`
	refuse(t, []planted{
		{"rds", "CreateDBInstance", database + "&Engine=postgresql&DBInstanceClass=db.t4g.small", "InvalidParameterValue", "Invalid DB engine"},
		{"rds", "CreateDBInstance", database + "&Engine=postgres&EngineVersion=17.99&DBInstanceClass=db.t4g.small", "InvalidParameterCombination", "Cannot find version 17.99 for postgres"},
		{"rds", "CreateDBInstance", database + "&Engine=postgres&EngineVersion=17&DBInstanceClass=db.t4g.smal", "InvalidParameterValue", "Invalid DB Instance class: db.t4g.smal"},
		{"rds", "CreateDBInstance", database + "&Engine=postgres&EngineVersion=17&DBInstanceClass=db.m1.small", "InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: DBInstanceClass=db.m1.small, Engine=postgres"},
		{"logs", "PutRetentionPolicy", `{"logGroupName":"a","retentionInDays":10}`, "InvalidParameterException", "Value '10' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30"},
		{"elasticloadbalancing", "CreateListener", "LoadBalancerArn=l&Port=443&Protocol=HTTPS&SslPolicy=ELBSecurityPolicy-TLS13-1-4&DefaultActions.member.1.Type=forward", "SSLPolicyNotFound", "SSL policy 'ELBSecurityPolicy-TLS13-1-4' not found"},
		{"wafv2", "CreateWebACL", group, "WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist."},
	})
}
