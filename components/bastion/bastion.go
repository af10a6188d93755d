// SPDX-License-Identifier: Apache-2.0

// Package bastion builds the one door through which an operator enters.
package bastion
