// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// carriedBy are the properties that say what a resource makes, and how a message puts that.
var carriedBy = []struct{ path, what string }{
	{"typeName", "a resource of the type %s"},
	{"templateUrl", "what the template %s describes"},
	{"stackSetName", "what the template of the stack set %s describes"},
	{"productName", "what the product %s holds"},
	{"productId", "what the product %s holds"},
	{"applicationId", "what the application %s holds"},
}

// carriers are about resources that make others, which no other control of the pack sees.
func carriers() []*pack.Control {
	return []*pack.Control{{
		ID: "carried-resources", Title: "No resource makes others that the pack cannot judge", Severity: pack.High,
		Types: []string{
			"aws:cloudcontrol/resource:Resource", "aws:cloudformation/stack:Stack", "aws:cloudformation/stackSet:StackSet",
			"aws:cloudformation/stackSetInstance:StackSetInstance",
			"aws:cloudformation/stackInstances:StackInstances", "aws:servicecatalog/provisionedProduct:ProvisionedProduct",
			"aws:serverlessrepository/cloudFormationStack:CloudFormationStack",
		},
		Why: "What a template, a product or the Cloud Control API makes passes by every other control: a public bucket in it looks like " +
			"any other.",
		Fix: "Write the resource with its own type, or list the name in the setting allowed once somebody has read what it makes.",
		Settings: []pack.Setting{want.Words("allowed",
			"Names of resources whose contents were judged in another way; \"*\" stands for any text.")},
		Maps: standard.Meets("NIST:CM-3", standard.Hygiene),
		Check: func(k *pack.Case) {
			if want.Allowed(k) {
				return
			}
			for _, by := range carriedBy {
				if v := k.Get(by.path); v.Exists() {
					k.Report(v, by.what+" is made past the other controls", v)
					return
				}
			}
			if v := k.Get("templateBody"); v.Exists() { // too long for a message
				k.Report(v, "what the template in templateBody describes is made past the other controls")
				return
			}
			k.Report(pack.Value{}, "what it makes is not judged")
		},
	}}
}
