// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
)

var (
	sidForm       = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionForm    = regexp.MustCompile(`^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$`)
	arnForm       = regexp.MustCompile(`^arn:[^:\s]*:[^:\s]+:[^:\s]*:[^:\s]*:\S+$`)
	serviceForm   = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com$`)
	operatorForm  = regexp.MustCompile(`^((ForAnyValue|ForAllValues):)?[A-Z][A-Za-z]+$`)
	conditionForm = regexp.MustCompile(`^[a-z0-9-]+:\S+$`)
)

// CheckAccountID reports an account id that is not twelve digits.
func CheckAccountID(id string) error { return form.In("AccountID", form.CheckAccountID(id)) }

// CheckRegion reports a region that is none, or is outside the partition "aws", whose ARNs and service principals the
// components write.
func CheckRegion(region string) error { return form.In("Region", form.CheckRegion(region)) }

// problems lists what is wrong with the statement in a document of a kind.
func (s Statement) problems(kind Kind) []error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !sidForm.MatchString(s.Sid) {
		add("Sid %q: use letters and digits only", s.Sid)
	}
	if s.Effect != Allow && s.Effect != Deny {
		add("Effect %q: use Allow or Deny", s.Effect)
	}
	problems = append(problems, s.actionProblems()...)
	problems = append(problems, s.resourceProblems(kind)...)
	problems = append(problems, s.principalProblems(kind)...)
	problems = append(problems, s.conditionProblems()...)
	return append(problems, s.wildcardProblems()...)
}

func (s Statement) actionProblems() []error {
	var problems []error
	switch {
	case len(s.Actions) == 0 && len(s.NotActions) == 0:
		problems = append(problems, missing("Actions", "list what is meant"))
	case len(s.Actions) > 0 && len(s.NotActions) > 0:
		problems = append(problems, errors.New("the lists Actions and NotActions exclude each other; write one of them"))
	case len(s.NotActions) > 0 && s.Effect != Deny:
		problems = append(problems, errors.New("NotActions in an Allow grant every action that AWS will ever have: list Actions"))
	}
	for _, list := range [][]string{s.Actions, s.NotActions} {
		for _, action := range list {
			if !actionForm.MatchString(action) {
				problems = append(problems, fmt.Errorf("action %q: write service:Action", action))
			}
		}
	}
	return problems
}

func (s Statement) resourceProblems(kind Kind) []error {
	var problems []error
	named := slices.Concat(s.Resources, s.NotResources)
	if kind == TrustPolicy {
		if len(named) > 0 {
			problems = append(problems, errors.New("there is no place for Resources in a trust policy; leave them out"))
		}
		return problems
	}
	switch {
	case len(named) == 0:
		problems = append(problems, missing("Resources", "list ARNs"))
	case len(s.Resources) > 0 && len(s.NotResources) > 0:
		problems = append(problems, errors.New("the lists Resources and NotResources exclude each other; write one of them"))
	case len(s.NotResources) > 0 && s.Effect != Deny:
		problems = append(problems, errors.New("NotResources in an Allow grant on everything that will ever be: list Resources"))
	}
	for _, resource := range named {
		if resource != "*" && !arnForm.MatchString(resource) {
			problems = append(problems, fmt.Errorf("resource %q: write an ARN", resource))
		}
	}
	return problems
}

func (s Statement) principalProblems(kind Kind) []error {
	var problems []error
	switch {
	case kind == PermissionsPolicy && !s.Principals.empty():
		problems = append(problems, errors.New("there is no place for Principals in a permissions policy; leave them out"))
	case kind != PermissionsPolicy && s.Principals.empty():
		problems = append(problems, missing("Principals", "say who is meant"))
	}
	for _, list := range [][]string{s.Principals.AWS, s.Principals.Federated} {
		for _, arn := range list {
			if !arnForm.MatchString(arn) || strings.ContainsAny(arn, "*?") {
				problems = append(problems, fmt.Errorf("principal %q: write an ARN without wildcards", arn))
			}
		}
	}
	for _, service := range s.Principals.Services {
		if !serviceForm.MatchString(service) {
			problems = append(problems, fmt.Errorf("service principal %q: write service.amazonaws.com", service))
		}
	}
	return problems
}

func (s Statement) conditionProblems() []error {
	var problems []error
	seen := map[string]bool{}
	for _, c := range s.Conditions {
		if !operatorForm.MatchString(c.Operator) || !conditionForm.MatchString(c.Key) {
			problems = append(problems, fmt.Errorf("condition %q on %q: write an operator such as StringEquals and a key such as aws:SourceAccount", c.Operator, c.Key))
		}
		if len(c.Values) == 0 {
			problems = append(problems, fmt.Errorf("condition %s on %s has no values", c.Operator, c.Key))
		}
		if seen[c.Operator+c.Key] {
			problems = append(problems, fmt.Errorf("condition %s on %s is written twice: only the last would count", c.Operator, c.Key))
		}
		seen[c.Operator+c.Key] = true
	}
	return problems
}

// wildcardProblems refuses an Allow that is wider than anybody reading it could follow, unless it says why.
func (s Statement) wildcardProblems() []error {
	if s.Effect != Allow {
		return nil
	}
	var problems []error
	reasoned := strings.TrimSpace(s.Reason) != ""
	for _, action := range s.Actions {
		if iam.EveryAction(action) && !reasoned {
			problems = append(problems, fmt.Errorf("action %q allows everything: list the actions, or give a Reason", action))
		}
	}
	for _, resource := range s.Resources {
		if s.wide(resource) && !reasoned {
			problems = append(problems, fmt.Errorf("resource %q is every resource: name it, or give a Reason", resource))
		}
	}
	if s.Principals.Everyone {
		if !reasoned {
			problems = append(problems, errors.New("everyone is meant: name the Principals, or give a Reason"))
		}
		if len(s.Conditions) == 0 {
			problems = append(problems, errors.New("everyone is meant, without a condition: add one"))
		}
	}
	return problems
}

// wide reports whether the resource stands for every resource, as the policies see it: whatever a condition on its tags narrows is
// not, unless it is "*".
func (s Statement) wide(resource string) bool {
	return resource == "*" || openService(resource) || iam.EveryResource(resource) && !s.limited()
}

// limited reports whether a condition narrows the statement to things that are named.
func (s Statement) limited() bool {
	text, err := json.Marshal(documentJSON{Version: "2012-10-17", Statement: []statementJSON{s.json()}})
	if err != nil {
		return false
	}
	document, err := iam.Parse(string(text))
	return err == nil && len(document.Statements) == 1 && document.Statements[0].Limited()
}

// openService reports an ARN that leaves the service open, so that nobody can tell what the rest of it names.
func openService(resource string) bool {
	parts := strings.SplitN(resource, ":", 4)
	return len(parts) == 4 && strings.ContainsAny(parts[2], "*?")
}

// missing is the error about a field that must be given.
func missing(field, cure string) error { return fmt.Errorf("%s: missing; %s", field, cure) }
