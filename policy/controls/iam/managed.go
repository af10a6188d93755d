// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/iam/awsmanaged"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// eachAttached runs a check on the document of every policy of AWS that a resource attaches. A policy that is newer than the
// list of documents has none; it is an empty document then.
func eachAttached(k *pack.Case, check func(v pack.Value, name string, d *iam.Document)) {
	for _, path := range []string{"policyArn", "managedPolicyArn", "managedPolicyArns", "policyArns"} {
		for v := range k.Get(path).Items() {
			if v.IsUnknown() {
				k.Defer(v)
				continue
			}
			name, ok := awsmanaged.Name(v.Str())
			if !ok {
				continue
			}
			d := awsmanaged.Document(name)
			if d == nil {
				d = &iam.Document{}
			}
			check(v, name, d)
		}
	}
}

// powerless are services that hold no data and give no rights: reading prices, or asking AWS for help.
var powerless = []string{"support", "support-console", "health", "pricing", "servicequotas", "trustedadvisor", "xray", "iq",
	"iq-permission"}

// mostChanges is how many actions of one service, on every resource and beyond reading, a policy of AWS may allow before it
// is taken for one of the whole service: AmazonVPCFullAccess lists 110 of them instead of a wildcard.
const mostChanges = 100

// tooWideManaged says in which way a policy of AWS is too wide to be attached, or "". Policies that AWS wrote for the roles of
// its own services are as wide as those services need.
func tooWideManaged(name string, d *iam.Document) string {
	if _, full := d.Admin(); full || strings.HasPrefix(name, "service-role/") || strings.HasPrefix(name, "aws-service-role/") {
		return ""
	}
	if len(d.Statements) == 0 {
		if strings.HasSuffix(name, "FullAccess") {
			return "is newer than the list of policies here, and gives a whole service by its name"
		}
		return ""
	}
	for _, p := range d.Escalations() {
		if !p.Workload {
			return "lets whoever has it take more: it " + p.Name
		}
	}
	var wide []string
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Allows() || !s.AnyResource() || s.Limited() {
			continue
		}
		wide = append(wide, s.ServiceWide()...)
		if service := s.Changes(mostChanges); service != "" && !strings.Contains(name, "ReadOnly") {
			wide = append(wide, service)
		}
	}
	wide = slices.DeleteFunc(wide, func(s string) bool { return slices.Contains(powerless, s) })
	if len(wide) == 0 {
		return ""
	}
	return "allows whole services on every resource: " + want.Few(wide)
}
