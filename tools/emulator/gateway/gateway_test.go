// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	for range 2 {
		account := emulatortest.NewAccount(t)
		who, err := sts.NewFromConfig(account.Config).GetCallerIdentity(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, account.ID, *who.Account)
	}
}

func TestS3ControlThroughTheProxy(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	client := s3control.NewFromConfig(account.Config)
	yes := true
	_, err := client.PutPublicAccessBlock(t.Context(), &s3control.PutPublicAccessBlockInput{
		AccountId: &account.ID,
		PublicAccessBlockConfiguration: &s3controltypes.PublicAccessBlockConfiguration{
			BlockPublicAcls: &yes, BlockPublicPolicy: &yes, IgnorePublicAcls: &yes, RestrictPublicBuckets: &yes,
		},
	})
	require.NoError(t, err)
	got, err := client.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: &account.ID})
	require.NoError(t, err)
	require.True(t, *got.PublicAccessBlockConfiguration.RestrictPublicBuckets)
}
