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
	"slices"
	"time"
)

// probeTimeout bounds the question whether the vendor's download site can be reached.
const probeTimeout = 3 * time.Second

// downloadTimeout bounds the download of the plugin, some 170 MB, after which it is built instead.
const downloadTimeout = 10 * time.Minute

// pluginSite is where the CLI downloads official plugins from.
const pluginSite = "https://get.pulumi.com/releases/plugins"

// providerProgram is the name of the AWS provider's program, whoever built it.
const providerProgram = "pulumi-resource-aws"

// officialPlugin is where the official plugin lies below the CLI's home.
func officialPlugin(home string) string {
	return filepath.Join(home, "plugins", "resource-aws-v"+ProviderVersion, providerProgram)
}

// downloads is the CLI's home for plugins that are downloaded for this repository alone.
func downloads(dir string) string { return filepath.Join(dir, "pulumi-home") }

// installedProvider returns the official AWS plugin if it is installed or was downloaded earlier.
func installedProvider(dir string) (Tool, bool) {
	homes := []string{downloads(dir)}
	if home, err := os.UserHomeDir(); err == nil {
		homes = append(homes, filepath.Join(home, ".pulumi"))
	}
	if home := os.Getenv("PULUMI_HOME"); home != "" {
		homes = append(homes, home)
	}
	for _, home := range slices.Backward(homes) {
		if plugin := officialPlugin(home); executable(plugin) {
			return Tool{providerProgram, plugin, "installed"}, true
		}
	}
	return Tool{}, false
}

// downloadable tells whether a site offers the official AWS plugin. A negative answer is remembered
// for a day, so that a machine which cannot reach the site does not wait at every start.
func downloadable(ctx context.Context, dir, site string) bool {
	if info, err := os.Stat(memo(dir)); err == nil && time.Since(info.ModTime()) < 24*time.Hour {
		return false
	}
	url := fmt.Sprintf("%s/%s-v%s-%s-%s.tar.gz", site, providerProgram, ProviderVersion, runtime.GOOS, runtime.GOARCH)
	if reachable(ctx, url) {
		return true
	}
	if ctx.Err() == nil {
		remember(dir, url+" could not be reached")
	}
	return false
}

func memo(dir string) string { return filepath.Join(dir, "no-official-plugin") }

// remember notes why there is no official plugin. A failure to write the note only costs another attempt.
func remember(dir, why string) { _ = os.WriteFile(memo(dir), []byte(why+"\n"), 0o600) }

// download has the CLI install the official AWS plugin; ok is false if it could not.
func download(ctx context.Context, dir string, cli Tool, progress io.Writer) (plugin Tool, ok bool) {
	fmt.Fprintf(progress, "toolchain: downloading the official AWS plugin %s\n", ProviderVersion)
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, cli.Path, "plugin", "install", "resource", "aws", "v"+ProviderVersion)
	command.Env = append(os.Environ(), "PULUMI_HOME="+downloads(dir), "PULUMI_SKIP_UPDATE_CHECK=true")
	command.Stdout, command.Stderr = progress, progress
	if err := command.Run(); err != nil || !executable(officialPlugin(downloads(dir))) {
		fmt.Fprintln(progress, "toolchain: the download failed; building the provider from source instead")
		remember(dir, "the download failed")
		return Tool{}, false
	}
	return Tool{providerProgram, officialPlugin(downloads(dir)), "downloaded"}, true
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
