// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing wrong with a configuration, with its cure.
type Problem struct {
	// File is the file to edit, relative to the project: "Pulumi.staging.yaml".
	File string
	// Key is the key with its namespace, and its index where one element of a list is
	// meant: "bulkhead:zones[1]". For a fault of the file itself it is "line 7" or empty.
	Key string
	// Value is what was written there: text in quotes, numbers and lists bare, empty
	// when nothing was written, "[secret]" when the value is encrypted.
	Value string
	// Fault says what is wrong with it.
	Fault string
	// Cure says what to do, in the imperative.
	Cure string

	rank int
}

// String returns the problem as one line: file, key, value, fault, cure.
func (p Problem) String() string {
	line := p.File + ": "
	if p.Key != "" {
		line += p.Key + ": "
	}
	if p.Value != "" {
		line += p.Value + " "
	}
	return line + p.Fault + "; " + p.Cure
}

// Problems is everything that is wrong with a configuration, in the order of the file
// and then of docs/configuration.md. It is the error of Parse, Load and CheckFiles.
type Problems []Problem

// mostShown is how many problems Error lists; the others it counts.
const mostShown = 50

// Error returns one line for a single problem, else a count and one line for each of the
// first 50.
func (ps Problems) Error() string {
	if len(ps) == 1 {
		return ps[0].String()
	}
	lines := []string{fmt.Sprintf("%d problems in the configuration:", len(ps))}
	for _, p := range ps[:min(len(ps), mostShown)] {
		lines = append(lines, "  "+p.String())
	}
	if more := len(ps) - mostShown; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more; correct these first", more))
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if byFile := strings.Compare(a.File, b.File); byFile != 0 {
			return byFile
		}
		return a.rank - b.rank
	})
}

// fault is a problem as a check sees it: without file, and without key when the check
// belongs to one key.
type fault struct {
	key   string // empty: the key that is being checked
	index int    // element of a list, or whole
	value string // rendered as in Problem.Value; empty: the value that is being checked
	what  string
	cure  string
}

// whole is the index of a fault that concerns a value as a whole.
const whole = -1

func (f fault) problem(project, file, key string, rank int) Problem {
	key = project + ":" + named(key)
	if f.index != whole {
		key += "[" + strconv.Itoa(f.index) + "]"
	}
	return Problem{File: file, Key: key, Value: f.value, Fault: f.what, Cure: f.cure, rank: rank}
}

// named renders a key or a bare value for a message: as it is, or quoted if it would
// break the line.
func named(key string) string {
	if escaped := strconv.Quote(key); escaped[1:len(escaped)-1] != key {
		return quoted(key)
	}
	return clipped(key)
}

// secretValue replaces a value that must not reach a terminal or a log.
const secretValue = "[secret]"

// longest is how much of a value a message repeats, in bytes.
const longest = 120

// quoted renders text for a message.
func quoted(s string) string {
	return strconv.Quote(clipped(s))
}

// clipped shortens a value to what a message can carry.
func clipped(s string) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}
