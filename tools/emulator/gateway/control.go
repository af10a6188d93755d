// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
)

// ControlPath begins the paths of the control API. No bucket can have such a name.
const ControlPath = "/_bulkhead/"

// Health describes a running emulator.
type Health struct {
	ID           string    `json:"id"`              // Another id is another emulator, without this one's resources.
	Status       string    `json:"status"`          // "ok", or what is wrong.
	OK           bool      `json:"ok"`              // Whether AWS calls can be served.
	PID          int       `json:"pid"`             // The gateway's process id.
	MotoPID      int       `json:"moto_pid"`        // moto's process id.
	MotoEndpoint string    `json:"moto_endpoint"`   // moto itself, without the gateway's corrections.
	MotoVersion  string    `json:"moto_version"`    // Such as "5.2.5".
	Started      time.Time `json:"started"`         // When the gateway began.
	Accounts     []Account `json:"accounts"`        // The registered environments.
	Faults       int       `json:"faults_in_force"` // The number of fault rules.
}

// control serves the control API.
func (g *Gateway) control(w http.ResponseWriter, r *http.Request) {
	handler, known := map[string]func(http.ResponseWriter, *http.Request){
		"GET health": g.getHealth, "GET accounts": g.getAccounts, "PUT accounts": g.putAccount, "DELETE accounts": g.deleteAccount,
		"GET faults": g.getFaults, "PUT faults": g.putFaults, "DELETE faults": g.deleteFaults,
		"GET calls": g.getCalls, "GET databases": g.getDatabases, "DELETE resources": g.deleteResources, "POST shutdown": g.postShutdown,
	}[r.Method+" "+r.URL.Path[len(ControlPath):]]
	if !known {
		fail(w, http.StatusNotFound, fmt.Errorf("%s %s: there is no such control; see docs/emulator.md", r.Method, r.URL.Path))
		return
	}
	handler(w, r)
}

// Health says how the emulator is.
func (g *Gateway) Health() Health {
	health := Health{
		ID: g.id, Status: "ok", OK: true, PID: os.Getpid(), MotoPID: g.backend.PID, MotoEndpoint: g.backend.Endpoint,
		MotoVersion: g.backend.Version, Started: g.started, Accounts: g.accounts.list(), Faults: len(g.faults.list()),
	}
	if err := g.alive(); err != nil {
		health.OK, health.Status = false, err.Error()
	}
	return health
}

func (g *Gateway) getHealth(w http.ResponseWriter, _ *http.Request) {
	health, status := g.Health(), http.StatusOK
	if !health.OK {
		status = http.StatusServiceUnavailable
	}
	send(w, status, health)
}

func (g *Gateway) getAccounts(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, g.accounts.list())
}

func (g *Gateway) putAccount(w http.ResponseWriter, r *http.Request) {
	var account Account
	if !receive(w, r, &account) {
		return
	}
	if err := g.Register(account); err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, ErrConflict) {
			status = http.StatusConflict
		}
		fail(w, status, err)
		return
	}
	go g.models.Load(usual...)
	send(w, http.StatusOK, account)
}

// usual are the services that every rehearsal calls, those of its first calls first. Their models are read when a rehearsal registers its
// account, while its engine starts.
var usual = []string{"sts", "iam", "kms", "s3", "s3control", "sns", "logs", "ec2", "cloudwatch", "cloudtrail", "route53resolver", "route53", "acm", "elbv2",
	"wafv2", "rds", "autoscaling", "ssm", "secretsmanager"}

func (g *Gateway) deleteAccount(w http.ResponseWriter, r *http.Request) {
	env := r.URL.Query().Get("env")
	if !g.Unregister(env) {
		fail(w, http.StatusNotFound, fmt.Errorf("env %q is not registered", env))
		return
	}
	send(w, http.StatusOK, g.accounts.list())
}

func (g *Gateway) getFaults(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, g.faults.list())
}

func (g *Gateway) putFaults(w http.ResponseWriter, r *http.Request) {
	var rules []Rule
	if !receive(w, r, &rules) {
		return
	}
	if err := g.faults.put(rules); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	g.getFaults(w, r)
}

func (g *Gateway) deleteFaults(w http.ResponseWriter, r *http.Request) {
	_ = g.faults.put(nil) // No rule cannot be a wrong rule.
	g.getFaults(w, r)
}

func (g *Gateway) getDatabases(w http.ResponseWriter, r *http.Request) {
	env := r.URL.Query().Get("env")
	for _, account := range g.accounts.list() {
		if account.Env != env {
			continue
		}
		servers, err := g.table(account.AccountID).DatabaseServers(r.Context())
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		send(w, http.StatusOK, append([]fill.DatabaseServer{}, servers...))
		return
	}
	fail(w, http.StatusNotFound, fmt.Errorf("env %q is not registered", env))
}

func (g *Gateway) getCalls(w http.ResponseWriter, r *http.Request) {
	env := r.URL.Query().Get("env")
	for _, account := range g.accounts.list() {
		if account.Env == env {
			_, book, _ := g.accounts.of(account.AccessKey)
			send(w, http.StatusOK, book.calls())
			return
		}
	}
	fail(w, http.StatusNotFound, fmt.Errorf("env %q is not registered", env))
}

// deleteResources empties an environment's account.
func (g *Gateway) deleteResources(w http.ResponseWriter, r *http.Request) {
	env := r.URL.Query().Get("env")
	for _, account := range g.accounts.list() {
		if account.Env != env {
			continue
		}
		target := g.backend.Endpoint + moto.EmptyPath + "?account=" + account.AccountID
		request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, target, http.NoBody)
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		if reply, err := g.roundTrip(request); err != nil || reply.Status != http.StatusOK {
			fail(w, http.StatusBadGateway, fmt.Errorf("moto has not emptied account %s (moto.log says why)", account.AccountID))
			return
		}
		g.closeTable(account.AccountID)
		send(w, http.StatusOK, account)
		return
	}
	fail(w, http.StatusNotFound, fmt.Errorf("env %q is not registered", env))
}

func (g *Gateway) postShutdown(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusAccepted, map[string]string{"status": "ending"})
	go g.shutdown()
}

// receive decodes a body strictly.
func receive(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf("the body is not what %s takes: %w", r.URL.Path, err))
		return false
	}
	return true
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // A caller that has gone needs no answer.
}

func fail(w http.ResponseWriter, status int, err error) {
	send(w, status, map[string]string{"error": err.Error()})
}

// Register adds an environment's account, or replaces that environment's.
func (g *Gateway) Register(account Account) error {
	if err := g.accounts.register(account); err != nil {
		return err
	}
	g.table(account.AccountID).TurnDatabaseServers(account.NoDatabaseServers)
	return nil
}

// Unregister forgets an environment and reports whether it was known.
func (g *Gateway) Unregister(env string) bool {
	for _, account := range g.accounts.list() {
		if account.Env == env {
			g.table(account.AccountID).Close()
		}
	}
	return g.accounts.remove(env)
}

// SetFaults puts these rules in the place of all rules and starts counting calls anew.
func (g *Gateway) SetFaults(rules ...Rule) error { return g.faults.put(rules) }
