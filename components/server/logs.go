// SPDX-License-Identifier: Apache-2.0

package server

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed ship-logs.sh
var shipLogs string

// ShipLogs is the part of user data that sends the system log of Amazon Linux
// (/var/log/messages) and its record of logins and sudo (/var/log/secure) to a CloudWatch
// log group, in one stream for each instance and file. It installs the CloudWatch agent
// from Amazon's repository in S3. An image without dnf is left alone: it ships
// its logs itself.
func ShipLogs(logGroup string) (Part, error) {
	type file struct {
		Path   string `json:"file_path"`
		Group  string `json:"log_group_name"`
		Stream string `json:"log_stream_name"`
	}
	config := map[string]any{
		"logs": map[string]any{
			"logs_collected": map[string]any{
				"files": map[string]any{
					"collect_list": []file{
						{"/var/log/messages", logGroup, "{instance_id}/messages"},
						{"/var/log/secure", logGroup, "{instance_id}/secure"},
					},
				},
			},
		},
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return Part{}, err
	}
	return Part{Name: "ship-logs.sh", Body: strings.Replace(shipLogs, "@CONFIG@", string(text), 1)}, nil
}
