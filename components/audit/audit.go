// SPDX-License-Identifier: Apache-2.0

// Package audit keeps the account's memory and raises its voice: encrypted log groups with a retention, the CloudTrail
// trail, the alarm topic, and the alarms that somebody must hear.
package audit
