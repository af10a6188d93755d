// SPDX-License-Identifier: Apache-2.0

package balancer

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// TargetHeader of an answer tells which target it is from. A real load balancer has no such header.
const TargetHeader = "Twin-Target"

// Pool is the targets of a group, as one node of the load balancer sees them.
type Pool struct {
	Group   *elb.TargetGroup
	Targets []netip.AddrPort
	// Dial opens a connection from the node.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

	once   sync.Once
	client *http.Transport
	next   atomic.Uint32
	mutex  sync.Mutex
	ill    map[netip.AddrPort]bool
}

// transport makes connections of its own. The certificates of targets are not verified, as those of no target are:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-routing-configuration.
func (p *Pool) transport() *http.Transport {
	p.once.Do(func() {
		p.client = &http.Transport{
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				to, err := netip.ParseAddrPort(address)
				if err != nil {
					return nil, err
				}
				return p.Dial(ctx, to)
			},
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // as a load balancer does
			DisableKeepAlives: true, ResponseHeaderTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second,
		}
	})
	return p.client
}

// Scheme is the one of requests to the targets of a group.
func Scheme(g *elb.TargetGroup) string {
	return map[bool]string{true: "https", false: "http"}[g.Protocol == elb.ProtocolEnumHttps]
}

// Health is how a target is asked for its health, and the status of one that is well.
type Health struct {
	At           netip.AddrPort
	Scheme, Path string
	Healthy      int
}

// CheckOf is the health check of a target of a group.
func CheckOf(g *elb.TargetGroup, to netip.AddrPort) Health {
	h := Health{At: to, Scheme: Scheme(g), Path: cmp.Or(aws.ToString(g.HealthCheckPath), "/"), Healthy: http.StatusOK}
	if n, err := strconv.ParseUint(aws.ToString(g.HealthCheckPort), 10, 16); err == nil { // otherwise traffic-port
		h.At = netip.AddrPortFrom(to.Addr(), uint16(n))
	}
	if g.HealthCheckProtocol != "" {
		h.Scheme = strings.ToLower(string(g.HealthCheckProtocol))
	}
	for status := 200; status < 600 && !codes(wanted(g), h.Healthy); status++ {
		h.Healthy = status
	}
	return h
}

// wanted says which statuses are those of a target that is well.
func wanted(g *elb.TargetGroup) string {
	if g.Matcher != nil && g.Matcher.HttpCode != nil {
		return *g.Matcher.HttpCode
	}
	return "200"
}

// Check asks every target for its health once:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html. How often the answer has to be the
// same before it counts is left out.
func (p *Pool) Check(ctx context.Context) {
	ill := map[netip.AddrPort]bool{}
	var all sync.WaitGroup
	for _, to := range p.Targets {
		all.Go(func() {
			if err := p.check(ctx, to); err != nil {
				p.mutex.Lock()
				defer p.mutex.Unlock()
				ill[to] = true
			}
		})
	}
	all.Wait()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.ill = ill
}

// Healthy are the targets that passed the last check.
func (p *Pool) Healthy() []netip.AddrPort {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.DeleteFunc(slices.Clone(p.Targets), func(to netip.AddrPort) bool { return p.ill[to] })
}

func (p *Pool) check(ctx context.Context, to netip.AddrPort) error {
	g := p.Group
	if g.HealthCheckEnabled != nil && !*g.HealthCheckEnabled {
		return nil
	}
	h := CheckOf(g, to)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(cmp.Or(aws.ToInt32(g.HealthCheckTimeoutSeconds), 5))*time.Second)
	defer cancel()
	at := url.URL{Scheme: h.Scheme, Host: h.At.String(), Path: h.Path}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	answer, err := p.transport().RoundTrip(r)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if !codes(wanted(g), answer.StatusCode) {
		return fmt.Errorf("%s answers %d, and healthy is %s", to, answer.StatusCode, wanted(g))
	}
	return nil
}

// codes reports whether a matcher such as "200,202" or "200-299" has a status.
func codes(matcher string, status int) bool {
	for part := range strings.SplitSeq(matcher, ",") {
		low, high, span := strings.Cut(strings.TrimSpace(part), "-")
		if !span {
			high = low
		}
		a, err := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		if err == nil && err2 == nil && a <= status && status <= b {
			return true
		}
	}
	return false
}

// ServeHTTP hands a request to a healthy target, in turn; to any where none is healthy, as AWS does.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	targets := p.Healthy()
	if len(targets) == 0 {
		targets = p.Targets
	}
	if len(targets) == 0 {
		say(w, http.StatusServiceUnavailable, "text/html", "<h1>503 Service Temporarily Unavailable</h1>")
		return
	}
	to := targets[int(p.next.Add(1)-1)%len(targets)]
	proxy := httputil.ReverseProxy{
		Transport: p.transport(),
		Rewrite: func(x *httputil.ProxyRequest) {
			x.Out.URL.Scheme, x.Out.URL.Host, x.Out.Host = Scheme(p.Group), to.String(), x.In.Host
			x.Out.Header["X-Forwarded-For"] = x.In.Header["X-Forwarded-For"]
			x.SetXForwarded()
			if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
				if _, port, err := net.SplitHostPort(at.String()); err == nil {
					x.Out.Header.Set("X-Forwarded-Port", port)
				}
			}
			x.Out.Header.Del("X-Forwarded-Host")
		},
		ModifyResponse: func(answer *http.Response) error {
			answer.Header.Set(TargetHeader, to.String())
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			say(w, http.StatusBadGateway, "text/html", "<h1>502 Bad Gateway</h1>")
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	proxy.ServeHTTP(w, r)
}

func say(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client may have gone
}

// Handler answers the requests of a listener; pools has those of its target groups by ARN.
func (l *Listener) Handler(pools map[string]*Pool) http.Handler {
	var turn atomic.Uint32
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dressed := &dressing{ResponseWriter: w, listener: l}
		rule := l.rule(r)
		if rule == nil { // Check demands a default
			say(dressed, http.StatusInternalServerError, "text/plain", "no rule")
			return
		}
		switch action := last(rule.Actions); action.Type {
		case elb.ActionTypeEnumFixedResponse:
			f := action.FixedResponseConfig
			status, _ := strconv.Atoi(aws.ToString(f.StatusCode))
			dressed.own = true
			say(dressed, status, cmp.Or(aws.ToString(f.ContentType), "text/plain"), aws.ToString(f.MessageBody))
		case elb.ActionTypeEnumRedirect:
			dressed.own = true
			redirect(dressed, r, l, action.RedirectConfig)
		default:
			groups := Groups(action)
			pool := (*Pool)(nil)
			if len(groups) > 0 {
				pool = pools[groups[int(turn.Add(1)-1)%len(groups)]]
			}
			if pool == nil {
				pool = &Pool{}
			}
			dressed.own = len(pool.Targets) == 0
			pool.ServeHTTP(dressed, r)
		}
	})
}

// redirect fills the placeholders of a redirection with the parts of the request.
func redirect(w http.ResponseWriter, r *http.Request, l *Listener, c *elb.RedirectActionConfig) {
	fill := strings.NewReplacer("#{protocol}", string(l.Protocol), "#{host}", hostname(r.Host), "#{port}", fmt.Sprint(aws.ToInt32(l.Port)),
		"#{path}", strings.TrimPrefix(r.URL.EscapedPath(), "/"), "#{query}", r.URL.RawQuery)
	part := func(value *string, otherwise string) string {
		return fill.Replace(cmp.Or(aws.ToString(value), otherwise))
	}
	protocol, port := strings.ToLower(part(c.Protocol, "#{protocol}")), part(c.Port, "#{port}")
	to := fmt.Sprintf("%s://%s:%s%s", protocol, part(c.Host, "#{host}"), port, part(c.Path, "/#{path}"))
	if query := part(c.Query, "#{query}"); query != "" {
		to += "?" + query
	}
	w.Header().Set("Location", to)
	status := http.StatusFound
	if c.StatusCode == elb.RedirectActionStatusCodeEnumHttp301 {
		status = http.StatusMovedPermanently
	}
	say(w, status, "text/html", "")
}

// dressing sets the headers that a listener's attributes name on every answer:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html.
type dressing struct {
	http.ResponseWriter
	listener *Listener
	own      bool // the answer is the load balancer's own
	done     bool
}

// Headers are the attributes that name a header of answers, and that header.
var Headers = map[string]string{
	"routing.http.response.strict_transport_security.header_value":        "Strict-Transport-Security",
	"routing.http.response.content_security_policy.header_value":          "Content-Security-Policy",
	"routing.http.response.x_content_type_options.header_value":           "X-Content-Type-Options",
	"routing.http.response.x_frame_options.header_value":                  "X-Frame-Options",
	"routing.http.response.access_control_allow_origin.header_value":      "Access-Control-Allow-Origin",
	"routing.http.response.access_control_allow_methods.header_value":     "Access-Control-Allow-Methods",
	"routing.http.response.access_control_allow_headers.header_value":     "Access-Control-Allow-Headers",
	"routing.http.response.access_control_allow_credentials.header_value": "Access-Control-Allow-Credentials",
	"routing.http.response.access_control_expose_headers.header_value":    "Access-Control-Expose-Headers",
	"routing.http.response.access_control_max_age.header_value":           "Access-Control-Max-Age",
}

func (d *dressing) WriteHeader(status int) {
	if !d.done {
		d.done = true
		for attribute, header := range Headers {
			if v := d.listener.Attribute(attribute); v != "" {
				d.Header().Set(header, v)
			}
		}
		switch named := d.listener.Attribute("routing.http.response.server.enabled"); {
		case named == "false":
			d.Header().Del("Server")
		case d.own:
			d.Header().Set("Server", "awselb/2.0")
		}
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *dressing) Write(b []byte) (int, error) {
	if !d.done {
		d.WriteHeader(http.StatusOK)
	}
	return d.ResponseWriter.Write(b)
}

// Unwrap lets the standard library find what the other writer can do.
func (d *dressing) Unwrap() http.ResponseWriter { return d.ResponseWriter }
