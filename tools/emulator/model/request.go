// SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// given stands for a value that is there and is not looked into, such as an object's content.
type given struct{}

// input reads a call's parameters by the names of the model: objects and maps as map[string]any, lists as []any, the rest as string, bool,
// json.Number or given. It is not understood when the body is not what the protocol says.
func (s *service) input(call *wire.Call, of *operation, variables map[string]string) (map[string]any, bool) {
	switch call.Protocol {
	case wire.Query, wire.EC2:
		tree := &branch{}
		for key, values := range call.Form {
			tree.set(strings.Split(key, "."), values[0])
		}
		value, _ := s.formValue(tree, of.Input.Shape, call.Protocol == wire.EC2).(map[string]any)
		return value, true
	case wire.JSON:
		body, ok := decodeJSON(call.Body)
		return body, ok
	}
	return s.restInput(call, of, variables)
}

func decodeJSON(body []byte) (map[string]any, bool) {
	decoded := map[string]any{}
	if len(bytes.TrimSpace(body)) == 0 {
		return decoded, true
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	reader.UseNumber()
	return decoded, reader.Decode(&decoded) == nil
}

// branch is a form's keys as a tree: they are split at the dots.
type branch struct {
	text string
	next map[string]*branch
}

func (b *branch) set(path []string, text string) {
	for _, part := range path {
		if b.next == nil {
			b.next = map[string]*branch{}
		}
		if b.next[part] == nil {
			b.next[part] = &branch{}
		}
		b = b.next[part]
	}
	b.text = text
}

// items are a list's elements in their order. Between the list's name and the number may be one more name: "member", "entry" or the element's.
func (b *branch) items() []*branch {
	if len(b.next) == 1 {
		for name, inner := range b.next {
			if _, err := strconv.Atoi(name); err != nil {
				return inner.items()
			}
		}
	}
	keys := sortedKeys(b.next)
	slices.SortFunc(keys, func(x, y string) int { return len(x) - len(y) }) // 2 comes before 10; keys of one length are in order already.
	var items []*branch
	for _, key := range keys {
		items = append(items, b.next[key])
	}
	return items
}

// formValue reads a form's branch as a shape (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, and aws-ec2-query-protocol).
func (s *service) formValue(b *branch, name string, ec2 bool) any {
	sh := s.Shapes[name]
	if sh == nil {
		return given{}
	}
	switch sh.Type {
	case "structure":
		value := map[string]any{}
		for name, m := range sh.Members {
			if inner := b.next[m.formName(name, ec2)]; inner != nil {
				value[name] = s.formValue(inner, m.Shape, ec2)
			}
		}
		return value
	case "list":
		list := []any{}
		for _, item := range b.items() {
			list = append(list, s.formValue(item, sh.Member.Shape, ec2))
		}
		return list
	case "map":
		value := map[string]any{}
		for _, item := range b.items() {
			key, inner := item.next[sh.Key.wireName("key")], item.next[sh.Value.wireName("value")]
			if key != nil && inner != nil {
				value[key.text] = s.formValue(inner, sh.Value.Shape, ec2)
			}
		}
		return value
	}
	return b.text
}

// formName is what a member is called in a form; EC2 has names of its own for it.
func (m *member) formName(name string, ec2 bool) string {
	switch {
	case ec2 && m.QueryName != "":
		return m.QueryName
	case ec2 && m.LocationName != "":
		return strings.ToUpper(m.LocationName[:1]) + m.LocationName[1:]
	}
	return m.wireName(name)
}

// match compares a call with an operation's method and path and returns the path's variables. A path's query, such as "/{Bucket}?acl", must
// be in the call's.
func (o *operation) match(call *wire.Call) (map[string]string, bool) {
	path, marks, _ := strings.Cut(o.HTTP.URI, "?")
	want, have := strings.Split(strings.Trim(path, "/"), "/"), strings.Split(strings.Trim(call.Path, "/"), "/")
	if call.Method != o.HTTP.Method || len(have) < len(want) {
		return nil, false
	}
	query, err := url.ParseQuery(call.RawQuery)
	if err != nil {
		return nil, false
	}
	for _, mark := range strings.Split(marks, "&") {
		key, value, valued := strings.Cut(mark, "=")
		if key != "" && (!query.Has(key) || valued && query.Get(key) != value) {
			return nil, false
		}
	}
	variables := map[string]string{}
	for i, part := range want {
		text := have[i]
		if name, greedy := strings.CutSuffix(part, "+}"); greedy {
			text, have = strings.Join(have[i:], "/"), have[:i+1]
			part = name + "}"
		}
		if !strings.HasPrefix(part, "{") {
			if part != text {
				return nil, false
			}
			continue
		}
		plain, err := url.PathUnescape(text)
		if err != nil || plain == "" {
			return nil, false
		}
		variables[strings.Trim(part, "{}")] = plain
	}
	return variables, len(want) == len(have)
}

// restInput reads a REST call: from path, query string, headers and body (https://smithy.io/2.0/spec/http-bindings.html).
func (s *service) restInput(call *wire.Call, of *operation, variables map[string]string) (map[string]any, bool) {
	sh := s.Shapes[of.Input.Shape]
	body, understood := s.restBody(call, of)
	if !understood {
		return nil, false
	}
	query, err := url.ParseQuery(call.RawQuery)
	if err != nil {
		return nil, false
	}
	input := map[string]any{}
	for name, m := range sh.Members {
		at := m.wireName(name)
		switch {
		case m.HostLabel: // It may be in the host's name only.
			input[name] = given{}
		case m.Location == "uri":
			if text, found := variables[at]; found {
				input[name] = text
			}
		case m.Location == "querystring" && query.Has(at):
			input[name] = s.several(m, query[at])
		case m.Location == "header" && len(call.Header.Values(at)) > 0:
			input[name] = s.several(m, call.Header.Values(at))
		case m.Location == "":
			if value, found := body[name]; found {
				input[name] = value
			}
		}
	}
	return input, true
}

// several is the value of a query key or header: a text, or unexplained for anything longer.
func (s *service) several(m *member, texts []string) any {
	if sh := s.Shapes[m.Shape]; sh != nil && (sh.Type == "list" || sh.Type == "map") {
		return given{}
	}
	return texts[0]
}

// restBody reads the members of a REST call's body.
func (s *service) restBody(call *wire.Call, of *operation) (map[string]any, bool) {
	sh := s.Shapes[of.Input.Shape]
	payload := sh.Payload
	if payload == "" && !slices.ContainsFunc(sortedKeys(sh.Members), func(name string) bool { return sh.Members[name].Location == "" }) {
		return nil, true
	}
	name := of.Input.Shape
	if payload != "" {
		name = sh.Members[payload].Shape
		if s.Shapes[name] == nil || s.Shapes[name].Type != "structure" {
			return map[string]any{payload: given{}}, true
		}
	}
	if len(bytes.TrimSpace(call.Body)) == 0 {
		return nil, true
	}
	var value map[string]any
	if call.Protocol == wire.RESTJSON {
		decoded, ok := decodeJSON(call.Body)
		if !ok {
			return nil, false
		}
		value = s.renamed(name, decoded)
	} else {
		root, err := wire.ParseXML(call.Body)
		if err != nil {
			return nil, false
		}
		value, _ = s.xmlValue(root, name).(map[string]any)
	}
	if payload != "" {
		return map[string]any{payload: value}, true
	}
	return value, true
}

// renamed gives the members of a REST JSON body their names of the model, all the way down.
func (s *service) renamed(name string, body map[string]any) map[string]any {
	value := map[string]any{}
	for name, m := range s.Shapes[name].Members {
		if inner, found := body[m.wireName(name)]; found && m.Location == "" {
			value[name] = s.renamedValue(m.Shape, inner)
		}
	}
	return value
}

func (s *service) renamedValue(name string, value any) any {
	sh := s.Shapes[name]
	switch v := value.(type) {
	case map[string]any:
		if sh.Type == "structure" {
			return s.renamed(name, v)
		}
		if sh.Type == "map" {
			for key, inner := range v {
				v[key] = s.renamedValue(sh.Value.Shape, inner)
			}
		}
	case []any:
		if sh.Type == "list" {
			for i, inner := range v {
				v[i] = s.renamedValue(sh.Member.Shape, inner)
			}
		}
	}
	return value
}

// xmlValue reads an element as a shape.
func (s *service) xmlValue(node *wire.Node, name string) any {
	sh := s.Shapes[name]
	switch {
	case sh == nil || sh.Type == "map":
		return given{}
	case sh.Type == "list":
		return s.xmlList(node.Children, sh)
	case sh.Type != "structure":
		return strings.TrimSpace(node.Text)
	}
	value := map[string]any{}
	for name, m := range sh.Members {
		at, of := m.wireName(name), s.Shapes[m.Shape]
		found := node.Find(at)
		switch {
		case len(found) == 0:
			for _, attribute := range node.Attrs {
				if at == attribute.Name.Local || at == attribute.Name.Space+":"+attribute.Name.Local {
					value[name] = attribute.Value
				}
			}
		case of != nil && of.Type == "list" && (of.Flattened || m.Flattened):
			value[name] = s.xmlList(found, of)
		default:
			value[name] = s.xmlValue(found[0], m.Shape)
		}
	}
	return value
}

func (s *service) xmlList(nodes []*wire.Node, sh *shape) []any {
	list := []any{}
	for _, node := range nodes {
		list = append(list, s.xmlValue(node, sh.Member.Shape))
	}
	return list
}
