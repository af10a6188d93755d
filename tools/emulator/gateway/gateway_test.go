// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
)

func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	for range 2 {
		account := emulatortest.NewAccount(t)
		who, err := sts.NewFromConfig(account.Config).GetCallerIdentity(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, account.ID, *who.Account)
		client := sns.NewFromConfig(account.Config)
		_, err = client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("same")})
		require.NoError(t, err)
		topics, err := client.ListTopics(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, topics.Topics, 1)
		require.Equal(t, "arn:aws:sns:eu-central-1:"+account.ID+":same", *topics.Topics[0].TopicArn)
	}
}

// One environment starts anew while the others stay as they are. Bucket names are taken by one account of all.
func TestOneAccountOfSeveralIsEmptied(t *testing.T) {
	t.Parallel()
	emptied, kept := emulatortest.NewAccount(t), emulatortest.NewAccount(t)
	made := func(a *emulatortest.Account) (topics, buckets int) {
		topic, err := sns.NewFromConfig(a.Config).ListTopics(t.Context(), nil)
		require.NoError(t, err)
		bucket, err := s3.NewFromConfig(a.Config).ListBuckets(t.Context(), nil)
		require.NoError(t, err)
		return len(topic.Topics), len(bucket.Buckets)
	}
	fill := func(a *emulatortest.Account) {
		_, err := sns.NewFromConfig(a.Config).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alarms")})
		require.NoError(t, err)
		_, err = s3.NewFromConfig(a.Config, func(o *s3.Options) { o.UsePathStyle = true }).CreateBucket(t.Context(), &s3.CreateBucketInput{
			Bucket: aws.String("logs-" + a.ID), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: emulatortest.Region},
		})
		require.NoError(t, err)
		topics, buckets := made(a)
		require.Equal(t, []int{1, 1}, []int{topics, buckets})
	}
	fill(emptied)
	fill(kept)
	control := emulator.NewClient(emptied.Endpoint)
	require.NoError(t, control.Empty(t.Context(), emptied.Env))
	topics, buckets := made(emptied)
	require.Equal(t, []int{0, 0}, []int{topics, buckets})
	topics, buckets = made(kept)
	require.Equal(t, []int{1, 1}, []int{topics, buckets})
	fill(emptied)
	require.ErrorContains(t, control.Empty(t.Context(), "moon"), `env "moon" is not registered`)
}

func TestUnknownKeyIsRefusedInEachProtocol(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	stranger := account.Retrying(3)
	stranger.Credentials = credentials.NewStaticCredentialsProvider("AKIASTRANGER", "secret", "")
	for service, call := range calls(t, account, stranger) {
		require.ErrorContains(t, call(), "AKIASTRANGER is not registered", service)
	}
	_, err := sts.NewFromConfig(stranger).GetCallerIdentity(t.Context(), nil)
	require.ErrorContains(t, err, "InvalidClientTokenId")
	require.Empty(t, recorded(t, account))
}

func TestKeysOfAnAssumedRoleWork(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	made, err := sts.NewFromConfig(account.Config).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account.ID + ":role/deploy"), RoleSessionName: aws.String("test"),
	})
	require.NoError(t, err)
	config := account.Config.Copy()
	config.Credentials = credentials.NewStaticCredentialsProvider(*made.Credentials.AccessKeyId, *made.Credentials.SecretAccessKey, *made.Credentials.SessionToken)
	who, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, account.ID, *who.Account)
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
	all := recorded(t, account)
	require.Equal(t, []string{"s3control", "PutPublicAccessBlock", account.ID}, []string{all[0].Service, all[0].Action, all[0].Resource})
}

func TestEveryCallIsRecorded(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	for service, call := range calls(t, account, account.Config) {
		require.NoError(t, call(), service)
	}
	_, err := s3.NewFromConfig(account.Config).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("no-such-bucket")})
	require.Error(t, err)
	_, err = ec2.NewFromConfig(account.Config).DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String("vpc-1")})
	require.Error(t, err)
	actions := map[string]gateway.Record{}
	for _, call := range recorded(t, account) {
		require.Equal(t, account.ID, call.Account)
		require.Equal(t, account.Env, call.Env)
		require.Equal(t, emulatortest.Region, call.Region)
		require.Equal(t, "moto", call.FilledBy)
		require.NotZero(t, call.Time)
		require.Positive(t, call.DurationMS)
		actions[call.Service+":"+call.Action] = call
	}
	for _, want := range []string{"autoscaling:DescribeAutoScalingGroups", "cloudwatch:DescribeAlarms", "ec2:DescribeVpcs", "iam:ListRoles", "kms:ListKeys",
		"rds:DescribeDBInstances", "route53:ListHostedZones", "s3:ListBuckets", "secretsmanager:ListSecrets", "sns:ListTopics",
		"s3control:ListAccessPoints", "wafv2:ListWebACLs", "s3:HeadBucket", "ec2:DeleteVpc"} {
		require.Contains(t, actions, want)
	}
	require.Equal(t, 404, actions["s3:HeadBucket"].Status)
	require.Equal(t, "no-such-bucket", actions["s3:HeadBucket"].Resource)
	require.Equal(t, "vpc-1", actions["ec2:DeleteVpc"].Resource)
	require.Equal(t, "InvalidVpcID.NotFound", actions["ec2:DeleteVpc"].Error)
}

// recorded reads the account's record file.
func recorded(t *testing.T, account *emulatortest.Account) []gateway.Record {
	t.Helper()
	file, err := os.Open(account.Record)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var all []gateway.Record
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var one gateway.Record
		require.NoError(t, json.Unmarshal(lines.Bytes(), &one))
		all = append(all, one)
	}
	return all
}

func TestWhatNobodyCanDoFailsAtOnce(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	_, err := rds.NewFromConfig(account.Retrying(5)).DescribeCertificates(t.Context(), nil)
	require.ErrorContains(t, err, "cannot do rds DescribeCertificates and neither can the gateway")
	require.Len(t, recorded(t, account), 1, "it is not retried")
}

func TestDeadMotoFailsAtOnce(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	close(gone)
	g := gateway.New("dead", gateway.Backend{Endpoint: "http://127.0.0.1:1", Gone: gone, Failure: func() error { return os.ErrProcessDone }},
		log.New(&bytes.Buffer{}, "", 0), func() {})
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	account := emulatortest.NewAccount(t)
	record := filepath.Join(t.TempDir(), "calls.jsonl")
	require.NoError(t, g.Register(gateway.Account{Env: "x", AccountID: account.ID, AccessKey: account.AccessKey, Record: record}))
	config := account.Retrying(5)
	config.BaseEndpoint = &server.URL
	for service, call := range calls(t, account, config) {
		if service != "s3control" { // Its host name leads to the other gateway.
			require.ErrorContains(t, call(), "moto has ended", service)
		}
	}
	calls, err := os.ReadFile(record) // #nosec G304 -- a temporary file of the test
	require.NoError(t, err)
	require.Equal(t, 11, strings.Count(string(calls), "EmulatorUnavailable"), "nothing is retried")
	response, err := http.Get(server.URL + gateway.ControlPath + "health") // #nosec G107 -- the test's own server
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
}

func TestGatewayIsNoWayOut(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(emulatortest.Start(t).Endpoint, "http://")
	for _, request := range []string{
		"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
		"GET http://s3.eu-central-1.amazonaws.com/ HTTP/1.1\r\nHost: s3.eu-central-1.amazonaws.com\r\n\r\n",
		"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: sts.amazonaws.com:443\r\n\r\n",
		"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
		"GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: 123456789012.10.0.0.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: evil.127.0.0.1\r\n\r\n",
		"GET /_bulkhead/health HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://example.com\r\n\r\n",
	} {
		connection, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, err = connection.Write([]byte(request))
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusForbidden, answer.StatusCode, request)
		require.NoError(t, connection.Close())
	}
}
