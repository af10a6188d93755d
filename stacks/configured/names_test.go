// SPDX-License-Identifier: Apache-2.0

package configured_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/bastion"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/stacks/configured"
)

// without are the settings that fill no field of one component: they are rows of the table of segments and connections, choose a
// component, fill several, or are for the policies.
var without = []string{
	"interfaceEndpoints", "bastion", "bastionAllowedCidrs", "bastionReachesDatabase", "appEgressCidrs", "appEgressDomains",
	"databaseAttached", "databaseExternalUrl", "deletionProtectionOffReason", "profile",
}

// A setting is called like the field that it fills, behind the name of the component that has it: databaseStorageGb fills StorageGB
// of database.Args. Somebody who knows the one finds the other.
func TestASettingIsCalledLikeItsField(t *testing.T) {
	text, err := os.ReadFile("../../Pulumi.yaml")
	require.NoError(t, err)
	var project struct {
		Name   string         `yaml:"name"`
		Config map[string]any `yaml:"config"`
	}
	require.NoError(t, yaml.Unmarshal(text, &project))
	fields := map[string]bool{}
	for component, args := range map[string]any{
		"": environment.Args{}, "existing": network.Existing{}, "app": app.Args{}, "bastion": bastion.Args{}, "edge": edge.Args{}, "waf": edge.WAF{}, "database": database.Args{},
		"databaseexternal": database.ExternalArgs{}, "backup": backup.Args{},
	} {
		collect(fields, component, reflect.TypeOf(args))
	}
	for _, key := range without {
		require.Contains(t, project.Config, project.Name+":"+key)
		fields[strings.ToLower(key)] = true
	}
	ours := 0
	for key := range project.Config {
		if name, is := strings.CutPrefix(key, project.Name+":"); is {
			ours++
			require.True(t, fields[strings.ToLower(name)], "no component has a field called like the setting %s", name)
		}
	}
	require.Greater(t, ours, len(without))
}

// collect adds the fields of arguments, those of the servers among them, in small letters.
func collect(fields map[string]bool, component string, args reflect.Type) {
	for i := range args.NumField() {
		switch f := args.Field(i); f.Name {
		case "Server":
			collect(fields, component, f.Type)
		default:
			fields[component+strings.ToLower(f.Name)] = true
		}
	}
}

// An existing VPC reaches the network, which asks for it by the names of the tiers.
func TestAnExistingVPCIsHandedOnByTier(t *testing.T) {
	s := &stacks.Settings{Network: stacks.Network{ExistingVPCID: "vpc-01234567", ExistingSubnetIDs: []string{
		"app subnet-00000000", "data subnet-00000001", "app subnet-00000002", "data subnet-00000003",
	}}}
	require.Equal(t, &network.Existing{VPCID: "vpc-01234567", SubnetIDs: map[string][]string{
		"app": {"subnet-00000000", "subnet-00000002"}, "data": {"subnet-00000001", "subnet-00000003"},
	}}, configured.Environment(s, nil, "").Existing)
	require.Nil(t, configured.Environment(&stacks.Settings{}, nil, "").Existing)
}

// The databases that are restored stand beside the first and are like it, and the service uses the one that is attached.
func TestARestoredDatabaseStandsBesideTheFirst(t *testing.T) {
	s := &stacks.Settings{Database: stacks.Database{RestoreFrom: []string{"monday snapshot shop-db-final-1a2b3c4d", "tuesday instance shop-db latest", "friday restored"}, Attached: "tuesday"}}
	args := configured.Environment(s, nil, "agent.zip")
	require.Equal(t, "tuesday", args.Services[0].UsesDatabase)
	require.Len(t, args.Databases, 4)
	for i, from := range []string{"", "snapshot shop-db-final-1a2b3c4d", "instance shop-db latest", ""} {
		like := args.Databases[0]
		like.RestoreFrom = from
		if i > 0 {
			like.Name, like.Beside = []string{"monday", "tuesday", "friday"}[i-1], "db"
		}
		require.Equal(t, like, args.Databases[i])
	}
}
