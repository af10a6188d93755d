// SPDX-License-Identifier: Apache-2.0

package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Calendar is what a store knows of the rotation of a secret.
type Calendar struct {
	// Enabled tells whether anybody rotates the secret.
	Enabled bool
	// Last is when it rotated; if it never has, when it was made.
	Last time.Time
}

// Overdue asks for secrets whose rotation nobody begins: a failed one is heard of by itself, one that is not begun is not.
type Overdue struct {
	// Secrets are their ARNs.
	Secrets []string `json:"secrets"`
	// Days is the time between two rotations, in days.
	Days int `json:"days"`
}

// grace is how much later than Days a rotation may be: Secrets Manager counts whole days, and its window is open for some hours.
const grace = 24 * time.Hour

// Check reports all that are overdue, each with the cure.
func (o *Overdue) Check(ctx context.Context, calendar func(ctx context.Context, secret string) (Calendar, error), now time.Time) error {
	if o.Days < 1 || len(o.Secrets) == 0 {
		return errors.New(`overdue: secrets and days are missing; send {"overdue": {"secrets": ["arn"], "days": 8}}`)
	}
	var problems []error
	for _, secret := range slices.Sorted(slices.Values(o.Secrets)) {
		known, err := calendar(ctx, secret)
		switch late := now.Sub(known.Last) - time.Duration(o.Days)*24*time.Hour; {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: %w", secret, err))
		case !known.Enabled:
			problems = append(problems, fmt.Errorf("%s: nobody rotates it any more; deploy again, or run aws secretsmanager rotate-secret", secret))
		case late > grace:
			problems = append(problems, fmt.Errorf("%s: its rotation is overdue by %d days, the last was at %s; look for its events in the trail, and run aws secretsmanager rotate-secret",
				secret, int(late.Hours()/24), known.Last.UTC().Format(time.RFC3339)))
		}
	}
	return errors.Join(problems...)
}
