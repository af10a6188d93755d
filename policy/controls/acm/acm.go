// SPDX-License-Identifier: Apache-2.0

// Package acm holds the controls of AWS Certificate Manager.
package acm

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "acm-key-algorithm", Title: "Certificates have strong keys", Severity: pack.High, Types: []string{aws.ACMCertificate},
			Why: "Keys of 1024 bits can be broken.", Fix: "Leave keyAlgorithm out, or set RSA_2048 or an elliptic curve.",
			Maps: standard.Meets("FSBP:ACM.2", standard.InTransit), Check: want.NoneOf("keyAlgorithm", "RSA_1024"),
		},
		{
			ID: "acm-no-wildcard", Title: "Certificates are for named hosts", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.ACMCertificate},
			Why:   "One stolen key of a wildcard certificate speaks for every host. Many use them on purpose, so this is off by default.",
			Fix:   "List the host names.",
			Maps:  standard.Meets(standard.KeyCare), Check: func(k *pack.Case) {
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
			ID: "acm-transparency", Title: "Certificates are entered in public logs", Severity: pack.Low, Types: []string{aws.ACMCertificate},
			Why: "Browsers warn about certificates that are not.", Fix: "Leave certificateTransparencyLoggingPreference out.",
			Maps: standard.Meets(standard.InTransit), Check: want.NoneOf("options.certificateTransparencyLoggingPreference", "DISABLED"),
		},
		{
			ID: "acm-dns-validation", Title: "Certificates are validated by DNS", Severity: pack.Medium, Concern: pack.Operations,
			Types: []string{aws.ACMCertificate}, Why: "Certificates validated by mail are not renewed unless somebody answers the mail.",
			Fix:  "Set validationMethod to DNS.",
			Maps: standard.Meets(standard.Hygiene), Check: want.NoneOf("validationMethod", "EMAIL"),
		},
		{
			ID: "acm-private-key-sealed", Title: "Imported private keys are Pulumi secrets", Severity: pack.Critical,
			Types: []string{aws.ACMCertificate}, Why: "A key that is plain text in the program is plain text in its state and previews too.",
			Fix:  "Wrap the value in pulumi.ToSecret, or let ACM make the certificate.",
			Maps: standard.Meets(standard.Identity, standard.KeyCare), Check: func(k *pack.Case) { credential.Sealed(k, "privateKey") },
		},
		{
			ID: "acm-replace-order", Title: "Certificates are replaced before they are deleted", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.ACMCertificate}, Why: "A listener whose certificate is deleted first stops answering.",
			Fix:  "Leave the option deleteBeforeReplace out.",
			Maps: standard.Meets(standard.Spreading), Check: func(k *pack.Case) {
				if b := k.Options.DeleteBeforeReplace; b != nil && *b {
					k.Report(pack.Value{}, "the resource option deleteBeforeReplace is true")
				}
			},
		},
	}
}
