// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"regexp"
	"slices"

	"github.com/bulkhead-iac/bulkhead/form"
)

// accountID adds what only YAML makes of an id.
func accountID(s string) error {
	if form.CheckAccountID(s) == nil {
		return nil
	}
	return form.Text(s, "is not an AWS account id", "write all 12 digits in quotes, because YAML drops leading zeros from a bare number")
}

var profileForm = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// profile is a plain file name: it becomes a part of a path.
func profile(s string) error {
	if profileForm.MatchString(s) {
		return nil
	}
	return form.Text(s, "is not the name of a profile",
		"name a file of policy/profiles without .json, in lower-case letters, digits and hyphens, such as production")
}

// baseEndpoints are what instances need in order to be listed by Systems Manager, to log, and to read their secrets. They reach
// AWS in no other way.
var baseEndpoints = []string{"ssm", "secretsmanager", "logs", "kms"}

// otherEndpoints are the further services that a network can have an endpoint for.
func otherEndpoints() []string {
	return slices.DeleteFunc(form.EndpointServices(), func(s string) bool { return slices.Contains(baseEndpoints, s) })
}

func instances(n int) error { return form.CheckBetween(n, 1, form.MaxInstances, "instances") }

// maxStorage leaves room for a tenth above the smallest volume; a rule compares it with the
// volume of this configuration.
func maxStorage(gb int) error { return form.CheckMaxStorage(gb, form.MinStorageGB) }
