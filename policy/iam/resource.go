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
	"s3": {"zq7-x9k2v"},
	"iam": {"role/zq7-x9k2v", "user/zq7-x9k2v", "group/zq7-x9k2v", "policy/zq7-x9k2v", "instance-profile/zq7-x9k2v",
		"saml-provider/zq7-x9k2v", "oidc-provider/zq7.x9k2v"},
	"ssm": {"parameter/zq7-x9k2v", "document/zq7-x9k2v", "managed-instance/mi-0e7d4b1f90a6c5382",
		"automation-definition/zq7-x9k2v:1"},
	"secretsmanager": {"secret:zq7-x9k2v-QzWxVk"},
	"dynamodb":       {"table/zq7-x9k2v"},
	"kms":            {"key/mrk-7e0d4b1f90a6c538", "key/7e0d4b1f-90a6-4c53-82d1-6b0f7a9e3c54", "alias/zq7-x9k2v"},
	"lambda":         {"function:zq7-x9k2v", "layer:zq7-x9k2v"},
	"rds":            {"db:zq7-x9k2v", "cluster:zq7-x9k2v", "snapshot:zq7-x9k2v", "cluster-snapshot:zq7-x9k2v"},
	"ec2": {
		"instance/i-0e7d4b1f90a6c5382", "volume/vol-0e7d4b1f90a6c5382", "snapshot/snap-0e7d4b1f90a6c5382", "image/ami-0e7d4b1f90a6c5382",
		"security-group/sg-0e7d4b1f90a6c5382",
		"subnet/subnet-0e7d4b1f90a6c5382", "vpc/vpc-0e7d4b1f90a6c5382", "network-interface/eni-0e7d4b1f90a6c5382",
		"vpc-flow-log/fl-0e7d4b1f90a6c5382",
	},
	"ecs": {"cluster/zq7-x9k2v", "task/zq7-x9k2v/7e0d4b1f90a6c53826b0f7a9e3c54d10", "service/zq7-x9k2v/zq7-x9k2v",
		"task-definition/zq7-x9k2v:1"},
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
	"rds:CreateDBSnapshot": {{"rds", "db:zq7-x9k2v"}},
	"rds:CopyDBSnapshot":   {{"rds", "snapshot:zq7-x9k2v"}},
	"ssm:StartSession": {{"ec2", "instance/i-0e7d4b1f90a6c5382"}, {"ssm", "managed-instance/mi-0e7d4b1f90a6c5382"},
		{"ecs", "task/zq7-x9k2v/7e0d4b1f90a6c53826b0f7a9e3c54d10"}},
	"ssm:SendCommand":             {{"ec2", "instance/i-0e7d4b1f90a6c5382"}, {"ssm", "managed-instance/mi-0e7d4b1f90a6c5382"}},
	"ssm:CreateAssociation":       {{"ec2", "instance/i-0e7d4b1f90a6c5382"}, {"ssm", "managed-instance/mi-0e7d4b1f90a6c5382"}},
	"ec2:ModifySnapshotAttribute": {{"ec2", "snapshot/snap-0e7d4b1f90a6c5382"}},
}

const arnParts = 6

// arn is an ARN, or a pattern of one, taken apart; its name is all that comes after the account.
type arn struct{ partition, service, region, account, name string }

// splitARN takes an ARN apart without copying it.
func splitARN(text string) (a arn, ok bool) {
	rest, ok := strings.CutPrefix(text, "arn:")
	for _, part := range [...]*string{&a.partition, &a.service, &a.region, &a.account} {
		if ok {
			*part, rest, ok = strings.Cut(rest, ":")
		}
	}
	a.name = rest
	return a, ok
}

func wild(text string) bool {
	return strings.IndexByte(text, '*') >= 0 || strings.IndexByte(text, '?') >= 0
}

// EveryResource reports whether a resource pattern names no particular resource: "*", "arn:*",
// "arn:aws:s3:::*", "arn:aws:iam::123456789012:role/*" (every role) or "arn:aws:ec2:*:*:instance/i-*".
func EveryResource(pattern string) bool {
	if !wild(pattern) {
		return false
	}
	if !strings.HasPrefix(pattern, "arn:") {
		return coversBeginning(pattern)
	}
	parts, ok := splitARN(pattern)
	if !ok {
		return strings.HasSuffix(pattern, "*")
	}
	service, account, name := parts.service, parts.account, parts.name
	if service == "s3" && account == "" {
		name, _, _ = strings.Cut(name, "/") // the bucket
	}
	if !wild(name) {
		return false
	}
	if wild(service) {
		for s := range samples {
			if glob.Match(service, s) && coversSample(s, name) {
				return true
			}
		}
	}
	return coversSample(service, name) || everyName(name)
}

func coversSample(service, name string) bool {
	for _, sample := range samples[service] {
		if glob.Match(name, sample) {
			return true
		}
	}
	return false
}

// coversBeginning reports whether a pattern that does not begin as ARNs do covers ARNs of many kinds, such as
// "*", "ar*" or "*:*". One that ends in a name covers what has that name.
func coversBeginning(pattern string) bool {
	return pattern == "*" || glob.Match(pattern, "arn:aws:ec2:eu-central-1:123456789012:instance/i-0e7d4b1f90a6c5382") ||
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
		if !EveryResource(pattern) {
			continue
		}
		parts, ok := splitARN(pattern)
		if !ok {
			return true
		}
		for _, sample := range kind {
			if glob.Match(parts.service, sample[0]) && glob.Match(parts.name, sample[1]) {
				return true
			}
		}
	}
	return false
}

// refuses reports whether a denial is about every resource that an action may have. That is asked more strictly than
// whether a permission is: a denial for every user leaves the roles.
func (s *Statement) refuses(action string) bool {
	if len(s.NotResources) > 0 || !s.CoversAction(action) {
		return false
	}
	if len(s.Resources) == 0 {
		return true
	}
	service, _, _ := strings.Cut(strings.ToLower(action), ":")
	for _, pattern := range s.Resources {
		if stars(pattern) && pattern != "" {
			return true
		}
		if parts, ok := splitARN(pattern); ok && glob.Match(parts.service, service) && stars(parts.region) && stars(parts.account) &&
			parts.name != "" && stars(parts.name) {
			return true
		}
	}
	return false
}

// stars reports whether a text is made of "*" or has nothing in it.
func stars(text string) bool { return strings.Trim(text, "*") == "" }
