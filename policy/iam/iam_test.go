// SPDX-License-Identifier: Apache-2.0

package iam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
)

func TestActionsHaveNoCase(t *testing.T) {
	d, err := iam.Parse(`{"Statement":{"Effect":"Allow","Action":["S3:GET*","iam:?assrole"],"Resource":"*"}}`)
	require.NoError(t, err)
	s := &d.Statements[0]
	require.True(t, s.CoversAction("s3:GetObject"))
	require.True(t, s.CoversAction("iam:PassRole"))
	require.False(t, s.CoversAction("s3:PutObject"))
	require.False(t, s.CoversAction("iam:PassRolePolicy"))
}

func TestPublicConditions(t *testing.T) {
	for condition, public := range map[string]bool{
		``: true,
		`"StringEquals":{"aws:PrincipalOrgID":"o-abc"}`:                                             false,
		`"StringLike":{"aws:PrincipalOrgID":"o-*"}`:                                                 true,
		`"StringEquals":{"aws:PrincipalOrgID":["o-abc","o-def"]}`:                                   false,
		`"StringLike":{"aws:PrincipalOrgPaths":"o-abc/*"}`:                                          false,
		`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":["o-abc/r-1/*"]}`:                        false,
		`"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":["o-abc/r-1/*"]}`:                       true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}`:                                         false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}`:                                              true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:123456789012:*"}`:                                false,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}`:                                true,
		`"StringEquals":{"aws:SourceVpce":"vpce-1"}`:                                                false,
		`"StringLike":{"aws:SourceVpce":"vpce-*"}`:                                                  true,
		`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`:                                             false,
		`"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}`:                                  true,
		`"IpAddress":{"aws:SourceIp":"somewhere"}`:                                                  true,
		`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`:                                          true,
		`"StringNotEquals":{"aws:PrincipalAccount":"1"}`:                                            true,
		`"Null":{"aws:PrincipalOrgID":"false"}`:                                                     true,
		`"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-abc"}`:                                     true,
		`"Bool":{"aws:SecureTransport":"true"}`:                                                     true,
		`"DateLessThan":{"aws:CurrentTime":"2999-01-01T00:00:00Z"}`:                                 true,
		`"StringLike":{"aws:Referer":"https://example.com/*"}`:                                      true,
		`"StringLike":{"aws:UserAgent":"secret"}`:                                                   true,
		`"StringLike":{"aws:userid":"AROAEXAMPLE:*"}`:                                               false,
		`"StringLike":{"aws:userid":"*:me"}`:                                                        true,
		`"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceAccount":"123456789012"}`: false,
		`"StringEquals":{"AWS:SOURCEACCOUNT":"123456789012"}`:                                       false,
		`"StringEquals":{"aws:PrincipalOrgID":[]}`:                                                  true,
	} {
		d, err := iam.Parse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{` + condition + `}}}`)
		require.NoError(t, err, condition)
		require.Equal(t, public, d.Statements[0].Public() != "", condition)
	}
}

func TestEscalationsAndGuardrails(t *testing.T) {
	d, err := iam.Parse(`{"Statement":[{"Effect":"Allow","Action":["iam:PassRole","lambda:*"],"Resource":"*"}]}`)
	require.NoError(t, err)
	require.NotEmpty(t, d.Escalations())
	d, err = iam.Parse(`{"Statement":[{"Effect":"Allow","Action":["iam:PassRole","lambda:CreateFunction"],"Resource":"*"}]}`)
	require.NoError(t, err)
	require.Empty(t, d.Escalations(), "passing a role needs a way to run it")
	d, err = iam.Parse(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`)
	require.NoError(t, err)
	require.True(t, d.Guardrail())
	d, err = iam.Parse(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]}`)
	require.NoError(t, err)
	require.False(t, d.Guardrail(), "a denial with a condition is no rail")
}

// FuzzParse asks every question about an arbitrary document, twice.
func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}]}`)
	f.Add(`{"Statement":{"Effect":1,"Principal":[],"NotAction":{},"Resource":null}}`)
	f.Add(`{"Statement":[{"Sid":"a","Action":[true,1e3,[["x"]]],"Efect":"Allow","Acton":"*","Condition":{"B":{"k":1},"A":7}},{"Sid":"a"}]} x`)
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, asked(t, text), asked(t, text))
	})
}

// asked lists the answers to every question about a document.
func asked(t *testing.T, text string) []any {
	t.Helper()
	d, err := iam.Parse(text)
	if err != nil {
		return []any{err.Error()}
	}
	answers := []any{d}
	for i := range d.Statements {
		s := &d.Statements[i]
		answers = append(answers, s.Public(), s.ServiceWide(), s.Foreign(func(string) bool { return false }), s.UnboundService(), s.CoversAction("iam:PassRole"))
	}
	_, full := d.Admin()
	if full && len(d.Escalations()) > 0 {
		t.Fatal("full control is reported as a way to it")
	}
	return append(answers, full, d.RequiresTLS("s3:GetObject"), d.Guardrail(), d.Escalations())
}

// TestForAllValuesLimitsOnlyWhatIsAlwaysSent: the operator holds when the key is missing, so it limits nothing, unless
// every request that it is for carries the key.
func TestForAllValuesLimitsOnlyWhatIsAlwaysSent(t *testing.T) {
	for key, limited := range map[string]bool{
		"route53:ChangeResourceRecordSetsNormalizedRecordNames": true,
		"Route53:changeResourceRecordSetsActions":               true,
		"dynamodb:LeadingKeys":                                  false,
		"aws:TagKeys":                                           false,
	} {
		d, err := iam.Parse(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"` + key + `":["a"]}}}]}`)
		require.NoError(t, err, key)
		require.Equal(t, limited, d.Statements[0].Limited(), key)
	}
}
