// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// withUsers is the reference environment whose service logs in as a declared user with a token, and whose reports have a password. The archive holds the beginning of a program for arm64.
func withUsers() *Args {
	args := reference()
	args.Table.Segments = append(args.Table.Segments, segment.Segment{Name: "db-agent", Tier: segment.Data, Holds: "Function that makes the users of the database"})
	args.Table.Connections = append(args.Table.Connections,
		segment.Connection{From: "db-agent", To: "db", Ports: segment.PostgreSQL, Why: "Users are made"},
		segment.Connection{From: "db-agent", To: segment.AWS("secretsmanager"), Ports: segment.HTTPS, Why: "Secret of the owner"})
	args.Databases[0].Users = &database.Users{Archive: "testdata/dbagent.zip", Databases: []declare.Database{{
		Name: database.DefaultName, Users: []declare.User{
			{Name: "service", Access: declare.ReadWrite}, {Name: "migrator", Access: declare.Owner},
			{Name: "reports", Access: declare.ReadOnly, Login: declare.AlternatingSecret},
		},
	}}}
	args.Services[0].DatabaseUser = "service"
	return args
}

func TestAServiceOfADatabaseWithUsersReadsNoSecret(t *testing.T) {
	recording := deployed(t, withUsers())
	service := recording.Get(t, "aws:iam/rolePolicy:RolePolicy", "shop-app-connect-to-database").String("policy")
	require.Contains(t, service, "rds-db:connect")
	var readers []string
	for _, policy := range recording.ByType("aws:iam/rolePolicy:RolePolicy") {
		if policy.Name == "shop-app-read-database-secret" || policy.Name == "shop-db-agent-read-database-secret" {
			readers = append(readers, policy.Name)
		}
	}
	require.Equal(t, []string{"shop-db-agent-read-database-secret"}, readers, "the function alone reads the owner's secret")
	require.Equal(t, []any{recording.Get(t, "aws:ec2/securityGroup:SecurityGroup", "shop-db-agent-group").ID},
		recording.Only(t, "aws:lambda/function:Function").Value("vpcConfig.securityGroupIds"))
}

func TestUsersNeedASegmentForTheirFunctionAndAUserForTheService(t *testing.T) {
	args := withUsers()
	args.Services[0].DatabaseUser = ""
	args.Databases[0].AgentName = "elsewhere"
	err := pulumitest.RunError(t, program(args))
	for _, problem := range []string{
		`Databases[0] (db) function that makes the users: it runs in the segment of its name`,
		`Services[0] (app): DatabaseUser: "" is not a declared user of the database; use one of [service, migrator, reports]`,
		`(db-agent): nothing runs in it`,
	} {
		require.ErrorContains(t, err, problem)
	}
}

func TestAServiceStartsOnceItsUserIsThereAndReadsItsOwnSecretAlone(t *testing.T) {
	args := withUsers()
	args.Services[0].DatabaseUser = "reports"
	recording := deployed(t, args)
	own := recording.Get(t, "aws:secretsmanager/secret:Secret", "shop-db-user-reports").ID
	group := recording.Get(t, "aws:autoscaling/group:Group", "shop-app-group")
	require.Contains(t, group.DependsOn, recording.Only(t, "aws:lambda/invocation:Invocation").URN, "which also gives the secret its first value")
	require.Contains(t, recording.Get(t, "aws:iam/rolePolicy:RolePolicy", "shop-app-read-database-secret").String("policy"), own)
	reader := recording.Get(t, "aws:iam/role:Role", "shop-app-role").Value("tags").(map[string]any)["bulkhead:reads-database-secret"]
	require.Contains(t, recording.Only(t, "aws:secretsmanager/secretPolicy:SecretPolicy").String("policy"), `"aws:PrincipalTag/bulkhead:reads-database-secret":"`+reader.(string)+`"`)
}
