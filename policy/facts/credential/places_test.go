// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// TestAnEncryptedPasswordIsWrittenDownWhereTheExportSaysThatNoResourceMakesIt reads a password that an export holds encrypted.
func TestAnEncryptedPasswordIsWrittenDownWhereTheExportSaysThatNoResourceMakesIt(t *testing.T) {
	inputs, err := structpb.NewStruct(map[string]any{"password": pack.Redacted})
	require.NoError(t, err)
	k := &pack.Case{Resource: pack.NewResource("aws:rds/instance:Instance", "db", "urn:pulumi:a::b::c::db", inputs)}
	written := func() pack.Verdict { return WrittenDown(k, k.Get("password"), "password").Is }
	require.Equal(t, pack.Deferred, written())
	k.PropertyDependencies = map[string][]string{"password": nil}
	require.Equal(t, pack.True, written())
	k.PropertyDependencies["password"] = []string{"urn:pulumi:a::b::random:index/randomPassword:RandomPassword::p"}
	require.Equal(t, pack.False, written())
}
