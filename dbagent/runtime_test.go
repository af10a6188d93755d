// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// function is the binary that Lambda would run, driven as Lambda drives it (AWS Lambda developer guide, "Using the Lambda
// runtime API for custom runtimes"): it asks for an invocation, and answers it or says that it failed.
type function struct {
	binary      string
	environment []string
	events      chan invocation
	logs        *logs
	api         *httptest.Server

	mutex   sync.Mutex
	waiting map[string]chan answer
	process *exec.Cmd
	ended   chan struct{}
	ready   chan time.Time // When it has first asked.
}

type invocation struct {
	id   string
	body []byte
}

type answer struct {
	body   []byte
	failed bool
}

// logs are what a program writes.
type logs struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// build compiles the very program that `make dbagent` puts into the archive, for this machine.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", binary, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return binary
}

// newFunction serves the runtime API and starts the binary.
func newFunction(t *testing.T, binary string, environment ...string) *function {
	t.Helper()
	f := &function{binary: binary, events: make(chan invocation, 1), waiting: map[string]chan answer{}, logs: &logs{}}
	f.api = httptest.NewServer(http.HandlerFunc(f.serve))
	f.environment = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(f.api.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=dbagent", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
	}, environment...)
	f.start(t)
	t.Cleanup(func() {
		f.kill()
		f.api.Close()
	})
	return f
}

func (f *function) start(t *testing.T) {
	t.Helper()
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.process, f.ended, f.ready = exec.Command(f.binary), make(chan struct{}), make(chan time.Time, 1)
	f.process.Env, f.process.Stdout, f.process.Stderr = f.environment, f.logs, f.logs
	require.NoError(t, f.process.Start())
	go func(process *exec.Cmd, ended chan struct{}) { defer close(ended); _ = process.Wait() }(f.process, f.ended)
}

// kill ends the binary as Lambda does when its time is up.
func (f *function) kill() {
	_ = f.process.Process.Kill()
	<-f.ended
}

func (f *function) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/")
	if path == "next" {
		select {
		case f.ready <- time.Now():
		default:
		}
		select {
		case event := <-f.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", event.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:900000000001:function:dbagent")
			_, _ = w.Write(event.body)
		case <-r.Context().Done():
		}
		return
	}
	id, kind, _ := strings.Cut(path, "/")
	body, err := io.ReadAll(r.Body)
	f.mutex.Lock()
	reply := f.waiting[id]
	f.mutex.Unlock()
	if err == nil && reply != nil {
		reply <- answer{body: body, failed: kind == "error"}
	}
	w.WriteHeader(http.StatusAccepted)
}

// invoke sends one event and returns the answer; ok is false when the binary ended before it gave one.
func (f *function) invoke(t *testing.T, event any) (reply answer, ok bool) {
	t.Helper()
	body, err := json.Marshal(event)
	require.NoError(t, err)
	id, waiting := fmt.Sprint(time.Now().UnixNano()), make(chan answer, 1)
	f.mutex.Lock()
	f.waiting[id] = waiting
	ended := f.ended
	f.mutex.Unlock()
	f.events <- invocation{id: id, body: body}
	select {
	case reply := <-waiting:
		return reply, true
	case <-ended:
		return answer{}, false
	case <-time.After(time.Minute):
		t.Fatalf("no answer to %s; the function wrote: %s", body, f.logs)
		return answer{}, false
	}
}
