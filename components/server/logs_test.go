// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShipLogsIsAScriptThatBashCanRead(t *testing.T) {
	part, err := ShipLogs("bastion-sessions-0a1b2c3")
	require.NoError(t, err)
	require.NoError(t, CheckPart(part))
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(part.Body)
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestShipLogsNamesTheGroupForEveryFile(t *testing.T) {
	part, err := ShipLogs("group-1")
	require.NoError(t, err)
	_, rest, found := strings.Cut(part.Body, "<<'BULKHEAD'\n")
	require.True(t, found)
	text, _, found := strings.Cut(rest, "\nBULKHEAD\n")
	require.True(t, found)
	var config struct {
		Logs struct {
			Collected struct {
				Files struct {
					List []map[string]string `json:"collect_list"`
				} `json:"files"`
			} `json:"logs_collected"`
		} `json:"logs"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &config))
	list := config.Logs.Collected.Files.List
	require.Len(t, list, 2)
	for _, file := range list {
		require.Equal(t, "group-1", file["log_group_name"])
		require.Contains(t, file["log_stream_name"], "{instance_id}/")
	}
}
