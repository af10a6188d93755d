// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// probeTimeout bounds the question whether the vendor's download site can be reached.
const probeTimeout = 3 * time.Second

// pluginSite is where the CLI downloads official plugins from.
const pluginSite = "https://get.pulumi.com/releases/plugins"

// officialProvider returns the official AWS plugin if it is installed or can be downloaded. A
// negative answer of the download site is remembered for a day, so that a machine which cannot reach
// it does not wait at every start.
func officialProvider(ctx context.Context, dir string, cli Tool, progress io.Writer) (Tool, bool) {
	const program = "pulumi-resource-aws"
	plugin := filepath.Join("plugins", "resource-aws-v"+ProviderVersion, program)
	var homes []string
	if home := os.Getenv("PULUMI_HOME"); home != "" {
		homes = append(homes, home)
	}
	if home, err := os.UserHomeDir(); err == nil {
		homes = append(homes, filepath.Join(home, ".pulumi"))
	}
	own := filepath.Join(dir, "pulumi-home")
	for _, home := range append(homes, own) {
		if info, err := os.Stat(filepath.Join(home, plugin)); err == nil && info.Mode().IsRegular() {
			return Tool{program, filepath.Join(home, plugin), "installed"}, true
		}
	}
	memo := filepath.Join(dir, "no-official-plugin")
	if info, err := os.Stat(memo); err == nil && time.Since(info.ModTime()) < 24*time.Hour {
		return Tool{}, false
	}
	url := fmt.Sprintf("%s/pulumi-resource-aws-v%s-%s-%s.tar.gz", pluginSite, ProviderVersion, runtime.GOOS, runtime.GOARCH)
	if _, err := os.Stat(cli.Path); err == nil && reachable(ctx, url) {
		fmt.Fprintf(progress, "toolchain: downloading the official AWS plugin %s\n", ProviderVersion)
		command := exec.CommandContext(ctx, cli.Path, "plugin", "install", "resource", "aws", "v"+ProviderVersion)
		command.Env = append(os.Environ(), "PULUMI_HOME="+own, "PULUMI_SKIP_UPDATE_CHECK=true")
		command.Stdout, command.Stderr = progress, progress
		if err := command.Run(); err == nil {
			return Tool{program, filepath.Join(own, plugin), "downloaded"}, true
		}
		fmt.Fprintln(progress, "toolchain: the download failed; building the provider from source instead")
	}
	// A failure to write the memo only costs another probe.
	_ = os.WriteFile(memo, []byte(url+" could not be reached\n"), 0o600)
	return Tool{}, false
}

func reachable(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}
