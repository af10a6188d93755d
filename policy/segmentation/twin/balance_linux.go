// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// patience is how long a load balancer waits for a target.
const patience = 2 * time.Second

// Balance starts a reverse proxy in every namespace of a load balancer for each of its listeners. A connection goes to a target
// by chance, and to another where it is not answered. It reports how many targets each listener has, by its port.
func (l *Servers) Balance(p *Plan, net *Placed, b *model.LoadBalancer) (map[uint16]int, error) {
	count := map[uint16]int{}
	for _, x := range b.Listeners {
		var targets []netip.AddrPort
		for _, g := range x.Targets {
			for _, m := range g.Members {
				for _, f := range net.Interfaces {
					if m.Target == net.Of[f.ID] || m.Target == f.Owner && f.Owner != "" {
						targets = append(targets, netip.AddrPortFrom(f.Addresses[0].IP, uint16(m.Port))) //nolint:gosec // a port
					}
				}
			}
		}
		port := uint16(x.Port) //nolint:gosec // a port
		count[port] = len(targets)
		for _, f := range net.Interfaces {
			if f.Kind != model.Balancer || f.Owner != b.ID {
				continue
			}
			for _, a := range f.Addresses {
				if err := l.proxy(p.End(f.ID), f.Addresses, netip.AddrPortFrom(a.IP, port), targets); err != nil {
					return nil, err
				}
			}
		}
	}
	return count, nil
}

// proxy serves in a space by connections to targets.
func (l *Servers) proxy(space string, own []model.Address, at netip.AddrPort, targets []netip.AddrPort) error {
	return l.serve(space, at, func(client net.Conn) {
		defer client.Close() //nolint:errcheck // nothing more is to be said
		for _, i := range rand.Perm(len(targets)) {
			target := dial(space, own, targets[i])
			if target == nil {
				continue
			}
			go func() { _, _ = io.Copy(target, client); _ = target.Close() }() // the client has gone
			_, _ = io.Copy(client, target)
			return
		}
	})
}

// dial opens a connection from one of a space's own addresses; nil if there is no answer.
func dial(space string, own []model.Address, to netip.AddrPort) *os.File {
	var s *os.File
	err := In(space, func() (err error) {
		for _, a := range own {
			if a.IP.Is4() == to.Addr().Is4() {
				s, err = begin("tcp", netip.AddrPortFrom(a.IP, 0), to)
				return err
			}
		}
		return os.ErrNotExist
	})
	if err != nil || s == nil {
		return nil
	}
	_ = s.SetDeadline(time.Now().Add(patience))
	if connected(s) != nil {
		_ = s.Close()
		return nil
	}
	_ = s.SetDeadline(time.Time{})
	return s
}
