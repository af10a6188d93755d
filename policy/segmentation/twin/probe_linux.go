// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Probe is a packet to send, and what becomes of it.
type Probe struct {
	// Network is tcp or udp.
	Network string
	// From and To are spaces; Source is an address of the one, Listen of the other, and Target the address that the
	// packet is for: Listen or the public address that stands for it.
	From, To               string
	Source, Listen, Target netip.Addr
	Port, Client           uint16
	// Arrived and Answered are the result. A TCP connection that was not answered is not known to have arrived.
	Arrived, Answered bool
	// Err is what the kernel said when there was no answer.
	Err error
}

// listeners are the servers of a run: they answer with what they were asked, and note who asked.
type listeners struct {
	sync.Mutex
	open    map[string]func() error
	arrived map[string]bool
}

// Try sends all probes at once, and waits that long for each answer.
func Try(probes []*Probe, wait time.Duration) error {
	l := &listeners{open: map[string]func() error{}, arrived: map[string]bool{}}
	defer func() {
		for _, c := range l.open {
			_ = c()
		}
	}()
	for _, p := range probes {
		if err := l.listen(p); err != nil {
			return fmt.Errorf("listen at %s %s port %d: %w", p.To, p.Listen, p.Port, err)
		}
	}
	var all sync.WaitGroup
	for i, p := range probes {
		all.Go(func() { p.send(fmt.Sprint(i), wait) })
	}
	all.Wait()
	l.Lock()
	defer l.Unlock()
	for _, p := range probes {
		for _, own := range []error{syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EACCES} {
			if errors.Is(p.Err, own) {
				return fmt.Errorf("the probe from %s to %s was not sent: %w", p.From, p.To, p.Err)
			}
		}
	}
	for i, p := range probes {
		p.Arrived = p.Answered || l.arrived[fmt.Sprint(i)]
	}
	return nil
}

func (l *listeners) listen(p *Probe) error {
	at := netip.AddrPortFrom(p.Listen, p.Port).String()
	key := p.Network + p.To + at
	if l.open[key] != nil {
		return nil
	}
	return In(p.To, func() error {
		if p.Network == "udp" {
			c, err := net.ListenPacket("udp", at)
			if err != nil {
				return err
			}
			l.open[key] = c.Close
			go l.echo(c)
			return nil
		}
		c, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", at)
		if err != nil {
			return err
		}
		l.open[key] = c.Close
		go greet(c)
		return nil
	})
}

func (l *listeners) echo(c net.PacketConn) {
	b := make([]byte, 64)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		l.Lock()
		l.arrived[string(b[:n])] = true
		l.Unlock()
		_, _ = c.WriteTo(b[:n], from) // the answer may be dropped, which is what the probe is about
	}
}

// greet answers every connection with a byte, and cuts it off once the other side has gone.
func greet(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = c.Write([]byte{1})
			_, _ = c.Read(make([]byte, 1))
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}()
	}
}

// shared lets probes to several addresses of one end come from one client port.
func shared(_, _ string, c syscall.RawConn) error {
	var err error
	outer := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
	return errors.Join(outer, err)
}

// send opens the connection from the client port and waits for the answer.
func (p *Probe) send(id string, wait time.Duration) {
	p.Err = func() error {
		until := time.Now().Add(wait)
		d := net.Dialer{Deadline: until, Control: shared}
		if p.Network == "udp" {
			d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.Source, p.Client))
		} else {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.Source, p.Client))
		}
		var c net.Conn
		if err := In(p.From, func() (err error) {
			c, err = d.Dial(p.Network, netip.AddrPortFrom(p.Target, p.Port).String())
			return err
		}); err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // the answer is what counts
		_ = c.SetDeadline(until)
		if p.Network == "udp" {
			if _, err := c.Write([]byte(id)); err != nil {
				return err
			}
		} else {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		if _, err := c.Read(make([]byte, 64)); err != nil {
			return err
		}
		p.Answered = true
		return nil
	}()
}
