// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Note is one violation: what is wrong and at which property.
type Note struct {
	Text string
	Path string
}

// Result is what one control came to on one resource.
type Result struct {
	Control *Control
	Waiver  *Waiver
	URN     string
	Type    string
	Name    string
	// Reason says what an undecided control waits for, or why it does not apply.
	Reason  string
	Notes   []Note
	Level   Level
	Outcome Outcome
}

// Session runs a pack over the resources of one deployment. It is safe for concurrent use.
type Session struct {
	pack     *Pack
	now      func() time.Time
	masks    *strings.Replacer
	cache    map[string]*Resource
	waiting  map[string]string
	waived   map[*Waiver][]string
	levels   map[string]Level
	settings map[string]map[string]any
	rules    rules
	workdir  string
	about    About
	mu       sync.Mutex
	analyzed bool
}

// About is what the engine says about the deployment.
type About struct {
	Tags         map[string]string
	Stack        string
	Project      string
	Organization string
	DryRun       bool
}

// NewSession starts a session with the pack's default levels.
func NewSession(p *Pack) *Session {
	s := &Session{pack: p, now: time.Now}
	if wd, err := os.Getwd(); err == nil {
		s.workdir = wd
	}
	s.reset()
	return s
}

// reset forgets what earlier resources left behind and returns to the default levels.
func (s *Session) reset() {
	s.cache = map[string]*Resource{}
	s.waiting = map[string]string{}
	s.waived = map[*Waiver][]string{}
	s.levels = make(map[string]Level, len(s.pack.controls))
	for _, c := range s.pack.controls {
		s.levels[c.ID] = c.DefaultLevel()
	}
	s.settings = map[string]map[string]any{}
	s.rules = rules{undecided: undecidedReport}
	s.analyzed = false
}

// Describe stores what the engine says about the deployment. The values of secret configuration keys are
// blotted out in every message from then on.
func (s *Session) Describe(about About, config map[string]string, secretKeys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.about = about
	var pairs []string
	for _, key := range secretKeys {
		if v := config[key]; len(v) >= shortestMasked {
			pairs = append(pairs, v, "[secret]")
		}
	}
	s.masks = strings.NewReplacer(pairs...)
}

// shortestMasked keeps single letters and digits of a configuration from blotting out ordinary text.
const shortestMasked = 4

// Level returns the level of a control in this session.
func (s *Session) Level(id string) Level { return s.levels[id] }

// Analyze judges one resource with every resource control for its type, in the order of the ids.
func (s *Session) Analyze(r *Resource) []Result {
	d := s.pack.byType[r.Type]
	s.mu.Lock()
	s.analyzed = true
	if d != nil && d.joined {
		r.Inputs()
		s.cache[r.URN] = r
	}
	s.mu.Unlock()
	if d == nil {
		return nil
	}
	results := make([]Result, 0, len(d.resource))
	for _, c := range d.resource {
		if s.levels[c.ID] != Disabled {
			results = append(results, s.judge(c, r, nil))
		}
	}
	s.note(results)
	return results
}

// AnalyzeStack judges the deployment as a whole: every stack control on every resource of its types, then
// the session's own rules about waivers and undecided checks. Inputs seen by Analyze are used again.
func (s *Session) AnalyzeStack(resources []*Resource) []Result {
	s.mu.Lock()
	for _, r := range resources {
		if seen := s.cache[r.URN]; seen != nil && seen != r {
			r.props, r.decoded = seen.props, true
		}
	}
	s.mu.Unlock()
	stack := NewStack(resources)
	var results []Result
	for _, r := range resources {
		d := s.pack.byType[r.Type]
		if d == nil {
			continue
		}
		for _, c := range d.stack {
			if s.levels[c.ID] != Disabled {
				results = append(results, s.judge(c, r, stack))
			}
		}
	}
	root := stack.root()
	for _, c := range s.pack.whole {
		if s.levels[c.ID] != Disabled {
			results = append(results, s.judge(c, root, stack))
		}
	}
	s.note(results)
	slices.SortStableFunc(results, func(a, b Result) int { return strings.Compare(a.Control.ID, b.Control.ID) })
	return append(results, s.govern(resources, root)...)
}

// root returns the stack resource, to which findings about the stack as a whole belong. Where there is none,
// it has the URN that the engine would give it.
func (s *Stack) root() *Resource {
	const rootType = "pulumi:pulumi:Stack"
	if list := s.byType[rootType]; len(list) > 0 {
		return list[0]
	}
	r := &Resource{Type: rootType, Name: "the stack", decoded: true, outRead: true}
	if len(s.all) > 0 {
		if parts := strings.SplitN(strings.TrimPrefix(s.all[0].URN, "urn:pulumi:"), "::", 3); len(parts) == 3 {
			r.URN = "urn:pulumi:" + parts[0] + "::" + parts[1] + "::" + rootType + "::" + parts[1] + "-" + parts[0]
		}
	}
	return r
}

func (s *Session) judge(c *Control, r *Resource, stack *Stack) Result {
	k := Case{Resource: r, Stack: stack, control: c, settings: s.settings[c.ID]}
	k.run()
	result := Result{Control: c, URN: r.URN, Type: r.Type, Name: r.Name, Level: s.levelOf(c), Outcome: k.outcome()}
	switch result.Outcome {
	case Fail:
		for _, n := range k.found {
			result.Notes = append(result.Notes, Note{Text: s.mask(n.text), Path: n.at})
		}
		result.Waiver = s.rules.waiverFor(c.ID, r, s.now())
	case Undecided, NotApplicable:
		result.Reason = s.mask(k.reason())
	}
	return result
}

// levelOf is the level of a finding: a stack control cannot mend, so remediate means mandatory.
func (s *Session) levelOf(c *Control) Level {
	l := s.levels[c.ID]
	if l == Remediate && c.Stack {
		return Mandatory
	}
	return l
}

func (s *Session) mask(text string) string {
	if s.masks == nil {
		return text
	}
	return s.masks.Replace(text)
}

// note remembers what the end-of-run rules report: waivers in use and checks that wait.
func (s *Session) note(results []Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range results {
		r := &results[i]
		switch {
		case r.Outcome == Undecided:
			s.waiting[r.Control.ID+" "+r.URN] = r.Reason
		case r.Outcome == Fail && r.Waiver != nil:
			s.waived[r.Waiver] = append(s.waived[r.Waiver], fmt.Sprintf("%s on %s", r.Control.ID, r.Name))
		}
	}
}
