// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// change replaces one scalar of a YAML file.
type change struct {
	line, column int // from 1
	old          string
	value        string
}

// edit replaces values and keys of a YAML file and leaves everything else as it is:
// comments, quotes and indentation. A value is known by the keys that lead to it; the
// functions return what shall stand there, and nil changes nothing.
func edit(text string, value func(at []string, value string) string, key func(string) string) (string, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return "", err
	}
	var changes []change
	var walk func(node *yaml.Node, at []string)
	note := func(node *yaml.Node, replacement string) {
		if node.Value != replacement {
			changes = append(changes, change{node.Line, node.Column, node.Value, replacement})
		}
	}
	walk = func(node *yaml.Node, at []string) {
		switch node.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(node.Content); i += 2 {
				name := node.Content[i]
				if key != nil {
					note(name, key(name.Value))
				}
				walk(node.Content[i+1], append(at[:len(at):len(at)], name.Value))
			}
		case yaml.ScalarNode:
			note(node, value(at, node.Value))
		default:
			for _, child := range node.Content {
				walk(child, at)
			}
		}
	}
	walk(&root, nil)
	lines := strings.SplitAfter(text, "\n")
	for i := len(changes) - 1; i >= 0; i-- { // from the end, so that columns stay right
		c := changes[i]
		line := lines[c.line-1]
		start := c.column - 1
		offset := strings.Index(line[min(start, len(line)):], c.old)
		if offset < 0 || offset > 1 { // one for a quote
			return "", fmt.Errorf("line %d: %q cannot be replaced where it stands; write it on one line, without an anchor or a tag", c.line, c.old)
		}
		start += offset
		lines[c.line-1] = line[:start] + c.value + line[start+len(c.old):]
	}
	return strings.Join(lines, ""), nil
}
