// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// Frameworks are the catalogues whose numbers the controls name, with their versions.
func Frameworks() []pack.Framework {
	return []pack.Framework{
		{Key: "FSBP", Name: "AWS Foundational Security Best Practices", Date: standard.FoundationalDate, All: standard.Foundational(),
			Uncovered: standard.Uncovered(),
			URL:       "https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html"},
		{Key: "SecurityHub", Name: "AWS Security Hub, controls of its other standards",
			URL: "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html"},
		{Key: "CIS", Name: "CIS AWS Foundations Benchmark", Version: standard.CIS,
			URL: "https://www.cisecurity.org/benchmark/amazon_web_services"},
		{Key: "NIST", Name: "NIST SP 800-53", Version: "revision 5", URL: "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final"},
		{Key: "PCI", Name: "PCI DSS", Version: "4.0.1", URL: "https://www.pcisecuritystandards.org/document_library/"},
	}
}
