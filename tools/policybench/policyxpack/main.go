// SPDX-License-Identifier: Apache-2.0

// Command policyxpack is ten rules of the Bulkhead pack, written with Pulumi's experimental Go package
// policyx as its own examples are. The comparison of policy packs runs it beside the original.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/policyx"
)

func main() {
	if err := policyx.Main(newPack); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newPack(*pulumi.Context) (policyx.PolicyPack, error) {
	policies := []policyx.Policy{accessBlock()}
	for _, r := range rules {
		policies = append(policies, r.policy())
	}
	return policyx.NewPolicyPack("ten-policyx", semver.MustParse("0.1.0"), policyx.EnforcementLevelMandatory, policies)
}

// rule judges one resource. The check returns what is wrong, or nothing.
type rule struct {
	check func(property.Map) string
	name  string
	title string
	types []string
}

func (r rule) policy() policyx.Policy {
	return policyx.NewResourceValidationPolicy(r.name, policyx.ResourceValidationPolicyArgs{
		Description: r.title,
		// The level of a pack is not passed on to its policies, so each has its own.
		EnforcementLevel: policyx.EnforcementLevelMandatory,
		ValidateResource: func(_ context.Context, args policyx.ResourceValidationArgs) error {
			if !slices.Contains(r.types, args.Resource.Type) {
				return nil
			}
			if problem := r.check(args.Resource.Properties); problem != "" {
				args.Manager.ReportViolation(problem, "")
			}
			return nil
		},
	})
}

// accessBlock is the rule that looks at two resources. policyx does not hand on which property depends on
// which resource, so the block is found by the bucket's name; where that is not known it is not found.
func accessBlock() policyx.Policy {
	return policyx.NewStackValidationPolicy("s3-public-access-block", policyx.StackValidationPolicyArgs{
		Description:      "Every bucket has a public access block with all four flags",
		EnforcementLevel: policyx.EnforcementLevelMandatory,
		ValidateStack: func(_ context.Context, args policyx.StackValidationArgs) error {
			blocked := map[string]bool{}
			for _, r := range args.Resources {
				if r.Type == block && allFlags(r.Properties) {
					blocked[text(r.Properties, "bucket")] = true
				}
			}
			for _, r := range args.Resources {
				if slices.Contains(buckets, r.Type) && !blocked[text(r.Properties, "bucket")] {
					args.Manager.ReportViolation("no public access block with all four flags points at this bucket", r.URN)
				}
			}
			return nil
		},
	})
}

func allFlags(m property.Map) bool {
	for _, name := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		if !isTrue(m, name) {
			return false
		}
	}
	return true
}

// The accessors ask for the kind of a value first: policyx panics, and the deployment stops, when the value
// is not known yet.

func isTrue(m property.Map, key string) bool {
	v := m.Get(key)
	return v.IsBool() && v.AsBool()
}

func text(m property.Map, key string) string {
	if v := m.Get(key); v.IsString() {
		return v.AsString()
	}
	return ""
}

func isSet(m property.Map, key string) bool { return !m.Get(key).IsNull() }

// unsetOr reports whether a value is the word or not set, for properties whose default is that word.
func unsetOr(m property.Map, key, word string) bool { return !isSet(m, key) || text(m, key) == word }

// items are the objects in a list.
func items(m property.Map, key string) []property.Map {
	v := m.Get(key)
	if !v.IsArray() {
		return nil
	}
	var out []property.Map
	for _, item := range v.AsArray().All {
		if item.IsMap() {
			out = append(out, item.AsMap())
		}
	}
	return out
}
