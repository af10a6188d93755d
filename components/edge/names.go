// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// hostPattern is a full host name in lower case: at least two labels of letters, digits and inner hyphens (RFC 1123).
var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// checkHost returns what is wrong with a host name of a certificate.
func checkHost(field, host string) error {
	switch {
	case strings.HasPrefix(host, "*."):
		return fmt.Errorf("%s: %q is a wildcard, whose key would speak for names that do not exist yet; list the names", field, host)
	case len(host) > 253 || !hostPattern.MatchString(host):
		return fmt.Errorf(`%s: %q is not a full host name in lower case without a final dot; write it like "www.example.com"`, field, host)
	}
	return nil
}

// inZone tells whether a host name can have a record in a hosted zone.
func inZone(host, zone string) bool {
	return host == zone || strings.HasSuffix(host, "."+zone)
}

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
		if !inZone(host, zone) {
			problems = append(problems, fmt.Errorf("%s: %q is not in the zone %q; name a host in it", field, host, zone))
		}
		if slices.Index(names, host) < i {
			problems = append(problems, fmt.Errorf("%s: %q is named twice; remove one", field, host))
		}
	}
	return errors.Join(problems...)
}

// certificatePattern is the ARN of a certificate in AWS Certificate Manager.
var certificatePattern = regexp.MustCompile(`^arn:aws(-[a-z]+)*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$`)

// checkCertificateARN returns what is wrong with the ARN of a certificate that exists already.
func checkCertificateARN(arn string) error {
	if certificatePattern.MatchString(arn) {
		return nil
	}
	return fmt.Errorf(`CertificateARN: %q is not the ARN of an ACM certificate; write it like "arn:aws:acm:eu-central-1:123456789012:certificate/..."`, arn)
}
