// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// osMetricsLogGroup is where enhanced monitoring writes, one group for all instances of
// an account and region. RDS creates it and keeps its events for 30 days.
const osMetricsLogGroup = "RDSOSMetrics"

// monitoringPolicy is what enhanced monitoring needs: the AWS-managed policy
// AmazonRDSEnhancedMonitoringRole, narrowed to the one log group of this account.
func monitoringPolicy(region, accountID string) identity.Document {
	group := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", region, accountID, osMetricsLogGroup)
	return identity.Permissions(
		identity.Statement{
			Sid: "CreateMetricsGroup", Effect: identity.Allow,
			Actions:   []string{"logs:CreateLogGroup", "logs:PutRetentionPolicy"},
			Resources: []string{group, group + ":*"},
		},
		identity.Statement{
			Sid: "WriteMetrics", Effect: identity.Allow,
			Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"},
			Resources: []string{group + ":log-stream:*"},
		},
	)
}

// newMonitoringRole is the role through which RDS reports the metrics of the operating
// system (FSBP RDS.6). Enhanced monitoring may take it on for this one instance (RDS user
// guide, "Preventing the confused deputy problem").
func newMonitoringRole(ctx *pulumi.Context, name string, d *Database, args *Args, instance pulumi.StringOutput) (*identity.Role, error) {
	account := args.Segment.Account()
	policy, err := monitoringPolicy(account.Region, account.ID).JSON()
	if err != nil {
		return nil, err
	}
	return identity.NewRole(ctx, name+"-monitoring", &identity.RoleArgs{
		AssumedBy: identity.AssumeRoleByService("monitoring.rds.amazonaws.com", identity.SourceAccount(account.ID)),
		AssumedByInputs: []identity.ConditionInput{{
			Operator: "ArnLike", Key: "aws:SourceArn",
			Values: pulumi.StringArray{pulumi.Sprintf("arn:aws:rds:%s:%s:db:%s", account.Region, account.ID, instance)},
		}},
		Boundary:    account.BoundaryARN,
		Description: "Enhanced monitoring of the database " + d.name,
		Policies:    map[string]pulumi.StringInput{"write-os-metrics": pulumi.String(policy)},
	}, pulumi.Parent(d))
}
