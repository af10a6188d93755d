// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
)

const (
	// patience is how long a load balancer waits for the connection to a target.
	patience = 2 * time.Second
	// pulse is how often it asks for the health of targets. A real one does not ask as often.
	pulse = time.Second
)

// Balance starts what a load balancer is in every namespace of one: of an application load balancer an HTTP server for each of its
// listeners, which follows its rules; of a network load balancer a proxy, which hands a connection to a target by chance, and to another
// where it is not answered. Healthy tells how many targets of each target group pass their health check, as the node sees it that
// sees the fewest.
func (l *Servers) Balance(p *Plan, net *Placed, b *model.LoadBalancer, known *balancer.Known) (healthy map[string]int, err error) {
	healthy = map[string]int{}
	for _, x := range b.Listeners {
		targets := net.targets(&x)
		if err := l.stand(p, net, all(targets)); err != nil {
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
			if b.Network {
				err = node.pass(uint16(x.Port), all(targets)) //nolint:gosec // a port
			} else {
				err = node.answer(uint16(x.Port), rules, targets, known, healthy) //nolint:gosec // a port
			}
			if err != nil {
				return nil, fmt.Errorf("port %d of %s: %w", x.Port, node.space, err)
			}
		}
	}
	return healthy, nil
}

// stand starts a server at each target at which nothing listens, such as one whose image brings the service.
func (l *Servers) stand(p *Plan, net *Placed, targets []netip.AddrPort) error {
	for _, f := range net.Interfaces {
		for _, to := range targets {
			if len(f.Addresses) == 0 || f.Addresses[0].IP != to.Addr() {
				continue
			}
			if err := l.Listen(&Probe{Network: "tcp", To: p.End(f.ID), Listen: to.Addr(), Port: to.Port()}); err != nil {
				return fmt.Errorf("target %s: %w", to, err)
			}
		}
	}
	return nil
}

// targets are the addresses behind a listener, by target group.
func (net *Placed) targets(x *model.Listener) map[string][]netip.AddrPort {
	out := map[string][]netip.AddrPort{}
	for _, g := range x.Targets {
		out[g.ID] = nil
		for _, m := range g.Members {
			for _, f := range net.Interfaces {
				if m.Target == net.Of[f.ID] || m.Target == f.Owner && f.Owner != "" {
					out[g.ID] = append(out[g.ID], netip.AddrPortFrom(f.Addresses[0].IP, uint16(m.Port))) //nolint:gosec // a port
				}
			}
		}
	}
	return out
}

func all(groups map[string][]netip.AddrPort) (out []netip.AddrPort) {
	for _, some := range groups {
		out = append(out, some...)
	}
	return out
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
		secure = &tls.Config{MinVersion: rules.Least, MaxVersion: rules.Most, NextProtos: []string{"h2", "http/1.1"}}
		for _, names := range rules.Names {
			c, err := n.servers.certificate(names[0], names...)
			if err != nil {
				return err
			}
			secure.Certificates = append(secure.Certificates, *c)
		}
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
