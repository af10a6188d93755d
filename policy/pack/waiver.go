// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

// Waiver is a written permission to break one rule on some resources until a day.
type Waiver struct {
	// Control is the id of the rule.
	Control string `json:"control" yaml:"control"`
	// URN, Type and Name choose the resources; "*" stands for any text. At least one must be given, and a
	// resource has to match all that are.
	URN  string `json:"urn,omitempty" yaml:"urn"`
	Type string `json:"type,omitempty" yaml:"type"`
	Name string `json:"name,omitempty" yaml:"name"`
	// Reason says why the risk is taken; at least ten characters.
	Reason string `json:"reason" yaml:"reason"`
	// Owner is who answers for it.
	Owner string `json:"owner" yaml:"owner"`
	// Expires is the last day, as YYYY-MM-DD in UTC.
	Expires string `json:"expires" yaml:"expires"`
	until   time.Time
}

const shortestReason = 10

// check returns what is wrong with the waiver itself, all of it.
func (w *Waiver) check(p *Pack) error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	switch {
	case w.Control == "":
		bad("control is missing")
	case p.Control(w.Control) == nil:
		bad("control %q does not exist in this pack", w.Control)
	case w.Control == GovernanceID:
		bad("control %q cannot be waived", w.Control)
	}
	if everything(w.URN, "urn:pulumi:") && everything(w.Type, "aws:") && everything(w.Name, "") {
		bad("urn, type or name must choose resources more narrowly than every resource")
	}
	if len(strings.TrimSpace(w.Reason)) < shortestReason {
		bad("reason must have at least %d characters", shortestReason)
	}
	if strings.TrimSpace(w.Owner) == "" {
		bad("owner is missing")
	}
	day, err := time.Parse(time.DateOnly, w.Expires)
	if err != nil {
		bad("expires %q is not a date such as 2027-01-31", w.Expires)
	}
	w.until = day.AddDate(0, 0, 1)
	return errors.Join(problems...)
}

// everything reports whether a pattern chooses nearly every text: it is not given, or there is nothing in it but a part of
// what all texts begin with.
func everything(pattern, begin string) bool {
	before, rest, _ := strings.Cut(pattern, "*")
	return strings.HasPrefix(begin, strings.TrimRight(before, "? ")) && strings.Trim(rest, "*?: ") == ""
}

// covers reports whether the waiver is about the control and the resource.
func (w *Waiver) covers(control string, r *Resource) bool {
	return w.Control == control && chosenBy(w.URN, r.URN) && chosenBy(w.Type, r.Type) && chosenBy(w.Name, r.Name)
}

// chosenBy reports whether a pattern of a waiver chooses the text; a pattern that is not given chooses all.
func chosenBy(pattern, text string) bool { return pattern == "" || glob.Match(pattern, text) }

// String names the waiver in a message.
func (w *Waiver) String() string {
	var where []string
	for _, p := range []struct{ label, value string }{{"urn", w.URN}, {"type", w.Type}, {"name", w.Name}} {
		if p.value != "" {
			where = append(where, p.label+" "+p.value)
		}
	}
	return fmt.Sprintf("%s for %s", w.Control, strings.Join(where, ", "))
}

// waiverFile is the shape of a file of waivers.
type waiverFile struct {
	Waivers []Waiver `yaml:"waivers"`
}

// largestWaivers is the most that a file of waivers may hold; a waiver takes some hundred bytes.
const largestWaivers = 1 << 20

// ReadWaivers reads a file of waivers.
func ReadWaivers(path string) ([]Waiver, error) {
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("waivers: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, largestWaivers+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("waivers: %w", err)
	}
	list, err := ParseWaivers(text)
	if err != nil {
		return nil, fmt.Errorf("waivers: %s: %w", path, err)
	}
	return list, nil
}

// ParseWaivers reads YAML with a list "waivers". Unknown fields are errors, so that a misspelt one cannot widen
// a waiver.
func ParseWaivers(text []byte) ([]Waiver, error) {
	if len(text) > largestWaivers {
		return nil, fmt.Errorf("the file is larger than %d bytes", largestWaivers)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var file waiverFile
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one YAML document; write one list \"waivers\"")
	}
	return file.Waivers, nil
}
