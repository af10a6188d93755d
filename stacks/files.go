// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// projectFile holds the schema and the defaults of the configuration.
const projectFile = "Pulumi.yaml"

// UnknownEnvironmentError says that a directory holds no configuration for an
// environment, and which ones it holds.
type UnknownEnvironmentError struct {
	// Environment is the name that was asked for.
	Environment string
	// Known are the environments with a stack file, in alphabetical order.
	Known []string
}

// Error names the file that is missing and what to choose instead.
func (e *UnknownEnvironmentError) Error() string {
	message := fmt.Sprintf("Pulumi.<environment>.yaml: %q is not an environment, it has no such file; ", e.Environment)
	if environmentForm.MatchString(e.Environment) {
		message = fmt.Sprintf("%s: %q is not an environment, the file does not exist; ", FileName(e.Environment), e.Environment)
	}
	if near := suggest(e.Environment, e.Known); near != "" {
		message += fmt.Sprintf("did you mean %s? ", near)
	}
	if len(e.Known) == 0 {
		return message + "run this where the stack files are, next to " + projectFile
	}
	return message + "known are " + strings.Join(e.Known, ", ")
}

// Environments lists the environments that have a stack file in a directory, in
// alphabetical order.
func Environments(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for stack files: %w", err)
	}
	var names []string
	for _, entry := range entries {
		name, prefixed := strings.CutPrefix(entry.Name(), "Pulumi.")
		name, suffixed := strings.CutSuffix(name, ".yaml")
		if prefixed && suffixed && !entry.IsDir() && environmentForm.MatchString(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// CheckFiles reads the settings of an environment from Pulumi.yaml and its stack file
// in a directory, before any engine runs. Beyond what Parse checks it finds what the
// engine would stumble over or pass by: invalid YAML, keys given twice, text without
// quotes that YAML takes for a number, encrypted values, and stack files that share an
// address range or production's account.
//
// The error is Problems, an *UnknownEnvironmentError, or that of reading a file.
func CheckFiles(dir, env string) (*Settings, error) {
	known, err := Environments(dir)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(known, env) {
		return nil, &UnknownEnvironmentError{Environment: env, Known: known}
	}
	root := os.DirFS(dir)
	project, err := read(root, projectFile, "", (*document).defaults)
	if err != nil {
		return nil, err
	}
	pick := (*document).values
	if !project.readable {
		pick = func(*document) (map[string]input, Problems) { return nil, nil } // nobody knows whose keys they are
	}
	stack, err := read(root, FileName(env), project.project, pick)
	if err != nil {
		return nil, err
	}
	problems := slices.Concat(project.problems, stack.problems)
	if !project.readable || !stack.readable {
		// Calling every key missing would bury the cause.
		return settled(nil, problems)
	}
	given := stack.given
	for key, in := range project.given {
		if _, set := given[key]; !set {
			given[key] = in
		}
	}
	settings, more := evaluate(project.project, env, given)
	problems = slices.Concat(problems, more, compare(root, settings, known))
	return settled(settings, problems)
}

// reading is what one file says about the keys of a project.
type reading struct {
	project  string
	given    map[string]input
	problems Problems
	readable bool // as YAML; otherwise problems says where it is not
}

// read parses one file and takes the keys from it that pick picks: those of the named
// project, or of the one that the file itself names.
func read(root fs.FS, name, project string, pick func(*document) (map[string]input, Problems)) (reading, error) {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return reading{}, fmt.Errorf("reading the configuration: %w", err)
	}
	doc, problems := parseYAML(name, content)
	if doc == nil {
		return reading{problems: problems}, nil
	}
	doc.project = cmp.Or(project, doc.name)
	if more := projectProblems(doc.project); name == projectFile && len(more) > 0 {
		return reading{problems: append(problems, more...)}, nil
	}
	if other := doc.other(); other != "" {
		return reading{problems: append(problems, Problem{File: name, Value: quoted(other + ":"), Fault: "begins every key, and this project is called " + doc.project,
			Cure: "write " + doc.project + ": instead, or name the project " + other + " in " + projectFile, rank: rankOfFile})}, nil
	}
	given, more := pick(doc)
	return reading{doc.project, given, slices.Concat(problems, more), true}, nil
}

// compare looks at the stack files of the other environments. Their ranges must differ,
// so that networks can be connected later, and nothing may share production's account,
// so that no mistake in staging can touch production.
func compare(root fs.FS, s *Settings, known []string) Problems {
	var problems Problems
	for _, env := range known {
		if env == s.Environment {
			continue
		}
		other, err := read(root, FileName(env), s.Project, (*document).values)
		if err != nil || !other.readable {
			problems = append(problems, Problem{File: FileName(env),
				Fault: "cannot be read, so that its network and account cannot be compared with " + FileName(s.Environment), Cure: "correct it first"})
			continue
		}
		problems = append(problems, compareOne(s, env, other.given)...)
	}
	return problems
}

func compareOne(s *Settings, env string, other map[string]input) Problems {
	var problems Problems
	report := func(key, value, what, cure string) {
		problems = append(problems, fault{index: whole, value: quoted(value), what: what, cure: cure}.problem(s.Project, FileName(s.Environment), key, rankOf(key)))
	}
	if theirs := other["vpcCidr"].raw; cidr.Overlap(s.Network.VPCCIDR, theirs) {
		report("vpcCidr", s.Network.VPCCIDR, "overlaps "+theirs+" of "+FileName(env), "give each environment a range of its own")
	}
	if theirs := other["accountId"].raw; s.AccountID != "" && s.AccountID == theirs && (s.Production || IsProduction(env)) {
		report("accountId", s.AccountID, "is also the account of "+FileName(env), "give production an account of its own")
	}
	return problems
}
