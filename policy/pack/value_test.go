// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const sig = "4dabf18193072939515e22adb298388d"

func tree(tb testing.TB, m map[string]any) pack.Value {
	tb.Helper()
	s, err := structpb.NewStruct(m)
	require.NoError(tb, err)
	return pack.FromStruct(s)
}

func TestValuePaths(t *testing.T) {
	v := tree(t, map[string]any{
		"metadataOptions": []any{map[string]any{"httpTokens": "required"}},
		"ingress":         []any{map[string]any{"cidrBlocks": []any{"10.0.0.0/8", "0.0.0.0/0"}}, map[string]any{}},
		"__defaults":      []any{"x"},
		"size":            3, "on": true, "text": "true",
	})
	require.Equal(t, "required", v.Get("metadataOptions.httpTokens").Str())
	require.Equal(t, "metadataOptions[0].httpTokens", v.Get("metadataOptions.httpTokens").Path())
	require.Equal(t, "ingress[0].cidrBlocks[1]", v.Get("ingress[0].cidrBlocks[1]").Path())
	require.Equal(t, "0.0.0.0/0", v.Get("ingress[0].cidrBlocks[1]").Str())
	require.Equal(t, "a.b[2].c", v.Get("a.b[2].c").Path())
	require.False(t, v.Get("a.b[2].c").Exists())
	require.False(t, v.Get("__defaults").Exists(), "the provider's own keys are not inputs")
	require.Equal(t, "ingress[7]", v.Get("ingress[7]").Path())
	require.Equal(t, pack.True, v.Get("text").IsTrue().Is)
	require.Equal(t, pack.False, v.Get("size").IsTrue().Is)
	require.Equal(t, pack.False, v.Get("size").IsFalse().Is, "a value of the wrong type is neither")
	require.Equal(t, 2, v.Get("ingress").Len())
}

func TestUnknownAndSecret(t *testing.T) {
	v := tree(t, map[string]any{
		"whole":   "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
		"list":    []any{"a", pack.UnknownText},
		"secret":  map[string]any{sig: "1b47061264138c4ac30d75fd1eb44270", "value": map[string]any{"inner": "hunter2"}},
		"later":   map[string]any{sig: "1b47061264138c4ac30d75fd1eb44270", "value": pack.UnknownText},
		"sealed":  map[string]any{sig: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"},
		"shown":   map[string]any{sig: "1b47061264138c4ac30d75fd1eb44270", "plaintext": `{"a":true}`},
		"ref":     map[string]any{sig: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x", "id": "vpc-1"},
		"output":  map[string]any{sig: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "secret": true},
		"asset":   map[string]any{sig: "c44067f5952c0a294b673a41bacd8c17", "text": "x"},
		"strange": map[string]any{sig: "ffffffffffffffffffffffffffffffff"},
	})
	require.True(t, v.Get("whole.deep.path").IsUnknown())
	require.Equal(t, "whole", v.Get("whole.deep.path").Path())
	known, unknown := v.Get("list").Strings()
	require.Equal(t, []string{"a"}, known)
	require.Equal(t, "list[1]", unknown.Path())
	require.True(t, v.Get("secret.inner").Secret())
	require.Equal(t, "hunter2", v.Get("secret.inner").Str())
	require.Equal(t, "[secret]", v.Get("secret.inner").String())
	require.True(t, v.Get("later").IsUnknown() && v.Get("later").Secret())
	require.True(t, v.Get("sealed").IsUnknown(), "a secret that cannot be read is unknown")
	require.Equal(t, pack.True, v.Get("shown.a").IsTrue().Is)
	require.Equal(t, "vpc-1", v.Get("ref").Str())
	require.True(t, v.Get("output").IsUnknown() && v.Get("output").Secret())
	require.Equal(t, pack.Asset, v.Get("asset").Kind())
	require.True(t, v.Get("strange").IsUnknown(), "what cannot be read must not pass")
}

func TestFactsFollowKleene(t *testing.T) {
	at := pack.Value{}
	facts := []pack.Fact{pack.No(at), pack.Yes(at), pack.Wait(at)}
	and := [3][3]pack.Verdict{
		{pack.False, pack.False, pack.False},
		{pack.False, pack.True, pack.Deferred},
		{pack.False, pack.Deferred, pack.Deferred},
	}
	for i, f := range facts {
		for k, g := range facts {
			require.Equal(t, and[i][k], f.And(g).Is)
			require.Equal(t, f.Not().Or(g.Not()).Is, f.And(g).Not().Is, "de Morgan")
			require.Equal(t, f.Or(g).Is, g.Or(f).Is)
		}
		require.Equal(t, f.Is, f.Not().Not().Is)
	}
}
