// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package rotate_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
)

// memory is a Store with one secret, whose stages move as those of AWS do: each is on one version, and when AWSCURRENT moves,
// AWSPREVIOUS moves to where it was.
type memory struct {
	mutex  sync.Mutex
	values map[string]string // By version.
	stages map[string]string // The version that has a stage.
}

// withoutValue is a secret as a deployment makes it.
func withoutValue() *memory { return &memory{values: map[string]string{}, stages: map[string]string{}} }

func newMemory(value string) *memory {
	return &memory{values: map[string]string{"first": value}, stages: map[string]string{"AWSCURRENT": "first"}}
}

func (m *memory) begin(version string) { // What RotateSecret does before it calls the function.
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.stages["AWSPENDING"] = version
}

func (m *memory) current() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.values[m.stages["AWSCURRENT"]]
}

func (m *memory) Stages(context.Context, string) (map[string][]string, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	versions := map[string][]string{}
	for _, stage := range slices.Sorted(maps.Keys(m.stages)) {
		versions[m.stages[stage]] = append(versions[m.stages[stage]], stage)
	}
	return versions, nil
}

func (m *memory) Value(_ context.Context, _, version, stage string) (string, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if version == "" {
		version = m.stages[stage]
	}
	value, there := m.values[version]
	if !there || m.stages[stage] != version {
		return "", rotate.ErrNoValue
	}
	return value, nil
}

func (m *memory) Propose(_ context.Context, _, version, value string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if old, there := m.values[version]; there && old != value {
		return rotate.ErrTaken
	}
	m.values[version], m.stages["AWSPENDING"] = value, version
	return nil
}

func (m *memory) Promote(_ context.Context, _, to, from string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.stages["AWSCURRENT"] != from {
		return errors.New("InvalidParameterException: the stage is on another version")
	}
	m.stages["AWSCURRENT"] = to
	if from != "" {
		m.stages["AWSPREVIOUS"] = from
	}
	return nil
}

// errKilled is where a process ended.
var errKilled = errors.New("killed")

// mortal is a store and a server of a process that ends before or after the n-th call of either.
type mortal struct {
	rotate.Store
	rotate.Server
	left  int  // Calls until the end; negative is never.
	after bool // The call that is the last is done.
	calls int
}

func (m *mortal) call(do func() error) error {
	m.calls++
	if m.left == 0 && !m.after {
		return errKilled
	}
	m.left--
	err := do()
	if m.left == -1 && m.after {
		m.left = 0
		m.after = false
		return errKilled
	}
	return err
}

func called[T any](m *mortal, do func() (T, error)) (value T, err error) {
	err = m.call(func() error { value, err = do(); return err })
	return value, err
}

func (m *mortal) Stages(ctx context.Context, secret string) (map[string][]string, error) {
	return called(m, func() (map[string][]string, error) { return m.Store.Stages(ctx, secret) })
}

func (m *mortal) Value(ctx context.Context, secret, version, stage string) (string, error) {
	return called(m, func() (string, error) { return m.Store.Value(ctx, secret, version, stage) })
}

func (m *mortal) Propose(ctx context.Context, secret, version, value string) error {
	return m.call(func() error { return m.Store.Propose(ctx, secret, version, value) })
}

func (m *mortal) Promote(ctx context.Context, secret, to, from string) error {
	return m.call(func() error { return m.Store.Promote(ctx, secret, to, from) })
}

func (m *mortal) Login(ctx context.Context, database, user, password string) (bool, error) {
	return called(m, func() (bool, error) { return m.Server.Login(ctx, database, user, password) })
}

func (m *mortal) SetPassword(ctx context.Context, user, password string) error {
	return m.call(func() error { return m.Server.SetPassword(ctx, user, password) })
}
