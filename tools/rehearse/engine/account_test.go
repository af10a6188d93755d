// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

var emulated = Account{
	Endpoint: "http://127.0.0.1:41234", AccountID: "210987654321", Region: "eu-central-1", AccessKey: "AKIAEMULATED00000001", Secret: "emulated",
}

func TestNewAccount(t *testing.T) {
	made := NewAccount(emulated.Endpoint, &stacks.Settings{AccountID: "210987654321", Region: "eu-central-1"})
	require.Equal(t, emulated.Endpoint, made.Endpoint)
	require.Equal(t, "210987654321", made.AccountID)
	require.Equal(t, "eu-central-1", made.Region)
	seen := map[string]string{}
	for _, id := range []string{"000000000000", "000000000001", "111122223333", "999922223333", "123456789012", "999999999999", "210987654321"} {
		key := accessKey(id)
		require.Regexp(t, `^AKIAEMULATED[0-9A-V]{8}$`, key)
		require.Empty(t, seen[key], "%s and %s have the same key", id, seen[key])
		seen[key] = id
	}
}

// The variables of the user that could lead a request elsewhere, or change what the engine does.
func TestEnvironmentOfTheEngineIsScrubbed(t *testing.T) {
	leading := []string{
		"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "aws_endpoint_url",
		"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_BACKEND_URL", "PULUMI_CONFIG", "PULUMI_STACK",
		"HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "no_proxy",
	}
	for _, name := range append(leading, "HTTP_PROXY", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") {
		t.Setenv(name, "the-users-own")
	}
	t.Setenv("GOPROXY", "https://proxy.example.com")
	t.Setenv("BULKHEAD_EMULATOR_PORT", "41234")

	got := map[string]string{}
	for _, variable := range emulated.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		require.NotContains(t, got, name, "given twice")
		got[name] = value
		require.NotEqual(t, "the-users-own", value, name)
	}
	for _, name := range leading {
		require.NotContains(t, got, name)
	}
	for name, want := range map[string]string{
		"AWS_ENDPOINT_URL": emulated.Endpoint, "AWS_ACCESS_KEY_ID": emulated.AccessKey, "AWS_SECRET_ACCESS_KEY": "emulated", "AWS_REGION": "eu-central-1",
		"AWS_DEFAULT_REGION": "eu-central-1",
		"AWS_CONFIG_FILE":    os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "HTTP_PROXY": emulated.Endpoint,
		"HOME": os.Getenv("HOME"), "PATH": os.Getenv("PATH"), "GOPROXY": "https://proxy.example.com", "BULKHEAD_EMULATOR_PORT": "41234",
	} {
		require.Equal(t, want, got[name], name)
	}
}

func TestClientsOfTheAccountIgnoreTheUsersSettings(t *testing.T) {
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROUTE_53", "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID"} {
		t.Setenv(name, "https://example.com")
	}
	config := emulated.Config()
	require.Equal(t, emulated.Endpoint, aws.ToString(config.BaseEndpoint))
	require.Equal(t, "eu-central-1", config.Region)
	credentials, err := config.Credentials.Retrieve(context.Background())
	require.NoError(t, err)
	require.Equal(t, emulated.AccessKey, credentials.AccessKeyID)
	require.Empty(t, config.ConfigSources, "nothing of the user's")
}

func TestEngineIsTheRehearsalsOwn(t *testing.T) {
	root := t.TempDir()
	t.Setenv("PULUMI_BACKEND_URL", "s3://mine")
	s := NewStage(root, "staging")
	require.NoError(t, os.MkdirAll(s.Dir, 0o750))
	e, err := New(s, builtTools, &emulated, &strings.Builder{})
	require.NoError(t, err)
	passphrase, err := s.passphrase()
	require.NoError(t, err)
	for _, want := range []string{
		"PULUMI_BACKEND_URL=file://" + root + "/.rehearsal/staging/backend",
		"PULUMI_CONFIG_PASSPHRASE=" + passphrase,
		"PULUMI_HOME=" + root + "/.rehearsal/pulumi-home",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_STACK=staging",
		"BULKHEAD_STAGE=" + s.Dir,
		"BULKHEAD_PROGRAM=" + root + "/.rehearsal/bin/infra",
	} {
		require.Contains(t, e.env, want)
	}
	require.False(t, slices.Contains(e.env, "PULUMI_BACKEND_URL=s3://mine"))
}
