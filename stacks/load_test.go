// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// noResources is a monitor for programs that create nothing.
type noResources struct{}

func (noResources) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	return args.Name, args.Inputs, nil
}

func (noResources) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return resource.PropertyMap{}, nil
}

// load runs Load as the engine would run the program for staging, with the given configuration in
// the environment variable that the language host sets.
func load(t *testing.T, values map[string]string, secrets ...string) (*Settings, error) {
	t.Helper()
	full := map[string]string{"pulumi:disable-default-providers": `["*"]`}
	for key, value := range values {
		full[ours+":"+key] = value
	}
	all, err := json.Marshal(full)
	require.NoError(t, err)
	t.Setenv(pulumi.EnvConfig, string(all))
	var settings *Settings
	var loading error
	err = pulumi.RunErr(func(ctx *pulumi.Context) error {
		settings, loading = Load(ctx)
		return nil
	}, pulumi.WithMocks(ours, "staging", noResources{}), func(info *pulumi.RunInfo) {
		info.ConfigSecretKeys = secrets
	})
	require.NoError(t, err)
	return settings, loading
}

func TestLoad(t *testing.T) {
	want, err := Parse(ours, "staging", valid(nil))
	require.NoError(t, err)
	got, err := load(t, valid(nil))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestLoadWithDefaultsFromTheEngine gives every default explicitly, in the form in which
// the CLI merges them from Pulumi.yaml into the stack's configuration.
func TestLoadWithDefaultsFromTheEngine(t *testing.T) {
	want, err := Parse(ours, "staging", valid(nil))
	require.NoError(t, err)
	values := valid(nil)
	for _, s := range environments.rows() {
		if _, given := values[s.key]; given || s.required() {
			continue
		}
		text, isText := s.fallback.(string)
		if !isText {
			raw, err := json.Marshal(s.fallback)
			require.NoError(t, err)
			text = string(raw)
		}
		values[s.key] = text
	}
	require.Len(t, values, len(environments.rows()))
	got, err := load(t, values)
	require.NoError(t, err)
	require.Equal(t, withoutEmptyLists(want), withoutEmptyLists(got))
}

func TestLoadReportsUnknownAndMissingKeys(t *testing.T) {
	_, err := load(t, valid(map[string]string{"natStrategie": "Single", "alarmEmails": absent}))
	require.EqualError(t, err, `2 problems in the configuration:
  Pulumi.staging.yaml: bulkhead:alarmEmails: is missing; add it, for example bulkhead:alarmEmails: [alarms@example.com]
  Pulumi.staging.yaml: bulkhead:natStrategie: "Single" is given to an unknown key; did you mean bulkhead:natStrategy?`)
}

func TestLoadWithoutTheEnvironmentVariable(t *testing.T) {
	want, err := Parse(ours, "staging", valid(nil))
	require.NoError(t, err)
	var got *Settings
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) (err error) {
		got, err = Load(ctx)
		return err
	}, pulumi.WithMocks(ours, "staging", noResources{}), func(info *pulumi.RunInfo) {
		info.Config = map[string]string{}
		for key, value := range valid(nil) {
			info.Config[ours+":"+key] = value
		}
	}))
	require.Equal(t, want, got)
}

// TestLoadKeepsSecretsOut encrypts every key and makes every value wrong: neither a
// value nor a cure derived from it may be shown.
func TestLoadKeepsSecretsOut(t *testing.T) {
	values, secrets := map[string]string{"misspelt": "hush-unknown"}, []string{ours + ":misspelt"}
	for i := range table {
		values[table[i].key] = "hush"
		if table[i].typeName() == typeArray {
			values[table[i].key] = `["hush","hush"]`
		}
		secrets = append(secrets, ours+":"+table[i].key)
	}
	_, err := load(t, values, secrets...)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hush")
	require.Contains(t, err.Error(), `bulkhead:vpcCidr: [secret] is not a CIDR range; see what it may be in docs/configuration.md`)

	values, secrets = valid(map[string]string{"bastionAllowedCidrs": `["10.20.77.0/24"]`}), []string{ours + ":bastionAllowedCidrs"}
	_, err = load(t, values, secrets...)
	require.ErrorContains(t, err, "bulkhead:bastionAllowedCidrs[0]: [secret] breaks a rule: bastionAllowedCidrs lies outside vpcCidr")
	require.NotContains(t, err.Error(), "10.20.77.0")

	values, secrets = valid(map[string]string{"vpcCidr": "10.20.77.1/16"}), []string{ours + ":vpcCidr"}
	_, err = load(t, values, secrets...)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "10.20")
}
