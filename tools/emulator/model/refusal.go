// SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// unenforced holds what a model says and AWS does not enforce, with the reason: "service Shape" for a shape, or "service Operation.Member"
// for a required member.
var unenforced = map[string]string{
	"s3control S3ResourceArn": "the pattern wants a region, and AWS takes arn:aws:s3:::bucket, by which the AWS provider itself lists tags",
	"wafv2 LockToken":         "the pattern is that of a UUID, and moto gives shorter tokens out, which come back as they are",
}

// codes are the error codes for broken constraints of the services that do not use the common one of their protocol.
var codes = map[string]string{
	"backup":      "InvalidParameterValueException",
	"cloudwatch":  "ValidationError",
	"guardduty":   "BadRequestException",
	"logs":        "InvalidParameterException",
	"route53":     "InvalidInput",
	"securityhub": "InvalidInputException",
}

// refusal words the problems as the call's service does, or returns nil when there are none.
func refusal(call *wire.Call, problems []problem) *wire.Reply {
	if len(problems) == 0 {
		return nil
	}
	first := problems[0]
	switch {
	case call.Protocol == wire.S3 && first.missing && len(first.path) == 1:
		return call.Error(http.StatusBadRequest, "MissingRequestBodyError", "Request Body is empty")
	case call.Protocol == wire.S3:
		return call.Error(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	case first.missing && (call.Protocol == wire.EC2 || call.Service == "rds"):
		return call.Error(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter "+dotted(first.path))
	case call.Protocol == wire.EC2:
		return call.Error(http.StatusBadRequest, "InvalidParameterValue", fmt.Sprintf("Invalid value '%s' for %s. %s", first.value, dotted(first.path), first.constraint))
	}
	code := "ValidationException"
	if call.Protocol == wire.Query {
		code = "ValidationError"
	}
	if own := codes[call.Service]; own != "" {
		code = own
	}
	return call.Error(http.StatusBadRequest, code, message(problems))
}

// message is the common wording of AWS's services, such as "1 validation error detected: Value 'x' at 'logGroupName' failed to satisfy
// constraint: …" (seen in aws/aws-cdk#26837, hashicorp/terraform-provider-aws#27092 and many more).
func message(problems []problem) string {
	var texts []string
	for _, p := range problems {
		value := "Value '" + p.value + "'"
		if p.missing {
			value = "Value null"
		}
		texts = append(texts, fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", value, lowered(p.path), p.constraint))
	}
	plural := ""
	if len(problems) > 1 {
		plural = "s"
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(problems), plural, strings.Join(texts, "; "))
}

// lowered is a path as the common wording has it: names begin with a small letter.
func lowered(path []string) string {
	var names []string
	for _, name := range path {
		names = append(names, strings.ToLower(name[:min(1, len(name))])+name[min(1, len(name)):])
	}
	return strings.Join(names, ".")
}

// dotted is a path as EC2 and RDS have it.
func dotted(path []string) string {
	return strings.ReplaceAll(strings.Join(path, "."), ".member", "")
}
