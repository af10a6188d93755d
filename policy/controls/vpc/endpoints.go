// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// endpoints are about VPC endpoints together with their companions.
func endpoints() []*pack.Control {
	return []*pack.Control{{
		ID: "endpoint-policy-set", Title: "Endpoints have a policy of their own", Severity: pack.Low, Types: []string{aws.VPCEndpoint},
		Joins: []string{aws.VPCEndpointPolicy}, Stack: true,
		Why:  "Without one the endpoint has the policy of AWS, which lets every principal do everything with every resource.",
		Fix:  "Set policy, or add a VpcEndpointPolicy, that is limited to your own principals or resources.",
		Maps: standard.Meets(standard.Segments, standard.Privilege),
		Check: func(k *pack.Case) {
			service := k.Get("serviceName").Matches(func(s string) bool {
				return strings.HasPrefix(s, "com.amazonaws.") && !strings.HasPrefix(s, "com.amazonaws.vpce.")
			})
			kind := k.Get("vpcEndpointType")
			own := service.And(want.Absent(kind).Or(kind.OneOf("Gateway", "Interface")))
			k.Require(own.Not().Or(k.Get("policy").IsSet()).Or(want.AnyCompanion(k, "vpcEndpointId", []string{aws.VPCEndpointPolicy}, want.Present)),
				"the endpoint has no policy")
		},
	}}
}
