// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
)

// TestNoRemedyReplacesAResource applies every remedy to every bad resource of its fixtures and to an empty resource of
// each of its types. Nothing that it changes may replace the resource, and it mends one of them at least: a remedy
// that may mend nothing is none.
func TestNoRemedyReplacesAResource(t *testing.T) {
	t.Parallel()
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	for _, c := range controls.All() {
		if c.Remedy == nil {
			continue
		}
		_, scenes, _, err := fixtures[c.ID].Scenes(p)
		require.NoError(t, err)
		mended := 0
		for _, scene := range scenes {
			for i, spec := range scene {
				props, _, err := scene.Inputs(i, packtest.State)
				require.NoError(t, err)
				mended += mends(t, p, c, spec.Type, props)
			}
		}
		for _, token := range c.Types {
			mends(t, p, c, token, &structpb.Struct{})
		}
		require.Positive(t, mended, "%s: the remedy mends none of the bad fixtures", c.ID)
	}
}

// mends applies the remedy of a control to a resource and returns how many changes it made.
func mends(t *testing.T, p *pack.Pack, c *pack.Control, token string, props *structpb.Struct) int {
	t.Helper()
	session := pack.NewSession(p)
	require.NoError(t, session.Configure(map[string]pack.Config{"all": {Level: pack.Disabled}, c.ID: {Level: pack.Remediate}}))
	done := session.Remediate(pack.NewResource(token, "r", "urn", props), props)
	for _, d := range done {
		require.Empty(t, d.Problem)
		for _, path := range changed(structpb.NewStructValue(props), structpb.NewStructValue(d.Inputs), "") {
			require.False(t, schema.Replaces(token, path), "%s changes %s of a %s, which replaces it", c.ID, path, token)
		}
	}
	return len(done)
}

// changed lists the paths at which two values differ.
func changed(a, b *structpb.Value, path string) []string {
	before, after := a.GetStructValue(), b.GetStructValue()
	if after == nil || before == nil && a != nil {
		if proto.Equal(a, b) {
			return nil
		}
		return []string{path}
	}
	var out []string
	for key, v := range after.GetFields() {
		below := key
		if path != "" {
			below = path + "." + key
		}
		out = append(out, changed(before.GetFields()[key], v, below)...)
	}
	return out
}

// TestCuresSayWhatReplaces reads the cure of findings about properties that cannot be changed in place, and of one that can.
func TestCuresSayWhatReplaces(t *testing.T) {
	t.Parallel()
	p := load(t)
	for id, c := range map[string]struct{ token, props, want string }{
		"rds-storage-encrypted": {"aws:rds/instance:Instance", "- {$name: shop, engine: postgres}", "a change of storageEncrypted replaces it"},
		"ec2-disks-encrypted": {"aws:ec2/instance:Instance",
			"- {$name: web, ebsBlockDevices: [{deviceName: a}, {deviceName: b, encrypted: true}]}",
			"a change of ebsBlockDevices[0].encrypted replaces it"},
		"elasticache-encrypted": {"aws:elasticache/replicationGroup:ReplicationGroup", "- {$name: cache, transitEncryptionEnabled: true}",
			"a change of atRestEncryptionEnabled replaces it"},
		"efs-encrypted":           {"aws:efs/fileSystem:FileSystem", "- {$name: files}", "a change of encrypted replaces it"},
		"rds-deletion-protection": {"aws:rds/instance:Instance", "- {$name: shop, engine: postgres}", ""},
		"service-not-public": {"aws:mq/broker:Broker", "- {$name: queue, publiclyAccessible: true}",
			"a change of publiclyAccessible replaces it"},
	} {
		_, results, err := packtest.RunOne(p, id, packtest.YAML(t, c.token, c.props), packtest.State, nil)
		require.NoError(t, err)
		require.NotEmpty(t, results, id)
		require.NotEmpty(t, results[0].Notes, id)
		if note := results[0].Notes[0]; c.want == "" {
			require.Equal(t, results[0].Control.Fix, results[0].Cure(note), id)
		} else {
			require.Contains(t, results[0].Cure(note), c.want, id)
			require.Contains(t, results[0].Message(note), c.want, id)
		}
	}
}
