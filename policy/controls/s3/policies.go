// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// sourceless are services that AWS's own policies admit to buckets without a condition: the delivery of load
// balancer logs, whose resource names the account (Elastic Load Balancing guide, "Enable access logs").
var sourceless = []string{"logdelivery.elasticloadbalancing.amazonaws.com", "logdelivery.elb.amazonaws.com"}

// confusions are about services that act for all of their customers, and whom a stranger could therefore send.
func confusions() []*pack.Control {
	const why = "A service acts for all of its customers; without a condition on the source, another customer can send it to your resource."
	return []*pack.Control{
		{
			ID: "s3-service-confused", Title: "Bucket policies tie services to their own resources", Severity: pack.High, Types: aws.BucketPolicies,
			Why: why + " For CloudFront that means any distribution of anybody.",
			Fix: "Add a condition on aws:SourceArn or aws:SourceAccount.", Maps: standard.Meets(standard.Privilege, standard.Exposure),
			Check: document.EachStatement(document.At("policy"), document.Unbound(document.Except(sourceless...))),
		},
	}
}
