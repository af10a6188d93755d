// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import (
	"context"
	"errors"
	"runtime"
)

func makeTwin(context.Context, string, string, bool) error {
	return errors.New("the twin needs network namespaces, which Linux has and " + runtime.GOOS + " has not")
}
