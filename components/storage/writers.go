// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// Writer is an AWS service that may deliver logs into a bucket, and nothing else.
type Writer struct {
	name       string
	problem    error
	plainOnly  bool // delivers to no bucket with a KMS key
	ownContext bool // encrypts in a context of its own, which a bucket key would replace by the bucket's
	statements func(bucketARN string) []identity.Statement
}

var prefixForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)

// checkPrefix accepts an empty prefix, or path segments without slashes at the ends.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if !prefixForm.MatchString(prefix) || strings.Contains(prefix, "AWSLogs") {
		return fmt.Errorf("prefix %q: write segments such as edge/access, without AWSLogs and without a slash at the ends", prefix)
	}
	return nil
}

// under joins a bucket's ARN, a prefix that may be empty, and a path.
func under(bucketARN, prefix, path string) string {
	if prefix != "" {
		prefix += "/"
	}
	return bucketARN + "/" + prefix + path
}

// ALBAccessLogs lets the application load balancers of an account deliver access logs under a prefix, in the form that AWS
// documents: without a condition on the source, which it does not promise to send with the test file that it writes before
// logs are turned on. What keeps other customers out is the path, in which Elastic Load Balancing puts the account of the
// load balancer. The bucket must be encrypted by S3 itself: Elastic Load Balancing cannot write to one with a KMS key
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
func ALBAccessLogs(accountID, prefix string) Writer {
	return Writer{
		name:      "ALBAccessLogs",
		problem:   errors.Join(identity.CheckAccountID(accountID), checkPrefix(prefix)),
		plainOnly: true,
		statements: func(bucketARN string) []identity.Statement {
			return []identity.Statement{{
				Sid: "WriteLoadBalancerLogs", Effect: identity.Allow,
				Principals: identity.Principals{Services: []string{"logdelivery.elasticloadbalancing.amazonaws.com"}},
				Actions:    []string{"s3:PutObject"},
				Resources:  []string{under(bucketARN, prefix, "AWSLogs/"+accountID+"/*")},
			}}
		},
	}
}

var trailARN = regexp.MustCompile(`^arn:aws:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]+$`)

// CloudTrail lets one trail deliver the logs of an account under a prefix
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html). Its bucket gets
// no bucket key: CloudTrail names the trail when it encrypts, which is what the key policy asks for, and with a bucket key
// it would have to decrypt as well
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html).
func CloudTrail(accountID, trail, prefix string) Writer {
	problem := errors.Join(identity.CheckAccountID(accountID), checkPrefix(prefix))
	if !trailARN.MatchString(trail) {
		problem = errors.Join(problem, fmt.Errorf("trail %q: give the ARN of the trail", trail))
	}
	service := identity.Principals{Services: []string{"cloudtrail.amazonaws.com"}}
	source := identity.Condition{Operator: "StringEquals", Key: "aws:SourceArn", Values: []string{trail}}
	return Writer{
		name:       "CloudTrail",
		problem:    problem,
		ownContext: true,
		statements: func(bucketARN string) []identity.Statement {
			return []identity.Statement{
				{
					Sid: "CheckAclForTrail", Effect: identity.Allow, Principals: service, Actions: []string{"s3:GetBucketAcl"},
					Resources: []string{bucketARN}, Conditions: []identity.Condition{source},
				},
				{
					Sid: "WriteTrailLogs", Effect: identity.Allow, Principals: service, Actions: []string{"s3:PutObject"},
					Resources: []string{under(bucketARN, prefix, "AWSLogs/"+accountID+"/*")},
					Conditions: []identity.Condition{
						source, {Operator: "StringEquals", Key: "s3:x-amz-acl", Values: []string{"bucket-owner-full-control"}},
					},
				},
			}
		},
	}
}

// Config lets AWS Config, in the role that AWS has made for it, deliver the history of an account's resources under a prefix
// (https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html). A KMS key of the bucket must then also admit
// "config.amazonaws.com": see components/key.
func Config(accountID, prefix string) Writer {
	service := identity.Principals{Services: []string{"config.amazonaws.com"}}
	source := identity.SourceAccount(accountID)
	return Writer{
		name:    "Config",
		problem: errors.Join(identity.CheckAccountID(accountID), checkPrefix(prefix)),
		statements: func(bucketARN string) []identity.Statement {
			return []identity.Statement{
				{
					Sid: "CheckBucketForConfig", Effect: identity.Allow, Principals: service,
					Actions: []string{"s3:GetBucketAcl", "s3:ListBucket"}, Resources: []string{bucketARN}, Conditions: []identity.Condition{source},
				},
				{
					Sid: "WriteConfigHistory", Effect: identity.Allow, Principals: service, Actions: []string{"s3:PutObject"},
					Resources: []string{under(bucketARN, prefix, "AWSLogs/"+accountID+"/Config/*")},
					Conditions: []identity.Condition{
						source, {Operator: "StringEquals", Key: "s3:x-amz-acl", Values: []string{"bucket-owner-full-control"}},
					},
				},
			}
		},
	}
}

// accessLogs is the name of the writer S3AccessLogs.
const accessLogs = "S3AccessLogs"

// S3AccessLogs lets S3 deliver the server access logs of the account's buckets under a prefix. Their bucket must be
// encrypted by S3 itself (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).
func S3AccessLogs(accountID, prefix string) Writer {
	return Writer{
		name:      accessLogs,
		problem:   errors.Join(identity.CheckAccountID(accountID), checkPrefix(prefix)),
		plainOnly: true,
		statements: func(bucketARN string) []identity.Statement {
			return []identity.Statement{{
				Sid: "WriteServerAccessLogs", Effect: identity.Allow,
				Principals: identity.Principals{Services: []string{"logging.s3.amazonaws.com"}},
				Actions:    []string{"s3:PutObject"},
				Resources:  []string{under(bucketARN, prefix, "*")},
				Conditions: []identity.Condition{identity.SourceAccount(accountID), identity.SourceARN("arn:aws:s3:::*")},
			}}
		},
	}
}

// FlowLogs lets the VPC flow logs of an account in a region arrive through CloudWatch's log delivery, under a prefix
// (https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html). A KMS key of the bucket must then also
// admit "delivery.logs.amazonaws.com": see components/key.
func FlowLogs(accountID, region, prefix string) Writer {
	service := identity.Principals{Services: []string{"delivery.logs.amazonaws.com"}}
	source := []identity.Condition{
		identity.SourceAccount(accountID), identity.SourceARN(fmt.Sprintf("arn:aws:logs:%s:%s:*", region, accountID)),
	}
	return Writer{
		name:    "FlowLogs",
		problem: errors.Join(identity.CheckAccountID(accountID), identity.CheckRegion(region), checkPrefix(prefix)),
		statements: func(bucketARN string) []identity.Statement {
			return []identity.Statement{
				{
					Sid: "CheckAclForFlowLogs", Effect: identity.Allow, Principals: service,
					Actions: []string{"s3:GetBucketAcl", "s3:ListBucket"}, Resources: []string{bucketARN}, Conditions: source,
				},
				{
					Sid: "WriteFlowLogs", Effect: identity.Allow, Principals: service, Actions: []string{"s3:PutObject"},
					Resources: []string{under(bucketARN, prefix, "AWSLogs/"+accountID+"/*")},
					Conditions: append([]identity.Condition{
						{Operator: "StringEquals", Key: "s3:x-amz-acl", Values: []string{"bucket-owner-full-control"}},
					}, source...),
				},
			}
		},
	}
}

// Policy is the policy of a bucket: nobody comes without TLS or with TLS older than 1.2 (FSBP S3.5), and each writer may
// write to its own place. Two writers of the same kind are refused.
func Policy(bucketARN string, writers ...Writer) (identity.Document, error) {
	everyone := identity.Principals{Everyone: true}
	all := []string{bucketARN, bucketARN + "/*"}
	document := identity.OnResource(
		identity.Statement{
			Sid: "RefusePlainHTTP", Effect: identity.Deny, Principals: everyone, Actions: []string{"s3:*"}, Resources: all,
			Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
		},
		identity.Statement{
			Sid: "RefuseOldTLS", Effect: identity.Deny, Principals: everyone, Actions: []string{"s3:*"}, Resources: all,
			Conditions: []identity.Condition{{Operator: "NumericLessThan", Key: "s3:TlsVersion", Values: []string{"1.2"}}},
		},
	)
	var problems []error
	seen := map[string]bool{}
	for i, writer := range writers {
		switch {
		case writer.statements == nil:
			problems = append(problems, fmt.Errorf("writer %d is empty: use one of the functions that make a Writer", i))
			continue
		case seen[writer.name]:
			problems = append(problems, fmt.Errorf("writer %d: %s is there already: give each its own bucket", i, writer.name))
		case writer.problem != nil:
			problems = append(problems, fmt.Errorf("writer %d, %s: %w", i, writer.name, writer.problem))
		}
		seen[writer.name] = true
		document.Statements = append(document.Statements, writer.statements(bucketARN)...)
	}
	return document, errors.Join(problems...)
}
