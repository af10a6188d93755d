// SPDX-License-Identifier: Apache-2.0

package document

import (
	"encoding/json"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Parsed is what was read from the text of a value.
type Parsed struct {
	pack.Value
	Ok bool
}

// JSON reads JSON that stands in the text of a value.
func JSON(from pack.Value, text string) Parsed {
	s, err := pack.StructFromJSON(json.RawMessage(text))
	return Parsed{Value: from.Parsed(s), Ok: err == nil}
}

// longestYAML is the longest YAML that is read; AWS takes no document as long.
const longestYAML = 256 << 10

// Text reads JSON or YAML that stands in the text of a value.
func Text(from pack.Value, text string) Parsed {
	document := JSON(from, text)
	var mapping map[string]any
	if document.Ok || len(text) > longestYAML || yaml.Unmarshal([]byte(text), &mapping) != nil {
		return document
	}
	again, err := json.Marshal(mapping)
	if err != nil { // a key that is no text
		return document
	}
	return JSON(from, string(again))
}
