// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bulkhead-iac/bulkhead/form"
)

// checkHost returns what is wrong with a host name of a certificate.
func checkHost(field, host string) error { return form.In(field, form.CheckHostName(host)) }

// checkNames reports everything that is wrong with the zone and the names in it, of which the first is Domain.
func checkNames(zone string, names []string) error {
	var problems []error
	if err := checkHost("Zone", zone); err != nil {
		problems = append(problems, err)
	}
	for i, host := range names {
		field := "Domain"
		if i > 0 {
			field = fmt.Sprintf("AlternativeNames[%d]", i-1)
		}
		if err := checkHost(field, host); err != nil {
			problems = append(problems, err)
			continue
		}
		if err := form.In(field, form.CheckInZone(host, zone)); err != nil {
			problems = append(problems, err)
		}
		if slices.Index(names, host) < i {
			problems = append(problems, fmt.Errorf("%s: %q is named twice; remove one", field, host))
		}
	}
	return errors.Join(problems...)
}

// checkCertificateARN returns what is wrong with the ARN of a certificate that exists already.
func checkCertificateARN(arn string) error {
	return form.In("CertificateARN", form.CheckCertificateARN(arn))
}
