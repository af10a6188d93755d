// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// AdmitsWorld is the fact that a rule of the group lets the internet in by its addresses: to one of the ports, or, without any, to
// whatever the rule is for.
func AdmitsWorld(k *pack.Case, group *pack.Resource, ports ...int) pack.Fact {
	all := Rules(k, group)
	sure, maybe := k.Stack.Pointing(group, "securityGroupId", aws.SecurityGroupRule, aws.SecurityGroupIngressRule)
	for _, r := range sure {
		all = append(all, Rules(k, r)...)
	}
	answer := pack.No(group.Get("ingress"))
	for i := range all {
		switch r := &all[i]; {
		case !r.Ingress:
		case len(ports) == 0:
			answer = answer.Or(r.World)
		default:
			answer = answer.Or(r.World.And(r.Covers(ports...)))
		}
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}
