// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

// samples are names that nobody would guess, for the services whose names have a form of their own: a pattern that
// covers one covers everything of its kind. They are the last part of an ARN, as the service authorization reference
// writes them.
var samples = map[string][]string{
	"s3":             {"zq7-x9k2v"},
	"iam":            {"role/zq7-x9k2v", "user/zq7-x9k2v", "group/zq7-x9k2v", "policy/zq7-x9k2v", "instance-profile/zq7-x9k2v", "saml-provider/zq7-x9k2v", "oidc-provider/zq7.x9k2v"},
	"ssm":            {"parameter/zq7-x9k2v", "document/zq7-x9k2v", "managed-instance/mi-0e7d4b1f90a6c5382", "automation-definition/zq7-x9k2v:1"},
	"secretsmanager": {"secret:zq7-x9k2v-QzWxVk"},
	"dynamodb":       {"table/zq7-x9k2v"},
	"kms":            {"key/mrk-7e0d4b1f90a6c538", "key/7e0d4b1f-90a6-4c53-82d1-6b0f7a9e3c54", "alias/zq7-x9k2v"},
	"lambda":         {"function:zq7-x9k2v", "layer:zq7-x9k2v"},
	"rds":            {"db:zq7-x9k2v", "cluster:zq7-x9k2v", "snapshot:zq7-x9k2v", "cluster-snapshot:zq7-x9k2v"},
	"ec2": {
		"instance/i-0e7d4b1f90a6c5382", "volume/vol-0e7d4b1f90a6c5382", "snapshot/snap-0e7d4b1f90a6c5382", "image/ami-0e7d4b1f90a6c5382", "security-group/sg-0e7d4b1f90a6c5382",
		"subnet/subnet-0e7d4b1f90a6c5382", "vpc/vpc-0e7d4b1f90a6c5382", "network-interface/eni-0e7d4b1f90a6c5382", "vpc-flow-log/fl-0e7d4b1f90a6c5382",
	},
	"ecs":            {"cluster/zq7-x9k2v", "task/zq7-x9k2v/7e0d4b1f90a6c53826b0f7a9e3c54d10", "service/zq7-x9k2v/zq7-x9k2v", "task-definition/zq7-x9k2v:1"},
	"sqs":            {"zq7-x9k2v"},
	"sns":            {"zq7-x9k2v"},
	"logs":           {"log-group:zq7-x9k2v:log-stream:zq7-x9k2v", "log-group:zq7-x9k2v"},
	"cloudformation": {"stack/zq7-x9k2v/7e0d4b1f-90a6-4c53-82d1-6b0f7a9e3c54"},
	"codebuild":      {"project/zq7-x9k2v"},
	"states":         {"stateMachine:zq7-x9k2v"},
	"glue":           {"job/zq7-x9k2v", "table/zq7-x9k2v/zq7-x9k2v", "database/zq7-x9k2v"},
	"backup":         {"backup-vault:zq7-x9k2v", "recovery-point:7e0d4b1f-90a6-4c53-82d1-6b0f7a9e3c54"},
	"ecr":            {"repository/zq7-x9k2v"},
	"cloudtrail":     {"trail/zq7-x9k2v"},
}

// kinds are the resources that decide about actions that need several: a snapshot of one database may have any name,
// and a session on one instance may use any document (service authorization reference). Others need what is named to
// be of the statement.
var kinds = map[string][][2]string{
	"rds:CreateDBSnapshot":        {{"rds", "db:zq7-x9k2v"}},
	"rds:CopyDBSnapshot":          {{"rds", "snapshot:zq7-x9k2v"}},
	"ssm:StartSession":            {{"ec2", "instance/i-0e7d4b1f90a6c5382"}, {"ssm", "managed-instance/mi-0e7d4b1f90a6c5382"}, {"ecs", "task/zq7-x9k2v/7e0d4b1f90a6c53826b0f7a9e3c54d10"}},
	"ssm:SendCommand":             {{"ec2", "instance/i-0e7d4b1f90a6c5382"}, {"ssm", "managed-instance/mi-0e7d4b1f90a6c5382"}},
	"ssm:CreateAssociation":       {{"ec2", "instance/i-0e7d4b1f90a6c5382"}, {"ssm", "managed-instance/mi-0e7d4b1f90a6c5382"}},
	"ec2:ModifySnapshotAttribute": {{"ec2", "snapshot/snap-0e7d4b1f90a6c5382"}},
}

const arnParts = 6

// everyResource reports whether a resource pattern names no particular resource: "*", "arn:*",
// "arn:aws:s3:::*", "arn:aws:iam::123456789012:role/*" (every role) or "arn:aws:ec2:*:*:instance/i-*".
func everyResource(pattern string) bool {
	wild := strings.IndexAny(pattern, "*?")
	if wild < 0 {
		return false
	}
	if wild < len("arn:") && strings.HasPrefix("arn:", pattern[:wild]) {
		return coversBeginning(pattern)
	}
	parts := strings.SplitN(pattern, ":", arnParts)
	if parts[0] != "arn" {
		return false
	}
	if len(parts) < arnParts {
		return strings.HasSuffix(pattern, "*")
	}
	name := parts[5]
	if !strings.ContainsAny(name, "*?") {
		return false
	}
	if parts[2] == "s3" && parts[4] == "" {
		name, _, _ = strings.Cut(name, "/") // the bucket
	}
	for _, sample := range samples[parts[2]] {
		if glob.Match(name, sample) {
			return true
		}
	}
	return everyName(name)
}

// coversBeginning reports whether a pattern that has a wildcard where ARNs begin covers ARNs of many kinds, such as
// "*", "ar*" or "*:*". One that ends in a name covers what has that name.
func coversBeginning(pattern string) bool {
	return glob.Match(pattern, "arn:aws:ec2:eu-central-1:123456789012:instance/i-0e7d4b1f90a6c5382") ||
		glob.Match(pattern, "arn:aws:s3:::zq7-x9k2v") || strings.Trim(pattern, "*?") == ""
}

// everyName reports whether the name in an ARN, after the kind of the resource, is made of wildcards.
func everyName(name string) bool {
	if i := strings.IndexAny(name, "/:"); i >= 0 {
		if strings.Trim(name[:i], "*?") == "" {
			return true
		}
		name = name[i+1:]
	}
	return strings.Trim(name, "*?/:") == ""
}

// anywhereFor reports whether the statement lets the action happen on every resource that matters for it.
func (s *Statement) anywhereFor(action string) bool {
	kind := kinds[action]
	if kind == nil || len(s.NotResources) > 0 || len(s.Resources) == 0 {
		return s.anywhere
	}
	for _, pattern := range s.Resources {
		if !everyResource(pattern) {
			continue
		}
		parts := strings.SplitN(pattern, ":", arnParts)
		if len(parts) < arnParts {
			return true
		}
		for _, sample := range kind {
			if glob.Match(parts[2], sample[0]) && glob.Match(parts[5], sample[1]) {
				return true
			}
		}
	}
	return false
}
