// SPDX-License-Identifier: Apache-2.0

package postgresql

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Upgrade makes another major version of the server, which tools/postgresql/versions has unpacked, as RDS does (RDS user guide, "How to
// perform a major version upgrade"): it stops the server, has pg_upgrade take over databases, roles and passwords, and starts it with the
// same settings at the same port. A server whose extensions the other version does not have, such as pgaudit, stays stopped, and the error
// holds what pg_upgrade says.
func (s *Server) Upgrade(ctx context.Context, major string) error {
	bin, err := find(s.options.Root, major)
	if err != nil {
		return err
	}
	old := s.bin
	s.end(syscall.SIGINT) // Fast shutdown: whoever is logged in is thrown out, and nothing has to be recovered.
	s.bin, s.Version, s.Audits = bin, major, audits(bin)
	var more []string
	if n, err := strconv.Atoi(major); err == nil && n >= 18 { // From then on they are the default, and the server before is without.
		more = append(more, "--no-data-checksums")
	}
	const next = "data.next"
	if err := s.initialize(next, more...); err != nil {
		return err
	}
	if err := s.configure(next); err != nil {
		return err
	}
	data, after := filepath.Join(s.folder, "data"), filepath.Join(s.folder, next)
	command := s.command("pg_upgrade", "--old-bindir", old, "--new-bindir", bin, "--old-datadir", data, "--new-datadir", after,
		"--username", "rdsadmin", "--socketdir", s.folder, "--old-port", fmt.Sprint(s.Port), "--new-port", fmt.Sprint(s.Port))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_upgrade from %s: %w: %s\n%s", old, err, output, complaints(after))
	}
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	if err := os.Rename(after, data); err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	return s.administerAll(ctx)
}

// administerAll lets the administrator alter roles from before version 16, where CREATEROLE was enough: on RDS the membership in
// rds_superuser goes on to be (https://github.com/gravitational/teleport/pull/48897); elsewhere each role needs a grant.
func (s *Server) administerAll(ctx context.Context) error {
	administrator := "'" + strings.ReplaceAll(s.options.Administrator, "'", "''") + "'"
	return s.execute(ctx, "postgres", `DO $$ DECLARE r record; BEGIN
		FOR r IN SELECT rolname, CASE WHEN pg_has_role(`+administrator+`, oid, 'MEMBER') THEN '' ELSE ', INHERIT FALSE, SET FALSE' END AS more FROM pg_roles WHERE rolname !~ '^(pg_|rds)' AND NOT rolsuper AND rolname <> `+administrator+` LOOP
			EXECUTE format('GRANT %I TO %I WITH ADMIN TRUE', r.rolname, `+administrator+`) || r.more;
		END LOOP;
	END $$`)
}

// complaints are the errors in what pg_upgrade has left in a folder.
func complaints(folder string) (lines string) {
	logs, _ := filepath.Glob(filepath.Join(folder, "pg_upgrade_output.d", "*", "log", "*.log"))
	for _, log := range logs {
		text, _ := os.ReadFile(filepath.Clean(log))
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "ERROR") || strings.Contains(line, "error:") {
				lines += line
			}
		}
	}
	return lines
}
