// SPDX-License-Identifier: Apache-2.0

package packtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

const boxType = "aws:s3/bucketV2:BucketV2"

// recorder is a test that notes what it is told instead of failing.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r)
}

// play runs a part of a test that may fail, and returns what it said.
func play(t *testing.T, part func(testing.TB)) (said string) {
	t.Helper()
	r := &recorder{TB: t}
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		said = strings.Join(r.said, "\n")
	}()
	part(r)
	return ""
}

func boxes(t *testing.T, check func(*pack.Case)) *pack.Pack {
	t.Helper()
	p := &pack.Pack{Name: "boxes", Version: "1.0.0"}
	require.NoError(t, p.Load(
		&pack.Control{ID: "box-locked", Title: "Boxes are locked", Why: "Things get lost.", Fix: "Lock it.", Severity: pack.High,
			Types: []string{boxType}, Check: check},
		&pack.Control{ID: "box-one", Title: "There is one box", Why: "Two are too many.", Fix: "Remove one.", Severity: pack.Low, Stack: true,
			Check: func(k *pack.Case) {
				if n := len(k.Stack.Of(boxType)); n > 1 {
					k.Report(pack.Value{}, "there are %d boxes", n)
				}
			}},
	))
	return p
}

func locked(k *pack.Case) { k.Require(k.Get("locked").IsTrue()) }

const twoBoxes = `
- {$name: open, locked: false}
- {$name: later, locked: "@open.locked"}
`

func TestDiagnosticsAreTheEngines(t *testing.T) {
	p := boxes(t, locked)
	scene := packtest.YAML(t, boxType, twoBoxes)
	got, err := packtest.Diagnostics(t, p, "", scene, packtest.Preview)
	require.NoError(t, err)
	require.Equal(t, `[mandatory] [high] box-locked
    BucketV2 "open": locked is false. Things get lost. Fix: Lock it.
[undecided] box-locked on BucketV2 later: waits for locked
[advisory] [low] box-one
    Stack "the stack": there are 2 boxes. Two are too many. Fix: Remove one.
[advisory] [medium] pack-governance
    1 checks wait for values that are known only after a deployment, and run again then: box-locked on later (waits for locked)
`, got)

	got, err = packtest.Diagnostics(t, p, `{"all":"advisory","box-one":"disabled"}`, scene, packtest.State)
	require.NoError(t, err)
	require.Equal(t, `[advisory] [high] box-locked
    BucketV2 "open": locked is false. Things get lost. Fix: Lock it.
[advisory] [high] box-locked
    BucketV2 "later": locked is "false". Things get lost. Fix: Lock it.
`, got)

	_, err = packtest.Diagnostics(t, p, `{"box-lokked":"advisory"}`, scene, packtest.State)
	require.ErrorContains(t, err, `did you mean "box-locked"`)
}

func TestGoldenTellsADifference(t *testing.T) {
	p := boxes(t, locked)
	scene := packtest.YAML(t, boxType, twoBoxes)
	file := filepath.Join(t.TempDir(), "boxes.golden")
	golden := func(tb testing.TB) {
		tb.Helper()
		packtest.Golden(tb, p, "", scene, packtest.Preview, file)
	}
	require.Contains(t, play(t, golden), "start the test with -update")
	text, err := packtest.Diagnostics(t, p, "", scene, packtest.Preview)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	require.Empty(t, play(t, golden))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(text, "get lost", "are lost", 1)), 0o600))
	said := play(t, golden)
	require.Contains(t, said, "Things are lost")
	require.Contains(t, said, "Things get lost")
}

// TestBlanksShowAnUnsoundControl plays a control that takes what it cannot see for what it wants to see.
func TestBlanksShowAnUnsoundControl(t *testing.T) {
	hasty := func(k *pack.Case) {
		if open, known := k.Get("locked").Bool(); known && !open {
			k.Report(k.Get("locked"))
		}
	}
	var text yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(`{$name: open, locked: false}`), &text))
	scene, err := packtest.ParseScene(text.Content[0], boxType)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		check func(*pack.Case)
		want  pack.Outcome
	}{
		"sound": {locked, pack.Undecided},
		"hasty": {hasty, pack.Pass},
	} {
		blanks, err := packtest.Blanks(boxes(t, c.check), "box-locked", scene, nil)
		require.NoError(t, err)
		require.Len(t, blanks, 1, name)
		require.Equal(t, c.want, blanks[0].Outcome, name)
	}
}
