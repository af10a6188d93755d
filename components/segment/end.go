// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"slices"
	"strings"
)

// End is one side of a connection: the name of a segment, or one of the ends outside the segments that Internet, Addresses
// and AWS make.
type End string

// Internet is everybody outside the VPC.
const Internet End = "internet"

// The text that stands before the list of an end outside the segments.
const (
	addressesPrefix = "addresses:"
	awsPrefix       = "aws:"
)

// Addresses are known ranges outside the VPC, in canonical form, such as "203.0.113.0/28" or "2001:db8:20::/48". Without
// ranges the row opens nothing, so that a list from a configuration may be empty.
func Addresses(ranges ...string) End {
	return End(addressesPrefix + strings.Join(ranges, ","))
}

// AWS are services of AWS in the region of the deployment, by the last part of their endpoint's name, such as "logs" or
// "ecr.api". They are reached through VPC endpoints and never through the internet. Without services the row opens nothing.
func AWS(services ...string) End {
	return End(awsPrefix + strings.Join(services, ","))
}

// ServerServices are the services that every server needs: to be known to Systems Manager, and to ship its logs.
func ServerServices() []string { return []string{"logs", "ssm"} }

// SessionServices are the services of a server that offers sessions of Session Manager. Agents older than version 3.3.40 need
// ec2messages besides (Systems Manager user guide, "ec2messages, ssmmessages, and other API operations").
func SessionServices() []string { return append(ServerServices(), "ssmmessages") }

// Segment returns the name of the segment that the end is, and whether it is one.
func (e End) Segment() (string, bool) {
	if e == "" || e == Internet || strings.Contains(string(e), ":") {
		return "", false
	}
	return string(e), true
}

// Ranges returns the address ranges of an end that Addresses made, and nothing for any other.
func (e End) Ranges() []string { return e.list(addressesPrefix) }

// Services returns the services of an end that AWS made, and nothing for any other.
func (e End) Services() []string { return e.list(awsPrefix) }

// Outside reports whether the end lies beyond the VPC and its endpoints.
func (e End) Outside() bool { return e == Internet || strings.HasPrefix(string(e), addressesPrefix) }

func (e End) list(prefix string) []string {
	text, found := strings.CutPrefix(string(e), prefix)
	if !found || text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// isAWS reports whether AWS made the end.
func (e End) isAWS() bool { return strings.HasPrefix(string(e), awsPrefix) }

// empty reports whether the end is a list of addresses or services without any, so that its row opens nothing.
func (e End) empty() bool { return e == addressesPrefix || e == awsPrefix }

// covers reports whether a row with this end also speaks for the wanted one.
func (e End) covers(wanted End) bool {
	if e == wanted || (e == Internet && wanted.Outside()) {
		return true
	}
	outer, inner := e.Ranges(), wanted.Ranges()
	if e.isAWS() {
		outer, inner = e.Services(), wanted.Services()
	}
	return len(inner) > 0 && !slices.ContainsFunc(inner, func(one string) bool { return !slices.Contains(outer, one) })
}

// Gateway reports whether a service has a gateway endpoint, which is a route and costs nothing, instead of an interface
// endpoint (AWS PrivateLink guide, "Gateway endpoints").
func Gateway(service string) bool { return service == "s3" || service == "dynamodb" }

// interfaceServices are the AWS services whose interface endpoints offer both private DNS and endpoint policies, which
// Bulkhead insists on (AWS PrivateLink guide, "AWS services that integrate with AWS PrivateLink").
var interfaceServices = []string{
	"autoscaling", "cloudformation", "cloudtrail", "codedeploy", "ec2", "ec2messages", "ecr.api", "ecr.dkr",
	"elasticloadbalancing", "events", "kms", "lambda", "logs", "monitoring", "rds", "rds-data", "secretsmanager", "sns",
	"sqs", "ssm", "ssmmessages", "states", "sts", "xray",
}

// KnownServices are the services that AWS accepts, sorted.
func KnownServices() []string {
	all := append([]string{"dynamodb", "s3"}, interfaceServices...)
	slices.Sort(all)
	return all
}
