// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

func TestTheProgramBuildsTheBaselineOfItsSettings(t *testing.T) {
	const project = "shop-baseline"
	config := map[string]string{}
	for key, value := range map[string]string{
		"accountId": pulumitest.AccountID, "region": pulumitest.Region, "alarmEmails": `["ops@example.com"]`, "monthlyBudgetUsd": "700",
		"contactName": "Security", "contactTitle": "CISO", "contactEmail": "security@example.com", "contactPhone": "+49 30 1234567",
		"supportPermissionSet": "Operators", "parts": `["trail skip because the environment keeps one"]`,
	} {
		config[project+":"+key] = value
	}
	rec := pulumitest.Run(t, program, pulumitest.InStack(project, "staging"), pulumitest.Config(config))
	require.Equal(t, "700", rec.Only(t, "aws:budgets/budget:Budget").Value("limitAmount"))
	require.Equal(t, "+49 30 1234567", rec.Only(t, "aws:account/alternativeContact:AlternativeContact").Value("phoneNumber"))
	require.Contains(t, rec.Get(t, "aws:iam/role:Role", "account-support-role").String("assumeRolePolicy"), "AWSReservedSSO_Operators")
	require.Empty(t, rec.ByType("aws:cloudtrail/trail:Trail"))
	require.Empty(t, rec.WithoutProvider())
}
