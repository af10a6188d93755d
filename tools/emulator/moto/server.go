// SPDX-License-Identifier: Apache-2.0

package moto

import (
	"context"
	_ "embed" // The launcher is part of the binary.
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// launcher runs moto's server and ends it when standard input closes, that is, when the process that started it dies. It
// adds what moto lacks: a way to empty one account of several.
//
//go:embed launcher.py
var launcher string

// EmptyPath is the path, below a server's endpoint, at which a POST with the parameter "account" removes all resources of
// that account.
const EmptyPath = "/moto-api/empty"

// Server is one running moto.
type Server struct {
	// Endpoint is where it answers, such as http://127.0.0.1:40123.
	Endpoint string
	// PID is its process id.
	PID int
	// Models is the folder of AWS's service models, which botocore brings along with moto.
	Models string

	command *exec.Cmd
	stdin   io.Closer
	done    chan struct{}
	once    sync.Once
	failure error
}

// Start runs moto on a free loopback port and waits until it answers. Its output goes to log.
// The context bounds the start only; the server runs until Stop or until this process ends, however it ends.
func Start(ctx context.Context, python string, log io.Writer) (*Server, error) {
	models, err := ask(ctx, python, modelsProbe)
	if err != nil {
		return nil, fmt.Errorf("moto: %s has no botocore: %w", python, err)
	}
	var last error
	for range 3 { // A port can be taken between its choice and its use.
		server, err := start(ctx, python, log)
		if err == nil {
			server.Models = models
			return server, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

func start(ctx context.Context, python string, log io.Writer) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, "-u", "-c", launcher, "-H", "127.0.0.1", "-p", strconv.Itoa(port)) // #nosec G204 -- see ask
	cmd.Env = append(os.Environ(),
		"MOTO_ACM_VALIDATION_WAIT=0",          // A certificate is issued at the first look, not after a minute.
		"MOTO_IAM_LOAD_MANAGED_POLICIES=true", // The policies of AWS itself can be attached.
		"MOTO_DISABLE_GLOBAL_CORS=true",       // No web page may read the answers.
		"PYTHONDONTWRITEBYTECODE=1",
		"NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost",
	)
	cmd.Stdout, cmd.Stderr = log, log
	process.EndWithParent(cmd, syscall.SIGKILL)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), command: cmd, stdin: stdin, done: make(chan struct{})}
	if err := s.run(); err != nil {
		return nil, fmt.Errorf("moto: %w", err)
	}
	if err := s.awaitReady(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// run starts the process from the thread that also waits for it, which the parent-death signal needs.
func (s *Server) run() error {
	started := make(chan error)
	go func() {
		defer process.PinThread()()
		err := s.command.Start()
		started <- err
		if err != nil {
			return
		}
		s.failure = s.command.Wait()
		close(s.done)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.PID = s.command.Process.Pid
	return nil
}

// Done is closed when moto has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.done }

// Failure says how moto ended; it is meaningful once Done is closed.
func (s *Server) Failure() error { return s.failure }

// Stop ends moto and waits for it.
func (s *Server) Stop() {
	s.once.Do(func() {
		_ = s.stdin.Close()
		_ = s.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(3 * time.Second):
			_ = s.command.Process.Kill()
			<-s.done
		}
	})
}

// awaitReady polls until moto answers.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/moto-api/data.json", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.done:
			return fmt.Errorf("moto ended while starting: %w (its log says why)", errors.Join(s.failure, os.ErrProcessDone))
		case <-ctx.Done():
			return fmt.Errorf("moto does not answer on %s: %w", s.Endpoint, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// freePort asks the kernel for a loopback port that nobody uses at the moment.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("no free loopback port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
