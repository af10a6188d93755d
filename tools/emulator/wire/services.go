// SPDX-License-Identifier: Apache-2.0

package wire

import "strings"

// ec2Version is the only API version that EC2 has had for years; no other form service uses it.
const ec2Version = "2016-11-15"

// elbv2Version tells application and network load balancers from the classic ones, which sign with the same name.
const elbv2Version = "2015-12-01"

// serviceNames maps names used in signatures to the AWS CLI's names where they differ.
var serviceNames = map[string]string{
	"monitoring":           "cloudwatch",
	"elasticloadbalancing": "elb",
	"email":                "ses",
	"tagging":              "resourcegroupstaggingapi",
	"cloudcontrolapi":      "cloudcontrol",
}

// unsignedActions are the calls that carry no signature by design.
var unsignedActions = map[string]string{
	"AssumeRoleWithWebIdentity": "sts",
	"AssumeRoleWithSAML":        "sts",
}

// serviceName names the service of a call whose signing name is known.
func serviceName(signed string, c *Call) string {
	if signed == "" {
		if service, found := unsignedActions[c.Action]; found {
			return service
		}
		return "s3"
	}
	switch {
	case signed == "s3" && strings.HasPrefix(c.Path, "/v20180820/"):
		return "s3control"
	case signed == "elasticloadbalancing" && c.Form.Get("Version") == elbv2Version:
		return "elbv2"
	}
	if name, found := serviceNames[signed]; found {
		return name
	}
	return signed
}
