// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package moto

import "syscall"

// dieWithParent is empty where the kernel has no parent-death signal: moto ends when its standard input closes.
func dieWithParent() *syscall.SysProcAttr { return nil }

func pinThread() (release func()) { return func() {} }
