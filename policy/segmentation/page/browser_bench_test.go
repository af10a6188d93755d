// SPDX-License-Identifier: Apache-2.0

//go:build browser

package page_test

import (
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
)

// BenchmarkOpening opens the page of the largest network, until the browser has painted it, and shows a path in it.
func BenchmarkOpening(b *testing.B) {
	text := write(b, &page.Page{Input: "large.json", Proof: large(b, 50, 100000, 5000, 100000)})
	for b.Loop() {
		opened := show(b, text)
		var painted float64 // milliseconds since the navigation began, once a whole frame has been drawn
		opened.run(chromedp.Evaluate(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))`, &painted,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		b.ReportMetric(painted/1000, "s-to-paint")
		require.Equal(b, 22800, value[int](opened, `document.querySelectorAll("#matrix button").length`))
		clicked := value[float64](opened, `(() => { const began = performance.now(); document.querySelector("#connections button").click(); return performance.now() - began })()`)
		b.ReportMetric(clicked/1000, "s-to-path")
		require.Positive(b, value[int](opened, `document.querySelectorAll("#sheet[open] li").length`))
	}
}
