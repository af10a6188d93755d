// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

// Recording is everything that one run asked of the engine.
type Recording struct {
	mutex         sync.Mutex
	registrations []*Registration
	invocations   []Invocation
}

// Invocation is one call of a provider function.
type Invocation struct {
	// Token is the function, for instance "aws:route53/getZone:getZone".
	Token string
	// Args are its arguments.
	Args resource.PropertyMap
	// Provider is the reference of the explicit provider, empty when the default provider would be used.
	Provider string
}

// Registrations returns everything that was registered, ordered by type and name.
func (r *Recording) Registrations() []Registration {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return sorted(r.registrations)
}

// Invocations returns every function call in the order of arrival.
func (r *Recording) Invocations() []Invocation {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]Invocation(nil), r.invocations...)
}

// ByType returns the registrations of one type, ordered by name; none is an empty list.
func (r *Recording) ByType(token string) []Registration {
	var found []Registration
	for _, registration := range r.Registrations() {
		if registration.Type == token {
			found = append(found, registration)
		}
	}
	return found
}

// Only returns the single registration of one type, and fails the test when there is none or more than one.
func (r *Recording) Only(tb testing.TB, token string) Registration {
	tb.Helper()
	found := r.ByType(token)
	require.Len(tb, found, 1, "registrations of %s: %s", token, names(found))
	return found[0]
}

// Get returns the registration of a type and logical name, and fails the test when there is none.
func (r *Recording) Get(tb testing.TB, token, name string) Registration {
	tb.Helper()
	all := r.ByType(token)
	for _, registration := range all {
		if registration.Name == name {
			return registration
		}
	}
	require.Failf(tb, "no such registration", "%s %q was not registered; of this type there are: %s", token, name, names(all))
	return Registration{}
}

// Children returns the registrations whose parent is the given one.
func (r *Recording) Children(parent Registration) []Registration {
	var found []Registration
	for _, registration := range r.Registrations() {
		if registration.Parent == parent.URN {
			found = append(found, registration)
		}
	}
	return found
}

// Before returns the URNs of everything that a resource waits for, itself or through others.
func (r *Recording) Before(registration Registration) []string {
	waits := map[string][]string{}
	for _, one := range r.Registrations() {
		waits[one.URN] = one.DependsOn
	}
	var all []string
	known := map[string]bool{}
	for next := waits[registration.URN]; len(next) > 0; next = next[1:] {
		if urn := next[0]; !known[urn] {
			known[urn] = true
			all = append(all, urn)
			next = append(next, waits[urn]...)
		}
	}
	return all
}

// Types returns every AWS type token that was registered, each once, in order.
func (r *Recording) Types() []string {
	var types []string
	for _, registration := range r.Registrations() {
		if strings.HasPrefix(registration.Type, "aws:") && (len(types) == 0 || types[len(types)-1] != registration.Type) {
			types = append(types, registration.Type)
		}
	}
	return types
}

// WithoutProvider lists every AWS resource and function call that would fall to the default provider, which
// `pulumi:disable-default-providers` forbids. The list is empty when the program runs under an explicit provider and
// every component hands it on through its parent.
func (r *Recording) WithoutProvider() []string {
	var found []string
	for _, registration := range r.Registrations() {
		if registration.Custom && strings.HasPrefix(registration.Type, "aws:") && registration.Provider == "" {
			found = append(found, fmt.Sprintf("%s %s", registration.Type, registration.Name))
		}
	}
	for _, invocation := range r.Invocations() {
		if strings.HasPrefix(invocation.Token, "aws:") && invocation.Provider == "" {
			found = append(found, "function "+invocation.Token)
		}
	}
	return found
}

func names(list []Registration) string {
	if len(list) == 0 {
		return "none"
	}
	var all []string
	for _, registration := range list {
		all = append(all, registration.Name)
	}
	return strings.Join(all, ", ")
}
