// SPDX-License-Identifier: Apache-2.0

package access

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// BlockFlags are the four switches of a public access block.
var (
	BlockFlags = []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}
)

// Blocked is the fact that all four flags of a public access block are on.
func Blocked(v pack.Value) pack.Fact {
	answer := pack.Yes(v)
	for _, flag := range BlockFlags {
		answer = answer.And(v.Get(flag).IsTrue())
	}
	return answer
}
