// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestTrustPoliciesNameWhatExists(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	client := iam.NewFromConfig(account.Config)
	role := func(name, principal string) error {
		_, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["` + principal + `"]},"Action":"sts:AssumeRole"}}`)})
		return err
	}
	arn := "arn:aws:iam::" + account.ID
	require.ErrorContains(t, role("a", arn+":role/nobody"), `Invalid principal in policy: "AWS":"`+arn+`:role/nobody"`)
	require.ErrorContains(t, role("a", arn+":user/people/nobody"), "MalformedPolicyDocument")
	require.NoError(t, role("a", arn+":root"))
	require.NoError(t, role("b", arn+":role/a"))
	require.NoError(t, role("c", "arn:aws:iam::111122223333:role/of-another-account"))
}
