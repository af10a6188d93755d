// SPDX-License-Identifier: Apache-2.0

package app

import (
	_ "embed" // the placeholder service
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

var (
	//go:embed placeholder/install.sh
	placeholderInstall string
	//go:embed placeholder/server.py
	placeholderServer string
	//go:embed placeholder/placeholder.service
	placeholderUnit string
)

// placeholder is the part of user data that runs the stand-in for a service that does
// not exist yet.
func placeholder() server.Part {
	return server.Part{Name: "placeholder.sh", Body: strings.NewReplacer(
		"@SERVER@", strings.TrimSuffix(placeholderServer, "\n"),
		"@UNIT@", strings.TrimSuffix(placeholderUnit, "\n"),
	).Replace(placeholderInstall)}
}

// environment is the part of user data that tells the service about its surroundings,
// in /etc/bulkhead/service.env, a file in the form that systemd's EnvironmentFile and
// a shell both read. It holds names and addresses and never a secret. It is moved into its
// place, so that whoever waits for it never reads a part of it, and after the certificate authority of an external database.
func environment(variables map[string]string, authority string) (server.Part, error) {
	var file strings.Builder
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		value := variables[name]
		if strings.ContainsAny(value, "'\"\\$`\r\n\t #") {
			return server.Part{}, fmt.Errorf("environment variable %s: %q has a character that a shell or systemd would not take literally", name, value)
		}
		_, _ = fmt.Fprintf(&file, "%s=%s\n", name, value)
	}
	own := ""
	if authority != "" {
		own = "cat >" + database.ExternalBundle + " <<'BULKHEAD'\n" + strings.TrimSpace(authority) + "\nBULKHEAD\n"
	}
	return server.Part{Name: "environment.sh", Body: `#!/bin/bash
# Tells the service where it runs and what it may use.
set -euo pipefail
install -d -m 0755 /etc/bulkhead
` + own + `cat >/etc/bulkhead/service.env.new <<'BULKHEAD'
` + file.String() + `BULKHEAD
chmod 0644 /etc/bulkhead/service.env.new
mv /etc/bulkhead/service.env.new /etc/bulkhead/service.env
`}, nil
}
