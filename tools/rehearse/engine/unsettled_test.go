// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The events of an update that was killed: the topic is in the state, the role and the new VPC are not, AWS said no to the
// bucket, and the provider died under the key.
const killedUpdate = `{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn::topic","new":{"custom":true}}}}
{"resOutputsEvent":{"metadata":{"op":"create","urn":"urn::topic"}}}
{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn::component","new":{"custom":false}}}}
{"resourcePreEvent":{"metadata":{"op":"update","urn":"urn::alarm","new":{"custom":true}}}}
{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn::role","new":{"custom":true}}}}
{"resourcePreEvent":{"metadata":{"op":"create-replacement","urn":"urn::vpc","old":{"id":"vpc-1"},"new":{"custom":true}}}}
{"resourcePreEvent":{"metadata":{"op":"create-replacement","urn":"urn::subnet","old":{"id":"subnet-1"},"new":{"custom":true}}}}
{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn::bucket","new":{"custom":true}}}}
{"diagnosticEvent":{"urn":"urn::bucket","severity":"error","message":"BucketAlreadyExists: status 409"}}
{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn::key","new":{"custom":true}}}}
{"diagnosticEvent":{"urn":"urn::key","severity":"error","message":"rpc error: code = Unavailable desc = error reading from server: EOF"}}
{"resourcePreEvent":{"metadata":{"op":"create","u`

const killedState = `{"deployment":{"resources":[{"urn":"urn::topic","id":"t"},{"urn":"urn::vpc","id":"vpc-1"},{"urn":"urn::subnet","id":"subnet-2"}],
"pending_operations":[{"type":"creating","resource":{"urn":"urn::alias"}},{"type":"deleting","resource":{"urn":"urn::old"}}]}}`

func TestUnsettledIsWhatNobodyKnows(t *testing.T) {
	e, _ := fakeEngine(t, "cat <<'E'\n"+killedState+"\nE")
	unsettled, err := e.Unsettled(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"urn::alias"}, unsettled, "without a log the state alone says it")
	require.NoError(t, os.WriteFile(e.stage.Path("events", "up.jsonl"), []byte(killedUpdate), 0o600))
	unsettled, err = e.Unsettled(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"urn::alias", "urn::key", "urn::role", "urn::vpc"}, unsettled)
}

func TestNothingIsUnsettledAfterAnOrderlyRun(t *testing.T) {
	e, _ := fakeEngine(t, `echo '{"deployment":{"resources":[{"urn":"urn::topic","id":"t"}]}}'`)
	whole := strings.Join(strings.SplitN(killedUpdate, "\n", 3)[:2], "\n")
	require.NoError(t, os.WriteFile(e.stage.Path("events", "up.jsonl"), []byte(whole), 0o600))
	unsettled, err := e.Unsettled(t.Context())
	require.NoError(t, err)
	require.Empty(t, unsettled)
}
