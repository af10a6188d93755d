// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Node is one XML element as it was written, prefixes and attributes included.
type Node struct {
	Name     string
	Attrs    []xml.Attr
	Text     string // Only of an element without children.
	Children []*Node
	Position string // A list item's place in the form it was made from; not written.
}

// ParseXML reads a document into its root element.
func ParseXML(document []byte) (*Node, error) {
	reader := xml.NewDecoder(bytes.NewReader(document))
	var stack []*Node
	for {
		token, err := reader.RawToken()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("xml: no complete element")
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			node := &Node{Name: qualified(t.Name), Attrs: append([]xml.Attr(nil), t.Attr...)}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.Children = append(top.Children, node)
			}
			stack = append(stack, node)
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].Text += string(t)
			}
		case xml.EndElement:
			if len(stack) == 0 || stack[len(stack)-1].Name != qualified(t.Name) {
				return nil, fmt.Errorf("xml: unexpected </%s>", qualified(t.Name))
			}
			if len(stack) == 1 {
				return stack[0], nil
			}
			stack = stack[:len(stack)-1]
		}
	}
}

func qualified(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}

// Bytes writes the element as a document.
func (n *Node) Bytes() []byte {
	b := bytes.NewBufferString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	n.write(b)
	return b.Bytes()
}

func (n *Node) write(b *bytes.Buffer) {
	b.WriteString("<" + n.Name)
	for _, attribute := range n.Attrs {
		b.WriteString(" " + qualified(attribute.Name) + `="` + Escape(attribute.Value) + `"`)
	}
	b.WriteString(">")
	if len(n.Children) == 0 {
		b.WriteString(Escape(n.Text))
	}
	for _, child := range n.Children {
		child.write(b)
	}
	b.WriteString("</" + n.Name + ">")
}

// Element makes an element with text.
func Element(name, text string) *Node { return &Node{Name: name, Text: text} }

// Parent makes an element with children.
func Parent(name string, children ...*Node) *Node { return &Node{Name: name, Children: children} }

// Members makes a list: one element named item around each text.
func Members(name, item string, texts ...string) *Node {
	list := &Node{Name: name}
	for _, text := range texts {
		list.Children = append(list.Children, Element(item, text))
	}
	return list
}

// Find follows a path of child names such as "DBInstances/DBInstance" and returns all elements at its end.
func (n *Node) Find(path string) []*Node {
	name, rest, deeper := strings.Cut(path, "/")
	var found []*Node
	for _, child := range n.Children {
		if child.Name != name {
			continue
		}
		if deeper {
			found = append(found, child.Find(rest)...)
		} else {
			found = append(found, child)
		}
	}
	return found
}

// Get returns the text of the first element at a path, or nothing.
func (n *Node) Get(path string) string {
	if found := n.Find(path); len(found) > 0 {
		return strings.TrimSpace(found[0].Text)
	}
	return ""
}

// Set puts a child in the place of all children of its name.
func (n *Node) Set(child *Node) {
	n.Remove(child.Name)
	n.Children = append(n.Children, child)
}

// Remove drops all children of a name.
func (n *Node) Remove(name string) {
	kept := n.Children[:0]
	for _, child := range n.Children {
		if child.Name != name {
			kept = append(kept, child)
		}
	}
	n.Children = kept
}
