// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// large is the proof of a network of VPCs with three segments each, one for each of their subnets.
func large(tb testing.TB, vpcs, endpoints, groups, rules int) *segmentation.Proof {
	tb.Helper()
	table := &intent.Table{}
	for v := range vpcs {
		for i, tier := range []intent.Tier{"public", "app", "data"} {
			table.Segments = append(table.Segments, intent.Segment{Name: fmt.Sprintf("%s-%d", tier, v), Tier: tier, What: intent.Words{fmt.Sprintf("subnet:subnet-%d-%d", v, i)}})
		}
	}
	require.NoError(tb, table.Settle())
	p, err := segmentation.Prove(scenes.Large(vpcs, endpoints, groups, rules), table)
	require.NoError(tb, err)
	return p
}

// BenchmarkPage proves networks with segments and writes their pages.
func BenchmarkPage(b *testing.B) {
	for _, size := range []struct {
		name                           string
		vpcs, endpoints, groups, rules int
	}{{"1k", 1, 1000, 300, 3000}, {"10k", 5, 10000, 1000, 10000}, {"100k", 50, 100000, 5000, 100000}} {
		b.Run(size.name, func(b *testing.B) {
			held := scenes.Peak()
			for b.Loop() {
				p := large(b, size.vpcs, size.endpoints, size.groups, size.rules)
				var out bytes.Buffer
				require.NoError(b, (&page.Page{Input: size.name, Proof: p}).Write(&out))
				b.ReportMetric(float64(out.Len())/1e6, "MB")
				b.ReportMetric(float64(len(p.Cells)), "cells")
			}
			peak := held()
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
			require.Less(b, peak, uint64(4<<30))
		})
	}
}
