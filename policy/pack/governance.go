// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// GovernanceID names the pack's own control: profile, waivers and undecided checks.
const GovernanceID = "pack-governance"

const (
	undecidedReport = "report"
	undecidedIgnore = "ignore"
	undecidedRefuse = "refuse"
)

// rules is the decoded configuration of the pack's own control.
type rules struct {
	broken    []string
	waivers   []*Waiver
	undecided string
	forbid    bool
}

func (r *rules) waiverFor(control string, res *Resource, now time.Time) *Waiver {
	if r.forbid {
		return nil
	}
	for _, w := range r.waivers {
		if now.Before(w.until) && w.covers(control, res) {
			return w
		}
	}
	return nil
}

// governance is the control that carries the pack's own settings, and under whose name the pack reports on
// waivers and on checks that could not be decided.
func (p *Pack) governance() *Control {
	names := slices.Sorted(maps.Keys(p.Profiles))
	url := ""
	if p.Documentation != "" {
		url = p.Documentation + "#waivers"
	}
	unjudged := undecidedReport
	if p.Provider == "" { // such a pack does not claim to judge all there is
		unjudged = undecidedIgnore
	}
	return &Control{
		URL:   url,
		ID:    GovernanceID,
		Title: "The pack's settings and waivers are in order, and every check came to an answer",
		Why:   "A waiver without an end becomes the rule, and a check that waits for a value is not a check that passed.",
		Fix: "Remove waivers that are expired or unused, correct invalid ones, and read the undecided checks again after the next " +
			"deployment.",
		Severity: Medium,
		Level:    Mandatory,
		Concern:  Operations,
		Stack:    true,
		Settings: []Setting{
			{Name: "profile", Default: "", OneOf: append([]string{""}, names...), Help: "Named set of levels; empty uses each control's own."},
			{Name: "levels", Default: map[string]any{}, Help: "Levels by control id; they win over the profile and over every other level."},
			{Name: "waivers", Default: []any{}, Help: "Waivers, each with control, urn or type or name, reason, owner and expires."},
			{Name: "waiversFile", Default: "",
				Help: "A YAML file with a list \"waivers\". A relative path is looked for in the working directory and above it, up to the root of " +
					"the repository."},
			{Name: "forbidWaivers", Default: false, Help: "Refuse every waiver."},
			{Name: "undecided", Default: undecidedReport, OneOf: []string{undecidedReport, undecidedIgnore, undecidedRefuse},
				Help: "What to do about checks that wait for unknown values: one advisory, nothing, or a mandatory finding each."},
			{Name: "unjudged", Default: unjudged, OneOf: []string{undecidedReport, undecidedIgnore, undecidedRefuse},
				Help: "What to do about resources that no control looks at: one advisory that names their types, nothing, or a mandatory finding " +
					"for each type."},
			{Name: "unjudgedAllowed", Default: []string{},
				Help: "Patterns of types that need not be judged when \"unjudged\" is \"refuse\", such as random:*."},
		},
		Check: func(*Case) {},
	}
}

// govern reports on waivers and undecided checks at the end of a run. At level disabled, which "all": "disabled" means for
// it too, it is quiet about undecided checks and about nothing else.
func (s *Session) govern(resources []*Resource, root *Resource) []Result {
	coverage := s.Coverage(resources)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pack.byID[GovernanceID]
	var results []Result
	add := func(level Level, format string, args ...any) {
		results = append(results, Result{
			Control: c, Subject: &root.Subject, Level: level, Outcome: Fail,
			Notes: []Note{{Text: s.mask(fmt.Sprintf(format, args...))}},
		})
	}
	remark := func(text string) {
		add(Advisory, "%s", text)
		results[len(results)-1].Remark = true
	}
	level := s.levels[GovernanceID]
	quiet := level == Disabled && s.rules.undecided == undecidedReport
	if level == Disabled || level == Remediate { // there is nothing to mend, and a waiver that is wrong cannot be switched off
		level = Mandatory
	}
	for _, problem := range s.rules.broken {
		add(level, "%s", problem)
	}
	for _, w := range s.rules.waivers {
		s.governWaiver(w, level, resources, add)
	}
	if !quiet {
		for _, text := range s.remarks {
			remark(text)
		}
		s.governWaiting(level, add, remark)
		s.governCoverage(coverage, level, add, remark)
	}
	if len(results) == 0 {
		results = append(results, Result{Control: c, Subject: &root.Subject, Level: level, Outcome: Pass})
	}
	return results
}

func (s *Session) governWaiver(w *Waiver, level Level, resources []*Resource, add func(Level, string, ...any)) {
	switch hits := s.waived[w]; {
	case s.rules.forbid:
		add(level, "waiver %s: this stack forbids waivers", w)
	case !s.now().Before(w.until):
		add(level, "waiver %s expired on %s; owner %s: mend the finding or renew the waiver", w, w.Expires, w.Owner)
	case len(hits) > 0:
		add(Advisory, "waived until %s by %s: %s (%s)", w.Expires, w.Owner, strings.Join(slices.Sorted(maps.Keys(hits)), "; "), w.Reason)
	case s.analyzed && !s.waits(w, resources):
		add(Advisory, "waiver %s is not used by any finding; remove it", w)
	}
}

// waits reports whether a check that the waiver covers is undecided, so that the waiver may yet be needed.
func (s *Session) waits(w *Waiver, resources []*Resource) bool {
	for _, r := range resources {
		if _, ok := s.waiting[w.Control+" "+r.URN]; ok && w.covers(w.Control, r) {
			return true
		}
	}
	return false
}

const namedWaits = 5

func (s *Session) governWaiting(level Level, add func(Level, string, ...any), remark func(string)) {
	if len(s.waiting) == 0 || s.rules.undecided == undecidedIgnore {
		return
	}
	keys := slices.Sorted(maps.Keys(s.waiting))
	describe := func(key string) string {
		id, urn, _ := strings.Cut(key, " ")
		return fmt.Sprintf("%s on %s (%s)", id, lastName(urn), strings.TrimPrefix(s.waiting[key], undecidedPrefix))
	}
	if s.rules.undecided == undecidedRefuse {
		for _, key := range keys {
			add(level, "undecided: %s", describe(key))
		}
		return
	}
	shown := make([]string, 0, namedWaits)
	for _, key := range keys[:min(len(keys), namedWaits)] {
		shown = append(shown, describe(key))
	}
	more := ""
	if n := len(keys) - len(shown); n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	remark(fmt.Sprintf("%d checks wait for values that are known only after a deployment, and run again then: %s%s",
		len(keys), strings.Join(shown, "; "), more))
}

func lastName(urn string) string {
	if i := strings.LastIndex(urn, "::"); i >= 0 {
		return urn[i+2:]
	}
	return urn
}
