// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"encoding/json"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// input converts a YAML value to what Pulumi would store for it.
func (d *document) input(key string, node *yaml.Node) input {
	in := input{file: d.file, value: display(node)}
	s := byKey(key)
	switch {
	case s == nil:
	case isSecure(node):
		in.value = secretValue
		in.faults = []fault{{index: whole, what: "is encrypted, so that it can be neither checked nor rehearsed",
			cure: "write it in plain; no setting is a secret"}}
	case s.typeName() == typeArray:
		in.raw, in.faults = listOf(node, s.example)
	default:
		in.raw, in.faults = scalarOf(node, s)
	}
	return in
}

// isSecure recognises Pulumi's form of an encrypted value: a mapping with the one key
// "secure".
func isSecure(node *yaml.Node) bool {
	return node != nil && node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == "secure"
}

func scalarOf(node *yaml.Node, s *setting) (string, []fault) {
	if node == nil || node.ShortTag() == "!!null" {
		return "", []fault{*wrong("has no value", "write one such as "+s.example)}
	}
	if node.Kind != yaml.ScalarNode {
		return "", []fault{*wrong("is not a single value", "write one such as "+s.example)}
	}
	switch tag := node.ShortTag(); s.typeName() {
	case typeInteger:
		var number int
		if tag == "!!int" && node.Decode(&number) == nil {
			return strconv.Itoa(number), nil
		}
	case typeBoolean:
		var flag bool
		if tag == "!!bool" && node.Decode(&flag) == nil {
			return strconv.FormatBool(flag), nil
		}
	default:
		if tag != "!!str" {
			return "", []fault{*wrong("is not text to YAML, which may change it", "put it in quotes: "+strconv.Quote(node.Value))}
		}
	}
	return node.Value, nil
}

func listOf(node *yaml.Node, example string) (string, []fault) {
	if node == nil || node.Kind != yaml.SequenceNode {
		return "", []fault{*wrong("is not a list", "write a YAML list such as "+example)}
	}
	list, faults := make([]string, len(node.Content)), []fault(nil)
	for i, element := range node.Content {
		element = resolved(element)
		if element == nil || element.Kind != yaml.ScalarNode || element.ShortTag() != "!!str" {
			faults = append(faults, fault{index: i, value: display(element), what: "is not a string", cure: "put it in quotes"})
			continue
		}
		list[i] = element.Value
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return "", []fault{*wrong("cannot be stored", "write plain text")}
	}
	return string(raw), faults
}

// display shows a YAML value in a message: text in quotes, other scalars as written,
// collections on one line.
func display(node *yaml.Node) string {
	switch {
	case node == nil || node.ShortTag() == "!!null":
		return ""
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str":
		return quoted(node.Value)
	case node.Kind == yaml.ScalarNode:
		return named(node.Value)
	case isSecure(node):
		return secretValue
	case node.Kind == yaml.SequenceNode:
		shown := make([]string, 0, len(node.Content))
		for _, element := range node.Content {
			if element = resolved(element); element != nil && element.Kind == yaml.SequenceNode {
				shown = append(shown, "[…]")
				continue
			}
			shown = append(shown, display(element))
		}
		return clipped("[" + strings.Join(shown, ", ") + "]")
	}
	return "{…}"
}
