// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// NativeSides are the inline rules of a native group, and whether they lead in.
var NativeSides = map[string]bool{"securityGroupIngress": true, "securityGroupEgress": false}

// nativeRules reads the rules of a native group or rule resource.
func nativeRules(r *pack.Resource) []Rule {
	readNative := func(v pack.Value, ingress bool) Rule {
		return Read(v, "ipProtocol", ingress, v.Get("cidrIp"), v.Get("cidrIpv6"))
	}
	switch r.Type {
	case aws.NativeSecurityGroupIngress, aws.NativeSecurityGroupEgress:
		return []Rule{readNative(r.Inputs(), r.Type == aws.NativeSecurityGroupIngress)}
	}
	var out []Rule
	for _, side := range want.Keys(NativeSides) {
		for v := range r.Get(side).Items() {
			out = append(out, readNative(v, NativeSides[side]))
		}
	}
	return out
}

// isNative reports whether a type is one of aws-native that carries rules of security groups.
func isNative(token string) bool {
	return slices.Contains([]string{aws.NativeSecurityGroup, aws.NativeSecurityGroupIngress, aws.NativeSecurityGroupEgress}, token)
}
