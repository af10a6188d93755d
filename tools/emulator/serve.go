// SPDX-License-Identifier: Apache-2.0

package emulator

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
	"github.com/bulkhead-iac/bulkhead/tools/lock"
)

// What the gateway's process tells the one that started it.
const (
	readyLine    = "ready"
	portBusyMark = "port-busy: "
)

// server is the gateway's process.
type server struct {
	root, python string
	port         int
	ready        io.WriteCloser
	log          *log.Logger
}

// Serve is the gateway's process: it runs moto and the gateway until it is told to end, and returns the exit status.
// Its arguments are what Ensure gives: -root, -python, -port and -ready-fd.
func Serve(args []string) int {
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	root := flags.String("root", ".", "the project's folder")
	python := flags.String("python", "", "the Python that has moto; empty: install it")
	port := flags.Int("port", 0, "the loopback port; 0: any free one")
	readyFD := flags.Int("ready-fd", -1, "the file descriptor that gets the line that says how the start went")
	if flags.Parse(args) != nil {
		return 2
	}
	s := &server{python: *python, port: *port, log: log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds|log.LUTC), ready: os.Stdout}
	if *readyFD >= 0 {
		s.ready = os.NewFile(uintptr(*readyFD), "ready")
	}
	var err error
	if s.root, err = filepath.Abs(*root); err == nil {
		err = s.run()
	}
	if err != nil {
		s.log.Print(err)
		s.tell(strings.ReplaceAll(err.Error(), "\n", " "))
		return 1
	}
	return 0
}

// tell writes the one line and closes the descriptor, so that nobody waits for more.
func (s *server) tell(line string) {
	if s.ready != nil {
		_, _ = fmt.Fprintln(s.ready, line)
		_ = s.ready.Close()
		s.ready = nil
	}
}

// run serves until a signal or the control API ends it.
func (s *server) run() error {
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := os.MkdirAll(Folder(s.root), 0o750); err != nil {
		return err
	}
	alive, ok, err := lock.Try(aliveLock(s.root))
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("an emulator of this project is running already")
	}
	defer alive.Release()
	listener, err := s.listen()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	backend, err := s.startMoto(ctx)
	if err != nil {
		return err
	}
	defer backend.Stop()
	return s.serve(ctx, stop, listener, backend)
}

func (s *server) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%sport %d is used by another program; end that, or set %s to another port, or unset it for a free one",
			portBusyMark, s.port, PortVariable)
	}
	return listener, err
}

func (s *server) startMoto(ctx context.Context) (*moto.Server, error) {
	python := s.python
	if python == "" {
		installed, err := moto.Install(ctx, s.root, os.Stderr)
		if err != nil {
			return nil, err
		}
		python = installed
	}
	output, err := os.Create(filepath.Join(Folder(s.root), "moto.log")) // #nosec G304 -- a fixed name under the project
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }() // moto has its own copy of the descriptor.
	return moto.Start(ctx, python, output)
}

// serversFolder makes the folder of the database servers' data, and removes the one that a killed emulator has left. It is among the
// temporary files, because the path of a socket is short and its user may be another; a link in the emulator's folder leads to it.
func serversFolder(root string) (string, error) {
	link := filepath.Join(Folder(root), "databases")
	if left, err := os.Readlink(link); err == nil && strings.HasPrefix(filepath.Base(left), serversPrefix) {
		if err := os.RemoveAll(left); err != nil {
			return "", err
		}
	}
	if err := os.RemoveAll(link); err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", serversPrefix)
	if err != nil {
		return "", err
	}
	if err := os.Chmod(folder, 0o711); err != nil { // #nosec G302 -- a server runs as nobody where this process is root's
		return "", err
	}
	return folder, os.Symlink(folder, link)
}

const serversPrefix = "bulkhead-databases-"

func (s *server) serve(ctx context.Context, stop func(), listener net.Listener, backend *moto.Server) error {
	info := &Info{
		ID: strings.ToLower(rand.Text()), Endpoint: "http://" + listener.Addr().String(), PID: os.Getpid(),
		MotoPID: backend.PID, MotoEndpoint: backend.Endpoint, MotoVersion: moto.Version, Started: time.Now().UTC(),
	}
	servers, err := serversFolder(s.root)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(servers) }()
	handler := gateway.New(info.ID, gateway.Backend{
		Endpoint: backend.Endpoint, PID: backend.PID, Version: moto.Version, Models: backend.Models, Gone: backend.Done(), Failure: backend.Failure,
		Servers: fill.DatabaseBacking{Root: s.root, Folder: servers},
	}, s.log, stop)
	defer handler.Close()
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: s.log}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	if err := writeInfo(s.root, info); err != nil {
		return err
	}
	defer func() { _ = removeInfo(s.root) }()
	s.log.Printf("emulator %s: gateway %s (process %d), moto %s on %s (process %d)",
		info.ID, info.Endpoint, info.PID, moto.Version, backend.Endpoint, backend.PID)
	s.tell(readyLine)
	go func() {
		<-backend.Done()
		if ctx.Err() == nil {
			s.log.Printf("moto has ended: %v", backend.Failure())
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.log.Print("ending")
	quiet, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if web.Shutdown(quiet) != nil {
		_ = web.Close()
	}
	return nil
}
