// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// TestCredentialsAreFoundInAnyStringOfAnyType tries places that no environment is in, and types that no control names.
func TestCredentialsAreFoundInAnyStringOfAnyType(t *testing.T) {
	t.Parallel()
	p := load(t)
	for name, c := range map[string]struct {
		token, inputs string
		want          pack.Outcome
	}{
		"an access key in a tag": {"aws:s3/bucketV2:BucketV2", "{tags: {Key: AKIAIOSFODNN7EXAMPLE}}", pack.Fail},
		"a signed token in a " +
			"definition": {"aws:sfn/stateMachine:StateMachine",
			`{definition: '{"States": {"Call": {"Authorization": "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJlc2lnbmF0dXJl"}}}'}`, pack.Fail},
		"a login in an address": {"aws:route53/healthCheck:HealthCheck",
			"{resourcePath: 'https://admin:hunter2hunter2@example.com/'}", pack.Fail},
		"a sealed token of a chat": {"aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
			"{slackChannelId: !secret xoxb-0123456789-abcdef}", pack.Fail},
		"a private key of a type of nobody": {"aws:newservice/thing:Thing", `{body: "-----BEGIN RSA PRIVATE KEY-----"}`, pack.Fail},
		"a parameter that is made for it": {"aws:ssm/parameter:Parameter", "{type: SecureString, value: !secret AKIAIOSFODNN7EXAMPLE}",
			pack.Pass},
		"a password of a broker": {"aws:mq/broker:Broker", "{users: [{username: app, password: hunter2}]}", pack.Fail},
		"a password of a warehouse": {"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
			"{redshiftConfiguration: {username: u, password: hunter2hunter2}}", pack.Fail},
		"a secret of a login": {"aws:cognito/identityProvider:IdentityProvider", "{providerDetails: {client_id: a, client_secret: hunter2hunter2}}",
			pack.Fail},
		"passwords of a cache":             {"aws:elasticache/user:User", "{authenticationMode: {type: password, passwords: [hunter2hunter2]}}", pack.Fail},
		"a password that is elsewhere":     {"aws:ssm/association:Association", "{parameters: {password: '{{ssm-secure:/shop/password}}'}}", pack.Pass},
		"a password that is not known yet": {"aws:mq/broker:Broker", "{users: [{username: app, password: !unknown x}]}", pack.Undecided},
		"another provider":                 {"random:index/randomPassword:RandomPassword", "{keepers: {a: AKIAIOSFODNN7EXAMPLE}}", pack.NotApplicable},
		"an id that is not known yet":      {"aws:ec2/subnet:Subnet", "{vpcId: !unknown x}", pack.Pass},
	} {
		outcome, results, err := packtest.RunOne(p, "credential-in-input", packtest.YAML(t, c.token, c.inputs), packtest.State, nil)
		require.NoError(t, err, name)
		require.Equal(t, c.want, outcome, name)
		for _, r := range results {
			for _, n := range r.Notes {
				require.NotContains(t, r.Message(n), "hunter2", name)
				require.NotContains(t, r.Message(n), "AKIA", name)
				require.NotContains(t, r.Message(n), "xoxb", name)
			}
		}
	}
}
