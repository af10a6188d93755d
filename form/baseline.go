// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// parts are the parts of an account's baseline with the forms of the ids by which they are adopted; nil for a part that has none.
var parts = map[string]*regexp.Regexp{
	"publicAccess": nil, "launches": nil, "defaultVpc": nil, "passwords": nil, "inspector": nil, "contacts": nil, "supportRole": nil, "budget": nil,
	"guardDuty":      regexp.MustCompile(`^[0-9a-f]{32}$`),
	"securityHub":    accountForm,
	"config":         regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`),
	"accessAnalyzer": regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,254}$`),
	"trail":          regexp.MustCompile(`^arn:aws:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]+$`),
	"costAnomalies":  regexp.MustCompile(`^arn:aws:ce::[0-9]{12}:anomalymonitor/[0-9a-f-]{36}$`),
}

// Parts returns the names of the parts of an account's baseline, in alphabetical order. Package baseline says what each is.
func Parts() []string { return slices.Sorted(maps.Keys(parts)) }

// PartID returns the form of the id by which a part of the baseline is adopted, nil for one that has none, and whether there is such
// a part.
func PartID(name string) (id *regexp.Regexp, known bool) {
	id, known = parts[name]
	return id, known
}

// CheckContactName accepts the name of somebody whom AWS may call (Account Management API reference, PutAlternateContact).
func CheckContactName(name string) error { return checkLength(name, 64) }

// CheckContactTitle accepts what somebody is whom AWS may call.
func CheckContactTitle(title string) error { return checkLength(title, 50) }

func checkLength(text string, most int) error {
	if n := len([]rune(text)); n == 0 || n > most {
		return Text(text, fmt.Sprintf("has %d characters", n), fmt.Sprintf("write 1 to %d", most))
	}
	return nil
}

var phoneForm = regexp.MustCompile(`^[0-9()+ -]{3,25}$`)

// CheckPhone accepts the number of a telephone.
func CheckPhone(number string) error {
	if !phoneForm.MatchString(number) {
		return Text(number, "is not a telephone number", "write it like +49 30 1234567")
	}
	return nil
}
