// SPDX-License-Identifier: Apache-2.0

package network

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllTrafficIsLoggedEncrypted(t *testing.T) {
	rec := build(t, nil)
	group := rec.Get(t, logGroupType, "net-flow-logs-logs")
	require.Equal(t, keyARN, group.String("kmsKeyId"))
	require.EqualValues(t, 400, group.Value("retentionInDays"))

	log := rec.Only(t, flowLogType)
	require.Equal(t, rec.Only(t, vpcType).ID, log.String("vpcId"))
	require.Equal(t, "ALL", log.String("trafficType"))
	require.Equal(t, "cloud-watch-logs", log.String("logDestinationType"))
	require.Equal(t, "arn:aws:logs:eu-central-1:"+accountID+":log-group:"+group.ID, log.String("logDestination"))
	require.EqualValues(t, 60, log.Value("maxAggregationInterval"))
	require.Regexp(t, `^\$\{version\} \$\{account-id\} .*\$\{log-status\} .*\$\{traffic-path\}$`, log.String("logFormat"))
	require.Contains(t, log.DependsOn, rec.Only(t, rolePolicyType).URN, "the role must be able to write when the log starts")
}

func TestRetentionDefaultsToAYear(t *testing.T) {
	rec := build(t, func(args *Args) { args.Account.LogRetentionDays = 0 })
	require.EqualValues(t, 365, rec.Get(t, logGroupType, "net-flow-logs-logs").Value("retentionInDays"))
}

func TestFlowLogRoleHasTheLeastItNeeds(t *testing.T) {
	rec := build(t, nil)
	role := rec.Only(t, roleType)
	require.Equal(t, boundaryARN, role.String("permissionsBoundary"))
	var trust struct {
		Statement []struct {
			Principal map[string]string
			Condition map[string]map[string]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(role.String("assumeRolePolicy")), &trust))
	require.Len(t, trust.Statement, 1)
	require.Equal(t, map[string]string{"Service": "vpc-flow-logs.amazonaws.com"}, trust.Statement[0].Principal)
	require.Equal(t, map[string]map[string]string{
		"StringEquals": {"aws:SourceAccount": accountID},
		"ArnLike":      {"aws:SourceArn": "arn:aws:ec2:eu-central-1:" + accountID + ":vpc-flow-log/*"},
	}, trust.Statement[0].Condition)

	var policy struct {
		Statement []struct {
			Action   []string
			Resource string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(rec.Only(t, rolePolicyType).String("policy")), &policy))
	require.Len(t, policy.Statement, 1)
	require.Equal(t, []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}, policy.Statement[0].Action)
	require.Equal(t, "arn:aws:logs:eu-central-1:"+accountID+":log-group:"+rec.Get(t, logGroupType, "net-flow-logs-logs").ID+":*", policy.Statement[0].Resource)
}
