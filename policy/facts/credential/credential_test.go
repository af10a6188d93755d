// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// letters is text that the patterns take for the random part of a credential.
const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

// credentialTexts has a text for every alternative of the patterns.
var credentialTexts = []string{
	"AKIAABCDEFGHIJKLMNOP", "ASIAABCDEFGHIJKLMNOP", "aws_secret_access_key = x", `"AWS_SECRET_ACCESS_KEY": "x"`,
	"-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----",
	"gho_" + letters, "ghp_" + letters, "ghr_" + letters, "ghs_" + letters, "ghu_" + letters, "github_pat_" + letters, "glpat-" + letters,
	"sk_live_" + letters, "rk_live_" + letters,
	"xoxa-" + letters, "xoxb-" + letters, "xoxp-" + letters, `$p = ConvertTo-SecureString "hunter2hunter2" -AsPlainText -Force`,
	`ConvertTo-SecureString -String 'hunter2hunter2'`,
	"postgres://shop:hunter2@db.example.com/shop", "redis://:hunter2@cache:6379", "secret=https://user:hunter2@db.example.com/x",
	"password=hunter2hunter2", "passwd: hunter2hunter2", "PASSPHRASE='hunter2hunter2'", "secret = hunter2hunter2", "Token: hunter2hunter2",
	"apikey=hunter2hunter2", "api_key=hunter2hunter2",
	"signingkey=hunter2hunter2", "SIGNING_KEY: hunter2hunter2", "export DB_PASS=hunter2hunter2", "MYSQL_PWD=hunter2hunter2",
	`{"password": "hunter2hunter2"}`, `{'token' : 'hunter2hunter2'}`,
	`echo "{\"password\": \"hunter2hunter2\"}"`, "\\\"secret\\\":\\\"hunter2hunter2\\\"",
	"//registry.npmjs.org/:_authToken=hunter2hunter2",
	"#!/bin/sh\nset -e\n\texport DB_PASSWORD=hunter2hunter2\n",
}

// harmless is text that only looks like one of them.
var harmless = []string{
	"", "password=", "token=$TOKEN", "password=${PASSWORD}", "PASSWORD=$(aws secretsmanager get-secret-value)",
	"secret=arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop",
	"[string]$token = Invoke-RestMethod -Method Put -Uri http://169.254.169.254/latest/api/token",
	"$secret = Get-SECSecretValue -SecretId shop", "token = requests.put('http://169.254.169.254/latest/api/token')",
	"password = client.get_secret_value(SecretId='shop')", "$password = ConvertTo-SecureString $p -AsPlainText", "# password=hunter2hunter2",
	"  // token: hunter2hunter2", "# postgres://user:hunter2@db",
	"https://example.com:8080/a@b", "postgres://shop:${PASS}@db", "postgres://shop:<password>@db", "postgres://shop:***@db",
	"git@github.com:a/b", "token = os.environ['API_TOKEN_OF_SHOP']", "token = process.env.API_TOKEN",
	"export AWS_SECRET_ACCESS_KEY=$(jq -r .SecretAccessKey role.json)", `aws_secret_access_key: "${KEY}"`,
	"TOKEN_TTL=36000000", "secret: /run/secrets/database", "DB_SECRET=orders/production/database", "proxy_pass http://127.0.0.1:8080;",
	"cd $OLDPWD", "password arn:aws:a:b =hunter2hunter2",
	"to\u212aen=hunter2hunter2", "pa\u017fsword=hunter2hunter2",
}

// byPatterns is what InText has to say, worked out without the hints.
func byPatterns(text string) bool {
	return slices.ContainsFunc(strings.Split(text, "\n"), lineHoldsSecret)
}

// TestHintsAgreeWithPatterns holds the prefilter to what it is for: it may only save work.
func TestHintsAgreeWithPatterns(t *testing.T) {
	for _, s := range credentialTexts {
		require.True(t, byPatterns(s), s)
		for _, form := range []string{s, strings.ToUpper(s), strings.ToLower(s), "x\n" + s, s + "\n\n", "say " + s + " twice"} {
			require.Equal(t, byPatterns(form), InText(form), form)
		}
		require.True(t, InText("#!/bin/sh\n"+s+"\necho"), s)
	}
	for _, s := range harmless {
		require.False(t, InText(s), s)
		require.False(t, byPatterns(s), s)
	}
}

// FuzzHints compares the two on arbitrary text, and holds what is said of JSON before it is read to what is said of each string.
func FuzzHints(f *testing.F) {
	for _, s := range slices.Concat(credentialTexts, harmless, []string{base64.StdEncoding.EncodeToString([]byte(credentialTexts[4] + letters))}) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		require.Equal(t, byPatterns(s), InText(s))
		document, err := json.Marshal(map[string]any{"Statement": []any{s}})
		require.NoError(t, err)
		require.True(t, MayStandIn(string(document)) || !IsValue(s), s)
	})
}

// TestSecretKeys tells names of credentials from names of what is about them.
func TestSecretKeys(t *testing.T) {
	for _, name := range []string{
		"PASSWORD", "DB_PASSWORD", "dbPassword", "DBPassword", "dbpassword", "POSTGRES_PASSWD", "SSH_PASSPHRASE", "SMTP_PASS", "MYSQL_PWD",
		"CLIENT_SECRET", "clientsecret", "API_TOKEN", "accessToken",
		"API_KEY", "apiKey", "APIKEY", "AWS_SECRET_ACCESS_KEY", "PRIVATE_KEY", "SIGNING_KEY", "JWT_SIGNING_KEY", "/shop/db/password", "SECRETS",
		"GIT_CREDENTIALS", "SECRET_KEY_BASE", "PASSWORD_2",
	} {
		require.True(t, Named(name), name)
	}
	for _, name := range []string{
		"", "_", "MODE", "ACCESS_TOKEN_VALIDITY", "TOKEN_EXPIRES_IN", "PASSWORD_HASH_ROUNDS", "TOKENIZER", "COGNITO_TOKEN_USE",
		"CSRF_TOKEN_COOKIE", "API_KEY_PARAM", "DB_SECRET_ARN", "token-ttl", "PWD", "OLDPWD",
		"KEY", "SORT_KEY", "PASS_THROUGH", "SECRETARY", "AWS_ACCESS_KEY_ID", "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL",
		"TOKEN_ALG", "TOKENS_PER_SECOND", "TOKENS_PER_MINUTE", "TOKENS_PER_HOUR", "TOKENS_PER_DAY",
	} {
		require.False(t, Named(name), name)
	}
}
