// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"regexp"
	"slices"
	"sync"

	"github.com/bulkhead-iac/bulkhead/policy/iam/actions"
)

// kind is a kind of action that no policy should allow on every resource: some by name, and whatever else AWS lists with the same
// level and the same verb and object, so that a new action of a known kind is not a gap.
type kind struct {
	// level is the access level of the further actions, services are those that they are of (none is any), and but those that
	// another control is about.
	level    actions.Level
	form     *regexp.Regexp
	services []string
	but      []string
	named    []string
}

// The kinds, after the categories of Salesforce's cloudsplaining.
var (
	dataReads = kind{named: readsData, level: actions.Read,
		form: regexp.MustCompile(`^((Batch)?Get(Object|ObjectVersion|Item|Records|SecretValue|TableData|SnapshotBlock)|` +
			`Scan|Query|Select|PartiQLSelect|ExecuteStatement|BatchExecuteStatement|ReadDataViaQuery|ReceiveMessage)$`)}
	rightsManaged = kind{named: managesRights, level: actions.Permissions, but: []string{"iam", "sso", "sso-directory", "identitystore"},
		form: regexp.MustCompile(`^(Put|Set|Add|Attach|Create|Update|Modify|BatchGrant|Grant|Authorize|Associate)\w*` +
			`(Policy|Policies|Permissions?|Acl|Grant|DataShare|SnapshotAccess|SnapshotAttribute|ResourceShare)$`)}
	credentialsHanded = kind{named: exposes, level: actions.Read, but: []string{"iam"},
		form: regexp.MustCompile(`^(Get|Request|Generate|Download|Retrieve)\w*` +
			`(Credentials?|CredentialsWithIAM|PasswordData|MasterUserPassword|KeyPair|AuthToken)$`)}
	watchersStopped = kind{named: blinds, level: actions.Write,
		services: []string{"access-analyzer", "cloudtrail", "config", "detective", "guardduty", "inspector2", "macie2", "securityhub"},
		form: regexp.MustCompile(`^(Stop|Disable|BatchDisable|DisassociateFrom|Delete(Trail|Detector|Members|EventDataStore|Analyzer|Graph|` +
			`ConfigurationRecorder|DeliveryChannel|PublishingDestination)$)`)}
	dataDestroyed = kind{named: destroys, level: actions.Write,
		form: regexp.MustCompile(`^(Delete(DB|Global|Cache|Event|Backup|Delivery|Table)?(Instance|Cluster|Table|Bucket|Object|ObjectVersion|` +
			`Graph|Database|FileSystem|Volume|Snapshot|Stream|Domain|Repository|HostedZone|Vault|RecoveryPoint|Archive|Ledger|DataStore|` +
			`ReplicationGroup|Collection|UserPool|ClusterSnapshot|Namespace)|TerminateInstances|PurgeQueue)$`)}
)

// kinds are all of them.
var kinds = []*kind{&dataReads, &rightsManaged, &credentialsHanded, &watchersStopped, &dataDestroyed}

// holds reports whether an action is one of those that AWS lists beside the named ones. What can be granted on "*" alone is not.
func (k *kind) holds(a actions.Action) bool {
	return a.Level == k.level && (!a.Anywhere || k.services != nil) && (k.services == nil || slices.Contains(k.services, a.Service)) &&
		!slices.Contains(k.but, a.Service) && k.form.MatchString(a.Name)
}

// members are the actions of each kind. They are gathered when a document is first asked for one.
var members = sync.OnceValue(func() map[*kind][]string {
	all := map[*kind][]string{}
	for _, k := range kinds {
		all[k] = slices.Clone(k.named)
	}
	for a := range actions.All() {
		for _, k := range kinds {
			if k.holds(a) && !slices.Contains(k.named, a.String()) {
				all[k] = append(all[k], a.String())
			}
		}
	}
	return all
})

// list are the actions of the kind, the named ones first.
func (k *kind) list() []string { return members()[k] }
