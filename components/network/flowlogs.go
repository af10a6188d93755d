// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
)

// aggregationSeconds is how long traffic is summed up before it is logged: the shorter of the two values that AWS has, so
// that a log shows an attack while it runs.
const aggregationSeconds = 60

// flowLogFields are AWS's default fields, in their order, and after them those that show which way a connection was
// opened (tcp-flags, flow-direction), where it really came from when NAT or an endpoint stands between (pkt-…), and
// by which gateway it left (VPC user guide, "Flow log records").
var flowLogFields = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
	"start", "end", "action", "log-status",
	"vpc-id", "subnet-id", "instance-id", "tcp-flags", "pkt-srcaddr", "pkt-dstaddr", "flow-direction", "traffic-path",
}

// flowLogFormat writes the fields as AWS wants them.
func flowLogFormat() string {
	return "${" + strings.Join(flowLogFields, "} ${") + "}"
}

// createFlowLog logs all traffic, accepted and rejected, of every interface in the VPC (FSBP EC2.6).
func (b *builder) createFlowLog(ctx *pulumi.Context) error {
	group, err := logs.New(ctx, b.child("flow-logs"), &logs.Args{Account: b.Account}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	b.FlowLogGroupName = group.Name
	role, err := identity.NewRole(ctx, b.child("flow-logs"), &identity.RoleArgs{
		AssumedBy: identity.AssumeRoleByService("vpc-flow-logs.amazonaws.com",
			identity.SourceAccount(b.Account.ID),
			identity.SourceARN("arn:aws:ec2:"+b.Account.Region+":"+b.Account.ID+":vpc-flow-log/*")),
		Boundary:    b.Account.BoundaryARN,
		Description: "Writes the flow logs of " + b.name,
		Policies: map[string]pulumi.StringInput{
			"write-flow-logs": identity.DocumentOutput(identity.PermissionsPolicy, identity.StatementInput{
				Statement: identity.Statement{
					Sid:     "WriteFlowLogs",
					Effect:  identity.Allow,
					Actions: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
				},
				ResourceInputs: pulumi.StringArray{pulumi.Sprintf("%s:*", group.ARN)},
			}),
		},
	}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	_, err = ec2.NewFlowLog(ctx, b.child("flow-log"), &ec2.FlowLogArgs{
		VpcId:                  b.VPCID,
		TrafficType:            pulumi.String("ALL"),
		LogDestinationType:     pulumi.String("cloud-watch-logs"),
		LogDestination:         group.ARN,
		IamRoleArn:             role.ARN,
		LogFormat:              pulumi.String(flowLogFormat()),
		MaxAggregationInterval: pulumi.Int(aggregationSeconds),
		Tags:                   b.tags("flow-log"),
	}, pulumi.Parent(b.Network))
	return err
}
