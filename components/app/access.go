// SPDX-License-Identifier: Apache-2.0

package app

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

// permissions are what an instance may do: be listed by Systems Manager, write its own logs, and log in to its database. It offers
// no session: through the account's own document anybody who may start one would be root, unrecorded.
func permissions(args *Args, login database.Login, log *logs.Group) (map[string]pulumi.StringInput, error) {
	managed, err := identity.Permissions(server.Managed()).JSON()
	if err != nil {
		return nil, err
	}
	policies := map[string]pulumi.StringInput{
		"be-listed":  pulumi.String(managed),
		"write-logs": identity.DocumentOutput(identity.PermissionsPolicy, server.WriteLogs("WriteOwnLogs", log.ARN)),
	}
	if args.Database != nil {
		policy := "connect-to-database"
		if login.HasSecret() {
			policy = "read-database-secret"
		}
		policies[policy] = identity.DocumentOutput(identity.PermissionsPolicy, args.Database.Permissions(login)...)
	}
	return policies, nil
}

// tags are those of the role without which its database would refuse it.
func (args *Args) tags(login database.Login) map[string]string {
	if args.Database == nil {
		return nil
	}
	return args.Database.Tags(login)
}
