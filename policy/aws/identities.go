// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"slices"
	"strings"
)

// identified are types with the properties of others that hold their ids or ARNs, by the ends of their names in lower case.
// Where one of those is computed from such a resource of the stack, it is certainly set, also while it is unknown.
var identified = map[string][]string{
	KMSKey: keyProperties, KMSReplicaKey: keyProperties, KMSExternalKey: keyProperties, KMSReplicaExternalKey: keyProperties,
	"aws:kms/alias:Alias":                                 keyProperties,
	"aws:acm/certificate:Certificate":                     {"certificatearn"},
	"aws:acm/certificateValidation:CertificateValidation": {"certificatearn"},
	"aws:rds/subnetGroup:SubnetGroup":                     {"dbsubnetgroupname"},
	"aws:docdb/subnetGroup:SubnetGroup":                   {"dbsubnetgroupname"},
	"aws:elasticache/subnetGroup:SubnetGroup":             {"subnetgroupname"},
	"aws:cloudwatch/logGroup:LogGroup":                    {"loggrouparn", "loggroupname", "logdestination", "destinationarn"},
	IAMPolicy:                                             {"permissionsboundary"},
	IAMRole:                                               {"rolearn"},
	SecurityGroup:                                         {"securitygroupids", "securitygroups"},
	Subnet:                                                {"subnetid", "subnetids"},
	"aws:iam/instanceProfile:InstanceProfile":             {"instanceprofile", "arn", "name"},
	"aws:wafv2/webAcl:WebAcl":                             {"webaclid", "webaclarn"},
	SNSTopic:                                              {"topicarn", "alarmactions"},
}

// keyProperties name a KMS key.
var keyProperties = []string{"kmskeyid", "kmskeyarn", "kmsmasterkeyid", "kmskey", "keyarn"}

// Identifies reports whether the property holds the id or ARN of a resource of the type.
func Identifies(property, token string) bool {
	property = strings.ToLower(property)
	return slices.ContainsFunc(identified[token], func(end string) bool { return strings.HasSuffix(property, end) })
}
