// SPDX-License-Identifier: Apache-2.0

// Package postgresql starts a real PostgreSQL server on loopback: with TLS, a certificate authority made for it, the settings of
// the parameter group that components/database makes, and the roles that RDS has.
package postgresql

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
)

// minVersion is the oldest major version that components/database runs.
const minVersion = 15

// ErrNone says that this machine has no server, and how to get one.
var ErrNone = errors.New("no PostgreSQL 15 or later with pgaudit is here; run `make postgresql`, or on Debian `apt-get install postgresql 'postgresql-[0-9]*-pgaudit'`")

// find returns the folder of the newest server's programs: this system's, or the one that tools/postgresql/install has unpacked
// in the project at root.
func find(root string) (string, error) {
	newest, folder := minVersion-1, ""
	for _, root := range []string{"/", filepath.Join(root, ".toolchain", "postgresql")} {
		controls, err := filepath.Glob(filepath.Join(root, "usr/share/postgresql/*/extension/pgaudit.control"))
		if err != nil {
			return "", err
		}
		for _, control := range controls {
			text := filepath.Base(filepath.Dir(filepath.Dir(control)))
			bin := filepath.Join(root, "usr/lib/postgresql", text, "bin")
			version, err := strconv.Atoi(text)
			if _, missing := os.Stat(filepath.Join(bin, "postgres")); err == nil && missing == nil && version > newest {
				newest, folder = version, bin
			}
		}
	}
	if folder == "" {
		return "", ErrNone
	}
	return folder, nil
}
