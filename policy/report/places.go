// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// places tells resources of one type and name apart: by URN, within what each of them stands. Two of them never have the same
// type, name and types of parents, because their URN would be the same.
func places(resources []*pack.Resource) map[string]string {
	byURN := make(map[string]*pack.Resource, len(resources))
	alike := map[[2]string]int{}
	for _, r := range resources {
		byURN[r.URN] = r
		alike[[2]string{r.Type, r.Name}]++
	}
	out := map[string]string{}
	for _, r := range resources {
		if alike[[2]string{r.Type, r.Name}] < 2 {
			continue
		}
		above := ""
		seen := map[string]bool{r.URN: true}
		for up := byURN[r.Parent]; up != nil && !seen[up.URN] && up.Type != "pulumi:pulumi:Stack"; up = byURN[up.Parent] {
			seen[up.URN] = true
			above += fmt.Sprintf(" in %s %q", up.ShortType(), up.Name)
		}
		if above == "" {
			above = " at the top of the stack"
		}
		out[r.URN] = above[1:]
	}
	return out
}

// Named writes a resource for a line of text.
func Named(token, name, place string) string {
	text := fmt.Sprintf("%s %q", pack.Subject{Type: token}.ShortType(), name)
	if place != "" {
		text += " " + place
	}
	return text
}
