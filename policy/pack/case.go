// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
)

// Case is one control judging one resource. A check reads the resource and reports. The case serves other controls and
// resources once the check has returned: a check must not keep it, nor start a goroutine that uses it.
type Case struct {
	*Resource
	// Stack is the whole deployment for stack controls, nil for resource controls.
	Stack *Stack
	// About is what the engine says about the deployment, such as its stack, tags and whether it is a preview.
	About    *About
	control  *Control
	settings map[string]any
	notice   string
	workdir  string
	found    []note
	doubts   []string
	remarks  []string
	waits    []Value
	memos    []memo
}

// memo is what checks have worked out from a value.
type memo struct {
	from *node
	what any
}

// note is one violation inside a case.
type note struct {
	text string
	at   string
}

// cases are those that nobody uses, kept for the room in their lists.
var cases = sync.Pool{New: func() any { return new(Case) }}

// end gives the case back, without anything of the resource in it.
func (c *Case) end() {
	clear(c.found[:cap(c.found)])
	clear(c.waits[:cap(c.waits)])
	clear(c.memos)
	*c = Case{found: c.found[:0], waits: c.waits[:0], memos: c.memos[:0]}
	cases.Put(c)
}

// begin makes the case that of another control.
func (c *Case) begin(d *duty) {
	c.control, c.settings, c.notice = d.control, d.settings, ""
	c.found, c.waits, c.doubts, c.remarks = c.found[:0], c.waits[:0], nil, nil
}

// Memo keeps what a check works out from a value, such as a parsed document, for the other controls that judge the
// same resource. Checks that want the same type from one value must use the same function.
func Memo[T any](c *Case, from Value, work func() T) T {
	if from.Kind() == Absent {
		return work()
	}
	for i := range c.memos {
		if what, ok := c.memos[i].what.(T); ok && c.memos[i].from == from.n {
			return what
		}
	}
	what := work()
	c.memos = append(c.memos, memo{from: from.n, what: what})
	return what
}

// Require reports a violation when the fact is false and defers when it is not known. The message says what
// is wrong; without one, the value that decided is shown.
func (c *Case) Require(f Fact, message ...any) {
	switch f.Is {
	case False:
		c.report(f.At, message)
	case Deferred:
		c.Defer(f.At)
	}
}

// Forbid reports a violation when the fact is true and defers when it is not known.
func (c *Case) Forbid(f Fact, message ...any) { c.Require(f.Not(), message...) }

// Report reports a violation that the value shows. The arguments are those of fmt.Sprintf; without any, the
// value itself is the message. When the value is a secret, only its path is told.
func (c *Case) Report(at Value, message ...any) { c.report(at, message) }

// says is the beginning of a message that says of an input what it is.
var says = regexp.MustCompile(`^([a-z][\w.\[\]]*) is (?:not set|true|false|"|\[|-?\d|an object|left out)`)

func (c *Case) report(at Value, message []any) {
	path := at.Path()
	var text string
	switch {
	case at.Secret() && path != "":
		text = path + " holds a secret value that breaks this rule"
	case len(message) > 0:
		format, _ := message[0].(string)
		text = fmt.Sprintf(format, message[1:]...)
		if named := says.FindStringSubmatch(text); named != nil {
			path = named[1] // what the message is about; a condition may have decided that there is something to say
		}
	case at.Exists():
		text = path + " is " + at.String()
	case path != "":
		text = path + " is not set"
	default:
		text = "the rule is not met"
	}
	for _, n := range c.found {
		if n.text == text && n.at == path {
			return
		}
	}
	c.found = append(c.found, note{text: text, at: path})
}

// Defer notes that the answer depends on a value that is known only after a deployment.
func (c *Case) Defer(at Value) { c.waits = append(c.waits, at) }

// Doubt says why nobody can tell whether the rule is met.
func (c *Case) Doubt(format string, args ...any) {
	c.doubts = append(c.doubts, fmt.Sprintf(format, args...))
}

// Remark says at the end of the run what is no finding, such as that the control had nothing to judge by.
func (c *Case) Remark(format string, args ...any) {
	c.remarks = append(c.remarks, fmt.Sprintf(format, args...))
}

// File opens the file that a setting names. A relative path is looked for in the working directory and above it, up to
// the root of the repository.
func (c *Case) File(setting string) (*os.File, error) {
	return os.Open(locate(c.workdir, c.Word(setting)))
}

// Skip says why the control does not apply to this resource.
func (c *Case) Skip(format string, args ...any) {
	if c.notice = format; len(args) > 0 {
		c.notice = fmt.Sprintf(format, args...)
	}
}

// Num returns a number setting.
func (c *Case) Num(name string) float64 {
	n, _ := c.setting(name).(float64)
	return n
}

// Flag returns a boolean setting.
func (c *Case) Flag(name string) bool {
	b, _ := c.setting(name).(bool)
	return b
}

// Word returns a string setting.
func (c *Case) Word(name string) string {
	s, _ := c.setting(name).(string)
	return s
}

// Words returns a setting that is a list of strings.
func (c *Case) Words(name string) []string {
	switch list := c.setting(name).(type) {
	case []string:
		return list
	case []any:
		words := make([]string, 0, len(list))
		for _, item := range list {
			if s, ok := item.(string); ok {
				words = append(words, s)
			}
		}
		return words
	}
	return nil
}

func (c *Case) setting(name string) any {
	if v, ok := c.settings[name]; ok {
		return v
	}
	for _, s := range c.control.Settings {
		if s.Name == name {
			return s.Default
		}
	}
	panic(fmt.Sprintf("control %s has no setting %q", c.control.ID, name))
}

// Outcome is what a case came to.
type Outcome uint8

// The outcomes.
const (
	Pass Outcome = iota
	Fail
	Undecided
	NotApplicable
)

var outcomeNames = [...]string{"pass", "fail", "undecided", "not applicable"}

// String returns the name in lower case.
func (o Outcome) String() string { return outcomeNames[o] }

func (c *Case) outcome() Outcome {
	switch {
	case len(c.found) > 0:
		return Fail
	case len(c.waits)+len(c.doubts) > 0:
		return Undecided
	case c.notice != "":
		return NotApplicable
	}
	return Pass
}

// undecidedPrefix begins the reason of a check that waits for a value.
const undecidedPrefix = "undecided until deployed: "

// reason says why the case has no answer: what it waits for, or why it does not apply.
func (c *Case) reason() string {
	if len(c.doubts) > 0 {
		return "undecided: " + strings.Join(c.doubts, "; ")
	}
	if len(c.waits) == 0 {
		return c.notice
	}
	paths := make([]string, 0, len(c.waits))
	hidden := true
	for _, w := range c.waits {
		hidden = hidden && w.Secret()
		p := w.Path()
		if p == "" {
			p = "its properties"
		}
		if len(paths) == 0 || paths[len(paths)-1] != p {
			paths = append(paths, p)
		}
	}
	if hidden {
		return "undecided here: waits for " + strings.Join(paths, ", ") + ", a secret that cannot be read; export again with --show-secrets"
	}
	return undecidedPrefix + "waits for " + strings.Join(paths, ", ")
}

// run judges and turns a panic of the check into a finding, so that one faulty control cannot stop the rest
// and cannot pass by accident.
func (c *Case) run() {
	defer func() {
		if p := recover(); p != nil {
			c.found = append(c.found, note{text: fmt.Sprintf("the control itself failed on this resource (%v); please report it", p)})
		}
	}()
	c.control.Check(c)
}
