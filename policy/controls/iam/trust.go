// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// boundByDefault are services that send the source of a call when they take a role, as their own guides show in
// the trust policies they recommend.
var boundByDefault = []string{
	"backup.amazonaws.com", "bedrock.amazonaws.com", "config.amazonaws.com", "firehose.amazonaws.com", "logs.amazonaws.com",
	"monitoring.rds.amazonaws.com",
	"rds.amazonaws.com", "rolesanywhere.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com", "transfer.amazonaws.com",
	"vpc-flow-logs.amazonaws.com",
}

// confusions are about services that act for all of their customers, and whom a stranger could therefore send.
func confusions() []*pack.Control {
	const why = "A service acts for all of its customers; without a condition on the source, another customer can send it to your resource."
	return []*pack.Control{
		{
			ID: "iam-trust-service-confused", Title: "Roles tie services to their own resources", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.IAMRole}, Why: why,
			Fix:      "Add a condition on aws:SourceArn or aws:SourceAccount. Many guides leave it out, so this is off by default.",
			Settings: []pack.Setting{want.Words("services", "Services that send the source of a call.", boundByDefault...)},
			Maps:     standard.Meets(standard.Privilege), Check: func(k *pack.Case) {
				services := k.Words("services")
				document.EachStatement(document.At("assumeRolePolicy"),
					document.Unbound(func(service string) bool { return slices.Contains(services, service) }))(k)
			},
		},
	}
}
