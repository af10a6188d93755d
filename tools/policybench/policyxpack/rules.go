// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

const (
	block         = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	securityGroup = "aws:ec2/securityGroup:SecurityGroup"
	role          = "aws:iam/role:Role"
)

var (
	buckets   = []string{"aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"}
	databases = []string{"aws:rds/instance:Instance", "aws:rds/cluster:Cluster"}
	listeners = []string{"aws:lb/listener:Listener", "aws:alb/listener:Listener"}
	openings  = []string{
		securityGroup, "aws:ec2/securityGroupRule:SecurityGroupRule",
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
	}
	identities = []string{
		"aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy", role,
	}
)

var rules = []rule{
	{name: "s3-block-public-acls", title: "Public access blocks set blockPublicAcls", types: []string{block}, check: wantTrue("blockPublicAcls")},
	{name: "s3-ownership-enforced", title: "Bucket ownership controls disable ACLs", types: []string{"aws:s3/bucketOwnershipControls:BucketOwnershipControls"}, check: ownership},
	{name: "s3-force-destroy", title: "Buckets are not emptied when they are removed", types: buckets, check: func(m property.Map) string {
		return failed(isTrue(m, "forceDestroy"), "forceDestroy is true")
	}},
	{name: "sg-rule-described", title: "Security groups and rules say what they are for", types: openings, check: described},
	{name: "iam-inverted", title: "Identity policies do not allow by exclusion", types: identities, check: inverted},
	{name: "kms-rotation", title: "Keys rotate", types: []string{"aws:kms/key:Key"}, check: rotation},
	{name: "rds-storage-encrypted", title: "Database storage is encrypted", types: databases, check: func(m property.Map) string {
		copied := isSet(m, "replicateSourceDb") || isSet(m, "replicationSourceIdentifier")
		return failed(!isTrue(m, "storageEncrypted") && !copied, "storageEncrypted is not true")
	}},
	{name: "rds-deletion-protection", title: "Databases are protected from deletion", types: databases, check: wantTrue("deletionProtection")},
	{name: "elb-tls-policy", title: "Listeners speak TLS 1.2 and later only", types: listeners, check: modernTLS},
}

func failed(is bool, message string) string {
	if is {
		return message
	}
	return ""
}

func wantTrue(name string) func(property.Map) string {
	return func(m property.Map) string { return failed(!isTrue(m, name), name+" is not true") }
}

func ownership(m property.Map) string {
	setting := ""
	if v := m.Get("rule"); v.IsMap() {
		setting = text(v.AsMap(), "objectOwnership")
	}
	return failed(setting != "BucketOwnerEnforced", "rule.objectOwnership is "+setting)
}

func described(m property.Map) string {
	texts := []string{text(m, "description")}
	for _, side := range []string{"ingress", "egress"} {
		for _, r := range items(m, side) {
			texts = append(texts, text(r, "description"))
		}
	}
	for _, t := range texts {
		if len(strings.TrimSpace(t)) < 4 || t == "Managed by Pulumi" || t == "Managed by Terraform" {
			return "a description is missing"
		}
	}
	return ""
}

func rotation(m property.Map) string {
	symmetric := unsetOr(m, "customerMasterKeySpec", "SYMMETRIC_DEFAULT") && unsetOr(m, "keyUsage", "ENCRYPT_DECRYPT") && unsetOr(m, "customKeyStoreId", "")
	return failed(symmetric && !isTrue(m, "enableKeyRotation"), "enableKeyRotation is not true")
}

func modernTLS(m property.Map) string {
	protocol, policy := text(m, "protocol"), text(m, "sslPolicy")
	if protocol != "HTTPS" && protocol != "TLS" {
		return ""
	}
	thirteen := strings.HasPrefix(policy, "ELBSecurityPolicy-TLS13-1-2-") || strings.HasPrefix(policy, "ELBSecurityPolicy-TLS13-1-3-")
	modern := thirteen && !strings.Contains(policy, "-Ext1-") || strings.HasPrefix(policy, "ELBSecurityPolicy-FS-1-2-")
	return failed(!modern, "sslPolicy is "+policy)
}

// inverted reads the policy of a resource, or the inline policies of a role.
func inverted(m property.Map) string {
	documents := []string{text(m, "policy")}
	for _, inline := range items(m, "inlinePolicies") {
		documents = append(documents, text(inline, "policy"))
	}
	for _, document := range documents {
		for _, s := range statements(document) {
			for _, key := range []string{"NotPrincipal", "NotAction", "NotResource"} {
				if s["Effect"] != "Deny" && given(s[key]) {
					return fmt.Sprintf("statement %v allows with %s", s["Sid"], key)
				}
			}
		}
	}
	return ""
}

// given reports whether an element of a statement names anything.
func given(element any) bool {
	if list, ok := element.([]any); ok {
		return len(list) > 0
	}
	return element != nil
}

// statements reads one statement or a list of them; what cannot be read is another rule's business.
func statements(document string) []map[string]any {
	var raw struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(document), &raw) != nil {
		return nil
	}
	var many []map[string]any
	if json.Unmarshal(raw.Statement, &many) == nil {
		return many
	}
	var one map[string]any
	if json.Unmarshal(raw.Statement, &one) != nil {
		return nil
	}
	return []map[string]any{one}
}
