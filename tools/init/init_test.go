// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// toolkit is the module of the repositories in these tests.
const toolkit = "example.org/iac/toolkit"

// repository is a small one, with a commit.
func repository(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, testproject.Write(dir))
	for name, text := range map[string]string{
		"go.mod":                "module " + toolkit + "\n\ngo 1.26\n",
		"tools/go.mod":          "module " + toolkit + "/tools\n",
		"docs/configuration.md": "old\n",
		"README.md":             "See https://" + toolkit + " and `import \"" + toolkit + "/stacks\"`. Not " + toolkit + "s nor my." + toolkit + ".\n",
		"main.go":               "package main\n\nimport (\n\t_ \"" + toolkit + "/stacks\"\n\t_ \"example.org/other\"\n)\n\n// bulkhead:network:Network is a name that stays.\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "link")))
	gitDo(t, dir, "init", "--quiet")
	commit(t, dir)
	return dir
}

func gitDo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := git(t.Context(), dir, args...)
	require.NoError(t, err)
	return out
}

func commit(t *testing.T, dir string) {
	t.Helper()
	gitDo(t, dir, "add", "--all")
	gitDo(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "x")
}

func initialize(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), dir, args, &out)
	return out.String(), err
}

func text(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(content)
}

// The project of the account's baseline is called like that of the environments, with an ending.
func TestTheBaselineGetsTheNewName(t *testing.T) {
	dir := repository(t)
	folder := stacks.BaselineFolder + "/"
	for _, name := range []string{"Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"} {
		content := text(t, "../..", folder+name)
		content = strings.ReplaceAll(content, strings.TrimSuffix(nameOf(t, text(t, "../..", folder+"Pulumi.yaml")), stacks.BaselineSuffix)+stacks.BaselineSuffix, "bulkhead-baseline")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, folder), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder+name), []byte(content), 0o600))
	}
	commit(t, dir)
	_, err := initialize(t, dir, "-name", "shop", "-account", "111122223333", "-production-account", "444455556666", "-region", "us-east-1")
	require.NoError(t, err)
	require.Equal(t, "shop-baseline", nameOf(t, text(t, dir, folder+"Pulumi.yaml")))
	for env, account := range map[string]string{"staging": "111122223333", "production": "444455556666"} {
		settings, err := stacks.CheckFiles(filepath.Join(dir, folder), env)
		require.NoError(t, err)
		require.Equal(t, account, settings.AccountID)
		require.Equal(t, "us-east-1", settings.Region)
	}
}

func nameOf(t *testing.T, project string) string {
	t.Helper()
	name, err := stacks.ProjectName([]byte(project))
	require.NoError(t, err)
	return name
}

func TestEverythingGetsTheNewName(t *testing.T) {
	dir := repository(t)
	before := text(t, dir, "Pulumi.staging.yaml")
	said, err := initialize(t, dir, "-name", "shop", "-account", "111122223333", "-production-account", "444455556666", "-region", "us-east-1", "-module", "example.net/acme/shop")
	require.NoError(t, err)

	staging, err := stacks.CheckFiles(dir, "staging")
	require.NoError(t, err)
	require.Equal(t, "shop", staging.Project)
	require.Equal(t, "111122223333", staging.AccountID)
	require.Equal(t, "us-east-1", staging.Region)
	require.Equal(t, []string{"us-east-1a", "us-east-1b"}, staging.Network.Zones)
	production, err := stacks.CheckFiles(dir, "production")
	require.NoError(t, err)
	require.Equal(t, "444455556666", production.AccountID)
	require.Equal(t, []string{"us-east-1a", "us-east-1b", "us-east-1c"}, production.Network.Zones)

	wanted := strings.NewReplacer("  bulkhead:", "  shop:", "210987654321", "111122223333", "eu-central-1", "us-east-1").Replace(before)
	require.Equal(t, wanted, text(t, dir, "Pulumi.staging.yaml"), "comments and form stay")
	require.NotContains(t, text(t, dir, "Pulumi.yaml"), "bulkhead:")
	require.Contains(t, text(t, dir, "docs/configuration.md"), "`shop:vpcCidr`")
	require.Equal(t, "module example.net/acme/shop\n\ngo 1.26\n", text(t, dir, "go.mod"))
	require.Equal(t, "module example.net/acme/shop/tools\n", text(t, dir, "tools/go.mod"))
	require.Equal(t, "See https://"+toolkit+" and `import \"example.net/acme/shop/stacks\"`. Not "+toolkit+"s nor my."+toolkit+".\n", text(t, dir, "README.md"))
	require.Equal(t, "package main\n\nimport (\n\t_ \"example.net/acme/shop/stacks\"\n\t_ \"example.org/other\"\n)\n\n// bulkhead:network:Network is a name that stays.\n", text(t, dir, "main.go"))

	for _, want := range []string{
		"8 files are changed:", "the project is called shop instead of bulkhead", "the Go module is example.net/acme/shop instead of " + toolkit,
		"Pulumi.production.yaml names account 444455556666", "every environment is in us-east-1", "What is left to do:", "make check ENV=staging", "describe-availability-zones --region us-east-1",
	} {
		require.Contains(t, said, want)
	}

	// A second run adds what the first left out, and a third finds nothing to do.
	commit(t, dir)
	said, err = initialize(t, dir, "-name", "shop", "-region", "us-west-2", "-account", "")
	require.NoError(t, err)
	require.Contains(t, said, "2 files are changed:")
	require.NotContains(t, said, "instead of")
	commit(t, dir)
	said, err = initialize(t, dir, "-name", "shop")
	require.NoError(t, err)
	require.Equal(t, "nothing to do: the project is called shop and its module example.net/acme/shop already\n", said)
	require.Empty(t, gitDo(t, dir, "status", "--porcelain"))

	// Another name later, and the module that fits the remote.
	gitDo(t, dir, "remote", "add", "origin", "git@git.example.com:acme/market.git")
	_, err = initialize(t, dir, "-name", "market")
	require.NoError(t, err)
	require.Equal(t, "module git.example.com/acme/market\n\ngo 1.26\n", text(t, dir, "go.mod"))
	require.Contains(t, text(t, dir, "Pulumi.production.yaml"), "  market:accountId: \"444455556666\" # in quotes")
}

func TestWhatIsLeftIsSaid(t *testing.T) {
	said, err := initialize(t, repository(t), "-name", "shop")
	require.NoError(t, err)
	require.Contains(t, said, "the Go module is example.com/shop instead of "+toolkit)
	require.Contains(t, said, "Pulumi.staging.yaml: accountId; or run make init NAME=shop ACCOUNT=…")
	require.Contains(t, said, "Pulumi.production.yaml: accountId; or run make init NAME=shop PRODUCTION_ACCOUNT=…")
}

func TestBadValuesAreReportedAtOnce(t *testing.T) {
	dir := repository(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-name", ""}, "NAME: missing; call the project something, for example make init NAME=shop ACCOUNT=123456789012 REGION=eu-west-1"},
		{[]string{"-name", "My Shop", "-account", "1", "-production-account", "2", "-region", "Frankfurt", "-module", "shop"},
			`NAME: "My Shop" is not a valid name for the project, which becomes part of the names of AWS resources; use 1 to 20 lower-case letters, digits and inner hyphens, beginning with a letter` + "\n" +
				`ACCOUNT: "1" is not an AWS account id; write all 12 digits` + "\n" +
				`PRODUCTION_ACCOUNT: "2" is not an AWS account id; write all 12 digits` + "\n" +
				`REGION: "Frankfurt" is not the name of an AWS region; write it like eu-central-1` + "\n" +
				`MODULE: "shop" is not the path of a Go module; write it like github.com/acme/shop`},
		{[]string{"-name", "shop", "-account", "111122223333", "-production-account", "111122223333"},
			`PRODUCTION_ACCOUNT: "111122223333" is also ACCOUNT; give production an account of its own`},
		{[]string{"-name", "shop", "more"}, `"more" is one argument too many`},
	} {
		_, err := initialize(t, dir, tt.args...)
		require.EqualError(t, err, tt.want)
	}
	_, err := initialize(t, dir, "-nam", "shop")
	require.ErrorContains(t, err, "-nam")
	require.Empty(t, gitDo(t, dir, "status", "--porcelain"))
}

func TestUncommittedChangesAreNotTouched(t *testing.T) {
	dir := repository(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "note.txt"), nil, 0o600))
	_, err := initialize(t, dir, "-name", "shop")
	require.EqualError(t, err, `the repository has uncommitted changes, such as "note.txt"; commit or stash them first, so that what init does can be seen and undone`)
	require.Contains(t, text(t, dir, "Pulumi.yaml"), "name: bulkhead")

	_, err = initialize(t, t.TempDir(), "-name", "shop")
	require.ErrorContains(t, err, "this is not a git repository")
	require.ErrorContains(t, err, "run git init, git add . and git commit first")
}

func TestNothingChangesUnlessTheResultIsUsable(t *testing.T) {
	dir := repository(t)
	file := filepath.Join(dir, "Pulumi.staging.yaml")
	changed := strings.Replace(text(t, dir, "Pulumi.staging.yaml"), "  bulkhead:edgeZone: staging.bulkhead.example\n",
		"  bulkhead:edgeDomain: shop.example\n  bulkhead:edgeCertificateArn: arn:aws:acm:eu-central-1:210987654321:certificate/01234567-89ab-cdef-0123-456789abcdef\n", 1)
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
	commit(t, dir)
	_, err := initialize(t, dir, "-name", "shop", "-region", "us-east-1")
	require.ErrorContains(t, err, "nothing is changed, because the result would not be usable: Pulumi.staging.yaml: shop:edgeCertificateArn: ")
	require.ErrorContains(t, err, "lies outside region us-east-1; use a certificate of that region")
	require.Empty(t, gitDo(t, dir, "status", "--porcelain"))
}

func TestAFailureRestoresWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	before, after := map[string]string{}, map[string]string{"gone": "new"}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		before[name], after[name] = "old", "new"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600))
	}
	require.ErrorContains(t, write(dir, before, after), "nothing is changed: ")
	for name := range before {
		require.Equal(t, "old", text(t, dir, name))
	}
}

func TestModuleOfARemote(t *testing.T) {
	for remote, want := range map[string]string{
		"git@github.com:acme/shop.git\n":               "github.com/acme/shop",
		"https://git.example.com/group/sub/shop.git":   "git.example.com/group/sub/shop",
		"https://user:token@git.example.com/acme/shop": "git.example.com/acme/shop",
		"ssh://git@git.example.com/acme/shop.git":      "git.example.com/acme/shop",
		"":                 "example.com/shop",
		"/srv/git/shop":    "example.com/shop",
		"../shop":          "example.com/shop",
		"file:///srv/shop": "example.com/shop",
		"ssh://git@git.example.com:2222/acme/shop.git": "example.com/shop",
	} {
		require.Equal(t, want, moduleOf(remote, "shop"), remote)
	}
}

func TestEditLeavesTheRestAsItIs(t *testing.T) {
	upper := func(at []string, value string) string {
		if at[len(at)-1] == "v" {
			return "NEW"
		}
		return value
	}
	prefixed := func(key string) string { return strings.Replace(key, "old:", "new:", 1) }
	for before, want := range map[string]string{
		"a: {v: x} # x\n":                "a: {v: NEW} # x\n",
		"'old:k':   \"x\"\n# v: x\nv: x": "'new:k':   \"x\"\n# v: x\nv: NEW",
		"v:\n  - x\n  - 'y'\n":           "v:\n  - NEW\n  - 'NEW'\n",
		"old:v: [x, \"y\"]\nv: z\n":      "new:v: [x, \"y\"]\nv: NEW\n",
		"":                               "",
	} {
		got, err := edit(before, upper, prefixed)
		require.NoError(t, err, before)
		require.Equal(t, want, got)
	}
	for _, cannot := range []string{"v: >-\n  x\n  y\n", "v: &a x\n", "v: !!str x\n"} {
		_, err := edit(cannot, upper, prefixed)
		require.ErrorContains(t, err, "line 1: ", cannot)
		require.ErrorContains(t, err, "write it on one line", cannot)
	}
	_, err := edit("v: [", upper, nil)
	require.Error(t, err)
}
