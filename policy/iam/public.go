// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

// everyone reports whether a principal stands for anybody with or without an AWS account. AWS refuses most
// partial wildcards in principals; they are read as the widest they could mean.
func (p Principal) everyone() bool {
	switch p.Kind {
	case "*":
		return true
	case "AWS":
		return strings.ContainsAny(accountPart(p.ID), "*?")
	case "Federated", "CanonicalUser", "Service":
		return p.ID == "*"
	}
	return false
}

func accountPart(arn string) string {
	if parts := strings.SplitN(arn, ":", arnParts); len(parts) >= 5 && parts[0] == "arn" {
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
	for i := range s.Conditions {
		why := s.Conditions[i].weakness()
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
	"aws:sourcevpcarn":          fixedAccount,
	"aws:vpceaccount":           literal, // the three since August 2025 (IAM user guide, "Properties of the network")
	"aws:vpceorgid":             literal,
	"aws:vpceorgpaths":          orgPath,
	"aws:userid":                fixedUser,
	"aws:principalservicename":  literal,
	"kms:calleraccount":         literal,
	"s3:dataaccesspointaccount": literal,
	"s3:dataaccesspointarn":     fixedAccount,
	"lambda:eventsourcetoken":   literal,
}

// weakness says why a condition does not narrow the callers, or "".
func (c *Condition) weakness() string {
	switch op := c.op; {
	case op.family == noFamily:
		return c.Operator + " is no operator that AWS knows"
	case op.ifExists || op.forAll:
		return fmt.Sprintf("%s also holds when %s is missing", c.Operator, c.Key)
	case op.negated || op.family == presence:
		return fmt.Sprintf("%s on %s excludes some and lets all others in", c.Operator, c.Key)
	}
	switch c.key {
	case "elasticfilesystem:accessedviamounttarget":
		if c.op.family == truths && slices.Equal(c.Values, []string{"true"}) {
			return ""
		}
	case "aws:sourceip":
		return c.addresses()
	}
	return c.names()
}

// names says why a comparison of names does not narrow the callers, or "".
func (c *Condition) names() string {
	strong, known := narrowing[c.key]
	switch {
	case !known:
		return fmt.Sprintf("%s says nothing about who calls", c.Key)
	case !c.op.compares():
		return fmt.Sprintf("%s does not compare names", c.Operator)
	case len(c.Values) == 0:
		return c.Key + " has no value"
	}
	if v, ok := c.weak(strong); ok {
		return fmt.Sprintf("%s %q names nobody in particular", c.Key, v)
	}
	return ""
}

// weak returns a value that names nobody, if there is one. Operators without wildcards match "*" by nothing else, but
// fill in variables like all others.
func (c *Condition) weak(strong func(string) bool) (string, bool) {
	for _, v := range c.Values {
		if !strong(v) && (!c.op.exact || !strings.ContainsAny(v, "*?") || strings.Contains(settle(v), "${")) {
			return v, true
		}
	}
	return "", false
}

func (c *Condition) addresses() string {
	if c.op.family != addresses {
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

// literal wants a name without wildcards. Of variables, only those of the resource's own account and organisation name
// anybody: the others compare the caller with itself.
func literal(v string) bool {
	v = settle(v)
	return v != "" && !strings.ContainsAny(v, "*?") && !strings.Contains(v, "${")
}

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

// fixedAccount wants an ARN with a fixed account, or one without an account that spells out its resource, such as a
// bucket: who may choose a name can choose one that a pattern covers.
func fixedAccount(v string) bool {
	v = settle(v)
	parts, ok := splitARN(v)
	if !ok {
		return literal(v)
	}
	if parts.account != "" {
		return IsAccount(parts.account)
	}
	name, _, _ := strings.Cut(parts.name, "/")
	return literal(name)
}

// NamesOwner reports whether the ARN names the account that its resource belongs to, or spells out a resource whose
// ARN has no account, such as a bucket.
func NamesOwner(arn string) bool { return fixedAccount(arn) }

// fixedUser wants a unique id in front of a session name: "AROAEXAMPLE:*" is narrow, "*:me" is not.
func fixedUser(v string) bool {
	id, _, _ := strings.Cut(v, ":")
	return literal(id)
}

// Foreign returns the principals of an Allow statement that belong to an account which is not ours. AWS service
// principals are not foreign; but where everybody or a service is admitted, the accounts are that the conditions name.
func (s *Statement) Foreign(ours func(account string) bool) []string {
	if !s.Allows() {
		return nil
	}
	var out []string
	open := len(s.NotPrincipals) > 0
	for _, p := range s.Principals {
		switch {
		case p.everyone() || p.Kind == "Service":
			open = true
		case p.Kind == "AWS":
			if a := accountPart(p.ID); IsAccount(a) && !ours(a) {
				out = append(out, p.ID)
			}
		}
	}
	for i := range s.Conditions {
		if open {
			out = s.Conditions[i].foreign(ours, out)
		}
	}
	return out
}

// foreign appends the values of a condition that name accounts which are not ours.
func (c *Condition) foreign(ours func(account string) bool, out []string) []string {
	if !accountKeys[c.key] || c.op.negated || !c.op.compares() {
		return out
	}
	for _, v := range c.Values {
		if a := accountPart(v); IsAccount(a) && !ours(a) {
			out = append(out, c.Key+" "+v)
		}
	}
	return out
}

// accountKeys are the condition keys whose values are accounts or have one in them.
var accountKeys = map[string]bool{
	"aws:principalaccount": true, "aws:principalarn": true, "aws:sourceaccount": true, "aws:sourceowner": true, "aws:sourcearn": true,
	"kms:calleraccount": true, "s3:dataaccesspointaccount": true, "s3:dataaccesspointarn": true,
}

// RequiresTLS reports whether the document denies everybody who does not use TLS, for all of the given
// actions, in a statement whose resources are all that there are. Nothing but the condition on aws:SecureTransport may
// narrow the denial, except for AWS services.
func (d *Document) RequiresTLS(all func(resources []string) bool, actions ...string) bool {
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Denies() || len(s.NotPrincipals) > 0 || len(s.NotResources) > 0 || !plainHTTP(s.Conditions) {
			continue
		}
		if len(s.Principals) == 1 && s.Principals[0].everyone() && all(s.Resources) &&
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
	for i := range all {
		c := &all[i]
		if !slices.Equal(c.Values, []string{"false"}) || !strings.EqualFold(c.Operator, "Bool") &&
			!strings.EqualFold(c.Operator, "BoolIfExists") {
			return false
		}
		switch c.key {
		case "aws:securetransport":
			found = true
		case "aws:principalisawsservice":
		default:
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
	for i := range s.Conditions {
		if s.Conditions[i].bindsService() {
			return nil
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

// bindsService reports whether a condition demands that a service acts for an account, an organisation or a resource
// that is named.
func (c *Condition) bindsService() bool {
	switch c.key {
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "kms:calleraccount":
		return c.weakness() == ""
	case "kms:grantisforawsresource":
		return c.Demands() && c.op.family == truths && !hasOther(c.Values, "true")
	}
	if !strings.HasPrefix(c.key, "kms:encryptioncontext:") || !c.Demands() || !c.op.compares() {
		return false
	}
	_, weak := c.weak(fixedAccount)
	return !weak
}

// keepsOut are condition keys by which a policy keeps strangers out with Deny: where a call comes from, or whose it is.
var keepsOut = map[string]func(string) bool{
	"aws:sourcevpc": literal, "aws:sourcevpce": literal, "aws:sourcevpcarn": fixedAccount, "aws:vpceaccount": literal,
	"aws:vpceorgid": literal, "aws:vpceorgpaths": orgPath, "aws:vpcsourceip": literal, "aws:principalorgid": literal,
	"aws:principalorgpaths": orgPath, "aws:principalaccount": literal,
}

// DeniesOthers reports whether the document denies the action of an API to everybody who does not come from networks
// or accounts that are named, on top of what it allows.
func (d *Document) DeniesOthers(action string) bool {
	for i := range d.Statements {
		s := &d.Statements[i]
		everyone := slices.ContainsFunc(s.Principals, Principal.everyone) && len(s.NotResources) == 0 &&
			(len(s.Resources) == 0 || slices.ContainsFunc(s.Resources, wholeAPI))
		if s.Denies() && everyone && s.CoversAction(action) && len(s.Conditions) == 1 && s.Conditions[0].spares() {
			return true
		}
	}
	return false
}

// wholeAPI reports whether a resource pattern covers every call of an API: its stages, its methods and their paths, in
// whatever API the policy belongs to (API Gateway developer guide, "Resource format of permissions").
func wholeAPI(pattern string) bool {
	calls, short := strings.CutPrefix(pattern, "execute-api:/")
	if parts := strings.SplitN(pattern, ":", arnParts); len(parts) == arnParts {
		if parts[0] != "arn" || !glob.Match(parts[2], "execute-api") {
			return false
		}
		_, calls, short = strings.Cut(parts[5], "/")
		if !short {
			calls = parts[5] // the API as well
		}
	} else if !short {
		calls = pattern
	}
	return calls == "*" || calls == "*/*" || short && calls == "*/*/*"
}

// spares reports whether a condition of a denial holds for everybody but callers that are named.
func (c *Condition) spares() bool {
	if !c.op.negated || c.op.forAll || len(c.Values) == 0 {
		return false
	}
	if c.key == "aws:sourceip" {
		wide, err := address.Wide(c.Values...)
		return c.op.family == addresses && err == nil && !wide
	}
	strong := keepsOut[c.key]
	if strong == nil || !c.op.compares() {
		return false
	}
	_, weak := c.weak(strong)
	return !weak
}
