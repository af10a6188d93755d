// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/authority"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const theirRange = "203.0.113.16/28"

// withExternal is the reference environment with a database of somebody else's in the place of its own, which it returns, too.
func withExternal(tb testing.TB) (*Args, *database.ExternalArgs) {
	tb.Helper()
	ca, err := authority.New("theirs")
	require.NoError(tb, err)
	args := reference()
	isDatabase := func(e segment.End) bool { return e == DefaultDatabaseName }
	args.Table.Segments = slices.DeleteFunc(args.Table.Segments, func(s segment.Segment) bool { return isDatabase(segment.End(s.Name)) })
	args.Table.Connections = slices.DeleteFunc(args.Table.Connections, func(c segment.Connection) bool { return isDatabase(c.To) })
	args.Table.Connections = append(args.Table.Connections, segment.Connection{
		From: "app", To: segment.Addresses(theirRange), Ports: segment.TCP(6432), Why: "Database of the partner", Names: []string{"db.example.com"},
	})
	external := &database.ExternalArgs{
		Host: "db.example.com", Port: 6432, CIDRs: []string{theirRange}, CA: string(ca.PEM),
		SecretARN: "arn:aws:secretsmanager:eu-central-1:" + pulumitest.AccountID + ":secret:theirs-0a1b2c",
	}
	args.Databases = []Database{{External: external}}
	return args, external
}

// The service reaches an external database by the one row that leads there, and finds as many words about it as about one of the environment.
func TestAServiceUsesADatabaseOfSomebodyElses(t *testing.T) {
	args, external := withExternal(t)
	recording := deployed(t, args)
	for _, made := range recording.Registrations() {
		require.False(t, strings.HasPrefix(made.Type, "aws:rds/"), made.Name)
		require.NotContains(t, made.Name, "shop-db-", "nothing is made, and nothing watched that there is not")
	}
	parts := servertest.Parts(t, recording.Get(t, servertest.TemplateType, "shop-app-template").String("userData"))
	for _, line := range []string{
		"PGHOST=db.example.com", "PGPORT=6432", "PGDATABASE=app", "PGSSLMODE=verify-full", "PGSSLROOTCERT=/etc/bulkhead/database-ca.pem", "DATABASE_LOGIN=Secret",
		"DATABASE_SECRET_ARN=" + external.SecretARN,
	} {
		require.Contains(t, parts[0].Body, "\n"+line+"\n")
	}
	ca, variables := strings.Index(parts[0].Body, external.CA), strings.Index(parts[0].Body, "PGHOST")
	require.Positive(t, ca)
	require.Less(t, ca, variables, "whoever waits for the one file finds the other")
	statements := pulumitest.Statements(t, recording.Get(t, "aws:iam/rolePolicy:RolePolicy", "shop-app-read-database-secret").String("policy"))
	require.Equal(t, external.SecretARN, statements["ReadDatabaseSecret"]["Resource"])
	require.Equal(t, rowsAs(args.Table, egressType), connections(t, recording, egressType))
	require.Contains(t, connections(t, recording, egressType), "app -> "+theirRange+":6432")
	require.Contains(t, fmt.Sprint(recording.Get(t, "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", "shop-dns-allowed").Value("domains")), "db.example.com")
	told, _ := attachments(t, args)
	require.Equal(t, []string{"default"}, keys(told[DefaultDatabaseName]))
}

func TestWhatAnExternalDatabaseLacksIsToldBeforeAnythingIsMade(t *testing.T) {
	args, external := withExternal(t)
	last := &args.Table.Connections[len(args.Table.Connections)-1]
	last.Names, external.CA = nil, ""
	args.Databases[0].StorageGB = 50
	err := pulumitest.RunError(t, program(args))
	for _, problem := range []string{
		`Databases[0] (db): External: CA: the text is missing`,
		`Databases[0] (db): External: another runs it, and nothing else about it can be chosen; leave the other fields empty`,
		`Services[0] (app): Segment "app": its database: no row of the table names "db.example.com", so that nobody may look it up; add it to the Names of the row that leads to "addresses:203.0.113.16/28"`,
	} {
		require.ErrorContains(t, err, problem)
	}
	args, _ = withExternal(t)
	args.Table.Connections[len(args.Table.Connections)-1].Ports = segment.PostgreSQL
	require.ErrorContains(t, pulumitest.RunError(t, program(args)),
		`its database: no row of the table lets "app" open tcp/6432 to "addresses:203.0.113.16/28"; add {From: "app", To: segment.Addresses("203.0.113.16/28"), Ports: segment.TCP(6432), Why: "..."}`)
}

// Detaching one's own database and attaching somebody else's is a change of who is attached: the service alone follows.
func TestADatabaseOfSomebodyElsesMayStandBesideOnesOwn(t *testing.T) {
	args, external := withExternal(t)
	both := reference()
	both.Table.Connections = append(both.Table.Connections, args.Table.Connections[len(args.Table.Connections)-1])
	both.Databases = append(both.Databases, Database{Name: "theirs", External: external})
	before := deployed(t, both)
	both.Services[0].UsesDatabase = "theirs"
	differ, gone, added := changed(before, deployed(t, both))
	require.Empty(t, append(gone, added...))
	require.NotEmpty(t, differ)
	require.Subset(t, append([]string{"shop-app-read-database-secret"}, follows...), differ)
}

// A service that uses a database which somebody else runs. The row of the table leads to its addresses, and names it.
func ExampleDatabase_external() {
	theirs := Database{External: &database.ExternalArgs{Host: "db.example.com", CIDRs: []string{theirRange}}}
	_, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		args := reference()
		args.Databases = []Database{theirs}
		_, err := New(ctx, name, args)
		return err
	})
	for _, line := range strings.Split(err.Error(), "\n") {
		if at := strings.Index(line, "Databases[0]"); at >= 0 {
			fmt.Println(line[at:])
		}
	}
	// Output:
	// Databases[0] (db): External: SecretARN: "" is not the ARN of a secret; copy it from `aws secretsmanager describe-secret`: it ends in a hyphen and six characters
	// Databases[0] (db): External: CA: the text is missing, and a connection that believes any certificate protects nothing; give the PEM of the authority that signs the server's certificate
}
