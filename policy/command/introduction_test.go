// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIntroductionShowsTheExample compares the pack that the documentation shows with the one that is compiled
// and tested.
func TestIntroductionShowsTheExample(t *testing.T) {
	introduction, err := os.ReadFile("introduction.md")
	require.NoError(t, err)
	for file, fence := range map[string]string{"main.go": "```go\n", "testdata/preview.golden": "```text\n"} {
		source, err := os.ReadFile("../examples/ownpolicy/" + file)
		require.NoError(t, err)
		text := strings.TrimPrefix(string(source), "// SPDX-License-Identifier: Apache-2.0\n\n")
		require.Contains(t, string(introduction), fence+text+"```\n", file)
	}
	source, err := os.ReadFile("../examples/ownpolicy/main.go")
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(source), "\n"), 30, "the example is said to be short")
	test, err := os.ReadFile("../examples/ownpolicy/main_test.go")
	require.NoError(t, err)
	_, shown, _ := strings.Cut(string(introduction), "\tscene := packtest.YAML(")
	shown, _, _ = strings.Cut(shown, "\n}\n```")
	require.NotEmpty(t, shown)
	require.Contains(t, string(test), shown)
}
