// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// Environment is one environment of a sandbox.
type Environment struct {
	Name string
	s    *Sandbox
}

// Status is what emulator.json says.
type Status struct {
	Endpoint  string        `json:"endpoint"`
	AccountID string        `json:"accountId"`
	Region    string        `json:"region"`
	AccessKey string        `json:"accessKeyId"`
	Secret    string        `json:"secretAccessKey"`
	Emulator  emulator.Info `json:"emulator"`
}

// Environment returns an environment by its name.
func (s *Sandbox) Environment(name string) *Environment { return &Environment{Name: name, s: s} }

// Path returns the path of a file of the environment's rehearsal.
func (e *Environment) Path(name ...string) string {
	return e.s.Path(append([]string{".rehearsal", e.Name}, name...)...)
}

// Settings returns the environment's settings as the sandbox's stack file has them.
func (e *Environment) Settings(t *testing.T) *stacks.Settings {
	t.Helper()
	settings, err := stacks.CheckFiles(e.s.Dir, e.Name)
	require.NoError(t, err)
	return settings
}

// Status reads emulator.json.
func (e *Environment) Status(t *testing.T) Status {
	t.Helper()
	return readJSON[Status](t, e.Path("emulator.json"))
}

// Outputs reads outputs.json.
func (e *Environment) Outputs(t *testing.T) map[string]any {
	t.Helper()
	return readJSON[map[string]any](t, e.Path("outputs.json"))
}

// State reads state.json.
func (e *Environment) State(t *testing.T) apitype.DeploymentV3 {
	t.Helper()
	return Deployment(t, readJSON[apitype.UntypedDeployment](t, e.Path("state.json")))
}

// Baseline reads the state of the baseline of the environment's account.
func (e *Environment) Baseline(t *testing.T) apitype.DeploymentV3 {
	t.Helper()
	return Deployment(t, readJSON[apitype.UntypedDeployment](t, e.Path("baseline", "state.json")))
}

// Deployment unpacks an exported stack.
func Deployment(t *testing.T, exported apitype.UntypedDeployment) apitype.DeploymentV3 {
	t.Helper()
	require.Equal(t, 3, exported.Version)
	var state apitype.DeploymentV3
	require.NoError(t, json.Unmarshal(exported.Deployment, &state))
	return state
}

// Events reads events.jsonl, the engine events of the last run.
func (e *Environment) Events(t *testing.T) []apitype.EngineEvent {
	t.Helper()
	return readLines[apitype.EngineEvent](t, e.Path("events.jsonl"))
}

// Calls reads calls.jsonl, the AWS calls so far.
func (e *Environment) Calls(t *testing.T) []emulator.Record {
	t.Helper()
	return readLines[emulator.Record](t, e.Path("calls.jsonl"))
}

// Called tells whether the environment's account has seen calls of all these actions.
func (e *Environment) Called(actions ...string) bool {
	calls, err := os.ReadFile(e.Path("calls.jsonl"))
	for _, action := range actions {
		if err != nil || !bytes.Contains(calls, []byte(strconv.Quote(action))) {
			return false
		}
	}
	return true
}

// Config returns the settings of AWS clients of the emulated account.
func (e *Environment) Config(t *testing.T) aws.Config {
	t.Helper()
	return e.Status(t).Config(t)
}

// Config returns the settings of AWS clients of the emulated account, which may have been read before the file went.
func (status Status) Config(t *testing.T) aws.Config {
	t.Helper()
	require.True(t, isLoopback(status.Endpoint), status.Endpoint)
	endpoint, err := url.Parse(status.Endpoint)
	require.NoError(t, err)
	return aws.Config{
		Region:       status.Region,
		BaseEndpoint: aws.String(status.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(status.AccessKey, status.Secret, ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
			transport.Proxy = http.ProxyURL(endpoint) // S3 Control puts the account before a host that only the emulator knows.
		}),
	}
}

// Setenv points this process at the emulated account until the test ends, for libraries that take their settings from the
// environment.
func (e *Environment) Setenv(t *testing.T) {
	t.Helper()
	e.Status(t).Setenv(t)
}

// Setenv points this process at the emulated account until the test ends, also when the file is gone.
func (status Status) Setenv(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", status.Endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", status.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", status.Secret)
	t.Setenv("AWS_REGION", status.Region)
	require.NoError(t, Check(os.Environ()))
}

// Passphrase returns what the state is encrypted with.
func (e *Environment) Passphrase(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(e.Path("passphrase"))
	require.NoError(t, err)
	return string(text)
}

func readJSON[T any](t *testing.T, file string) T {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var content T
	require.NoError(t, json.Unmarshal(text, &content), filepath.Base(file))
	return content
}

func readLines[T any](t *testing.T, file string) []T {
	t.Helper()
	opened, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = opened.Close() }() // opened for reading only
	const longest = 64 << 20
	lines := bufio.NewScanner(opened)
	lines.Buffer(nil, longest)
	var content []T
	for lines.Scan() {
		var line T
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), "%s line %d", filepath.Base(file), len(content)+1)
		content = append(content, line)
	}
	require.NoError(t, lines.Err())
	return content
}
