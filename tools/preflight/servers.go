// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/internal/quota"
)

// vcpuRows compare the vCPUs of the standard instances twice: when the deployment has started its instances, beside all that run today, and when its
// groups are at their largest and their instances are being replaced, beside those that are not theirs.
func (a *account) vcpuRows(ctx context.Context, p *plan) []row {
	fleets := p.fleets()
	if len(fleets) == 0 {
		return nil
	}
	const name = "vCPUs of standard instances"
	kinds := p.kinds()
	running, err := a.running(ctx)
	if err != nil {
		return []row{unseen("quota", name, err)}
	}
	for _, i := range running {
		kinds = append(kinds, i.kind)
	}
	slices.Sort(kinds)
	size, err := a.vcpus(ctx, slices.Compact(kinds))
	if err != nil {
		return []row{unseen("quota", name, err)}
	}
	var rows []row
	var start, largest, all, others int
	for _, f := range fleets {
		switch {
		case f.kind == "":
			rows = append(rows, unseen("quota", name+" ("+f.name+")", fmt.Errorf("the instance type of %s is known after the deployment", f.name)))
		case !standard(f.kind):
			rows = append(rows, unseen("quota", name+" ("+f.name+")", fmt.Errorf("%s counts for a quota of its own; look at it in Service Quotas", f.kind)))
		default:
			start += f.start * size[f.kind]
			largest += f.largest * size[f.kind]
		}
	}
	for _, i := range running {
		if standard(i.kind) {
			all += size[i.kind]
			if !slices.ContainsFunc(fleets, func(f servers) bool { return strings.HasPrefix(i.group, f.name+"-") }) {
				others += size[i.kind]
			}
		}
	}
	of := func(label string, need, used int) row {
		l := limited{quota.StandardVCPUs, label, nil, func(context.Context, string) (int, error) { return used, nil }}
		return l.check(ctx, a, demand{"", need})
	}
	return append(rows, of(name+" that the deployment starts", start, all), of(name+" at the largest size, in a roll-out", largest, others))
}
