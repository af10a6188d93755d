// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"bufio"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-iac/bulkhead/internal/authority"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
)

// Probe is a connection to open, and what becomes of it.
type Probe struct {
	// Network is tcp, udp or icmp, which is ICMPv6 between addresses of IPv6. The Port of ICMP is its type; the code is 0.
	Network string
	// From and To are spaces; Source is an address of the one, Listen of the other, and Target the address that the
	// packet is for: Listen or the public address that stands for it. A Client of 0 lets the kernel choose a port.
	From, To               string
	Source, Listen, Target netip.Addr
	Port, Client           uint16
	// A Host makes it an HTTP request for Path of that host, over TLS unless Plain. Any other TCP probe begins TLS and asks for nothing.
	Host, Path string
	Plain      bool
	// Node asks for a node of a network load balancer that keeps its clients' addresses, and not for what it hands on to.
	Node bool
	// Connected, Arrived and Answered are the result: a TCP connection is open; a packet is there; something was said.
	// A TCP connection that was not answered is not known to have arrived.
	Connected, Arrived, Answered bool
	// Heard is who has answered: the subject of the server's certificate, which is the name of its space, and what answers over UDP; of a
	// request through a load balancer the address of the target.
	Heard string
	// Err is what the kernel said when there was no answer.
	Err error
}

// wave is how many connections are tried at once: a system may allow a process no more than a few thousand files.
const wave = 1500

// Servers answer in the namespaces, and note who asked.
type Servers struct {
	// Authority is that of all certificates.
	Authority *authority.Authority
	// Names are those of each space in its certificates.
	Names map[string][]string

	sync.Mutex
	open    map[string]func() error
	ends    []func()
	arrived map[string]bool
	asked   int
	issued  map[string]*tls.Certificate
}

// NewServers has none yet, and a certificate authority of its own.
func NewServers() (*Servers, error) {
	a, err := authority.New("authority of this twin")
	if err != nil {
		return nil, err
	}
	return &Servers{Authority: a, Names: map[string][]string{}, open: map[string]func() error{}, arrived: map[string]bool{}, issued: map[string]*tls.Certificate{}}, nil
}

// Close ends all servers.
func (l *Servers) Close() {
	for _, end := range l.ends {
		end()
	}
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
				sockets[p], p.Err = p.begin(netip.AddrPortFrom(p.Source, p.Client), netip.AddrPortFrom(p.Target, p.Port))
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

// place is where a server listens.
func place(network, space string, at netip.AddrPort) string { return network + space + at.String() }

// Taken notes that a program of its own listens at a place.
func (l *Servers) Taken(space string, at netip.AddrPort) {
	l.open[place("tcp", space, at)] = func() error { return nil }
}

// listen opens a TCP port of a space, for which answer is called; unless there is a server at that place already.
func (l *Servers) listen(space string, at netip.AddrPort, answer func(net.Listener)) error {
	key := place("tcp", space, at)
	if l.open[key] != nil {
		return nil
	}
	return In(space, func() error {
		c, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", at.String())
		if err != nil {
			return err
		}
		l.open[key] = c.Close
		go answer(c)
		return nil
	})
}

// serve calls answer for each connection to a TCP port of a space.
func (l *Servers) serve(space string, at netip.AddrPort, answer func(net.Conn)) error {
	return l.listen(space, at, func(c net.Listener) {
		for {
			client, err := c.Accept()
			if err != nil {
				return
			}
			go answer(client)
		}
	})
}

// Forward hands the connections to a TCP port of a space to a socket of the file system, behind which is a server of elsewhere.
func (l *Servers) Forward(space string, at netip.AddrPort, socket string) error {
	return l.serve(space, at, func(client net.Conn) {
		defer client.Close() //nolint:errcheck // nothing more is to be said
		server, err := net.Dial("unix", socket)
		if err != nil {
			return
		}
		Join(client, server)
	})
}

// Join hands what each of two connections says to the other, until both have ended.
func Join(a, b net.Conn) {
	done := make(chan struct{})
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // one of them has gone
		_ = to.Close()
		_ = from.Close()
	}
	go func() { defer close(done); pass(a, b) }()
	pass(b, a)
	<-done
}

// quiet keeps the errors of connections to itself: most of them are probes that end after the beginning of TLS.
var quiet = log.New(io.Discard, "", 0)

// web serves HTTP at a port of a space, over TLS if there is a configuration of it.
func (l *Servers) web(space string, at netip.AddrPort, secure *tls.Config, answer http.Handler) error {
	s := &http.Server{Handler: answer, ErrorLog: quiet, ReadHeaderTimeout: time.Minute, TLSConfig: secure}
	if secure != nil && len(secure.NextProtos) > 0 && !slices.Contains(secure.NextProtos, "h2") {
		s.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	return l.listen(space, at, func(c net.Listener) {
		if secure != nil {
			_ = s.ServeTLS(c, "", "")
			return
		}
		_ = s.Serve(c)
	})
}

// certificate is one for a subject and its names, made once.
func (l *Servers) certificate(subject string, names ...string) (*tls.Certificate, error) {
	return l.certificateOf("EC_prime256v1", subject, names...)
}

// certificateOf has a key of an algorithm that ACM has: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html.
func (l *Servers) certificateOf(algorithm, subject string, names ...string) (*tls.Certificate, error) {
	key := algorithm + " " + subject + " " + strings.Join(names, " ")
	if l.issued[key] == nil {
		own, err := generate(algorithm)
		if err != nil {
			return nil, err
		}
		certificate, secret, err := l.Authority.IssueFor(own, subject, names...)
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(certificate, secret)
		if err != nil {
			return nil, err
		}
		l.issued[key] = &pair
	}
	return l.issued[key], nil
}

// generate makes a key.
func generate(algorithm string) (crypto.Signer, error) {
	kind, size, _ := strings.Cut(algorithm, "_")
	if bits, err := strconv.Atoi(size); kind == "RSA" && err == nil {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	if curve := map[string]elliptic.Curve{"prime256v1": elliptic.P256(), "secp384r1": elliptic.P384(), "secp521r1": elliptic.P521()}[size]; curve != nil {
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	return nil, fmt.Errorf("%w: a key of the algorithm %q", ErrUnable, algorithm)
}

// Listen starts the server that a probe needs.
func (l *Servers) Listen(p *Probe) error {
	at := netip.AddrPortFrom(p.Listen, p.Port)
	if !p.Listen.IsValid() { // there is no server, or not one of ours
		return nil
	}
	if p.Network != "udp" {
		if l.open[place("tcp", p.To, at)] != nil {
			return nil
		}
		own, err := l.certificate(p.To, l.Names[p.To]...)
		if err != nil {
			return err
		}
		return l.web(p.To, at, &tls.Config{Certificates: []tls.Certificate{*own}, MinVersion: tls.VersionTLS12}, greeting(strings.Join(append([]string{p.To}, l.Names[p.To]...), " ")))
	}
	if p.Network == "icmp" {
		at = netip.AddrPortFrom(p.Listen, 0) // one listens for all types
	}
	key := place(p.Network, p.To, at)
	if l.open[key] != nil {
		return nil
	}
	return In(p.To, func() error {
		var c net.PacketConn
		var err error
		if p.Network == "icmp" {
			c, err = net.ListenPacket(map[bool]string{true: "ip4:icmp", false: "ip6:ipv6-icmp"}[p.Listen.Is4()], p.Listen.String())
		} else {
			c, err = net.ListenPacket("udp", at.String())
		}
		if err != nil {
			return err
		}
		l.open[key] = c.Close
		go l.note(c, map[string]string{"udp": p.To}[p.Network])
		return nil
	})
}

// note notes what arrives, and answers with a name where the kernel does not answer by itself.
func (l *Servers) note(c net.PacketConn, name string) {
	b := make([]byte, 64)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		l.Lock()
		if name != "" {
			l.arrived[string(b[:n])] = true
		} else if text, request := payload(b[:n]); request {
			l.arrived[text] = true
		}
		l.Unlock()
		if name != "" {
			_, _ = c.WriteTo([]byte(name), from) // the answer may be dropped, which is what the probe is about
		}
	}
}

// head is what an ICMP message has before the text of the probe; a timestamp has three of 4 bytes more.
const head, stamps = 8, 12

// The types of requests that the kernel answers: RFC 792 and RFC 4443.
const (
	echo4, timestamp, echo6        = 8, 13, 128
	reply4, timestampReply, reply6 = 0, 14, 129
)

// payload is the text of a probe in an ICMP message, and whether that is a request.
func payload(b []byte) (text string, request bool) {
	if len(b) < head {
		return "", false
	}
	request = b[0] == echo4 || b[0] == echo6 || b[0] == timestamp
	if b[0] == timestamp || b[0] == timestampReply { // the text is its number and sequence
		return fmt.Sprint(binary.BigEndian.Uint32(b[4:])), request
	}
	return string(b[head:]), request
}

// message is an ICMP request with the text of a probe. The kernel writes the checksum of ICMPv6.
func message(kind uint16, id string) []byte {
	b := append(make([]byte, head), id...)
	b[0] = byte(kind)                     //nolint:gosec // a type
	n, _ := strconv.ParseUint(id, 10, 32) // a number, see send
	binary.BigEndian.PutUint32(b[4:], uint32(n))
	if kind == timestamp {
		b = append(b[:head], make([]byte, stamps)...)
	}
	if kind == echo6 {
		return b
	}
	sum := uint32(0)
	for i, v := range b {
		sum += uint32(v) << (8 * (1 - i%2))
	}
	for sum>>16 > 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(b[2:], ^uint16(sum)) //nolint:gosec // folded into 16 bits
	return b
}

// greeting answers every request with the names of a host.
func greeting(names string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, names) })
}

// begin opens a socket in the namespace that the thread is in, and starts to connect it. Probes to several addresses
// of one end may come from one client port.
func (p *Probe) begin(from, to netip.AddrPort) (*os.File, error) {
	network := p.Network
	kind, family, protocol := unix.SOCK_STREAM, unix.AF_INET, 0
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	switch network {
	case "udp":
		kind = unix.SOCK_DGRAM
	case "icmp":
		kind, protocol = unix.SOCK_RAW, map[int]int{unix.AF_INET: unix.IPPROTO_ICMP, unix.AF_INET6: unix.IPPROTO_ICMPV6}[family]
		from, to = netip.AddrPortFrom(from.Addr(), 0), netip.AddrPortFrom(to.Addr(), 0)
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, err
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if p.Node {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, toNode<<2))
	}
	if network == "tcp" {
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
	if p.Network == "icmp" {
		return p.ping(s, id)
	}
	if p.Network != "udp" {
		if err := connected(s); err != nil {
			return err
		}
		p.Connected = true
		c, err := net.FileConn(s)
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // the answer is what counts
		_ = c.SetDeadline(until)
		return p.ask(c)
	}
	if _, err := s.WriteString(id); err != nil {
		return err
	}
	b := make([]byte, 64)
	n, err := s.Read(b)
	if err != nil {
		return err
	}
	p.Answered, p.Heard = true, string(b[:n])
	return nil
}

// ping sends a request of ICMP and waits for the answer to that one.
func (p *Probe) ping(s *os.File, id string) error {
	if _, err := s.Write(message(p.Port, id)); err != nil {
		return err
	}
	b := make([]byte, 128)
	for {
		n, err := s.Read(b)
		if err != nil {
			return err
		}
		answer := b[:n]
		if p.Target.Is4() && n > 0 { // with the header of IP
			answer = answer[min(n, int(answer[0]&15)*4):]
		}
		if text, request := payload(answer); text == id && !request {
			p.Answered, p.Heard = true, id
			return nil
		}
	}
}

// ask begins TLS on a connection, and makes the request if there is one. Whose certificate it is decides nothing here: who has
// answered is what is compared.
func (p *Probe) ask(c net.Conn) error {
	if !p.Plain {
		secure := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: p.Host, MinVersion: tls.VersionTLS12}) //nolint:gosec // see above
		if err := secure.Handshake(); err != nil {
			return err
		}
		p.Answered, p.Heard, c = true, secure.ConnectionState().PeerCertificates[0].Subject.CommonName, secure
	}
	if p.Host == "" {
		return nil
	}
	p.Answered, p.Heard = false, ""
	r, err := http.NewRequest(http.MethodGet, "http://"+p.Host+p.Path, nil)
	if err != nil {
		return err
	}
	r.Close = true
	if err := r.Write(c); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	p.Answered, p.Heard = true, answer.Header.Get(balancer.TargetHeader)
	return nil
}
