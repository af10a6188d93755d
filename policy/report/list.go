// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"io"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// listed is a control as data, under the names that a finding has for the same things.
type listed struct {
	ID       string        `json:"control"`
	Title    string        `json:"title"`
	Severity string        `json:"severity"`
	Level    string        `json:"level"`
	Concern  string        `json:"concern"`
	Why      string        `json:"why"`
	Fix      string        `json:"fix"`
	URL      string        `json:"url"`
	Maps     []string      `json:"requirements"`
	Pages    []string      `json:"references"`
	Types    []string      `json:"types"`
	Settings []listedValue `json:"settings"`
	Mends    bool          `json:"mends"`
}

type listedValue struct {
	Default json.RawMessage `json:"default"`
	Name    string          `json:"name"`
	Help    string          `json:"help"`
}

// List writes controls with their metadata as JSON, at the levels that they have, and the catalogues that their requirements are from.
func List(w io.Writer, p *pack.Pack, chosen []*pack.Control, level func(id string) pack.Level) error {
	controls := []listed{}
	for _, c := range chosen {
		one := listed{
			ID: c.ID, Title: c.Title, Severity: c.Severity.String(), Level: level(c.ID).String(), Concern: string(c.About()), Why: c.Why, Fix: c.Fix,
			URL:  c.URL,
			Maps: append([]string{}, c.Maps...), Pages: c.References(), Types: append([]string{}, c.Types...), Settings: []listedValue{},
			Mends: c.Remedy != nil,
		}
		for i := range c.Settings {
			s := &c.Settings[i]
			one.Settings = append(one.Settings, listedValue{Default: json.RawMessage(s.DefaultJSON()), Name: s.Name, Help: s.Help})
		}
		controls = append(controls, one)
	}
	return writeJSON(w,
		map[string]any{"pack": p.Name, "version": p.Version, "frameworks": append([]pack.Framework{}, p.Frameworks...), "controls": controls})
}
