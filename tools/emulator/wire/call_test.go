// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

func signed(service string) string {
	return "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-central-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0"
}

// parse makes the call of a request written as "METHOD path", with headers as "Name: value" lines.
func parse(line, service, body string, headers ...string) *wire.Call {
	method, path, _ := strings.Cut(line, " ")
	request := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if service != "" {
		request.Header.Set("Authorization", signed(service))
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	return wire.Parse(request, []byte(body))
}

const form = "Content-Type: application/x-www-form-urlencoded; charset=utf-8"

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line, signer, body string
		headers            []string
		service, action    string
		resource           string
		protocol           wire.Protocol
	}{
		{"POST /", "ec2", "Action=ModifyVpcAttribute&Version=2016-11-15&VpcId=vpc-1&EnableDnsSupport.Value=true", []string{form}, "ec2", "ModifyVpcAttribute", "vpc-1", wire.EC2},
		{"POST /", "ec2", "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=tag:Name&Filter.1.Value.1=main", []string{form}, "ec2", "DescribeVpcs", "main", wire.EC2},
		{"POST /", "ec2", "Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-1&SubnetId.2=subnet-2", []string{form}, "ec2", "DescribeSubnets", "subnet-1", wire.EC2},
		{"POST /", "elasticloadbalancing", "Action=CreateListener&Version=2015-12-01&LoadBalancerArn=arn:x", []string{form}, "elbv2", "CreateListener", "arn:x", wire.Query},
		{"POST /", "elasticloadbalancing", "Action=DescribeLoadBalancers&Version=2012-06-01", []string{form}, "elb", "DescribeLoadBalancers", "", wire.Query},
		{"POST /", "rds", "Action=CreateDBSubnetGroup&Version=2014-10-31&DBSubnetGroupName=data&SubnetIds.SubnetIdentifier.1=s", []string{form}, "rds", "CreateDBSubnetGroup", "data", wire.Query},
		{"POST /", "", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::1:role/ci", []string{form}, "sts", "AssumeRoleWithWebIdentity", "arn:aws:iam::1:role/ci", wire.Query},
		{"POST /", "kms", `{"KeyId":"k","Description":"d"}`, []string{"X-Amz-Target: TrentService.UpdateKeyDescription"}, "kms", "UpdateKeyDescription", "k", wire.JSON},
		{"POST /", "logs", `{"logGroupName":"g"}`, []string{"X-Amz-Target: Logs_20140328.CreateLogGroup"}, "logs", "CreateLogGroup", "g", wire.JSON},
		{"POST /", "wafv2", `{"ResourceArn":"arn:a","WebACLArn":"arn:w"}`, []string{"X-Amz-Target: AWSWAF_20190729.AssociateWebACL"}, "wafv2", "AssociateWebACL", "arn:w", wire.JSON},
		{"POST /service/GraniteServiceVersion20100801/operation/PutMetricAlarm", "monitoring", "\xa1\x69AlarmName\x61a", []string{"Smithy-Protocol: rpc-v2-cbor"}, "cloudwatch", "PutMetricAlarm", "a", wire.CBOR},
		{"GET /", "s3", "", nil, "s3", "ListBuckets", "", wire.S3},
		{"PUT /logs", "s3", "", nil, "s3", "CreateBucket", "logs", wire.S3},
		{"PUT /logs?policy", "s3", "{}", nil, "s3", "PutBucketPolicy", "logs", wire.S3},
		{"DELETE /logs/?lifecycle=", "s3", "", nil, "s3", "DeleteBucketLifecycle", "logs", wire.S3},
		{"GET /logs?list-type=2&prefix=a", "s3", "", nil, "s3", "ListObjectsV2", "logs", wire.S3},
		{"PUT /logs/a/b%20c?x-id=PutObject", "s3", "x", nil, "s3", "PutObject", "logs/a/b c", wire.S3},
		{"PUT /logs/a", "s3", "", []string{"X-Amz-Copy-Source: /logs/b"}, "s3", "CopyObject", "logs/a", wire.S3},
		{"HEAD /logs/a", "s3", "", nil, "s3", "HeadObject", "logs/a", wire.S3},
		{"PUT /v20180820/configuration/publicAccessBlock", "s3", "", []string{"X-Amz-Account-Id: 123456789012"}, "s3control", "PutPublicAccessBlock", "123456789012", wire.RESTXML},
		{"GET /v20180820/tags/arn%3Aaws%3As3%3A%3A%3Alogs", "s3", "", nil, "s3control", "ListTagsForResource", "arn:aws:s3:::logs", wire.RESTXML},
		{"POST /2013-04-01/hostedzone/Z1/rrset/", "route53", "", nil, "route53", "ChangeResourceRecordSets", "Z1/rrset", wire.RESTXML},
		{"GET /2013-04-01/change/C1", "route53", "", nil, "route53", "GetChange", "C1", wire.RESTXML},
		{"PUT /backup/plans/p/selections/", "backup", "{}", nil, "backup", "CreateBackupSelection", "plans/p/selections", wire.RESTJSON},
		{"POST /2015-03-31/functions", "lambda", `{"FunctionName":"f","Role":"r"}`, nil, "lambda", "CreateFunction", "f", wire.RESTJSON},
		{"POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A1%3Afunction%3Af/invocations", "lambda", "{}", nil, "lambda", "Invoke", "arn:aws:lambda:eu-central-1:1:function:f", wire.RESTJSON},
		{"GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-central-1%3A1%3Afunction%3Af", "lambda", "", nil, "lambda", "ListTags", "arn:aws:lambda:eu-central-1:1:function:f", wire.RESTJSON},
		{"PUT /analyzer", "access-analyzer", "{}", nil, "access-analyzer", "CreateAnalyzer", "", wire.RESTJSON},
		{"POST /detector/12abc34d", "guardduty", "{}", nil, "guardduty", "UpdateDetector", "12abc34d", wire.RESTJSON},
		{"POST /standards/register", "securityhub", "{}", nil, "securityhub", "BatchEnableStandards", "register", wire.RESTJSON},
		{"PUT /graph", "detective", "{}", nil, "detective", "PUT /graph", "", wire.RESTJSON},
		{"GET /x?X-Amz-Credential=AKIAEXAMPLE%2F20260101%2Feu-central-1%2Fs3%2Faws4_request", "", "", nil, "s3", "ListObjects", "x", wire.S3},
	} {
		call := parse(test.line, test.signer, test.body, test.headers...)
		require.Equal(t, []string{test.service, test.action, test.resource, string(test.protocol)},
			[]string{call.Service, call.Action, call.Resource(), string(call.Protocol)}, test.line)
		if test.signer != "" {
			require.Equal(t, []string{"AKIAEXAMPLE", "eu-central-1"}, []string{call.AccessKey, call.Region})
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("POST", "/", "Action=X&Version=2016-11-15", form)
	f.Add("GET", "/a//b?policy&x=%zz", "", "X-Amz-Target: .")
	f.Add("POST", "/service/x/operation/", "\xa1\x61a", "Smithy-Protocol: rpc-v2-cbor")
	f.Fuzz(func(t *testing.T, method, path, body, header string) {
		request, err := http.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
		if err != nil {
			return // Not a request.
		}
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
		call := wire.Parse(request, []byte(body))
		_ = call.Resource()
		require.NotEmpty(t, call.Service)
		require.NotEmpty(t, call.Action)
		reply := call.Throttle()
		require.NotEmpty(t, call.ErrorCode(reply))
		require.True(t, call.IsAWS(reply))
	})
}
