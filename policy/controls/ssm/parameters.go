// SPDX-License-Identifier: Apache-2.0

package ssm

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

func parameters() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ssm-parameter-cmk", Title: "SecureString parameters use a customer managed key", Severity: pack.Low,
			Types: []string{aws.SSMParameter}, Why: "The AWS managed key may be used by everybody in the account who may read parameters.",
			Fix: "Set keyId.", Maps: standard.Meets(standard.KeyCare), Check: func(k *pack.Case) {
				k.Require(k.Get("type").OneOf("SecureString").Not().Or(k.Get("keyId").IsSet()), "keyId is not set")
			},
		},
		{
			ID: "ssm-parameter-value-sealed", Title: "Values of SecureString parameters are Pulumi secrets", Severity: pack.Critical,
			Types: []string{aws.SSMParameter}, Why: "A value that is plain text in the program is plain text in its state and previews too.",
			Fix: "Wrap the value in pulumi.ToSecret.", Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) {
				if t := k.Get("type"); t.IsUnknown() {
					k.Defer(t)
					return
				} else if t.Str() != "SecureString" {
					k.Skip("the parameter is not a SecureString")
					return
				}
				credential.Sealed(k, "value", "insecureValue")
			},
		},
		{
			ID: "ssm-document-public", Title: "Documents are not shared with everybody", Severity: pack.Critical, Types: []string{aws.SSMDocument},
			Public: true,
			Why:    "A document shows how your systems are run, and often where.", Fix: "Remove \"all\" from permissions.",
			Maps: standard.Meets("FSBP:SSM.4", standard.Exposure), Check: func(k *pack.Case) {
				// A map of strings, whose keys the bridge leaves as the provider spells them.
				for _, path := range []string{"permissions.account_ids", "permissions.accountIds"} {
					k.Forbid(k.Get(path).Matches(func(s string) bool {
						return slices.ContainsFunc(strings.Split(s, ","), func(id string) bool { return strings.EqualFold(strings.TrimSpace(id), "all") })
					}))
				}
			},
		},
		{
			ID: "ssm-parameter-sealed", Title: "Parameters with secrets are SecureString", Severity: pack.High, Types: []string{aws.SSMParameter},
			Why: "A String can be read by everybody who may read parameters, and needs no key.", Fix: "Set type to SecureString and keyId.",
			Maps: standard.Meets(standard.Identity, standard.AtRest),
			Check: func(k *pack.Case) {
				k.Require(sensitive(k).Not().Or(k.Get("type").OneOf("SecureString")), "type is %s, and name or value are those of a secret",
					k.Get("type"))
			},
		},
	}
}

// sensitive is the fact that a parameter holds a secret: its name says so, its value looks like one, or the program
// made the value a secret where the SDKs do not do that by themselves.
func sensitive(k *pack.Case) pack.Fact {
	answer := k.Get("name").Matches(credential.Named)
	for _, property := range []string{"value", "insecureValue"} {
		switch v := k.Get(property); {
		case v.Secret() && !slices.Contains(schema.Sealed(k.Type), property):
			answer = answer.Or(pack.Yes(k.Get("type")))
		case v.Exists():
			looks := v.Matches(credential.InText)
			if looks.Is == pack.True {
				looks.At = k.Get("type")
			}
			answer = answer.Or(looks)
		}
	}
	return answer
}
