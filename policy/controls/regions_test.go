// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// TestDefaultEncryptionIsOfARegion has an instance and the switch for encryption by default under two providers.
func TestDefaultEncryptionIsOfARegion(t *testing.T) {
	scene := packtest.YAML(t, "aws:ec2/instance:Instance", `
- {$name: i, ami: ami-1}
- {$type: "aws:ebs/encryptionByDefault:EncryptionByDefault", $name: d, enabled: true}`)
	const there = "urn:pulumi:dev::scene::pulumi:providers:aws::there"
	for name, c := range map[string]struct {
		instance, standard any
		urn                string
		want               pack.Outcome
	}{
		"the same provider":                 {urn: "urn:pulumi:dev::scene::pulumi:providers:aws::here", want: pack.Pass},
		"two providers of one Region":       {instance: "eu-central-1", standard: "eu-central-1", urn: there, want: pack.Pass},
		"two Regions":                       {instance: "eu-central-1", standard: "eu-west-1", urn: there, want: pack.Fail},
		"a Region that nobody names":        {urn: there, want: pack.Fail},
		"an unknown Region":                 {instance: pack.UnknownText, standard: "eu-west-1", urn: there, want: pack.Undecided},
		"an unknown Region of the switch":   {instance: "eu-west-1", standard: pack.UnknownText, urn: there, want: pack.Undecided},
		"two Regions that are both unknown": {instance: pack.UnknownText, standard: pack.UnknownText, urn: there, want: pack.Undecided},
	} {
		_, stack, err := scene.Play(packtest.State)
		require.NoError(t, err)
		stack[0].SetProvider("pulumi:providers:aws", "urn:pulumi:dev::scene::pulumi:providers:aws::here", region(t, c.instance))
		stack[1].SetProvider("pulumi:providers:aws", c.urn, region(t, c.standard))
		session := pack.NewSession(load(t))
		require.NoError(t, session.Configure(map[string]pack.Config{"all": {Level: pack.Disabled},
			"ec2-root-disk-encrypted": {Level: pack.Mandatory}}))
		results := slices.DeleteFunc(session.AnalyzeStack(stack), func(r pack.Result) bool { return r.Control.ID != "ec2-root-disk-encrypted" })
		require.Len(t, results, 1, name)
		require.Equal(t, c.want, results[0].Outcome, name)
	}
}

// region is what a provider is made with.
func region(tb testing.TB, name any) *structpb.Struct {
	tb.Helper()
	if name == nil {
		return nil
	}
	s, err := structpb.NewStruct(map[string]any{"region": name})
	require.NoError(tb, err)
	return s
}
