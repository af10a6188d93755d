// SPDX-License-Identifier: Apache-2.0

// Package cloudfront holds the controls of Amazon CloudFront.
package cloudfront

import (
	"iter"
	"regexp"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	cdn := []string{aws.CloudFrontDistribution}
	return []*pack.Control{
		{
			ID: "cloudfront-viewer-https", Title: "Distributions serve viewers over HTTPS only", Severity: pack.High, Types: cdn,
			Why:  "What goes over plain HTTP can be read and changed on the way, including the session.",
			Fix:  "Set viewerProtocolPolicy of every cache behavior to redirect-to-https or https-only.",
			Maps: standard.Meets("FSBP:CloudFront.3", standard.InTransit),
			Check: func(k *pack.Case) {
				for b := range behaviors(k) {
					v := b.Get("viewerProtocolPolicy")
					k.Require(v.OneOf("redirect-to-https", "https-only"), "%s is %s", v.Path(), v)
				}
			},
		},
		{
			ID: "cloudfront-origin-tls", Title: "Distributions reach their origins over TLS 1.2", Severity: pack.High, Types: cdn,
			Why:  "The way from the edge to the origin crosses the internet too.",
			Fix:  "Set originProtocolPolicy to https-only and originSslProtocols to TLSv1.2; match-viewer needs viewers that come over HTTPS.",
			Maps: standard.Meets("FSBP:CloudFront.9 FSBP:CloudFront.10", standard.InTransit), Check: originTLS,
		},
		{
			ID: "cloudfront-tls-policy", Title: "Distributions speak TLS 1.2 and later only", Severity: pack.High, Types: cdn,
			Why:  "Older versions can be broken later from a recording.",
			Fix:  "Set viewerCertificate.minimumProtocolVersion to TLSv1.2_2021 or a newer policy.",
			Maps: standard.Meets("FSBP:CloudFront.15", standard.InTransit),
			Check: func(k *pack.Case) {
				own := k.Get("viewerCertificate.acmCertificateArn").IsSet().Or(k.Get("viewerCertificate.iamCertificateId").IsSet())
				v := k.Get("viewerCertificate.minimumProtocolVersion")
				k.Require(own.Not().Or(v.Matches(func(s string) bool { return strings.HasPrefix(s, "TLSv1.2_") || strings.HasPrefix(s, "TLSv1.3_") })),
					"%s is %s", v.Path(), v)
			},
		},
		{
			ID: "cloudfront-logging", Title: "Distributions log requests", Severity: pack.Medium, Types: cdn, Joins: []string{aws.LogDeliverySource},
			Stack: true,
			Why:   "Without the log nobody can tell afterwards who asked for what.",
			Fix:   "Set loggingConfig.bucket, or add a LogDeliverySource for the distribution.",
			Maps:  standard.Meets("FSBP:CloudFront.5", standard.Logging),
			Check: func(k *pack.Case) {
				own := k.Get("loggingConfig.bucket").IsSet()
				k.Require(own.Or(want.AnyCompanion(k, "resourceArn", []string{aws.LogDeliverySource}, want.Present)),
					"neither loggingConfig nor a LogDeliverySource logs requests")
			},
		},
		{
			ID: "cloudfront-firewall", Title: "Distributions have a web ACL", Severity: pack.Medium, Level: pack.Disabled, Types: cdn,
			Why: "A web ACL stops known attacks before they reach the origin. Static files need none, so this is off by default.",
			Fix: "Set webAclId.", Maps: standard.Meets("FSBP:CloudFront.6", standard.WebAttack), Check: want.IsSet("webAclId"),
		},
		want.Optional(want.Row("cloudfront-root-object", "Distributions answer a request for \"/\" with a page",
			"Without one a request for the root can list what is in the bucket.", "Set defaultRootObject.", "FSBP:CloudFront.1 "+standard.Exposure,
			pack.Low, "", want.Properties{aws.CloudFrontDistribution: {"defaultRootObject": want.Given}})),
		want.Optional(want.Row("cloudfront-failover", "Distributions have a second origin", "With one origin the site goes when the origin does.",
			"Set originGroups.", "FSBP:CloudFront.4 "+standard.Spreading, pack.Low, pack.Resilience,
			want.Properties{aws.CloudFrontDistribution: {"originGroups": want.Given}})),
		want.Optional(want.Row("cloudfront-own-certificate", "Distributions have a certificate for their own name",
			"With the default certificate viewers use TLS 1.0 and the name of CloudFront.", "Set viewerCertificate.acmCertificateArn.",
			"FSBP:CloudFront.7 "+standard.InTransit, pack.Low, "",
			want.Properties{aws.CloudFrontDistribution: {"viewerCertificate.cloudfrontDefaultCertificate": want.Off}})),
		want.Row("cloudfront-sni", "Distributions tell sites apart by name",
			"An address of its own for each distribution costs 600 dollars a month.",
			"Set viewerCertificate.sslSupportMethod to sni-only.", "FSBP:CloudFront.8 "+standard.Hygiene, pack.Low, pack.Cost,
			want.Properties{aws.CloudFrontDistribution: {"viewerCertificate.sslSupportMethod": want.IsOrDefault("sni-only")}}),
		want.Row("cloudfront-origin-access", "Buckets and functions behind a distribution are reached through it only",
			"Without origin access control the origin must be open to everybody.", "Set originAccessControlId of the origin.",
			"FSBP:CloudFront.13 FSBP:CloudFront.16 "+standard.Exposure, pack.Medium, "",
			want.Properties{aws.CloudFrontDistribution: {"origins[].originAccessControlId": want.Given.WhereIs("domainName", protectedOrigin)}}),
		want.Row("cloudfront-key-groups", "Signed URLs are signed with keys of a key group",
			"The keys of trusted signers belong to the root user of an account.", "Use trustedKeyGroups in place of trustedSigners.",
			"FSBP:CloudFront.17 "+standard.Identity, pack.Medium, "",
			want.Properties{aws.CloudFrontDistribution: {"defaultCacheBehavior.trustedSigners": want.None,
				"orderedCacheBehaviors[].trustedSigners": want.None}}),
	}
}

// behaviors yields the cache behaviors of a distribution.
func behaviors(k *pack.Case) iter.Seq[pack.Value] {
	return func(yield func(pack.Value) bool) {
		if !yield(k.Get("defaultCacheBehavior")) {
			return
		}
		for b := range k.Get("orderedCacheBehaviors").Items() {
			if !yield(b) {
				return
			}
		}
	}
}

func originTLS(k *pack.Case) {
	plain := pack.No(pack.Value{})
	for b := range behaviors(k) {
		plain = plain.Or(b.Get("viewerProtocolPolicy").OneOf("allow-all"))
	}
	for o := range k.Get("origins").Items() {
		custom := o.Get("customOriginConfig")
		if !custom.Exists() {
			continue
		}
		policy := custom.Get("originProtocolPolicy")
		k.Require(policy.OneOf("https-only", "match-viewer"), "%s is %s", policy.Path(), policy)
		k.Forbid(policy.OneOf("match-viewer").And(plain), "%s is %s, and viewers may come without TLS", policy.Path(), policy)
		for p := range custom.Get("originSslProtocols").Items() {
			k.Forbid(p.Matches(want.OldTLS).And(policy.OneOf("http-only").Not()), "%s is %s", p.Path(), p)
		}
	}
}

var (
	bucketOrigin   = regexp.MustCompile(`\.s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?$`)
	functionOrigin = regexp.MustCompile(`\.lambda-url\.[a-z0-9-]+\.on\.aws$`)
)

// protectedOrigin is the fact that a domain name is that of a bucket or of a function, which CloudFront can sign its requests to.
func protectedOrigin(v pack.Value) pack.Fact {
	return v.Matches(func(s string) bool {
		return bucketOrigin.MatchString(s) && !strings.Contains(s, ".s3-website") || functionOrigin.MatchString(s)
	})
}
