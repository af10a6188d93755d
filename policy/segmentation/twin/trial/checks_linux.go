// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
)

// stranger is a host's name that nobody has (RFC 2606).
const stranger = "stranger.invalid"

// check tries what protocols do, beside the cells: HTTPS through the load balancers and logins to the databases.
func (t *Trial) check(o *Outcome) {
	o.Checks = []Check{}
	for i := range t.net.LoadBalancers {
		b := &t.net.LoadBalancers[i]
		for _, x := range b.Listeners {
			if rules := t.around.Balancers.Listeners[x.ID]; rules != nil {
				l := &listening{Trial: t, Listener: rules, balancer: b, port: uint16(x.Port), outcome: o} //nolint:gosec // a port
				l.check(&x)
			}
		}
	}
	for _, d := range t.around.Databases {
		for _, pair := range t.pairs(func(e *end) bool { return e.of == d.Instance }, d.Port) {
			o.Checks = append(o.Checks, t.login(pair[0], pair[1], d))
		}
	}
}

// pairs are the first host of each segment that has to reach a port of some hosts, with the first of those; from the internet first.
func (t *Trial) pairs(to func(*end) bool, number uint16) (out [][2]*end) {
	seen := map[string]bool{}
	for _, a := range t.ends {
		for _, b := range t.ends {
			if seen[a.segment] || !to(b) || a == b || len(t.probes(a, b, port{"tcp", number})) == 0 || a.of == b.of && a.space != twin.Internet {
				continue
			}
			if t.result(a, b).Ask(port{"tcp", number}.set(), a.reach.Clients()) == reach.MustPass {
				seen[a.segment] = true
				out = append(out, [2]*end{a, b})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y [2]*end) int {
		outside := func(p [2]*end) int { return map[bool]int{true: 0, false: 1}[p[0].segment == intent.Internet] }
		return cmp.Compare(outside(x), outside(y))
	})
	return out
}

// open opens a connection from one host to another, by whichever of their addresses lets it.
func (t *Trial) open(ctx context.Context, a, b *end, number uint16) (c net.Conn, err error) {
	err = errors.New("they share no family of addresses")
	for _, p := range t.probes(a, b, port{"tcp", number}) {
		if c, err = twin.Dial(ctx, p.From, p.Source, netip.AddrPortFrom(p.Target, number)); err == nil {
			_ = c.SetDeadline(time.Now().Add(slow))
			return c, nil
		}
	}
	return nil, err
}

// listening is a listener that is checked.
type listening struct {
	*Trial
	*balancer.Listener
	balancer *model.LoadBalancer
	port     uint16
	outcome  *Outcome
	from, to *end
}

func (l *listening) add(err error, format string, args ...any) {
	c := Check{What: fmt.Sprintf("%s port %d, from %s: ", cmp.Or(l.balancer.Name, l.balancer.ID), l.port, l.from.segment) + fmt.Sprintf(format, args...)}
	if err != nil {
		c.Wrong = err.Error()
	}
	l.outcome.Checks = append(l.outcome.Checks, c)
}

// check compares what a client gets with what the account says of the listener.
func (l *listening) check(x *model.Listener) {
	pairs := l.pairs(func(e *end) bool { return e.balancer == l.balancer.ID }, l.port)
	if len(pairs) == 0 {
		return // nobody has to reach it
	}
	l.from, l.to = pairs[0][0], pairs[0][1]
	groups := l.Examples()
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		l.served(groups[id])
		l.encrypted(x, id)
	}
	l.refusesStrangers()
	if l.Secure() {
		l.refusesOldTLS()
		l.speaksAsItsPolicy()
	}
}

// seen is an answer, and what TLS it came by.
type seen struct {
	*http.Response
	body   string
	secure *tls.ConnectionState
}

// get asks for something of a host. With TLS its certificate has to be for that name, and by the twin's authority, unless it is a stranger.
func (l *listening) get(host, path string) (*seen, error) {
	c, err := l.open(context.Background(), l.from, l.to, l.port)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // the answer is what counts
	s := &seen{}
	if l.Secure() {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(l.Servers.Authority.PEM)
		secure := tls.Client(c, &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: host == stranger}) //nolint:gosec // for whom there is no certificate
		if err := secure.Handshake(); err != nil {
			return nil, err
		}
		state := secure.ConnectionState()
		s.secure, c = &state, secure
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	r.Close = true
	if err := r.Write(c); err != nil {
		return nil, err
	}
	if s.Response, err = http.ReadResponse(bufio.NewReader(c), r); err != nil {
		return nil, err
	}
	defer s.Body.Close() //nolint:errcheck // read whole
	body, err := io.ReadAll(s.Body)
	s.body = strings.TrimSpace(string(body))
	return s, err
}

// served asks for what a rule forwards.
func (l *listening) served(e balancer.Example) {
	s, err := l.get(e.Host, e.Path)
	if err != nil {
		l.add(err, "%s%s", e.Host, e.Path)
		return
	}
	target := s.Header.Get(balancer.TargetHeader)
	switch {
	case s.StatusCode >= http.StatusInternalServerError:
		err = errors.New("nobody behind it serves")
	case target == "":
		err = errors.New("no target has answered")
	default:
		err = l.dressed(s)
	}
	how := "HTTP"
	if s.secure != nil {
		how = fmt.Sprintf("HTTPS by %s, certificate for %s", tls.VersionName(s.secure.Version), strings.Join(s.secure.PeerCertificates[0].DNSNames, ", "))
	}
	l.add(err, "%s%s: %d %q from %s; %s%s", e.Host, e.Path, s.StatusCode, s.body[:min(len(s.body), 40)], cmp.Or(target, "nobody"), how, l.headers(s))
}

// headers are what an answer has of those that the listener sets.
func (l *listening) headers(s *seen) (text string) {
	for _, attribute := range slices.Sorted(maps.Keys(balancer.Headers)) {
		if l.Attribute(attribute) != "" {
			text += fmt.Sprintf("; %s: %s", balancer.Headers[attribute], s.Header.Get(balancer.Headers[attribute]))
		}
	}
	return text
}

// dressed reports a header that is not as the listener's attributes say.
func (l *listening) dressed(s *seen) error {
	var problems []error
	for attribute, header := range balancer.Headers {
		if want := l.Attribute(attribute); want != "" && s.Header.Get(header) != want {
			problems = append(problems, fmt.Errorf("%s is %q, and the listener says %q", header, s.Header.Get(header), want))
		}
	}
	return errors.Join(problems...)
}

// encrypted finds that the targets of a group with HTTPS serve nothing without TLS, so that every answer has come by TLS.
func (l *listening) encrypted(x *model.Listener, id string) {
	group := l.around.Balancers.Groups[id]
	at := slices.IndexFunc(x.Targets, func(g model.TargetGroup) bool { return g.ID == id })
	if at < 0 || group == nil || group.Protocol != elb.ProtocolEnumHttps {
		return
	}
	for _, m := range x.Targets[at].Members {
		b := slices.IndexFunc(l.ends, func(e *end) bool { return l.means(m.Target, e) })
		if b < 0 {
			continue
		}
		c, err := l.open(context.Background(), l.to, l.ends[b], uint16(m.Port)) //nolint:gosec // a port
		answer := ""
		if err == nil {
			_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
			text, _ := io.ReadAll(c) // how it ends does not matter
			answer, _, _ = strings.Cut(string(text), "\r\n")
			_ = c.Close()
			if strings.Contains(answer, " 2") || strings.Contains(answer, " 3") {
				err = fmt.Errorf("it serves without TLS: %s", answer)
			}
		}
		l.add(err, "the hop to %s port %d is encrypted anew; plain HTTP there: %s", l.ends[b].segment, m.Port, cmp.Or(answer, "no answer"))
		return
	}
}

// refusesStrangers asks for a host that is none of the listener's, and compares the answer with its default action.
func (l *listening) refusesStrangers() {
	s, err := l.get(stranger, "/?a=b")
	if err != nil {
		l.add(err, "a stranger's host name")
		return
	}
	rules := l.Rules
	action := rules[len(rules)-1].Actions[0]
	switch {
	case len(balancer.Groups(&action)) > 0:
		return // the default is to forward
	case s.Header.Get(balancer.TargetHeader) != "":
		err = fmt.Errorf("%s has answered", s.Header.Get(balancer.TargetHeader))
	case action.FixedResponseConfig != nil && fmt.Sprint(s.StatusCode) != aws.ToString(action.FixedResponseConfig.StatusCode):
		err = fmt.Errorf("the default action says %s", aws.ToString(action.FixedResponseConfig.StatusCode))
	default:
		err = l.dressed(s)
	}
	text := fmt.Sprintf("a stranger's host name: %d", s.StatusCode)
	if to := s.Header.Get("Location"); to != "" {
		text += " to " + to
		if c := action.RedirectConfig; c != nil && strings.EqualFold(aws.ToString(c.Protocol), "https") && !strings.HasPrefix(to, "https://"+stranger) {
			err = errors.New("it does not lead to HTTPS of the same host")
		}
	}
	l.add(err, "%s", text)
}

// refusesOldTLS offers the versions below those of the listener's policy.
func (l *listening) refusesOldTLS() {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
		if version >= l.Least {
			continue
		}
		state, err := l.shake(&tls.Config{MinVersion: version, MaxVersion: version}) //nolint:gosec // what must not work
		switch {
		case state != nil:
			l.add(errors.New("it is spoken"), "%s", tls.VersionName(version))
		case errors.Is(err, errNoWay):
			l.add(err, "%s", tls.VersionName(version))
		default:
			l.add(nil, "%s is refused: %v", tls.VersionName(version), err)
		}
	}
}

// errNoWay is a connection that does not even begin.
var errNoWay = errors.New("no connection")

// shake shakes hands, and returns what was agreed on.
func (l *listening) shake(c *tls.Config) (*tls.ConnectionState, error) {
	conn, err := l.open(context.Background(), l.from, l.to, l.port)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoWay, err)
	}
	defer conn.Close()                                                                     //nolint:errcheck // the handshake is what counts
	c.InsecureSkipVerify, c.ServerName = true, strings.ReplaceAll(l.Names[0][0], "*", "a") // whose certificate it is, others look at
	secure := tls.Client(conn, c)
	if err := secure.Handshake(); err != nil {
		return nil, err
	}
	state := secure.ConnectionState()
	return &state, nil
}

// speaksAsItsPolicy offers each cipher suite of TLS 1.2 alone, and a key exchange of TLS 1.3 that withstands quantum computers.
func (l *listening) speaksAsItsPolicy() {
	policy := aws.ToString(l.SslPolicy)
	if l.Least <= tls.VersionTLS12 && l.Most >= tls.VersionTLS12 {
		var wrong error
		spoken, refused := l.Spoken(strings.HasPrefix(l.Keys[0], "RSA"))
		for _, name := range append(spoken[:len(spoken):len(spoken)], refused...) {
			state, err := l.shake(&tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{balancer.Suites[name]}}) //nolint:gosec // also what must not work
			switch {
			case errors.Is(err, errNoWay):
				wrong = errors.Join(wrong, fmt.Errorf("%s: %w", name, err))
			case (state != nil) != slices.Contains(spoken, name):
				wrong = errors.Join(wrong, fmt.Errorf("%s: is spoken: %t", name, state != nil))
			}
		}
		l.add(wrong, "of TLS 1.2 it speaks %s, as %s says with a key of %s, and refuses %d other suites", strings.Join(spoken, ", "), policy, l.Keys[0], len(refused))
	}
	if l.Most < tls.VersionTLS13 {
		return
	}
	exchange := balancer.Hybrid[0]
	state, err := l.shake(&tls.Config{MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{exchange}})
	switch {
	case errors.Is(err, errNoWay):
	case (state != nil) != l.PostQuantum():
		err = fmt.Errorf("it is agreed on: %t", state != nil)
	default:
		err = nil
	}
	l.add(err, "the key exchange %s, which %s offers: %t", exchange, policy, l.PostQuantum())
}

// login logs in to a database from a host, with TLS and without.
func (t *Trial) login(a, b *end, d Database) Check {
	c := Check{What: fmt.Sprintf("PostgreSQL %s, from %s", d.Instance, a.segment)}
	ctx, cancel := context.WithTimeout(context.Background(), slow)
	defer cancel()
	connect := func(secure *tls.Config) (*pgx.Conn, error) {
		config, err := pgx.ParseConfig("sslmode=disable")
		if err != nil {
			return nil, err
		}
		config.Host, config.Port, config.User, config.Password, config.Database, config.TLSConfig = d.Host, d.Port, d.User, d.Password, d.Database, secure
		config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
		config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return t.open(ctx, a, b, d.Port) }
		return pgx.ConnectConfig(ctx, config)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(d.Roots))
	conn, err := connect(&tls.Config{RootCAs: roots, ServerName: d.Host, MinVersion: tls.VersionTLS12})
	if err != nil {
		c.Wrong = err.Error()
		return c
	}
	var version string
	err = conn.QueryRow(ctx, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl").Scan(&version)
	_ = conn.Close(ctx)
	if err != nil {
		c.Wrong = err.Error()
		return c
	}
	c.What += fmt.Sprintf(": %s is let in by %s", d.User, version)
	conn, err = connect(nil)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		_ = conn.Close(ctx)
		c.What += ", and without TLS too"
		if d.WithoutTLS != "" {
			c.Wrong = "its server refuses that elsewhere: " + d.WithoutTLS
		}
	case errors.As(err, &refused):
		c.What += ", and without TLS refused: " + refused.Message
		if d.WithoutTLS == "" {
			c.Wrong = "its server lets him in elsewhere"
		}
	default:
		c.Wrong = err.Error()
	}
	return c
}
