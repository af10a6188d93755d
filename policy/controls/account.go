// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	detectorType = "aws:guardduty/detector:Detector"
	recorderType = "aws:cfg/recorder:Recorder"
	recorderOn   = "aws:cfg/recorderStatus:RecorderStatus"
	deliveryType = "aws:cfg/deliveryChannel:DeliveryChannel"
	certificate  = "aws:acm/certificate:Certificate"
	zoneType     = "aws:route53/zone:Zone"
	queryLog     = "aws:route53/queryLog:QueryLog"
	zoneSigning  = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
	recordType   = "aws:route53/record:Record"
	domainType   = "aws:route53domains/registeredDomain:RegisteredDomain"
)

func detection() []*pack.Control {
	return []*pack.Control{
		{
			ID: "guardduty-enabled", Title: "GuardDuty detectors are on", Severity: pack.High, Types: []string{detectorType}, Why: "A detector that is off looks like one that finds nothing.", Fix: "Leave enable out.",
			Maps: meets("FSBP:GuardDuty.1", detecting), Check: notFalse("enable"), Remedy: put("enable", true),
		},
		{
			ID: "guardduty-feature-enabled", Title: "GuardDuty features are on", Severity: pack.Medium, Types: []string{"aws:guardduty/detectorFeature:DetectorFeature"}, Why: "A protection that is switched off in the program was meant to be on.",
			Fix: "Set status to ENABLED.", Maps: meets("FSBP:GuardDuty.5 FSBP:GuardDuty.6 FSBP:GuardDuty.8 FSBP:GuardDuty.9 FSBP:GuardDuty.10 FSBP:GuardDuty.11", detecting), Check: oneOf("status", "ENABLED"), Remedy: put("status", "ENABLED"),
		},
		{
			ID: "guardduty-protections", Title: "GuardDuty detectors keep their protections on", Severity: pack.Medium, Types: []string{detectorType}, Why: "A new detector watches reads of objects, the audit log of Kubernetes and suspicious disks; what datasources switches off here, nobody watches.",
			Fix: "Leave datasources out and use DetectorFeature for single protections.", Maps: meets("FSBP:GuardDuty.5 FSBP:GuardDuty.8 FSBP:GuardDuty.10", detecting), Check: func(k *pack.Case) {
				for _, p := range []string{"s3Logs.enable", "kubernetes.auditLogs.enable", "malwareProtection.scanEc2InstanceWithFindings.ebsVolumes.enable"} {
					k.Require(k.Get("datasources."+p).Is(true, true))
				}
			},
		},
		{
			ID: "guardduty-publishing", Title: "GuardDuty reports within the hour", Severity: pack.Low, Concern: pack.Operations, Types: []string{detectorType}, Why: "The default of six hours is long during an intrusion.",
			Fix: "Set findingPublishingFrequency to FIFTEEN_MINUTES or ONE_HOUR.", Maps: meets(detecting), Check: oneOf("findingPublishingFrequency", "FIFTEEN_MINUTES", "ONE_HOUR"),
		},
		{
			ID: "config-records-all", Title: "AWS Config records every resource", Severity: pack.Medium, Types: []string{recorderType}, Why: "What is not recorded can change without a trace.", Fix: "Set recordingGroup.allSupported and includeGlobalResourceTypes to true.",
			Maps: meets("FSBP:Config.1 CIS:3.3", monitoring), Check: func(k *pack.Case) {
				g := k.Get("recordingGroup")
				k.Require(g.Get("allSupported").Is(true, true))
				k.Require(g.Get("includeGlobalResourceTypes").IsTrue())
			},
		},
		{
			ID: "config-recorder-enabled", Title: "AWS Config recorders are on", Severity: pack.Medium, Types: []string{recorderOn}, Why: "A recorder that is off records nothing.", Fix: "Set isEnabled to true.", Maps: meets("FSBP:Config.1 CIS:3.3", monitoring),
			Check: isTrue("isEnabled"), Remedy: put("isEnabled", true),
		},
		{
			ID: "config-recorder-started", Title: "Every recorder is started and delivers", Severity: pack.Medium, Types: []string{recorderType}, Joins: []string{recorderOn, deliveryType}, Stack: true, Why: "A recorder without a status or a delivery channel never starts.",
			Fix: "Add a RecorderStatus with isEnabled true and a DeliveryChannel.", Maps: meets("FSBP:Config.1 CIS:3.3", monitoring), Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "name", []string{recorderOn}, func(r *pack.Resource) pack.Fact { return r.Get("isEnabled").IsTrue() }), "no enabled RecorderStatus points at this recorder")
				if len(k.Stack.Of(deliveryType)) == 0 {
					k.Report(k.Get("name"), "the stack has no delivery channel")
				}
			},
		},
		{
			ID: "config-aggregator-all-regions", Title: "Config aggregators cover every Region", Severity: pack.Low, Types: []string{"aws:cfg/configurationAggregator:ConfigurationAggregator"}, Why: "A Region that is left out is where nobody looks.",
			Fix: "Set allRegions to true in the source.", Maps: meets(monitoring), Check: func(k *pack.Case) {
				k.Require(k.Get("accountAggregationSource.allRegions").IsTrue().Or(k.Get("organizationAggregationSource.allRegions").IsTrue()), "allRegions is not true")
			},
		},
		{
			ID: "securityhub-controls", Title: "Security Hub takes new controls by itself", Severity: pack.Low, Concern: pack.Operations, Types: []string{"aws:securityhub/account:Account"}, Why: "New kinds of mistakes need new controls.", Fix: "Leave autoEnableControls out.",
			Maps: meets("CIS:4.16", detecting), Check: notFalse("autoEnableControls"), Remedy: put("autoEnableControls", true),
		},
		{
			ID: "macie-enabled", Title: "Macie is not paused", Severity: pack.Low, Types: []string{"aws:macie2/account:Account"}, Why: "While it is paused, nobody looks for personal data in buckets.", Fix: "Leave status out or set ENABLED.", Maps: meets(detecting), Check: noneOf("status", "PAUSED"),
		},
	}
}

func certificates() []*pack.Control {
	return []*pack.Control{
		{
			ID: "acm-key-algorithm", Title: "Certificates have strong keys", Severity: pack.High, Types: []string{certificate}, Why: "Keys of 1024 bits can be broken.", Fix: "Leave keyAlgorithm out, or set RSA_2048 or an elliptic curve.",
			Maps: meets("FSBP:ACM.2", inTransit), Check: noneOf("keyAlgorithm", "RSA_1024"),
		},
		{
			ID: "acm-no-wildcard", Title: "Certificates are for named hosts", Severity: pack.Low, Level: pack.Disabled, Types: []string{certificate}, Why: "One stolen key of a wildcard certificate speaks for every host. Many use them on purpose, so this is off by default.", Fix: "List the host names.",
			Maps: meets(keyCare), Check: func(k *pack.Case) {
				wild := func(v pack.Value) pack.Fact {
					return v.Matches(func(s string) bool { return strings.HasPrefix(s, "*.") })
				}
				k.Forbid(wild(k.Get("domainName")))
				for v := range k.Get("subjectAlternativeNames").Items() {
					k.Forbid(wild(v))
				}
			},
		},
		{
			ID: "acm-transparency", Title: "Certificates are entered in public logs", Severity: pack.Low, Types: []string{certificate}, Why: "Browsers warn about certificates that are not.", Fix: "Leave certificateTransparencyLoggingPreference out.",
			Maps: meets(inTransit), Check: noneOf("options.certificateTransparencyLoggingPreference", "DISABLED"),
		},
		{
			ID: "acm-dns-validation", Title: "Certificates are validated by DNS", Severity: pack.Medium, Concern: pack.Operations, Types: []string{certificate}, Why: "Certificates validated by mail are not renewed unless somebody answers the mail.", Fix: "Set validationMethod to DNS.",
			Maps: meets(hygiene), Check: noneOf("validationMethod", "EMAIL"),
		},
		{
			ID: "acm-private-key-sealed", Title: "Imported private keys are Pulumi secrets", Severity: pack.Critical, Types: []string{certificate}, Why: "A key that is plain text in the program is plain text in its state and previews too.", Fix: "Wrap the value in pulumi.ToSecret, or let ACM make the certificate.",
			Maps: meets(identity, keyCare), Check: func(k *pack.Case) { sealed(k, "privateKey") },
		},
		{
			ID: "acm-replace-order", Title: "Certificates are replaced before they are deleted", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{certificate}, Why: "A listener whose certificate is deleted first stops answering.", Fix: "Leave the option deleteBeforeReplace out.",
			Maps: meets(spreading), Check: func(k *pack.Case) {
				if b := k.Options.DeleteBeforeReplace; b != nil && *b {
					k.Report(pack.Value{}, "the resource option deleteBeforeReplace is true")
				}
			},
		},
	}
}

// privateZone is the fact that a hosted zone answers inside VPCs only.
func privateZone(k *pack.Case) pack.Fact { return k.Get("vpcs").IsSet() }

func zones() []*pack.Control {
	return []*pack.Control{
		{
			ID: "route53-query-log", Title: "Public zones log queries", Severity: pack.Low, Level: pack.Disabled, Types: []string{zoneType}, Joins: []string{queryLog}, Stack: true, Why: "The log shows which names are asked for, and by whom. It must be in us-east-1, so this is off by default.",
			Fix: "Add a QueryLog.", Maps: meets("FSBP:Route53.2", logging), Check: func(k *pack.Case) {
				k.Require(privateZone(k).Or(anyCompanion(k, "zoneId", []string{queryLog}, present)), "no query log points at this zone")
			},
		},
		{
			ID: "route53-dnssec", Title: "Public zones are signed", Severity: pack.Low, Level: pack.Disabled, Types: []string{zoneType}, Joins: []string{zoneSigning}, Stack: true, Why: "Without signatures answers can be forged on the way. The parent zone must take part, so this is off by default.",
			Fix: "Add a KeySigningKey and a HostedZoneDnsSec.", Maps: meets(inTransit), Check: func(k *pack.Case) {
				k.Require(privateZone(k).Or(anyCompanion(k, "hostedZoneId", []string{zoneSigning}, present)), "the zone is not signed")
			},
		},
		{
			ID: "route53-signing-on", Title: "Signing of zones is not switched off", Severity: pack.Medium, Types: []string{zoneSigning}, Why: "While the parent expects signatures, an unsigned zone does not resolve.", Fix: "Leave signingStatus out or set SIGNING.", Maps: meets(inTransit), Check: noneOf("signingStatus", "NOT_SIGNING"),
		},
		{
			ID: "route53-zone-kept", Title: "Zones are not emptied when they are removed", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{zoneType}, Why: "forceDestroy removes every record with the zone, also those made elsewhere.", Fix: "Leave forceDestroy out.", Maps: meets(keepSafe), Check: isFalse("forceDestroy"),
		},
		{
			ID: "route53-no-overwrite", Title: "Records do not overwrite others", Severity: pack.Medium, Concern: pack.Operations, Types: []string{recordType}, Why: "With allowOverwrite the program takes over a record that somebody else made. The record that validates a certificate of ACM may: it is the same for every certificate of a name.",
			Fix: "Leave allowOverwrite out, or import the record.", Maps: meets(hygiene),
			Check: func(k *pack.Case) { k.Require(k.Get("allowOverwrite").IsFalse().Or(validatesCertificate(k))) },
		},
		{
			ID: "route53-alias-health", Title: "Aliases with several targets check health", Severity: pack.Low, Concern: pack.Resilience, Types: []string{recordType}, Why: "Otherwise visitors are sent to a place that is down.", Fix: "Set evaluateTargetHealth to true where a routing policy is used.", Maps: meets(spreading),
			Check: func(k *pack.Case) {
				many := pack.No(k.Get("aliases"))
				for _, p := range []string{"weightedRoutingPolicies", "latencyRoutingPolicies", "failoverRoutingPolicies", "geolocationRoutingPolicies"} {
					many = many.Or(k.Get(p).IsSet())
				}
				for a := range k.Get("aliases").Items() {
					k.Require(many.Not().Or(a.Get("evaluateTargetHealth").IsTrue()), "%s.evaluateTargetHealth is %s", a.Path(), a.Get("evaluateTargetHealth"))
				}
			},
		},
		{
			ID: "route53-address-stays", Title: "Records name addresses that stay", Severity: pack.Medium, Types: []string{recordType}, Joins: []string{instanceType, spotType, eipType, eipUse, zoneType}, Stack: true,
			Why: "An instance without an Elastic IP loses its public address when it stops, and the next customer who gets it answers under your name.", Fix: "Point the record at a load balancer, or an Eip that the setting allowed of ec2-no-elastic-ip lists.", Maps: meets(hygiene, exposure),
			Check: addressStays,
		},
		{
			ID: "route53-transfer-lock", Title: "Domains are locked against transfer", Severity: pack.High, Types: []string{domainType}, Why: "An unlocked domain can be moved away by whoever tricks the registrar.", Fix: "Leave transferLock out.", Maps: meets(keepSafe), Check: notFalse("transferLock"), Remedy: put("transferLock", true),
		},
		{
			ID: "route53-auto-renew", Title: "Domains renew by themselves", Severity: pack.High, Concern: pack.Resilience, Types: []string{domainType}, Why: "An expired domain is bought by somebody else within hours.", Fix: "Leave autoRenew out.", Maps: meets(keepSafe), Check: notFalse("autoRenew"), Remedy: put("autoRenew", true),
		},
		{
			ID: "route53-contact-privacy", Title: "Domain contacts are not public", Severity: pack.Low, Types: []string{domainType}, Why: "Public contacts are what tricksters start from.", Fix: "Leave the four privacy switches on.", Maps: meets(hygiene), Check: func(k *pack.Case) {
				for _, p := range []string{"adminPrivacy", "billingPrivacy", "registrantPrivacy", "techPrivacy"} {
					k.Require(k.Get(p).Is(true, true))
				}
			},
		},
	}
}

// validatesCertificate is the fact that a record is one by which ACM validates the owner of a name: a CNAME from a
// name that no host can have to a name that is ACM's own ("DNS validation", ACM user guide).
func validatesCertificate(k *pack.Case) pack.Fact {
	records := k.Get("records")
	proof := k.Get("type").OneOf("CNAME").And(k.Get("name").Matches(func(name string) bool { return strings.HasPrefix(name, "_") }))
	if !records.IsUnknown() && records.Len() != 1 {
		return proof.And(pack.No(records))
	}
	for target := range records.Items() {
		proof = proof.And(target.Matches(func(name string) bool {
			return strings.HasSuffix(strings.TrimSuffix(name, "."), ".acm-validations.aws")
		}))
	}
	return proof
}

// addressStays looks for records that hold the public address of an instance of the stack which has no Elastic IP. Of
// an address that is written down nobody can tell whose it is, so only those that come from an instance are judged.
func addressStays(k *pack.Case) {
	if address := k.Get("type").OneOf("A", "AAAA"); address.Is != pack.True {
		if address.Is == pack.Deferred {
			k.Defer(address.At)
		}
		return
	}
	for _, host := range k.Stack.Of(hosts...) {
		for v := range k.Get("records").Items() {
			if held := holdsAddress(k, v, host); held.Is != pack.False {
				k.Forbid(held.And(hasElasticIP(k.Stack, host).Not()), "the record holds the address of instance %q, which has no Elastic IP", host.Name)
			}
		}
	}
}

// holdsAddress is the fact that a value of the record is the public address of an instance. As long as it is not
// known, it may be another property of the instance, such as its private address, unless the instance has a public one
// and the record is in a public zone.
func holdsAddress(k *pack.Case, v pack.Value, host *pack.Resource) pack.Fact {
	if v.IsUnknown() {
		urns := k.PropertyDependencies["records"]
		zone, _ := k.Stack.Target(k.Resource, "zoneId", k.Get("zoneId"), zoneType)
		switch {
		case len(urns) > 0 && !slices.Contains(urns, host.URN):
			return pack.No(v)
		case len(urns) != 1 || zone == nil || zone.Get("vpcs").IsSet().Is != pack.False:
			return pack.Wait(v)
		}
		return host.Get("associatePublicIpAddress").IsTrue().Or(pack.Wait(v))
	}
	own := host.Outputs().Get("publicIp").Str()
	return v.Matches(func(s string) bool { return own != "" && s == own })
}

// hasElasticIP is the fact that an Elastic IP of the stack belongs to an instance.
func hasElasticIP(s *pack.Stack, host *pack.Resource) pack.Fact {
	answer := pack.No(pack.Value{})
	for _, by := range []struct{ property, token string }{{"instance", eipType}, {"instanceId", eipUse}} {
		sure, maybe := s.Pointing(host, by.property, by.token)
		if len(sure) > 0 {
			return pack.Yes(sure[0].Get(by.property))
		}
		for _, v := range maybe {
			answer = answer.Or(pack.Wait(v))
		}
	}
	return answer
}
