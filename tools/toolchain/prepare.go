// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/toolchain/internal/slim"
)

// prepareProvider downloads the upstream provider's module, verified by the committed go.sum, and
// writes its reduced tree to .toolchain/src.
func prepareProvider(ctx context.Context, b *builder) error {
	upstream := filepath.Join(b.root, "tools", "awsprovider", "upstream")
	const module = "github.com/hashicorp/terraform-provider-aws"
	if err := goInModule(ctx, upstream, "mod", "download", module); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	command.Dir = upstream
	command.Env = append(os.Environ(), "GOWORK=off")
	text, err := command.Output()
	if err != nil {
		return fmt.Errorf("go mod download %s: %w", module, err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(text, &downloaded); err != nil {
		return err
	}
	types, dataSources, err := mappedTypes(filepath.Join(b.root, "tools", "awsprovider", "mapping.txt"))
	if err != nil {
		return err
	}
	final := filepath.Join(b.dir, "src", "terraform-provider-aws")
	partial := final + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if _, err := slim.Copy(downloaded.Dir, partial, types, dataSources); err != nil {
		return err
	}
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	return os.Rename(partial, final)
}

// mappedTypes reads the Terraform names of the resources and data sources to build.
func mappedTypes(file string) (types, dataSources []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case fields[0] == "data" && len(fields) == 3:
			dataSources = append(dataSources, fields[1])
		default:
			types = append(types, fields[0])
		}
	}
	return types, dataSources, nil
}
