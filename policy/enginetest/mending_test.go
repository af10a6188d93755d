// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// TestUpMendsWhatTheProgramForgot deploys the example to an emulated account under level remediate and asks
// AWS's API what came of it. The same program is refused without mending.
func TestUpMendsWhatTheProgramForgot(t *testing.T) {
	account := emulatortest.NewAccount(t)
	e := newEngine(t, "AWS_ENDPOINT_URL="+account.Endpoint, "AWS_ACCESS_KEY_ID="+account.AccessKey, "AWS_SECRET_ACCESS_KEY=secret",
		"HTTP_PROXY="+account.Endpoint, "AWS_EC2_METADATA_DISABLED=true")
	e.stack(t, read(t, "../examples/mending/Pulumi.yaml"), program(t, "mending", "./policy/examples/mending"), nil)
	config, err := filepath.Abs("../examples/mending/policies.json")
	require.NoError(t, err)

	r := e.run(t, previewArgs(packProgram(t), plain(t))...)
	require.NotZero(t, r.code, "without mending the program is refused\n%s", r.out)
	require.Len(t, mandatory(r.out), 9, "three flags of the block and the whole of it, four of the account, one template\n%s", r.out)

	up := []string{"up", "--stack", "dev", "--yes", "--non-interactive", "--color", "never", "--suppress-progress",
		"--policy-pack", packProgram(t), "--policy-pack-config", config}
	r = e.must(t, up...)
	preview, update, _ := strings.Cut(r.out, "\nUpdating (dev):\n")
	require.Contains(t, preview, "[remediate]  ec2-imdsv2  (1 resource)", "what is unknown is left alone")
	require.Contains(t, preview, "ec2-imdsv2 on second (waits for metadataOptions.httpTokens)")
	require.Contains(t, update, "[remediate]  ec2-imdsv2  (2 resources)", "what has become known is mended")
	for _, mended := range []string{
		"kms-rotation", "s3-account-public-access-block", "s3-block-public-policy", "s3-ignore-public-acls", "s3-restrict-public-buckets",
	} {
		require.Contains(t, preview, "[remediate]  "+mended+"  (1 resource)")
		require.Contains(t, update, "[remediate]  "+mended+"  (1 resource)")
	}
	var outputs map[string]string
	require.NoError(t, json.Unmarshal([]byte(e.must(t, "stack", "output", "--json", "--stack", "dev").out), &outputs))
	requireMended(t, account, outputs)
	requireSecretsKept(t, e)

	r = e.must(t, append(up, "--expect-no-changes")...)
	require.Contains(t, r.out, "unchanged", "what was mended stays")
}

// requireMended reads the settings back from the API.
func requireMended(t *testing.T, account *emulatortest.Account, outputs map[string]string) {
	t.Helper()
	block, err := s3.NewFromConfig(account.Config, func(o *s3.Options) { o.UsePathStyle = true }).
		GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: aws.String(outputs["bucket"])})
	require.NoError(t, err)
	own := block.PublicAccessBlockConfiguration
	require.Equal(t, []bool{true, true, true, true},
		[]bool{*own.BlockPublicAcls, *own.BlockPublicPolicy, *own.IgnorePublicAcls, *own.RestrictPublicBuckets})

	answer, err := s3control.NewFromConfig(account.Config).GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: &account.ID})
	require.NoError(t, err)
	all := answer.PublicAccessBlockConfiguration
	require.Equal(t, []bool{true, true, true, true},
		[]bool{*all.BlockPublicAcls, *all.BlockPublicPolicy, *all.IgnorePublicAcls, *all.RestrictPublicBuckets})

	rotation, err := kms.NewFromConfig(account.Config).GetKeyRotationStatus(t.Context(), &kms.GetKeyRotationStatusInput{KeyId: aws.String(outputs["key"])})
	require.NoError(t, err)
	require.True(t, rotation.KeyRotationEnabled)

	for _, name := range []string{"first", "second"} {
		versions, err := ec2.NewFromConfig(account.Config).DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
			LaunchTemplateId: aws.String(outputs[name]), Versions: []string{"$Latest"},
		})
		require.NoError(t, err)
		require.Len(t, versions.LaunchTemplateVersions, 1)
		data := versions.LaunchTemplateVersions[0].LaunchTemplateData
		require.Equal(t, types.LaunchTemplateHttpTokensStateRequired, data.MetadataOptions.HttpTokens, name)
		require.Equal(t, types.LaunchTemplateInstanceMetadataEndpointStateEnabled, data.MetadataOptions.HttpEndpoint, "what was set stays")
		require.Equal(t, "ami-0abcdef1234567890", aws.ToString(data.ImageId))
		if name == "first" {
			require.Equal(t, "IyEvYmluL3NoCg==", aws.ToString(data.UserData), "the secret arrives as it was")
		}
	}
}

// requireSecretsKept looks into the state: what was a secret is one still, mended or not.
func requireSecretsKept(t *testing.T, e *engine) {
	t.Helper()
	exported := e.must(t, "stack", "export", "--stack", "dev").out
	var export struct {
		Deployment struct {
			Resources []struct {
				URN    string         `json:"urn"`
				Inputs map[string]any `json:"inputs"`
			} `json:"resources"`
		} `json:"deployment"`
	}
	require.NoError(t, json.Unmarshal([]byte(exported), &export))
	secrets := map[string]string{"::first": "userData", "::data": "enableKeyRotation"}
	for _, r := range export.Deployment.Resources {
		for suffix, property := range secrets {
			if strings.HasSuffix(r.URN, suffix) {
				sealed, ok := r.Inputs[property].(map[string]any)
				require.True(t, ok, "%s of %s is not a secret", property, r.URN)
				require.Contains(t, sealed, "ciphertext")
				delete(secrets, suffix)
			}
		}
	}
	require.Empty(t, secrets)
	require.NotContains(t, exported, "IyEvYmluL3NoCg==")
}
