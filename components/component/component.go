// SPDX-License-Identifier: Apache-2.0

// Package component registers the components of Bulkhead, all in one way.
package component

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Register registers a component with those of its arguments that carry a `pulumi` tag, so that state, previews and policies
// show what it was given. The arguments are a pointer to a struct, or nil for a component without any.
func Register(ctx *pulumi.Context, token, name string, args any, c pulumi.ComponentResource, opts ...pulumi.ResourceOption) error {
	inputs := inputs{}
	if with, is := args.(documented); is {
		args = with.args
		if len(with.drafts) > 0 {
			inputs["documents"] = with.drafts
		}
	}
	if given := reflect.ValueOf(args); given.IsValid() && !given.IsNil() {
		collect(given.Elem(), inputs)
	}
	return ctx.RegisterComponentResourceV2(token, name, inputs, c, opts...)
}

// documented are arguments with drafts of policy documents.
type documented struct {
	args   any
	drafts map[string]string
}

// Documents adds drafts of the policy documents of a component's children to its arguments, by the child's name without the
// component's own: the text of the document, with another ARN in the place of each that is not known yet. By these the policies
// judge a preview in which the text waits for such an ARN; the update judges the text itself.
func Documents(args any, drafts map[string]string) any { return documented{args: args, drafts: drafts} }

// inputs are arguments by their tags. The SDK sends plain values as they are, which spares an output for each.
type inputs map[string]any

// ElementType is what the SDK takes the inputs for.
func (inputs) ElementType() reflect.Type { return reflect.TypeFor[map[string]any]() }

// collect copies the tagged fields that are set. Fields of embedded structs count as the struct's own.
func collect(args reflect.Value, inputs inputs) {
	for i := range args.NumField() {
		field, value := args.Type().Field(i), args.Field(i)
		if field.Anonymous && value.Kind() == reflect.Struct {
			collect(value, inputs)
			continue
		}
		if name, tagged := field.Tag.Lookup("pulumi"); tagged && !value.IsZero() {
			inputs[name] = value.Interface()
		}
	}
}

// Failure joins the problems of a component's arguments into one error that names the component; nil without problems.
func Failure(kind, name string, problems ...error) error {
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("%s %q: %w", kind, name, err)
	}
	return nil
}

// Given is the arguments, or the empty ones for nil: what they lack is then reported field by field.
func Given[T any](args *T) *T {
	if args == nil {
		return new(T)
	}
	return args
}

// Or is the value, or the other where the value is not set.
func Or[T comparable](value, otherwise T) T {
	var unset T
	if value == unset {
		return otherwise
	}
	return value
}
