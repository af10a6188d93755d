// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Probe is a connection to open, and what becomes of it.
type Probe struct {
	// Network is tcp or udp.
	Network string
	// From and To are spaces; Source is an address of the one, Listen of the other, and Target the address that the
	// packet is for: Listen or the public address that stands for it. A Client of 0 lets the kernel choose a port.
	From, To               string
	Source, Listen, Target netip.Addr
	Port, Client           uint16
	// Connected, Arrived and Answered are the result: a TCP connection is open; a packet is there; something was said.
	// A TCP connection that was not answered is not known to have arrived.
	Connected, Arrived, Answered bool
	// Heard is what was said: of a TCP server the name of its space.
	Heard string
	// Err is what the kernel said when there was no answer.
	Err error
}

// wave is how many connections are tried at once: a system may allow a process no more than a few thousand files.
const wave = 1500

// Servers answer in the namespaces, and note who asked.
type Servers struct {
	sync.Mutex
	open    map[string]func() error
	arrived map[string]bool
	asked   int
}

// NewServers has none yet.
func NewServers() *Servers {
	return &Servers{open: map[string]func() error{}, arrived: map[string]bool{}}
}

// Close ends all servers.
func (l *Servers) Close() {
	for _, c := range l.open {
		_ = c()
	}
}

// Try starts the servers that the probes need, sends all probes, and waits that long for each answer. The servers stay.
func (l *Servers) Try(probes []*Probe, wait time.Duration) error {
	for _, p := range probes {
		if err := l.Listen(p); err != nil {
			return fmt.Errorf("listen at %s %s port %d: %w", p.To, p.Listen, p.Port, err)
		}
	}
	for some := range slices.Chunk(probes, wave) {
		if err := l.send(some, wait); err != nil {
			return err
		}
	}
	return nil
}

// send sends probes at once.
func (l *Servers) send(probes []*Probe, wait time.Duration) error {
	from := map[string][]*Probe{}
	for _, p := range probes {
		p.Connected, p.Arrived, p.Answered, p.Heard, p.Err = false, false, false, "", nil
		from[p.From] = append(from[p.From], p)
	}
	sockets := map[*Probe]*os.File{}
	for space, some := range from {
		if err := In(space, func() error {
			for _, p := range some {
				sockets[p], p.Err = begin(p.Network, netip.AddrPortFrom(p.Source, p.Client), netip.AddrPortFrom(p.Target, p.Port))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	until := time.Now().Add(wait)
	first := l.asked
	l.asked += len(probes)
	var all sync.WaitGroup
	for i, p := range probes {
		if s := sockets[p]; s != nil {
			all.Go(func() { p.Err = p.finish(s, fmt.Sprint(first+i), until) })
		}
	}
	all.Wait()
	l.Lock()
	defer l.Unlock()
	for i, p := range probes {
		for _, own := range []error{syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EACCES, syscall.EMFILE, syscall.ENFILE} {
			if errors.Is(p.Err, own) {
				return fmt.Errorf("the probe from %s to %s was not sent: %w", p.From, p.To, p.Err)
			}
		}
		p.Arrived = p.Connected || p.Answered || l.arrived[fmt.Sprint(first+i)]
	}
	return nil
}

// serve keeps a TCP server of a space, unless there is one at that place already.
func (l *Servers) serve(space string, at netip.AddrPort, answer func(net.Conn)) error {
	key := "tcp" + space + at.String()
	if l.open[key] != nil {
		return nil
	}
	return In(space, func() error {
		c, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", at.String())
		if err != nil {
			return err
		}
		l.open[key] = c.Close
		go func() {
			for {
				client, err := c.Accept()
				if err != nil {
					return
				}
				go answer(client)
			}
		}()
		return nil
	})
}

// Listen starts the server that a probe needs.
func (l *Servers) Listen(p *Probe) error {
	at := netip.AddrPortFrom(p.Listen, p.Port)
	if !p.Listen.IsValid() { // there is no server, or not one of ours
		return nil
	}
	if p.Network != "udp" {
		return l.serve(p.To, at, func(c net.Conn) { greet(c, p.To) })
	}
	key := p.Network + p.To + at.String()
	if l.open[key] != nil {
		return nil
	}
	return In(p.To, func() error {
		c, err := net.ListenPacket("udp", at.String())
		if err != nil {
			return err
		}
		l.open[key] = c.Close
		go l.echo(c)
		return nil
	})
}

func (l *Servers) echo(c net.PacketConn) {
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

// greet answers a connection with the name of the space, and cuts it off once the other side has gone.
func greet(c net.Conn, space string) {
	_, _ = c.Write([]byte(space))
	_, _ = c.Read(make([]byte, 1))
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// begin opens a socket in the namespace that the thread is in, and starts to connect it. Probes to several addresses
// of one end may come from one client port.
func begin(network string, from, to netip.AddrPort) (*os.File, error) {
	kind, family := unix.SOCK_STREAM, unix.AF_INET
	if network == "udp" {
		kind = unix.SOCK_DGRAM
	}
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if network != "udp" {
		err = errors.Join(err, unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	}
	if err = errors.Join(err, unix.Bind(fd, sockaddr(from))); err == nil {
		if err = unix.Connect(fd, sockaddr(to)); errors.Is(err, unix.EINPROGRESS) {
			err = nil
		}
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "socket"), nil //nolint:gosec // a file descriptor is not negative
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is6() {
		return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	}
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// connected waits until a socket is connected.
func connected(s *os.File) error {
	c, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var state error
	err = c.Write(func(fd uintptr) bool {
		code, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR) //nolint:gosec // a file descriptor is small
		if err == nil && code != 0 {
			err = syscall.Errno(code) //nolint:gosec // error numbers are small
		}
		if err != nil {
			state = err
			return true
		}
		_, err = unix.Getpeername(int(fd)) //nolint:gosec // a file descriptor is small
		return !errors.Is(err, unix.ENOTCONN)
	})
	return errors.Join(err, state)
}

// finish waits for the connection and the answer.
func (p *Probe) finish(s *os.File, id string, until time.Time) error {
	defer s.Close() //nolint:errcheck // the answer is what counts
	if err := s.SetDeadline(until); err != nil {
		return err
	}
	if p.Network == "udp" {
		if _, err := s.WriteString(id); err != nil {
			return err
		}
	} else if err := connected(s); err != nil {
		return err
	}
	p.Connected = p.Network != "udp"
	b := make([]byte, 64)
	n, err := s.Read(b)
	if err != nil {
		return err
	}
	p.Answered, p.Heard = true, string(b[:n])
	return nil
}
