// SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// problem is one broken constraint.
type problem struct {
	path       []string // Names of members, with "1", "member" for a list's first element.
	value      string   // As AWS prints it.
	missing    bool     // A required member that is not there.
	constraint string   // As AWS words it.
}

// checker collects what is wrong with one call.
type checker struct {
	service   *service
	call      *wire.Call
	operation string
	problems  []problem
}

func (c *checker) report(path []string, value, format string, args ...any) {
	c.problems = append(c.problems, problem{path: slices.Clone(path), value: value, constraint: fmt.Sprintf(format, args...)})
}

// check compares a value with its shape, all the way down.
func (c *checker) check(name string, value any, path []string) {
	sh := c.service.Shapes[name]
	if sh == nil || unenforced[c.call.Service+" "+name] != "" {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		c.checkObject(sh, v, path)
	case []any:
		if sh.Type != "list" {
			return
		}
		c.checkSize(sh, float64(len(v)), printed(v), "length", path)
		for i, inner := range v {
			c.check(sh.Member.Shape, inner, append(slices.Clip(path), strconv.Itoa(i+1), "member"))
		}
	case string:
		c.checkText(sh, v, path)
	case json.Number:
		c.checkNumber(sh, v.String(), path)
	}
}

func (c *checker) checkObject(sh *shape, value map[string]any, path []string) {
	switch sh.Type {
	case "structure":
		for _, name := range sh.Required {
			m := sh.Members[name]
			at := append(slices.Clip(path), name)
			if value[name] == nil && m != nil && unenforced[c.call.Service+" "+c.operation+"."+strings.Join(at, ".")] == "" {
				c.problems = append(c.problems, problem{path: at, missing: true, constraint: "Member must not be null"})
			}
		}
		for _, name := range sortedKeys(value) {
			if m := sh.Members[name]; m != nil && value[name] != nil {
				c.check(m.Shape, value[name], append(slices.Clip(path), name))
			}
		}
	case "map":
		c.checkSize(sh, float64(len(value)), printed(value), "length", path)
		for _, key := range sortedKeys(value) {
			c.check(sh.Key.Shape, key, append(slices.Clip(path), key))
			c.check(sh.Value.Shape, value[key], append(slices.Clip(path), key, "member"))
		}
	}
}

// checkText checks a text, and a number that came as a text, as all do in forms and XML.
func (c *checker) checkText(sh *shape, text string, path []string) {
	switch sh.Type {
	case "integer", "long", "float", "double":
		c.checkNumber(sh, text, path)
	case "blob":
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			c.checkSize(sh, float64(len(decoded)), "java.nio.HeapByteBuffer", "length", path)
		}
	case "string":
		c.checkSize(sh, float64(utf8.RuneCountInString(text)), text, "length", path)
		if len(sh.Enum) > 0 && !slices.Contains(sh.Enum, text) {
			c.report(path, text, "Member must satisfy enum value set: [%s]", strings.Join(sh.Enum, ", "))
		}
		if sh.Pattern != "" {
			if pattern := c.service.pattern(sh.Pattern); pattern != nil && !pattern.MatchString(text) {
				c.report(path, text, "Member must satisfy regular expression pattern: %s", sh.Pattern)
			}
		}
	}
}

func (c *checker) checkNumber(sh *shape, text string, path []string) {
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		c.checkSize(sh, number, text, "value", path)
	}
}

func (c *checker) checkSize(sh *shape, size float64, value, measure string, path []string) {
	if sh.Min != nil && size < *sh.Min {
		c.report(path, value, "Member must have %s greater than or equal to %s", measure, strconv.FormatFloat(*sh.Min, 'f', -1, 64))
	}
	if sh.Max != nil && size > *sh.Max {
		c.report(path, value, "Member must have %s less than or equal to %s", measure, strconv.FormatFloat(*sh.Max, 'f', -1, 64))
	}
}

// printed is how AWS prints a list or a map of texts.
func printed(value any) string {
	switch v := value.(type) {
	case []any:
		var texts []string
		for _, inner := range v {
			texts = append(texts, printed(inner))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case map[string]any:
		var texts []string
		for _, key := range sortedKeys(v) {
			texts = append(texts, key+"="+printed(v[key]))
		}
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return fmt.Sprint(value)
}
