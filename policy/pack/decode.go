// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
)

// The marks of the engine's wire format, sdk/go/common/resource (sig.Key and its values) and
// sdk/go/common/resource/plugin (the unknown sentinels).
const (
	signatureKey  = "4dabf18193072939515e22adb298388d"
	sigSecret     = "1b47061264138c4ac30d75fd1eb44270"
	sigAsset      = "c44067f5952c0a294b673a41bacd8c17"
	sigArchive    = "0def7320c3a5731c473e5ecbe6d01bc7"
	sigReference  = "5cf8f73096256a8f31e491e813e4eb8e"
	sigOutput     = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	unknownBool   = "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"
	unknownNumber = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"
	unknownText   = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	unknownList   = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"
	unknownAsset  = "030794c1-ac77-496b-92df-f27374a8bd58"
	unknownArch   = "e48ece36-62e2-4504-bad9-02848725956a"
	unknownObject = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff"
	sentinelSize  = 36
)

// UnknownText is the sentinel with which the engine sends a value that is known only after a deployment.
const UnknownText = unknownText

func isSentinel(s string) bool {
	if len(s) != sentinelSize {
		return false
	}
	switch s {
	case unknownBool, unknownNumber, unknownText, unknownList, unknownAsset, unknownArch, unknownObject:
		return true
	}
	return false
}

// FromStruct decodes a property map as the engine sends it: unknown sentinels, secrets, assets and resource
// references are recognised; keys that start with "__" are the provider's own and are left out.
func FromStruct(s *structpb.Struct) Value {
	if s == nil {
		s = &structpb.Struct{}
	}
	return Value{n: fromStruct(s)}
}

// Parsed returns what a check has read from the text of a value, such as JSON, as a value of its own. Its paths begin at
// the text. What comes from a secret is secret.
func (v Value) Parsed(s *structpb.Struct) Value {
	n := &node{secret: v.Secret()}
	n.fromFields(s.GetFields(), make([]node, len(s.GetFields())))
	return Value{n: n}
}

// fromStruct decodes a property map; without one there is nothing.
func fromStruct(s *structpb.Struct) *node {
	if s == nil {
		return nil
	}
	nodes := make([]node, 1+len(s.GetFields())) // the map and its items in one piece
	nodes[0].fromFields(s.GetFields(), nodes[1:])
	return &nodes[0]
}

// field is one key of a map on its way into a node.
type field struct {
	value *structpb.Value
	key   string
}

// mostFields is how many keys a map has at most, nearly always; those are sorted without the heap.
const mostFields = 16

// fromFields decodes a map. The items are as many nodes for its values, or more.
func (n *node) fromFields(fields map[string]*structpb.Value, items []node) {
	var room [mostFields]field
	list := room[:0]
	for key, v := range fields {
		if !strings.HasPrefix(key, "__") {
			list = append(list, field{key: key, value: v})
		}
	}
	arrange(list)
	n.kind, n.items = Map, items[:len(list):len(list)]
	for i := range list {
		child := &n.items[i]
		child.parent, child.key, child.secret = n, list[i].key, n.secret
		child.fromProto(list[i].value)
	}
}

// arrange sorts by [order]. The few keys of nearly all maps are sorted in place by insertion.
func arrange(list []field) {
	if len(list) > mostFields {
		slices.SortFunc(list, func(a, b field) int { return order(a.key, b.key) })
		return
	}
	for i := 1; i < len(list); i++ {
		one := list[i]
		at := i
		for ; at > 0 && order(one.key, list[at-1].key) < 0; at-- {
			list[at] = list[at-1]
		}
		list[at] = one
	}
}

// order is the order in which a node keeps its keys: short ones first, because lengths are compared faster than
// letters.
func order(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func (n *node) fromProto(v *structpb.Value) {
	switch k := v.GetKind().(type) {
	case *structpb.Value_BoolValue:
		n.kind, n.truth = Bool, k.BoolValue
	case *structpb.Value_NumberValue:
		n.kind, n.number = Number, k.NumberValue
	case *structpb.Value_StringValue:
		n.fromText(k.StringValue)
	case *structpb.Value_ListValue:
		n.kind = List
		values := k.ListValue.GetValues()
		n.items = make([]node, len(values))
		for i, item := range values {
			child := &n.items[i]
			child.parent, child.index, child.secret = n, int32(i), n.secret //nolint:gosec // far below 2^31 items
			child.fromProto(item)
		}
	case *structpb.Value_StructValue:
		fields := k.StructValue.GetFields()
		if mark := fields[signatureKey]; mark != nil {
			n.fromSigned(mark.GetStringValue(), fields)
			return
		}
		n.fromFields(fields, make([]node, len(fields)))
	default:
		n.kind = Null
	}
}

func (n *node) fromText(s string) {
	if s == Redacted {
		n.kind = Unknown
		n.conceal()
		return
	}
	if isSentinel(s) {
		n.kind = Unknown
		return
	}
	n.kind, n.text = Text, s
}

// fromSigned decodes the special objects. An unknown mark decodes as an unknown value: what cannot be read
// must not look like a value that passes.
func (n *node) fromSigned(mark string, fields map[string]*structpb.Value) {
	switch mark {
	case sigSecret:
		n.conceal()
		switch {
		case fields["value"] != nil:
			n.fromProto(fields["value"])
		case fields["plaintext"] != nil:
			n.fromPlaintext(fields["plaintext"].GetStringValue())
		default:
			n.kind = Unknown
		}
	case sigAsset, sigArchive:
		n.kind = Asset
	case sigReference:
		id := fields["id"]
		if id == nil || id.GetStringValue() == "" {
			id = fields["urn"]
		}
		n.fromProto(id)
	case sigOutput:
		if fields["secret"].GetBoolValue() {
			n.conceal()
		}
		if fields["value"] == nil {
			n.kind = Unknown
			return
		}
		n.fromProto(fields["value"])
	default:
		n.kind = Unknown
	}
}

// fromPlaintext decodes the JSON text of a secret in a stack export made with --show-secrets.
func (n *node) fromPlaintext(text string) {
	v := &structpb.Value{}
	if err := v.UnmarshalJSON([]byte(text)); err != nil {
		n.kind = Unknown
		return
	}
	n.fromProto(v)
}

// StructFromJSON turns the JSON of a property map, as a stack export or a preview writes it, into the form
// that the engine sends.
func StructFromJSON(raw json.RawMessage) (*structpb.Struct, error) {
	s := &structpb.Struct{}
	if len(raw) == 0 || string(raw) == "null" {
		return s, nil
	}
	if err := s.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("properties are not a JSON object: %w", err)
	}
	return s, nil
}
