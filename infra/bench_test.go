// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// BenchmarkPreviewProduction is the program alone in a preview of the production stack: no engine, no provider.
func BenchmarkPreviewProduction(b *testing.B) {
	settings := settingsOf(b, "production")
	b.ReportAllocs()
	registrations := 0
	for b.Loop() {
		registrations = len(deployed(b, settings, pulumitest.Preview()).Registrations())
	}
	b.ReportMetric(float64(registrations), "registrations/op")
}
