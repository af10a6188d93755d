// SPDX-License-Identifier: Apache-2.0

package wire

// s3controlRoutes are the S3 Control operations an account or a bucket is managed with.
var s3controlRoutes = []route{
	{"GET", "/v20180820/configuration/publicAccessBlock", "", "GetPublicAccessBlock"},
	{"PUT", "/v20180820/configuration/publicAccessBlock", "", "PutPublicAccessBlock"},
	{"DELETE", "/v20180820/configuration/publicAccessBlock", "", "DeletePublicAccessBlock"},
	{"GET", "/v20180820/tags/{arn+}", "", "ListTagsForResource"},
	{"POST", "/v20180820/tags/{arn+}", "", "TagResource"},
	{"DELETE", "/v20180820/tags/{arn+}", "", "UntagResource"},
	{"GET", "/v20180820/accesspoint", "", "ListAccessPoints"},
	{"GET", "/v20180820/accesspoint/{name}", "", "GetAccessPoint"},
	{"PUT", "/v20180820/accesspoint/{name}", "", "CreateAccessPoint"},
	{"DELETE", "/v20180820/accesspoint/{name}", "", "DeleteAccessPoint"},
}

// route53Routes are the Route 53 operations on zones, records, health checks and query logs.
var route53Routes = []route{
	{"POST", "/2013-04-01/hostedzone", "", "CreateHostedZone"},
	{"GET", "/2013-04-01/hostedzone", "", "ListHostedZones"},
	{"GET", "/2013-04-01/hostedzonesbyname", "", "ListHostedZonesByName"},
	{"GET", "/2013-04-01/hostedzonesbyvpc", "", "ListHostedZonesByVPC"},
	{"GET", "/2013-04-01/hostedzonecount", "", "GetHostedZoneCount"},
	{"GET", "/2013-04-01/hostedzone/{id}", "", "GetHostedZone"},
	{"POST", "/2013-04-01/hostedzone/{id}", "", "UpdateHostedZoneComment"},
	{"DELETE", "/2013-04-01/hostedzone/{id}", "", "DeleteHostedZone"},
	{"GET", "/2013-04-01/hostedzone/{id}/rrset", "", "ListResourceRecordSets"},
	{"POST", "/2013-04-01/hostedzone/{id}/rrset", "", "ChangeResourceRecordSets"},
	{"POST", "/2013-04-01/hostedzone/{id}/associatevpc", "", "AssociateVPCWithHostedZone"},
	{"POST", "/2013-04-01/hostedzone/{id}/disassociatevpc", "", "DisassociateVPCFromHostedZone"},
	{"GET", "/2013-04-01/hostedzone/{id}/dnssec", "", "GetDNSSEC"},
	{"GET", "/2013-04-01/change/{id}", "", "GetChange"},
	{"GET", "/2013-04-01/tags/{type}/{id}", "", "ListTagsForResource"},
	{"POST", "/2013-04-01/tags/{type}/{id}", "", "ChangeTagsForResource"},
	{"POST", "/2013-04-01/healthcheck", "", "CreateHealthCheck"},
	{"GET", "/2013-04-01/healthcheck", "", "ListHealthChecks"},
	{"GET", "/2013-04-01/healthcheck/{id}", "", "GetHealthCheck"},
	{"POST", "/2013-04-01/healthcheck/{id}", "", "UpdateHealthCheck"},
	{"DELETE", "/2013-04-01/healthcheck/{id}", "", "DeleteHealthCheck"},
	{"POST", "/2013-04-01/queryloggingconfig", "", "CreateQueryLoggingConfig"},
	{"GET", "/2013-04-01/queryloggingconfig", "", "ListQueryLoggingConfigs"},
	{"GET", "/2013-04-01/queryloggingconfig/{id}", "", "GetQueryLoggingConfig"},
	{"DELETE", "/2013-04-01/queryloggingconfig/{id}", "", "DeleteQueryLoggingConfig"},
}

// backupRoutes are the AWS Backup operations on vaults, plans, selections and restore testing.
var backupRoutes = []route{
	{"PUT", "/backup-vaults/{name}", "", "CreateBackupVault"},
	{"GET", "/backup-vaults/{name}", "", "DescribeBackupVault"},
	{"DELETE", "/backup-vaults/{name}", "", "DeleteBackupVault"},
	{"GET", "/backup-vaults", "", "ListBackupVaults"},
	{"GET", "/backup-vaults/{name}/access-policy", "", "GetBackupVaultAccessPolicy"},
	{"PUT", "/backup-vaults/{name}/access-policy", "", "PutBackupVaultAccessPolicy"},
	{"DELETE", "/backup-vaults/{name}/access-policy", "", "DeleteBackupVaultAccessPolicy"},
	{"PUT", "/backup-vaults/{name}/vault-lock", "", "PutBackupVaultLockConfiguration"},
	{"DELETE", "/backup-vaults/{name}/vault-lock", "", "DeleteBackupVaultLockConfiguration"},
	{"GET", "/backup-vaults/{name}/notification-configuration", "", "GetBackupVaultNotifications"},
	{"PUT", "/backup-vaults/{name}/notification-configuration", "", "PutBackupVaultNotifications"},
	{"DELETE", "/backup-vaults/{name}/notification-configuration", "", "DeleteBackupVaultNotifications"},
	{"PUT", "/backup/plans", "", "CreateBackupPlan"},
	{"GET", "/backup/plans", "", "ListBackupPlans"},
	{"GET", "/backup/plans/{id}", "", "GetBackupPlan"},
	{"POST", "/backup/plans/{id}", "", "UpdateBackupPlan"},
	{"DELETE", "/backup/plans/{id}", "", "DeleteBackupPlan"},
	{"PUT", "/backup/plans/{id}/selections", "", "CreateBackupSelection"},
	{"GET", "/backup/plans/{id}/selections", "", "ListBackupSelections"},
	{"GET", "/backup/plans/{id}/selections/{selection}", "", "GetBackupSelection"},
	{"DELETE", "/backup/plans/{id}/selections/{selection}", "", "DeleteBackupSelection"},
	{"PUT", "/restore-testing/plans", "", "CreateRestoreTestingPlan"},
	{"GET", "/restore-testing/plans/{name}", "", "GetRestoreTestingPlan"},
	{"PUT", "/restore-testing/plans/{name}", "", "UpdateRestoreTestingPlan"},
	{"DELETE", "/restore-testing/plans/{name}", "", "DeleteRestoreTestingPlan"},
	{"PUT", "/restore-testing/plans/{name}/selections", "", "CreateRestoreTestingSelection"},
	{"GET", "/restore-testing/plans/{name}/selections/{selection}", "", "GetRestoreTestingSelection"},
	{"PUT", "/restore-testing/plans/{name}/selections/{selection}", "", "UpdateRestoreTestingSelection"},
	{"DELETE", "/restore-testing/plans/{name}/selections/{selection}", "", "DeleteRestoreTestingSelection"},
	{"GET", "/tags/{arn+}", "", "ListTags"},
	{"POST", "/tags/{arn+}", "", "TagResource"},
	{"POST", "/untag/{arn+}", "", "UntagResource"},
}

// lambdaRoutes are the Lambda operations on functions: their code, settings, permissions, versions, and calls.
var lambdaRoutes = []route{
	{"POST", "/2015-03-31/functions", "", "CreateFunction"},
	{"GET", "/2015-03-31/functions", "", "ListFunctions"},
	{"GET", "/2015-03-31/functions/{name}", "", "GetFunction"},
	{"DELETE", "/2015-03-31/functions/{name}", "", "DeleteFunction"},
	{"PUT", "/2015-03-31/functions/{name}/code", "", "UpdateFunctionCode"},
	{"GET", "/2015-03-31/functions/{name}/configuration", "", "GetFunctionConfiguration"},
	{"PUT", "/2015-03-31/functions/{name}/configuration", "", "UpdateFunctionConfiguration"},
	{"POST", "/2015-03-31/functions/{name}/invocations", "", "Invoke"},
	{"GET", "/2015-03-31/functions/{name}/versions", "", "ListVersionsByFunction"},
	{"POST", "/2015-03-31/functions/{name}/versions", "", "PublishVersion"},
	{"GET", "/2015-03-31/functions/{name}/policy", "", "GetPolicy"},
	{"POST", "/2015-03-31/functions/{name}/policy", "", "AddPermission"},
	{"DELETE", "/2015-03-31/functions/{name}/policy/{statement}", "", "RemovePermission"},
	{"GET", "/2019-09-30/functions/{name}/concurrency", "", "GetFunctionConcurrency"},
	{"PUT", "/2017-10-31/functions/{name}/concurrency", "", "PutFunctionConcurrency"},
	{"DELETE", "/2017-10-31/functions/{name}/concurrency", "", "DeleteFunctionConcurrency"},
	{"GET", "/2020-06-30/functions/{name}/code-signing-config", "", "GetFunctionCodeSigningConfig"},
	{"GET", "/2017-03-31/tags/{arn+}", "", "ListTags"},
	{"POST", "/2017-03-31/tags/{arn+}", "", "TagResource"},
	{"DELETE", "/2017-03-31/tags/{arn+}", "", "UntagResource"},
}

// watcherRoutes are the operations of the services that watch an account.
var watcherRoutes = map[string][]route{
	"access-analyzer": {
		{"PUT", "/analyzer", "", "CreateAnalyzer"},
		{"GET", "/analyzer", "", "ListAnalyzers"},
		{"GET", "/analyzer/{name}", "", "GetAnalyzer"},
		{"DELETE", "/analyzer/{name}", "", "DeleteAnalyzer"},
	},
	"guardduty": {
		{"POST", "/detector", "", "CreateDetector"},
		{"GET", "/detector", "", "ListDetectors"},
		{"GET", "/detector/{id}", "", "GetDetector"},
		{"POST", "/detector/{id}", "", "UpdateDetector"},
		{"DELETE", "/detector/{id}", "", "DeleteDetector"},
	},
	"inspector2": {
		{"POST", "/enable", "", "Enable"},
		{"POST", "/disable", "", "Disable"},
		{"POST", "/status/batch/get", "", "BatchGetAccountStatus"},
	},
	"securityhub": {
		{"POST", "/accounts", "", "EnableSecurityHub"},
		{"GET", "/accounts", "", "DescribeHub"},
		{"PATCH", "/accounts", "", "UpdateSecurityHubConfiguration"},
		{"DELETE", "/accounts", "", "DisableSecurityHub"},
		{"POST", "/standards/register", "", "BatchEnableStandards"},
		{"POST", "/standards/deregister", "", "BatchDisableStandards"},
		{"POST", "/standards/get", "", "GetEnabledStandards"},
	},
}
