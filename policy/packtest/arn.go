// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
)

// account and region are where scenes are played.
const (
	account = "123456789012"
	region  = "eu-central-1"
)

// arn is the ARN of a resource as AWS would write it, with the resource's name wherever AWS would make an id.
func arn(token, name string) string {
	form := awstypes.Get(token).ARN
	if form == "" {
		form = "arn:aws:" + strings.Split(strings.TrimPrefix(token, "aws:"), "/")[0] + ":{region}:{account}:{name}"
	}
	return awstypes.Fill(form, func(p awstypes.Placeholder) string {
		switch p.Kind {
		case "account":
			return account
		case "region":
			return region
		case "hex", "uuid":
			return strings.Repeat("1", max(1, p.Length))
		}
		return name
	})
}

// isID tells whether an output of a type holds the id of the resource a second time.
func isID(token, output string) bool { return awstypes.Get(token).Outputs[output] == "{id}" }
