// SPDX-License-Identifier: Apache-2.0

package s3

// nativeACL are the canned ACLs of S3 by the names that AWS's resource schema gives them.
var nativeACL = map[string]string{
	"public-read": "PublicRead", "public-read-write": "PublicReadWrite", "authenticated-read": "AuthenticatedRead",
}
