// SPDX-License-Identifier: Apache-2.0

package hardening_test

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

// exemption says why weakening a property need not be found.
type exemption struct {
	Type  string   `yaml:"type"`
	Path  string   `yaml:"path"`
	Forms []string `yaml:"forms"`
	Why   string   `yaml:"why"`
	used  bool
}

func (e *exemption) covers(token, shape, form string) bool {
	return glob.Match(e.Type, token) && glob.Match(e.Path, shape) &&
		(len(e.Forms) == 0 || slices.ContainsFunc(e.Forms, func(f string) bool { return glob.Match(f, form) }))
}

func exemptions(t *testing.T) []*exemption {
	t.Helper()
	text, err := os.ReadFile(exemptionsFile)
	require.NoError(t, err)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var list []*exemption
	require.NoError(t, d.Decode(&list))
	for _, e := range list {
		require.NotEmpty(t, e.Why, "%s %s has no reason", e.Type, e.Path)
		require.False(t, strings.Trim(e.Path, "*") == "" && strings.Trim(e.Type, "*") == "", "an exemption for everything")
	}
	return list
}

// line is one line of the golden file: one form of weakening of one property, over all resources of a type.
type line struct {
	token, shape, form string
	tried, found       int
	by                 map[string]bool
	exempt             string
}

type ledger struct {
	mu         sync.Mutex
	lines      map[string]*line
	exemptions []*exemption
	problems   []string
	tried      int
}

func (l *ledger) at(token, shape, form string) *line {
	key := token + "\x00" + shape + "\x00" + form
	if l.lines[key] == nil {
		l.lines[key] = &line{token: token, shape: shape, form: form, by: map[string]bool{}}
	}
	return l.lines[key]
}

// note enters one mutation. What nobody caught must be exempt.
func (l *ledger) note(name, token, shape, form string, caught []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried++
	entry := l.at(token, shape, form)
	entry.tried++
	if len(caught) > 0 {
		entry.found++
		for _, key := range caught {
			id, _, _ := strings.Cut(key, " ")
			entry.by[id] = true
		}
		return
	}
	for _, e := range l.exemptions {
		if e.covers(token, shape, form) {
			e.used, entry.exempt = true, e.Why
			return
		}
	}
	l.problems = append(l.problems, fmt.Sprintf("not caught: %s %s: %s %s", token, name, shape, form))
}

func (l *ledger) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

// write lists what was found by type, property and form, and after it what was not and why.
func (l *ledger) write() string {
	list := slices.SortedFunc(maps.Values(l.lines), func(a, b *line) int {
		return cmp.Or(strings.Compare(a.token, b.token), strings.Compare(a.shape, b.shape), strings.Compare(a.form, b.form))
	})
	var b strings.Builder
	b.WriteString("What happens when one property of the hardened stack is weakened: which controls find it, and in how many of\n" +
		"the resources. Written by go test ./policy/hardening -update.\n")
	found := 0
	for _, one := range list {
		found += one.found
	}
	fmt.Fprintf(&b, "%d of %d are found, the rest is listed below with a reason.\n", found, l.tried)
	token, shape := "", ""
	for _, one := range list {
		if one.found == 0 {
			continue
		}
		if one.token != token {
			fmt.Fprintf(&b, "\n%s\n", one.token)
			token, shape = one.token, ""
		}
		if one.shape != shape {
			fmt.Fprintf(&b, "  %s\n", one.shape)
			shape = one.shape
		}
		fmt.Fprintf(&b, "    %-36s %2d of %-2d  %s\n", one.form, one.found, one.tried, strings.Join(slices.Sorted(maps.Keys(one.by)), ", "))
	}
	b.WriteString("\nWhat is not found, or not in every resource, and why that is right:\n")
	for _, why := range slices.Compact(slices.Sorted(whys(list))) {
		fmt.Fprintf(&b, "\n%s", why)
		at := ""
		for _, one := range list {
			if one.exempt != why {
				continue
			}
			place := strings.TrimSpace(one.token[strings.LastIndex(one.token, ":")+1:] + " " + one.shape)
			if place != at {
				fmt.Fprintf(&b, "\n  %s: ", place)
				at = place
			} else {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%s (%d of %d)", one.form, one.tried-one.found, one.tried)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func whys(list []*line) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, one := range list {
			if one.exempt != "" && !yield(one.exempt) {
				return
			}
		}
	}
}
