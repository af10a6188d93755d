// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

func own(t *testing.T) *pack.Pack {
	t.Helper()
	p := &pack.Pack{Name: "own", Version: "0.1.0"}
	if err := p.Load(owned); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFixtures plays the scenes in testdata as a preview, as a state, and with every single value unknown.
func TestFixtures(t *testing.T) {
	p := own(t)
	fixtures, err := packtest.LoadFixtures("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fixtures {
		packtest.Check(t, p, f)
	}
}

// TestWords compares what a user reads with golden files, in a preview and once deployed.
func TestWords(t *testing.T) {
	scene := packtest.YAML(t, "aws:s3/bucketV2:BucketV2", `
- {$name: files}
- {$name: later, tags: {Owner: "@files.arn"}}
`)
	packtest.Golden(t, own(t), "", scene, packtest.Preview, "testdata/preview.golden")
	packtest.Golden(t, own(t), `{"bucket-owned":"advisory"}`, scene, packtest.State, "testdata/state.golden")
}
