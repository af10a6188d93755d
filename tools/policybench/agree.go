// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// weakResources is the size of the program with faults: four cells, two of which break every rule.
const weakResources = 80

// agree previews the program with faults under every pack that has the ten rules, and returns how many
// findings they report. It is an error when one reports another set, or when a rule reports nothing.
func (b *bench) agree(ctx context.Context) (int, error) {
	stack, err := b.stack(ctx, weakResources, true)
	if err != nil {
		return 0, err
	}
	var first []string
	for i, p := range b.packs {
		if !p.ten {
			continue
		}
		found, err := b.faults(ctx, stack, p)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%s: %w", p.name, err)
		case first == nil:
			if err := everyRule(found); err != nil {
				return 0, fmt.Errorf("%s: %w", p.name, err)
			}
			first = found
		case !slices.Equal(first, found):
			return 0, fmt.Errorf("%s and %s do not report the same:\n%s", cut, b.packs[i].name, difference(first, found))
		}
	}
	return len(first), nil
}

// faults previews a program that has to be refused and returns the findings, each as rule and resource.
func (b *bench) faults(ctx context.Context, stack string, p pack) ([]string, error) {
	events := b.path("events.jsonl")
	if err := os.RemoveAll(events); err != nil {
		return nil, err
	}
	args := append([]string{"preview", "--stack", stack, "--non-interactive", "--color", "never", "--event-log", events}, p.args...)
	_, refusal := b.pulumi(ctx, p.process, args...)
	read, said := findings, events
	if p.check != nil {
		if refusal != nil { // it had nothing to judge
			return nil, refusal
		}
		_, refusal = b.judge(ctx, p, "-format", "json")
		read, said = reported, b.path("check.txt")
	}
	var refused exitError
	if refusal == nil {
		return nil, errors.New("a program with faults was not refused")
	} else if !errors.As(refusal, &refused) {
		return nil, refusal
	}
	f, err := os.Open(said)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	found, err := read(f)
	if err == nil && len(found) == 0 { // it was refused for another reason
		err = refusal
	}
	return found, err
}

// finding is one rule on one resource at a level; several messages of it are one.
func finding(rule, urn, level string) string { return strings.Join([]string{rule, urn, level}, " ") }

// reported reads the report of the command, which names what it found at every level.
func reported(report io.Reader) ([]string, error) {
	var list struct {
		Findings []struct {
			URN     string `json:"urn"`
			Control string `json:"control"`
			Level   string `json:"level"`
		} `json:"findings"`
	}
	if err := json.NewDecoder(report).Decode(&list); err != nil {
		return nil, fmt.Errorf("the report of the command: %w", err)
	}
	found := make([]string, 0, len(list.Findings))
	for _, f := range list.Findings {
		found = append(found, finding(f.Control, f.URN, f.Level))
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// findings reads the engine's events.
func findings(events io.Reader) ([]string, error) {
	var found []string
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var event struct {
			Policy *struct {
				URN   string `json:"resourceUrn"`
				Name  string `json:"policyName"`
				Level string `json:"enforcementLevel"`
			} `json:"policyEvent"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("the engine's events: %w", err)
		}
		if event.Policy != nil {
			found = append(found, finding(event.Policy.Name, event.Policy.URN, event.Policy.Level))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), lines.Err()
}

func everyRule(found []string) error {
	var silent []string
	for _, id := range ten {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, id+" ") }) {
			silent = append(silent, id)
		}
	}
	if len(silent) > 0 {
		return fmt.Errorf("no finding of %s on a program that breaks every rule", strings.Join(silent, ", "))
	}
	return nil
}

// difference lists what only one of the two reports.
func difference(a, b []string) string {
	var text strings.Builder
	for _, f := range a {
		if !slices.Contains(b, f) {
			text.WriteString("  only the first:  " + f + "\n")
		}
	}
	for _, f := range b {
		if !slices.Contains(a, f) {
			text.WriteString("  only the second: " + f + "\n")
		}
	}
	return text.String()
}
