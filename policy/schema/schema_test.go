// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
)

func TestTheTableSaysOfWhichVersionItIs(t *testing.T) {
	require.Regexp(t, `^6\.\d+\.\d+$`, schema.Version())
}

func TestTheTableKnowsWhatReplaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token, path string
		want        bool
	}{
		{"aws:efs/fileSystem:FileSystem", "encrypted", true},
		{"aws:ebs/volume:Volume", "encrypted", true},
		{"aws:rds/instance:Instance", "storageEncrypted", true},
		{"aws:rds/instance:Instance", "deletionProtection", false},
		{"aws:ec2/instance:Instance", "ebsBlockDevices[1].encrypted", true},
		{"aws:ec2/instance:Instance", "metadataOptions.httpTokens", false},
		{"aws:ec2/instance:Instance", "launchTemplate.id", true},
		{"aws:elasticache/replicationGroup:ReplicationGroup", "atRestEncryptionEnabled", true},
		{"aws:mq/broker:Broker", "publiclyAccessible", true},
		{"aws:redshift/cluster:Cluster", "publiclyAccessible", false},
		{"aws:s3/bucketV2:BucketV2", "bucketPrefix", true},
		{"aws:nosuch/thing:Thing", "anything", false},
	} {
		require.Equal(t, c.want, schema.Replaces(c.token, c.path), "%s %s", c.token, c.path)
	}
}

func TestTheTableKnowsWhatTheSDKsSeal(t *testing.T) {
	t.Parallel()
	require.Contains(t, schema.Sealed("aws:ssm/parameter:Parameter"), "value")
	require.NotContains(t, schema.Sealed("aws:ssm/parameter:Parameter"), "insecureValue")
	require.Contains(t, schema.Sealed("aws:rds/instance:Instance"), "password")
}

func TestTheTableHasEveryTypeThatAControlJudges(t *testing.T) {
	t.Parallel()
	for _, c := range controls.All() {
		for _, token := range c.Types {
			if len(token) > 4 && token[:4] == "aws:" {
				require.True(t, schema.Known(token), "%s of %s; run: go run ./policy/schema/generate", token, c.ID)
			}
		}
	}
}
