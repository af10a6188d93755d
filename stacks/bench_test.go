// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// yamlList is a YAML list of 20,000 texts.
func yamlList(text func(i int) string) string {
	var list strings.Builder
	for i := range 20_000 {
		list.WriteString("\n    - " + text(i))
	}
	return list.String()
}

// BenchmarkCheckFiles reads what somebody's generator got wrong: `make check` must answer at once all the same.
func BenchmarkCheckFiles(b *testing.B) {
	const keys = 200_000
	known := func(i int) string { return fmt.Sprintf("203.%d.%d.%d/32", i>>16, i>>8&0xff, i&0xff) }
	unknown := func(prefix string) string {
		var text strings.Builder
		for i := range keys {
			fmt.Fprintf(&text, "  %sdatabaseClass%d: x\n", prefix, i)
		}
		return text.String()
	}
	const list = "bulkhead:bastionAllowedCidrs:\n    - 203.0.113.0/28\n    - 2001:db8:20::/48"
	for _, bb := range []struct{ name, was, is string }{
		{"addresses", list, "bulkhead:bastionAllowedCidrs:" + yamlList(known)},
		{"nested addresses", list, "bulkhead:bastionAllowedCidrs:\n    - 203.0.0.0/24" + yamlList(known)},
		{"wrong addresses", list, "bulkhead:bastionAllowedCidrs:" + yamlList(func(i int) string { return fmt.Sprintf("10.%d.%d.1/24", i>>8, i&0xff) })},
		{"wrong services", list, list + "\n  bulkhead:interfaceEndpoints:" + yamlList(func(i int) string { return fmt.Sprintf("service%d", i) })},
		{"relaxations", list, list + "\n  bulkhead:wafRelaxations:" + yamlList(func(i int) string { return fmt.Sprintf("CommonRules.Rule%d because people upload photos", i) })},
		{"unknown keys", "config:\n", "config:\n" + unknown(ours+":")},
		{"unknown namespaces", "config:\n", "config:\n" + unknown("bulkheads:")},
		{"mislaid keys", "config:\n", strings.ReplaceAll(unknown(""), "  ", "") + "config:\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			dir := directory(b, map[string][2]string{FileName("staging"): {bb.was, bb.is}})
			for b.Loop() {
				_, err := CheckFiles(dir, "staging")
				require.Error(b, err)
				require.Less(b, strings.Count(err.Error(), "\n"), 60)
			}
		})
	}
}
