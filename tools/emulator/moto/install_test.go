// SPDX-License-Identifier: Apache-2.0

package moto_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
)

func TestInstallIsDoneOnce(t *testing.T) {
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	first, err := moto.Install(t.Context(), root, t.Output())
	require.NoError(t, err)
	var progress bytes.Buffer
	second, err := moto.Install(t.Context(), root, &progress)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.NotContains(t, progress.String(), "making")
}

func TestNoPythonIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := moto.Install(t.Context(), t.TempDir(), nil)
	require.ErrorIs(t, err, moto.ErrNoPython)
	require.ErrorContains(t, err, "no python on PATH; install python3 and python3-venv")

	t.Setenv(moto.PythonVariable, "/no/such/python")
	_, err = moto.Install(t.Context(), t.TempDir(), nil)
	require.ErrorIs(t, err, moto.ErrNoPython)
	require.ErrorContains(t, err, `BULKHEAD_PYTHON="/no/such/python" is not one`)
}

func TestNoNetworkIsSaid(t *testing.T) {
	for name, value := range map[string]string{
		"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1",
		"PIP_CONFIG_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	root := t.TempDir()
	_, err := moto.Install(t.Context(), root, nil)
	require.ErrorIs(t, err, moto.ErrNoNetwork)
	require.ErrorContains(t, err, "run this again with a network")
	_, err = moto.Install(t.Context(), root, nil)
	require.ErrorIs(t, err, moto.ErrNoNetwork, "what an unfinished installation left does not count")
}
