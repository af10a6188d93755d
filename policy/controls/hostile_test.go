// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// repeat makes a list of one value many times over.
func repeat(v any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// deep puts a value into lists in lists.
func deep(v any, n int) any {
	for range n {
		v = []any{v}
	}
	return v
}

// TestHostileInputsEndSoon judges inputs that are as large or as odd as they can get. Nothing but the size of an
// input may decide how long that takes.
func TestHostileInputsEndSoon(t *testing.T) {
	const bound = 30 * time.Second // a fraction of a second each on an idle machine
	statements := func(one string) string {
		return `{"Statement":[` + strings.TrimSuffix(strings.Repeat(one+",", (200<<10)/len(one)), ",") + `]}`
	}
	rule := map[string]any{"cidrBlocks": repeat("0.0.0.0/0", 3), "protocol": "tcp", "fromPort": 0, "toPort": 65535}
	p := load(t)
	for name, c := range map[string]struct {
		inputs map[string]any
		token  string
	}{
		"everything allowed": {map[string]any{"policy": statements(`{"Effect":"Allow","Action":"*","Resource":"*"}`)}, "aws:iam/policy:Policy"},
		"much denied":        {map[string]any{"policy": statements(`{"Effect":"Deny","Action":"iam:C*e*e*e*","Resource":"*"},{"Effect":"Allow","Action":"iam:*","Resource":"*"}`)}, "aws:iam/policy:Policy"},
		"public":             {map[string]any{"policy": statements(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:SourceArn":"*a*a*a*"}}}`)}, "aws:s3/bucketPolicy:BucketPolicy"},
		"one pattern": {map[string]any{"policy": `{"Statement":{"Effect":"Allow","Action":"` + strings.Repeat("*a?", 60<<10) +
			`","Resource":"*"}}`}, "aws:iam/rolePolicy:RolePolicy"},
		"lists in lists": {map[string]any{"policy": deep(pack.UnknownText, 5000), "acl": deep("public-read", 5000)},
			"aws:s3/bucketV2:BucketV2"},
		"user data": {map[string]any{"userData": base64.StdEncoding.EncodeToString([]byte(strings.Repeat("token=$x secret: \"\n",
			20_000)))}, "aws:ec2/instance:Instance"},
		"one line":         {map[string]any{"userData": strings.Repeat("token= ", 50_000)}, "aws:ec2/instance:Instance"},
		"rules of a group": {map[string]any{"ingress": repeat(rule, 2000), "egress": repeat(rule, 2000)}, "aws:ec2/securityGroup:SecurityGroup"},
		"entries of an ACL": {map[string]any{"ingress": repeat(map[string]any{"cidrBlock": "0.0.0.0/0", "action": "allow", "protocol": "-1",
			"ruleNo": 100}, 1000)}, "aws:ec2/networkAcl:NetworkAcl"},
		"containers": {map[string]any{"containerDefinitions": "[" +
			strings.Repeat(`{"name":"a","environment":[{"name":"TOKEN","value":"x"}]},`, 5000) + "{}]"}, "aws:ecs/taskDefinition:TaskDefinition"},
	} {
		props, err := structpb.NewStruct(c.inputs)
		require.NoError(t, err, name)
		urn := "urn:pulumi:s::p::" + c.token + "::r"
		session := everything(t, p)
		begin := time.Now()
		results := session.Analyze(pack.NewResource(c.token, "r", urn, props))
		after := pack.NewResource(c.token, "r", urn, nil)
		after.SetOutputs(props)
		sound(t, append(results, session.AnalyzeStack([]*pack.Resource{after})...))
		t.Logf("%s: %v", name, time.Since(begin))
		require.Less(t, time.Since(begin), bound, name)
	}
}
