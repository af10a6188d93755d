// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// site is a download site that answers every request with a status, and counts them.
func site(t *testing.T, status int) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		require.Equal(t, http.MethodHead, r.Method)
		require.Equal(t, "/plugins/pulumi-resource-aws-v"+ProviderVersion+"-"+runtime.GOOS+"-"+runtime.GOARCH+".tar.gz", r.URL.Path)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/plugins", asked
}

// silent is a download site that accepts connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(func() { close(end); server.Close() })
	return server.URL
}

func TestReachable(t *testing.T) {
	offered, _ := site(t, http.StatusOK)
	missing, _ := site(t, http.StatusNotFound)
	for url, want := range map[string]bool{
		offered + "/pulumi-resource-aws-v" + ProviderVersion + "-" + runtime.GOOS + "-" + runtime.GOARCH + ".tar.gz": true,
		missing + "/pulumi-resource-aws-v" + ProviderVersion + "-" + runtime.GOOS + "-" + runtime.GOARCH + ".tar.gz": false,
		"http://127.0.0.1:1/": false,
		"::":                  false,
	} {
		require.Equal(t, want, reachable(t.Context(), url), url)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.False(t, reachable(ctx, silent(t)))
}

func TestNegativeAnswerIsRememberedForADay(t *testing.T) {
	dir := t.TempDir()
	url, asked := site(t, http.StatusNotFound)
	require.False(t, downloadable(t.Context(), dir, url))
	require.False(t, downloadable(t.Context(), dir, url))
	require.EqualValues(t, 1, asked.Load())
	yesterday := time.Now().Add(-25 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "no-official-plugin"), yesterday, yesterday))
	require.False(t, downloadable(t.Context(), dir, url))
	require.EqualValues(t, 2, asked.Load())
}

func TestPositiveAnswerIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	url, asked := site(t, http.StatusOK)
	require.True(t, downloadable(t.Context(), dir, url))
	require.True(t, downloadable(t.Context(), dir, url))
	require.EqualValues(t, 2, asked.Load())
}

func TestInterruptedProbeIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, downloadable(ctx, dir, silent(t)))
	require.NoFileExists(t, filepath.Join(dir, "no-official-plugin"))
}

func TestInstalledProvider(t *testing.T) {
	home, pulumiHome, dir := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PULUMI_HOME", pulumiHome)
	_, ok := installedProvider(dir)
	require.False(t, ok)

	// From the last choice to the first.
	for _, at := range []string{downloads(dir), filepath.Join(home, ".pulumi"), pulumiHome} {
		plugin := officialPlugin(at)
		require.NoError(t, os.MkdirAll(filepath.Dir(plugin), 0o750))
		require.NoError(t, os.WriteFile(plugin, nil, 0o600))
		found, _ := installedProvider(dir)
		require.NotEqual(t, plugin, found.Path, "not a program")
		require.NoError(t, os.Chmod(plugin, 0o700))
		found, ok = installedProvider(dir)
		require.True(t, ok)
		require.Equal(t, Tool{"pulumi-resource-aws", plugin, "installed"}, found)
	}
}

// repository is a root with a Pulumi CLI on PATH, of which `plugin install` does what the test says.
func repository(t *testing.T, install string) (root string) {
	t.Helper()
	root = t.TempDir()
	t.Setenv("HOME", filepath.Join(root, "home"))
	t.Setenv("PULUMI_HOME", "")
	t.Setenv("PATH", filepath.Join(root, "path")+":/bin:/usr/bin")
	script(t, filepath.Join(root, "path", "pulumi-language-go"), "exit 0")
	script(t, filepath.Join(root, "path", "pulumi"), `[ "$1" = version ] && { echo `+PulumiVersion+`; exit; }
[ "$*" = "plugin install resource aws v`+ProviderVersion+`" ] || exit 2
plugin=$PULUMI_HOME/plugins/resource-aws-v`+ProviderVersion+`/pulumi-resource-aws
mkdir -p "${plugin%/*}"
`+install)
	return root
}

func TestEnsureDownloadsTheOfficialPlugin(t *testing.T) {
	root := repository(t, `echo program >"$plugin"; chmod 700 "$plugin"`)
	url, asked := site(t, http.StatusOK)
	progress := &shared{}
	b := newBuilder(Options{Root: root, Progress: progress})
	b.site = url
	tools, err := b.ensure(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, &Toolchain{
		Pulumi:       Tool{"pulumi", filepath.Join(root, "path", "pulumi"), "installed"},
		LanguageHost: Tool{"pulumi-language-go", filepath.Join(root, "path", "pulumi-language-go"), "installed"},
		Provider:     Tool{"pulumi-resource-aws", officialPlugin(filepath.Join(root, ".toolchain", "pulumi-home")), "downloaded"},
	}, tools)
	require.True(t, tools.Official())
	require.Equal(t, "toolchain: downloading the official AWS plugin "+ProviderVersion+"\n", progress.String())

	tools, err = b.ensure(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, "installed", tools.Provider.Origin)
	require.EqualValues(t, 1, asked.Load(), "the second run finds it in place")
}

func TestEnsureBuildsWhereTheDownloadFails(t *testing.T) {
	for name, install := range map[string]string{
		"the CLI fails":        `echo "no space left" >&2; exit 1`,
		"nothing is installed": `exit 0`,
	} {
		t.Run(name, func(t *testing.T) {
			root := repository(t, install)
			url, _ := site(t, http.StatusOK)
			progress := &shared{}
			// There is no source in this repository, so that the build cannot begin.
			b := newBuilder(Options{Root: root, Progress: progress})
			b.site = url
			_, err := b.ensure(t.Context(), true)
			require.Error(t, err)
			require.Contains(t, progress.String(), "toolchain: the download failed; building the provider from source instead\n")
		})
	}
}

// A machine without a Pulumi CLI gets the official plugin all the same: the CLI is built first.
func TestEnsureBuildsTheCLIForTheDownload(t *testing.T) {
	w := newWorkshop(t)
	for _, own := range []target{pulumiTarget, languageHostTarget} {
		require.NoError(t, os.Mkdir(filepath.Join(w.root, "tools", own.module), 0o750))
	}
	t.Setenv("HOME", filepath.Join(w.root, "home"))
	t.Setenv("PULUMI_HOME", "")
	w.goBuilds(`cat >"$out" <<'END'
#!/bin/sh
plugin=$PULUMI_HOME/plugins/resource-aws-v` + ProviderVersion + `/pulumi-resource-aws
mkdir -p "${plugin%/*}" && echo program >"$plugin" && chmod 700 "$plugin"
END
chmod 700 "$out"`)
	w.site, _ = site(t, http.StatusOK)
	tools, err := w.ensure(t.Context(), true)
	require.NoError(t, err)
	require.Len(t, w.built(), 2, "the CLI and its language host")
	require.Equal(t, "built", tools.Pulumi.Origin)
	require.Equal(t, "downloaded", tools.Provider.Origin)
}

// For a real account the plugin is the CLI's business.
func TestEnsureForARealAccountNeedsNoProvider(t *testing.T) {
	root := repository(t, "exit 1")
	tools, err := Ensure(t.Context(), Options{Root: root, Progress: &shared{}})
	require.NoError(t, err)
	require.Empty(t, tools.Provider)
	require.NoFileExists(t, filepath.Join(root, ".toolchain", "no-official-plugin"), "nobody was asked")
}
