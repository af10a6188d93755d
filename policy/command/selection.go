// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// selection chooses controls. What is empty chooses all; a control has to fit everything that is given.
type selection struct {
	// ids are ids, beginnings of ids, or patterns.
	ids                               []string
	token, severity, framework, level string
}

func (s *selection) flags(set *flag.FlagSet) {
	set.StringVar(&s.token, "type", "", "controls of a resource type: aws:s3/bucket:Bucket, Bucket, s3, or a pattern with *")
	set.StringVar(&s.severity, "severity", "", "controls that are at least so severe: low, medium, high, critical")
	set.StringVar(&s.framework, "framework", "", "controls that serve a framework, FSBP, or a requirement of it, FSBP:S3.8")
	set.StringVar(&s.level, "level", "", "controls at a level: disabled, advisory, mandatory, remediate")
}

// String says in words what is chosen, or "" when all is.
func (s *selection) String() string {
	var parts []string
	for _, part := range [][2]string{
		{"id", strings.Join(s.ids, ", ")}, {"type", s.token}, {"severity from", s.severity}, {"framework", s.framework}, {"level", s.level},
	} {
		if part[1] != "" {
			parts = append(parts, part[0]+" "+part[1])
		}
	}
	return strings.Join(parts, ", ")
}

// choose returns what keeps a control. The error lists everything that cannot be meant. The level, which depends on a
// session, is not looked at here.
func (s *selection) choose(p *pack.Pack) (func(*pack.Control) bool, error) {
	var problems []error
	least, known := pack.ParseSeverity(s.severity)
	if s.severity != "" && !known {
		problems = append(problems, fmt.Errorf("-severity: %q is not known; use low, medium, high or critical", s.severity))
	}
	if s.level != "" {
		if _, err := pack.ParseLevel(s.level); err != nil {
			problems = append(problems, fmt.Errorf("-level: %w", err))
		}
	}
	byID, missing := s.byID(p)
	problems = append(problems, missing...)
	if s.framework != "" && !slices.ContainsFunc(p.Controls(), s.serves) {
		problems = append(problems,
			fmt.Errorf("-framework: no control serves %q; the frameworks are %s", s.framework, strings.Join(frameworks(p), ", ")))
	}
	if s.token != "" && !slices.ContainsFunc(p.Controls(), s.looksAt) {
		problems = append(problems, fmt.Errorf("-type: no control judges %q", s.token))
	}
	return func(c *pack.Control) bool {
		return (len(s.ids) == 0 || byID[c]) && c.Severity >= least && s.serves(c) && s.looksAt(c)
	}, errors.Join(problems...)
}

// byID returns the controls that the ids name, and an error for each id that names none.
func (s *selection) byID(p *pack.Pack) (chosen map[*pack.Control]bool, problems []error) {
	chosen = map[*pack.Control]bool{}
	for _, id := range s.ids {
		found := named(p, id)
		if len(found) == 0 {
			problems = append(problems, fmt.Errorf("the pack has no control %q%s; \"list\" shows all", id, alike(p, id)))
		}
		for _, c := range found {
			chosen[c] = true
		}
	}
	return chosen, problems
}

// named returns the control with an id, or else those whose id begins so or fits the pattern.
func named(p *pack.Pack, id string) []*pack.Control {
	id = strings.TrimSpace(id)
	if c := p.Control(id); c != nil {
		return []*pack.Control{c}
	}
	if id == "" {
		return nil
	}
	pattern := strings.TrimSuffix(id, "*") + "*"
	return slices.DeleteFunc(p.Controls(), func(c *pack.Control) bool { return !glob.Match(pattern, c.ID) })
}

// mostAlike is how many controls are suggested at most.
const mostAlike = 5

// alike suggests controls for an id that there is not: the one that is spelt nearly so, or those with most of its words.
func alike(p *pack.Pack, id string) string {
	if one := p.Suggest(id); one != "" {
		return one
	}
	words := strings.FieldsFunc(strings.ToLower(id), func(r rune) bool { return r == '-' || r == '*' })
	best := 0
	var list []string
	for _, c := range p.Controls() {
		hits := 0
		for _, w := range words {
			if len(w) > 1 && strings.Contains(c.ID+" "+strings.ToLower(c.Title), w) {
				hits++
			}
		}
		switch {
		case hits > best:
			best, list = hits, []string{c.ID}
		case hits == best && hits > 0:
			list = append(list, c.ID)
		}
	}
	if len(list) == 0 {
		return ""
	}
	more := ""
	if n := len(list) - mostAlike; n > 0 {
		more = fmt.Sprintf(" or one of %d more", n)
	}
	return "; did you mean " + strings.Join(list[:min(len(list), mostAlike)], ", ") + more + "?"
}

func (s *selection) serves(c *pack.Control) bool {
	return s.framework == "" || slices.ContainsFunc(c.Maps, func(m string) bool {
		framework, _, _ := strings.Cut(m, ":")
		return strings.EqualFold(framework, s.framework) || strings.EqualFold(m, s.framework) || strings.Contains(s.framework, "*") &&
			glob.Match(s.framework, m)
	})
}

// looksAt reports whether the control judges the type, which may be a token, its last part, its module or a pattern.
func (s *selection) looksAt(c *pack.Control) bool {
	return s.token == "" || slices.ContainsFunc(c.Types, func(token string) bool {
		_, rest, _ := strings.Cut(token, ":")
		module, _, _ := strings.Cut(rest, "/")
		return glob.Match(s.token, token) || strings.EqualFold(pack.Subject{Type: token}.ShortType(), s.token) ||
			strings.EqualFold(module, s.token)
	})
}

// frameworks returns the keys of the frameworks that controls serve.
func frameworks(p *pack.Pack) []string {
	keys := make([]string, len(p.Frameworks))
	for i, f := range p.Frameworks {
		keys[i] = f.Key
	}
	return keys
}
