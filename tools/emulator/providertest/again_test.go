// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

// TestDeployedAgain takes what outlives an environment through two deployments in one account, under the names that the
// components give: what the first leaves must not be in the way of the second. RDS takes no second snapshot of one name, and
// KMS no second alias, and RDS makes the log groups of an instance that is gone again.
func TestDeployedAgain(t *testing.T) {
	t.Parallel()
	plugin := providertest.Start(t, root)
	for _, deployment := range []string{"0a1b2c3d", "4e5f6a7b"} {
		bucket := "staging-trail-files-bucket-" + deployment
		db := "bulkhead-staging-db-" + deployment
		providertest.Run(t, plugin,
			resource{Name: "block", Type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", Inputs: m{"accountId": "${account.id}", "blockPublicAcls": true,
				"blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true}, Keep: true},
			resource{Name: "passwords", Type: "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", Inputs: m{"minimumPasswordLength": 14, "passwordReusePrevention": 24,
				"requireLowercaseCharacters": true, "requireNumbers": true, "requireSymbols": true, "requireUppercaseCharacters": true, "maxPasswordAge": 90}, Keep: true},
			resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"description": "database", "enableKeyRotation": true}, Keep: true},
			resource{Name: "alias", Type: "aws:kms/alias:Alias", Inputs: m{"name": "alias/staging-db", "targetKeyId": "${key.keyId}"}},
			resource{Name: "bucket", Type: "aws:s3/bucketV2:BucketV2", Inputs: m{"bucket": bucket, "forceDestroy": false}, Keep: true},
			resource{Name: "encryption", Type: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", Inputs: m{"bucket": "${bucket.id}",
				"rules": l{m{"applyServerSideEncryptionByDefault": m{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "${key.arn}"}, "bucketKeyEnabled": false}}}, Keep: true},
			resource{Name: "log", Type: "aws:cloudwatch/logGroup:LogGroup", Inputs: m{"name": "/aws/rds/instance/" + db + "/postgresql", "retentionInDays": 365}, Keep: true},
			resource{Name: "db", Type: "aws:rds/instance:Instance", Inputs: m{"identifier": db, "engine": "postgres", "engineVersion": "17", "instanceClass": "db.t4g.micro",
				"allocatedStorage": 20, "storageType": "gp3", "storageEncrypted": true, "kmsKeyId": "${key.arn}", "username": "dbowner", "dbName": "app", "manageMasterUserPassword": true,
				"backupRetentionPeriod": 7, "deleteAutomatedBackups": false, "skipFinalSnapshot": false, "finalSnapshotIdentifier": "bulkhead-staging-db-final-" + deployment,
				"enabledCloudwatchLogsExports": l{"postgresql"}, "tags": m{"log": "${log.name}"}},
				Differ: []string{"latestRestorableTime"}},
		)
	}
}
