// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/stretchr/testify/require"
)

const object = "arn:aws:s3:::bucket/key"

func TestDocumentText(t *testing.T) {
	for name, c := range map[string]struct {
		document identity.Document
		want     string
	}{
		"lists are sorted, single values bare": {
			identity.Permissions(identity.Statement{
				Sid: "Read", Effect: identity.Allow, Actions: []string{"s3:ListBucket", "s3:GetObject", "s3:GetObject"}, Resources: []string{object},
			}),
			`{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::bucket/key"}]}`,
		},
		"trust with conditions": {
			identity.AssumeRoleByService("vpc-flow-logs.amazonaws.com", identity.SourceAccount("111122223333"), identity.SourceARN("arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/fl-1")),
			`{"Version":"2012-10-17","Statement":[{"Sid":"AssumeByService","Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole",` +
				`"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/fl-1"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}`,
		},
		"everyone may be denied": {
			identity.OnResource(identity.Statement{
				Sid: "Tls", Effect: identity.Deny, Principals: identity.Principals{Everyone: true}, Actions: []string{"s3:*"}, Resources: []string{object},
				Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
			}),
			`{"Version":"2012-10-17","Statement":[{"Sid":"Tls","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::bucket/key","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`,
		},
		"a wildcard with a reason": {
			identity.Permissions(identity.Statement{Effect: identity.Allow, Actions: []string{"ec2:DescribeInstances"}, Resources: []string{"*"}, Reason: "EC2 knows no ARN for this action"}),
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:DescribeInstances","Resource":"*"}]}`,
		},
		"no HTML escapes": {
			identity.Permissions(identity.Statement{Effect: identity.Deny, NotActions: []string{"iam:GetUser"}, Resources: []string{"arn:aws:iam::1:user/<&>"}}),
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"iam:GetUser","Resource":"arn:aws:iam::1:user/<&>"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := c.document.JSON()
			require.NoError(t, err)
			require.Equal(t, c.want, text)
		})
	}
}

func TestDocumentRefusals(t *testing.T) {
	ok := identity.Statement{Effect: identity.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{object}}
	with := func(change func(*identity.Statement)) identity.Statement {
		s := ok
		change(&s)
		return s
	}
	everyone := identity.Principals{Everyone: true}
	for name, c := range map[string]struct {
		kind      identity.Kind
		statement identity.Statement
		want      string
	}{
		"every action":              {0, with(func(s *identity.Statement) { s.Actions = []string{"*"} }), `action "*" allows everything`},
		"every action of a service": {0, with(func(s *identity.Statement) { s.Actions = []string{"s3:*"} }), `action "s3:*" allows everything`},
		"in another spelling":       {0, with(func(s *identity.Statement) { s.Actions = []string{"s3:?**"} }), "allows everything"},
		"a blank reason":            {0, with(func(s *identity.Statement) { s.Actions, s.Reason = []string{"*"}, "  " }), "allows everything"},
		"every resource":            {0, with(func(s *identity.Statement) { s.Resources = []string{"*"} }), `resource "*" is every resource`},
		"every resource by ARN":     {0, with(func(s *identity.Statement) { s.Resources = []string{"arn:aws:s3:::*"} }), "every resource"},
		"every service by ARN":      {0, with(func(s *identity.Statement) { s.Resources = []string{"arn:aws:*:eu-central-1:111122223333:thing/x"} }), "every resource"},
		"everyone":                  {identity.ResourcePolicy, with(func(s *identity.Statement) { s.Principals = everyone }), "everyone is meant: name the Principals"},
		"everyone, unconditionally": {identity.ResourcePolicy, with(func(s *identity.Statement) { s.Principals, s.Reason = everyone, "a website" }), "without a condition"},
		"NotActions in an Allow":    {0, with(func(s *identity.Statement) { s.Actions, s.NotActions = nil, []string{"iam:GetUser"} }), "NotActions in an Allow"},
		"both kinds of actions":     {0, with(func(s *identity.Statement) { s.NotActions = []string{"iam:GetUser"} }), "exclude each other"},
		"no actions":                {0, with(func(s *identity.Statement) { s.Actions = nil }), "Actions: missing"},
		"an action without service": {0, with(func(s *identity.Statement) { s.Actions = []string{"GetObject"} }), "write service:Action"},
		"no effect":                 {0, with(func(s *identity.Statement) { s.Effect = "allow" }), `Effect "allow"`},
		"a Sid with a space":        {0, with(func(s *identity.Statement) { s.Sid = "a b" }), `Sid "a b"`},
		"no resources":              {0, with(func(s *identity.Statement) { s.Resources = nil }), "Resources: missing"},
		"both kinds of resources":   {0, with(func(s *identity.Statement) { s.NotResources = []string{object} }), "exclude each other"},
		"NotResources in an Allow":  {0, with(func(s *identity.Statement) { s.Resources, s.NotResources = nil, []string{object} }), "NotResources in an Allow"},
		"a name among NotResources": {0, with(func(s *identity.Statement) {
			s.Effect, s.Resources, s.NotResources = identity.Deny, nil, []string{"bucket"}
		}), "write an ARN"},
		"a name for an ARN":         {0, with(func(s *identity.Statement) { s.Resources = []string{"bucket"} }), "write an ARN"},
		"principals in permissions": {0, with(func(s *identity.Statement) { s.Principals = everyone }), "no place for Principals in a permissions policy"},
		"no principals":             {identity.ResourcePolicy, ok, "Principals: missing"},
		"resources in trust":        {identity.TrustPolicy, ok, "no place for Resources in a trust policy"},
		"a wildcard principal":      {identity.ResourcePolicy, with(func(s *identity.Statement) { s.Principals.AWS = []string{"arn:aws:iam::111122223333:role/*"} }), "without wildcards"},
		"a service by name":         {identity.ResourcePolicy, with(func(s *identity.Statement) { s.Principals.Services = []string{"logs"} }), "write service.amazonaws.com"},
		"a condition without value": {0, with(func(s *identity.Statement) {
			s.Conditions = []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport"}}
		}), "has no values"},
		"a condition twice": {0, with(func(s *identity.Statement) {
			s.Conditions = []identity.Condition{identity.SourceAccount("1"), identity.SourceAccount("2")}
		}), "written twice"},
		"a condition without key": {0, with(func(s *identity.Statement) {
			s.Conditions = []identity.Condition{{Operator: "Bool", Values: []string{"true"}}}
		}), `on ""`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := identity.Document{Kind: c.kind, Statements: []identity.Statement{c.statement}}.JSON()
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestDocumentAsAWhole(t *testing.T) {
	_, err := identity.Permissions().JSON()
	require.ErrorContains(t, err, "no statements")

	twice := identity.Statement{Sid: "A", Effect: identity.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{object}}
	_, err = identity.Permissions(twice, twice).JSON()
	require.ErrorContains(t, err, `statement "A": the Sid is used twice`)

	long := identity.Statement{Effect: identity.Allow, Actions: []string{"s3:GetObject"}}
	for i := range 300 {
		long.Resources = append(long.Resources, fmt.Sprintf("arn:aws:s3:::a-rather-long-bucket-name/%d", i))
	}
	_, err = identity.Permissions(long).JSON()
	require.ErrorContains(t, err, "AWS accepts 10240")

	_, err = identity.Permissions(identity.Statement{}).JSON()
	for _, want := range []string{"Effect", "Actions: missing", "Resources: missing"} {
		require.ErrorContains(t, err, want, "all problems in one run")
	}
}

func TestRegionsAndAccounts(t *testing.T) {
	for _, region := range []string{"eu-central-1", "us-east-1", "ap-southeast-4", "me-central-1", "il-central-1", "mx-central-1"} {
		require.NoError(t, identity.CheckRegion(region))
	}
	for _, region := range []string{"", "eu-central", "eu-central-1a", "EU-CENTRAL-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"} {
		require.Error(t, identity.CheckRegion(region), region)
	}
	require.NoError(t, identity.CheckAccountID("012345678901"))
	for _, id := range []string{"", "1234", "1234567890123", "12345678901a"} {
		require.Error(t, identity.CheckAccountID(id), id)
	}
}

// FuzzDocument feeds arbitrary parts: what is accepted is JSON, comes out the same however the lists are ordered, and does
// not allow everything without a reason.
func FuzzDocument(f *testing.F) {
	f.Add("Allow", "s3:GetObject", "s3:Put*", object, "arn:aws:s3:::b", "")
	f.Add("Allow", "*", "iam:*", "*", "arn:aws:s3:::*", "because")
	f.Add("Deny", "*", "*", "*", "*", "")
	f.Fuzz(func(t *testing.T, effect, action1, action2, resource1, resource2, reason string) {
		s := identity.Statement{Effect: effect, Actions: []string{action1, action2}, Resources: []string{resource1, resource2}, Reason: reason}
		text, err := identity.Permissions(s).JSON()
		if err != nil {
			return
		}
		require.True(t, json.Valid([]byte(text)))
		slices.Reverse(s.Actions)
		slices.Reverse(s.Resources)
		again, err := identity.Permissions(s).JSON()
		require.NoError(t, err)
		require.Equal(t, text, again)
		if effect == identity.Allow && strings.TrimSpace(reason) == "" {
			for _, value := range []string{action1, action2, resource1, resource2} {
				require.NotEqual(t, "*", value)
				require.False(t, strings.HasSuffix(value, ":*") && strings.Count(value, ":") == 1, value)
			}
		}
	})
}
