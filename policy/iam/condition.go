// SPDX-License-Identifier: Apache-2.0

package iam

import "strings"

// family is what a condition operator compares.
type family uint8

// The families. Unknown operators belong to none: AWS refuses them, and they are read as if they were not there.
const (
	noFamily family = iota
	texts
	arns
	numbers
	dates
	truths
	bytesOf
	addresses
	presence
)

// operator is what the name of a condition operator says.
type operator struct {
	family family
	// exact compares without wildcards, negated holds for every value but those listed.
	exact, negated bool
	// ifExists and forAll also hold when the key is missing from the request.
	ifExists, forAll bool
}

// operators are all that AWS knows, in the spelling of the IAM user guide ("Condition operators"), with their
// prefixes and suffixes.
var operators = spelled()

func spelled() map[string]operator {
	plain := map[string]operator{
		"StringEquals": {family: texts, exact: true}, "StringEqualsIgnoreCase": {family: texts, exact: true}, "StringLike": {family: texts},
		"StringNotEquals": {family: texts, negated: true, exact: true}, "StringNotEqualsIgnoreCase": {family: texts, negated: true, exact: true},
		"StringNotLike": {family: texts, negated: true},
		"ArnEquals":     {family: arns}, "ArnLike": {family: arns}, "ArnNotEquals": {family: arns, negated: true},
		"ArnNotLike": {family: arns, negated: true},
		"Bool":       {family: truths}, "BinaryEquals": {family: bytesOf}, "IpAddress": {family: addresses},
		"NotIpAddress": {family: addresses, negated: true}, "Null": {family: presence},
	}
	for kind, f := range map[string]family{"Numeric": numbers, "Date": dates} {
		for _, compare := range []string{"Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"} {
			plain[kind+compare] = operator{family: f, negated: compare == "NotEquals"}
		}
	}
	all := map[string]operator{}
	for name, op := range plain {
		for _, prefix := range []string{"", "ForAnyValue:", "ForAllValues:"} {
			op.forAll, op.ifExists = prefix == "ForAllValues:", false
			all[prefix+name], all[strings.ToLower(prefix+name)] = op, op
			if op.family != presence { // the only one without IfExists
				op.ifExists = true
				all[prefix+name+"IfExists"], all[strings.ToLower(prefix+name+"IfExists")] = op, op
			}
		}
	}
	return all
}

func readOperator(name string) operator {
	if op, ok := operators[name]; ok {
		return op
	}
	return operators[strings.ToLower(name)]
}

// demands reports whether the condition holds only for requests that have the key with one of the values.
func (op operator) demands() bool {
	return op.family != noFamily && op.family != presence && !op.negated && !op.ifExists && !op.forAll
}

// compares reports whether the condition compares names or ARNs.
func (op operator) compares() bool { return op.family == texts || op.family == arns }

// Demands reports whether the condition holds only for requests whose key has one of its values: neither when the
// key is missing, nor for all values but some. An operator that AWS does not know demands nothing.
func (c *Condition) Demands() bool { return c.op.demands() && len(c.Values) > 0 }

// Names reports whether the condition demands one of values that are each spelled out, without wildcards and without
// variables.
func (c *Condition) Names() bool {
	if !c.Demands() || !c.op.compares() {
		return false
	}
	for _, v := range c.Values {
		if v == "" || strings.Contains(v, "${") || !c.op.exact && strings.ContainsAny(v, "*?") {
			return false
		}
	}
	return true
}

// DemandsSecondFactor reports whether the condition holds only for who signed in with a second factor, or with one not
// long ago. Requests without one may come without the keys, so IfExists demands nothing.
func (c *Condition) DemandsSecondFactor() bool {
	switch c.key {
	case "aws:multifactorauthpresent":
		return c.Demands() && (c.op.family == truths || c.op.family == texts) && !hasOther(c.Values, "true")
	case "aws:multifactorauthage":
		return c.Demands() && c.op.family == numbers && strings.Contains(strings.ToLower(c.Operator), "lessthan")
	}
	return false
}

// Exact reports whether the operator takes "*" and "?" for themselves.
func (c *Condition) Exact() bool { return c.op.exact }

// truthKeys are keys whose values are true or false; operators for numbers, dates, addresses and ARNs never hold for
// them, and their negations always do.
var truthKeys = map[string]bool{
	"aws:securetransport": true, "aws:multifactorauthpresent": true, "aws:viaawsservice": true, "aws:principalisawsservice": true,
	"kms:grantisforawsresource": true, "kms:bypasspolicylockoutsafetycheck": true, "elasticfilesystem:accessedviamounttarget": true,
}

// fault says what AWS would refuse in a condition, or "".
func (c *Condition) fault() string {
	switch {
	case c.op.family == noFamily:
		return "has the condition operator " + quote(c.Operator) + ", which AWS does not know"
	case truthKeys[c.key] && c.op.family >= numbers && c.op.family != truths && c.op.family != presence || truthKeys[c.key] &&
		c.op.family == arns:
		return "compares " + c.Key + ", which is true or false, by " + c.Operator
	}
	for _, v := range c.Values {
		if strings.Contains(v, "${") {
			continue
		}
		if !c.op.family.reads(v) {
			return "has " + quote(v) + " as a value of " + c.Operator
		}
	}
	return ""
}

// reads reports whether a value has the form that operators of the family compare.
func (f family) reads(v string) bool {
	switch f {
	case truths, presence:
		return strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	case numbers:
		return v != "" && strings.Trim(v, "+-.0123456789eE") == ""
	}
	return true
}

// own are the variables that name the account or organisation of the resource: who is compared with them is of the
// same one. All others tell of the caller, and compare it with itself.
var own = []string{"${aws:ResourceAccount}", "${aws:ResourceOrgID}", "${aws:ResourceOrgPaths}"}

// settle writes twelve digits for the variables that name the owner of the resource, which no caller can choose.
func settle(v string) string {
	if !strings.Contains(v, "${") {
		return v
	}
	for _, variable := range own {
		for {
			i := strings.Index(strings.ToLower(v), strings.ToLower(variable))
			if i < 0 || len(strings.ToLower(v)) != len(v) {
				break
			}
			v = v[:i] + "000000000000" + v[i+len(variable):]
		}
	}
	return v
}

// WithinAccounts reports whether a condition demands that the resource belongs to an account or organisation that is
// named (a data perimeter, as the policy of an endpoint has it).
func (s *Statement) WithinAccounts() bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		switch c.key {
		case "aws:resourceaccount", "aws:resourceorgid", "s3:resourceaccount":
			if c.Names() {
				return true
			}
		case "aws:resourceorgpaths":
			if _, weak := c.weak(orgPath); !weak && c.Demands() && c.op.compares() {
				return true
			}
		}
	}
	return false
}
