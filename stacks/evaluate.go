// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"maps"
	"slices"
	"strings"
)

// input is one given value, by key without namespace.
type input struct {
	file   string // where it was written
	raw    string // as Pulumi stores it
	value  string // as a message shows it; empty: derived from raw
	secret bool
	faults []fault // found while reading; raw is then not looked at
}

// shown renders the value for a message.
func (in input) shown(s *setting) string {
	switch {
	case in.value != "" && in.value != `""`:
		return in.value
	case s != nil:
		return s.shown(in.raw)
	}
	return ""
}

// reference is the document that describes every key.
const reference = "docs/configuration.md"

// namespaced sorts raw configuration into our own keys and everybody else's. Keys of
// Pulumi itself and of the AWS provider are passed over. Another namespace that nothing reads is
// reported, because "bulkheads:natStrategy" would otherwise be silently without effect.
func namespaced(project, file string, values map[string]string) (map[string]input, Problems) {
	given, problems := map[string]input{}, Problems(nil)
	for _, full := range slices.Sorted(maps.Keys(values)) {
		value := values[full]
		namespace, key, found := strings.Cut(full, ":")
		if !found {
			namespace, key = project, full
		}
		if namespace != project {
			if p, foreign := foreignKey(project, file, full, quoted(value), len(problems) < mostShown); foreign {
				problems = append(problems, p)
			}
			continue
		}
		if _, twice := given[key]; twice {
			given[key] = givenTwice(file)
			continue
		}
		given[key] = input{file: file, raw: value}
	}
	return given, problems
}

// givenTwice stands for a key that is written with its namespace and without: Pulumi
// would take either one.
func givenTwice(file string) input {
	return input{file: file, faults: []fault{*wrong("is given twice, with and without its namespace", "keep one")}}
}

// foreignNamespaces are the prefixes that something other than this program reads.
var foreignNamespaces = []string{"pulumi", "aws"}

func foreignKey(project, file, full, value string, compare bool) (Problem, bool) {
	namespace, key, _ := strings.Cut(full, ":")
	if slices.Contains(foreignNamespaces, namespace) {
		return Problem{}, false
	}
	cure := meantKey(project, key, "remove it, or use the prefix "+project+":", compare)
	return Problem{File: file, Key: named(full), Value: value,
		Fault: "is set in a namespace that nothing here reads", Cure: cure, rank: len(table)}, true
}

// evaluation is one pass over the table.
type evaluation struct {
	project  string
	stack    string
	given    map[string]input
	settings *Settings
	broken   map[string]bool // keys without a usable value
	problems Problems
}

// evaluate decodes and checks every key, then the rules between keys. A rule is
// consulted only when all its keys have usable values, so that one mistake is reported
// once.
func evaluate(project, stack string, given map[string]input) (*Settings, Problems) {
	e := &evaluation{
		project: project, stack: stack, given: given, broken: map[string]bool{},
		settings: &Settings{Project: project, Environment: shortName(stack), Production: IsProduction(stack)},
		problems: nameProblems(project, stack),
	}
	program := programOf(project)
	for _, s := range program.rows() {
		e.one(s)
	}
	unknown := slices.DeleteFunc(slices.Sorted(maps.Keys(given)), func(key string) bool { return program.has(byKey(key)) })
	for i, key := range unknown {
		e.unknown(key, i < mostShown)
	}
	for _, r := range rules {
		if !slices.ContainsFunc(r.keys, func(key string) bool { return !program.has(byKey(key)) }) {
			e.across(r)
		}
	}
	if e.settings.Edge.Domain == "" {
		e.settings.Edge.Domain = e.settings.Edge.Zone
	}
	return e.settings, e.problems
}

func (e *evaluation) one(s *setting) {
	in, ok := e.given[s.key]
	faults := in.faults
	switch {
	case len(faults) > 0:
	case !ok && s.required():
		faults = []fault{{index: whole, what: "is missing",
			cure: "add it, for example " + e.project + ":" + s.key + ": " + s.example}}
	case !ok:
		s.assign(e.settings, s.fallback)
	case in.raw == "" && s.required() && s.typeName() == typeString:
		faults = []fault{{index: whole, what: "is empty", cure: "write a value such as " + s.example}}
	default:
		faults = e.decode(s, in)
	}
	for _, f := range faults {
		e.report(s.key, f)
	}
	e.broken[s.key] = len(faults) > 0
}

func (e *evaluation) decode(s *setting, in input) []fault {
	value, faults := s.decode(in.raw)
	if len(faults) > 0 {
		return faults
	}
	s.assign(e.settings, value)
	if in.raw == "" && !s.required() || s.check == nil {
		return nil
	}
	return s.check(value)
}

// unknown reports a key that is not in the table.
func (e *evaluation) unknown(key string, compare bool) {
	in := e.given[key]
	value := in.value
	if value == "" {
		value = quoted(in.raw)
	}
	if len(in.faults) > 0 {
		e.report(key, in.faults[0])
		return
	}
	e.report(key, fault{index: whole, value: value, what: "is given to an unknown key",
		cure: meantKey(e.project, key, "remove it, or look it up in "+reference, compare)})
}

// across consults one rule between keys. What it finds is to be cured in the stack
// file, even if one of the values is a default of Pulumi.yaml. A rule that involves an encrypted value says
// what it demands instead of what it found.
func (e *evaluation) across(r rule) {
	if slices.ContainsFunc(r.keys, func(key string) bool { return e.broken[key] }) {
		return
	}
	secret := slices.ContainsFunc(r.keys, func(key string) bool { return e.given[key].secret })
	for _, f := range r.check(e.settings) {
		if secret {
			f.value, f.what = secretValue, "breaks a rule: "+r.text
		}
		e.reportIn(FileName(e.stack), f.key, f)
	}
}

// former are the keys of earlier versions and what to do about them.
var former = map[string]string{
	"databaseMultiAz":          "leave it out, or write databaseSingleAz: true if one zone is enough",
	"deletionProtection":       "leave it out, or say why in deletionProtectionOffReason",
	"deletionProtectionReason": "call it deletionProtectionOffReason",
}

// meantKey is the cure for a key that is not in the table. To compare it with every key
// takes time, which is worth it only for the problems that Problems.Error lists.
func meantKey(project, key, otherwise string, compare bool) string {
	if !compare {
		return otherwise
	}
	if cure, was := former[key]; was {
		return cure
	}
	p := programOf(project)
	if other := byKey(key); other != nil && !p.has(other) {
		if p == baseline {
			return "it is a setting of environments; remove it here"
		}
		return "it is a setting of the account's baseline; write it into " + BaselineFolder
	}
	if near := suggest(key, p.keys()); near != "" {
		return "did you mean " + project + ":" + near + "?"
	}
	return otherwise
}

// report attributes a fault to the file in which its key was written; a missing key
// belongs to the stack file.
func (e *evaluation) report(key string, f fault) {
	file := e.given[key].file
	if file == "" {
		file = FileName(e.stack)
	}
	e.reportIn(file, key, f)
}

func (e *evaluation) reportIn(file, key string, f fault) {
	in := e.given[key]
	if in.secret {
		f.value, f.cure = secretValue, "see what it may be in "+reference
	}
	if f.value == "" {
		f.value = in.shown(byKey(key))
	}
	e.problems = append(e.problems, f.problem(e.project, file, key, rankOf(key)))
}
