// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
)

// everyone reports whether a principal stands for anybody with or without an AWS account. AWS refuses most
// partial wildcards in principals; they are read as the widest they could mean.
func (p Principal) everyone() bool {
	switch p.Kind {
	case "*":
		return true
	case "AWS":
		return p.ID == "*" || strings.Contains(accountPart(p.ID), "*")
	case "Federated", "CanonicalUser":
		return p.ID == "*"
	}
	return false
}

func accountPart(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) >= 5 && parts[0] == "arn" {
		return parts[4]
	}
	return arn
}

// Public says why an Allow statement of a resource policy admits anybody, or "" when it does not: its
// principals are everyone, and no condition narrows that to accounts, networks or resources that are named.
func (s *Statement) Public() string {
	if !s.Allows() {
		return ""
	}
	who := ""
	switch {
	case len(s.NotPrincipals) > 0:
		who = "allows everyone but the principals in NotPrincipal"
	case slices.ContainsFunc(s.Principals, Principal.everyone):
		who = "allows any principal"
	default:
		return ""
	}
	var weak []string
	for _, c := range s.Conditions {
		why := c.weakness()
		if why == "" {
			return ""
		}
		weak = append(weak, why)
	}
	if len(weak) > 0 {
		return fmt.Sprintf("%s, and its conditions do not restrict that (%s)", who, strings.Join(weak, "; "))
	}
	return who
}

// narrowing are the condition keys that name callers, and how the value must look to name any.
var narrowing = map[string]func(string) bool{
	"aws:principalorgid":        literal,
	"aws:principalorgpaths":     orgPath,
	"aws:principalaccount":      literal,
	"aws:principalarn":          fixedAccount,
	"aws:sourceaccount":         literal,
	"aws:sourceowner":           literal,
	"aws:sourceorgid":           literal,
	"aws:sourceorgpaths":        orgPath,
	"aws:sourcearn":             fixedAccount,
	"aws:sourcevpc":             literal,
	"aws:sourcevpce":            literal,
	"aws:userid":                fixedUser,
	"aws:principalservicename":  literal,
	"kms:calleraccount":         literal,
	"s3:dataaccesspointaccount": literal,
	"s3:dataaccesspointarn":     fixedAccount,
	"aws:vpcsourceip":           literal,
	"lambda:eventsourcetoken":   literal,
}

// weakness says why a condition does not narrow the callers, or "".
func (c Condition) weakness() string {
	op := strings.ToLower(c.Operator)
	key := strings.ToLower(c.Key)
	switch {
	case strings.HasSuffix(op, "ifexists"):
		return fmt.Sprintf("%s also holds when %s is missing", c.Operator, c.Key)
	case strings.HasPrefix(op, "forallvalues:"):
		return fmt.Sprintf("%s also holds when %s is missing", c.Operator, c.Key)
	}
	op = strings.TrimPrefix(op, "foranyvalue:")
	if strings.Contains(op, "not") || op == "null" {
		return fmt.Sprintf("%s on %s excludes some and lets all others in", c.Operator, c.Key)
	}
	if key == "elasticfilesystem:accessedviamounttarget" && op == "bool" && slices.Equal(c.Values, []string{"true"}) {
		return ""
	}
	if key == "aws:sourceip" {
		return c.addresses(op)
	}
	return c.names(op, key)
}

// names says why a comparison of names does not narrow the callers, or "".
func (c Condition) names(op, key string) string {
	named, known := narrowing[key]
	switch {
	case !known:
		return fmt.Sprintf("%s says nothing about who calls", c.Key)
	case !strings.HasPrefix(op, "string") && !strings.HasPrefix(op, "arn"):
		return fmt.Sprintf("%s does not compare names", c.Operator)
	case len(c.Values) == 0:
		return c.Key + " has no value"
	}
	exact := op == "stringequals" || op == "stringequalsignorecase"
	for _, v := range c.Values {
		if !named(v) && (!exact || !strings.ContainsAny(v, "*?")) {
			return fmt.Sprintf("%s %q names nobody in particular", c.Key, v)
		}
	}
	return ""
}

func (c Condition) addresses(op string) string {
	if op != "ipaddress" {
		return fmt.Sprintf("%s on %s does not admit a range", c.Operator, c.Key)
	}
	wide, err := address.Wide(c.Values...)
	switch {
	case err != nil:
		return err.Error()
	case wide:
		return fmt.Sprintf("%s %s is a large part of the internet", c.Key, strings.Join(c.Values, ", "))
	}
	return ""
}

func literal(v string) bool { return v != "" && !strings.ContainsAny(v, "*?") }

// orgPath wants the organisation itself to be named: "o-abc123/*" is narrow, "o-*/*" is not.
func orgPath(v string) bool {
	org, _, _ := strings.Cut(v, "/")
	return literal(org)
}

const accountDigits = 12

// IsAccount reports whether the text is the id of an AWS account: twelve digits.
func IsAccount(text string) bool {
	return len(text) == accountDigits && strings.Trim(text, "0123456789") == ""
}

// fixedAccount wants an ARN with a fixed account, or one without an account that names its resource, such as
// a bucket.
func fixedAccount(v string) bool {
	parts := strings.SplitN(v, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return literal(v) && v != ""
	}
	if IsAccount(parts[4]) || parts[4] == "${aws:PrincipalAccount}" {
		return true
	}
	return parts[4] == "" && strings.Trim(parts[5], "*?") != "" && !strings.HasPrefix(parts[5], "*")
}

// fixedUser wants a unique id in front of a session name: "AROAEXAMPLE:*" is narrow, "*:me" is not.
func fixedUser(v string) bool {
	id, _, _ := strings.Cut(v, ":")
	return literal(id)
}

// Foreign returns the principals of an Allow statement that belong to an account which is not ours. AWS
// service principals are not foreign.
func (s *Statement) Foreign(ours func(account string) bool) []string {
	if !s.Allows() {
		return nil
	}
	var out []string
	for _, p := range s.Principals {
		if p.Kind != "AWS" || p.everyone() {
			continue
		}
		if a := accountPart(p.ID); IsAccount(a) && !ours(a) {
			out = append(out, p.ID)
		}
	}
	return out
}

// RequiresTLS reports whether the document denies everybody who does not use TLS, for all of the given
// actions. Nothing but the condition on aws:SecureTransport may narrow the denial, except for AWS services.
func (d *Document) RequiresTLS(actions ...string) bool {
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Denies() || len(s.NotPrincipals) > 0 || len(s.NotResources) > 0 || !plainHTTP(s.Conditions) {
			continue
		}
		if len(s.Principals) == 1 && s.Principals[0].everyone() &&
			!slices.ContainsFunc(actions, func(a string) bool { return !s.CoversAction(a) }) {
			return true
		}
	}
	return false
}

// plainHTTP reports whether conditions hold for every request without TLS. Those of AWS services may be left out:
// services never come without it.
func plainHTTP(all []Condition) bool {
	found := false
	for _, c := range all {
		if !slices.Equal(c.Values, []string{"false"}) || !strings.EqualFold(c.Operator, "Bool") && !strings.EqualFold(c.Operator, "BoolIfExists") {
			return false
		}
		switch {
		case strings.EqualFold(c.Key, "aws:SecureTransport"):
			found = true
		case !strings.EqualFold(c.Key, "aws:PrincipalIsAWSService"):
			return false
		}
	}
	return found
}

// UnboundService returns the service principals that an Allow statement admits on behalf of any customer of
// AWS: no condition ties the call to an account, an organisation or a resource (confused deputy).
func (s *Statement) UnboundService() []string {
	if !s.Allows() {
		return nil
	}
	for _, c := range s.Conditions {
		switch strings.ToLower(c.Key) {
		case "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths",
			"kms:calleraccount", "kms:encryptioncontext:aws:logs:arn", "kms:grantisforawsresource":
			if c.weakness() == "" || strings.HasPrefix(strings.ToLower(c.Key), "kms:") {
				return nil
			}
		}
	}
	var out []string
	for _, p := range s.Principals {
		if p.Kind == "Service" {
			out = append(out, p.ID)
		}
	}
	return out
}
