// SPDX-License-Identifier: Apache-2.0

// Package fill holds the AWS operations that moto lacks or answers differently from AWS where the difference would show as drift.
// Each either keeps its own state, or corrects the call on its way to moto, or adds to moto's answer what moto forgot.
package fill

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// Exchange is one AWS call on its way through the gateway.
type Exchange struct {
	Context context.Context // The caller's: it ends when the caller gives up.
	Call    *wire.Call
	Account string // The twelve-digit account id of the caller.
	Gateway string // The address of the gateway, such as "http://127.0.0.1:4566".
	Forward func(*wire.Call) (*wire.Reply, error)
	inner   Handler // The handler that this one wraps, if any.
}

// place is where a resource lives; regional names mean nothing without it.
type place struct{ account, region string }

func (x *Exchange) place() place { return place{x.Account, x.Call.Region} }

// Pass sends the call on as it stands: to the wrapped handler if there is one, else to moto.
func (x *Exchange) Pass() (*wire.Reply, error) {
	if x.inner != nil {
		return x.inner(x.inside(nil))
	}
	return x.Forward(x.Call)
}

// inside is the same exchange for another handler, which wraps the given one.
func (x *Exchange) inside(inner Handler) *Exchange {
	copied := *x
	copied.inner = inner
	return &copied
}

// ask sends moto another call of the same service, caller and protocol; it is for the Query and EC2 protocols.
func (x *Exchange) ask(action string, form map[string]string) (*wire.Reply, error) {
	call := x.Call.Clone()
	call.Action = action
	call.Form = url.Values{"Action": {action}, "Version": {x.Call.Form.Get("Version")}}
	for key, value := range form {
		call.Form.Set(key, value)
	}
	call.SetForm()
	return x.Forward(call)
}

// elsewhere asks moto for something of a service that speaks JSON, for the same caller. The target is what the service calls the operation.
func (x *Exchange) elsewhere(service, target string, body map[string]any) (*wire.Reply, error) {
	_, action, _ := strings.Cut(target, ".")
	call := x.foreign(service, wire.JSON, http.MethodPost, "/")
	call.Action = action
	call.Header.Set("X-Amz-Target", target)
	call.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if err := call.SetJSONBody(body); err != nil {
		return nil, err
	}
	return x.Forward(call)
}

// foreign is a call of another service by the same caller.
func (x *Exchange) foreign(service string, protocol wire.Protocol, method, path string) *wire.Call {
	return &wire.Call{
		Service: service, Region: x.Call.Region, AccessKey: x.Call.AccessKey, Protocol: protocol, Method: method, Path: path,
		Header: http.Header{
			// moto finds service and region here and checks no signature.
			"Authorization": {"AWS4-HMAC-SHA256 Credential=" + x.Call.AccessKey + "/20200101/" + x.Call.Region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=any"},
		},
	}
}

// Handler answers an exchange.
type Handler func(*Exchange) (*wire.Reply, error)

// operation names one AWS operation; an action of "*" is every operation of the service that has no handler of its own.
type operation struct{ service, action string }

// Table finds the handler of an operation.
type Table struct {
	backing  DatabaseBacking
	handlers map[operation]Handler
	servers  *databaseServers
}

// New makes the table of all operations, with empty state. Close ends what the operations start.
func New(backing DatabaseBacking) *Table {
	t := &Table{backing: backing, handlers: map[operation]Handler{}}
	for _, register := range []func(*Table){
		accessAnalyzer, autoScaling, backup, budgets, cloudTrail, costAnomalies, dbEvents, dbInstance, dbSubnetGroup, dnsFirewall, ec2, ec2Account, guardDuty, inspector, instanceRefresh, keyRotation, knownValues, lateLogGroups, metricFilter, bucketTags, orderable, securityGroupRules, securityHub, serviceQuotas, targetGroups, targetHealth, trustPolicies,
	} {
		register(t)
	}
	t.servers = newDatabaseServers(t, dbParameterGroup(t))
	functions(t)
	return t
}

// Close ends the database servers that functions have connected to. The next call of such a function starts an empty one.
func (t *Table) Close() { t.servers.close() }

// TurnDatabaseServers says whether functions that connect to an instance find a server from now on, as they do at first.
func (t *Table) TurnDatabaseServers(off bool) { t.servers.turn(off) }

// DatabaseServers describes the instances whose addresses functions have been given, by name.
func (t *Table) DatabaseServers(ctx context.Context) ([]DatabaseServer, error) {
	return t.servers.list(ctx)
}

// Handler returns the handler of an operation, or nil when moto's own answer is right.
func (t *Table) Handler(service, action string) Handler {
	if handler, found := t.handlers[operation{service, action}]; found {
		return handler
	}
	return t.handlers[operation{service, "*"}]
}

// on registers a handler. A second one for the same operation wraps the first: it runs first, and its Pass leads to the other.
func (t *Table) on(service string, handler Handler, actions ...string) {
	for _, action := range actions {
		name := operation{service, action}
		inner := t.handlers[name]
		if inner == nil {
			t.handlers[name] = handler
			continue
		}
		t.handlers[name] = func(x *Exchange) (*wire.Reply, error) {
			return handler(x.inside(inner))
		}
	}
}

// store is a map for many goroutines, keyed by place and name.
type store[V any] struct {
	mutex  sync.Mutex
	values map[storeKey]V
}

type storeKey struct {
	place
	name string
}

func (s *store[V]) get(p place, name string) (V, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value, found := s.values[storeKey{p, name}]
	return value, found
}

// update changes a value under the lock; the function gets the zero value when there is none.
func (s *store[V]) update(p place, name string, change func(V) V) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.values == nil {
		s.values = map[storeKey]V{}
	}
	key := storeKey{p, name}
	s.values[key] = change(s.values[key])
}

func (s *store[V]) set(p place, name string, value V) {
	s.update(p, name, func(V) V { return value })
}

// all are the values of a place, in no order.
func (s *store[V]) all(p place) []V {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var values []V
	for key, value := range s.values {
		if key.place == p {
			values = append(values, value)
		}
	}
	return values
}

func (s *store[V]) remove(p place, name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.values, storeKey{p, name})
}
