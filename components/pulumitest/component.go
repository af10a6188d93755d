// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// What most components are handed and never look into.
const (
	// LogKeyARN is a key that encrypts logs.
	LogKeyARN = "arn:aws:kms:" + Region + ":" + AccountID + ":key/00000000-0000-4000-8000-000000000001"
	// BoundaryARN is a permission boundary.
	BoundaryARN = "arn:aws:iam::" + AccountID + ":policy/boundary"
)

// Component is how the tests of one component make it: C, from arguments A.
type Component[A, C any] struct {
	// Args makes what the component needs, and arguments that pass.
	Args func(*pulumi.Context) (*A, error)
	// New makes the component.
	New func(*pulumi.Context, *A) (*C, error)
	// Options are those of every run.
	Options []Option
}

// Program makes the component from changed arguments, then does more with it.
func (c Component[A, C]) Program(change func(*pulumi.Context, *A) error, more ...func(*pulumi.Context, *C) error) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		args, err := c.Args(ctx)
		if err != nil {
			return err
		}
		if err := change(ctx, args); err != nil {
			return err
		}
		made, err := c.New(ctx, args)
		if err != nil {
			return err
		}
		for _, do := range more {
			if err := do(ctx, made); err != nil {
				return err
			}
		}
		return nil
	}
}

// Build runs the program, which is expected to succeed.
func (c Component[A, C]) Build(tb testing.TB, change func(*pulumi.Context, *A) error, more ...func(*pulumi.Context, *C) error) *Recording {
	tb.Helper()
	return Run(tb, c.Program(change, more...), c.Options...)
}

// With is a change of arguments that needs nothing and cannot fail.
func With[A any](change func(*A)) func(*pulumi.Context, *A) error {
	return func(_ *pulumi.Context, args *A) error {
		change(args)
		return nil
	}
}

// Unchanged leaves the arguments as they are.
func Unchanged[A any](*pulumi.Context, *A) error { return nil }

// Statements reads the statements of a policy document by their Sids.
func Statements(tb testing.TB, document string) map[string]map[string]any {
	tb.Helper()
	var parsed struct{ Statement []map[string]any }
	require.NoError(tb, json.Unmarshal([]byte(document), &parsed), document)
	bySid := map[string]map[string]any{}
	for _, statement := range parsed.Statement {
		sid, named := statement["Sid"].(string)
		require.True(tb, named, "a statement has no Sid: %v", statement)
		require.NotContains(tb, bySid, sid)
		bySid[sid] = statement
	}
	return bySid
}
