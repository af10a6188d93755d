// SPDX-License-Identifier: Apache-2.0

// Package identity decides who may do what in an account: roles with the least they need, the permission boundary that
// none of them can cross, and the password policy of the account's users.
//
// Policy documents are plain values ([Document], [Statement]) that are checked before they become text: an Allow of every
// action or on every resource needs a written reason.
package identity
