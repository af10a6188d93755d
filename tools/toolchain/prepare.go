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

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
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
	final := filepath.Join(b.dir, "src", "terraform-provider-aws")
	partial := final + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	types, dataSources, table := offered()
	if _, err := slim.Copy(downloaded.Dir, partial, types, dataSources); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(partial, "xpprovider", "types.go"), []byte(table), 0o600); err != nil {
		return err
	}
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	return os.Rename(partial, final)
}

// offered returns the Terraform names of the resources and data sources that the provider is built with, and the Go source that
// tells it their tokens: its own module must not depend on this one, so the register reaches it through the prepared tree.
func offered() (types, dataSources []string, table string) {
	var text strings.Builder
	text.WriteString("package xpprovider\n\n// Types are the Terraform names of the types that the tree was reduced to, by Pulumi's tokens.\nvar Types = map[string]string{\n")
	for _, t := range awstypes.All() {
		if t.Terraform == "" {
			continue
		}
		if t.DataSource() {
			dataSources = append(dataSources, t.Terraform)
		} else {
			types = append(types, t.Terraform)
		}
		fmt.Fprintf(&text, "\t%q: %q,\n", t.Token, t.Terraform)
	}
	text.WriteString("}\n")
	return types, dataSources, text.String()
}
