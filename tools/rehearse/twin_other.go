// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

var errElsewhere = fmt.Errorf("%w: it needs network namespaces, which Linux has and %s has not", twin.ErrUnable, runtime.GOOS)

func makeTwin(context.Context, string, *invocation) error { return errElsewhere }

func (r *rehearsal) packets(context.Context) error {
	r.noTwin = errElsewhere.Error()
	return nil
}

func (r *rehearsal) endTwin(io.Writer) error { return nil }
