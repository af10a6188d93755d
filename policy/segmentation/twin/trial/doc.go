// SPDX-License-Identifier: Apache-2.0

// Package trial makes the twin of an account's network, opens real connections between all pairs of its hosts, and compares
// every cell of the matrix with what the proof says of it. It needs Linux.
package trial
