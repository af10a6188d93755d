// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// setting is one row of the table.
type setting struct {
	key         string
	of          program // whose setting it is
	group       string  // heading in docs/configuration.md
	description string  // what it is, its unit and consequence; goes to Pulumi.yaml too
	allowed     string  // what it may be, for the reference
	example     string  // a value in YAML, for a message about a missing key
	fallback    any     // the default, of the field's type; nil when the key must be given
	field       func(*Settings) any
	check       check
}

// program is a Pulumi program of the repository, by which its settings are chosen.
type program int

const (
	environments program = iota // infra
	baseline                    // infra/baseline
	everywhere                  // both
)

// BaselineSuffix ends the name of the project of the account's baseline, behind that of the environments' project.
const BaselineSuffix = "-baseline"

// programOf is the program of a project.
func programOf(project string) program {
	if strings.HasSuffix(project, BaselineSuffix) {
		return baseline
	}
	return environments
}

// has tells whether a row is a setting of the program.
func (p program) has(s *setting) bool { return s != nil && (s.of == p || s.of == everywhere) }

// rows are the settings of the program.
func (p program) rows() []*setting {
	var rows []*setting
	for i := range table {
		if p.has(&table[i]) {
			rows = append(rows, &table[i])
		}
	}
	return rows
}

// keys are the keys of the program without namespace.
func (p program) keys() []string {
	var names []string
	for _, s := range p.rows() {
		names = append(names, s.key)
	}
	return names
}

// check returns what is wrong with a value of its setting's type.
type check func(value any) []fault

// The type names of Pulumi's configuration schema.
const (
	typeString  = "string"
	typeInteger = "integer"
	typeBoolean = "boolean"
	typeArray   = "array"
)

// typeName is the type of a setting, which is that of the field it fills.
func (s *setting) typeName() string {
	switch s.field(&Settings{}).(type) {
	case *int:
		return typeInteger
	case *bool:
		return typeBoolean
	case *[]string:
		return typeArray
	default:
		return typeString
	}
}

func (s *setting) required() bool { return s.fallback == nil }

// decode turns raw configuration into a value of the setting's type.
func (s *setting) decode(raw string) (any, []fault) {
	switch s.typeName() {
	case typeInteger:
		return decodeInteger(raw, s.example)
	case typeBoolean:
		return decodeBoolean(raw)
	case typeArray:
		return decodeArray(raw, s.example)
	default:
		return raw, nil
	}
}

func decodeInteger(raw, example string) (any, []fault) {
	number, err := strconv.Atoi(raw)
	if err != nil {
		return nil, []fault{{index: whole, what: "is not a whole number", cure: "write a number such as " + example}}
	}
	return number, nil
}

func decodeBoolean(raw string) (any, []fault) {
	switch raw {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, []fault{{index: whole, what: "is neither true nor false", cure: "write true or false"}}
}

func decodeArray(raw, example string) (any, []fault) {
	if raw == "" {
		return []string{}, nil
	}
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(raw), &elements); err != nil {
		return nil, []fault{{index: whole, what: "is not a list", cure: "write a YAML list such as " + example}}
	}
	list, faults := make([]string, len(elements)), []fault(nil)
	for i, element := range elements {
		if len(element) == 0 || element[0] != '"' || json.Unmarshal(element, &list[i]) != nil {
			faults = append(faults, fault{index: i, value: oneLine(string(element)),
				what: "is not a string", cure: "put one string in quotes on each line of the list"})
		}
	}
	return list, faults
}

// assign stores a decoded value.
func (s *setting) assign(to *Settings, value any) {
	switch field := s.field(to).(type) {
	case *int:
		*field, _ = value.(int)
	case *bool:
		*field, _ = value.(bool)
	case *[]string:
		list, _ := value.([]string)
		*field = slices.Clone(list)
	default: // text, or a choice with a type of its own
		reflect.ValueOf(field).Elem().SetString(reflect.ValueOf(value).String())
	}
}

// shown renders raw configuration for a message.
func (s *setting) shown(raw string) string {
	if raw == "" {
		return ""
	}
	if s.typeName() == typeArray && strings.HasPrefix(raw, "[") {
		return oneLine(raw)
	}
	if _, faults := s.decode(raw); faults == nil && s.typeName() != typeString {
		return raw
	}
	return quoted(raw)
}

// oneLine renders JSON without its white space, and anything else as text.
func oneLine(raw string) string {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(raw)); err != nil {
		return quoted(raw)
	}
	return clipped(compact.String())
}

// byKey finds a row by its key without namespace, nil if there is none.
func byKey(key string) *setting {
	if i := rankOf(key); i < len(table) {
		return &table[i]
	}
	return nil
}

// rankOf is the row number of a key, or the length of the table for unknown ones.
func rankOf(key string) int {
	for i := range table {
		if table[i].key == key {
			return i
		}
	}
	return len(table)
}
