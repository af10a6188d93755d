// SPDX-License-Identifier: Apache-2.0

package access

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// FromOutside is the fact that an access analyzer reports what is shared with others; its other kinds report access
// that nobody uses, or who inside has access.
func FromOutside(r *pack.Resource) pack.Fact {
	return want.Absent(r.Get("type")).Or(r.Get("type").OneOf("ACCOUNT", "ORGANIZATION"))
}
