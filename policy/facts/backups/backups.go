// SPDX-License-Identifier: Apache-2.0

// Package backups knows which resources a backup plan covers.
package backups

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// everyOf is how a backup selection ends that names every resource of a kind, such as "arn:aws:rds:*:*:db:*".
var everyOf = map[string]string{aws.RDSInstance: ":db:*", aws.RDSCluster: ":cluster:*", aws.EBSVolume: ":volume/*"}

// Wanted wants a backup selection to name the resource, its kind or one of its tags, and not to leave it out
// again. Of the conditions of a selection, which all have to hold, those that compare tags as a whole are judged.
func Wanted(k *pack.Case) {
	answer := pack.No(pack.Value{})
	for _, s := range k.Stack.Of(aws.BackupSelection) {
		picked := picks(k, s, "resources").Or(s.Get("selectionTags").Any(func(t pack.Value) pack.Fact { return tagged(k, t) }))
		for c := range s.Get("conditions").Items() {
			picked = picked.And(c.Get("stringEquals").All(func(t pack.Value) pack.Fact { return tagged(k, t) }))
		}
		answer = answer.Or(picked.And(picks(k, s, "notResources").Not()))
	}
	k.Require(answer, "no backup selection covers the %s", strings.ToLower(k.ShortType()))
}

// picks is the fact that a list of a selection names the resource by its ARN or by a pattern.
func picks(k *pack.Case, selection *pack.Resource, list string) pack.Fact {
	answer := pack.No(selection.Get(list))
	arn := k.Outputs().Get("arn").Str()
	for v := range selection.Get(list).Items() {
		answer = answer.Or(k.Stack.Refers(selection, list, v, k.Resource)).Or(v.Matches(func(pattern string) bool {
			return pattern == "*" || strings.HasSuffix(pattern, everyOf[k.Type]) || arn != "" && glob.Match(pattern, arn)
		}))
	}
	return answer
}

// tagged is the fact that the resource has the tag that a selection asks for. Conditions name tags by their key in IAM.
func tagged(k *pack.Case, tag pack.Value) pack.Fact {
	key := tag.Get("key")
	if key.IsUnknown() {
		return pack.Wait(key)
	}
	for name, v := range k.Get("tags").Fields() {
		if name == strings.TrimPrefix(key.Str(), "aws:ResourceTag/") {
			return want.SameText(v, tag.Get("value"))
		}
	}
	return want.Unknown(k.Get("tags"))
}
