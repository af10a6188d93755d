// SPDX-License-Identifier: Apache-2.0

// Package schema knows of the AWS provider's schema what a policy needs: which inputs replace their resource when they
// change, and which ones Pulumi's SDKs make secrets by themselves. The table is made by "go run ./policy/schema/generate",
// which also says from what.
package schema

import (
	_ "embed" // for aws.txt
	"strings"
	"sync"
)

//go:embed aws.txt
var table string

// inputs are what the table says of one resource type.
type inputs struct{ replaces, sealed []string }

var types = sync.OnceValue(func() map[string]inputs {
	all := make(map[string]inputs, strings.Count(table, "\n"))
	for line := range strings.Lines(table) {
		if columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(columns) == 3 {
			all[columns[0]] = inputs{replaces: strings.Fields(columns[1]), sealed: strings.Fields(columns[2])}
		}
	}
	return all
})

// Version is the version of Pulumi's provider that the table is of, such as "6.83.2".
func Version() string {
	_, rest, _ := strings.Cut(table, "/sdk/v6@v")
	version, _, _ := strings.Cut(rest, " ")
	return version
}

// Known reports whether the table has the resource type.
func Known(token string) bool {
	_, ok := types()[token]
	return ok
}

// Replaces reports whether a change of the input at the path, such as "rootBlockDevice.encrypted", makes the provider
// delete the resource and make another one in its place. Some of these changes replace only sometimes, such as a rise
// of a version; they count. Numbers in brackets do not.
func Replaces(token, path string) bool {
	path = withoutIndexes(path)
	for _, known := range types()[token].replaces {
		if path == known || strings.HasPrefix(path, known+".") {
			return true
		}
	}
	return false
}

// Sealed are the inputs that the SDKs make secrets, whatever the program gives them. That one is a secret says nothing
// then about what the program thinks of it.
func Sealed(token string) []string { return types()[token].sealed }

func withoutIndexes(path string) string {
	var b strings.Builder
	for path != "" {
		before, rest, found := strings.Cut(path, "[")
		b.WriteString(before)
		if !found {
			break
		}
		_, path, _ = strings.Cut(rest, "]")
	}
	return b.String()
}
