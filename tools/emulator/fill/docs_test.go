// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// services are the names that docs/emulator.md has for services.
var services = map[string]string{
	"Access Analyzer": "access-analyzer", "Auto Scaling": "autoscaling", "Backup": "backup", "Budgets": "budgets", "CloudTrail": "cloudtrail", "CloudWatch Logs": "logs", "Cost Explorer": "ce", "EC2": "ec2", "ELB": "elbv2", "GuardDuty": "guardduty", "IAM": "iam", "Inspector": "inspector2", "KMS": "kms", "Lambda": "lambda", "RDS": "rds", "Route 53 Resolver": "route53resolver", "S3": "s3", "Secrets Manager": "secretsmanager", "Security Hub": "securityhub", "Service Quotas": "servicequotas", "WAF": "wafv2",
}

// TestDocumentationListsEveryOperation compares the operations that have a handler with the rows of the documentation.
func TestDocumentationListsEveryOperation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/emulator.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "## Operations that the gateway answers or corrects")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	documented := map[operation]bool{}
	quoted := regexp.MustCompile("`([A-Z][A-Za-z*]+)`")
	for title, service := range services {
		for _, row := range regexp.MustCompile(`(?m)^\| `+title+`[ ,]([^|]*)`).FindAllStringSubmatch(table, -1) {
			for _, action := range quoted.FindAllStringSubmatch(row[1], -1) {
				documented[operation{service, action[1]}] = true
			}
			if strings.Contains(row[1], "any call") {
				documented[operation{service, "*"}] = true
			}
		}
	}
	handled := New(DatabaseBacking{}).handlers
	for of := range handled {
		require.True(t, anyMatches(documented, of, func(pattern, action string) (string, string) { return pattern, action }), "%s %s is not documented", of.service, of.action)
	}
	for of := range documented {
		require.True(t, anyMatches(handled, of, func(action, pattern string) (string, string) { return pattern, action }), "%s %s has no handler", of.service, of.action)
	}
}

// anyMatches tells whether one of the operations goes with another one; arrange says which action is the pattern.
func anyMatches[V any](operations map[operation]V, other operation, arrange func(one, other string) (pattern, action string)) bool {
	for one := range operations {
		pattern, action := arrange(one.action, other.action)
		if matched, err := path.Match(pattern, action); err == nil && matched && one.service == other.service {
			return true
		}
	}
	return false
}
