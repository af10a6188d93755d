// SPDX-License-Identifier: Apache-2.0

// Package account holds the controls of what an AWS account has once: its detectors, recorders, contacts and defaults.
package account

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(detection(), presence())
}

func detection() []*pack.Control {
	return []*pack.Control{
		{
			ID: "guardduty-enabled", Title: "GuardDuty detectors are on", Severity: pack.High, Types: []string{aws.GuardDutyDetector},
			Why: "A detector that is off looks like one that finds nothing.", Fix: "Leave enable out.",
			Maps: standard.Meets("FSBP:GuardDuty.1", standard.Detecting), Check: want.NotFalse("enable"), Remedy: want.Put("enable", true),
		},
		{
			ID: "guardduty-feature-enabled", Title: "GuardDuty features are on", Severity: pack.Medium,
			Types: []string{"aws:guardduty/detectorFeature:DetectorFeature"},
			Why:   "A protection that is switched off in the program was meant to be on.",
			Fix:   "Set status to ENABLED.",
			Maps: standard.Meets("FSBP:GuardDuty.5 FSBP:GuardDuty.6 FSBP:GuardDuty.8 FSBP:GuardDuty.9 FSBP:GuardDuty.10 FSBP:GuardDuty.11",
				standard.Detecting), Check: want.OneOf("status", "ENABLED"), Remedy: want.Put("status", "ENABLED"),
		},
		{
			ID: "guardduty-protections", Title: "GuardDuty detectors keep their protections on", Severity: pack.Medium,
			Types: []string{aws.GuardDutyDetector},
			Why: "A new detector watches reads of objects, the audit log of Kubernetes and suspicious disks; what datasources switches off " +
				"here, nobody watches.",
			Fix:  "Leave datasources out and use DetectorFeature for single protections.",
			Maps: standard.Meets("FSBP:GuardDuty.5 FSBP:GuardDuty.8 FSBP:GuardDuty.10", standard.Detecting), Check: func(k *pack.Case) {
				for _, p := range []string{"s3Logs.enable", "kubernetes.auditLogs.enable",
					"malwareProtection.scanEc2InstanceWithFindings.ebsVolumes.enable"} {
					k.Require(k.Get("datasources."+p).Is(true, true))
				}
			},
		},
		{
			ID: "guardduty-publishing", Title: "GuardDuty reports within the hour", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{aws.GuardDutyDetector}, Why: "The default of six hours is long during an intrusion.",
			Fix: "Set findingPublishingFrequency to FIFTEEN_MINUTES or ONE_HOUR.", Maps: standard.Meets(standard.Detecting),
			Check: want.OneOf("findingPublishingFrequency", "FIFTEEN_MINUTES", "ONE_HOUR"),
		},
		{
			ID: "config-records-all", Title: "AWS Config records every resource", Severity: pack.Medium, Types: []string{aws.ConfigRecorder},
			Why: "What is not recorded can change without a trace.", Fix: "Set recordingGroup.allSupported and includeGlobalResourceTypes to true.",
			Maps: standard.Meets("FSBP:Config.1 CIS:3.3", standard.Monitoring), Check: func(k *pack.Case) {
				g := k.Get("recordingGroup")
				k.Require(g.Get("allSupported").Is(true, true))
				k.Require(g.Get("includeGlobalResourceTypes").IsTrue())
			},
		},
		{
			ID: "config-recorder-enabled", Title: "AWS Config recorders are on", Severity: pack.Medium, Types: []string{aws.ConfigRecorderStatus},
			Why: "A recorder that is off records nothing.", Fix: "Set isEnabled to true.",
			Maps:  standard.Meets("FSBP:Config.1 CIS:3.3", standard.Monitoring),
			Check: want.IsTrue("isEnabled"), Remedy: want.Put("isEnabled", true),
		},
		{
			ID: "config-recorder-started", Title: "Every recorder is started and delivers", Severity: pack.Medium,
			Types: []string{aws.ConfigRecorder}, Joins: []string{aws.ConfigRecorderStatus, aws.ConfigDeliveryChannel}, Stack: true,
			Why:  "A recorder without a status or a delivery channel never starts.",
			Fix:  "Add a RecorderStatus with isEnabled true and a DeliveryChannel.",
			Maps: standard.Meets("FSBP:Config.1 CIS:3.3", standard.Monitoring), Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "name", []string{aws.ConfigRecorderStatus},
					func(r *pack.Resource) pack.Fact { return r.Get("isEnabled").IsTrue() }), "no enabled RecorderStatus points at this recorder")
				if len(k.Stack.Of(aws.ConfigDeliveryChannel)) == 0 {
					k.Report(k.Get("name"), "the stack has no delivery channel")
				}
			},
		},
		{
			ID: "config-aggregator-all-regions", Title: "Config aggregators cover every Region", Severity: pack.Low,
			Types: []string{"aws:cfg/configurationAggregator:ConfigurationAggregator"}, Why: "A Region that is left out is where nobody looks.",
			Fix: "Set allRegions to true in the source.", Maps: standard.Meets(standard.Monitoring), Check: func(k *pack.Case) {
				k.Require(k.Get("accountAggregationSource.allRegions").IsTrue().Or(k.Get("organizationAggregationSource.allRegions").IsTrue()),
					"allRegions is not true")
			},
		},
		{
			ID: "securityhub-controls", Title: "Security Hub takes new controls by itself", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{"aws:securityhub/account:Account"}, Why: "New kinds of mistakes need new controls.",
			Fix:  "Leave autoEnableControls out.",
			Maps: standard.Meets("CIS:4.16", standard.Detecting), Check: want.NotFalse("autoEnableControls"),
			Remedy: want.Put("autoEnableControls", true),
		},
		{
			ID: "macie-enabled", Title: "Macie is not paused", Severity: pack.Low, Types: []string{"aws:macie2/account:Account"},
			Why: "While it is paused, nobody looks for personal data in buckets.", Fix: "Leave status out or set ENABLED.",
			Maps: standard.Meets(standard.Detecting), Check: want.NoneOf("status", "PAUSED"),
		},
		want.Row("guardduty-agents", "GuardDuty manages its own agents",
			"Without its agent GuardDuty does not see what runs on a machine, in a task or in a pod.",
			"Set the status of each of additionalConfigurations to ENABLED.",
			"FSBP:GuardDuty.7 FSBP:GuardDuty.12 FSBP:GuardDuty.13 "+standard.Detecting,
			pack.Medium, "", want.Properties{
				"aws:guardduty/detectorFeature:DetectorFeature": {"additionalConfigurations[].status": want.Is("ENABLED"),
					"additionalConfigurations": want.Given.Where("name", "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING")},
			}),
		want.Optional(want.Row("inspector-functions", "Inspector looks at functions and their code",
			"Functions hold libraries with known holes too.",
			"List LAMBDA and LAMBDA_CODE in resourceTypes.", "FSBP:Inspector.3 FSBP:Inspector.4 "+standard.Patching, pack.Low, "",
			want.Properties{aws.InspectorEnabler: {"resourceTypes": want.Both("LAMBDA", "LAMBDA_CODE")}})),
	}
}
