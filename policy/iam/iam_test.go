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
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::a*"}`:                                             true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket/*"}`:                                       false,
		`"StringEquals":{"aws:VpcSourceIp":"10.0.0.1"}`:                                             true,
		`"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}`:                         true,
		`"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}`:                          false,
		`"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalOrgID}"}`:                             true,
		`"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}`:                              false,
		`"StringEquals":{"aws:PrincipalAccount":"*${aws:PrincipalAccount}"}`:                        true,
		`"StringLike":{"aws:PrincipalOrgPaths":"${aws:PrincipalOrgID}/*"}`:                          true,
		`"StringLike":{"aws:userid":"${aws:userid}"}`:                                               true,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}`:              true,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:ResourceAccount}:role/*"}`:               false,
		`"ArnLike":{"aws:PrincipalArn":"${aws:PrincipalArn}"}`:                                      true,
		`"StringEqauls":{"aws:PrincipalOrgID":"o-abc"}`:                                             true,
		`"StringEqualsAnything":{"aws:PrincipalOrgID":"o-abc"}`:                                     true,
		`"NumericEquals":{"aws:PrincipalAccount":"123456789012"}`:                                   true,
		`"stringequals":{"aws:PrincipalOrgID":"o-abc"}`:                                             false,
		`"StringEquals":{"aws:SourceVpce":"vpce-1"}`:                                                false,
		`"StringEquals":{"aws:VpceAccount":"123456789012"}`:                                         false,
		`"StringEquals":{"aws:VpceOrgID":"o-1"}`:                                                    false,
		`"ForAnyValue:StringLike":{"aws:VpceOrgPaths":"o-1/r-1/ou-1/*"}`:                            false,
		`"StringLike":{"aws:VpceAccount":"*"}`:                                                      true,
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
		d, err := iam.Parse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{` + condition +
			`}}}`)
		require.NoError(t, err, condition)
		require.Equal(t, public, d.Statements[0].Public() != "", condition)
	}
}

func parsed(t *testing.T, text string) *iam.Document {
	t.Helper()
	d, err := iam.Parse(text)
	require.NoError(t, err, text)
	return d
}

// TestLimits gives a statement about every resource one condition: only those that name what is touched narrow it.
func TestLimits(t *testing.T) {
	for condition, limited := range map[string]bool{
		`"StringEquals":{"aws:RequestedRegion":"us-east-1"}`:                            false,
		`"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}`:                                      false,
		`"IpAddress":{"aws:SourceIp":"203.0.113.7/32"}`:                                 false,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:*"}`:                             false,
		`"StringEquals":{"aws:PrincipalAccount":"123456789012"}`:                        false,
		`"StringEquals":{"aws:ResourceAccount":"123456789012"}`:                         false,
		`"StringEquals":{"s3:ResourceAccount":"123456789012"}`:                          false,
		`"StringEquals":{"aws:ResourceOrgID":"o-abc"}`:                                  false,
		`"StringEquals":{"aws:PrincipalTag/team":"a"}`:                                  false,
		`"Bool":{"aws:ViaAWSService":"false"}`:                                          false,
		`"Bool":{"aws:MultiFactorAuthPresent":"true"}`:                                  false,
		`"NumericLessThan":{"aws:EpochTime":"9999999999"}`:                              false,
		`"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}`:               false,
		`"NumericLessThan":{"aws:MultiFactorAuthAge":"999999"}`:                         false,
		`"NumericGreaterThan":{"s3:TlsVersion":"1.1"}`:                                  false,
		`"StringLike":{"s3:TlsVersion":"1.2"}`:                                          false,
		`"StringEquals":{"aws:username":"${aws:username}"}`:                             false,
		`"StringLike":{"aws:UserAgent":"a"}`:                                            false,
		`"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/*"}`:                       false,
		`"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AdministratorAccess"}`:   false,
		`"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::123456789012:policy/team"}`:         true,
		`"StringLike":{"iam:PermissionsBoundary":"arn:aws:iam::123456789012:policy/*"}`: false,
		`"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::1:policy/b"}`:          true,
		`"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}`:                    true,
		`"StringLike":{"iam:PassedToService":"*.amazonaws.com"}`:                        false,
		`"StringLike":{"iam:AWSServiceName":"rds.amazonaws.com"}`:                       true,
		`"StringEquals":{"aws:ResourceTag/team":"a"}`:                                   true,
		`"StringLike":{"aws:ResourceTag/team":"?*"}`:                                    true,
		`"StringLike":{"ec2:ResourceTag/CSIVolumeName":"*"}`:                            true,
		`"StringEquals":{"ec2:ResourceTag/CSIVolumeName":""}`:                           false,
		`"StringLikeIfExists":{"ec2:ResourceTag/CSIVolumeName":"*"}`:                    false,
		`"StringNotLike":{"ec2:ResourceTag/CSIVolumeName":"*"}`:                         false,
		`"ForAllValues:StringLike":{"ec2:ResourceTag/CSIVolumeName":"*"}`:               false,
		`"ForAnyValue:StringLike":{"ec2:ResourceTag/CSIVolumeName":"*"}`:                true,
		`"StringLike":{"aws:RequestTag/team":"*"}`:                                      false,
		`"Null":{"aws:ResourceTag/team":"true"}`:                                        false,
		`"Null":{"aws:ResourceTag/team":["true","false"]}`:                              false,
		`"ForAllValues:Null":{"aws:ResourceTag/team":"false"}`:                          false,
		`"ForAnyValue:StringEquals":{"dynamodb:Attributes":"name"}`:                     false,
		`"StringEquals":{"dynamodb:EnclosingOperation":"TransactWriteItems"}`:           false,
		`"StringEquals":{"s3:RequestObjectTag/team":"a"}`:                               false,
		`"StringEquals":{"s3:ExistingObjectTag/team":"a"}`:                              true,
		`"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}`:                           false,
		`"StringEquals":{"s3:object-lock-legal-hold":"OFF"}`:                            false,
		`"StringEquals":{"ecs:enable-execute-command":"true"}`:                          false,
		`"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"a"}`:                       true,
		`"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}`:            true,
		`"StringEquals":{"aws:ResourceTag/team":"${aws:ResourceTag/team}"}`:             false,
		`"StringEquals":{"ec2:ResourceTag/team":["a","b"]}`:                             true,
		`"StringLike":{"ec2:ResourceTag/team":["a","*"]}`:                               true,
		`"StringEqualsIfExists":{"aws:ResourceTag/team":"a"}`:                           false,
		`"StringNotEquals":{"aws:ResourceTag/team":"a"}`:                                false,
		`"ForAllValues:StringEquals":{"aws:ResourceTag/team":"a"}`:                      false,
		`"Null":{"aws:ResourceTag/team":"false"}`:                                       true,
		`"StringEqauls":{"aws:ResourceTag/team":"a"}`:                                   false,
		`"StringEquals":{"aws:ResourceTag/team":[]}`:                                    false,
		`"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}`:                             false,
		`"StringEquals":{"aws:RequestTag/team":"a"}`:                                    false,
		`"ForAnyValue:StringEquals":{"aws:CalledVia":"cloudformation.amazonaws.com"}`:   true,
		`"StringLike":{"kms:ViaService":"s3.*.amazonaws.com"}`:                          true,
		`"StringLike":{"kms:ViaService":"*.eu-central-1.amazonaws.com"}`:                false,
		`"Bool":{"kms:GrantIsForAWSResource":"true"}`:                                   true,
		`"Bool":{"kms:GrantIsForAWSResource":"false"}`:                                  false,
		`"StringEquals":{"kms:EncryptionContext:app":"shop"}`:                           true,
		`"StringEquals":{"kms:CallerAccount":"123456789012"}`:                           false,
		`"StringEquals":{"kms:EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}`:                false,
		`"StringEquals":{"ec2:Attribute":"UserData"}`:                                   false,
		`"StringEquals":{"iam:FIDO-certification":"L1"}`:                                false,
		`"Bool":{"ram:RequestedAllowsExternalPrincipals":"false"}`:                      true,
		`"Bool":{"ram:RequestedAllowsExternalPrincipals":"true"}`:                       false,
		`"ArnEquals":{"ecs:cluster":"arn:aws:ecs:eu-central-1:1:cluster/shop"}`:         true,
		`"ArnLike":{"ecs:cluster":"arn:aws:ecs:*:*:cluster/*"}`:                         false,
		`"StringEquals":{"cloudwatch:namespace":"Shop"}`:                                true,
		`"StringLike":{"s3:prefix":"home/${aws:username}/*"}`:                           true,
		`"StringEquals":{"ec2:Region":"eu-central-1"}`:                                  false,
		`"StringEquals":{"ec2:osuser":"ec2-user"}`:                                      false,
		`"StringEquals":{"sts:ExternalId":"x"}`:                                         false,
		`"StringEquals":{"accounts.google.com:sub":"1"}`:                                false,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{`+condition+`}}}`)
		require.Equal(t, limited, d.Statements[0].Limited(), condition)
		require.Equal(t, limited, len(d.Escalations()) == 0, condition)
	}
	d := parsed(t, `{"Statement":{"Effect":"Allow","Action":["ec2:Create*","ec2:RunInstances"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"a"}}}}`)
	require.True(t, d.Statements[0].Limited(), "what is made has the tag")
}

func TestForeign(t *testing.T) {
	ours := func(account string) bool { return account == "123456789012" }
	for text, foreign := range map[string][]string{
		`"Principal":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":["123456789012","999999999999"]}}`:                {"aws:PrincipalAccount 999999999999"},
		`"Principal":{"AWS":"*"},"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:role/*"}}`:              {"aws:PrincipalArn arn:aws:iam::999999999999:role/*"},
		`"Principal":"*","Condition":{"StringEquals":{"kms:CallerAccount":"999999999999"}}`:                                    {"kms:CallerAccount 999999999999"},
		`"Principal":{"Service":"sns.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}`:        {"aws:SourceAccount 999999999999"},
		`"Principal":{"Service":"sns.amazonaws.com"},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:999999999999:*"}}`: {"aws:SourceArn arn:aws:sns:*:999999999999:*"},
		`"Principal":{"AWS":"*"},"Condition":{"StringEquals":{"s3:DataAccessPointAccount":"999999999999"}}`:                    {"s3:DataAccessPointAccount 999999999999"},
		`"Principal":{"aws":"999999999999"}`: {"999999999999"},
		`"Principal":{"Service":"sns.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}`:                                     nil,
		`"Principal":{"AWS":"123456789012"},"Condition":{"StringNotEquals":{"aws:SourceAccount":"999999999999"}}`:                                           nil,
		`"Principal":{"Service":"s3.amazonaws.com"},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::b"},"StringNotEquals":{"aws:SourceAccount":"1"}}`: nil,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow","Action":"s3:GetObject",`+text+`}}`)
		require.Equal(t, foreign, d.Statements[0].Foreign(ours), text)
	}
}

func TestServicesAreBound(t *testing.T) {
	for condition, bound := range map[string]bool{
		`"StringNotEquals":{"kms:CallerAccount":"123456789012"}`:                                                false,
		`"StringEquals":{"kms:CallerAccount":"123456789012"}`:                                                   true,
		`"StringLike":{"kms:EncryptionContext:aws:logs:arn":"*"}`:                                               false,
		`"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-central-1:123456789012:*"}`:           true,
		`"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:123456789012:trail/*"}`: true,
		`"Bool":{"kms:GrantIsForAWSResource":"false"}`:                                                          false,
		`"Bool":{"kms:GrantIsForAWSResource":"true"}`:                                                           true,
		`"NumericEquals":{"kms:GrantIsForAWSResource":"true"}`:                                                  false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::a*"}`:                                                         false,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*","Condition":{`+condition+`}}}`)
		require.Equal(t, bound, len(d.Statements[0].UnboundService()) == 0, condition)
	}
}

func TestPatternsOfEverything(t *testing.T) {
	for pattern, everything := range map[string]bool{
		"*": true, "**": true, "?*": true, "ar*": true, "arn*": true, "arn:*": true, "arn:aws:s3:*": true, "*:*": true,
		"arn:aws:s3:::*": true, "arn:aws:s3:::*/*": true, "arn:aws:s3:::*-*": true, "arn:aws:s3:::shop*": false, "arn:aws:s3:::shop/*": false,
		"arn:aws:s3:::*-shop":                     false,
		"arn:aws:s3:eu-central-1:1:accesspoint/*": true, "arn:aws:s3:eu-central-1:1:accesspoint/a/object/*": false,
		"arn:aws:ssm:eu-central-1:1:parameter*": true, "arn:aws:ssm:eu-central-1:1:parameter/*": true, "arn:aws:ssm:eu-central-1:1:p*": true,
		"arn:aws:ssm:eu-central-1:1:parameter/shop*": false,
		"arn:aws:secretsmanager:*:*:secret*":         true, "arn:aws:secretsmanager:*:*:secret:*-??????": true,
		"arn:aws:secretsmanager:*:*:secret:shop-??????": false,
		"arn:aws:dynamodb:*:*:table*":                   true, "arn:aws:dynamodb:*:*:table/*": true, "arn:aws:dynamodb:*:*:table/shop*": false,
		"arn:aws:dynamodb:*:*:table/shop/index/*": false,
		"arn:aws:iam::1:role/*":                   true, "arn:aws:iam::1:role*": true, "arn:aws:iam::1:*/*": true,
		"arn:aws:iam::1:role/team-*":   false,
		"arn:aws:ec2:*:*:instance/i-*": true, "arn:aws:ec2:*:*:instance/i-0a*": false, "arn:aws:sqs:*:*:*": true, "arn:aws:sqs:*:*:shop-*": false,
		"arn:aws:ss?:*:*:parameter*": true, "arn:aws:unheard:*:*:thing/*": true, "arn:aws:unheard:*:*:thing/x*": false,
		"arn:aws:kms:*:*:key/????????-*": true,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"`+pattern+`"}}`)
		require.Equal(t, everything, d.Statements[0].AnyResource(), pattern)
	}
}

func TestTheResourceThatDecides(t *testing.T) {
	for text, granted := range map[string]bool{
		`"Action":"rds:CreateDBSnapshot","Resource":["arn:aws:rds:*:1:db:shop","arn:aws:rds:*:1:snapshot:*"]`:          false,
		`"Action":"rds:CreateDBSnapshot","Resource":["arn:aws:rds:*:1:db:*","arn:aws:rds:*:1:snapshot:*"]`:             true,
		`"Action":"ssm:StartSession","Resource":["arn:aws:ec2:*:1:instance/i-0abc","arn:aws:ssm:*:*:document/*"]`:      false,
		`"Action":"ssm:SendCommand","Resource":["arn:aws:ec2:*:1:instance/i-0abc","arn:aws:ssm:*:*:document/AWS-*"]`:   false,
		`"Action":"ssm:StartSession","Resource":["arn:aws:ec2:*:1:instance/*","arn:aws:ssm:*:*:document/X"]`:           true,
		`"Action":"ssm:SendCommand","Resource":["arn:aws:ssm:*:*:managed-instance/mi-*","arn:aws:ssm:*:*:document/X"]`: true,
		`"Action":"ssm:SendCommand","Resource":"*"`:                                                                    true,
		`"Action":"ssm:SendCommand","NotResource":"arn:aws:ssm:*:*:document/X"`:                                        true,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow",`+text+`}}`)
		found := len(d.Escalations()) > 0 || len(d.GrantsAnywhere([]string{"rds:CreateDBSnapshot"})) > 0
		require.Equal(t, granted, found, text)
	}
}

func TestForms(t *testing.T) {
	for text, fault := range map[string]string{
		`"Action":"s3getobject"`:                                             `the action "s3getobject"`,
		`"Action":"s3:"`:                                                     `the action "s3:"`,
		`"Action":"s3: GetObject"`:                                           `the action "s3: GetObject"`,
		`"Action":["*","*:*","s3:Get*","rds-db:connect"]`:                    ``,
		`"Action":"s3:*","Resource":"my-bucket"`:                             `the resource "my-bucket"`,
		`"Action":"s3:*","Resource":["*","arn:aws:s3:::b","${aws:x}","*/b"]`: ``,
		`"Action":"s3:*","Principal":{"Aws":"*"}`:                            `the Principal of statement 1`,
		`"Action":"s3:*","Principal":{"everyone":"*"}`:                       `the Principal of statement 1`,
		`"Action":"s3:*","Principal":"123456789012"`:                         `the Principal of statement 1`,
		`"Action":"s3:*","Principal":{"AWS":"*","Service":"a","Federated":"b","CanonicalUser":"c"}`: ``,
		`"Action":"s3:*","Condition":{"StringEqauls":{"a:b":"c"}}`:                                  `the condition operator "StringEqauls"`,
		`"Action":"s3:*","Condition":{"NullIfExists":{"a:b":"true"}}`:                               `the condition operator "NullIfExists"`,
		`"Action":"s3:*","Condition":{"NumericEquals":{"aws:SecureTransport":"0"}}`:                 `is true or false`,
		`"Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"no"}}`:                         `"no" as a value of Bool`,
		`"Action":"s3:*","Condition":{"NumericLessThan":{"s3:max-keys":"ten"}}`:                     `"ten" as a value`,
		`"Action":"s3:*","Condition":{"ForAnyValue:StringLikeIfExists":{"a:b":"c"},"bool":{"aws:SecureTransport":false},"DateLessThan":{"aws:CurrentTime":"2030-01-01"},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Null":{"a:b":"true"},"BinaryEquals":{"a:b":"QQ=="},"ForAllValues:ArnNotLike":{"a:b":"arn:aws:s3:::b"}}`: ``,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow",`+text+`}}`)
		if fault == "" {
			require.Empty(t, d.Problems, text)
			continue
		}
		require.Len(t, d.Problems, 1, text)
		require.Contains(t, d.Problems[0], fault)
	}
	require.NotEmpty(t, parsed(t, `{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":{"Aws":"*"}}}`).Statements[0].Public())
	bare := parsed(t, `{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":"arn:aws:iam::123456789012:root"}}`)
	require.Len(t, bare.Problems, 1, "AWS refuses a bare ARN")
	require.Empty(t, bare.Statements[0].Public(), "it is not everybody")
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

// TestDenials gives everything and takes something back: only a denial for every resource counts.
func TestDenials(t *testing.T) {
	for resource, denied := range map[string]bool{
		"*": true, "**": true, "arn:aws:iam::*:*": true, "arn:*:iam:*:*:*": true, "arn:aws:i*::*:*": true,
		"arn:aws:iam::*:user/*": false, "arn:aws:iam::123456789012:*": false, "arn:aws:s3:::*": false, "arn:aws:iam::*:role/team-*": false,
		"?": false,
	} {
		d := parsed(t, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"`+resource+
			`"}]}`)
		require.Equal(t, denied, d.Guardrail(), resource)
	}
}

func TestEachWayOutIsFound(t *testing.T) {
	for _, actions := range []string{
		"codebuild:StartBuild", "cloudformation:UpdateStack", `cloudformation:CreateChangeSet","cloudformation:ExecuteChangeSet`,
		"ec2-instance-connect:SendSSHPublicKey", "ec2:ModifyInstanceAttribute",
		"ecs:ExecuteCommand", "ssm:StartAutomationExecution", "ssm:CreateAssociation", "glue:UpdateJob",
		"sagemaker:CreatePresignedNotebookInstanceUrl", "states:UpdateStateMachine", "sts:AssumeRoot",
		"sso:CreateAccountAssignment", "iam:CreateSAMLProvider", "iam:UpdateSAMLProvider", "iam:CreateOpenIDConnectProvider",
		"iam:AddClientIDToOpenIDConnectProvider", "iam:DeactivateMFADevice",
	} {
		require.Len(t, parsed(t, `{"Statement":{"Effect":"Allow","Action":["`+actions+`"],"Resource":"*"}}`).Escalations(), 1, actions)
	}
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
		answers = append(answers, s.Public(), s.ServiceWide(), s.Foreign(func(string) bool { return false }), s.UnboundService(),
			s.CoversAction("iam:PassRole"))
	}
	_, full := d.Admin()
	if full && len(d.Escalations()) > 0 {
		t.Fatal("full control is reported as a way to it")
	}
	return append(answers, full, d.RequiresTLS(func(resources []string) bool { return len(resources) > 0 }, "s3:GetObject"), d.Guardrail(),
		d.Escalations())
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
		d, err := iam.Parse(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"` + key +
			`":["a"]}}}]}`)
		require.NoError(t, err, key)
		require.Equal(t, limited, d.Statements[0].Limited(), key)
	}
}

// TestDenialsOfAPIs lets anybody call an API and denies those who come from elsewhere: only a denial for every call
// closes it.
func TestDenialsOfAPIs(t *testing.T) {
	const id = "arn:aws:execute-api:eu-central-1:123456789012:abc123"
	for resource, closed := range map[string]bool{
		"*": true, "execute-api:/*": true, "execute-api:/*/*/*": true, id + "/*": true, id + "/*/*/*": true, "arn:aws:execute-api:*:*:*": true,
		"arn:aws:execute-api:eu-central-1:123456789012:*/*": true,
		"execute-api:/prod/*":                               false, "execute-api:/*/GET/*": false, "execute-api:/*/*/admin*": false,
		"execute-api:/*/*/*/*": false, id + "/prod/*": false, id + "/prod/GET/admin/*": false,
		id + "*": false, id: false, "arn:aws:s3:::*": false, "arn:aws:s3:::shop/*": false, "arn:*": false, "*/admin/*": false,
	} {
		for condition, spares := range map[string]bool{`"StringNotEquals":{"aws:SourceVpce":"vpce-1"}`: true,
			`"StringEquals":{"aws:SourceVpce":"vpce-1"}`: false} {
			d := parsed(t, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"},
				{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"`+resource+`","Condition":{`+condition+`}}]}`)
			require.Equal(t, closed && spares, d.DeniesOthers("execute-api:Invoke"), resource+" "+condition)
		}
	}
}

func TestEveryActionOfAService(t *testing.T) {
	for pattern, of := range map[string][2]bool{ // of KMS, of all services
		"*": {true, true}, "**": {true, true}, "*:*": {true, true}, "kms:*": {true, false}, "KMS:*": {true, false}, "kms:**": {true, false},
		"kms:?*": {true, false}, "k*:*": {true, false},
		"kms:Decrypt": {}, "kms:De*": {}, "sns:*": {}, "kms": {}, "kms:": {}, "s3:**": {}, "kms*": {},
	} {
		for _, element := range []string{"Action", "NotAction"} {
			s := &parsed(t, `{"Statement":{"Effect":"Allow","`+element+`":"`+pattern+`","Resource":"*"}}`).Statements[0]
			require.Equal(t, of[0] && element == "Action", s.EveryAction("kms"), pattern)
			require.Equal(t, of[1] && element == "Action", s.EveryAction(""), pattern)
		}
	}
}

func TestSecondFactors(t *testing.T) {
	for condition, demanded := range map[string]bool{
		`"Bool":{"aws:MultiFactorAuthPresent":"true"}`:                true,
		`"bool":{"AWS:MultiFactorAuthPresent":true}`:                  true,
		`"StringEquals":{"aws:MultiFactorAuthPresent":"true"}`:        true,
		`"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}`:        false,
		`"Bool":{"aws:MultiFactorAuthPresent":"false"}`:               false,
		`"Bool":{"aws:MultiFactorAuthPresent":["true","false"]}`:      false,
		`"Bool":{"aws:MultiFactorAuthPresent":[]}`:                    false,
		`"ForAllValues:Bool":{"aws:MultiFactorAuthPresent":"true"}`:   false,
		`"StringNotEquals":{"aws:MultiFactorAuthPresent":"true"}`:     false,
		`"Null":{"aws:MultiFactorAuthPresent":"true"}`:                false,
		`"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}`:         true,
		`"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3600"}`:   true,
		`"NumericLessThanIfExists":{"aws:MultiFactorAuthAge":"1"}`:    false,
		`"NumericGreaterThan":{"aws:MultiFactorAuthAge":"3600"}`:      false,
		`"ForAllValues:NumericLessThan":{"aws:MultiFactorAuthAge":1}`: false,
		`"Bool":{"aws:SecureTransport":"true"}`:                       false,
	} {
		d := parsed(t, `{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{`+condition+`}}}`)
		require.Equal(t, demanded, d.Statements[0].Conditions[0].DemandsSecondFactor(), condition)
	}
}
