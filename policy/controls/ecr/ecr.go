// SPDX-License-Identifier: Apache-2.0

// Package ecr holds the controls of Amazon ECR.
package ecr

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ecr-scan-on-push", Title: "Images are scanned when they are pushed", Severity: pack.Medium, Types: []string{aws.ECRRepository},
			Why: "An image with known holes should be known before it runs.", Fix: "Set imageScanningConfiguration.scanOnPush to true.",
			Maps: standard.Meets("FSBP:ECR.1", standard.Patching), Check: want.IsTrue("imageScanningConfiguration.scanOnPush"),
			Remedy: want.Put("imageScanningConfiguration.scanOnPush", true),
		},
		{
			ID: "ecr-immutable-tags", Title: "Image tags cannot be moved", Severity: pack.Medium, Types: []string{aws.ECRRepository},
			Why: "What was tested under a tag should be what runs under it.", Fix: "Set imageTagMutability to IMMUTABLE.",
			Maps: standard.Meets("FSBP:ECR.2", standard.Hygiene), Check: func(k *pack.Case) {
				k.Require(k.Get("imageTagMutability").Matches(func(s string) bool { return strings.HasPrefix(s, "IMMUTABLE") }))
			},
			Remedy: want.Put("imageTagMutability", "IMMUTABLE"),
		},
		{
			ID: "ecr-policy-public", Public: true, Title: "No image repository admits everybody", Severity: pack.Critical,
			Types: []string{aws.ECRRepositoryPolicy, aws.ECRRegistryPolicy}, Why: "Strangers can then read your programs or plant their own.",
			Fix: "Name the principals.", Maps: standard.Meets(standard.Exposure), Check: document.NotPublic("policy"),
		},
		{
			ID: "ecr-encrypted-cmk", Title: "Image repositories use a customer managed key", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.ECRRepository}, Why: "Only a key of your own lets you see and stop each use.",
			Fix:  "Set encryptionConfigurations with encryptionType KMS and kmsKey.",
			Maps: standard.Meets("FSBP:ECR.5", standard.AtRest, standard.KeyCare), Check: func(k *pack.Case) {
				k.Require(k.Get("encryptionConfigurations").Any(func(e pack.Value) pack.Fact {
					return e.Get("encryptionType").OneOf("KMS", "KMS_DSSE").And(e.Get("kmsKey").IsSet())
				}), "encryptionConfigurations names no key")
			},
		},
		{
			ID: "ecr-lifecycle", Title: "Image repositories remove old images", Severity: pack.Low, Concern: pack.Cost,
			Types: []string{aws.ECRRepository}, Joins: []string{aws.ECRLifecyclePolicy}, Stack: true,
			Why: "Old images are paid for and can be started by mistake.", Fix: "Add a LifecyclePolicy.",
			Maps: standard.Meets("FSBP:ECR.3", standard.Hygiene), Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "repository", []string{aws.ECRLifecyclePolicy}, want.Present),
					"no lifecycle policy points at this repository")
			},
		},
		{
			ID: "ecr-force-delete", Title: "Image repositories are not emptied when they are removed", Severity: pack.Low, Concern: pack.Resilience,
			Types: []string{aws.ECRRepository}, Why: "forceDelete removes every image in one step, also those that run.",
			Fix: "Leave forceDelete out.", Maps: standard.Meets(standard.KeepSafe), Check: want.IsFalse("forceDelete"),
		},
	}
}
