// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"slices"
)

// spread is the least, the middle and the greatest of some numbers.
type spread struct{ min, median, max float64 }

func spreadOf(list []float64) spread {
	if len(list) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(list))
	return spread{sorted[0], median(sorted), sorted[len(sorted)-1]}
}

// median of numbers that are sorted.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// gain is how much more b is than a, as a part of a, in the middle of all pairs. Between low and high the true
// middle lies with a certainty of at least 95 %, whatever the distribution; known is false when there are too
// few pairs to say so.
type gain struct {
	median, low, high float64
	known             bool
}

func gainOf(a, b []float64) gain {
	parts := make([]float64, 0, len(a))
	for i := range min(len(a), len(b)) {
		parts = append(parts, b[i]/a[i]-1)
	}
	if len(parts) == 0 {
		return gain{}
	}
	slices.Sort(parts)
	g := gain{median: median(parts)}
	if k := rank(len(parts)); k > 0 {
		g.low, g.high, g.known = parts[k-1], parts[len(parts)-k], true
	}
	return g
}

// rank is the largest k for which the k-th least and the k-th greatest of n numbers enclose the median with at
// least 95 % (the sign test), or 0 if there is none.
func rank(n int) int {
	below, k := 0.0, 0
	for i := range n {
		below += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
		if below > 0.025 {
			break
		}
		k = i + 1
	}
	return k
}

func logChoose(n, k int) float64 {
	gamma := func(x int) float64 {
		v, _ := math.Lgamma(float64(x))
		return v
	}
	return gamma(n+1) - gamma(k+1) - gamma(n-k+1)
}
