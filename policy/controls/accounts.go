// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// elbLogAccounts are the accounts of AWS that deliver load balancer access logs in Regions opened before
// August 2022 (Elastic Load Balancing user guide, "Enable access logs for your Application Load Balancer").
var elbLogAccounts = []string{
	"127311923021", "033677994240", "027434742980", "797873946194", "098369216593", "754344448648", "589379963580",
	"718504428378", "383597477331", "600734575887", "114774131450", "783225319266", "582318560864", "985666609251",
	"054676820928", "156460612806", "652711504416", "635631232127", "009996457667", "897822967062", "076674570225", "507241528517",
}

// ownAccounts are the accounts that belong to us as far as the program says: those in the setting, those the
// provider is pinned to, and the account of the role it assumes.
func ownAccounts(k *pack.Case) []string {
	own := slices.Clone(k.Words("allowedAccounts"))
	provider := k.Provider()
	pinned, _ := provider.Get("allowedAccountIds").Strings()
	for _, p := range pinned {
		own = append(own, accountsIn(p)...)
	}
	for _, path := range []string{"assumeRole.roleArn", "assumeRoles.roleArn"} {
		if parts := strings.Split(provider.Get(path).Str(), ":"); len(parts) > 4 {
			own = append(own, parts[4])
		}
	}
	return own
}

// accountsIn finds account ids in a provider property, which is a list or the JSON text of one.
func accountsIn(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(words, func(w string) bool { return !iam.IsAccount(w) })
}

// ownership returns the predicate that an account is ours. While no account is known to be ours, every account would
// look foreign, so the control does not apply.
func ownership(k *pack.Case) (ours func(account string) bool, known bool) {
	own := ownAccounts(k)
	if len(own) == 0 {
		k.Skip("no account is known to be ours: set allowedAccounts, or allowedAccountIds of the provider")
		return nil, false
	}
	return func(account string) bool {
		return slices.Contains(own, account) || slices.Contains(elbLogAccounts, account)
	}, true
}

// foreignCheck reports principals of accounts that are not ours.
func foreignCheck(paths func(*pack.Case) []pack.Value) func(*pack.Case) {
	return func(k *pack.Case) {
		ours, known := ownership(k)
		if !known {
			return
		}
		eachStatement(paths, func(k *pack.Case, v pack.Value, s *iam.Statement) {
			for _, id := range s.Foreign(ours) {
				k.Report(v, "%s admits %s", s.Label(), id)
			}
		})(k)
	}
}

const (
	restAPI       = "aws:apigateway/restApi:RestApi"
	restAPIPolicy = "aws:apigateway/restApiPolicy:RestApiPolicy"
	layerGrant    = "aws:lambda/layerVersionPermission:LayerVersionPermission"
)

// sharing are the properties that give something to an account without a policy document. A path with "[]" goes on
// in every item of a list.
var sharing = map[string][]string{
	functionGrant: {"principal", "sourceAccount", "sourceArn"}, layerGrant: {"principal"}, "aws:kms/grant:Grant": {"granteePrincipal"},
	"aws:rds/snapshot:Snapshot": {"sharedAccounts"}, "aws:rds/clusterSnapshot:ClusterSnapshot": {"sharedAccounts"},
	"aws:rds/snapshotCopy:SnapshotCopy": {"sharedAccounts"}, "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": {"sharedAccounts"},
	"aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": {"accountId"}, "aws:ec2/amiLaunchPermission:AmiLaunchPermission": {"accountId"},
	"aws:ram/principalAssociation:PrincipalAssociation": {"principal"}, s3Replication: {"rules[]destination.account"},
	"aws:ec2/vpcPeeringConnection:VpcPeeringConnection": {"peerOwnerId"},
}

// rangesTopic is where AWS announces changes of its address ranges (Amazon VPC user guide, "AWS IP address ranges
// notifications"). A function that it may call is shared with nobody.
const rangesTopic = "arn:aws:sns:us-east-1:806199016981:AmazonIpSpaceChanged"

func sharedTokens() []string { return slices.Sorted(maps.Keys(sharing)) }

// sharedCheck reports accounts that are not ours and that something is shared with.
func sharedCheck(k *pack.Case) {
	ours, known := ownership(k)
	if !known {
		return
	}
	foreign := func(text string) bool {
		account := accountOf(text)
		return account != "" && !ours(account) && text != rangesTopic
	}
	for _, path := range sharing[k.Type] {
		list, inner, nested := strings.Cut(path, "[]")
		for v := range k.Get(list).Items() {
			if nested {
				v = v.Get(inner)
			}
			k.Forbid(v.Matches(foreign), "%s shares with %s", v.Path(), v)
		}
	}
}

// accountOf is the account that the text is or that an ARN belongs to. The ARN of an organisation holds its management
// account, which says nothing about who is in it.
func accountOf(text string) string {
	if iam.IsAccount(text) {
		return text
	}
	const service, account = 2, 4
	if parts := strings.Split(text, ":"); len(parts) > account && parts[0] == "arn" && parts[service] != "organizations" && iam.IsAccount(parts[account]) {
		return parts[account]
	}
	return ""
}
