// SPDX-License-Identifier: Apache-2.0

package form

import (
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/authority"
)

// endedAuthority ended with the year 2020. Its key was thrown away.
const endedAuthority = `MIIBPjCB5aADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMTBGdvbmUwHhcN
MjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDEwRnb25lMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBqowkW5glC17D0VPZPngE4gpDfALqGqD
mUY7myFEiZWJ+bYGlyGDwSLdrWVsAj2F3gxEFNqzW5glEFa5YbPv+KMyMDAwDwYD
VR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUTkZy+qd3Li3YC5IwgiTouTGDWoUwCgYI
KoZIzj0EAwIDSAAwRQIhAO8AsG7OUDDLPmuyqltHVeQYdo9VoFNQek3AkofdjHe6
AiAffYrUW9cIhrdmx5gFgdrpRIFM6F6AAGMdFZlkichIig==`

func TestADatabaseIsNamedByAURIWithoutALogin(t *testing.T) {
	at, err := ParseDatabaseURL("postgresql://db.example.com/shop")
	require.NoError(t, err)
	require.Equal(t, DatabaseURL{Host: "db.example.com", Port: 5432, Database: "shop"}, at)
	at, err = ParseDatabaseURL("postgres://db.example.com:6432/my_shop-2")
	require.NoError(t, err)
	require.Equal(t, DatabaseURL{Host: "db.example.com", Port: 6432, Database: "my_shop-2"}, at)
	for text, problem := range map[string]string{
		"":                                  `"" is not a URI of PostgreSQL; write it like postgresql://db.example.com:5432/shop`,
		"db.example.com:5432/shop":          `"db.example.com:5432/shop" is not a URI of PostgreSQL`,
		"mysql://db.example.com/shop":       "is not a URI of PostgreSQL",
		"postgresql://db.example.com":       `"" is not the name of a database; use up to 63 letters`,
		"postgresql://db.example.com/a/b":   `"a/b" is not the name of a database`,
		"postgresql://db.example.com:0/a":   "0 is not a TCP port; name the one at which the server listens, such as 5432",
		"postgresql://203.0.113.17/shop":    `"203.0.113.17" is an address, which moves, and certificates hold names; give the name that the server's certificate is for`,
		"postgresql://[2001:db8::1]/shop":   "is an address",
		"postgresql:///shop":                `"" is not a DNS name`,
		"postgresql://db.example.com/a?b=c": "has parameters, and how TLS is checked is not for choice",
	} {
		_, err := ParseDatabaseURL(text)
		require.ErrorContains(t, err, problem, text)
	}
	for _, secret := range []string{"postgresql://owner:hunter2@db.example.com/shop", "owner:hunter2@db.example.com/shop", "postgresql://owner:hunter2@db.example.com:port/shop"} {
		_, err := ParseDatabaseURL(secret)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2", "a password is in no message")
	}
}

func TestASecretIsOfTheAccountAndRegion(t *testing.T) {
	const region, account = "eu-central-1", "111122223333"
	require.NoError(t, CheckSecretHome("arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/db-0a1B2c", region, account))
	require.NoError(t, CheckKeyHome("arn:aws:kms:eu-central-1:444455556666:key/00000000-0000-4000-8000-000000000000", region))
	for arn, problem := range map[string]string{
		"hunter2": "is not the ARN of a secret; copy it from `aws secretsmanager describe-secret`",
		"arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop":       "is not the ARN of a secret",
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:shop-0a1B2c":   "is in another region than eu-central-1; replicate the secret into eu-central-1",
		"arn:aws:secretsmanager:eu-central-1:444455556666:secret:sh-0a1B2c":  "is in another account than 111122223333; keep a secret in 111122223333",
		"arn:aws:secretsmanager:eu-central-1:111122223333:secret:*-0a1B2c":   "is not the ARN of a secret",
		"arn:aws:ssm:eu-central-1:111122223333:parameter/shop-db-password-1": "is not the ARN of a secret",
	} {
		require.ErrorContains(t, CheckSecretHome(arn, region, account), problem)
	}
	require.ErrorContains(t, CheckKeyHome("arn:aws:kms:eu-central-1:111122223333:alias/shop", region), "an alias is not enough")
	require.ErrorContains(t, CheckKeyHome("arn:aws:kms:us-east-1:111122223333:key/0", region), "is in another region than eu-central-1")
}

func TestAuthoritiesAreCertificatesOfAuthoritiesAndNothingElse(t *testing.T) {
	one, err := authority.New("database")
	require.NoError(t, err)
	server, key, err := one.Issue("db.example.com", "db.example.com")
	require.NoError(t, err)
	commented := "subject=database\nBULKHEAD\nreboot\n" + string(one.PEM) + "issuer=database\n" + string(one.PEM)
	plain, err := ParseAuthorities(commented)
	require.NoError(t, err)
	require.Equal(t, string(one.PEM)+string(one.PEM), plain, "what stands around certificates reaches no instance")
	for text, problem := range map[string]string{
		" \n":                               "is missing, and a connection that believes any certificate protects nothing; give the PEM of the authority",
		"/etc/ssl/certs/ca.pem":             "is not PEM from its block 1 on",
		string(one.PEM) + "trailing":        "is not PEM from its block 2 on",
		string(one.PEM) + string(server):    `has a certificate 2, of "db.example.com", that is no authority`,
		string(one.PEM) + string(key):       "which is no certificate",
		strings.Repeat(string(one.PEM), 20): "more than the 6144 that an instance can be told",
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})): "has a certificate 1 that cannot be read",
	} {
		require.ErrorContains(t, CheckAuthorities(text), problem)
	}
	const ended = `-----BEGIN CERTIFICATE-----
` + endedAuthority + `
-----END CERTIFICATE-----`
	require.ErrorContains(t, CheckAuthorities(ended), `has an authority, "gone", that ended on 2`)
}
