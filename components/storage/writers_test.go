// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/stretchr/testify/require"
)

const bucketARN = "arn:aws:s3:::logs-1234567"

func TestWriters(t *testing.T) {
	for name, c := range map[string]struct {
		writer storage.Writer
		want   []string
	}{
		"load balancers": {storage.ALBAccessLogs(account, "edge"), []string{
			`{"Sid":"WriteLoadBalancerLogs","Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject",` +
				`"Resource":"arn:aws:s3:::logs-1234567/edge/AWSLogs/111122223333/*"}`,
		}},
		"a trail": {storage.CloudTrail(account, trail, ""), []string{
			`{"Sid":"CheckAclForTrail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl",` +
				`"Resource":"arn:aws:s3:::logs-1234567","Condition":{"StringEquals":{"aws:SourceArn":"` + trail + `"}}}`,
			`{"Sid":"WriteTrailLogs","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",` +
				`"Resource":"arn:aws:s3:::logs-1234567/AWSLogs/111122223333/*","Condition":{"StringEquals":{"aws:SourceArn":"` + trail + `","s3:x-amz-acl":"bucket-owner-full-control"}}}`,
		}},
		"server access logs": {storage.S3AccessLogs(account, "s3"), []string{
			`{"Sid":"WriteServerAccessLogs","Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject",` +
				`"Resource":"arn:aws:s3:::logs-1234567/s3/*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}`,
		}},
		"resource history": {storage.Config(account, ""), []string{
			`{"Sid":"CheckBucketForConfig","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:ListBucket"],` +
				`"Resource":"arn:aws:s3:::logs-1234567","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}`,
			`{"Sid":"WriteConfigHistory","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject",` +
				`"Resource":"arn:aws:s3:::logs-1234567/AWSLogs/111122223333/Config/*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333","s3:x-amz-acl":"bucket-owner-full-control"}}}`,
		}},
		"flow logs": {storage.FlowLogs(account, region, ""), []string{
			`{"Sid":"CheckAclForFlowLogs","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:ListBucket"],` +
				`"Resource":"arn:aws:s3:::logs-1234567","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:logs:eu-central-1:111122223333:*"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}`,
			`{"Sid":"WriteFlowLogs","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject",` +
				`"Resource":"arn:aws:s3:::logs-1234567/AWSLogs/111122223333/*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:logs:eu-central-1:111122223333:*"},` +
				`"StringEquals":{"aws:SourceAccount":"111122223333","s3:x-amz-acl":"bucket-owner-full-control"}}}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			document, err := storage.Policy(bucketARN, c.writer)
			require.NoError(t, err)
			text, err := document.JSON()
			require.NoError(t, err)
			var parsed struct{ Statement []json.RawMessage }
			require.NoError(t, json.Unmarshal([]byte(text), &parsed))
			require.Len(t, parsed.Statement, 2+len(c.want))
			for i, want := range c.want {
				require.JSONEq(t, want, string(parsed.Statement[2+i]))
			}
		})
	}
}

func TestWritersShareABucket(t *testing.T) {
	_, err := storage.Policy(bucketARN, storage.ALBAccessLogs(account, "alb"), storage.CloudTrail(account, trail, "trail"), storage.S3AccessLogs(account, "s3"), storage.FlowLogs(account, region, "flow"), storage.Config(account, "config"))
	require.NoError(t, err)
}

// FuzzWriters feeds arbitrary accounts and prefixes: what is accepted lets each writer write only below its own prefix, and
// never without a condition or the account in the path.
func FuzzWriters(f *testing.F) {
	f.Add(account, region, "edge/access", trail)
	f.Add("*", "*", "*", "*")
	f.Add(account, region, "../x", "arn:aws:cloudtrail:*:111122223333:trail/*")
	f.Fuzz(func(t *testing.T, account, region, prefix, trail string) {
		for _, writer := range []storage.Writer{
			storage.ALBAccessLogs(account, prefix), storage.CloudTrail(account, trail, prefix), storage.S3AccessLogs(account, prefix), storage.FlowLogs(account, region, prefix), storage.Config(account, prefix),
		} {
			document, err := storage.Policy(bucketARN, writer)
			if err != nil {
				continue
			}
			_, err = document.JSON()
			require.NoError(t, err)
			for _, s := range document.Statements {
				if s.Effect != identity.Allow {
					continue
				}
				if len(s.Conditions) == 0 {
					require.Contains(t, s.Resources[0], "/AWSLogs/"+account+"/")
				}
				require.NotContains(t, prefix, "*")
				for _, resource := range s.Resources {
					if resource != bucketARN && prefix != "" {
						require.True(t, strings.HasPrefix(resource, bucketARN+"/"+prefix+"/"), resource)
					}
				}
			}
		}
	})
}
