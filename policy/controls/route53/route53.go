// SPDX-License-Identifier: Apache-2.0

// Package route53 holds the controls of Amazon Route 53.
package route53

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// privateZone is the fact that a hosted zone answers inside VPCs only.
func privateZone(k *pack.Case) pack.Fact { return k.Get("vpcs").IsSet() }

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "route53-query-log", Title: "Public zones log queries", Severity: pack.Low, Level: pack.Disabled, Types: []string{aws.Route53Zone},
			Joins: []string{aws.Route53QueryLog}, Stack: true,
			Why: "The log shows which names are asked for, and by whom. It must be in us-east-1, so this is off by default.",
			Fix: "Add a QueryLog.", Maps: standard.Meets("FSBP:Route53.2", standard.Logging), Check: func(k *pack.Case) {
				k.Require(privateZone(k).Or(want.AnyCompanion(k, "zoneId", []string{aws.Route53QueryLog}, want.Present)),
					"no query log points at this zone")
			},
		},
		{
			ID: "route53-dnssec", Title: "Public zones are signed", Severity: pack.Low, Level: pack.Disabled, Types: []string{aws.Route53Zone},
			Joins: []string{aws.Route53HostedZoneDNSSEC}, Stack: true,
			Why: "Without signatures answers can be forged on the way. The parent zone must take part, so this is off by default.",
			Fix: "Add a KeySigningKey and a HostedZoneDnsSec.", Maps: standard.Meets(standard.InTransit), Check: func(k *pack.Case) {
				k.Require(privateZone(k).Or(want.AnyCompanion(k, "hostedZoneId", []string{aws.Route53HostedZoneDNSSEC}, want.Present)),
					"the zone is not signed")
			},
		},
		{
			ID: "route53-signing-on", Title: "Signing of zones is not switched off", Severity: pack.Medium,
			Types: []string{aws.Route53HostedZoneDNSSEC}, Why: "While the parent expects signatures, an unsigned zone does not resolve.",
			Fix: "Leave signingStatus out or set SIGNING.", Maps: standard.Meets(standard.InTransit),
			Check: want.NoneOf("signingStatus", "NOT_SIGNING"),
		},
		{
			ID: "route53-zone-kept", Title: "Zones are not emptied when they are removed", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.Route53Zone}, Why: "forceDestroy removes every record with the zone, also those made elsewhere.",
			Fix: "Leave forceDestroy out.", Maps: standard.Meets(standard.KeepSafe), Check: want.IsFalse("forceDestroy"),
		},
		{
			ID: "route53-no-overwrite", Title: "Records do not overwrite others", Severity: pack.Medium, Concern: pack.Operations,
			Types: []string{aws.Route53Record},
			Why: "With allowOverwrite the program takes over a record that somebody else made. The record that validates a certificate of ACM " +
				"may: it is the same for every certificate of a name.",
			Fix: "Leave allowOverwrite out, or import the record.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) { k.Require(k.Get("allowOverwrite").IsFalse().Or(validatesCertificate(k))) },
		},
		{
			ID: "route53-alias-health", Title: "Aliases with several targets check health", Severity: pack.Low, Concern: pack.Resilience,
			Types: []string{aws.Route53Record}, Why: "Otherwise visitors are sent to a place that is down.",
			Fix: "Set evaluateTargetHealth to true where a routing policy is used.", Maps: standard.Meets(standard.Spreading),
			Check: func(k *pack.Case) {
				many := pack.No(k.Get("aliases"))
				for _, p := range []string{"weightedRoutingPolicies", "latencyRoutingPolicies", "failoverRoutingPolicies",
					"geolocationRoutingPolicies"} {
					many = many.Or(k.Get(p).IsSet())
				}
				for a := range k.Get("aliases").Items() {
					k.Require(many.Not().Or(a.Get("evaluateTargetHealth").IsTrue()), "%s.evaluateTargetHealth is %s", a.Path(),
						a.Get("evaluateTargetHealth"))
				}
			},
		},
		{
			ID: "route53-address-stays", Title: "Records name addresses that stay", Severity: pack.Medium, Types: []string{aws.Route53Record},
			Joins: []string{aws.EC2Instance, aws.SpotInstanceRequest, aws.ElasticIP, aws.ElasticIPAssociation, aws.Route53Zone}, Stack: true,
			Why: "An instance without an Elastic IP loses its public address when it stops, and the next customer who gets it answers under your " +
				"name.", Fix: "Point the record at a load balancer, or an Eip that the setting allowed of ec2-no-elastic-ip lists.",
			Maps:  standard.Meets(standard.Hygiene, standard.Exposure),
			Check: addressStays,
		},
		{
			ID: "route53-transfer-lock", Title: "Domains are locked against transfer", Severity: pack.High,
			Types: []string{aws.Route53DomainsRegisteredDomain}, Why: "An unlocked domain can be moved away by whoever tricks the registrar.",
			Fix: "Leave transferLock out.", Maps: standard.Meets(standard.KeepSafe), Check: want.NotFalse("transferLock"),
			Remedy: want.Put("transferLock", true),
		},
		{
			ID: "route53-auto-renew", Title: "Domains renew by themselves", Severity: pack.High, Concern: pack.Resilience,
			Types: []string{aws.Route53DomainsRegisteredDomain}, Why: "An expired domain is bought by somebody else within hours.",
			Fix: "Leave autoRenew out.", Maps: standard.Meets(standard.KeepSafe), Check: want.NotFalse("autoRenew"),
			Remedy: want.Put("autoRenew", true),
		},
		{
			ID: "route53-contact-privacy", Title: "Domain contacts are not public", Severity: pack.Low,
			Types: []string{aws.Route53DomainsRegisteredDomain}, Why: "Public contacts are what tricksters start from.",
			Fix: "Leave the four privacy switches on.", Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) {
				for _, p := range []string{"adminPrivacy", "billingPrivacy", "registrantPrivacy", "techPrivacy"} {
					k.Require(k.Get(p).Is(true, true))
				}
			},
		},
		want.Row("route53-firewall-closed", "The DNS firewall blocks what it cannot judge",
			"While it fails, a firewall that fails open answers every name, and whoever can make it fail has a way out.",
			"Leave firewallFailOpen out, or set it to DISABLED.", standard.WayOut, pack.Medium, "", want.Properties{
				"aws:route53/resolverFirewallConfig:ResolverFirewallConfig": {"firewallFailOpen": want.IsOrDefault("DISABLED")},
			}),
		want.Row("route53-firewall-names", "The DNS firewall does not allow every name",
			"A rule that allows \"*\" ends the list: nothing that stands after it blocks anything, and data leaves in names.",
			"List the names that are needed, and block \"*\" after them.", standard.WayOut, pack.Medium, "", want.Leading{
				"aws:route53/resolverFirewallRule:ResolverFirewallRule": {Property: "firewallDomainListId", //nolint:gosec // the name of a type
					Token: "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", Path: "domains",
					Want: want.Without("*", "*.").Where("action", "ALLOW")},
			}),
		want.Optional(want.Row("route53-query-log-used", "Logs of DNS queries belong to a VPC", "A log that no VPC writes to stays empty.",
			"Add a ResolverQueryLogConfigAssociation for the VPC.", standard.Logging, pack.Low, "", want.Beside{
				"aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": {Token: aws.Route53ResolverQueryLogConfigAssociation,
					Property: "resolverQueryLogConfigId"},
			})),
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
	for _, host := range k.Stack.Of(aws.Hosts...) {
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
		zone, _ := k.Stack.Target(k.Resource, "zoneId", k.Get("zoneId"), aws.Route53Zone)
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
	for _, by := range []struct{ property, token string }{{"instance", aws.ElasticIP}, {"instanceId", aws.ElasticIPAssociation}} {
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
