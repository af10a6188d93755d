// SPDX-License-Identifier: Apache-2.0

package document

import (
	"encoding/json"

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
