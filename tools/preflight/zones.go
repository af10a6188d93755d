// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// zoneRow says whether the region has the zones of the configuration for this account: which letters there are differs from account to account.
func (a *account) zoneRow(ctx context.Context, zones []string) []row {
	r := row{Area: "zone", Name: strings.Join(zones, ", "), Verdict: fine}
	open, err := a.openZones(ctx)
	if err != nil {
		return []row{r.unseen(err)}
	}
	if absent := without(zones, open); len(absent) > 0 {
		r.Verdict = missing
		r.Says = fmt.Sprintf("this account has no zone %s; it has %s", strings.Join(absent, ", "), strings.Join(open, ", "))
	}
	return []row{r}
}

// kindRow says whether every zone has an instance type.
func (a *account) kindRow(ctx context.Context, kind string, zones []string) row {
	r := row{Area: "zone", Name: kind + " in " + strings.Join(zones, ", "), Verdict: fine}
	offered, err := a.offered(ctx, kind)
	if err != nil {
		return r.unseen(err)
	}
	if absent := without(zones, offered); len(absent) > 0 {
		r.Verdict = missing
		r.Says = fmt.Sprintf("%s not offered in %s; %s", is(kind), strings.Join(absent, ", "), elsewhere(offered, "another type"))
	}
	return r
}

func is(what string) string { return what + " is" }

// elsewhere says where something is offered.
func elsewhere(zones []string, other string) string {
	if len(zones) == 0 {
		return "no zone of the region has it: choose " + other
	}
	return "zones that have it: " + strings.Join(zones, ", ") + "; change zones or choose " + other
}

// databaseRow says whether enough zones have the class of a database with its version: one, and two with a standby.
func (a *account) databaseRow(ctx context.Context, r *pack.Resource, zones []string) row {
	in := r.Inputs()
	engine, class, version := in.Get("engine").Str(), in.Get("instanceClass").Str(), in.Get("engineVersion").Str()
	standby, _ := in.Get("multiAz").Bool()
	answer := row{Area: "zone", Name: strings.TrimSpace(class + " for " + engine + " " + version), Verdict: fine}
	if engine == "" || class == "" {
		return answer.unseen(fmt.Errorf("engine and class of %s are known after the deployment", r.Name))
	}
	offered, err := a.orderable(ctx, engine, version, class, standby)
	if err != nil {
		return answer.unseen(err)
	}
	need := 1
	if standby {
		need = 2
	}
	if has := len(zones) - len(without(zones, offered)); has < need {
		answer.Verdict = missing
		answer.Says = fmt.Sprintf("%d of %s can have it, and it needs %d; %s", has, strings.Join(zones, ", "), need, elsewhere(offered, "another class or version"))
	}
	return answer
}

// without are the members of a list that another one lacks.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
