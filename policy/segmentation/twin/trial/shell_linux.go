// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// Shell runs a command in the first host of a segment of a twin that is up, with this program's input and output. Every host of
// the others listens at the ports that a trial tries, and a TCP connection that is accepted is told the host's name. The names are
// those of the file /etc/hosts, which the command sees, and which guide shows to its user. Its error is that of the command.
func (t *Trial) Shell(segment string, command []string, guide io.Writer) error {
	at := slices.IndexFunc(t.ends, func(e *end) bool { return e.segment == segment })
	if at < 0 {
		var segments []string
		for _, e := range t.ends {
			segments = append(segments, e.segment)
		}
		return fmt.Errorf("no host of the twin is in the segment %q; it has hosts in %s", segment, strings.Join(slices.Compact(segments), ", "))
	}
	for _, q := range t.questions() {
		for _, p := range q.probes {
			if err := t.Servers.Listen(p); err != nil {
				return err
			}
		}
	}
	hosts := t.hosts()
	_, _ = fmt.Fprintf(guide, "This is %s. The hosts of the twin, as /etc/hosts names them:\n%s", t.ends[at], hosts)
	return twin.In(t.ends[at].space, func() error {
		if err := show("127.0.0.1 localhost\n::1 localhost\n"+hosts, "/etc/hosts"); err != nil {
			return err
		}
		c := exec.Command(command[0], command[1:]...) //nolint:gosec // the user's own
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		return c.Run()
	})
}

// plain makes a name of a host of the name of a segment.
var plain = strings.NewReplacer(":", "-", "/", "-", ",", "-", ".", "-")

// hosts are the addresses of all hosts in the form of /etc/hosts: the segment and a number, without what a name cannot have.
func (t *Trial) hosts() string {
	var b strings.Builder
	count := map[string]int{}
	for _, e := range t.ends {
		count[e.segment]++
		name := plain.Replace(e.segment)
		for _, a := range e.addresses {
			_, _ = fmt.Fprintf(&b, "%s\t%s-%d\n", a.IP, name, count[e.segment])
			if a.Public.IsValid() {
				_, _ = fmt.Fprintf(&b, "%s\t%s-%d-public\n", a.Public, name, count[e.segment])
			}
		}
	}
	return b.String()
}

// show puts a text in the place of a file, for this process and those that it starts: the twin has mounts of its own.
func show(text, file string) error {
	const own = "/run/hosts"                                       // which only the twin sees
	if err := os.WriteFile(own, []byte(text), 0o644); err != nil { //nolint:gosec // as readable as the file it replaces
		return err
	}
	if err := unix.Mount(own, file, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", own, file, err)
	}
	return nil
}
