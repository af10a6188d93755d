// SPDX-License-Identifier: Apache-2.0

// Package enginetest tries the policy pack with the real Pulumi engine. Its tests need the toolchain of
// `make toolchain` and are built with the tag "engine":
//
//	make toolchain && go test -tags engine ./policy/enginetest
package enginetest
