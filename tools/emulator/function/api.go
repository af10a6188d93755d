// SPDX-License-Identifier: Apache-2.0

package function

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// invocation is one event for the program.
type invocation struct {
	id, arn  string
	event    []byte
	deadline time.Time
}

// api is the runtime API for one event (AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes").
type api struct {
	address string // Host and port.
	answer  chan Result
	server  *http.Server
}

// serve begins to serve the API on a free port of loopback.
func serve(of invocation) (*api, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &api{address: listener.Addr().String(), answer: make(chan Result, 1)}
	first := make(chan struct{}, 1)
	first <- struct{}{}
	mux := http.NewServeMux()
	const base = "/2018-06-01/runtime/"
	mux.HandleFunc("GET "+base+"invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
		case <-r.Context().Done(): // There is no second event: the program is ended while it waits for one.
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", of.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(of.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", of.arn)
		_, _ = w.Write(of.event)
	})
	mux.HandleFunc("POST "+base+"invocation/"+of.id+"/response", a.take(false))
	mux.HandleFunc("POST "+base+"invocation/"+of.id+"/error", a.take(true))
	mux.HandleFunc("POST "+base+"init/error", a.take(true))
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = a.server.Serve(listener) }()
	return a, nil
}

// take hands the program's answer on; a second one is ignored.
func (a *api) take(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case a.answer <- Result{Payload: body, Failed: failed}:
		default:
		}
	}
}

// close ends the API with every request that is still open.
func (a *api) close() { _ = a.server.Close() }
