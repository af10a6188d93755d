// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// endpoints are about VPC endpoints together with their companions.
func endpoints() []*pack.Control {
	return []*pack.Control{{
		ID: "endpoint-policy-set", Title: "Endpoints have a policy of their own", Severity: pack.Low, Types: []string{endpointType}, Joins: []string{endpointPolicy}, Stack: true,
		Why: "Without one the endpoint has the policy of AWS, which lets every principal do everything with every resource.",
		Fix: "Set policy, or add a VpcEndpointPolicy, that is limited to your own principals or resources.", Maps: meets(segments, privilege),
		Check: func(k *pack.Case) {
			service := k.Get("serviceName").Matches(func(s string) bool {
				return strings.HasPrefix(s, "com.amazonaws.") && !strings.HasPrefix(s, "com.amazonaws.vpce.")
			})
			kind := k.Get("vpcEndpointType")
			own := service.And(absent(kind).Or(kind.OneOf("Gateway", "Interface")))
			k.Require(own.Not().Or(k.Get("policy").IsSet()).Or(anyCompanion(k, "vpcEndpointId", []string{endpointPolicy}, present)), "the endpoint has no policy")
		},
	}}
}
