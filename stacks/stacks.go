// SPDX-License-Identifier: Apache-2.0

// Package stacks turns the configuration of one environment into typed settings.
//
// One table (keys.go) says for every key what it is called, which type and default it
// has, what it means and what it may be. From that table come the `config:` block of
// Pulumi.yaml, docs/configuration.md and the parser, so the three cannot disagree.
// Whatever is wrong with a configuration is reported in one run, as Problems.
//
// The package knows nothing of AWS resources and imports no provider SDK: tools read
// the stack files with it before an engine is running.
package stacks

//go:generate go run ./generate

import (
	"encoding/json"
	"os"
	"strings"
)

// Parse reads the settings of a stack from raw Pulumi configuration: strings as they
// are, numbers and booleans in their decimal and literal spelling, lists as JSON
// arrays of strings. Keys may carry the project's name and a colon as their prefix, or
// none; keys that belong to Pulumi or to a provider are ignored. Absent keys take their
// default.
//
// The error is of type Problems and lists everything that is wrong, each problem with
// the file Pulumi.<stack>.yaml in which to cure it.
func Parse(project, stack string, values map[string]string) (*Settings, error) {
	given, problems := namespaced(project, FileName(stack), values)
	settings, more := evaluate(project, stack, given)
	return settled(settings, append(problems, more...))
}

// Engine is what Load asks a *pulumi.Context. The SDK itself is not imported: merely
// loading it asks the terminal for its colours, and commands that only read stack files
// would wait five seconds for a terminal that does not answer.
type Engine interface {
	// Project is the name of the project, the namespace of its keys.
	Project() string
	// Stack is the name of the stack.
	Stack() string
	// GetConfig returns the value of a full key such as "bulkhead:region".
	GetConfig(key string) (string, bool)
	// IsConfigSecret tells whether the value of a full key is a secret.
	IsConfigSecret(key string) bool
}

// configVariable is where the engine writes the configuration for the program; the Go
// SDK calls it pulumi.EnvConfig.
const configVariable = "PULUMI_CONFIG"

// Load reads the settings of the stack that the program is running for. It is Parse
// over what the engine handed to the program; values of secret keys do not appear in
// messages.
func Load(ctx Engine) (*Settings, error) {
	prefix, values := ctx.Project()+":", map[string]string{}
	for key, value := range engineConfig() {
		if known := byKey(strings.TrimPrefix(key, prefix)); known == nil {
			values[key] = value
		}
	}
	for i := range table {
		key := prefix + table[i].key
		if value, ok := ctx.GetConfig(key); ok {
			values[key] = value
		}
	}
	given, problems := namespaced(ctx.Project(), FileName(ctx.Stack()), values)
	for key, in := range given {
		in.secret = ctx.IsConfigSecret(prefix + key)
		given[key] = in
	}
	settings, more := evaluate(ctx.Project(), ctx.Stack(), given)
	return settled(settings, append(problems, more...))
}

// FileName is the name of a stack's configuration file. A stack name may be fully
// qualified ("organization/bulkhead/staging"); only its last part counts.
func FileName(stack string) string {
	return "Pulumi." + shortName(stack) + ".yaml"
}

func shortName(stack string) string {
	return stack[strings.LastIndex(stack, "/")+1:]
}

// engineConfig is everything the engine handed over. The Go SDK offers look-ups by
// name only; its source, the environment variable PULUMI_CONFIG, also holds the names
// that nobody asks for, which is how a misspelt key comes to light. It is unset when
// the program runs inside another process, as under unit tests.
func engineConfig() map[string]string {
	var all map[string]string
	if err := json.Unmarshal([]byte(os.Getenv(configVariable)), &all); err != nil {
		return nil
	}
	return all
}

func settled(settings *Settings, problems Problems) (*Settings, error) {
	if len(problems) > 0 {
		problems.sort()
		return nil, problems
	}
	return settings, nil
}
