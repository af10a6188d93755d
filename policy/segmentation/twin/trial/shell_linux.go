// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// lookFile tells [Shell] of the twin. Only the twin sees it.
const lookFile = "/run/look.json"

// look is what somebody who looks around in a twin has to know.
type look struct {
	Ends    []place  `json:"ends"`
	Hosts   string   `json:"hosts"`   // as in /etc/hosts
	Environ []string `json:"environ"` // of commands
}

// place is a host of a segment.
type place struct {
	Segment string `json:"segment"`
	Space   string `json:"space"`
	Name    string `json:"name"`
}

// Open lets [Shell] into a twin that is up, from any process that shares its mounts. Every host listens at the ports that a trial
// tries, and says over TLS what its name is, unless a service or a database of the account is there. The names are those of the file
// /etc/hosts, which processes of the twin see.
func (t *Trial) Open() error {
	for _, q := range t.questions() {
		for _, p := range q.probes {
			if err := t.Servers.Listen(p); err != nil {
				return err
			}
		}
	}
	l := look{Hosts: t.hosts()}
	for _, e := range t.ends {
		l.Ends = append(l.Ends, place{e.segment, e.space, e.String()})
	}
	var err error
	if l.Environ, err = t.environ(); err != nil {
		return err
	}
	if err := show("127.0.0.1 localhost\n::1 localhost\n"+l.Hosts, "/etc/hosts"); err != nil {
		return err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(lookFile, text, 0o600)
}

// Shell goes to the first host of a segment of a twin that is open, and calls run there with the environment of a command: it
// lets curl and psql find the authorities of the certificates, and psql a database. Guide shows the user which hosts there are.
func Shell(segment string, guide io.Writer, run func(environ []string) error) error {
	var l look
	text, err := os.ReadFile(lookFile)
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err != nil {
		return fmt.Errorf("the twin is not open: %w", err)
	}
	at := slices.IndexFunc(l.Ends, func(p place) bool { return p.Segment == segment })
	if at < 0 {
		var segments []string
		for _, p := range l.Ends {
			segments = append(segments, p.Segment)
		}
		return fmt.Errorf("no host of the twin is in the segment %q; it has hosts in %s", segment, strings.Join(slices.Compact(segments), ", "))
	}
	_, _ = fmt.Fprintf(guide, "This is %s. The hosts of the twin, as /etc/hosts names them:\n%s", l.Ends[at].Name, l.Hosts)
	return twin.In(l.Ends[at].Space, func() error { return run(l.Environ) })
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

// show puts a text in the place of a file, for the processes of the twin, which has mounts of its own.
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
