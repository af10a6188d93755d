// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"maps"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// follows are the resources of the service that say which database it uses: what an instance is told when it starts, and what its
// role may do. The group and whatever names the version of the template follow them.
var follows = []string{"shop-app-template", "shop-app-connect-to-database", "shop-app-service", "shop-app-group", "shop-app"}

// withRestored is an environment with a second database that is restored, and a service that uses one of the two.
func withRestored(uses string) *Args {
	args := withUsers()
	beside := args.Databases[0]
	beside.Name, beside.Beside, beside.RestoreFrom = "monday", DefaultDatabaseName, "snapshot shop-db-final-1a2b3c4d"
	args.Databases = append(args.Databases, beside)
	args.Services[0].UsesDatabase = uses
	return args
}

var snapshot = pulumitest.Answer("aws:rds/getSnapshot:getSnapshot", pulumitest.Fixed(map[string]any{
	"id": "s", "engine": "postgres", "engineVersion": "17.4", "allocatedStorage": 50, "encrypted": true, "dbSnapshotArn": "arn:aws:rds:eu-central-1:111122223333:snapshot:s",
}))

// changed are the names of what differs between two deployments, and of what one of them alone has.
func changed(before, after *pulumitest.Recording) (differ, gone, added []string) {
	old, current := identities(before), identities(after)
	for urn, inputs := range old {
		if _, stays := current[urn]; !stays {
			gone = append(gone, resource.URN(urn).Name())
		} else if diff := inputs.Diff(current[urn]); diff != nil {
			differ = append(differ, resource.URN(urn).Name())
		}
	}
	for urn := range maps.Keys(current) {
		if _, was := old[urn]; !was {
			added = append(added, resource.URN(urn).Name())
		}
	}
	return differ, gone, added
}

// A restored database comes beside the one that is there, in its segments; the service follows with one word and back again, and
// nothing else moves.
func TestTheServiceFollowsTheAttachedDatabase(t *testing.T) {
	plain := deployed(t, withUsers())
	beside := deployed(t, withRestored(DefaultDatabaseName), snapshot)
	differ, gone, added := changed(plain, beside)
	require.Empty(t, differ)
	require.Empty(t, gone)
	require.NotEmpty(t, added)
	for _, name := range added {
		require.True(t, strings.HasPrefix(name, "shop-monday"), name)
	}

	attached := deployed(t, withRestored("monday"), snapshot)
	differ, gone, added = changed(beside, attached)
	require.Empty(t, gone)
	require.Empty(t, added)
	require.NotEmpty(t, differ)
	require.Subset(t, follows, differ)
	for _, database := range []string{"shop-db-instance", "shop-monday-instance"} {
		instance := attached.Get(t, "aws:rds/instance:Instance", database)
		require.True(t, instance.Protect, database)
		require.Equal(t, []any{attached.Get(t, "aws:ec2/securityGroup:SecurityGroup", "shop-db-group").ID}, instance.Value("vpcSecurityGroupIds"))
	}
	id := attached.Get(t, "aws:rds/instance:Instance", "shop-monday-instance").ID
	require.Contains(t, attached.Get(t, "aws:iam/rolePolicy:RolePolicy", "shop-app-connect-to-database").String("policy"), ":dbuser:"+id+"/service")

	differ, gone, added = changed(beside, deployed(t, withRestored(DefaultDatabaseName), snapshot))
	require.Empty(t, append(append(differ, gone...), added...), "back again is where it was")
}

func TestADatabaseBesideAnotherNeedsThatOne(t *testing.T) {
	args := withRestored("tuesday")
	args.Databases[1].Beside = "elsewhere"
	err := pulumitest.RunError(t, program(args), snapshot)
	require.ErrorContains(t, err, `Databases[1] (monday): Beside: "elsewhere" is not the name of an earlier one of Databases`)
	require.ErrorContains(t, err, `UsesDatabase: "tuesday" is not the name of one of Databases`)
	args = withRestored(DefaultDatabaseName)
	args.Databases[1].Name = "app"
	require.ErrorContains(t, pulumitest.RunError(t, program(args), snapshot), `Databases[1] (app): a segment has the name`)
	args.Databases[1].Name = DefaultDatabaseName
	require.ErrorContains(t, pulumitest.RunError(t, program(args), snapshot), `Databases[1] (db): another database has the name`)
}
