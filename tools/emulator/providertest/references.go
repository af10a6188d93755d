// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"fmt"
	"regexp"
	"strings"
)

var reference = regexp.MustCompile(`\$\{([^.}]+)\.([^}]+)\}`)

// references lists the names that inputs refer to.
func references(value any) []string {
	var names []string
	walk(value, func(text string) any {
		for _, found := range reference.FindAllStringSubmatch(text, -1) {
			if found[1] != "account" {
				names = append(names, found[1])
			}
		}
		return text
	})
	return names
}

// walk rebuilds a value with every text replaced.
func walk(value any, replace func(string) any) any {
	switch v := value.(type) {
	case string:
		return replace(v)
	case map[string]any:
		copied := map[string]any{}
		for key, inner := range v {
			copied[key] = walk(inner, replace)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, inner := range v {
			copied[i] = walk(inner, replace)
		}
		return copied
	}
	return value
}

// resolve fills in the references.
func (s *Stack) resolve(inputs map[string]any) map[string]any {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value := func(name, property string) any {
		switch {
		case name == "account":
			return s.plugin.Account.ID
		case property == "id":
			return s.states[name].id
		}
		var current any = s.states[name].outputs.AsMap()
		for _, part := range strings.Split(property, ".") {
			switch c := current.(type) {
			case map[string]any:
				current = c[part]
			case []any:
				var i int
				_, _ = fmt.Sscanf(part, "%d", &i)
				if i < len(c) {
					current = c[i]
				}
			}
		}
		return current
	}
	return walk(inputs, func(text string) any {
		if found := reference.FindStringSubmatch(text); found != nil && found[0] == text {
			return value(found[1], found[2])
		}
		return reference.ReplaceAllStringFunc(text, func(match string) string {
			found := reference.FindStringSubmatch(match)
			return fmt.Sprint(value(found[1], found[2]))
		})
	}).(map[string]any)
}
