// SPDX-License-Identifier: Apache-2.0

package document

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/facts/access"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Foreign reports principals of accounts that are not ours.
func Foreign(paths func(*pack.Case) []pack.Value) func(*pack.Case) {
	return func(k *pack.Case) {
		ours, known := access.Ownership(k)
		if !known {
			return
		}
		EachStatement(paths, func(k *pack.Case, v pack.Value, s *iam.Statement) {
			for _, id := range s.Foreign(ours) {
				k.Report(v, "%s admits %s", s.Label(), id)
			}
		})(k)
	}
}

// Unbound is the check that a statement lets none of the services that are meant act for any customer of AWS.
func Unbound(meant func(service string) bool) func(*pack.Case, pack.Value, *iam.Statement) {
	return func(k *pack.Case, v pack.Value, s *iam.Statement) {
		for _, service := range s.UnboundService() {
			if meant(service) {
				k.Report(v, "%s lets %s act for any account", s.Label(), service)
			}
		}
	}
}

// Except means every service but those listed.
func Except(services ...string) func(service string) bool {
	return func(service string) bool { return !slices.Contains(services, service) }
}

// Wildcard reports an Allow statement that gives every action of a service.
func Wildcard(service string) func(*pack.Case, pack.Value, *iam.Statement) {
	return func(k *pack.Case, v pack.Value, s *iam.Statement) {
		if s.Allows() && s.EveryAction(service) {
			k.Report(v, "%s allows every action", s.Label())
		}
	}
}

// Inverted reports an Allow statement that names what it does not apply to.
func Inverted(k *pack.Case, v pack.Value, s *iam.Statement) {
	switch {
	case !s.Allows():
	case len(s.NotPrincipals) > 0:
		k.Report(v, "%s allows with NotPrincipal", s.Label())
	case len(s.NotActions) > 0:
		k.Report(v, "%s allows with NotAction", s.Label())
	case len(s.NotResources) > 0:
		k.Report(v, "%s allows with NotResource", s.Label())
	}
}
