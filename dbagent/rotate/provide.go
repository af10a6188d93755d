// SPDX-License-Identifier: Apache-2.0

package rotate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// engine and tls are the fields of a value that are the same in each: what AWS's own clients look for ("engine"), and how to connect.
const (
	engine = "postgres"
	tls    = "verify-full"
)

// Provide sees to it that the current value of a user's secret gets into the database, and reports whether it had to change it: a
// secret without a value, as a deployment makes it, gets the first one, and so does one about another server, such as that from which
// this one was restored. Whoever reads the secret later finds a password that works, before any rotation. What gets in is left alone,
// and of two alternating users the one that is current stays so. Cut off at any point, a second call comes to the end.
func (r *Rotation) Provide(ctx context.Context, secret, database string, user declare.User) (changed bool, err error) {
	want := &Credentials{Host: r.Host, Port: r.Port, Database: database, User: user.Name, Login: user.Login}
	if works, _, err := r.provided(ctx, secret, want); err != nil || works {
		return false, err
	}
	err = r.Server.Exclusive(ctx, secret, func(ctx context.Context) error {
		works, now, err := r.provided(ctx, secret, want) // Somebody else may have been faster.
		if err != nil || works {
			return err
		}
		changed = true
		return r.replace(ctx, secret, want, now)
	})
	return changed, err
}

// provided tells whether the current value is as wanted and gets in. What it holds is returned, empty if there is none that can be read.
func (r *Rotation) provided(ctx context.Context, secret string, want *Credentials) (works bool, now *Credentials, err error) {
	text, err := r.Store.Value(ctx, secret, "", current)
	if errors.Is(err, ErrNoValue) {
		return false, &Credentials{}, nil
	}
	if err != nil {
		return false, nil, fmt.Errorf("reading %s of %s: %w", current, secret, err)
	}
	now, err = parse(text)
	if err != nil {
		return false, &Credentials{}, nil //nolint:nilerr // Nobody gets in with it.
	}
	if !slices.Contains(want.users(), now.User) {
		now.User = ""
	}
	if now.User == "" || now.Password == "" || now.Host != want.Host || now.Port != want.Port || now.Database != want.Database || now.Login != want.Login {
		return false, now, nil
	}
	works, err = r.login(ctx, now)
	return works, now, err
}

// replace gives the secret a value with another password, and the user that password, in the order of a rotation.
func (r *Rotation) replace(ctx context.Context, secret string, want, now *Credentials) error {
	next := *want
	if now.User != "" {
		next.User = now.User
	}
	next.Password = r.password()
	value, err := now.with(map[string]any{
		"engine": engine, "host": next.Host, "port": next.Port, "dbname": next.Database, "username": next.User, "password": next.Password,
		"rotation": next.Login, "sslmode": tls,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", secret, err)
	}
	version := rand.Text() + rand.Text() // Secrets Manager wants 32 to 64 characters.
	if err := r.Store.Propose(ctx, secret, version, value); err != nil {
		return fmt.Errorf("writing a version of %s: %w", secret, err)
	}
	if err := r.Server.SetPassword(ctx, next.User, next.Password); err != nil {
		return err
	}
	works, err := r.login(ctx, &next)
	if err == nil && !works {
		err = fmt.Errorf("the server refuses %q in the database %q with the password that it was just given; the current version of %s stays",
			next.User, next.Database, secret)
	}
	if err != nil {
		return err
	}
	return r.advance(ctx, Event{Secret: secret, Version: version})
}
