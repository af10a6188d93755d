// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
	"github.com/bulkhead-iac/bulkhead/internal/testproject"
)

// FuzzParse sets one key of a valid configuration to anything. Whatever passes must be
// a configuration that can be deployed safely; whatever does not must say why.
func FuzzParse(f *testing.F) {
	for i := range table {
		f.Add(table[i].key, table[i].example, i%2 == 0)
		f.Add(table[i].key, `["0.0.0.0/0", 1, null]`, i%2 == 1)
	}
	f.Add("bulkhead:zones", `["eu-central-1a","eu-central-1e"]`, true)
	f.Add("", "", false)
	f.Add("a:b:c", "\xff", true)
	f.Fuzz(func(t *testing.T, key, value string, production bool) {
		stack := "staging"
		if production {
			stack = "production"
		}
		values := valid(map[string]string{key: value})
		settings, err := Parse(ours, stack, values)
		again, same := Parse(ours, stack, values)
		require.Equal(t, settings, again)
		require.Equal(t, err, same, "the same problems in the same order")
		if err != nil {
			requireProblems(t, err)
			require.Nil(t, settings)
			return
		}
		requireSafe(t, settings)
	})
}

func requireProblems(t *testing.T, err error) {
	t.Helper()
	var problems Problems
	require.True(t, errors.As(err, &problems), "%T", err)
	require.NotEmpty(t, problems)
	for _, p := range problems {
		require.NotEmpty(t, p.File)
		require.NotEmpty(t, p.Fault)
		require.NotEmpty(t, p.Cure)
		require.NotContains(t, p.String(), "\n", "one problem is one line")
		require.Less(t, len(p.String()), 2000)
	}
}

// requireSafe holds settings to what must be true of every environment.
func requireSafe(t *testing.T, s *Settings) {
	t.Helper()
	require.Len(t, s.AccountID, 12)
	require.NoError(t, cidr.CheckVPC(s.Network.VPCCIDR))
	require.Contains(t, []int{2, 3, 4}, len(s.Network.Zones))
	for _, zone := range s.Network.Zones {
		require.True(t, strings.HasPrefix(zone, s.Region))
	}
	require.Equal(t, s.Bastion.Access == BastionKnownAddresses, len(s.Bastion.AllowedCIDRs) > 0)
	for _, r := range s.Bastion.AllowedCIDRs {
		require.NoError(t, cidr.CheckKnown(r))
		require.False(t, cidr.Overlap(r, s.Network.VPCCIDR))
	}
	require.NotEqual(t, s.Edge.Zone == "", s.Edge.CertificateARN == "")
	require.Greater(t, s.App.Port, 1024)
	require.LessOrEqual(t, s.App.MinSize, s.App.MaxSize)
	require.GreaterOrEqual(t, s.Database.BackupRetentionDays, 7)
	require.Greater(t, s.Database.MaxStorageGB, s.Database.StorageGB)
	require.NotEmpty(t, s.Audit.AlarmEmails)
	if s.Production {
		require.Empty(t, s.DeletionProtectionOffReason)
		require.False(t, s.Database.SingleAZ)
		require.NotEqual(t, NATSingle, s.Network.NATStrategy)
		require.GreaterOrEqual(t, s.Audit.LogRetentionDays, 365)
	}
}

// FuzzStackFile reads anything as a stack file: it must neither panic nor accept what
// Parse would refuse.
func FuzzStackFile(f *testing.F) {
	dir := f.TempDir()
	require.NoError(f, testproject.Write(dir))
	for _, env := range []string{"staging", "production"} {
		content, err := os.ReadFile(filepath.Join(dir, FileName(env)))
		require.NoError(f, err)
		f.Add(content)
	}
	for _, text := range []string{
		"", "config:", "config: &a {b: *a}", "config: {<<: {a: b}}", "config: {? [a] : b}", "- a", "%", "config: {a: !!binary x}",
		"config: {bulkhead:zones: &z [*z]}", "--- a\n--- b", "config: {secure: {secure: x}}", "\xff\xfe", "config: {appPort: 0x7fffffffffffffffff}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file := FileName("staging")
		got, err := read(fstest.MapFS{file: {Data: content}}, file, ours, (*document).values)
		require.NoError(t, err)
		if len(got.problems) > 0 {
			requireProblems(t, got.problems)
		}
		if !got.readable {
			require.NotEmpty(t, got.problems)
			return
		}
		settings, problems := evaluate(ours, "staging", got.given)
		if len(problems) > 0 {
			requireProblems(t, problems)
			return
		}
		requireSafe(t, settings)
		raw := map[string]string{}
		for key, in := range got.given {
			raw[key] = in.raw
		}
		again, err := Parse(ours, "staging", raw)
		require.NoError(t, err)
		require.Equal(t, settings, again)
	})
}

func FuzzSuggest(f *testing.F) {
	f.Add("vpcCider")
	f.Add("bastion.allowed-cidrs")
	f.Add("")
	f.Fuzz(func(t *testing.T, word string) {
		near := suggest(word, environments.keys())
		if near != "" {
			require.NotNil(t, byKey(near))
		}
		for _, key := range environments.keys() {
			require.Equal(t, levenshtein(word, key), levenshtein(key, word))
		}
	})
}

func TestSuggest(t *testing.T) {
	for word, want := range map[string]string{
		"vpcCider": "vpcCidr", "VPCCIDR": "vpcCidr", "vpc-cidr": "vpcCidr", "vpc_cidr": "vpcCidr", "zone": "zones", "availabilityZones": "",
		"bastionCidrs": "bastionAllowedCidrs", "bastion.allowedCidrs": "bastionAllowedCidrs", "dbInstanceClass": "databaseInstanceClass",
		"databaseSingleAZ": "databaseSingleAz", "alarmEmail": "alarmEmails", "backupRetentionDays": "databaseBackupRetentionDays", "maxSize": "appMaxSize", "x": "", "": "", "tags": "",
	} {
		require.Equal(t, want, suggest(word, environments.keys()), word)
	}
	require.Equal(t, 3, levenshtein("kitten", "sitting"))
}

// TestRawArraysAreJSON pins the form in which Pulumi hands over lists.
func TestRawArraysAreJSON(t *testing.T) {
	raw, faults := byKey("zones").decode(`["a","b"]`)
	require.Empty(t, faults)
	require.Equal(t, []string{"a", "b"}, raw)
	encoded, err := json.Marshal(raw)
	require.NoError(t, err)
	require.Equal(t, `["a","b"]`, string(encoded))
}
