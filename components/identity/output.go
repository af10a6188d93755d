// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// StatementInput is a statement of which some parts are known only once other resources exist.
type StatementInput struct {
	// Statement is the part that is known; the fields below add to it.
	Statement
	// ResourceInputs are further ARNs for Resources.
	ResourceInputs pulumi.StringArrayInput
	// ConditionInputs are further Conditions.
	ConditionInputs []ConditionInput
}

// ConditionInput is a condition whose values are known only once other resources exist.
type ConditionInput struct {
	Operator, Key string
	Values        pulumi.StringArrayInput
}

// later stands for a resource that is not known yet when the known part of a document is checked.
const later = "arn:aws:later:::resource"

// Text is the text of a document that waits for other resources.
type Text struct {
	pulumi.StringOutput

	// Draft is the text with another ARN in the place of each that is not known yet, for component.Documents.
	Draft string
}

// Drafts are the drafts of those documents that wait for other resources.
func Drafts(policies map[string]pulumi.StringInput) map[string]string {
	drafts := map[string]string{}
	for name, policy := range policies {
		if text, waits := policy.(Text); waits {
			drafts[name] = text.Draft
		}
	}
	return drafts
}

// DocumentOutput is the text of a document whose statements wait for other resources. What is known is checked at once, so
// that a preview finds a mistake even while ARNs are unknown; the whole is checked again when they are known. Mistakes
// surface as the failure of the output.
func DocumentOutput(kind Kind, statements ...StatementInput) Text {
	known := Document{Kind: kind}
	// Two entries for each statement: its resources, then one for each of its conditions.
	var waits []any
	for _, in := range statements {
		s := in.Statement
		if in.ResourceInputs != nil {
			s.Resources = append(append([]string(nil), s.Resources...), later)
			waits = append(waits, in.ResourceInputs.ToStringArrayOutput())
		}
		s.Conditions = append([]Condition(nil), s.Conditions...)
		for _, c := range in.ConditionInputs {
			condition := Condition{Operator: c.Operator, Key: c.Key}
			if c.Values != nil {
				condition.Values = []string{later}
				waits = append(waits, c.Values.ToStringArrayOutput())
			}
			s.Conditions = append(s.Conditions, condition)
		}
		known.Statements = append(known.Statements, s)
	}
	draft, err := known.JSON()
	if err != nil {
		return Text{StringOutput: pulumi.String("").ToStringOutput().ApplyT(func(string) (string, error) { return "", err }).(pulumi.StringOutput)}
	}
	return Text{Draft: draft, StringOutput: pulumi.All(waits...).ApplyT(func(values []any) (string, error) {
		return resolve(kind, statements, values)
	}).(pulumi.StringOutput)}
}

// resolve writes the document once the values are there, in the order in which DocumentOutput asked for them.
func resolve(kind Kind, statements []StatementInput, values []any) (string, error) {
	next := func() ([]string, error) {
		if len(values) == 0 {
			return nil, errors.New("a value of the policy document is missing")
		}
		list, ok := values[0].([]string)
		if !ok {
			return nil, fmt.Errorf("a value of the policy document is a %T, not a list of strings", values[0])
		}
		values = values[1:]
		return list, nil
	}
	document := Document{Kind: kind}
	for _, in := range statements {
		s := in.Statement
		if in.ResourceInputs != nil {
			resources, err := next()
			if err != nil {
				return "", err
			}
			s.Resources = append(append([]string(nil), s.Resources...), resources...)
		}
		s.Conditions = append([]Condition(nil), s.Conditions...)
		for _, c := range in.ConditionInputs {
			resolved, err := next()
			if err != nil {
				return "", err
			}
			s.Conditions = append(s.Conditions, Condition{Operator: c.Operator, Key: c.Key, Values: resolved})
		}
		document.Statements = append(document.Statements, s)
	}
	return document.JSON()
}
