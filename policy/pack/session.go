// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
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
	// Caution says what else happens when the property is changed as the control's Fix says.
	Caution string
}

// Result is what one control came to on one resource.
type Result struct {
	Control *Control
	Waiver  *Waiver
	*Subject
	// Reason says what an undecided control waits for, or why it does not apply.
	Reason  string
	Notes   []Note
	Level   Level
	Outcome Outcome
	// Remark marks a finding of the pack itself that sums up what is no violation: checks that wait, resources that nothing judged.
	Remark bool
}

// Session runs a pack over the resources of one deployment: Describe and Configure first, then Analyze and Remediate for
// each resource, which may run at once for several, then AnalyzeStack.
type Session struct {
	pack     *Pack
	about    About
	workdir  string
	now      func() time.Time
	rules    rules
	levels   map[string]Level
	settings map[string]map[string]any
	duties   map[string]*duties
	whole    []duty
	cache    map[string]*node
	// providers are the decoded properties of providers, by URN: nearly all resources share one.
	providers map[string]*node
	waiting   map[string]string
	waived    map[*Waiver]map[string]bool
	remarks   []string
	masks     *strings.Replacer
	mu        sync.Mutex
	analyzed  bool
}

// duty is a control that is switched on, with what the configuration says of it.
type duty struct {
	control  *Control
	settings map[string]any
	level    Level
}

// duties are what there is to do in a session for one type token.
type duties struct {
	resource []duty
	stack    []duty
	// joined says that a stack control which is switched on looks at the type.
	joined bool
	// kept says that the inputs are kept for the stack pass: the type is joined, or read.
	kept bool
}

// named reports whether a control looks at the type by its name; what looks at every type does not judge it.
func (d *duties) named() bool {
	return slices.ContainsFunc(slices.Concat(d.resource, d.stack),
		func(one duty) bool { return !slices.Contains(one.control.Types, EveryType) })
}

// About is what the engine says about the deployment. It is empty when the engine only analyses, as
// "pulumi policy analyze" does, and when [github.com/bulkhead-iac/bulkhead/policy/command] judges a file.
type About struct {
	Tags         map[string]string
	secrets      []string // the values of secret configuration
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
	s.cache, s.providers = map[string]*node{}, map[string]*node{}
	s.waiting, s.remarks = map[string]string{}, nil
	s.waived = map[*Waiver]map[string]bool{}
	s.levels = make(map[string]Level, len(s.pack.controls))
	for _, c := range s.pack.controls {
		s.levels[c.ID] = c.DefaultLevel()
	}
	s.settings = map[string]map[string]any{}
	s.rules = rules{undecided: undecidedReport}
	s.analyzed = false
	s.assign()
}

// assign sets down what there is to do for each type, so that levels and settings are looked up once in a
// session and not for every resource.
func (s *Session) assign() {
	s.duties = make(map[string]*duties, len(s.pack.byType))
	for token, d := range s.pack.byType {
		s.duties[token] = &duties{resource: s.on(d.resource), stack: s.on(d.stack)}
	}
	for _, c := range s.pack.controls {
		if !c.Stack || s.levels[c.ID] == Disabled {
			continue
		}
		for _, token := range slices.Concat(c.Types, c.Joins) {
			s.duties[token].joined = true
		}
	}
	for token, d := range s.duties {
		d.kept = d.joined || s.reads(token)
	}
	s.whole = s.on(s.pack.whole)
}

// dutiesFor returns what there is to do for a type. A type that the pack does not know has what there is to do for every type.
func (s *Session) dutiesFor(token string) *duties {
	d := s.duties[token]
	if d == nil {
		d = &duties{}
		if every := s.duties[EveryType]; every != nil {
			*d = *every
		}
		d.kept = d.joined || s.reads(token)
		s.duties[token] = d
	}
	return d
}

// reads reports whether a stack control which is switched on reads the inputs of the type, though it does not judge it.
func (s *Session) reads(token string) bool {
	return slices.ContainsFunc(s.pack.controls, func(c *Control) bool {
		return c.Reads != nil && s.levels[c.ID] != Disabled && c.Reads(token)
	})
}

// on returns the controls that are not switched off. A stack control cannot mend, so remediate means mandatory
// for it.
func (s *Session) on(controls []*Control) []duty {
	var list []duty
	for _, c := range controls {
		level := s.levels[c.ID]
		if level == Remediate && c.Stack {
			level = Mandatory
		}
		if level != Disabled {
			list = append(list, duty{control: c, settings: s.settings[c.ID], level: level})
		}
	}
	return list
}

// Describe stores what the engine says about the deployment. The values of secret configuration keys are
// blotted out in every message from then on.
func (s *Session) Describe(about About, config map[string]string, secretKeys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.about = about
	secrets := make([]string, 0, len(secretKeys))
	for _, key := range secretKeys {
		secrets = append(secrets, config[key])
	}
	s.masks, s.about.secrets = hider(secrets), secrets
}

// FromSecretConfig reports whether a text is the value of a secret key of the stack's configuration.
func (a *About) FromSecretConfig(text string) bool { return slices.Contains(a.secrets, text) }

// Level returns the level of a control in this session.
func (s *Session) Level(id string) Level { return s.levels[id] }

// Analyze judges one resource with every resource control for its type, in the order of the ids.
func (s *Session) Analyze(r *Resource) []Result {
	s.mu.Lock()
	d := s.dutiesFor(r.Type)
	s.analyzed = true
	if d.kept || r.Component && r.Inputs().Get(DocumentsInput).Exists() {
		s.cache[r.URN] = r.Inputs().n
	}
	s.share(r)
	s.mu.Unlock()
	results := s.judge(make([]Result, 0, len(d.resource)), d.resource, r, nil)
	if s.note(results) {
		s.mu.Lock()
		s.cache[r.URN] = r.Inputs().n
		s.mu.Unlock()
	}
	return results
}

// share gives the resource the properties of its provider as an earlier resource has decoded them.
func (s *Session) share(r *Resource) {
	if r.ProviderURN == "" {
		return
	}
	seen, known := s.providers[r.ProviderURN]
	if !known {
		seen = r.Provider().n
		s.providers[r.ProviderURN] = seen
	}
	r.provider, r.settings = nil, seen
}

// AnalyzeStack judges the deployment as a whole: every stack control on every resource of its types, then
// the session's own rules about waivers and undecided checks. Inputs seen by Analyze are used again.
func (s *Session) AnalyzeStack(resources []*Resource) []Result {
	s.mu.Lock()
	for _, r := range resources {
		if seen, ok := s.cache[r.URN]; ok {
			r.props, r.decoded = seen, true
		}
		s.share(r)
		s.dutiesFor(r.Type)
	}
	whole := s.whole
	s.mu.Unlock()
	stack := NewStack(resources)
	s.connect(stack, resources)
	results := s.reconsider(resources)
	for _, r := range resources {
		results = s.judge(results, s.dutiesFor(r.Type).stack, r, stack)
	}
	root := stack.root()
	results = s.judge(results, whole, root, stack)
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
	r := &Resource{Subject: Subject{Type: rootType, Name: "the stack"}, decoded: true, outRead: true}
	if len(s.all) > 0 {
		if parts := strings.SplitN(strings.TrimPrefix(s.all[0].URN, "urn:pulumi:"), "::", 3); len(parts) == 3 {
			r.URN = "urn:pulumi:" + parts[0] + "::" + parts[1] + "::" + rootType + "::" + parts[1] + "-" + parts[0]
		}
	}
	return r
}

// judge appends what the controls come to on a resource. One case serves them all, one after the other.
func (s *Session) judge(results []Result, work []duty, r *Resource, stack *Stack) []Result {
	k := cases.Get().(*Case) //nolint:forcetypeassert // the pool makes nothing else
	defer k.end()
	k.Resource, k.Stack, k.About, k.workdir = r, stack, &s.about, s.workdir
	for i := range work {
		d := &work[i]
		k.begin(d)
		k.run()
		for _, text := range k.remarks {
			s.remark(text)
		}
		results = append(results, Result{Control: d.control, Subject: &r.Subject, Level: d.level, Outcome: k.outcome()})
		switch result := &results[len(results)-1]; result.Outcome {
		case Fail:
			for _, n := range k.found {
				result.Notes = append(result.Notes, Note{Text: s.mask(k.hide(n.text)), Path: n.at, Caution: s.pack.caution(r, n)})
			}
			result.Waiver = s.rules.waiverFor(d.control.ID, r, s.now())
		case Undecided, NotApplicable:
			result.Reason = s.mask(k.hide(k.reason()))
		}
	}
	return results
}

// remark keeps what a check has to say that is no finding.
func (s *Session) remark(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.remarks, text) {
		s.remarks = append(s.remarks, text)
	}
}

// Cure is what to do about a note of the result.
func (r *Result) Cure(n Note) string {
	if n.Caution == "" {
		return r.Control.Fix
	}
	return r.Control.Fix + " " + n.Caution
}

// caution warns of a change of the input that a note is about. A note that names neither it nor the block around it is about
// something else: the input only decided that there is something to say.
func (p *Pack) caution(r *Resource, n note) string {
	block := n.at[:max(0, strings.LastIndexByte(n.at, '.'))]
	if !p.replaces(r.Type, n.at) || !strings.Contains(n.text, cmp.Or(block, n.at)) {
		return ""
	}
	return "Where the " + r.ShortType() + " exists already, a change of " + n.at +
		" replaces it: the provider deletes it with what is in it and makes another one, so save that first."
}

func (s *Session) mask(text string) string {
	if s.masks == nil {
		return text
	}
	return s.masks.Replace(text)
}

// note remembers what the end-of-run rules report: waivers in use and checks that wait. It reports whether any waits.
func (s *Session) note(results []Result) (waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range results {
		r := &results[i]
		switch {
		case r.Outcome == Undecided:
			s.waiting[r.Control.ID+" "+r.URN], waits = r.Reason, true
		case r.Outcome == Fail && r.Waiver != nil:
			if s.waived[r.Waiver] == nil {
				s.waived[r.Waiver] = map[string]bool{}
			}
			s.waived[r.Waiver][r.Control.ID+" on "+r.Name] = true
		}
	}
	return waits
}
