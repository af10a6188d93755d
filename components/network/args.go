// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// Args are the arguments of New.
type Args struct {
	// AccountID is the twelve digits of the AWS account. The endpoint policies admit its identities only, so that
	// credentials of another account cannot carry data out through them.
	AccountID string
	// Region is the AWS region, such as eu-central-1. It cannot be changed in place.
	Region string
	// CIDR is the range of the VPC: private IPv4, /16 to /20, such as 10.0.0.0/16. It cannot be changed in place: another
	// range replaces the VPC and all that stands in it. See Plan for how it is divided.
	CIDR string
	// Zones are two to four zones of the region by full name, such as eu-central-1a. Zones can be added and, once
	// empty, removed; their order only decides where the gateway of NATSingle stands, which is the first.
	Zones []string
	// NAT is how the app tier gets out: NATNone, NATSingle or NATOnePerZone, without a default because it is a decision
	// about money; other than NATNone it takes a flow from the app tier to the outside. Changing between NATSingle and NATOnePerZone keeps the gateways that both have, and their addresses.
	NAT NATStrategy
	// Flows are the connections that the network ACLs let pass; nothing else crosses between tiers or in and out. Add
	// at the end: the order only matters to rules that share a number by chance.
	Flows []Flow
	// InterfaceEndpoints are the AWS services that the tiers reach without the internet, by the last part of their service
	// name, such as "ssm" or "secretsmanager". Each has a price per zone and hour. S3 has a gateway endpoint always.
	InterfaceEndpoints []string
	// LogKeyARN is the KMS key that encrypts the flow logs, and required. Its policy must admit CloudWatch Logs.
	LogKeyARN pulumi.StringInput
	// LogRetentionDays is how long the flow logs are kept, one of the numbers that CloudWatch Logs accepts. Default 365.
	LogRetentionDays int
	// Boundary is the ARN of the permission boundary of the flow log role, and required.
	Boundary pulumi.StringInput
}

// services are the AWS services whose interface endpoints offer both private DNS and endpoint policies, which this
// component insists on (AWS PrivateLink guide, "AWS services that integrate with AWS PrivateLink").
var services = []string{
	"autoscaling", "cloudformation", "cloudtrail", "codedeploy", "ec2", "ec2messages", "ecr.api", "ecr.dkr",
	"elasticloadbalancing", "events", "kms", "lambda", "logs", "monitoring", "rds", "rds-data", "secretsmanager", "sns",
	"sqs", "ssm", "ssmmessages", "states", "sts", "xray",
}

// check reports everything that is wrong with the arguments, or returns the decisions that follow from them.
func (args *Args) check() (Plan, []rule, error) {
	if args == nil {
		return Plan{}, nil, errors.New("args are missing")
	}
	var problems []error
	add := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	add(identity.CheckAccountID(args.AccountID))
	add(identity.CheckRegion(args.Region))
	problems = append(problems, zoneProblems(args.Region, args.Zones)...)
	if !slices.Contains([]NATStrategy{NATNone, NATSingle, NATOnePerZone}, args.NAT) {
		add(in("NAT", "%q is no strategy; choose %s, %s or %s", args.NAT, NATNone, NATSingle, NATOnePerZone))
	}
	if args.LogKeyARN == nil {
		add(in("LogKeyARN", "missing; give the ARN of the KMS key that encrypts the flow logs"))
	}
	if args.LogRetentionDays != 0 {
		if err := audit.CheckRetention(args.LogRetentionDays); err != nil {
			add(in("LogRetentionDays", "%w", err))
		}
	}
	if args.Boundary == nil {
		add(in("Boundary", "missing; give the ARN of the permission boundary of the flow log role"))
	}
	problems = append(problems, args.endpointProblems()...)

	plan, err := NewPlan(args.CIDR)
	if err != nil {
		return Plan{}, nil, errors.Join(append(problems, in("CIDR", "%w", err))...)
	}
	var rules []rule
	if wrong := flowProblems(plan, args.NAT, args.Flows); len(wrong) > 0 {
		problems = append(problems, wrong...)
	} else {
		rules = ruleMatrix(plan, args.Flows)
		problems = append(problems, quotaProblems(rules)...)
	}
	return plan, rules, errors.Join(problems...)
}

// in reports a problem in a field of Args.
func in(field, format string, args ...any) error {
	return fmt.Errorf(field+": "+format, args...)
}

// at names an element of a list.
func at(list string, i int) string {
	return fmt.Sprintf("%s[%d]", list, i)
}

func (args *Args) endpointProblems() []error {
	var problems []error
	for i, service := range args.InterfaceEndpoints {
		switch {
		case service == "s3":
			problems = append(problems, in(at("InterfaceEndpoints", i), "s3 has a gateway endpoint already; drop it"))
		case !slices.Contains(services, service):
			problems = append(problems, in(at("InterfaceEndpoints", i), "%q is not a known service; choose from %v", service, services))
		case slices.Contains(args.InterfaceEndpoints[:i], service):
			problems = append(problems, in(at("InterfaceEndpoints", i), "%q is listed twice; name it once", service))
		}
	}
	reachable := slices.ContainsFunc(args.Flows, func(f Flow) bool {
		return f.To == TierOf(App) && f.Port.Number == firewall.HTTPS.Number
	})
	if len(args.InterfaceEndpoints) > 0 && !reachable {
		problems = append(problems, in("InterfaceEndpoints",
			"no flow leads to them; add Flow{From: TierOf(App), To: TierOf(App), Port: firewall.HTTPS} to Flows, or list no endpoints"))
	}
	return problems
}
