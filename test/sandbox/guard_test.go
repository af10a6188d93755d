// SPDX-License-Identifier: Apache-2.0

package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }

const region = "eu-central-1"

// once makes a client fail at its first failure.
func once(cfg *aws.Config) { cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} } }

func TestConfinedProcessPassesTheGuard(t *testing.T) {
	require.NoError(t, sandbox.Check(os.Environ()))
}

func TestGuardRefuses(t *testing.T) {
	for _, c := range []struct{ variable, problem string }{
		{"AWS_ENDPOINT_URL=https://ec2.eu-central-1.amazonaws.com", `AWS_ENDPOINT_URL="https://ec2.eu-central-1.amazonaws.com" is not a literal loopback address`},
		{"AWS_ENDPOINT_URL=http://localhost:4566", "AWS_ENDPOINT_URL"}, // a name can be made to mean anything
		{"AWS_ENDPOINT_URL=http://127.0.0.1.nip.io", "AWS_ENDPOINT_URL"},
		{"AWS_ENDPOINT_URL=http://10.0.0.1:4566", "AWS_ENDPOINT_URL"},
		{"AWS_ENDPOINT_URL=", "AWS_ENDPOINT_URL"},
		{"AWS_ENDPOINT_URL_S3=https://s3.eu-central-1.amazonaws.com", "AWS_ENDPOINT_URL_S3"},
		{"HTTPS_PROXY=http://192.0.2.1:3128", "HTTPS_PROXY"},
		{"all_proxy=socks5://192.0.2.1", "all_proxy"},
		{"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_ACCESS_KEY_ID is not the key of an emulated account"},
		{"AWS_SESSION_TOKEN=x", "AWS_SESSION_TOKEN is set"},
		{"AWS_PROFILE=production", "AWS_PROFILE is set"},
		{"AWS_DEFAULT_PROFILE=production", "AWS_DEFAULT_PROFILE is set"},
		{"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/admin", "AWS_ROLE_ARN is set"},
		{"AWS_WEB_IDENTITY_TOKEN_FILE=/token", "AWS_WEB_IDENTITY_TOKEN_FILE is set"},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.2/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI is set"},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is set"},
		{"AWS_CONFIG_FILE=/root/.aws/config", "AWS_CONFIG_FILE="},
		{"AWS_SHARED_CREDENTIALS_FILE=/root/.aws/credentials", "AWS_SHARED_CREDENTIALS_FILE="},
		{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_DISABLED="},
		{"TERRATEST_IAM_ROLE=arn:aws:iam::123456789012:role/admin", "TERRATEST_IAM_ROLE is set"},
	} {
		t.Run(c.variable, func(t *testing.T) {
			name, _, _ := strings.Cut(c.variable, "=")
			environ := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, name+"=") })
			require.ErrorContains(t, sandbox.Check(append(environ, c.variable)), c.problem)
		})
	}
}

func TestGuardRefusesWhatIsMissing(t *testing.T) {
	err := sandbox.Check(nil)
	for _, name := range []string{
		"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
	} {
		require.ErrorContains(t, err, name+" is not set")
	}
}

// TestUserSettingsAreReplaced starts this test binary anew, as somebody does who works with real accounts.
func TestUserSettingsAreReplaced(t *testing.T) {
	again := exec.Command(os.Args[0], "-test.run=^TestConfinedProcessPassesTheGuard$", "-test.v")
	again.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL=https://sts.eu-central-1.amazonaws.com", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_PROFILE=production",
		"AWS_CONFIG_FILE=/root/.aws/config", "TERRATEST_IAM_ROLE=arn:aws:iam::123456789012:role/admin", "HTTPS_PROXY=http://192.0.2.1:3128")
	output, err := again.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "--- PASS: TestConfinedProcessPassesTheGuard")
}

func TestNamesAreNotResolved(t *testing.T) {
	const refused = "a test resolves no host names"
	_, err := net.DefaultResolver.LookupHost(t.Context(), "sts.eu-central-1.amazonaws.com")
	require.ErrorContains(t, err, refused)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.eu-central-1.amazonaws.com/", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorContains(t, err, refused)
}

// TestForgetfulClientReachesNothing uses AWS clients as a careless test would: with defaults, and with a configuration
// that ignores the environment, which is how terratest's helpers for roles make theirs.
func TestForgetfulClientReachesNothing(t *testing.T) {
	ask := func(ctx context.Context, cfg aws.Config) error {
		once(&cfg)
		_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	}
	byDefault, err := config.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, ask(t.Context(), byDefault), "dial tcp 127.0.0.1:1: connect: connection refused")

	of, err := terratest.NewAuthenticatedSessionContext(t.Context(), region)
	require.NoError(t, err)
	require.ErrorContains(t, ask(t.Context(), *of), "dial tcp 127.0.0.1:1: connect: connection refused")

	literal := aws.Config{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
		BaseEndpoint: aws.String("https://sts.eu-central-1.amazonaws.com"),
	}
	require.ErrorContains(t, ask(t.Context(), literal), "a test resolves no host names")
}

// TestEveryPackageIsGuarded looks for packages whose tests have AWS clients, directly or in what they test, and no guard.
func TestEveryPackageIsGuarded(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-test", "-tags", "engine", "-json=ImportPath,ForTest,Dir,Deps,TestGoFiles,XTestGoFiles", "./...")
	list.Dir = sandbox.Repository(t)
	output, err := list.Output()
	require.NoError(t, err)
	type listed struct {
		ImportPath, ForTest, Dir  string
		Deps                      []string
		TestGoFiles, XTestGoFiles []string
	}
	files, clients := map[string][]string{}, map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var p listed
		require.NoError(t, decoder.Decode(&p))
		for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			files[p.ImportPath] = append(files[p.ImportPath], filepath.Join(p.Dir, name))
		}
		if path, isTest := strings.CutSuffix(p.ImportPath, ".test"); isTest {
			clients[path] = slices.ContainsFunc(p.Deps, func(d string) bool {
				return strings.HasPrefix(d, "github.com/aws/aws-sdk-go-v2/service/") && !strings.Contains(d, "/internal/")
			})
		}
	}
	guarded, bare := 0, []string{}
	for path, has := range clients {
		if !has {
			continue
		}
		guarded++
		if !slices.ContainsFunc(files[path], func(file string) bool {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			return strings.Contains(string(text), "sandbox.Main(m)")
		}) {
			bare = append(bare, path)
		}
	}
	require.Empty(t, bare, "tests that have AWS clients and do not begin with sandbox.Main")
	require.Greater(t, guarded, 3)
}
