// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

// BenchmarkProduction proves our own production stack, from its resources to the finished matrix.
func BenchmarkProduction(b *testing.B) {
	text, err := os.ReadFile("../hardening/testdata/production.json")
	require.NoError(b, err)
	held := scenes.Peak()
	for b.Loop() {
		d, err := export.Read(bytes.NewReader(text))
		require.NoError(b, err)
		table, err := stack.Table(d.Inputs)
		require.NoError(b, err)
		p, err := segmentation.Prove(stack.Of(d, nil), table)
		require.NoError(b, err)
		require.True(b, p.Holds())
	}
	b.ReportMetric(float64(held())/mega, "peak-MB")
}

// What the largest network may take, on two cores.
const (
	mega       = 1e6
	mostTime   = 60 // seconds
	mostMemory = 4 << 30
)

// BenchmarkAllPairs judges every ordered pair of classes, and the internet with each. The exponent is that of the growth since the first
// size: with 1, twice the interfaces take twice as long. The peak is of the whole process, the network with it.
func BenchmarkAllPairs(b *testing.B) {
	var first float64
	for _, size := range []struct {
		name                           string
		vpcs, endpoints, groups, rules int
	}{{"1k", 1, 1000, 300, 3000}, {"10k", 5, 10000, 1000, 10000}, {"100k", 50, 100000, 5000, 100000}} {
		b.Run(size.name, func(b *testing.B) {
			held := scenes.Peak()
			net := scenes.Large(size.vpcs, size.endpoints, size.groups, size.rules)
			for b.Loop() {
				e := reach.New(net)
				classes := append(e.Classes(), e.InternetEnd())
				open := 0
				for _, x := range classes {
					for _, y := range classes {
						if r := e.Between(x, y); !r.May.Empty() {
							open++
						}
					}
				}
				b.ReportMetric(float64(len(classes)), "classes")
				b.ReportMetric(float64(open), "open")
			}
			took, peak := b.Elapsed().Seconds()/float64(b.N), held()
			b.ReportMetric(float64(peak)/mega, "peak-MB")
			require.Less(b, took, float64(mostTime))
			require.Less(b, peak, uint64(mostMemory))
			if first == 0 {
				first = took
			} else {
				b.ReportMetric(math.Log(took/first)/math.Log(float64(size.endpoints)/1000), "exponent")
			}
		})
	}
}

// BenchmarkAsk asks about two interfaces of the largest network, which is loaded before: what explain takes.
func BenchmarkAsk(b *testing.B) {
	n, err := segmentation.Open(scenes.Large(50, 100000, 5000, 100000), nil)
	require.NoError(b, err)
	for b.Loop() {
		for _, pair := range [][2]string{{"eni-0-0", "eni-0-1"}, {"eni-0-0", "eni-3-7"}} {
			a, err := n.Ask(pair[0], pair[1], flow.Everything)
			require.NoError(b, err)
			require.NotNil(b, a.Path)
		}
	}
}
