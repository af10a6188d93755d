// SPDX-License-Identifier: Apache-2.0

// Package postgresql starts a real PostgreSQL server on loopback: with TLS, a certificate authority made for it, the settings of
// the parameter group that components/database makes, and the roles that RDS has.
package postgresql

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/bulkhead-iac/bulkhead/form"
)

// ErrNone says that this machine has no server, and how to get one.
var ErrNone = fmt.Errorf("no PostgreSQL %d or later with pgaudit is here; run `make postgresql`, or on Debian `apt-get install postgresql 'postgresql-[0-9]*-pgaudit'`", form.MinPostgreSQL)

// find returns the folder of the newest server's programs: this system's, or the one that tools/postgresql/install has unpacked
// in the project at root; or those of a major version, which tools/postgresql/versions has unpacked, or which is one of those.
func find(root, major string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	bin, err := look(root, major)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(bin) // Who runs the server may reach the programs, and not the link.
}

func look(root, major string) (string, error) {
	if bin := filepath.Join(root, ".toolchain", "postgresql-"+major, "bin"); major != "" && there(bin) {
		return bin, nil
	}
	newest, folder := form.MinPostgreSQL-1, ""
	for _, root := range []string{"/", filepath.Join(root, ".toolchain", "postgresql")} {
		controls, err := filepath.Glob(filepath.Join(root, "usr/share/postgresql/*/extension/pgaudit.control"))
		if err != nil {
			return "", err
		}
		for _, control := range controls {
			text := filepath.Base(filepath.Dir(filepath.Dir(control)))
			bin := filepath.Join(root, "usr/lib/postgresql", text, "bin")
			if version, err := strconv.Atoi(text); err == nil && there(bin) && version > newest && (major == "" || text == major) {
				newest, folder = version, bin
			}
		}
	}
	switch {
	case folder != "":
		return folder, nil
	case major != "":
		return "", fmt.Errorf("PostgreSQL %s is not here; run `tools/postgresql/versions`", major)
	}
	return "", ErrNone
}

// there tells whether a folder has a server's programs.
func there(bin string) bool {
	_, err := os.Stat(filepath.Join(bin, "postgres"))
	return err == nil
}

// audits tells whether a server has pgaudit, which only the distributions build.
func audits(bin string) bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(bin), "lib", "pgaudit.so"))
	return err == nil
}
