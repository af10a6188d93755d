// SPDX-License-Identifier: Apache-2.0

// Package rotate gives database users new passwords in the four steps of AWS Secrets Manager (user guide, "Rotation function
// templates"). Every step may be repeated, cut off at any point and run beside another: the version that is current logs in
// all the while, except that of a single user between setSecret and finishSecret.
package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// The stages of a version of a secret.
const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

var (
	// ErrNoValue is a Store's answer when a version has no value yet.
	ErrNoValue = errors.New("the version of the secret has no value")
	// ErrTaken is a Store's answer when a version has another value already.
	ErrTaken = errors.New("the version of the secret has another value already")
)

// Store keeps the versions of secrets, as AWS Secrets Manager does.
type Store interface {
	// Stages are those of each version.
	Stages(ctx context.Context, secret string) (map[string][]string, error)
	// Value is that of one version with one stage, or ErrNoValue.
	Value(ctx context.Context, secret, version, stage string) (string, error)
	// Propose gives a version its value and the stage AWSPENDING. The same value again is no error, another is ErrTaken.
	Propose(ctx context.Context, secret, version, value string) error
	// Promote moves AWSCURRENT from one version to another, and fails when it is elsewhere. From "" is from none.
	Promote(ctx context.Context, secret, to, from string) error
}

// Server is a database server of whichever engine.
type Server interface {
	// Login reports whether a user gets in: false when the server refuses it; the error is for everything else.
	Login(ctx context.Context, database, user, password string) (bool, error)
	// SetPassword gives a user that the agent has made another password.
	SetPassword(ctx context.Context, user, password string) error
	// Exclusive runs do while nobody else runs one of the same name.
	Exclusive(ctx context.Context, name string, do func(ctx context.Context) error) error
}

// Event is what Secrets Manager sends.
type Event struct {
	Step    string `json:"Step"`
	Secret  string `json:"SecretId"`
	Version string `json:"ClientRequestToken"`
}

// Rotation rotates the users of one server.
type Rotation struct {
	Store  Store
	Server Server
	Host   string // The server's name; a secret that names another is refused.
	Port   uint16 // The server's port, for Provide.
	// Password makes one. Default: 32 letters and digits.
	Password func() string
}

// Step does one of the four. An error leaves the current version as it is.
func (r *Rotation) Step(ctx context.Context, event Event) error {
	step, known := map[string]func(*Rotation, context.Context, Event) error{
		"createSecret": (*Rotation).create, "setSecret": (*Rotation).set, "testSecret": (*Rotation).test, "finishSecret": (*Rotation).finish,
	}[event.Step]
	if !known {
		return fmt.Errorf("the step %q is unknown; Secrets Manager knows createSecret, setSecret, testSecret and finishSecret", event.Step)
	}
	if event.Secret == "" || event.Version == "" {
		return fmt.Errorf("the event of step %s names no secret or no version; let Secrets Manager send it", event.Step)
	}
	stages, err := r.Store.Stages(ctx, event.Secret)
	if err != nil {
		return fmt.Errorf("reading the versions of %s: %w", event.Secret, err)
	}
	has, there := stages[event.Version]
	switch {
	case slices.Contains(has, current):
		return nil // An earlier try has come to the end.
	case slices.Contains(has, pending), !there && event.Step == "createSecret":
		return step(r, ctx, event)
	}
	return fmt.Errorf("%s: version %s of %s is not the one that is pending; another rotation has begun since", event.Step, event.Version, event.Secret)
}

// create proposes the next user and password, once.
func (r *Rotation) create(ctx context.Context, event Event) error {
	_, err := r.Store.Value(ctx, event.Secret, event.Version, pending)
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrNoValue) {
		return fmt.Errorf("reading the version %s of %s: %w", event.Version, event.Secret, err)
	}
	now, err := r.read(ctx, event.Secret, "", current)
	if err != nil {
		return err
	}
	next, err := now.next(r.password())
	if err != nil {
		return fmt.Errorf("%s: %w", event.Secret, err)
	}
	err = r.Store.Propose(ctx, event.Secret, event.Version, next)
	if errors.Is(err, ErrTaken) {
		return nil // A second run of this step was faster; its value is as good.
	}
	if err != nil {
		return fmt.Errorf("writing the version %s of %s: %w", event.Version, event.Secret, err)
	}
	return nil
}

func (r *Rotation) password() string {
	if r.Password != nil {
		return r.Password()
	}
	return generate()
}

// set makes the proposed password that of the user. Whether the version is still pending is asked again once nobody else
// changes this secret's users: whoever has proposed later also sets later.
func (r *Rotation) set(ctx context.Context, event Event) error {
	next, err := r.proposed(ctx, event)
	if err != nil {
		return err
	}
	works, err := r.login(ctx, next)
	if err != nil || works {
		return err
	}
	return r.Server.Exclusive(ctx, event.Secret, func(ctx context.Context) error {
		stages, err := r.Store.Stages(ctx, event.Secret)
		if err != nil {
			return fmt.Errorf("reading the versions of %s: %w", event.Secret, err)
		}
		if has := stages[event.Version]; slices.Contains(has, current) {
			return nil // A second run of this rotation was faster.
		} else if !slices.Contains(has, pending) {
			return fmt.Errorf("setSecret: version %s of %s is not pending any more; another rotation has begun since", event.Version, event.Secret)
		}
		return r.Server.SetPassword(ctx, next.User, next.Password)
	})
}

// test logs in with what is proposed.
func (r *Rotation) test(ctx context.Context, event Event) error {
	next, err := r.proposed(ctx, event)
	if err != nil {
		return err
	}
	works, err := r.login(ctx, next)
	if err == nil && !works {
		err = fmt.Errorf("testSecret: the server refuses %q in the database %q with the password of version %s; the current version stays", next.User, next.Database, event.Version)
	}
	return err
}

// finish makes the proposed version the current one, if it is still the one that logs in.
func (r *Rotation) finish(ctx context.Context, event Event) error {
	if err := r.test(ctx, event); err != nil {
		return err
	}
	return r.advance(ctx, event)
}

// advance makes the version the current one, in place of whichever is, if any.
func (r *Rotation) advance(ctx context.Context, event Event) error {
	stages, err := r.Store.Stages(ctx, event.Secret)
	if err != nil {
		return fmt.Errorf("reading the versions of %s: %w", event.Secret, err)
	}
	for version, has := range stages {
		if !slices.Contains(has, current) {
			continue
		}
		if version == event.Version {
			return nil
		}
		return r.promote(ctx, event, version)
	}
	return r.promote(ctx, event, "")
}

// promote makes the version the current one, and is content if a second run of this rotation was faster.
func (r *Rotation) promote(ctx context.Context, event Event, from string) error {
	failure := r.Store.Promote(ctx, event.Secret, event.Version, from)
	if failure == nil {
		return nil
	}
	stages, err := r.Store.Stages(ctx, event.Secret)
	if err == nil && slices.Contains(stages[event.Version], current) {
		return nil
	}
	return fmt.Errorf("making version %s of %s the current one: %w", event.Version, event.Secret, failure)
}

// proposed reads the pending version and refuses one that is about somebody else than the current one.
func (r *Rotation) proposed(ctx context.Context, event Event) (*Credentials, error) {
	next, err := r.read(ctx, event.Secret, event.Version, pending)
	if err != nil {
		return nil, err
	}
	now, err := r.read(ctx, event.Secret, "", current)
	if err != nil {
		return nil, err
	}
	if next.Password == "" || next.Database != now.Database || !slices.Contains(now.users(), next.User) {
		return nil, fmt.Errorf("version %s of %s is about the user %q of %q, and the current one about %q of %q; it was not proposed by this function",
			event.Version, event.Secret, next.User, next.Database, now.User, now.Database)
	}
	return next, nil
}

func (r *Rotation) read(ctx context.Context, secret, version, stage string) (*Credentials, error) {
	text, err := r.Store.Value(ctx, secret, version, stage)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", stage, secret, err)
	}
	credentials, err := parse(text)
	if err == nil && credentials.Host != r.Host {
		err = fmt.Errorf("it is about the host %q, and this function about %q", credentials.Host, r.Host)
	}
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", stage, secret, err)
	}
	return credentials, nil
}

func (r *Rotation) login(ctx context.Context, c *Credentials) (bool, error) {
	works, err := r.Server.Login(ctx, c.Database, c.User, c.Password)
	if err != nil {
		return false, fmt.Errorf("logging in as %q to the database %q: %w", c.User, c.Database, err)
	}
	return works, nil
}
