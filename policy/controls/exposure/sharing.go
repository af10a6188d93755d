// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/access"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// sharing are the properties that give something to an account without a policy document. A path with "[]" goes on
// in every item of a list.
var sharing = map[string][]string{
	aws.LambdaPermission: {"principal", "sourceAccount", "sourceArn"}, aws.LambdaLayerVersionPermission: {"principal"},
	"aws:kms/grant:Grant":       {"granteePrincipal"},
	"aws:rds/snapshot:Snapshot": {"sharedAccounts"}, "aws:rds/clusterSnapshot:ClusterSnapshot": {"sharedAccounts"},
	"aws:rds/snapshotCopy:SnapshotCopy": {"sharedAccounts"}, "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": {"sharedAccounts"},
	"aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": {"accountId"},
	"aws:ec2/amiLaunchPermission:AmiLaunchPermission":                       {"accountId"},
	"aws:ram/principalAssociation:PrincipalAssociation":                     {"principal"},
	aws.S3BucketReplicationConfig:                                           {"rules[]destination.account"},
	aws.S3BucketV2:                                                          copies, aws.S3Bucket: copies,
	"aws:ec2/vpcPeeringConnection:VpcPeeringConnection": {"peerOwnerId"},
}

// rangesTopic is where AWS announces changes of its address ranges (Amazon VPC user guide, "AWS IP address ranges
// notifications"). A function that it may call is shared with nobody.
const rangesTopic = "arn:aws:sns:us-east-1:806199016981:AmazonIpSpaceChanged"

// copies are the accounts to which a bucket copies, in the bucket itself.
var copies = []string{
	"replicationConfigurations.rules[]destinations.accountId", "replicationConfiguration.rules[]destination.accountId",
}

func sharedTokens() []string { return slices.Sorted(maps.Keys(sharing)) }

// sharedCheck reports accounts that are not ours and that something is shared with.
func sharedCheck(k *pack.Case) {
	ours, known := access.Ownership(k)
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
	if parts := strings.Split(text, ":"); len(parts) > account && parts[0] == "arn" && parts[service] != "organizations" &&
		iam.IsAccount(parts[account]) {
		return parts[account]
	}
	return ""
}
