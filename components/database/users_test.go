// SPDX-License-Identifier: Apache-2.0

package database

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const (
	functionType   = "aws:lambda/function:Function"
	invocationType = "aws:lambda/invocation:Invocation"
)

// agentTable is the table of the tests with a segment for the agent and its rows.
func agentTable() *segment.Table {
	table := networktest.Table()
	table.Segments = append(table.Segments, segment.Segment{Name: "db-agent", Tier: segment.Data, Holds: "Function that makes the users of the database"})
	table.Connections = append(table.Connections,
		segment.Connection{From: "db-agent", To: "db", Ports: segment.PostgreSQL, Why: "Users are made"},
		segment.Connection{From: "db-agent", To: segment.AWS("secretsmanager"), Ports: segment.HTTPS, Why: "Secret of the owner"})
	return table
}

// armed is the beginning of a program for arm64.
const armed = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"

// archive is an archive with one file of the given name, a program for arm64.
func archive(t *testing.T, name string) string {
	t.Helper()
	return archiveOf(t, name, armed)
}

// archiveOf is an archive with one file.
func archiveOf(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dbagent.zip")
	file, err := os.Create(filepath.Clean(path))
	require.NoError(t, err)
	writer := zip.NewWriter(file)
	entry, err := writer.Create(name)
	require.NoError(t, err)
	_, err = entry.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, file.Close())
	return path
}

func shopUsers() []declare.Database {
	return []declare.Database{{Name: "shop", Users: []declare.User{
		{Name: "migrator", Access: declare.Owner},
		{Name: "service", Access: declare.ReadWrite},
		{Name: "report", Access: declare.ReadOnly},
	}}}
}

// buildUsers makes a database whose users are declared.
func buildUsers(t *testing.T, change func(*Users)) *pulumitest.Recording {
	t.Helper()
	path := archive(t, "bootstrap")
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		n, err := networktest.New(ctx, agentTable())
		if err != nil {
			return err
		}
		own, err := n.Segment("db")
		if err != nil {
			return err
		}
		users := &Users{Archive: path, Databases: shopUsers()}
		if users.Agent, err = n.Segment("db-agent"); err != nil {
			return err
		}
		change(users)
		_, err = New(ctx, "database", &Args{Segment: own, Users: users})
		return err
	}, one.Options...)
}

func TestTheArchiveSaysForWhichProcessorTheFunctionIs(t *testing.T) {
	intel := archiveOf(t, "bootstrap", strings.Replace(armed, "\xb7", "\x3e", 1))
	recording := buildUsers(t, func(u *Users) { u.Archive = intel })
	require.Equal(t, []any{"x86_64"}, recording.Only(t, functionType).Value("architectures"))
}

func TestTheFunctionRunsInItsOwnSegmentWithoutASecretInItsEnvironment(t *testing.T) {
	recording := buildUsers(t, func(*Users) {})
	function := recording.Only(t, functionType)
	require.Equal(t, "provided.al2023", function.String("runtime"))
	require.Equal(t, []any{"arm64"}, function.Value("architectures"))
	require.Equal(t, []any{recording.Get(t, "aws:ec2/securityGroup:SecurityGroup", "network-db-agent-group").ID}, function.Value("vpcConfig.securityGroupIds"))
	require.Equal(t, recording.Only(t, subnetsType).Value("subnetIds"), function.Value("vpcConfig.subnetIds"), "the data tier's")
	environment, ok := function.Value("environment.variables").(map[string]any)
	require.True(t, ok)
	require.Len(t, environment, 3)
	require.Equal(t, secret, environment["BULKHEAD_ADMINISTRATOR_SECRET"])
	require.Equal(t, "5432", environment["BULKHEAD_DATABASE_PORT"])
	require.Contains(t, environment["BULKHEAD_DATABASE_HOST"], identifierOf(t, recording)+".")
	log := recording.Get(t, logsType, "database-agent-logs")
	require.Equal(t, log.ID, function.Value("loggingConfig.logGroup"))
	require.Equal(t, pulumitest.LogKeyARN, log.String("kmsKeyId"))
	require.Equal(t, 365.0, log.Value("retentionInDays"))
	require.Contains(t, function.DependsOn, log.URN)
}

func TestTheFunctionMayReadTheOwnersSecretAndJoinTheNetwork(t *testing.T) {
	recording := buildUsers(t, func(*Users) {})
	role := recording.Get(t, roleType, "database-agent-role")
	require.Equal(t, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.Contains(t, role.String("assumeRolePolicy"), `"lambda.amazonaws.com"`)
	found := servertest.Permissions(t, recording, "database-agent")
	require.Len(t, found, 5)
	require.Equal(t, secret, found["ReadOwnersSecret"]["Resource"])
	require.Equal(t, "Deny", found["RefuseNetworkToTheCode"]["Effect"], "the code of the function opens no interfaces")
	require.Equal(t, found["JoinNetwork"]["Action"], found["RefuseNetworkToTheCode"]["Action"])
	require.Equal(t, map[string]any{"ArnLike": map[string]any{
		"lambda:SourceFunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:database-agent-*",
	}}, found["RefuseNetworkToTheCode"]["Condition"])
}

func TestTheFunctionIsCalledWithTheDeclarationOnceTheInstanceIsThere(t *testing.T) {
	recording := buildUsers(t, func(*Users) {})
	call := recording.Only(t, invocationType)
	require.JSONEq(t, `{"converge": {"databases": [{"name": "shop", "users": [
		{"name": "migrator", "access": "Owner", "login": "IAM"},
		{"name": "service", "access": "ReadWrite", "login": "IAM"},
		{"name": "report", "access": "ReadOnly", "login": "IAM"}]}]}}`, call.String("input"))
	require.Subset(t, call.DependsOn, []string{recording.Only(t, instanceType).URN, recording.Only(t, functionType).URN})
	require.Contains(t, call.Value("triggers"), "instance", "another instance has no users yet")
	require.Contains(t, call.Value("triggers"), "program")
}

func TestALoginIsForOneDeclaredUserAndReadsNoSecret(t *testing.T) {
	d := &Database{Name: "app", Declared: shopUsers()}
	login, err := d.Login("report")
	require.NoError(t, err)
	require.Equal(t, Login{Database: "shop", User: "report", By: declare.IAM}, login)
	require.False(t, login.HasSecret())
	for _, user := range []string{"", "somebody", "dbowner"} {
		_, err := d.Login(user)
		require.ErrorContains(t, err, "is not a declared user of the database; use one of [migrator, service, report], or declare it")
	}
	login, err = (&Database{Name: "app"}).Login("")
	require.NoError(t, err)
	require.Equal(t, Login{Database: "app"}, login)
	_, err = (&Database{Name: "app"}).Login("service")
	require.ErrorContains(t, err, `"service" is not a declared user`)
}

func TestBadUsers(t *testing.T) {
	good, empty := archive(t, "bootstrap"), archive(t, "main")
	text := filepath.Join(t.TempDir(), "text.zip")
	require.NoError(t, os.WriteFile(text, []byte("no archive"), 0o600))
	agentIn := func(change func(*segment.Table)) *network.Segment {
		table := agentTable()
		change(table)
		return drafted("db-agent", table)
	}
	for _, test := range []struct {
		name    string
		change  func(*Users)
		problem string
	}{
		{"no segment", func(u *Users) { u.Agent = nil }, "Users: Agent: Segment: missing"},
		{"a tier with a way out", func(u *Users) {
			u.Agent = agentIn(func(table *segment.Table) { table.Segments[4].Tier = segment.App })
		}, `Users: Agent: Segment: "db-agent" is in the tier "app", whose reach is nat`},
		{"no row to the database", func(u *Users) {
			u.Agent = agentIn(func(table *segment.Table) { table.Connections = append(table.Connections[:8:8], table.Connections[9]) })
		}, "the database whose users it makes"},
		{"no row to the secret", func(u *Users) {
			u.Agent = agentIn(func(table *segment.Table) { table.Connections = table.Connections[:9] })
		}, "the secret of the database's owner"},
		{"no archive", func(u *Users) { u.Archive = "" }, "Users: Archive: missing; name the archive of the agent: run `make dbagent`"},
		{"an archive that is not there", func(u *Users) { u.Archive = "nowhere.zip" }, "Users: Archive: \"nowhere.zip\" is not there or no zip archive"},
		{"a file that is no archive", func(u *Users) { u.Archive = text }, "is not there or no zip archive"},
		{"an archive of a script", func(u *Users) { u.Archive = archiveOf(t, "bootstrap", "#!/bin/sh\nexec java -jar /var/task/app.jar\n") }, "is no program for Linux on arm64 or x86_64; run `make dbagent`"},
		{"an archive for another processor", func(u *Users) { u.Archive = archiveOf(t, "bootstrap", strings.Replace(armed, "\xb7", "\xf3", 1)) }, "is no program for Linux on arm64 or x86_64"},
		{"an archive of something else", func(u *Users) { u.Archive = empty }, `holds no file "bootstrap"; run`},
		{"no databases", func(u *Users) { u.Databases = nil }, "Users: databases: none is declared"},
		{"a user twice", func(u *Users) { u.Databases[0].Users[1].Name = "report" }, `Users: databases[0].users[2].name: the role "report" is that of databases[0].users[1] already`},
		{"a user like the owner", func(u *Users) { u.Databases[0].Users[1].Name = "dbowner" }, `Users: databases[0].users[1].name: "dbowner" is the administrator`},
		{"a grant on a schema that is not declared", func(u *Users) {
			u.Databases[0].Users[1] = declare.User{Name: "service", Access: declare.Custom, Grants: []declare.Grant{{Schema: "stock", Privileges: []string{"SELECT"}}}}
		}, `Users: databases[0].users[1].grants[0].schema: "stock" is not a schema of "shop"`},
		{"a rotation that a weekly reader does not survive", func(u *Users) { u.RotationDays = 7 }, `Users: RotationDays: 7 days are too short for a service that reads its secret once a week`},
		{"a password for months", func(u *Users) { u.RotationDays = 91 }, `or too long for a password; use 8 to 90`},
		{"a name that is a pattern in a policy", func(u *Users) { u.Databases[0].Users[1].Name = "*" }, `Users: databases[0].users[1].name: "*" cannot be named in a policy or a secret; use letters, digits and _.-`},
	} {
		t.Run(test.name, func(t *testing.T) {
			users := &Users{Agent: drafted("db-agent", agentTable()), Archive: good, Databases: shopUsers()}
			args := &Args{Segment: drafted("db", agentTable()), Users: users}
			require.Empty(t, args.Check())
			test.change(users)
			problems := args.Check()
			require.Len(t, problems, 1)
			require.ErrorContains(t, problems[0], test.problem)
		})
	}
}
