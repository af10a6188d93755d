// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

func TestEveryPartIsMadeAndThoseWithAnIdAreAdopted(t *testing.T) {
	var names []PartName
	for _, s := range (&Baseline{}).parts() {
		names = append(names, s.name)
		id, known := form.PartID(string(s.name))
		require.True(t, known, s.name)
		require.Equal(t, id != nil, s.adopt != nil, s.name)
	}
	slices.Sort(names)
	require.Equal(t, PartNames(), names)
}
