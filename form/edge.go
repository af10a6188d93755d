// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// MinServicePort is the lowest port that a service without privileges can open.
	MinServicePort = 1025
	// MaxCertificateName is how long the first name of a certificate may be (ACM API
	// reference, RequestCertificate, DomainName).
	MaxCertificateName = 64
	// MinRateLimit is the fewest requests of one client address in 5 minutes that AWS WAF can
	// limit to (API reference, RateBasedStatement).
	MinRateLimit = 10
	// MaxRateLimit is the most.
	MaxRateLimit = 2_000_000_000
)

var (
	// hostForm is at least two labels of letters, digits and inner hyphens (RFC 1123).
	hostForm        = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	certificateForm = regexp.MustCompile(`^arn:aws:acm:([a-z0-9-]+):([0-9]{12}):certificate/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	pathForm        = regexp.MustCompile(`^/[A-Za-z0-9._~/-]{0,255}$`)
	// ruleForm is what AWS WAF accepts as the name of a rule, as far as it fits the key of
	// the tag that says why the rule is relaxed.
	ruleForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
)

// CheckHostName accepts a host name of at least two labels in lower case, at most 253
// bytes long, without the final dot (RFC 1035; RFC 5891 for names in Punycode).
func CheckHostName(host string) error {
	switch {
	case strings.HasPrefix(host, "*."):
		return Text(host, "is a wildcard, which also speaks for names that do not exist yet", "name the host itself")
	case len(host) > 253 || !hostForm.MatchString(host):
		return Text(host, "is not a DNS name", "write it like www.example.com, in lower case and without a final dot")
	}
	return nil
}

// MaxDomains is how many names a configuration may let servers look up: few enough to be read in a review.
const MaxDomains = 100

// CheckDomain accepts a host name, or "*." and a host name for all names below it.
func CheckDomain(domain string) error {
	if CheckHostName(strings.TrimPrefix(domain, "*.")) != nil {
		return Text(domain, "is neither a DNS name nor all names below one", "write it like api.example.com or *.example.com, in lower case and without a final dot")
	}
	return nil
}

// CheckInZone accepts a host name that can have a record in a hosted zone: the zone's own
// name, or one below it.
func CheckInZone(host, zone string) error {
	if host == zone || strings.HasSuffix(host, "."+zone) {
		return nil
	}
	return Text(host, "lies outside the zone "+zone, "choose "+zone+" or a name below it")
}

// CheckCertificateName accepts the first name of a certificate.
func CheckCertificateName(host string) error {
	if len(host) > MaxCertificateName {
		return Text(host, fmt.Sprintf("is longer than the %d characters of a certificate's first name", MaxCertificateName), "choose a shorter name")
	}
	return nil
}

// CheckCertificateARN accepts the ARN of a certificate of AWS Certificate Manager.
func CheckCertificateARN(arn string) error {
	if !certificateForm.MatchString(arn) {
		return Text(arn, "is not the ARN of an ACM certificate", "write arn:aws:acm:<region>:<account>:certificate/<id>")
	}
	return nil
}

// CheckCertificateHome reports a certificate of another region or account. An ARN that does
// not pass CheckCertificateARN is left to that check.
func CheckCertificateHome(arn, region, account string) []error {
	parts := certificateForm.FindStringSubmatch(arn)
	var problems []error
	if parts != nil && parts[1] != region {
		problems = append(problems, Text(arn, "lies outside region "+region, "use a certificate of that region"))
	}
	if parts != nil && parts[2] != account {
		problems = append(problems, Text(arn, "belongs to another account than "+account, "use a certificate of that account"))
	}
	return problems
}

// CheckHealthPath accepts the path that a load balancer asks.
func CheckHealthPath(path string) error {
	if !pathForm.MatchString(path) {
		return Text(path, "is not a plain path of at most 256 characters", "write one that begins with a slash, such as /healthz")
	}
	return nil
}

// CheckServicePort accepts the TCP port of a service: one that needs no privilege, and not
// that of PostgreSQL, because a rule for the one would also be a rule for the other.
func CheckServicePort(port int) error {
	cure := fmt.Sprintf("choose one from %d to 65535", MinServicePort)
	switch {
	case port < 0 || port > 65535:
		return Number(port, "is not a TCP port", cure)
	case port < MinServicePort:
		return Number(port, "is a privileged port", cure)
	case port == PostgreSQLPort:
		return Number(port, "is the port of PostgreSQL", "choose another, such as 8443")
	}
	return nil
}

// CheckRateLimit accepts how many requests one client address may make in 5 minutes.
func CheckRateLimit(requests int) error {
	return CheckBetween(requests, MinRateLimit, MaxRateLimit, "requests in 5 minutes")
}

// CheckWAFRule accepts the name of a rule in a managed group of AWS WAF.
func CheckWAFRule(rule string) error {
	if !ruleForm.MatchString(rule) {
		return Text(rule, "is not the name of a rule of AWS WAF", "take it from the group's list in the AWS WAF Developer Guide")
	}
	return nil
}

// bodyRule ends the names of the rules of AWS WAF that look at the body of a request.
const bodyRule = "_BODY"

// BodyLabel is how the label ends that a rule of AWS WAF leaves on requests whose body it matches; ok is false for a rule that looks
// at something else ("AWS Managed Rules rule groups list", AWS WAF Developer Guide).
func BodyLabel(rule string) (label string, ok bool) {
	label, ok = strings.CutSuffix(rule, bodyRule)
	return label + "_Body", ok
}

var relaxedPath = regexp.MustCompile(`^/[A-Za-z0-9._~/-]{0,127}$`)

// CheckRelaxedPath accepts the beginning of the paths on which a rule of AWS WAF counts instead of blocking.
func CheckRelaxedPath(rule, path string) error {
	if _, ok := BodyLabel(rule); !ok {
		return Text(path, "is a path for a rule that does not look at bodies, which counts on all paths or on none", "leave the path out, or name a rule that ends in "+bodyRule)
	}
	if !relaxedPath.MatchString(path) {
		return Text(path, "is not the beginning of a path", "write / and up to 127 letters, digits and . _ ~ / -")
	}
	return nil
}

// services are the AWS services whose interface endpoints offer both private DNS and
// endpoint policies, by the last part of their name (AWS PrivateLink guide, "AWS services
// that integrate with AWS PrivateLink").
var services = []string{
	"autoscaling", "cloudformation", "cloudtrail", "codedeploy", "ec2", "ec2messages", "ecr.api", "ecr.dkr",
	"elasticloadbalancing", "events", "kms", "lambda", "logs", "monitoring", "rds", "rds-data", "secretsmanager", "sns",
	"sqs", "ssm", "ssmmessages", "states", "sts", "xray",
}

// EndpointServices are the AWS services that a network can have an interface endpoint for,
// in alphabetical order.
func EndpointServices() []string { return slices.Clone(services) }

// CheckEndpointService accepts one of EndpointServices.
func CheckEndpointService(service string) error {
	rest, full := strings.CutPrefix(service, "com.amazonaws.")
	_, short, complete := strings.Cut(rest, ".")
	switch {
	case slices.Contains(services, service):
		return nil
	case full && complete && short != "":
		return Text(service, "is a full service name", `write only its last part, "`+short+`"`)
	case service == "s3":
		return Text(service, "has a gateway endpoint, which costs nothing and is always there", "remove it")
	}
	return &Error{
		Value: strconv.Quote(service), Fault: "is not a service the network knows",
		Cure: "choose from " + strings.Join(services, ", "), Choices: services,
	}
}
