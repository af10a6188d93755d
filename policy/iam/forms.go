// SPDX-License-Identifier: Apache-2.0

package iam

import "strings"

// checkForms lists the actions, resources and conditions of a statement whose form AWS refuses. An action without its
// service matches nothing, and an operator with a misspelt name restricts nothing.
func (d *Document) checkForms(s *Statement) {
	for _, list := range [...][]string{s.Actions, s.NotActions} {
		for _, a := range list {
			if !actionForm(a) {
				d.fault("%s has the action %q, which is not of the form service:action", s.Label(), a)
			}
		}
	}
	for _, list := range [...][]string{s.Resources, s.NotResources} {
		for _, r := range list {
			if !resourceForm(r) {
				d.fault("%s has the resource %q, which is no ARN", s.Label(), r)
			}
		}
	}
	for i := range s.Conditions {
		if fault := s.Conditions[i].fault(); fault != "" {
			d.fault("%s %s", s.Label(), fault)
		}
	}
}

// actionForm accepts "*" and "service:action", both with wildcards.
func actionForm(a string) bool {
	if a != "" && strings.IndexByte("*?", a[0]) >= 0 && strings.Trim(a, "*?") == "" {
		return true
	}
	colon := -1
	for i := range len(a) {
		switch letter := a[i]; {
		case letter == ':' && colon < 0:
			colon = i
		case letter|0x20 >= 'a' && letter|0x20 <= 'z', letter >= '0' && letter <= '9', letter == '-', letter == '*', letter == '?', letter == '_',
			letter == '.':
		default:
			return false
		}
	}
	return colon > 0 && colon < len(a)-1
}

// resourceForm accepts "*", ARNs, what begins with a wildcard or a variable and may come to one, and the short form of
// API Gateway (API Gateway developer guide, "Access policy language overview").
func resourceForm(r string) bool {
	return strings.HasPrefix(r, "arn:") || strings.HasPrefix(r, "*") || strings.HasPrefix(r, "?") || strings.HasPrefix(r, "${") ||
		strings.HasPrefix(r, "execute-api:/")
}
