// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

// TestTheExampleDeploysAndRollsOut deploys the example of a program of one's own with engine, provider and policies; a second
// preview and a refresh find it as it was written. Then new versions of its services are rolled out.
func TestTheExampleDeploysAndRollsOut(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	box.Own(t, "infra")
	program, err := os.ReadFile(filepath.Join(sandbox.Repository(t), "components", "environment", "example", "main.go"))
	require.NoError(t, err)
	require.Less(t, bytes.Count(program, []byte("\n")), 60, "lines of a program of two services, a database and a load balancer")
	require.NoError(t, os.WriteFile(box.Path("infra", "main.go"), program, 0o600))
	box.Replace(t, "Pulumi.staging.yaml", "210987654321", "111122223333")
	box.Replace(t, "Pulumi.staging.yaml", "edgeZone: staging.bulkhead.example", "edgeZone: shop.example")
	box.Rehearse(t, "up", "staging").Succeed(t)

	example := box.Environment("staging")
	outputs := example.Outputs(t)
	require.Equal(t, []any{"shop.example"}, outputs["hosts"])
	require.Len(t, outputs["services"], 2)
	require.Len(t, outputs["databases"], 1)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *sandbox.Sandbox, *sandbox.Environment)
	}{
		{"a new port moves requests when its instances are healthy", rollOutAPort},
		{"a version that does not become healthy gets no request, nor does the next try before it is healthy", failToRollOut},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, box, example) }) {
			return
		}
	}
}
