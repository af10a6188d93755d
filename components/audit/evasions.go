// SPDX-License-Identifier: Apache-2.0

package audit

// evasionChecks are the ways to blind the account, to come back to it or to carry data out of it that no recommendation of CIS
// AWS Foundations 1.4 sees. Each name is the operation's in the service's API, which is how CloudTrail records it (CloudTrail
// user guide, "CloudTrail record contents", eventName); S3 alone has names of its own for the block of public access ("Amazon
// S3 CloudTrail events"). An ordinary deployment does none of it but in a destroy.
func evasionChecks() []Check {
	return []Check{
		// Selectors that leave out events blind a trail that goes on (MITRE ATT&CK T1562.008, "Disable or Modify Cloud Logs").
		{
			Name: "trail-narrowed", Meaning: "Somebody changed which events CloudTrail records, or deleted what it has stored", Pattern: anyOfService("cloudtrail",
				"PutEventSelectors", "PutInsightSelectors", "DeleteEventDataStore", "StopEventDataStoreIngestion", "UpdateEventDataStore"),
		},
		{
			Name: "logs-erased", Meaning: "Somebody deleted logs, or ended what writes them", Pattern: anyOf(
				"DeleteFlowLogs", "DeleteLogGroup", "DeleteLogStream", "DeleteRetentionPolicy", "DeleteSubscriptionFilter", "DisassociateKmsKey",
				"DisassociateResolverQueryLogConfig", "DeleteResolverQueryLogConfig", "DeleteLoggingConfiguration"),
		},
		{
			Name: "alarms-silenced", Meaning: "Somebody deleted or silenced an alarm, its metric, its topic or a subscription", Pattern: anyOf(
				"DeleteAlarms", "DisableAlarmActions", "SetAlarmState", "DeleteMetricFilter", "DeleteTopic", "Unsubscribe", "SetSubscriptionAttributes"),
		},
		// Services that use a key for a caller make grants all day; those carry the service's name.
		{
			Name: "key-opened", Meaning: "Somebody changed who may use a KMS key, or lost its material", Pattern: "{($.eventSource=kms.amazonaws.com) && (" +
				alternatives([]string{"PutKeyPolicy", "ReplicateKey", "DeleteImportedKeyMaterial", "DisableKeyRotation"}) +
				" || (($.eventName=CreateGrant) && ($.userIdentity.invokedBy NOT EXISTS)))}",
		},
		// A second way in is the first thing an intruder makes (MITRE ATT&CK T1136.003 and T1098.001).
		{
			Name: "new-credentials", Meaning: "Somebody made a user, a key or a password, or took away a second factor", Pattern: anyOfService("iam",
				"CreateUser", "CreateAccessKey", "UpdateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "CreateServiceSpecificCredential",
				"ResetServiceSpecificCredential", "UploadSSHPublicKey", "UploadSigningCertificate", "DeactivateMFADevice",
				"UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"),
		},
		{
			Name: "trust-changes", Meaning: "Somebody changed who may take on a role, or how far a role or user may go", Pattern: anyOfService("iam",
				"UpdateAssumeRolePolicy", "AddUserToGroup", "SetDefaultPolicyVersion", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary",
				"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary", "CreateSAMLProvider", "UpdateSAMLProvider",
				"CreateOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"),
		},
		// A shared copy needs no way through the network (MITRE ATT&CK T1537, "Transfer Data to Cloud Account").
		{
			Name: "copies-shared", Meaning: "Somebody shared or exported a snapshot or an image", Pattern: anyOf(
				"ModifySnapshotAttribute", "ModifyImageAttribute", "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute", "StartExportTask"),
		},
		{
			Name: "database-public", Meaning: "Somebody gave a database a public address, or tried to",
			Pattern: "{($.eventSource=rds.amazonaws.com) && ($.requestParameters.publiclyAccessible IS TRUE)}",
		},
		// Secrets Manager itself records how a rotation ended (Secrets Manager user guide, "Secrets Manager event entries").
		{
			Name: "rotation-failed", Meaning: "A secret, such as the password of a database, was not rotated, or somebody switched its rotation off",
			Pattern: anyOfService("secretsmanager", "RotationFailed", "RotationAbandoned", "CancelRotateSecret"),
		},
		{
			Name: "guards-lowered", Meaning: "Somebody switched off what protects the whole account", Pattern: anyOf(
				"DisableEbsEncryptionByDefault", "ModifyEbsDefaultKmsKeyId", "DisableSnapshotBlockPublicAccess", "DisableImageBlockPublicAccess",
				"ModifyVpcBlockPublicAccessOptions", "PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock", "DeleteBucketPublicAccessBlock",
				"DisassociateFirewallRuleGroup", "DeleteDetector", "UpdateDetector", "DisableSecurityHub", "DeleteAnalyzer", "DeleteBackupVault",
				"DeleteRecoveryPoint", "PutBucketObjectLockConfiguration"),
		},
	}
}
