// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
)

const (
	// patience is how long a load balancer waits for the connection to a target.
	patience = 2 * time.Second
	// pulse is how often it asks for the health of targets, in the twin's time and not as its target group says.
	pulse = 5 * time.Second
)

// Balance starts what a load balancer is in every namespace of one: of an application load balancer an HTTP server for each of its
// listeners, which follows its rules; of a network load balancer that does not keep its clients' addresses a proxy, which hands a
// connection to a target by chance, and to another where it is not answered. The kernel does the work of one that keeps them ([Plan]), so
// that here is only a server for those who ask for the node itself. Healthy tells how many targets of each target group pass their health check, as the node sees it that
// sees the fewest.
func (l *Servers) Balance(p *Plan, net *Placed, b *model.LoadBalancer, known *balancer.Known) (healthy map[string]int, err error) {
	healthy = map[string]int{}
	for _, x := range b.Listeners {
		targets := targets(net.Network, net.before, &x)
		if err := l.stand(p, &x, targets, known.Groups); err != nil {
			return nil, err
		}
		rules := known.Listeners[x.ID]
		if rules == nil && !b.Network {
			return nil, fmt.Errorf("%w: what its listener %s does with requests is not known", ErrUnable, x.ID)
		}
		for _, f := range net.Interfaces {
			if f.Kind != model.Balancer || f.Owner != b.ID {
				continue
			}
			node := node{servers: l, space: p.End(f.ID), own: f.Addresses}
			switch {
			case b.Network && hands(&x):
				for _, a := range f.Addresses {
					err = errors.Join(err, l.both(node.space, netip.AddrPortFrom(a.IP, uint16(x.Port)), x.Protocol)) //nolint:gosec // a port
				}
			case b.Network:
				err = node.pass(uint16(x.Port), all(targets)) //nolint:gosec // a port
			default:
				err = node.answer(uint16(x.Port), rules, targets, known, healthy) //nolint:gosec // a port
			}
			if err != nil {
				return nil, fmt.Errorf("port %d of %s: %w", x.Port, node.space, err)
			}
		}
	}
	return healthy, nil
}

// stand starts a server at each target at which nothing listens, such as one whose image brings the service: it speaks the protocol of
// its target group, and says that it is well where the health check asks.
func (l *Servers) stand(p *Plan, x *model.Listener, targets map[string][]netip.AddrPort, groups map[string]*elb.TargetGroup) error {
	for id, some := range targets {
		for _, to := range some {
			space := p.holds(to.Addr())
			err := l.well(space, to, groups[id])
			if err == nil && hands(x) {
				err = l.both(space, to, x.Protocol)
			}
			if err != nil {
				return fmt.Errorf("target %s: %w", to, err)
			}
		}
	}
	return nil
}

// well starts what a target of an application load balancer is, and another server where its health check has a port of its own.
func (l *Servers) well(space string, to netip.AddrPort, g *elb.TargetGroup) error {
	if g == nil {
		return l.both(space, to, int(flow.TCP))
	}
	own, err := l.certificate(space, l.Names[space]...)
	if err != nil {
		return err
	}
	check := balancer.CheckOf(g, to)
	for _, server := range []balancer.Health{{At: to, Scheme: balancer.Scheme(g)}, check} { // where both are one, the first
		var secure *tls.Config
		if server.Scheme == "https" {
			secure = &tls.Config{Certificates: []tls.Certificate{*own}, MinVersion: tls.VersionTLS12}
		}
		hello := greeting(strings.Join(append([]string{space}, l.Names[space]...), " "))
		err = errors.Join(err, l.web(space, server.At, secure, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == check.Path {
				w.WriteHeader(check.Healthy)
			}
			hello.ServeHTTP(w, r)
		})))
	}
	return err
}

// both starts the servers of a protocol, which may be TCP and UDP.
func (l *Servers) both(space string, at netip.AddrPort, protocol int) (err error) {
	for _, network := range Transports(protocol) {
		err = errors.Join(err, l.Listen(&Probe{Network: network, To: space, Listen: at.Addr(), Port: at.Port()}))
	}
	return err
}

// holds is the space of the interface that has an address.
func (p *Plan) holds(a netip.Addr) string {
	for _, f := range p.net.Interfaces {
		if slices.ContainsFunc(f.Addresses, func(x model.Address) bool { return x.IP == a }) {
			return p.End(f.ID)
		}
	}
	return ""
}

// node is a load balancer in one of its namespaces.
type node struct {
	servers *Servers
	space   string
	own     []model.Address
}

// answer serves HTTP by the rules of a listener.
func (n *node) answer(port uint16, rules *balancer.Listener, targets map[string][]netip.AddrPort, known *balancer.Known, healthy map[string]int) error {
	pools := map[string]*balancer.Pool{}
	for id, some := range targets {
		if known.Groups[id] == nil {
			return fmt.Errorf("%w: the target group %s is not among the answers (TargetGroups.json)", ErrUnable, id)
		}
		pool := &balancer.Pool{Group: known.Groups[id], Targets: some, Dial: n.dial}
		ctx, stop := context.WithCancel(context.Background()) //nolint:gosec // Close calls it
		pool.Check(ctx)
		before, seen := healthy[id]
		if healthy[id] = len(pool.Healthy()); seen {
			healthy[id] = min(before, healthy[id])
		}
		n.servers.ends = append(n.servers.ends, stop)
		go func() {
			for ctx.Err() == nil {
				time.Sleep(pulse)
				pool.Check(ctx)
			}
		}()
		pools[id] = pool
	}
	var secure *tls.Config
	if rules.Secure() {
		var own []tls.Certificate
		for i, names := range rules.Names {
			c, err := n.servers.certificateOf(rules.Keys[i], names[0], names...)
			if err != nil {
				return err
			}
			own = append(own, *c)
		}
		secure = rules.Config(own)
	}
	for _, a := range n.own {
		if err := n.servers.web(n.space, netip.AddrPortFrom(a.IP, port), secure, rules.Handler(pools)); err != nil {
			return err
		}
	}
	return nil
}

// pass hands TCP connections on.
func (n *node) pass(port uint16, targets []netip.AddrPort) error {
	for _, a := range n.own {
		err := n.servers.serve(n.space, netip.AddrPortFrom(a.IP, port), func(client net.Conn) {
			defer client.Close() //nolint:errcheck // nothing more is to be said
			for _, i := range rand.Perm(len(targets)) {
				if target, err := n.dial(context.Background(), targets[i]); err == nil {
					Join(client, target)
					return
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dial opens a connection from one of the node's own addresses.
func (n *node) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	for _, a := range n.own {
		if a.IP.Is4() == to.Addr().Is4() {
			return Dial(ctx, n.space, a.IP, to)
		}
	}
	return nil, fmt.Errorf("the load balancer has no address of the family of %s", to)
}

// Dial opens a TCP connection from an address of a space.
func Dial(ctx context.Context, space string, from netip.Addr, to netip.AddrPort) (c net.Conn, err error) {
	dialer := net.Dialer{Timeout: patience, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	err = In(space, func() error {
		c, err = dialer.DialContext(ctx, "tcp", to.String())
		return err
	})
	return c, err
}
