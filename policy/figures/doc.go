// SPDX-License-Identifier: Apache-2.0

// Package figures measures the policy pack. Print all figures with
//
//	go test -run '^$' -bench . -benchtime 2s ./policy/figures
package figures
