// SPDX-License-Identifier: Apache-2.0

// Package audit keeps the account's memory: the CloudTrail trail, and the alarms on what it records.
package audit
