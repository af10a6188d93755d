// SPDX-License-Identifier: Apache-2.0

//go:build browser

package page_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
)

var pictures = flag.String("pictures", "", "folder for the screenshots; empty keeps none")

// browser is a real browser with a page, which has to stay silent and alone: a message on its console, an error, a breach of the
// page's policy and a request other than for the page itself end the test.
type browser struct {
	testing.TB
	tab context.Context

	mutex sync.Mutex
	loud  []string
}

// program is the browser of this machine.
func program(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tb.Fatal("the tests of the report start a browser, and there is no Chromium or Chrome here; install one, on Debian with: apt-get install chromium")
	return ""
}

// show opens a page in a browser.
func show(tb testing.TB, text string) *browser {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "report.html")
	require.NoError(tb, os.WriteFile(path, []byte(text), 0o600))
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program(tb)), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000))
	allocator, stop := chromedp.NewExecAllocator(tb.Context(), options...)
	tb.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(tb.Logf)) // such as events of newer browsers
	tb.Cleanup(closeTab)
	tab, cancel := context.WithTimeout(tab, 2*time.Minute)
	tb.Cleanup(cancel)
	b := &browser{TB: tb, tab: tab}
	own := "file://" + path
	chromedp.ListenTarget(tab, func(event any) {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			b.loud = append(b.loud, fmt.Sprintf("console.%s", e.Type))
		case *runtime.EventExceptionThrown:
			b.loud = append(b.loud, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			b.loud = append(b.loud, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if url := e.Request.URL; strings.TrimSuffix(url, "#matrix") != own && url != "data:," {
				b.loud = append(b.loud, "request for "+url)
			}
		}
	})
	b.run(log.Enable(), network.Enable(), chromedp.Navigate(own), chromedp.WaitReady("body"))
	tb.Cleanup(func() {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		require.Empty(tb, b.loud)
	})
	return b
}

func (b *browser) run(actions ...chromedp.Action) {
	b.Helper()
	require.NoError(b, chromedp.Run(b.tab, actions...))
}

// value is what an expression comes to in the page.
func value[T any](b *browser, expression string) (out T) {
	b.Helper()
	b.run(chromedp.Evaluate(expression, &out))
	return out
}

// press presses keys, one after the other.
func (b *browser) press(keys ...string) {
	b.Helper()
	for _, k := range keys {
		b.run(chromedp.KeyEvent(k))
	}
}

const focused = `document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim()`

func TestAClickShowsThePathHopByHop(t *testing.T) {
	b := show(t, changedPage(t))
	b.run(chromedp.Click(`#matrix button[aria-label^="edge to app: more than intended"]`, chromedp.ByQuery), chromedp.WaitVisible("#sheet[open]", chromedp.ByQuery))
	text := value[string](b, `document.getElementById("sheet").innerText`)
	require.Contains(t, text, "edge → app")
	require.Contains(t, text, "may pass and is not in the table")
	require.Contains(t, text, "Before the change\nas intended")
	require.Regexp(t, `Packet: tcp 10\.10\.128\.\d+:\d+ -> 10\.10\.0\.\d+:\d+, inside the VPC`, text)
	require.Regexp(t, `passes: production-app-from-production-edge-tcp-8443 of production-app allows tcp 22-8443 from production-edge "Requests and health checks`, text)
	require.Greater(t, value[int](b, `document.querySelectorAll("#sheet ol li").length`), 5)
	b.run(chromedp.Click("#sheet form button", chromedp.ByQuery), chromedp.WaitNotVisible("#sheet", chromedp.ByQuery))

	b.run(chromedp.Click(`#matrix button[aria-label^="internet to db: closed"]`, chromedp.ByQuery), chromedp.WaitVisible("#sheet[open]", chromedp.ByQuery))
	text = value[string](b, `document.getElementById("sheet").innerText`)
	require.Contains(t, text, "STOPS: the interface has no public address, so nobody outside can address it")
	require.Contains(t, text, "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS at")
}

func TestAConnectionOfTheTableThatFailsShowsWhatStopsIt(t *testing.T) {
	n := open(t, state(t, `"fromPort":8443,"ipProtocol":"tcp"`, `"fromPort":8443,"ipProtocol":"udp"`))
	b := show(t, write(t, &page.Page{Input: "state.json", Proof: n.Proof()}))
	b.run(chromedp.Click(`#connections tr.blocked button`, chromedp.ByQuery), chromedp.WaitVisible("#sheet[open]", chromedp.ByQuery))
	text := value[string](b, `document.getElementById("sheet").innerText`)
	require.Contains(t, text, "intended but blocked")
	require.Regexp(t, `STOPS: no rule of production-edge allows tcp 8443`, text)
	require.Contains(t, text, "ENI_SG_RULES_MISMATCH at")
	require.Contains(t, value[string](b, `document.querySelector(".verdict").innerText`), "is not as its table says")
}

func TestAllOfItWorksByKeyboard(t *testing.T) {
	b := show(t, changedPage(t))
	b.press(kb.Tab)
	require.Equal(t, "To the matrix", value[string](b, focused))
	b.press(kb.Enter, kb.Tab)
	require.Equal(t, "internet to edge: as intended", strings.Split(value[string](b, focused), ",")[0], "the tab key leads into the matrix")
	b.press(kb.ArrowDown, kb.ArrowRight)
	require.Contains(t, value[string](b, focused), "edge to app: more than intended")
	b.press(kb.Home)
	require.Contains(t, value[string](b, focused), "edge to internet: ")
	b.press(kb.ArrowLeft, kb.ArrowRight, kb.ArrowRight)
	require.Contains(t, value[string](b, focused), "edge to app: ", "there is no cell left of the first")
	b.press(kb.Enter)
	b.run(chromedp.WaitVisible("#sheet[open]", chromedp.ByQuery))
	require.True(t, value[bool](b, `document.getElementById("sheet").contains(document.activeElement)`), "the focus is in the dialog")
	b.press(kb.Escape)
	b.run(chromedp.WaitNotVisible("#sheet", chromedp.ByQuery))
	require.Contains(t, value[string](b, focused), "edge to app: ", "the focus is back where it was")
	before := value[string](b, focused)
	b.press(kb.Tab)
	require.False(t, value[bool](b, `document.getElementById("matrix").contains(document.activeElement)`), "one more tab leads out of the matrix")
	b.run(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(8))) // shift
	require.Equal(t, before, value[string](b, focused))
}

func TestASegmentShowsItsConnectionsOnly(t *testing.T) {
	b := show(t, changedPage(t))
	lines := `document.querySelectorAll(".picture svg .flow").length`
	every := value[int](b, lines)
	require.Positive(t, every)
	require.Positive(t, value[int](b, `document.querySelectorAll(".picture svg .flow.bad").length`))
	b.run(chromedp.Focus(`[data-segment="db"]`, chromedp.ByQuery))
	b.press(kb.Enter)
	require.Equal(t, "true", value[string](b, `document.activeElement.getAttribute("aria-pressed")`))
	require.Equal(t, 1, value[int](b, lines))
	require.Regexp(t, `^Only those of db: 1 of \d+\.$`, value[string](b, `document.getElementById("shown").textContent`))
	require.Equal(t, 1, value[int](b, `[...document.querySelectorAll("#connections tbody tr")].filter(r => r.checkVisibility()).length`))
	b.press(kb.Enter)
	require.Equal(t, every, value[int](b, lines))
	require.Equal(t, []string{"VPC production-vpc", "data tier"}, value[[]string](b, `(() => { const out = []; for (let e = document.querySelector('[data-segment="db"]').closest(".zone"); e; e = e.parentNode.closest(".zone")) out.unshift(e.getAttribute("aria-label")); return out })()`))
}

type named struct {
	Value any `json:"value"`
}

// TestAScreenReaderHearsTheMatrix reads what the browser tells assistive technology.
func TestAScreenReaderHearsTheMatrix(t *testing.T) {
	b := show(t, changedPage(t))
	var tree struct {
		Nodes []struct {
			Ignored bool  `json:"ignored"`
			Role    named `json:"role"`
			Name    named `json:"name"`
		} `json:"nodes"`
	}
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree) // the library's own type lacks values of newer browsers
	}))
	heard := map[any][]any{}
	for _, n := range tree.Nodes {
		if !n.Ignored {
			heard[n.Role.Value] = append(heard[n.Role.Value], n.Name.Value)
		}
	}
	require.Contains(t, heard["grid"], "Matrix")
	require.Contains(t, heard["columnheader"], "bastion")
	require.Contains(t, heard["rowheader"], "bastion")
	require.Contains(t, heard["region"], "The network")
	require.Contains(t, heard["group"], "public tier")
	require.Contains(t, heard["button"], "Path from edge to app")
	require.NotEmpty(t, heard["gridcell"])
	require.Len(t, heard["main"], 1)
	for _, name := range heard["button"] {
		require.NotEmpty(t, name, "every button has a name")
	}
}

// TestBothColourSchemes measures how bright the page is, and that every text stands out from what is behind it as far as WCAG 2.2
// (1.4.3, level AA) asks for.
func TestBothColourSchemes(t *testing.T) {
	b := show(t, changedPage(t))
	for _, scheme := range []string{"light", "dark"} {
		var picture []byte
		b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}), chromedp.FullScreenshot(&picture, 100))
		decoded, err := png.Decode(bytes.NewReader(picture))
		require.NoError(t, err)
		require.Greater(t, decoded.Bounds().Dy(), 1000)
		sum, count := 0, 0
		for y := 0; y < decoded.Bounds().Dy(); y += 7 {
			for x := 0; x < decoded.Bounds().Dx(); x += 7 {
				r, g, b, _ := decoded.At(x, y).RGBA()
				sum, count = sum+int(r+g+b)/3/257, count+1
			}
		}
		if scheme == "light" {
			require.Greater(t, sum/count, 190)
		} else {
			require.Less(t, sum/count, 80)
		}
		require.Empty(t, value[[]string](b, faint), scheme)
		if *pictures != "" {
			require.NoError(t, os.WriteFile(filepath.Join(*pictures, "report-"+scheme+".png"), picture, 0o600))
		}
	}
}

// axe is the source of axe-core, which tools/axe pins and npm brings into the toolchain once.
func axe(tb testing.TB) string {
	tb.Helper()
	pinned, folder := filepath.Join("..", "..", "..", "tools", "axe"), filepath.Join("..", "..", "..", ".toolchain", "axe")
	wanted, err := os.ReadFile(filepath.Join(pinned, "package-lock.json"))
	require.NoError(tb, err)
	if have, err := os.ReadFile(filepath.Join(folder, "package-lock.json")); err != nil || !bytes.Equal(have, wanted) {
		require.NoError(tb, os.MkdirAll(filepath.Dir(folder), 0o750))
		fresh, err := os.MkdirTemp(filepath.Dir(folder), "axe-")
		require.NoError(tb, err)
		require.NoError(tb, os.CopyFS(fresh, os.DirFS(pinned)))
		npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
		npm.Dir = fresh
		out, err := npm.CombinedOutput()
		require.NoError(tb, err, "axe-core could not be installed with npm ci; see that `npm ping` succeeds\n%s", out)
		require.NoError(tb, os.RemoveAll(folder))
		require.NoError(tb, os.Rename(fresh, folder))
	}
	text, err := os.ReadFile(filepath.Join(folder, "node_modules", "axe-core", "axe.min.js"))
	require.NoError(tb, err)
	return string(text)
}

// broken lists the rules of WCAG 2.2, levels A and AA, and of good practice, that axe-core finds broken, and where.
const broken = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html.slice(0, 120)).join(" ")))`

// TestAxeFindsNothingToMend runs axe-core on the page and on an open path, in both colour schemes.
func TestAxeFindsNothingToMend(t *testing.T) {
	b := show(t, changedPage(t))
	b.run(chromedp.Evaluate(axe(t), nil))
	find := func() (found []string) {
		b.run(chromedp.Evaluate(broken, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		return found
	}
	for _, scheme := range []string{"light", "dark"} {
		b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		require.Empty(t, find(), scheme)
	}
	b.run(chromedp.Click(`#matrix button[aria-label^="edge to app: more than intended"]`, chromedp.ByQuery), chromedp.WaitVisible("#sheet[open]", chromedp.ByQuery))
	require.Empty(t, find(), "with a path")
	b.run(chromedp.Evaluate(`document.querySelector("#sheet div").insertAdjacentHTML("beforeend", "<button></button><input>")`, nil))
	require.Len(t, find(), 3, "it finds a control without a name, one without a label and one that is too small")
}

// faint lists the texts with less contrast than 4.5 to 1.
const faint = `(() => {
  const parse = c => (c.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] };
  const out = [];
  for (const e of document.querySelectorAll("body *:not(script)")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (!(ratio >= 4.5)) out.push(e.tagName + " " + e.textContent.slice(0, 40) + " " + ratio.toFixed(2));
  }
  return out;
})()`
