// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Severity is how bad a finding is, from the view of somebody who runs the system.
type Severity uint8

// The severities. Critical: open to anybody now. High: one mistake away from that, or an unrecoverable loss.
// Medium: a missing layer of defence. Low: hygiene.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

var severityNames = [...]string{Low: "low", Medium: "medium", High: "high", Critical: "critical"}

// String returns the name in lower case.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "unknown"
}

// ParseSeverity reads the name of a severity.
func ParseSeverity(name string) (s Severity, ok bool) {
	at := slices.Index(severityNames[:], name)
	return Severity(max(at, 0)), at >= int(Low) //nolint:gosec // there are four
}

// Level says what a finding does to a deployment.
type Level uint8

// The levels. Unset lets the control's severity decide: Mandatory from high up, Advisory below.
const (
	Unset Level = iota
	Disabled
	Advisory
	Mandatory
	Remediate
)

var levelNames = [...]string{Disabled: "disabled", Advisory: "advisory", Mandatory: "mandatory", Remediate: "remediate"}

// String returns the engine's name of the level.
func (l Level) String() string {
	if l > Unset && int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "unset"
}

// ParseLevel reads the engine's name of a level.
func ParseLevel(name string) (Level, error) {
	for l := Disabled; l <= Remediate; l++ {
		if levelNames[l] == name {
			return l, nil
		}
	}
	return Unset, fmt.Errorf("%q is not an enforcement level; use advisory, mandatory, remediate or disabled", name)
}

// Concern is what a control protects. Profiles relax by concern.
type Concern string

// The concerns.
const (
	Security   Concern = "security"
	Resilience Concern = "resilience"
	Cost       Concern = "cost"
	Operations Concern = "operations"
)

// Setting is one value of a control that the pack configuration may change.
type Setting struct {
	// Name is the property name in the configuration.
	Name string
	// Default is used when the configuration says nothing, and its type is that of the setting: a float64, a string, a bool,
	// a []string, a []any of objects, or a map[string]any.
	Default any
	// OneOf lists the allowed strings; empty allows any.
	OneOf []string
	// Help is one sentence for the documentation.
	Help string
}

// Control is one rule: what it protects, how to mend a violation, and the check itself.
type Control struct {
	// ID is the name in configuration, waivers and reports: lower case words with hyphens.
	ID string
	// Service is what the control is about, such as "s3": it groups the documentation.
	Service string
	// Title is the rule as a statement that holds when all is well, without a full stop.
	Title string
	// Severity is how bad a finding is.
	Severity Severity
	// Level is the level when no configuration says otherwise; Unset lets the severity decide.
	Level Level
	// Concern is what the control protects; empty is Security.
	Concern Concern
	// Types are the Pulumi type tokens that the control judges, or [EveryType]. Empty means the stack as a whole.
	Types []string
	// Joins are further types that the check looks at. Their inputs are kept for the stack pass.
	Joins []string
	// Reads says of which other types a stack control reads the inputs, so that they are kept for the stack pass. Unlike
	// those in Joins, the control does not count as having judged them.
	Reads func(token string) bool
	// Stack marks a control that compares resources. It runs once everything is known to the engine.
	Stack bool
	// Public says that a finding means: somebody on the internet, or with any AWS account, reaches the resource or what is in
	// it. The report of what is public is made of those controls, without what their settings allow.
	Public bool
	// Why says what goes wrong otherwise, for somebody new to the service. Ends with a full stop.
	Why string
	// Fix says what to write in the program. Ends with a full stop.
	Fix string
	// Maps lists requirement ids as "FRAMEWORK:id", such as "FSBP:S3.8" or "CIS:2.1.4".
	Maps []string
	// URL is a page about the rule.
	URL string
	// Settings are the values that the configuration may change.
	Settings []Setting
	// Check judges one resource. It reports through the case and returns nothing.
	Check func(*Case)
	// Remedy mends the inputs of one resource where that is safe; nil when it is not. It runs only at level
	// remediate and before Check. What [Pack.Replaces] names stays as it is.
	Remedy func(*Edit)
}

// DefaultLevel is the level without any configuration.
func (c *Control) DefaultLevel() Level {
	switch {
	case c.Level != Unset:
		return c.Level
	case c.Severity >= High:
		return Mandatory
	}
	return Advisory
}

// About returns the concern, which is Security unless the control says otherwise.
func (c *Control) About() Concern {
	if c.Concern == "" {
		return Security
	}
	return c.Concern
}

// EveryType among the types of a control stands for every type of resource that there is.
const EveryType = "*"

var controlID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// validate lists everything that is wrong with the control's metadata.
func (c *Control) validate() error {
	faults := []struct {
		text  string
		wrong bool
	}{
		{"the id must be lower case words with hyphens and not \"all\"", !controlID.MatchString(c.ID) || c.ID == "all"},
		{"the title must be a statement without a full stop", c.Title == "" || strings.HasSuffix(c.Title, ".")},
		{"why and fix must be sentences", !strings.HasSuffix(c.Why, ".") || !strings.HasSuffix(c.Fix, ".")},
		{"no severity", c.Severity < Low || c.Severity > Critical},
		{"no check", c.Check == nil},
		{"a resource control needs types", len(c.Types) == 0 && !c.Stack},
		{"a stack control cannot mend", c.Remedy != nil && c.Stack},
		{"level remediate without a remedy", c.Level == Remediate && c.Remedy == nil},
	}
	var problems []error
	for _, f := range faults {
		if f.wrong {
			problems = append(problems, fmt.Errorf("control %q: %s", c.ID, f.text))
		}
	}
	for _, s := range c.Settings {
		if s.Name == "" || s.Name == "enforcementLevel" || s.Help == "" {
			problems = append(problems, fmt.Errorf("control %q: setting %q has a reserved name or no help", c.ID, s.Name))
		}
		if s.kind() == "" {
			problems = append(problems,
				fmt.Errorf("control %q: setting %q has a default of type %T; write a number as a float64, such as 14.0", c.ID, s.Name, s.Default))
		}
	}
	return errors.Join(problems...)
}

// Pack is a list of controls with the pack's own metadata.
type Pack struct {
	Name     string
	Title    string
	Version  string
	About    string
	Readme   string
	Source   string
	Provider string
	Tags     []string
	// Documentation is the page that describes the controls.
	Documentation string
	// Frameworks are the catalogues that controls name in Maps, with their versions.
	Frameworks []Framework
	// Profiles are named sets of levels; see [Profile].
	Profiles map[string]Profile
	// ProviderMajor is the newest major version of the provider that the controls know; 0 knows no bound.
	ProviderMajor int
	// Opaque are types behind which resources stand that no control sees; they come first among what was not judged.
	Opaque []Opaque
	// Plain are types in which there is nothing to judge, such as names of other resources; they count as judged.
	Plain []string
	// References tells what a preview can know of unknown values; the zero value knows nothing of them.
	References References
	// Replaces reports whether a change of the input at a path makes the provider replace a resource of the type and lose
	// what is in it. No remedy changes such an input, and the cure of a finding about one says so; nil knows of none.
	Replaces func(token, path string) bool
	// ReplacesOf is the version of the provider that Replaces knows; a report says once where a program's is newer.
	ReplacesOf string
	byType     map[string]*dispatch
	byID       map[string]*Control
	controls   []*Control
	whole      []*Control
}

// Profile gives a level to a control, or Unset to leave the control's own.
type Profile struct {
	// Help is one sentence for the documentation.
	Help string
	// Level decides.
	Level func(*Control) Level
}

// dispatch holds what there is to do for one type token.
type dispatch struct {
	resource []*Control
	stack    []*Control
}

// Load checks the controls and indexes them by type. Every problem of every control is in the error.
func (p *Pack) Load(controls ...*Control) error {
	var problems []error
	p.controls = slices.Clone(controls)
	p.controls = append(p.controls, p.governance())
	slices.SortFunc(p.controls, func(a, b *Control) int { return strings.Compare(a.ID, b.ID) })
	p.byID = make(map[string]*Control, len(p.controls))
	p.byType, p.whole = map[string]*dispatch{}, nil
	for _, c := range p.controls {
		if err := c.validate(); err != nil {
			problems = append(problems, err)
		}
		if p.byID[c.ID] != nil {
			problems = append(problems, fmt.Errorf("control %q is defined twice", c.ID))
		}
		p.byID[c.ID] = c
		p.index(c)
	}
	p.spread()
	return errors.Join(problems...)
}

func (p *Pack) index(c *Control) {
	if c.Stack && len(c.Types) == 0 && c.ID != GovernanceID {
		p.whole = append(p.whole, c)
	}
	for _, t := range c.Types {
		d := p.dispatch(t)
		if c.Stack {
			d.stack = append(d.stack, c)
		} else {
			d.resource = append(d.resource, c)
		}
	}
	for _, t := range c.Joins {
		p.dispatch(t)
	}
}

// spread adds the controls of every type to those of the types that are known by name.
func (p *Pack) spread() {
	every := p.byType[EveryType]
	if every == nil {
		return
	}
	for token, d := range p.byType {
		if token != EveryType {
			d.resource, d.stack = byID(d.resource, every.resource), byID(d.stack, every.stack)
		}
	}
}

// byID joins two lists of controls in the order of their ids.
func byID(some, more []*Control) []*Control {
	all := slices.Concat(some, more)
	slices.SortFunc(all, func(a, b *Control) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (p *Pack) dispatch(token string) *dispatch {
	d := p.byType[token]
	if d == nil {
		d = &dispatch{}
		p.byType[token] = d
	}
	return d
}

// Controls returns the controls in the order of their ids.
func (p *Pack) Controls() []*Control { return slices.Clone(p.controls) }

// Control returns the control with the id, or nil.
func (p *Pack) Control(id string) *Control { return p.byID[id] }
