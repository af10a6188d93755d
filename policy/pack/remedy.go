// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Edit changes the inputs of one resource. Everything that is not set stays as it came: unknown values,
// secrets and the provider's own "__defaults".
type Edit struct {
	props *structpb.Struct
	// replaces says of a path that changing it would replace the resource.
	replaces func(path string) bool
	view     Value
	changed  bool
}

// newEdit starts with a copy of the inputs.
func newEdit(props *structpb.Struct, replaces func(path string) bool) *Edit {
	clone, ok := proto.Clone(props).(*structpb.Struct)
	if !ok || clone == nil {
		clone = &structpb.Struct{}
	}
	if clone.Fields == nil {
		clone.Fields = map[string]*structpb.Value{}
	}
	return &Edit{props: clone, view: FromStruct(clone), replaces: replaces}
}

// Get returns the property at the path as it is now.
func (e *Edit) Get(path string) Value { return e.view.Get(path) }

// Set writes a string, number or boolean at a path of object keys and reports whether it did. It makes
// missing objects, goes into a list of one, keeps a secret a secret, and leaves alone what is unknown, has
// another shape, or would replace the resource.
func (e *Edit) Set(path string, value any) bool {
	v, err := structpb.NewValue(value)
	if err != nil {
		panic(fmt.Sprintf("remedy sets %s to %T: %v", path, value, err))
	}
	if e.replaces(path) {
		return false
	}
	steps := strings.Split(path, ".")
	fields := e.props.Fields
	for _, step := range steps[:len(steps)-1] {
		if fields = into(fields, step); fields == nil {
			return false
		}
	}
	last := steps[len(steps)-1]
	if old := fields[last]; old != nil {
		if isSentinel(old.GetStringValue()) {
			return false
		}
		if inner := old.GetStructValue(); inner.GetFields()[signatureKey].GetStringValue() == sigSecret {
			if isSentinel(inner.Fields["value"].GetStringValue()) {
				return false
			}
			fields, last = inner.Fields, "value"
		}
	}
	if proto.Equal(fields[last], v) {
		return false
	}
	fields[last] = v
	e.changed = true
	e.view = FromStruct(e.props)
	return true
}

// into steps into an object or a list of one object, making it when it is missing. It returns nil when there
// is something else.
func into(fields map[string]*structpb.Value, step string) map[string]*structpb.Value {
	old := fields[step]
	if _, null := old.GetKind().(*structpb.Value_NullValue); old == nil || null {
		made := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		fields[step] = structpb.NewStructValue(made)
		return made.Fields
	}
	if list := old.GetListValue().GetValues(); len(list) == 1 {
		old = list[0]
	}
	inner := old.GetStructValue()
	if inner == nil {
		return nil
	}
	if inner.Fields == nil {
		inner.Fields = map[string]*structpb.Value{}
	}
	if mark := inner.Fields[signatureKey]; mark != nil {
		if mark.GetStringValue() != sigSecret {
			return nil
		}
		return inner.Fields["value"].GetStructValue().GetFields()
	}
	return inner.Fields
}

// Remediation is what one control changed.
type Remediation struct {
	Control *Control
	// Inputs is the whole new property map.
	Inputs *structpb.Struct
	// Problem is set instead of Inputs when the remedy itself failed.
	Problem string
}

// Remediate applies the remedies of the controls at level remediate, each seeing what the one before it
// left. Waived resources are left alone. Only controls that changed something are returned.
func (s *Session) Remediate(r *Resource, props *structpb.Struct) []Remediation {
	d := s.pack.byType[r.Type]
	if d == nil {
		return nil
	}
	var done []Remediation
	for _, c := range d.resource {
		if c.Remedy == nil || s.levels[c.ID] != Remediate || s.rules.waiverFor(c.ID, r, s.now()) != nil {
			continue
		}
		edit := newEdit(props, func(path string) bool { return s.pack.replaces(r.Type, path) })
		problem := applyRemedy(c, edit)
		switch {
		case problem != "":
			done = append(done, Remediation{Control: c, Problem: s.mask(problem)})
		case edit.changed:
			props = edit.props
			done = append(done, Remediation{Control: c, Inputs: props})
		}
	}
	return done
}

func (p *Pack) replaces(token, path string) bool {
	return p.Replaces != nil && path != "" && p.Replaces(token, path)
}

func applyRemedy(c *Control, e *Edit) (problem string) {
	defer func() {
		if p := recover(); p != nil {
			problem = fmt.Sprintf("the remedy of %s failed (%v); please report it", c.ID, p)
		}
	}()
	c.Remedy(e)
	return ""
}
