// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeliveryPolicyOfStrangeARNs(t *testing.T) {
	_, err := DeliveryPolicy("Deliver", "arn:aws:s3:::bucket")
	require.ErrorContains(t, err, "is not the ARN of a log group")
	document, err := DeliveryPolicy("Deliver", "arn:aws-cn:logs:cn-north-1:111122223333:log-group:queries")
	require.NoError(t, err)
	require.Contains(t, document, `"Sid":"Deliver"`)
	require.Contains(t, document, `"arn:aws-cn:logs:cn-north-1:111122223333:log-group:queries:*"`)
	require.Contains(t, document, `"arn:aws-cn:logs:cn-north-1:111122223333:*"`)
}
