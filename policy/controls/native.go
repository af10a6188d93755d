// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Types of the provider aws-native, which writes the properties of AWS's own resource schemas: what opens a bucket or a
// security group is judged there as well.
const (
	nativeBucket       = "aws-native:s3:Bucket"
	nativeBucketPolicy = "aws-native:s3:BucketPolicy"
	nativeGroup        = "aws-native:ec2:SecurityGroup"
	nativeIngress      = "aws-native:ec2:SecurityGroupIngress"
	nativeEgress       = "aws-native:ec2:SecurityGroupEgress"
)

// nativeSides are the inline rules of a native group, and whether they lead in.
var nativeSides = map[string]bool{"securityGroupIngress": true, "securityGroupEgress": false}

// nativeRules reads the rules of a native group or rule resource.
func nativeRules(r *pack.Resource) []rule {
	readNative := func(v pack.Value, ingress bool) rule {
		return read(v, "ipProtocol", ingress, v.Get("cidrIp"), v.Get("cidrIpv6"))
	}
	switch r.Type {
	case nativeIngress, nativeEgress:
		return []rule{readNative(r.Inputs(), r.Type == nativeIngress)}
	}
	var out []rule
	for _, side := range sorted(nativeSides) {
		for v := range r.Get(side).Items() {
			out = append(out, readNative(v, nativeSides[side]))
		}
	}
	return out
}

// isNative reports whether a type is one of aws-native that carries rules of security groups.
func isNative(token string) bool {
	return slices.Contains([]string{nativeGroup, nativeIngress, nativeEgress}, token)
}

// nativeACL are the canned ACLs of S3 by the names that AWS's resource schema gives them.
var nativeACL = map[string]string{
	"public-read": "PublicRead", "public-read-write": "PublicReadWrite", "authenticated-read": "AuthenticatedRead",
}
