// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bytes"
	"compress/gzip"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

const putData = "POST /service/GraniteServiceVersion20100801/operation/PutMetricData"

func TestCBORBecomesJSON(t *testing.T) {
	t.Parallel()
	body, err := cbor.Marshal(map[string]any{"Namespace": "n", "MetricData": []any{
		map[string]any{"Value": 1.5, "Count": 2, "Timestamp": cbor.Tag{Number: 1, Content: 1767225600.25}}}})
	require.NoError(t, err)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(body)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	for _, call := range []*wire.Call{
		parse(putData, "monitoring", string(body), "Smithy-Protocol: rpc-v2-cbor"),
		parse(putData, "monitoring", packed.String(), "Smithy-Protocol: rpc-v2-cbor", "Content-Encoding: gzip"),
	} {
		translated, err := call.CBORToJSON()
		require.NoError(t, err)
		require.Equal(t, "GraniteServiceVersion20100801.PutMetricData", translated.Header.Get("X-Amz-Target"))
		require.Empty(t, translated.Header.Get("Content-Encoding"))
		require.JSONEq(t, `{"Namespace":"n","MetricData":[{"Value":1.5,"Count":2,"Timestamp":1767225600.25}]}`, string(translated.Body))
	}
	_, err = parse("POST /elsewhere", "monitoring", "", "Smithy-Protocol: rpc-v2-cbor").CBORToJSON()
	require.Error(t, err)
}

func TestJSONBecomesCBOR(t *testing.T) {
	t.Parallel()
	encoded, err := wire.JSONToCBOR([]byte(`{"Period":60,"Threshold":1.5,"StateUpdatedTimestamp":1767225600.5,"Timestamps":[1767225600],"Name":"a","None":null}`))
	require.NoError(t, err)
	var decoded map[string]any
	require.NoError(t, cbor.Unmarshal(encoded, &decoded))
	require.Equal(t, uint64(60), decoded["Period"])
	require.InDelta(t, 1.5, decoded["Threshold"], 0)
	require.True(t, time.Date(2026, 1, 1, 0, 0, 0, 500000000, time.UTC).Equal(decoded["StateUpdatedTimestamp"].(time.Time)))
	require.IsType(t, time.Time{}, decoded["Timestamps"].([]any)[0])
	_, err = wire.JSONToCBOR([]byte("<html>"))
	require.Error(t, err)
}
