// SPDX-License-Identifier: Apache-2.0

// Package gateway is the HTTP server in front of moto: it tells accounts apart, records every AWS call, answers what moto cannot,
// and injects faults on request.
package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/model"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// Backend is the moto behind the gateway.
type Backend struct {
	Endpoint string
	PID      int
	Version  string
	Servers  fill.DatabaseBacking // Of database instances.
	Models   string               // The folder of the service models, which come with moto; empty: calls are not checked against them.
	Gone     <-chan struct{}      // Closed when it has ended.
	Failure  func() error         // Says how, once it has.
}

// Gateway is the HTTP handler.
type Gateway struct {
	id       string
	backend  Backend
	accounts *accounts
	faults   *faults
	fill     sync.Map // *fill.Table by account id.
	models   *model.Models
	client   *http.Client
	log      *log.Logger
	started  time.Time
	shutdown func()
}

// New makes a gateway. The id tells this emulator, and so its state, from every other one; shutdown is called when the control API asks for the end.
func New(id string, backend Backend, logger *log.Logger, shutdown func()) *Gateway {
	return &Gateway{
		id: id, backend: backend, accounts: newAccounts(), faults: &faults{}, log: logger,
		models:  model.New(backend.Models),
		started: time.Now().UTC(), shutdown: shutdown,
		client: &http.Client{
			Transport: &http.Transport{
				Proxy: nil, DisableKeepAlives: true, DisableCompression: true,
				DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Timeout:       5 * time.Minute,
		},
	}
}

// table returns the handlers of an account, with the state that they keep of it.
func (g *Gateway) table(account string) *fill.Table {
	found, known := g.fill.Load(account)
	if !known {
		fresh := fill.New(g.backend.Servers)
		for _, one := range g.accounts.list() {
			if one.AccountID == account {
				fresh.TurnDatabaseServers(one.NoDatabaseServers)
			}
		}
		found, _ = g.fill.LoadOrStore(account, fresh)
	}
	return found.(*fill.Table)
}

// Close ends what calls have started: the database servers of all accounts.
func (g *Gateway) Close() {
	g.fill.Range(func(account, _ any) bool {
		g.closeTable(account)
		return true
	})
}

// closeTable forgets what handlers keep of an account.
func (g *Gateway) closeTable(account any) {
	if table, found := g.fill.LoadAndDelete(account); found {
		table.(*fill.Table).Close()
	}
}

// maxBody bounds what one call may carry.
const maxBody = 256 << 20

// ServeHTTP serves the control API, moto's own pages for reading, and AWS calls.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if problem := refusal(r); problem != "" {
		http.Error(w, problem, http.StatusForbidden)
		return
	}
	if strings.HasPrefix(r.URL.Path, ControlPath) {
		g.control(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request's body could not be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/moto-api/") && r.Method == http.MethodGet {
		g.motoPage(w, r)
		return
	}
	g.serveCall(w, r, body)
}

// answered is an AWS call with its outcome.
type answered struct {
	call     *wire.Call // As it came in.
	reply    *wire.Reply
	filledBy string
	fault    string
	reset    bool
}

// serveCall answers one AWS call and writes it down.
func (g *Gateway) serveCall(w http.ResponseWriter, r *http.Request, body []byte) {
	began := time.Now()
	call := wire.Parse(r, body)
	account, book, known := g.accounts.caller(call)
	if !known {
		write(w, unknownKey(call))
		return
	}
	a := &answered{call: call, filledBy: "gateway"}
	g.answer(r, a, account)
	g.learnKeys(a)
	record := Record{
		Time: began.UTC(), Env: account.Env, Account: account.AccountID, Region: call.Region, Service: call.Service, Action: call.Action,
		Resource: call.Resource(), DurationMS: float64(time.Since(began).Microseconds()) / 1000, Fault: a.fault, FilledBy: a.filledBy,
	}
	if !a.reset {
		record.Status, record.Error = a.reply.Status, call.ErrorCode(a.reply)
	}
	if err := book.add(record); err != nil {
		g.log.Printf("record %s: %v", account.Record, err)
	}
	if a.reset {
		abort(w)
		return
	}
	write(w, a.reply)
}

// answer applies the faults and gets the answer.
func (g *Gateway) answer(r *http.Request, a *answered, account Account) {
	wait, fault := g.faults.next(a.call, account)
	if wait > 0 {
		a.fault = Delay
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
	}
	if fault != nil && !fault.After {
		a.strike(fault)
		return
	}
	call := a.call
	if other := g.faults.unseen(call, account); other != nil {
		a.fault, call = Unseen, other
	}
	reply, err := g.produce(r, a, call, account)
	if err != nil {
		g.log.Printf("%s %s: %v", a.call.Service, a.call.Action, err)
		reply = g.explain(a.call, err)
	}
	a.reply = reply
	g.faults.learn(call, account, reply)
	if fault != nil {
		a.strike(fault)
	}
}

// strike replaces the answer by the fault.
func (a *answered) strike(fault *Rule) {
	a.fault = fault.Kind
	switch fault.Kind {
	case Throttle:
		a.reply = a.call.Throttle()
	case Error500:
		a.reply = a.call.InternalError()
	case Reset:
		a.reset = true
	case Refuse:
		a.reply = a.call.Refusal()
	case Error:
		a.reply = a.call.Error(http.StatusBadRequest, fault.Code, cmp.Or(fault.Message, "the emulator was told to answer so"))
	}
}

// produce gets the answer from a handler of the gateway or from moto.
func (g *Gateway) produce(r *http.Request, a *answered, call *wire.Call, account Account) (*wire.Reply, error) {
	if call.Protocol == wire.CBOR {
		translated, err := call.CBORToJSON()
		if err != nil {
			return call.Error(http.StatusBadRequest, "SerializationException", err.Error()), nil
		}
		call = translated
	}
	forward := func(c *wire.Call) (*wire.Reply, error) {
		a.filledBy = "moto"
		return g.forward(r, c, account.AccountID)
	}
	reply, err := func() (*wire.Reply, error) {
		if refusal, err := g.models.Refusal(call); refusal != nil || err != nil {
			return refusal, err
		}
		if handler := g.table(account.AccountID).Handler(call.Service, call.Action); handler != nil {
			return handler(&fill.Exchange{Context: r.Context(), Call: call, Account: account.AccountID, Gateway: address(r), Forward: forward})
		}
		return forward(call)
	}()
	if err != nil || a.call.Protocol != wire.CBOR {
		return reply, err
	}
	return cborReply(a.call, call, reply)
}

// address is where the caller has reached the gateway.
func address(r *http.Request) string {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr) // The server of net/http sets it.
	return fmt.Sprintf("http://%v", local)
}

// cborReply translates a JSON answer into the caller's CBOR.
func cborReply(original, translated *wire.Call, reply *wire.Reply) (*wire.Reply, error) {
	if reply.Status >= http.StatusBadRequest {
		failed := original.Error(reply.Status, translated.ErrorCode(reply), translated.ErrorMessage(reply))
		if compatible := reply.Header.Get("X-Amzn-Query-Error"); compatible != "" {
			failed.Header.Set("X-Amzn-Query-Error", compatible)
		}
		return failed, nil
	}
	body, err := wire.JSONToCBOR(reply.Body)
	if err != nil {
		return nil, fmt.Errorf("moto's answer: %w", err)
	}
	return &wire.Reply{Status: reply.Status, Body: body, Header: http.Header{
		"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}, "X-Amzn-Requestid": {wire.RequestID},
	}}, nil
}

// ErrBackendGone says that moto has ended.
var ErrBackendGone = errors.New("moto has ended, and everything in the emulator with it")

// explain makes the answer for a call that could not be served. No SDK retries these statuses, so the caller hears it at once.
func (g *Gateway) explain(call *wire.Call, err error) *wire.Reply {
	if errors.Is(err, ErrBackendGone) {
		return call.Error(http.StatusFailedDependency, "EmulatorUnavailable",
			err.Error()+"; stop the emulator and begin again (.rehearsal/emulator/moto.log says why)")
	}
	return call.Error(http.StatusNotImplemented, "EmulatorFailure", "the emulator's gateway: "+err.Error())
}

// write sends a reply.
func write(w http.ResponseWriter, reply *wire.Reply) {
	for key, values := range reply.Header {
		w.Header()[key] = values
	}
	if len(reply.Body) > 0 || reply.Header.Get("Content-Length") == "" {
		w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body) // #nosec G705 -- an API answer; web pages are refused. A caller that has gone needs none.
}

// abort resets the connection.
func abort(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	connection, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close with RST.
	}
	_ = connection.Close()
}
