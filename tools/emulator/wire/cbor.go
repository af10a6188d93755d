// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// timeMember matches the members that CloudWatch's model types as timestamps, which JSON carries as numbers and CBOR as tag 1.
var timeMember = regexp.MustCompile(`(Timestamps?|Time|Date|StartsAt|EndsAt|LastModified)$`)

// maxInflated bounds a compressed body.
const maxInflated = 16 << 20

var (
	decoder = must(cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any](), TimeTag: cbor.DecTagOptional}.DecMode())
	encoder = must(cbor.EncOptions{Time: cbor.TimeUnixMicro, TimeTag: cbor.EncTagRequired}.EncMode())
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func decodeCBOR(body []byte) (map[string]any, error) {
	decoded := map[string]any{}
	if len(body) == 0 {
		return decoded, nil
	}
	err := decoder.Unmarshal(body, &decoded)
	return decoded, err
}

// CBORToJSON makes the JSON 1.0 call that means the same as a Smithy RPC v2 CBOR call
// (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html): the path's service becomes the target's prefix.
func (c *Call) CBORToJSON() (*Call, error) {
	parts := strings.Split(strings.Trim(c.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "service" || parts[2] != "operation" {
		return nil, fmt.Errorf("not a Smithy RPC v2 path: %s", c.Path)
	}
	body := c.Body
	if c.Header.Get("Content-Encoding") == "gzip" {
		inflated, err := inflate(body)
		if err != nil {
			return nil, err
		}
		body = inflated
	}
	decoded, err := decodeCBOR(body)
	if err != nil {
		return nil, fmt.Errorf("broken CBOR body: %w", err)
	}
	encoded, err := json.Marshal(plain(decoded))
	if err != nil {
		return nil, err
	}
	j := c.Clone()
	j.Protocol, j.Path, j.Body, j.Method = JSON, "/", encoded, http.MethodPost
	for _, name := range []string{"Smithy-Protocol", "Content-Encoding", "Accept"} {
		j.Header.Del(name)
	}
	j.Header.Set("X-Amz-Target", parts[1]+"."+parts[3])
	j.Header.Set("Content-Type", "application/x-amz-json-1.0")
	return j, nil
}

// inflate undoes gzip, which the SDKs use for large PutMetricData bodies.
func inflate(body []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("broken gzip body: %w", err)
	}
	return io.ReadAll(io.LimitReader(reader, maxInflated))
}

// plain replaces what JSON cannot carry: times become seconds, not-a-number becomes the string that AWS JSON uses.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = plain(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = plain(inner)
		}
	case time.Time:
		return float64(v.UnixMicro()) / 1e6
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	}
	return value
}

// JSONToCBOR encodes a JSON answer as CBOR.
func JSONToCBOR(body []byte) ([]byte, error) {
	decoded := map[string]any{}
	if len(bytes.TrimSpace(body)) > 0 {
		reader := json.NewDecoder(bytes.NewReader(body))
		reader.UseNumber()
		if err := reader.Decode(&decoded); err != nil {
			return nil, fmt.Errorf("not a JSON object: %w", err)
		}
	}
	return encoder.Marshal(typed("", decoded))
}

// typed turns JSON numbers into CBOR's integers, floats and times.
func typed(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = typed(name, inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = typed(key, inner)
		}
	case json.Number:
		if timeMember.MatchString(key) {
			seconds, err := v.Float64()
			if err == nil {
				return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC()
			}
		}
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		if fraction, err := v.Float64(); err == nil {
			return fraction
		}
	}
	return value
}
