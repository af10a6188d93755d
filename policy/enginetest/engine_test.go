// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// binaries builds the pack and the example program, and returns the root of the repository.
func binaries(t *testing.T) (root, pack, example string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, ".toolchain/bin/pulumi"), "run `make toolchain` first")
	dir := t.TempDir()
	pack, example = filepath.Join(dir, "bulkhead-policy"), filepath.Join(dir, "publicbucket")
	for target, source := range map[string]string{pack: "./policy", example: "./policy/examples/publicbucket"} {
		cmd := exec.Command("go", "build", "-o", target, source)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return root, pack, example
}

// pulumi runs the engine with a backend of its own and returns what it wrote.
func pulumi(t *testing.T, root, dir, home string, more []string, args ...string) (out, errOut string, code int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(root, ".toolchain/bin/pulumi"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{
		"PATH=" + filepath.Join(root, ".toolchain/bin") + string(os.PathListSeparator) + filepath.Join(root, ".toolchain/provider") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"PULUMI_BACKEND_URL=file://" + home, "PULUMI_HOME=" + filepath.Join(home, "home"), "PULUMI_CONFIG_PASSPHRASE=test", "PULUMI_SKIP_UPDATE_CHECK=true",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=http://127.0.0.1:9",
	}, more...)...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// TestAgreesWithTheEngine judges the same exports by the engine and by the command. Both must say exactly
// the same: control, resource, message and level.
func TestAgreesWithTheEngine(t *testing.T) {
	root, pack, _ := binaries(t)
	for _, state := range []string{"testdata/state.json", "../command/testdata/hardened.json"} {
		for _, config := range []string{"production", "staging"} {
			config = filepath.Join(root, "policy/profiles", config+".json")
			state, err := filepath.Abs(state)
			require.NoError(t, err)
			out, errOut, _ := pulumi(t, root, t.TempDir(), t.TempDir(), nil,
				"policy", "analyze", "--file", state, "--policy-pack", pack, "--policy-pack-config", config, "--json")
			require.NotContains(t, errOut, "loading policy packs")
			var engine, own []string
			lines := bufio.NewScanner(strings.NewReader(out))
			lines.Buffer(nil, 1<<24)
			for lines.Scan() {
				var event struct {
					Policy *struct {
						URN     string `json:"resourceUrn"`
						Message string `json:"message"`
						Name    string `json:"policyName"`
						Level   string `json:"enforcementLevel"`
					} `json:"policyEvent"`
				}
				if json.Unmarshal(lines.Bytes(), &event) == nil && event.Policy != nil {
					engine = append(engine, strings.Join([]string{event.Policy.Name, event.Policy.URN, strings.TrimSpace(event.Policy.Message), event.Policy.Level}, " | "))
				}
			}
			cmd := exec.Command(pack, "check", "-format", "json", "-config", config, state)
			text, _ := cmd.Output()
			var report struct {
				Findings []struct {
					Control string `json:"control"`
					URN     string `json:"urn"`
					Message string `json:"message"`
					Level   string `json:"level"`
				} `json:"findings"`
			}
			require.NoError(t, json.Unmarshal(text, &report))
			for _, f := range report.Findings {
				own = append(own, strings.Join([]string{f.Control, f.URN, strings.TrimSpace(f.Message), f.Level}, " | "))
			}
			slices.Sort(engine)
			slices.Sort(own)
			require.NotEmpty(t, own)
			require.Equal(t, own, engine)
			t.Logf("%s: %d findings agree", filepath.Base(state), len(own))
		}
	}
}

// TestSevenPublicBucketsAreRefusedAtPreview previews the example. Nothing exists yet; each way must be
// refused by a mandatory finding.
func TestSevenPublicBucketsAreRefusedAtPreview(t *testing.T) {
	root, pack, example := binaries(t)
	home, dir := t.TempDir(), t.TempDir()
	text, err := os.ReadFile("../examples/publicbucket/Pulumi.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), text, 0o600))
	more := []string{"BULKHEAD_PROGRAM=" + example}
	_, errOut, code := pulumi(t, root, dir, home, more, "stack", "init", "dev")
	require.Zero(t, code, errOut)
	for _, key := range []string{"skipCredentialsValidation", "skipRequestingAccountId", "skipMetadataApiCheck"} {
		_, errOut, code = pulumi(t, root, dir, home, more, "config", "set", "--stack", "dev", "aws:"+key, "true")
		require.Zero(t, code, errOut)
	}
	_, errOut, code = pulumi(t, root, dir, home, more, "config", "set", "--stack", "dev", "aws:region", "eu-central-1")
	require.Zero(t, code, errOut)
	out, errOut, code := pulumi(t, root, dir, home, more, "preview", "--stack", "dev", "--non-interactive", "--color", "never",
		"--policy-pack", pack, "--policy-pack-config", filepath.Join(root, "policy/profiles/production.json"))
	require.NotZero(t, code, "the preview was not refused:\n%s\n%s", out, errOut)
	for _, want := range []string{
		"s3-acl-public-read  (aws:s3:BucketAclV2: acl)",
		"s3-policy-public  (aws:s3:BucketPolicy: policy)",
		"s3-policy-public  (aws:s3:BucketPolicy: organisations)",
		"s3-policy-public  (aws:s3:BucketPolicy: halves)",
		"s3-policy-public  (aws:s3:BucketPolicy: exclusion)",
		"s3-restrict-public-buckets  (aws:s3:BucketPublicAccessBlock: partial)",
		"s3-acl-public-read  (aws:s3:BucketAclV2: grant)",
		"s3-public-access-block  (aws:s3:BucketV2: policy)",
	} {
		require.Contains(t, out, want)
	}
	require.Contains(t, out, "[mandatory] [severity: critical]")
}

// TestConfigurationFaultsStopTheEngine gives the pack settings it does not know.
func TestConfigurationFaultsStopTheEngine(t *testing.T) {
	root, pack, _ := binaries(t)
	for config, want := range map[string]string{
		`{"s3-tls-onli":"mandatory"}`:               "did you mean",
		`{"rds-backups":{"minDays":"many"}}`:        "minDays",
		`{"pack-governance":{"profile":"lax"}}`:     "profile",
		`{"pack-governance":{"waivers":[{"x":1}]}}`: "unknown field",
	} {
		file := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
		state, err := filepath.Abs("testdata/state.json")
		require.NoError(t, err)
		out, errOut, code := pulumi(t, root, t.TempDir(), t.TempDir(), nil, "policy", "analyze", "--file", state, "--policy-pack", pack, "--policy-pack-config", file)
		require.NotZero(t, code, config)
		require.Contains(t, out+errOut, want, config)
	}
}
