// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// members is some members of one resource: name to element.
type members map[string]*wire.Node

// overlay remembers members of a resource that moto takes and forgets, and adds them to what moto says of the resource.
type overlay struct {
	store[members]
	names []string // The members, as they are named in the request and in the answer.
}

// remember notes the members that a form gives; the others keep what they were.
func (o *overlay) remember(p place, resource string, form url.Values) {
	o.change(p, resource, func(m members) {
		for _, name := range o.names {
			if node := formNode(form, name); node != nil {
				m[name] = node
			}
		}
	})
}

// put notes one member.
func (o *overlay) put(p place, resource string, node *wire.Node) {
	o.change(p, resource, func(m members) { m[node.Name] = node })
}

// drop forgets one member.
func (o *overlay) drop(p place, resource, name string) {
	o.change(p, resource, func(m members) { delete(m, name) })
}

// change replaces the members by a changed copy, for others may be reading the old ones.
func (o *overlay) change(p place, resource string, change func(members)) {
	o.update(p, resource, func(old members) members {
		fresh := members{}
		for name, node := range old {
			fresh[name] = node
		}
		change(fresh)
		return fresh
	})
}

// recall adds the remembered members to a resource's element.
func (o *overlay) recall(p place, resource string, into *wire.Node) {
	remembered, _ := o.get(p, resource)
	for _, name := range sortedKeys(remembered) {
		into.Set(remembered[name])
	}
}

// formNode makes the element that a form's parameter means, with everything under it: "A.B.member.1=x" is <A><B><member>x</member></B></A>.
// It returns nil when the form has nothing of the name.
func formNode(form url.Values, name string) *wire.Node {
	keys := make([]string, 0, len(form))
	for key := range form {
		if key == name || strings.HasPrefix(key, name+".") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, compareKeys)
	root := wire.Parent("")
	for _, key := range keys {
		grow(root, strings.Split(key, "."), form.Get(key))
	}
	return root.Children[0]
}

// grow adds the elements of one form key. The last child is open to more: "member.1" opens a member, "member.2" the next.
func grow(node *wire.Node, path []string, text string) {
	for len(path) > 0 {
		name, position := path[0], ""
		path = path[1:]
		if len(path) > 0 {
			if _, err := strconv.Atoi(path[0]); err == nil {
				position, path = path[0], path[1:]
			}
		}
		last := len(node.Children) - 1
		if last < 0 || node.Children[last].Name != name || node.Children[last].Position != position {
			node.Children = append(node.Children, &wire.Node{Name: name, Position: position})
			last++
		}
		node = node.Children[last]
	}
	node.Text = text
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// compareKeys orders form keys with their list positions as numbers.
func compareKeys(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		if x[i] == y[i] {
			continue
		}
		m, errM := strconv.Atoi(x[i])
		n, errN := strconv.Atoi(y[i])
		if errM == nil && errN == nil {
			return m - n
		}
		return strings.Compare(x[i], y[i])
	}
	return len(x) - len(y)
}

// succeeded tells whether moto carried the call out.
func succeeded(reply *wire.Reply, err error) bool {
	return err == nil && reply.Status == http.StatusOK
}
