// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// requireIsolated finds nothing of one environment in the account of the other.
func requireIsolated(t *testing.T, a, other *account) {
	t.Helper()
	require.NotEqual(t, a.AccountID, other.AccountID)
	identity, err := a.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, a.AccountID, aws.ToString(identity.Account))

	theirs := inventory(t, other)
	for kind, ids := range inventory(t, a) {
		for _, id := range ids {
			require.False(t, slices.Contains(theirs[kind], id) && kind != "password policy", "%s %s is in both accounts", kind, id)
		}
	}
	_, err = a.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: theirs["VPC"]})
	require.ErrorContains(t, err, "InvalidVpcID.NotFound")
	_, err = a.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(other.identifier(t))})
	require.ErrorContains(t, err, "DBInstanceNotFound")
	_, err = a.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(other.alias("db"))})
	require.ErrorContains(t, err, "NotFoundException")

	for _, call := range a.Calls(t) {
		require.Equal(t, []string{a.AccountID, a.Name}, []string{call.Account, call.Env}, "%s %s", call.Service, call.Action)
	}
	state, err := json.Marshal(a.State(t))
	require.NoError(t, err)
	require.NotContains(t, string(state), other.AccountID)
}
