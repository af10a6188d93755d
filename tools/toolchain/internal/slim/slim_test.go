// SPDX-License-Identifier: Apache-2.0

package slim

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// upstream is a provider in miniature: four services, of which ec2 has two resources and a data source, its client is
// asked for by kms alone, and sts is what the provider always needs.
var upstream = map[string]string{
	"go.mod":  "module " + modulePath + "\n\ngo 1.26.0\n",
	"go.sum":  "",
	"LICENSE": "Mozilla Public License\n",
	"names/consts_gen.go": `package names

const (
	EC2 = "ec2"
	KMS = "kms"
	RDS = "rds"
	STS = "sts"
)
`,
	"internal/types/types.go": `package types

type Spec struct{ TypeName, Name string }
`,
	"internal/conns/awsclient_gen.go": `package conns

import (
	"bytes"
	"strings"

	"` + modulePath + `/names"
)

func (c *AWSClient) EC2Client() string { return strings.ToUpper(names.EC2) }
func (c *AWSClient) KMSClient() string { return strings.ToUpper(names.KMS) }
func (c *AWSClient) RDSClient() string { return bytes.NewBufferString(names.RDS).String() }
func (c *AWSClient) STSClient() string { return strings.ToUpper(names.STS) }
`,
	"internal/conns/conns.go": `package conns

type AWSClient struct{}
`,
	"internal/service/smarterr.hcl": "# every service\n",
	registryFile: `package sdkv2

import (
	"` + servicePath + `ec2"
	"` + servicePath + `kms"
	"` + servicePath + `rds"
	"` + servicePath + `sts"
)

func servicePackages() []any {
	return []any{
		ec2.ServicePackage(), // first
		kms.ServicePackage(),
		rds.ServicePackage(),
		sts.ServicePackage(),
	}
}
`,
	"internal/provider/sdkv2/provider.go": `package sdkv2

// Services counts the services.
func Services() int { return len(servicePackages()) }
`,
	"internal/provider/sdkv2/provider_test.go": "package sdkv2\n\nimport _ \"example.com/never/copied\"\n",
	"xpprovider/provider.go": `package xpprovider

import "` + modulePath + `/internal/provider/sdkv2"

func GetProvider() int { return sdkv2.Services() }
`,
	"internal/service/ec2/vpc.go": `package ec2

func resourceVPC() string { return "vpc" }
func resourceSubnet() string { return "subnet" }
`,
	"internal/service/ec2/service_package_gen.go": service("ec2", `
func (p *servicePackage) Actions() []types.Spec {
	return []types.Spec{
		{
			TypeName: "aws_ec2_stop",
		},
	}
}
func (p *servicePackage) FrameworkResources() []types.Spec {
	return []types.Spec{
		{
			TypeName: "aws_vpc",
			Name:     resourceVPC(),
		},
		{
			TypeName: "aws_subnet",
			Name:     strings.ToLower(resourceSubnet()),
		},
	}
}
func (p *servicePackage) SDKDataSources() []types.Spec {
	return []types.Spec{
		{
			TypeName: "aws_vpc",
			Name:     "VPC",
		},
	}
}
`),
	"internal/service/kms/service_package_gen.go": service("kms", `
func (p *servicePackage) SDKResources() []types.Spec {
	return []types.Spec{
		{
			TypeName: "aws_kms_key",
			Name:     strings.ToLower((&conns.AWSClient{}).EC2Client()),
		},
	}
}
`),
	"internal/service/kms/policy/default.json": "{}\n",
	"internal/service/kms/testdata/large.json": "{}\n",
	"internal/service/rds/service_package_gen.go": service("rds", `
func (p *servicePackage) SDKResources() []types.Spec {
	return []types.Spec{
		{
			TypeName: "aws_db_instance",
			Name:     strings.ToLower((&conns.AWSClient{}).RDSClient()),
		},
	}
}
`),
	"internal/service/sts/service_package_gen.go": service("sts", `
func (p *servicePackage) SDKDataSources() []types.Spec {
	return []types.Spec{
		{
			TypeName: "aws_caller_identity",
			Name:     strings.ToLower((&conns.AWSClient{}).STSClient()),
		},
	}
}
`),
}

// service is the generated registration of a service package.
func service(name, tables string) string {
	imports := "\"strings\"\n\n"
	if strings.Contains(tables, "conns.") {
		imports += "\"" + modulePath + "/internal/conns\"\n"
	}
	return "package " + name + `

import (
	` + imports + `
	"` + modulePath + `/internal/types"
)

type servicePackage struct{}

func ServicePackage() any { return &servicePackage{} }
` + tables
}

// tree writes the files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return root
}

// read returns the files below a folder.
func read(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		name, _ := filepath.Rel(root, file)
		files[name] = string(text)
		return err
	}))
	return files
}

// requireBuilds compiles a reduced tree.
func requireBuilds(t *testing.T, root string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "build", "./...")
	command.Dir = root
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off", "GOPROXY=off")
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestCopyKeepsWhatIsMapped(t *testing.T) {
	src := tree(t, upstream)
	dst := filepath.Join(t.TempDir(), "slim")
	kept, err := Copy(src, dst, []string{"aws_vpc"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"ec2", "sts"}, kept.Services)
	require.Equal(t, 7, kept.Packages)
	files := read(t, dst)
	require.Equal(t, []string{
		"LICENSE", "go.mod", "go.sum",
		"internal/conns/awsclient_gen.go", "internal/conns/conns.go",
		"internal/provider/sdkv2/provider.go", registryFile,
		"internal/service/ec2/service_package_gen.go", "internal/service/ec2/vpc.go",
		"internal/service/smarterr.hcl",
		"internal/service/sts/service_package_gen.go",
		"internal/types/types.go", "names/consts_gen.go", "xpprovider/provider.go",
	}, slices.Sorted(maps.Keys(files)))

	table := files["internal/service/ec2/service_package_gen.go"]
	require.Equal(t, 1, strings.Count(table, "TypeName"), "one resource, no data source and no action is left")
	require.Contains(t, table, `TypeName: "aws_vpc"`)
	require.Contains(t, table, "resourceVPC()")
	require.NotContains(t, table, `"strings"`, "only the subnet needed it")
	require.Equal(t, upstream["internal/service/ec2/vpc.go"], files["internal/service/ec2/vpc.go"], "the linker drops what is not referenced")

	registry := files[registryFile]
	require.NotContains(t, registry, "kms")
	require.NotContains(t, registry, "rds")
	require.Contains(t, registry, "ec2.ServicePackage()")
	require.Contains(t, registry, "sts.ServicePackage()")

	clients := files["internal/conns/awsclient_gen.go"]
	require.NotContains(t, clients, "RDSClient")
	require.NotContains(t, clients, "EC2Client", "nothing that is kept calls it")
	require.NotContains(t, clients, `"bytes"`)
	requireBuilds(t, dst)
	requireUnchanged(t, src)
}

func requireUnchanged(t *testing.T, src string) {
	t.Helper()
	require.Equal(t, upstream, read(t, src))
}

// A client that a kept package calls comes from a service package that nothing imports for that alone.
func TestCopyKeepsTheServicesOfClients(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "slim")
	kept, err := Copy(tree(t, upstream), dst, []string{"aws_kms_key"}, []string{"aws_caller_identity"})
	require.NoError(t, err)
	require.Equal(t, []string{"ec2", "kms", "sts"}, kept.Services)
	files := read(t, dst)
	require.Contains(t, files, "internal/service/kms/policy/default.json", "it may be embedded")
	require.NotContains(t, files, "internal/service/kms/testdata/large.json")
	require.NotContains(t, files["internal/service/ec2/service_package_gen.go"], "TypeName", "none of its types is mapped")
	require.Contains(t, files["internal/service/sts/service_package_gen.go"], "aws_caller_identity")
	require.Contains(t, files["internal/conns/awsclient_gen.go"], "EC2Client")
	requireBuilds(t, dst)
}

// The names of resources and of data sources are two worlds.
func TestCopyTellsDataSourcesFromResources(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "slim")
	_, err := Copy(tree(t, upstream), dst, []string{"aws_subnet"}, []string{"aws_vpc"})
	require.NoError(t, err)
	table := read(t, dst)["internal/service/ec2/service_package_gen.go"]
	require.Contains(t, table, `TypeName: "aws_subnet"`)
	require.Regexp(t, `TypeName: "aws_vpc",\s+Name:\s+"VPC",`, table)
	require.NotContains(t, table, "resourceVPC()")
	requireBuilds(t, dst)
}

func TestCopyListsEveryUnknownType(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "slim")
	_, err := Copy(tree(t, upstream), dst, []string{"aws_vpc", "aws_moon", "aws_sun"}, []string{"aws_stars"})
	require.EqualError(t, err, "the provider has no type named aws_moon, aws_sun, aws_stars")
	require.NoDirExists(t, dst)
}

func TestCopyOfSomethingElse(t *testing.T) {
	empty := t.TempDir()
	_, err := Copy(empty, filepath.Join(t.TempDir(), "slim"), []string{"aws_vpc"}, nil)
	require.ErrorContains(t, err, empty+" holds no service packages")

	for _, broken := range []string{"xpprovider/provider.go", "names/consts_gen.go", "internal/conns/awsclient_gen.go", registryFile} {
		files := maps.Clone(upstream)
		files[broken] = "this is not Go"
		_, err := Copy(tree(t, files), filepath.Join(t.TempDir(), "slim"), []string{"aws_vpc"}, nil)
		require.ErrorContains(t, err, broken)
	}
}
