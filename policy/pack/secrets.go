// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Redacted stands for the value of a secret that is not there to be read. Nothing is known about such a value, not even
// its type.
const Redacted = "[secret]"

// shortestMasked keeps single letters and digits of a secret from blotting out ordinary text.
const shortestMasked = 4

// hider blots out secrets in a text, also where a message shows them in quotes or cut short. Without secrets it is nil.
func hider(secrets []string) *strings.Replacer {
	var forms []string
	for _, secret := range secrets {
		if len(secret) < shortestMasked {
			continue
		}
		quoted, cut := strconv.Quote(secret), strconv.Quote(shorten(secret))
		forms = append(forms, secret, shorten(secret), strings.Trim(quoted, `"`), strings.Trim(cut, `"`))
	}
	if len(forms) == 0 {
		return nil
	}
	slices.SortFunc(forms, func(a, b string) int { // the longest first: one secret may begin with another
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// conceal makes the node a secret.
func (n *node) conceal() {
	n.secret = true
	for above := n.parent; above != nil && !above.hides; above = above.parent {
		above.hides = true
	}
}

// secrets appends the texts of the secrets below the node.
func (n *node) secrets(list []string) []string {
	if !n.secretive() {
		return list
	}
	if n.secret {
		if text, ok := (Value{n: n}).Text(); ok {
			list = append(list, text)
		}
	}
	for i := range n.items {
		list = n.items[i].secrets(list)
	}
	return list
}

// secretive reports whether the node or something below it is a secret.
func (n *node) secretive() bool { return n != nil && (n.secret || n.hides) }

// notice remembers the secrets of a resource of the stack, when its properties have been decoded: no message can tell others.
func (s *Stack) notice(n *node) {
	if s != nil && n.secretive() {
		s.secretive, s.hides = append(s.secretive, n), nil
	}
}

// hide blots out in a text what may not be shown: the secrets of what the case could read.
func (c *Case) hide(text string) string {
	secrets := c.Stack.hider()
	if c.Stack == nil {
		secrets = hider(c.out.secrets(c.props.secrets(nil)))
	}
	if secrets == nil {
		return text
	}
	return secrets.Replace(text)
}

// hider blots out every secret that has been decoded.
func (s *Stack) hider() *strings.Replacer {
	if s == nil {
		return nil
	}
	if s.hides == nil {
		var list []string
		for _, n := range s.secretive {
			list = n.secrets(list)
		}
		s.hides = hider(list)
	}
	return s.hides
}
