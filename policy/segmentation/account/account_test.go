// SPDX-License-Identifier: Apache-2.0

package account_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/account"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }

// TestEveryQuestionThatFailsIsTold asks an account that allows nothing. An answer that is missing is no empty answer.
func TestEveryQuestionThatFailsIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized.</Message></Error></Errors></Response>`))
	}))
	defer server.Close()
	answers, err := account.Fetch(t.Context(), aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIAEMULATED00000001", "emulated", ""),
	})
	require.Nil(t, answers)
	for _, kind := range []string{"Vpcs", "Addresses", "PrefixLists", "ManagedPrefixLists", "VpcBlockPublicAccess", "LoadBalancers", "DbInstances", "AutoScalingGroups"} {
		require.Equal(t, 1, strings.Count("\n"+err.Error(), "\n"+kind+": operation error"), "%s\n%s", kind, err)
	}
}

func TestAnswersAreOneFileOfAKind(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "answers")
	require.NoError(t, account.Answers{"Vpcs": []any{map[string]any{"VpcId": "vpc-1"}}, "Subnets": []any{}}.Write(folder))
	text, err := os.ReadFile(filepath.Join(folder, "Vpcs.json"))
	require.NoError(t, err)
	require.JSONEq(t, `[{"VpcId": "vpc-1"}]`, string(text))
	require.FileExists(t, filepath.Join(folder, "Subnets.json"))
}
