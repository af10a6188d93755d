// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAtLeast(t *testing.T) {
	for _, c := range []struct {
		version, minimum string
		want             bool
	}{
		{"v3.258.0", "v3.258.0", true},
		{"v3.258.1", "v3.258.0", true},
		{"v3.300.0", "v3.258.9", true},
		{"v4.0.0", "v3.258.0", true},
		{"v3.257.9", "v3.258.0", false},
		{"v3.99.0", "v3.258.0", false}, // numbers, not text
		{"v2.999.0", "v3.258.0", false},
		{"v3.258.0-dev.0", "v3.258.0", false}, // before the release
		{"v3.259.0-alpha.xabc", "v3.258.0", false},
		{"v3.258.0 ", "v3.258.0", false},
		{"3.258.0", "v3.258.0", false},
		{"v3.258", "v3.258.0", false},
		{"", "v3.258.0", false},
		{"command not found", "v3.258.0", false},
	} {
		require.Equal(t, c.want, atLeast(c.version, c.minimum), "%q at least %q", c.version, c.minimum)
	}
}

// script puts an executable shell script in place.
func script(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, writeScript(file, "#!/bin/sh\n"+text+"\n"))
}

func TestInstalledPulumi(t *testing.T) {
	for name, c := range map[string]struct {
		version string // what the CLI on PATH prints; empty: there is none
		host    string // where the language host lies: beside the CLI, elsewhere on PATH, or nowhere
		ok      bool
	}{
		"new enough, host beside it": {version: PulumiVersion, host: "beside", ok: true},
		"newer, host on PATH":        {version: "v3.999.0", host: "PATH", ok: true},
		"no host":                    {version: PulumiVersion},
		"too old":                    {version: "v3.100.0", host: "beside"},
		"a development build":        {version: PulumiVersion + "-dev.0", host: "beside"},
		"none":                       {host: "PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, linked, other := t.TempDir(), t.TempDir(), t.TempDir()
			t.Setenv("PATH", linked+":"+other+":/bin:/usr/bin")
			if c.version != "" {
				script(t, filepath.Join(folder, "pulumi"), "[ \"$1\" = version ] && echo "+c.version)
				require.NoError(t, os.Symlink(filepath.Join(folder, "pulumi"), filepath.Join(linked, "pulumi")))
			}
			host := filepath.Join(map[string]string{"beside": folder, "PATH": other}[c.host], "pulumi-language-go")
			if c.host != "" {
				script(t, host, "exit 0")
			}
			cli, found, ok := installedPulumi(t.Context())
			require.Equal(t, c.ok, ok)
			if ok {
				require.Equal(t, Tool{"pulumi", filepath.Join(linked, "pulumi"), "installed"}, cli)
				require.Equal(t, Tool{"pulumi-language-go", host, "installed"}, found)
			}
		})
	}
}

func TestInstalledPulumiThatFails(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/bin:/usr/bin")
	script(t, filepath.Join(dir, "pulumi"), "echo broken >&2; exit 1")
	_, _, ok := installedPulumi(t.Context())
	require.False(t, ok)
}

func TestSearchPathFindsTheLanguageHostFirst(t *testing.T) {
	t.Setenv("PATH", "/usr/bin")
	tools := Toolchain{LanguageHost: Tool{Path: "/repository/.toolchain/bin/pulumi-language-go"}}
	require.Equal(t, "/repository/.toolchain/bin:/usr/bin", tools.SearchPath())
}

// A deployment to a real account must not meet the provider for emulators: the CLI prefers a plugin on PATH.
func TestProviderForEmulatorsIsOnNoSearchPath(t *testing.T) {
	b := newBuilder(Options{Root: t.TempDir()})
	tools := Toolchain{LanguageHost: b.built(languageHostTarget)}
	require.NotContains(t, filepath.SplitList(tools.SearchPath()), filepath.Dir(b.built(providerTarget).Path))
}

func TestOfficial(t *testing.T) {
	for origin, want := range map[string]bool{"installed": true, "downloaded": true, "built": false} {
		tools := Toolchain{Provider: Tool{Origin: origin}}
		require.Equal(t, want, tools.Official(), origin)
	}
}
