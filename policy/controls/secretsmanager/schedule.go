// SPDX-License-Identifier: Apache-2.0

package secretsmanager

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/want"
)

const (
	monthDays = 31
	yearDays  = 366
	months    = 12
)

// scheduleDays is the longest time in days between two runs of a schedule such as "rate(10 days)" or "cron(0 8 1 * ? *)"
// (AWS Secrets Manager user guide, "Schedule expressions"). What cannot be read counts as a year.
func scheduleDays(expression string) float64 {
	kind, rest, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(expression), ")"), "(")
	fields := strings.Fields(rest)
	switch {
	case kind == "rate" && len(fields) == 2:
		if strings.HasPrefix(fields[1], "hour") {
			return float64(want.Int(fields[0])) / 24
		}
		return float64(want.Int(fields[0]))
	case kind == "cron" && len(fields) == 6:
		return cronDays(fields[2], fields[3], fields[4])
	}
	return yearDays
}

// cronDays is the longest time between two runs of a schedule that names days of the month, months and days of the week.
func cronDays(day, month, weekday string) float64 {
	switch every := monthsBetween(month); {
	case every > 1:
		return float64(every * monthDays)
	case weekday != "*" && weekday != "?" && !strings.Contains(weekday, "#"):
		return 7
	case day == "*" || strings.HasPrefix(day, "*/") || strings.HasPrefix(day, "1/"):
		return monthDays / 2
	}
	return monthDays
}

// monthsBetween is the most months between two that a field of a schedule names: "*", "*/3", "1/3" or a list.
func monthsBetween(field string) int {
	if field == "*" || field == "?" {
		return 1
	}
	if _, step, ok := strings.Cut(field, "/"); ok {
		return max(1, want.Int(step))
	}
	if strings.Contains(field, "-") {
		return months
	}
	return months / len(strings.Split(field, ","))
}
