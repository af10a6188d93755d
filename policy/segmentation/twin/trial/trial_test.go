// SPDX-License-Identifier: Apache-2.0

//go:build kernel && linux

package trial_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
)

func TestMain(m *testing.M) {
	within, code, err := twin.Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if within {
		code = m.Run()
	}
	os.Exit(code)
}

func TestRehearsed(t *testing.T) {
	dir := os.Getenv("REHEARSED")
	net, err := awsfiles.Read(dir + "/account")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir + "/state.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := export.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	table, err := stack.Table(d.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	x, err := trial.New(net, table)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := x.Up(); err != nil {
		t.Fatal(err)
	}
	t.Log("up", time.Since(start))
	o, err := x.Run()
	if err != nil {
		t.Fatal(err)
	}
	o.Text(os.Stdout)
	if !o.Agrees() {
		t.Error("disagrees")
	}
}
