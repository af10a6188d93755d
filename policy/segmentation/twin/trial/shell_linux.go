// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// Shell runs a command in the first host of a segment of a twin that is up, with this program's input and output. Every host of
// the others listens at the ports that a trial tries, and says over TLS what its name is, unless a service or a database of the account
// is there. The names are those of the file /etc/hosts, which the command sees, and which guide shows to its user; the command's
// environment lets curl and psql find the authorities of the certificates, and psql a database. Its error is that of the command.
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
	environ, err := t.environ()
	if err != nil {
		return err
	}
	hosts := t.hosts()
	_, _ = fmt.Fprintf(guide, "This is %s. The hosts of the twin, as /etc/hosts names them:\n%s", t.ends[at], hosts)
	return twin.In(t.ends[at].space, func() error {
		if err := show("127.0.0.1 localhost\n::1 localhost\n"+hosts, "/etc/hosts"); err != nil {
			return err
		}
		c := exec.Command(command[0], command[1:]...) //nolint:gosec // the user's own
		c.Stdin, c.Stdout, c.Stderr, c.Env = os.Stdin, os.Stdout, os.Stderr, append(os.Environ(), environ...)
		return c.Run()
	})
}

// hosts are the addresses of all hosts in the form of /etc/hosts, and those of load balancers by the names of their certificates too.
func (t *Trial) hosts() string {
	var b strings.Builder
	for _, h := range t.named() {
		names := h.name
		for _, x := range t.net.LoadBalancers {
			if x.ID == h.end.balancer && strings.HasSuffix(h.name, "-1") {
				names = strings.Join(append(t.sites(&x), names), " ")
			}
		}
		for _, a := range h.end.addresses {
			if a.Public.IsValid() {
				_, _ = fmt.Fprintf(&b, "%s\t%s-public\n%s\t%s\n", a.Public, names, a.IP, h.name)
			} else {
				_, _ = fmt.Fprintf(&b, "%s\t%s\n", a.IP, names)
			}
		}
	}
	return b.String()
}

// sites are the names of hosts that a load balancer serves.
func (t *Trial) sites(x *model.LoadBalancer) (out []string) {
	for _, l := range x.Listeners {
		if rules := t.around.Balancers.Listeners[l.ID]; rules != nil && rules.Secure() {
			for _, e := range rules.Examples() {
				out = append(out, e.Host)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// environ leads clients to the authorities whose certificates they find, and psql to the first database.
func (t *Trial) environ() ([]string, error) {
	const own, database = "/run/authority.pem", "/run/database.pem"           // which only the twin sees
	if err := os.WriteFile(own, t.Servers.Authority.PEM, 0o644); err != nil { //nolint:gosec // a certificate is public
		return nil, err
	}
	out := []string{"CURL_CA_BUNDLE=" + own, "SSL_CERT_FILE=" + own}
	for _, d := range t.around.Databases {
		at := slices.IndexFunc(t.ends, func(e *end) bool { return e.of == d.Instance })
		if at >= 0 {
			if err := os.WriteFile(database, []byte(d.Roots), 0o644); err != nil { //nolint:gosec // as above
				return nil, err
			}
			return append(out, "PGHOST="+d.Host, "PGHOSTADDR="+t.ends[at].addresses[0].IP.String(), fmt.Sprint("PGPORT=", d.Port), "PGUSER="+d.User, "PGPASSWORD="+d.Password,
				"PGDATABASE="+cmp.Or(d.Database, "postgres"), "PGSSLMODE=verify-full", "PGSSLROOTCERT="+database), nil
		}
	}
	return out, nil
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
