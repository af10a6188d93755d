// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind says where a document will be attached, which decides what its statements must and may not hold.
type Kind int

const (
	// PermissionsPolicy is attached to a role: resources, no principals.
	PermissionsPolicy Kind = iota
	// ResourcePolicy is attached to a resource such as a bucket, a key or a topic: principals and resources.
	ResourcePolicy
	// TrustPolicy is the assume-role policy of a role: principals, no resources.
	TrustPolicy
)

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{"permissions policy", "resource policy", "trust policy"}[k]
}

// limit is the number of characters AWS accepts in a document of this kind: inline policies of a role, bucket policies (the
// smallest of the resource policies that grow) and trust policies
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
func (k Kind) limit() int {
	return [...]int{10240, 20480, 2048}[k]
}

const (
	// Allow grants.
	Allow = "Allow"
	// Deny refuses, whatever else grants.
	Deny = "Deny"
)

// Document is an IAM policy document.
type Document struct {
	// Kind is where the document belongs.
	Kind Kind
	// Statements are its statements, in the order in which they are written.
	Statements []Statement
}

// Statement is one statement of a document.
type Statement struct {
	// Sid names the statement, in letters and digits, once per document.
	Sid string
	// Effect is Allow or Deny.
	Effect string
	// Principals are who is meant; a permissions policy has none, the others must.
	Principals Principals
	// Actions are what is meant, such as "s3:GetObject"; a star is a wildcard.
	Actions []string
	// NotActions mean every other action; only a Deny may use them.
	NotActions []string
	// Resources are the ARNs that are meant; a trust policy has none, the others must.
	Resources []string
	// NotResources mean every other ARN; only a Deny may use them.
	NotResources []string
	// Conditions must all hold.
	Conditions []Condition
	// Reason says why an Allow must have wildcards: "*" or "service:*" as an action, "*" or an ARN of every resource as a
	// resource, or everybody as the principal. Without it such a statement is refused (FSBP IAM.1 and IAM.21). It is for the
	// reader of the code and is not part of the document.
	Reason string
}

// Principals are who a statement means.
type Principals struct {
	// AWS are ARNs of accounts, roles or users.
	AWS []string
	// Services are service principals, such as "ec2.amazonaws.com".
	Services []string
	// Federated are ARNs of identity providers.
	Federated []string
	// Everyone means anybody at all, even without credentials; an Allow needs a reason and a condition for it.
	Everyone bool
}

func (p Principals) empty() bool {
	return len(p.AWS)+len(p.Services)+len(p.Federated) == 0 && !p.Everyone
}

// Condition is one condition of a statement: an operator such as "StringEquals", a key such as "aws:SourceAccount", and the
// values of which one must match.
type Condition struct {
	Operator, Key string
	Values        []string
}

// SourceAccount demands that the caller, a service, acts for a resource of the account. It closes the confused-deputy hole
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
func SourceAccount(accountID string) Condition {
	return Condition{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{accountID}}
}

// SourceARN demands that the caller, a service, acts for a resource whose ARN matches one of the patterns.
func SourceARN(patterns ...string) Condition {
	return Condition{Operator: "ArnLike", Key: "aws:SourceArn", Values: patterns}
}

// Permissions is a document for a role.
func Permissions(statements ...Statement) Document {
	return Document{Kind: PermissionsPolicy, Statements: statements}
}

// OnResource is a document for a resource.
func OnResource(statements ...Statement) Document {
	return Document{Kind: ResourcePolicy, Statements: statements}
}

// AssumeRoleByService is the trust policy of a role that an AWS service takes on, such as "ec2.amazonaws.com". Where the
// service supports it, add SourceAccount and SourceARN.
func AssumeRoleByService(service string, conditions ...Condition) Document {
	return Document{Kind: TrustPolicy, Statements: []Statement{{
		Sid: "AssumeByService", Effect: Allow, Actions: []string{"sts:AssumeRole"},
		Principals: Principals{Services: []string{service}}, Conditions: conditions,
	}}}
}

// JSON is the document as AWS reads it. Equal documents give equal text: lists are sorted and free of doubles, and a list of
// one is written as AWS returns it, without brackets. The error names everything that is wrong.
func (d Document) JSON() (string, error) {
	if err := d.Check(); err != nil {
		return "", err
	}
	out := documentJSON{Version: "2012-10-17"}
	for _, s := range d.Statements {
		out.Statement = append(out.Statement, s.json())
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		return "", err
	}
	result := strings.TrimSuffix(text.String(), "\n")
	if len(result) > d.Kind.limit() {
		return "", fmt.Errorf("the %s has %d characters, AWS accepts %d: split it or say the same with fewer statements",
			d.Kind, len(result), d.Kind.limit())
	}
	return result, nil
}

// Check reports everything that is wrong with the document.
func (d Document) Check() error {
	var problems []error
	if len(d.Statements) == 0 {
		problems = append(problems, fmt.Errorf("the %s has no statements", d.Kind))
	}
	seen := map[string]bool{}
	for i, s := range d.Statements {
		where := fmt.Sprintf("statement %d", i)
		if s.Sid != "" {
			where = fmt.Sprintf("statement %q", s.Sid)
		}
		if seen[s.Sid] && s.Sid != "" {
			problems = append(problems, fmt.Errorf("%s: the Sid is used twice", where))
		}
		seen[s.Sid] = true
		for _, problem := range s.problems(d.Kind) {
			problems = append(problems, fmt.Errorf("%s: %w", where, problem))
		}
	}
	return errors.Join(problems...)
}

// documentJSON and statementJSON fix the order of the members.
type documentJSON struct {
	Version   string
	Statement []statementJSON
}

type statementJSON struct {
	Sid         string                     `json:",omitempty"`
	Effect      string                     `json:",omitempty"`
	Principal   map[string]list            `json:",omitempty"`
	Action      list                       `json:",omitempty"`
	NotAction   list                       `json:",omitempty"`
	Resource    list                       `json:",omitempty"`
	NotResource list                       `json:",omitempty"`
	Condition   map[string]map[string]list `json:",omitempty"`
}

// list is a JSON list of strings whose single element stands without brackets.
type list []string

// MarshalJSON implements json.Marshaler.
func (l list) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return marshal(l[0])
	}
	return marshal([]string(l))
}

// marshal encodes without the HTML escapes that would spoil "<" and "&".
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

func canonical(values []string) list {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

func (s Statement) json() statementJSON {
	principal := map[string]list{}
	for kind, values := range map[string][]string{
		"AWS": s.Principals.AWS, "Service": s.Principals.Services, "Federated": s.Principals.Federated,
	} {
		if len(values) > 0 {
			principal[kind] = canonical(values)
		}
	}
	if s.Principals.Everyone {
		// The same as a bare star, in the form that every service accepts
		// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
		principal["AWS"] = list{"*"}
	}
	out := statementJSON{
		Sid: s.Sid, Effect: s.Effect, Principal: principal, Action: canonical(s.Actions), NotAction: canonical(s.NotActions),
		Resource: canonical(s.Resources), NotResource: canonical(s.NotResources),
	}
	for _, c := range s.Conditions {
		if out.Condition == nil {
			out.Condition = map[string]map[string]list{}
		}
		if out.Condition[c.Operator] == nil {
			out.Condition[c.Operator] = map[string]list{}
		}
		out.Condition[c.Operator][c.Key] = canonical(c.Values)
	}
	return out
}
