// SPDX-License-Identifier: Apache-2.0

// Package elasticache holds the controls of Amazon ElastiCache.
package elasticache

import (
	"regexp"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "elasticache-encrypted", Title: "Caches are encrypted at rest and in transit", Severity: pack.High,
			Types: []string{aws.ElastiCacheReplicationGroup}, Why: "Caches hold sessions and copies of data.",
			Fix:   "Set atRestEncryptionEnabled and transitEncryptionEnabled to true, and leave transitEncryptionMode out.",
			Maps:  standard.Meets("FSBP:ElastiCache.4 FSBP:ElastiCache.5", standard.AtRest, standard.InTransit),
			Check: encrypted,
		},
		{
			ID: "elasticache-failover", Title: "Caches have a standby", Severity: pack.Low, Concern: pack.Resilience,
			Types: []string{aws.ElastiCacheReplicationGroup}, Why: "Without a standby, the failure of one node empties the cache.",
			Fix: "Set automaticFailoverEnabled to true.", Maps: standard.Meets("FSBP:ElastiCache.3", standard.Spreading),
			Check: want.IsTrue("automaticFailoverEnabled"),
		},
		{
			ID: "elasticache-node-encrypted", Title: "Single caches encrypt what they send", Severity: pack.High,
			Types: []string{aws.ElastiCacheCluster},
			Why:   "Caches hold sessions and copies of data; in the clear, and without a password, everybody in the network reads them.",
			Fix:   "Set transitEncryptionEnabled to true, or use a ReplicationGroup.",
			Maps:  standard.Meets("FSBP:ElastiCache.5", standard.InTransit),
			Check: func(k *pack.Case) {
				member := k.Get("replicationGroupId").IsSet()
				k.Require(member.Or(k.Get("transitEncryptionEnabled").IsTrue()), "transitEncryptionEnabled is %s", k.Get("transitEncryptionEnabled"))
			},
		},
		want.Row("elasticache-login", "Old Redis asks for a password",
			"Versions before 6 know no users, so that only the token keeps others out.",
			"Set authToken, or use version 6 or later.", "FSBP:ElastiCache.6 "+standard.Identity, pack.Medium, "",
			want.Properties{"aws:elasticache/replicationGroup:ReplicationGroup": {
				"authToken": want.Given.WhereIs("engineVersion", func(v pack.Value) pack.Fact { return v.Matches(oldRedis.MatchString) }),
			}}),
		want.Row("elasticache-subnets", "Caches stand in subnets that somebody chose",
			"The default group holds every subnet of the default VPC, which are public.", "Set subnetGroupName to a group of yours.",
			"FSBP:ElastiCache.7 "+standard.Segments, pack.Medium, "", want.Properties{
				aws.ElastiCacheCluster: {"subnetGroupName": want.Other("default").
					WhereIs("replicationGroupId", want.NotSet)},
				"aws:elasticache/replicationGroup:ReplicationGroup": {"subnetGroupName": want.Other("default").
					WhereIs("globalReplicationGroupId", want.NotSet)},
			}),
	}
}

// encrypted wants both of a group, or of the global group whose encryption it takes over. Valkey is encrypted at rest unless it is told
// not to be.
func encrypted(k *pack.Case) {
	secondary := k.Get("globalReplicationGroupId").IsSet()
	rest, transit, mode := k.Get("atRestEncryptionEnabled"), k.Get("transitEncryptionEnabled"), k.Get("transitEncryptionMode")
	k.Require(secondary.Or(rest.IsTrue()).Or(k.Get("engine").OneOf("valkey").And(want.Absent(rest))), "%s is %s", rest.Path(), rest)
	k.Require(secondary.Or(transit.IsTrue()), "%s is %s", transit.Path(), transit)
	k.Forbid(mode.OneOf("preferred"), "%s is %s, so that clients may still speak in the clear", mode.Path(), mode)
}

var (
	oldRedis = regexp.MustCompile(`^[2-5]\.`)
)
