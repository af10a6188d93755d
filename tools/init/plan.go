// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

const (
	projectFile = "Pulumi.yaml"
	reference   = "docs/configuration.md"
)

// wishes are what the user asks for; all but the name may be empty.
type wishes struct {
	name              string // of the Pulumi project
	account           string // of the environments that are not held to production's rules
	productionAccount string // of the others
	region            string
	module            string // the Go module's path
}

// moduleForm is a module path of at least two elements: a single word could not be told
// from other words when the module is renamed again.
var moduleForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// check reports everything that is wrong with the wishes at once.
func (w wishes) check() error {
	problems := []error{}
	if w.name == "" {
		problems = append(problems, form.Missing("NAME", "call the project something, for example make init NAME=shop ACCOUNT=123456789012 REGION=eu-west-1"))
	} else {
		problems = append(problems, form.In("NAME", form.CheckProjectName(w.name)))
	}
	for _, account := range [][2]string{{"ACCOUNT", w.account}, {"PRODUCTION_ACCOUNT", w.productionAccount}} {
		if account[1] != "" {
			problems = append(problems, form.In(account[0], form.CheckAccountID(account[1])))
		}
	}
	if w.account != "" && w.account == w.productionAccount {
		problems = append(problems, form.In("PRODUCTION_ACCOUNT", form.Text(w.account, "is also ACCOUNT", "give production an account of its own")))
	}
	if w.region != "" {
		problems = append(problems, form.In("REGION", form.CheckRegion(w.region)))
	}
	if w.module != "" && !moduleForm.MatchString(w.module) {
		problems = append(problems, form.In("MODULE", form.Text(w.module, "is not the path of a Go module", "write it like github.com/acme/shop")))
	}
	return errors.Join(problems...)
}

// moduleOf is the module path that fits a git remote, such as git@host:acme/shop.git, or
// one in a domain that belongs to nobody (RFC 2606).
func moduleOf(remote, name string) string {
	at := strings.TrimSuffix(strings.TrimSpace(remote), ".git")
	if _, rest, found := strings.Cut(at, "://"); found {
		at = rest
	} else {
		at = strings.Replace(at, ":", "/", 1)
	}
	at = at[strings.Index(at, "@")+1:]
	if host, _, _ := strings.Cut(at, "/"); moduleForm.MatchString(at) && strings.Contains(host, ".") {
		return at
	}
	return "example.com/" + name
}

// plan is what changes, worked out before anything is written.
type plan struct {
	wishes
	was          string // the project's name before
	moduleWas    string
	environments []string
	pulumiFiles  []string // the stack files of both projects
	files        map[string]string
	changed      map[string]string
}

// newPlan works out the changes of a repository, whose text files are given by name. A
// project that gets a new name gets the given module path too, unless the user wishes
// another.
func newPlan(files map[string]string, w wishes, module string) (*plan, error) {
	p := &plan{wishes: w, files: files, changed: map[string]string{}}
	var err error
	if p.was, err = stacks.ProjectName([]byte(files[projectFile])); err != nil || p.was == "" {
		return nil, errors.Join(err, errors.New("no project is named in "+projectFile+"; run init in the root of the repository"))
	}
	line := regexp.MustCompile(`(?m)^module (\S+)$`).FindStringSubmatch(files["go.mod"])
	if line == nil {
		return nil, errors.New("go.mod names no module; run init in the root of the repository")
	}
	if p.moduleWas = line[1]; p.was == w.name {
		module = p.moduleWas
	}
	p.module = cmp.Or(w.module, module)
	for _, step := range []func() error{p.renameModule, p.renameProject, p.changeStackFiles} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for name, text := range p.changed {
		if files[name] == text {
			delete(p.changed, name)
		}
	}
	return p, nil
}

// text is a file as it will be.
func (p *plan) text(name string) string {
	if text, changed := p.changed[name]; changed {
		return text
	}
	return p.files[name]
}

// renameModule replaces the module's path wherever it stands, but for links to where the
// toolkit comes from.
func (p *plan) renameModule() error {
	if p.module == p.moduleWas {
		return nil
	}
	was := regexp.MustCompile(`(^|[^\w./-])` + regexp.QuoteMeta(p.moduleWas) + `($|[^\w.-])`)
	for name, text := range p.files {
		if !strings.Contains(text, p.moduleWas) || !utf8.ValidString(text) {
			continue
		}
		renamed := was.ReplaceAllString(text, "${1}"+p.module+"${2}")
		if path.Ext(name) == ".go" {
			sorted, err := format.Source([]byte(renamed)) // imports have another order now
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			renamed = string(sorted)
		}
		p.changed[name] = renamed
	}
	return nil
}

// projects are the folders of the Pulumi projects, and how their names end.
var projects = map[string]string{"": "", stacks.BaselineFolder + "/": stacks.BaselineSuffix}

// renameProject changes each Pulumi.yaml, and the reference that is generated like it.
func (p *plan) renameProject() error {
	for folder, suffix := range projects {
		file := folder + projectFile
		if _, has := p.files[file]; !has {
			continue
		}
		text, err := edit(p.text(file), func(at []string, value string) string {
			if slices.Equal(at, []string{"name"}) {
				return p.name + suffix
			}
			return value
		}, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		project, err := stacks.ProjectFile([]byte(text))
		if err != nil {
			return err
		}
		p.changed[file] = string(project)
	}
	described, err := stacks.Reference(p.name)
	p.changed[reference] = string(described)
	return err
}

// changeStackFiles gives every stack file the new prefix and the wished account and region.
func (p *plan) changeStackFiles() error {
	for _, name := range sortedKeys(p.files) {
		folder, file := path.Split(name)
		suffix, known := projects[folder]
		env, ours := strings.CutPrefix(file, "Pulumi.")
		env, yaml := strings.CutSuffix(env, ".yaml")
		if !known || !ours || !yaml {
			continue
		}
		text, err := edit(p.text(name), p.valuesOf(env, p.was+suffix+":"), func(key string) string {
			if rest, has := strings.CutPrefix(key, p.was+suffix+":"); has {
				return p.name + suffix + ":" + rest
			}
			return key
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.changed[name] = text
		if folder == "" {
			p.environments = append(p.environments, env)
		}
		p.pulumiFiles = append(p.pulumiFiles, name)
	}
	return nil
}

// valuesOf are the new values of an environment, or of the baseline of its account, whose keys have the prefix. A zone keeps its letter.
func (p *plan) valuesOf(env, prefix string) func(at []string, value string) string {
	account := p.account
	if stacks.IsProduction(env) {
		account = p.productionAccount
	}
	return func(at []string, value string) string {
		if len(at) < 2 || at[0] != "config" {
			return value
		}
		switch strings.TrimPrefix(at[1], prefix) {
		case "accountId":
			return cmp.Or(account, value)
		case "region":
			return cmp.Or(p.region, value)
		case "zones":
			if form.CheckZone(value) == nil && p.region != "" {
				return p.region + value[len(value)-1:]
			}
		}
		return value
	}
}

// check holds the changed Pulumi files to everything that `make check` would say.
func (p *plan) check() error {
	dir, err := os.MkdirTemp("", "init-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a copy that nobody needs any more
	for _, name := range append([]string{projectFile, stacks.BaselineFolder + "/" + projectFile}, p.pulumiFiles...) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(p.text(name)), 0o600); err != nil {
			return err
		}
	}
	var problems []error
	for _, name := range p.pulumiFiles {
		folder, file := path.Split(name)
		_, err := stacks.CheckFiles(filepath.Join(dir, folder), strings.TrimSuffix(strings.TrimPrefix(file, "Pulumi."), ".yaml"))
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (p *plan) stackFiles() []string {
	var names []string
	for _, env := range p.environments {
		names = append(names, stacks.FileName(env))
	}
	return names
}

func sortedKeys(files map[string]string) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
