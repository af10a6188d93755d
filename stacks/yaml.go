// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// environmentForm is what an environment may be called, which keeps its name from
// leaving the directory.
var environmentForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// rankOfFile sorts problems of a whole file before those of its keys.
const rankOfFile = -1

// document is one Pulumi file.
type document struct {
	file    string
	name    string // what Pulumi.yaml calls the project
	project string // whose keys the config block holds
	config  []pair
}

// pair is one entry of a mapping.
type pair struct {
	key   string
	line  int
	value *yaml.Node
}

// stackFileKeys are the top-level keys of a stack file (workspace.ProjectStack).
var stackFileKeys = []string{"config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment"}

// lineOf is how messages of yaml.v3 begin.
var lineOf = regexp.MustCompile(`^(?:yaml: )?(?:line ([0-9]+): )?`)

// parseYAML reads a file's structure. The document is nil when there is none.
func parseYAML(file string, content []byte) (*document, Problems) {
	roots, err := documents(content)
	if err != nil {
		return nil, Problems{{File: file, Key: lineKey(faultyLine(content, err)), Fault: lineOf.ReplaceAllString(err.Error(), ""),
			Cure: "correct the YAML there", rank: rankOfFile}}
	}
	switch len(roots) {
	case 0:
		return &document{file: file}, nil
	case 1:
		return structure(file, roots[0].Content[0])
	}
	return nil, Problems{{File: file, Key: lineKey(roots[1].Line), Fault: "begins a second document, which Pulumi would not read",
		Cure: "keep one document in the file", rank: rankOfFile}}
}

// documents parses all documents of a file.
func documents(content []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var roots []*yaml.Node
	for {
		var root yaml.Node
		switch err := decoder.Decode(&root); {
		case errors.Is(err, io.EOF):
			return roots, nil
		case err != nil:
			return nil, err
		}
		roots = append(roots, &root)
	}
}

// faultyLine finds the line after which a file stops being YAML: the one behind the
// longest run of lines that parses. The parser itself names the start of the block it
// was in, which can be many lines away, or no line. It is believed about a file that is
// too long to be tried line by line.
func faultyLine(content []byte, err error) int {
	lines := bytes.SplitAfter(content, []byte("\n"))
	if len(lines) > longestFile {
		said, unsaid := strconv.Atoi(lineOf.FindStringSubmatch(err.Error())[1])
		if unsaid != nil {
			said = 1
		}
		return said
	}
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := documents(bytes.Join(lines[:n], nil)); err == nil {
			return n + 1
		}
	}
	return 1
}

// longestFile is how many lines a file may have for faultyLine to try them.
const longestFile = 500

func lineKey(line int) string { return "line " + strconv.Itoa(line) }

// structure takes a file apart into its top level and its config block. The document
// is nil when one of them is no mapping.
func structure(file string, root *yaml.Node) (*document, Problems) {
	doc := &document{file: file}
	top, problems, ok := pairs(file, "", root)
	for _, entry := range top {
		switch {
		case entry.key == "config":
			config, more, fine := pairs(file, "config", entry.value)
			doc.config, problems, ok = config, append(problems, more...), ok && fine
		case file == projectFile && entry.key == "name" && entry.value != nil:
			doc.name = entry.value.Value
		case file != projectFile && !slices.Contains(stackFileKeys, entry.key):
			cure := "move it below config:, or remove it"
			if len(problems) < mostShown {
				cure = meant(entry.key, stackFileKeys, cure)
			}
			problems = append(problems, Problem{File: file, Key: lineKey(entry.line), Value: quoted(entry.key),
				Fault: "is not a part of a stack file", Cure: cure, rank: rankOfFile})
		}
	}
	if !ok {
		return nil, problems
	}
	return doc, problems
}

// pairs lists the entries of a mapping. Nothing at all is an empty mapping; anything
// else that is no mapping is not ok.
func pairs(file, what string, node *yaml.Node) (list []pair, problems Problems, ok bool) {
	node = resolved(node)
	if node == nil || node.ShortTag() == "!!null" {
		return nil, nil, true
	}
	if node.Kind != yaml.MappingNode {
		fault := "is not a mapping of keys to values"
		if what != "" {
			fault = what + " " + fault
		}
		return nil, Problems{{File: file, Key: lineKey(node.Line), Fault: fault, Cure: "write one key: value on each line", rank: rankOfFile}}, false
	}
	first := make(map[string]int, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := resolved(node.Content[i])
		if key == nil || key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			problems = append(problems, Problem{File: file, Key: lineKey(node.Content[i].Line), Fault: "has a key that is not plain text",
				Cure: "write the keys out", rank: rankOfFile})
			continue
		}
		if line, twice := first[key.Value]; twice {
			problems = append(problems, Problem{File: file, Key: named(key.Value),
				Fault: fmt.Sprintf("is given twice, in lines %d and %d", line, key.Line), Cure: "keep one", rank: rankOfFile})
			continue
		}
		first[key.Value] = key.Line
		list = append(list, pair{key.Value, key.Line, resolved(node.Content[i+1])})
	}
	return list, problems, true
}

// resolved follows an alias to its anchor.
func resolved(node *yaml.Node) *yaml.Node {
	for i := 0; node != nil && node.Kind == yaml.AliasNode; i++ {
		if i == 10 {
			return nil
		}
		node = node.Alias
	}
	return node
}

// other is the project that a file belongs to, if it is not ours: none of the keys has
// our prefix or none at all, and two or more that we know have the same other one.
func (d *document) other() string {
	if d.project == "" {
		return ""
	}
	known := map[string]int{}
	for _, entry := range d.config {
		namespace, key, found := strings.Cut(entry.key, ":")
		switch {
		case !found || namespace == d.project:
			return ""
		case byKey(key) != nil && !slices.Contains(foreignNamespaces, namespace):
			known[namespace]++
		}
	}
	for namespace, count := range known {
		if count >= 2 && len(known) == 1 {
			return namespace
		}
	}
	return ""
}

// values are the keys of our own namespace that a stack file sets.
func (d *document) values() (map[string]input, Problems) {
	given, problems := make(map[string]input, len(d.config)), Problems(nil)
	for _, entry := range d.config {
		namespace, key, found := strings.Cut(entry.key, ":")
		if !found {
			namespace, key = d.project, entry.key
		}
		if namespace != d.project {
			problems = append(problems, d.foreign(entry, len(problems) < mostShown)...)
			continue
		}
		if _, twice := given[key]; twice {
			given[key] = givenTwice(d.file)
			continue
		}
		given[key] = d.input(key, entry.value)
	}
	return given, problems
}

// foreign reports keys of other namespaces that have no effect. The settings of the
// default AWS provider are among them: default providers are disabled, and the explicit
// one takes account and region from our own keys.
func (d *document) foreign(entry pair, compare bool) Problems {
	value := display(entry.value)
	if strings.HasPrefix(entry.key, "aws:") {
		cure := "remove it; the provider is configured by " + d.project + ":region and " + d.project + ":accountId"
		return Problems{{File: d.file, Key: named(entry.key), Value: value, Fault: "configures a default provider, which this project does not use", Cure: cure, rank: len(table)}}
	}
	if p, foreign := foreignKey(d.project, d.file, entry.key, value, compare); foreign {
		return Problems{p}
	}
	return nil
}

// defaults are the default and fixed values that Pulumi.yaml declares for our own keys.
func (d *document) defaults() (map[string]input, Problems) {
	given, problems := map[string]input{}, Problems(nil)
	for _, entry := range d.config {
		key := strings.TrimPrefix(entry.key, d.project+":")
		if strings.Contains(key, ":") {
			continue
		}
		if byKey(key) == nil {
			problems = append(problems, Problem{File: d.file, Key: d.project + ":" + named(key), Fault: "declares a key that the program does not know",
				Cure: meantKey(d.project, key, "remove it, or run `go generate ./stacks`", len(problems) < mostShown), rank: len(table)})
			continue
		}
		node := entry.value
		if node != nil && node.Kind == yaml.MappingNode {
			declared, more, _ := pairs(d.file, entry.key, node)
			problems = append(problems, more...)
			node = nil
			for _, attribute := range declared {
				if attribute.key == "default" || attribute.key == "value" {
					node = attribute.value
				}
			}
		}
		if node != nil {
			given[key] = d.input(key, node)
		}
	}
	return given, problems
}
