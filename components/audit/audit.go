// SPDX-License-Identifier: Apache-2.0

// Package audit keeps the account's memory and raises its voice: encrypted log groups with a retention, the CloudTrail
// trail, the alarm topic, and the alarms that somebody must hear.
package audit

import "fmt"

// missing is the error about a field that must be given.
func missing(field, cure string) error { return fmt.Errorf("%s: missing; %s", field, cure) }
