// SPDX-License-Identifier: Apache-2.0

package awsmanaged_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/iam/awsmanaged"
)

func TestEveryDocumentCanBeRead(t *testing.T) {
	t.Parallel()
	names := awsmanaged.Names()
	require.Greater(t, len(names), 1000)
	for _, name := range names {
		require.NotNil(t, awsmanaged.Document(name), name)
	}
	require.Nil(t, awsmanaged.Document("NoSuchPolicy"))
}

func TestNamesComeFromARNsOfAWS(t *testing.T) {
	t.Parallel()
	name, ok := awsmanaged.Name("arn:aws:iam::aws:policy/service-role/AWSConfigRole")
	require.True(t, ok)
	require.Equal(t, "service-role/AWSConfigRole", name)
	_, ok = awsmanaged.Name("arn:aws-cn:iam::aws:policy/ReadOnlyAccess")
	require.True(t, ok)
	_, ok = awsmanaged.Name("arn:aws:iam::123456789012:policy/mine")
	require.False(t, ok)
}
