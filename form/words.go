// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// reasonForm is a sentence rather than a word, in what the value of a tag may hold; the
// narrowest are those of RDS (RDS API reference, Tag).
var reasonForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} _.:/=+\-@]{9,255}$`)

// CheckReason accepts a written reason for a weaker setting. It becomes the value of a tag.
func CheckReason(reason string) error {
	lower := strings.ToLower(reason)
	switch {
	case !reasonForm.MatchString(reason):
		return Text(reason, "is not a valid reason", "write 10 to 256 letters, digits, spaces or any of _.:/=+-@, beginning with a letter or digit (it becomes a tag)")
	case strings.HasPrefix(lower, "aws:") || strings.HasPrefix(lower, "rds:"):
		return Text(reason, "begins with a word that AWS keeps for its own tags", "begin with another word")
	}
	return nil
}

// DefaultLogDays is how long logs are kept unless somebody chooses, in days: a year.
const DefaultLogDays = 365

// logDays are the retentions that CloudWatch Logs accepts, in days
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
var logDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// CheckLogDays accepts a retention that CloudWatch Logs offers, in days.
func CheckLogDays(days int) error {
	at, exact := slices.BinarySearch(logDays, days)
	if exact {
		return nil
	}
	cure := fmt.Sprintf("the longest is %d", logDays[len(logDays)-1])
	if at < len(logDays) {
		cure = fmt.Sprintf("the next longer one is %d", logDays[at])
	}
	return Number(days, "is not a retention that CloudWatch Logs accepts", cure)
}

// MaxEnvironmentName is how long the name of an environment may be.
const MaxEnvironmentName = 15

// MaxProjectName is how long the name of a project may be.
const MaxProjectName = 20

// MaxServerName is how long the name of a component with servers may be, its environment's included.
const MaxServerName = 40

var serverName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// CheckServerName accepts the name of a component with servers, which becomes part of the names of its resources.
func CheckServerName(name string) error {
	if len(name) > MaxServerName || !serverName.MatchString(name) {
		return Text(name, "is not a valid name for servers, which becomes part of the names of AWS resources",
			fmt.Sprintf("use 1 to %d lower-case letters, digits and hyphens, beginning with a letter", MaxServerName))
	}
	return nil
}

var permissionSet = regexp.MustCompile(`^[\w+=,.@-]{0,32}$`)

// CheckPermissionSet accepts the name of a permission set (IAM Identity Center API reference, CreatePermissionSet), or none.
func CheckPermissionSet(name string) error {
	if !permissionSet.MatchString(name) {
		return Text(name, "is not the name of a permission set", "use up to 32 letters, digits and + = , . @ _ -")
	}
	return nil
}

var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// takenNames are the beginnings that AWS refuses in the name of one of its resources.
var takenNames = []struct {
	form *regexp.Regexp
	what string
}{
	// EC2 API reference, CreateSecurityGroup: "Cannot start with sg-".
	{regexp.MustCompile(`^sg(-|$)`), "begins like the id of a security group, which AWS refuses for its name"},
	// ELB API reference, CreateLoadBalancer: "must not begin with internal-".
	{regexp.MustCompile(`^internal(-|$)`), "begins like the address of an internal load balancer, which AWS refuses for its name"},
	// Systems Manager API reference, CreateDocument: prefixes reserved by AWS.
	{regexp.MustCompile(`^(aws|amazon|amzn)`), "begins with a name that AWS keeps for its own Session Manager documents"},
	// S3 user guide, "General purpose bucket naming rules"; "xn--" has two hyphens anyway.
	{regexp.MustCompile(`^sthree(-|$)`), "begins with a name that S3 keeps for its own buckets"},
	// RDS API reference, CreateDBParameterGroup.
	{regexp.MustCompile(`--`), "has two hyphens in a row, which RDS refuses in the name of a parameter group"},
}

// CheckEnvironmentName accepts the name of an environment, which becomes part of the names
// of what is deployed.
func CheckEnvironmentName(name string) error {
	return checkName(name, "environment", "staging", MaxEnvironmentName)
}

// CheckProjectName accepts the name of a project, which begins the names of what is
// deployed.
func CheckProjectName(name string) error {
	return checkName(name, "project", "shop", MaxProjectName)
}

func checkName(name, what, example string, longest int) error {
	if len(name) > longest || !nameForm.MatchString(name) {
		return Text(name, "is not a valid name for the "+what+", which becomes part of the names of AWS resources",
			fmt.Sprintf("use 1 to %d lower-case letters, digits and inner hyphens, beginning with a letter", longest))
	}
	for _, taken := range takenNames {
		if taken.form.MatchString(name) {
			return Text(name, taken.what, "call the "+what+" something else, such as "+example)
		}
	}
	return nil
}
