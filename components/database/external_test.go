// SPDX-License-Identifier: Apache-2.0

package database

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/authority"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

// external is a database of somebody else's, and the PEM of the authority of its server.
func external(t *testing.T) *ExternalArgs {
	t.Helper()
	ca, err := authority.New("theirs")
	require.NoError(t, err)
	return &ExternalArgs{
		Account: &account.Account{ID: pulumitest.AccountID, Region: pulumitest.Region},
		Host:    "db.example.com", Port: 6432, CIDRs: []string{"203.0.113.16/28"}, CA: string(ca.PEM),
		SecretARN: "arn:aws:secretsmanager:eu-central-1:" + pulumitest.AccountID + ":secret:theirs-0a1b2c",
		KeyARN:    "arn:aws:kms:eu-central-1:444455556666:key/00000000-0000-4000-8000-000000000000",
	}
}

func TestAnExternalDatabaseIsAttachedByASecretAndAnAuthority(t *testing.T) {
	args := external(t)
	var policy string
	var attached Attachment
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		d, err := NewExternal(ctx, "theirs", args)
		if err != nil {
			return err
		}
		attached = d.Attachments()[DefaultLogin]
		servertest.Text(ctx, "policy", attached.Policy.StringOutput, &policy)
		_, err = d.Login("owner")
		require.ErrorContains(t, err, `"owner" is not a declared user of the database`)
		return nil
	})
	for _, made := range recording.Registrations() {
		require.False(t, strings.HasPrefix(made.Type, "aws:"), "%s is made, although somebody else runs the database", made.Name)
	}
	require.Equal(t, args.CA, attached.CertificateAuthorities)
	for variable, value := range map[string]string{
		"PGPORT": "6432", "PGDATABASE": "app", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/etc/bulkhead/database-ca.pem", "DATABASE_LOGIN": "Secret",
	} {
		require.Equal(t, pulumi.String(value), attached.Environment[variable], variable)
	}
	require.NotContains(t, attached.Environment, "PGUSER", "the secret says who logs in")
	statements := pulumitest.Statements(t, policy)
	require.Len(t, statements, 2)
	require.Equal(t, args.SecretARN, statements["ReadDatabaseSecret"]["Resource"])
	require.Equal(t, args.KeyARN, statements["DecryptDatabaseSecret"]["Resource"])

	args.KeyARN = ""
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		d := args.Draft()
		servertest.Text(ctx, "policy", d.Attach(d.onlyLogin()).Policy.StringOutput, &policy)
		return nil
	})
	require.Len(t, pulumitest.Statements(t, policy), 1, "AWS's own key asks for no permission")
}

func TestAnExternalDatabaseThatCouldNotBeTrustedIsRefused(t *testing.T) {
	for problem, change := range map[string]func(*ExternalArgs){
		"CA: the text is missing, and a connection that believes any certificate protects nothing":    func(a *ExternalArgs) { a.CA = "" },
		`Host, Port, DatabaseName: "203.0.113.17" is an address, which moves`:                         func(a *ExternalArgs) { a.Host = "203.0.113.17" },
		"Host, Port, DatabaseName: 70000 is not a TCP port":                                           func(a *ExternalArgs) { a.Port = 70000 },
		`SecretARN: "hunter2" is not the ARN of a secret`:                                             func(a *ExternalArgs) { a.SecretARN = "hunter2" },
		"KeyARN: \"alias/shop\" is not the ARN of a key":                                              func(a *ExternalArgs) { a.KeyARN = "alias/shop" },
		`CIDRs: missing; give the ranges in which "db.example.com" resolves, such as 203.0.113.16/28`: func(a *ExternalArgs) { a.CIDRs = nil },
		`CIDRs[0]: "0.0.0.0/0" reaches the whole internet`:                                            func(a *ExternalArgs) { a.CIDRs = []string{"0.0.0.0/0"} },
		"Account: missing": func(a *ExternalArgs) { a.Account = nil },
	} {
		args := external(t)
		change(args)
		err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := NewExternal(ctx, "theirs", args)
			return err
		})
		require.ErrorContains(t, err, `external database "theirs"`)
		require.ErrorContains(t, err, problem)
		require.Len(t, args.Check(), 1, problem)
	}
	require.Len(t, (&ExternalArgs{}).Check(), 4, "all problems at once")
}
