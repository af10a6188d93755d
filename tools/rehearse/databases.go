// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// databases are the servers behind the rehearsed instances.
type databases struct {
	off     bool // None shall be.
	servers []fill.DatabaseServer
}

// installLimit is how long packages of a database server may take to come.
const installLimit = 3 * time.Minute

// install gets a database server. A rehearsal goes on without one, and says so at its end.
func (d *databases) install(ctx context.Context, root string, progress io.Writer) {
	if d.off {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(root, "tools", "postgresql", "install"))
	command.WaitDelay = time.Second
	if output, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(progress, "    no database server: %s\n", cmp.Or(toolchain.LastLines(string(output), 3), err.Error()))
	}
}

// readDatabases asks the emulator for the servers, with all that they say.
func (r *rehearsal) readDatabases(ctx context.Context) (err error) {
	r.servers, err = r.emulator.Client().Databases(ctx, r.Environment)
	return err
}

// showDatabases lists who may log in to each server, and what each may then do.
func (d *databases) showDatabases(w io.Writer) {
	for _, s := range d.servers {
		if s.Missing != "" {
			continue
		}
		fmt.Fprintf(w, "\nDatabase %s, read back from the real PostgreSQL %s that stands for it:\n", s.Instance, s.Stands)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "  user\tlogs in by\tmay")
		for _, a := range s.Accounts {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", a.Name, a.Login, may(a.Server, a.Databases))
		}
		_ = table.Flush()
		fmt.Fprintf(w, "  The right password without TLS: %s.\n", cmp.Or(s.WithoutTLS, "let in"))
	}
}

// may says what an account may do to the server and in each database.
func may(server []string, in map[string][]string) string {
	var parts []string
	if len(server) > 0 {
		parts = append(parts, strings.Join(server, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		parts = append(parts, "in "+name+": "+cmp.Or(strings.Join(in[name], ", "), "nothing"))
	}
	return cmp.Or(strings.Join(parts, "; "), "nothing")
}

// notShown is what the servers leave open.
func (d *databases) notShown() []string {
	const record = "the instance is a record, for %s; forced TLS and users need a real server"
	if len(d.servers) == 0 {
		reason := "no function has connected to it since the emulator started"
		if d.off {
			reason = "database servers are turned off"
		}
		return []string{fmt.Sprintf("the database engine: "+record, reason)}
	}
	var lines []string
	for _, s := range d.servers {
		if s.Missing != "" {
			lines = append(lines, fmt.Sprintf("the database engine of %s: "+record, s.Instance, s.Missing))
			continue
		}
		line := fmt.Sprintf("RDS itself: PostgreSQL %s stands for %s of %s; logins with IAM tokens, which nobody checks here, restores and upgrades need RDS",
			s.Stands, s.Declared, s.Instance)
		if len(s.Ignored) > 0 {
			line += ", and so do the parameters " + strings.Join(s.Ignored, ", ")
		}
		lines = append(lines, line)
	}
	return lines
}
