// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever writes a pack of their own requires few modules: none of AWS, and of Pulumi the protocol alone.
func TestAPackOfOnesOwnNeedsFewModules(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")
	out, err := list.Output()
	require.NoError(t, err)
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	require.Equal(t, []string{
		"github.com/go-json-experiment/json",
		"github.com/pulumi/pulumi/sdk/v3",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
		"google.golang.org/genproto/googleapis/rpc",
		"google.golang.org/grpc",
		"google.golang.org/protobuf",
		"gopkg.in/yaml.v3",
	}, slices.Compact(modules))
}
