// SPDX-License-Identifier: Apache-2.0

// Package controls holds the rules of the Bulkhead policy pack, one file for each AWS service. A rule is
// data (what it is called, why it matters, how to mend it, which requirements it meets) and a check.
package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
)

// Version is the version of the pack; a build may set it with -ldflags "-X".
var Version = "0.1.0"

// Documentation is where the generated description of every control is.
const Documentation = "https://github.com/bulkhead-iac/bulkhead/blob/HEAD/docs/policies.md"

// New returns the pack with every control.
func New() (*pack.Pack, error) {
	p := &pack.Pack{
		Name: "bulkhead", Title: "Bulkhead", Version: Version, Provider: "aws", Source: "https://github.com/bulkhead-iac/bulkhead",
		About:  "Stops deployments that open AWS resources to the internet, weaken their defences or risk their data.",
		Tags:   []string{"aws", "security", "segmentation"},
		Opaque: opaque(), Plain: plainTypes, ProviderMajor: providerMajor,
		References: pack.References{Identifies: identifies, Documents: func(token string) []string { return documentTypes[token] }},
		Profiles:   Profiles(), Replaces: schema.Replaces, Documentation: Documentation, Frameworks: Frameworks(),
	}
	all := All()
	return p, p.Load(all...)
}

// All returns every control, sorted by id.
func All() []*pack.Control {
	all := slices.Concat(
		bucketExposure(), bucketProtection(), bucketData(),
		securityGroups(), networks(), routing(), instances(), volumes(), scaling(),
		loadBalancers(), firewalls(), databases(), databaseStacks(),
		documents(), identities(), trust(), passwords(),
		keys(), secrets(), trails(), logs(), trailAlarms(), topicsAndQueues(),
		detection(), certificates(), zones(), registries(), containers(), backups(), parameters(),
		functions(), stores(), endpoints(), presence(), prefixLists(),
		confusions(), resourcePolicies(), tiers(), sessionDocuments(), loadBalancerDetails(), databaseDetails(),
		bucketDetails(), instanceDetails(), groupUsers(), groups(), writeGrants(),
		listenerRules(), otherAddresses(), firewallBypasses(), takeovers(), exposedServices(), carriers(), standard(),
		sealedValues(), properties(), foundational(), credentialInputs(), frontDoors(), otherStores(), segmentations(),
	)
	for _, c := range withFleets(all) {
		c.Service = serviceOf(c.ID)
		c.URL = strings.TrimSuffix(Documentation, ".md") + "/" + c.Service + ".md#" + c.ID
	}
	slices.SortFunc(all, func(a, b *pack.Control) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Frameworks are the catalogues whose numbers the controls name, with their versions.
func Frameworks() []pack.Framework {
	return []pack.Framework{
		{Key: "FSBP", Name: "AWS Foundational Security Best Practices", Date: FoundationalDate, All: Foundational(), Uncovered: uncovered, URL: "https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html"},
		{Key: "SecurityHub", Name: "AWS Security Hub, controls of its other standards", URL: "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html"},
		{Key: "CIS", Name: "CIS AWS Foundations Benchmark", Version: "5.0", URL: "https://www.cisecurity.org/benchmark/amazon_web_services"},
		{Key: "NIST", Name: "NIST SP 800-53", Version: "revision 5", URL: "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final"},
		{Key: "PCI", Name: "PCI DSS", Version: "4.0.1", URL: "https://www.pcisecuritystandards.org/document_library/"},
	}
}

// Themes map a control to the requirements of NIST SP 800-53 and PCI DSS that its subject belongs to. The mapping is by subject, so it is the same for all controls with one theme.
const (
	atRest     = "NIST:SC-28(1) NIST:SC-13 PCI:3.5.1"
	inTransit  = "NIST:SC-8(1) NIST:SC-13 PCI:4.2.1"
	exposure   = "NIST:AC-3 NIST:AC-4 NIST:SC-7 PCI:1.4.4"
	segments   = "NIST:AC-4 NIST:SC-7 PCI:1.3.1"
	wayOut     = "NIST:AC-4 NIST:SC-7 PCI:1.3.2"
	privilege  = "NIST:AC-3 NIST:AC-6 PCI:7.2.1"
	signIn     = "NIST:IA-5(1) PCI:8.3.6"
	identity   = "NIST:IA-2 NIST:IA-5 PCI:8.6.2"
	renewal    = "NIST:IA-5 PCI:8.6.3"
	logging    = "NIST:AU-2 NIST:AU-12 PCI:10.2.1"
	retention  = "NIST:AU-11 PCI:10.5.1"
	logSafety  = "NIST:AU-9 PCI:10.3.2"
	logContent = "NIST:AU-9"
	monitoring = "NIST:SI-4 NIST:CA-7 PCI:10.4.1.1"
	detecting  = "NIST:SI-4 NIST:RA-5 PCI:11.5.1"
	recovery   = "NIST:CP-9 NIST:CP-10"
	spreading  = "NIST:CP-10 NIST:SC-5"
	keepSafe   = "NIST:CP-9 NIST:CM-3"
	keyCare    = "NIST:SC-12 PCI:3.7.4"
	patching   = "NIST:SI-2 PCI:6.3.3"
	hygiene    = "NIST:CM-6 PCI:2.2.1"
	webAttack  = "NIST:SC-7 NIST:SI-4 PCI:6.4.2"
	isolation  = "NIST:AC-6 NIST:SC-39 PCI:2.2.6"
)

// meets joins requirement ids given as words.
func meets(words ...string) []string {
	var out []string
	for _, w := range words {
		for _, id := range strings.Fields(w) {
			if name, ok := strings.CutPrefix(id, "FSBP:"); ok && !isFoundational[name] {
				id = "SecurityHub:" + name
			}
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// isTrue wants every path to be true; a path that is not set is false.
func isTrue(paths ...string) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, p := range paths {
			k.Require(k.Get(p).IsTrue())
		}
	}
}

// notFalse wants the path to be true or not set, for switches that AWS turns on by itself.
func notFalse(path string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).Is(true, true)) }
}

// isFalse wants every path to be false or not set.
func isFalse(paths ...string) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, p := range paths {
			k.Require(k.Get(p).IsFalse())
		}
	}
}

// isSet wants the path to hold something.
func isSet(path string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).IsSet()) }
}

// oneOf wants the path to be one of the words.
func oneOf(path string, words ...string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).OneOf(words...)) }
}

// noneOf wants the path to be none of the words; not set is fine.
func noneOf(path string, words ...string) func(*pack.Case) {
	return func(k *pack.Case) { k.Forbid(k.Get(path).OneOf(words...)) }
}

// atLeast wants a number not below the setting.
func atLeast(path, setting string) func(*pack.Case) {
	return func(k *pack.Case) {
		v := k.Get(path)
		k.Require(v.AtLeast(k.Num(setting)), "%s is %s; at least %v is wanted", path, v, k.Num(setting))
	}
}

// atMost wants a number not above the setting.
func atMost(path, setting string) func(*pack.Case) {
	return func(k *pack.Case) {
		v := k.Get(path)
		k.Require(v.AtMost(k.Num(setting)), "%s is %s; at most %v is allowed", path, v, k.Num(setting))
	}
}

// put is a remedy that sets a path, unless it is right, unknown, or another remedy's business.
func put(path string, value any) func(*pack.Edit) {
	return func(e *pack.Edit) { e.Set(path, value) }
}

// num is a number setting.
func num(name string, value float64, help string) []pack.Setting {
	return []pack.Setting{{Name: name, Default: value, Help: help}}
}

// words is a setting that is a list of strings, empty by default.
func words(name, help string, values ...string) pack.Setting {
	if values == nil {
		values = []string{}
	}
	return pack.Setting{Name: name, Default: values, Help: help}
}

// anyCompanion is the fact that a resource which points at this one has what is wanted. AWS keeps many
// settings of a resource in companions of their own.
func anyCompanion(k *pack.Case, property string, types []string, holds func(*pack.Resource) pack.Fact) pack.Fact {
	return anyPointing(k.Stack, k.Resource, property, types, holds)
}

// anyPointing is anyCompanion for another resource than the one that is judged.
func anyPointing(s *pack.Stack, to *pack.Resource, property string, types []string, holds func(*pack.Resource) pack.Fact) pack.Fact {
	answer := pack.No(pack.Value{})
	sure, maybe := s.Pointing(to, property, types...)
	for _, r := range sure {
		answer = answer.Or(holds(r))
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}

// leadsTo is the fact that a value in a property of one resource is an output of another, such as the DNS name
// of a load balancer. While it is unknown, it is judged by what the property depends on.
func leadsTo(s *pack.Stack, from *pack.Resource, property string, value pack.Value, to *pack.Resource, output string) pack.Fact {
	urns := from.PropertyDependencies[property]
	switch {
	case value.IsUnknown() && slices.Contains(urns, to.URN):
		return pack.Yes(value)
	case value.IsUnknown() && len(urns) > 0:
		return pack.No(value)
	case value.IsUnknown():
		return pack.Wait(value)
	}
	if own := to.Outputs().Get(output); own.Str() != "" {
		return value.OneOf(own.Str())
	}
	return s.Refers(from, property, value, to)
}

// present is the companion fact that holds for any companion.
func present(*pack.Resource) pack.Fact { return pack.Yes(pack.Value{}) }

// named reports whether the setting allowed lists the resource by its name, and says so when it does.
func named(k *pack.Case) bool {
	for _, pattern := range k.Words("allowed") {
		if glob.Match(pattern, k.Name) {
			k.Skip("the setting allowed lists the resource")
			return true
		}
	}
	return false
}
