// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	strict "github.com/go-json-experiment/json"
)

// Config is the configuration of one control as the engine or a file gives it.
type Config struct {
	Properties map[string]any
	Level      Level
}

// Configure sets levels and settings. Names that the pack does not know are an error that lists them all,
// except "all", which the engine may leave in. Levels resolve in this order: the governance setting
// "levels", a level in the configuration that differs from the control's own (any, with "all" given), the
// profile, the control. The engine fills in the control's own level where a file says nothing, which is why
// a level that equals it cannot win over a profile; "levels" can.
func (s *Session) Configure(configs map[string]Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
	var problems []error
	for _, id := range slices.Sorted(maps.Keys(configs)) {
		if id == "all" {
			if len(configs[id].Properties) > 0 {
				problems = append(problems, errors.New(`"all" takes a level and no settings`))
			}
			continue
		}
		c := s.pack.byID[id]
		if c == nil {
			problems = append(problems, fmt.Errorf("the pack has no control %q%s", id, s.pack.Suggest(id)))
			continue
		}
		if len(configs[id].Properties) > 0 {
			problems = append(problems, c.checkSettings(configs[id].Properties)...)
			s.settings[id] = configs[id].Properties
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	return s.settle(configs)
}

// settle applies the governance settings and the levels; the settings have the right types by now.
func (s *Session) settle(configs map[string]Config) error {
	own := Case{control: s.pack.byID[GovernanceID], settings: s.settings[GovernanceID]}
	all := configs["all"].Level
	profile := s.pack.Profiles[own.Word("profile")]
	for _, c := range s.pack.controls {
		level := c.DefaultLevel()
		configured := configs[c.ID].Level
		switch {
		case all != Unset && configured == Unset:
			level = all
		case configured != Unset && (all != Unset || configured != level):
			level = configured
		case profile.Level != nil:
			if l := profile.Level(c); l != Unset {
				level = l
			}
		}
		s.levels[c.ID] = level
	}
	var problems []error
	levels, _ := own.setting("levels").(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(levels)) {
		name, _ := levels[id].(string)
		level, err := ParseLevel(name)
		switch {
		case s.pack.byID[id] == nil:
			problems = append(problems, fmt.Errorf("%s.levels: the pack has no control %q%s", GovernanceID, id, s.pack.Suggest(id)))
		case err != nil:
			problems = append(problems, fmt.Errorf("%s.levels.%s: %w", GovernanceID, id, err))
		default:
			s.levels[id] = level
		}
	}
	s.rules = rules{forbid: own.Flag("forbidWaivers"), undecided: own.Word("undecided")}
	problems = append(problems, s.loadWaivers(own))
	s.assign()
	return errors.Join(problems...)
}

func (s *Session) loadWaivers(own Case) error {
	if inline, _ := own.setting("waivers").([]any); len(inline) > 0 {
		text, err := json.Marshal(inline)
		if err != nil {
			return fmt.Errorf("%s.waivers: %w", GovernanceID, err)
		}
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		var listed []Waiver
		if err := d.Decode(&listed); err != nil {
			return fmt.Errorf("%s.waivers: %w", GovernanceID, err)
		}
		s.addWaivers(GovernanceID+".waivers", listed)
	}
	if file := own.Word("waiversFile"); file != "" {
		path := locate(s.workdir, file)
		read, err := ReadWaivers(path)
		if errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(file) {
			return fmt.Errorf("%s.waiversFile: there is no %s in %s, nor above it up to the root of the repository", GovernanceID, file, s.workdir)
		}
		if err != nil {
			return fmt.Errorf("%s.waiversFile: %w", GovernanceID, err)
		}
		s.addWaivers(file, read)
	}
	return nil
}

// addWaivers sorts waivers into those that count and those that are wrong. The source says where the list is.
func (s *Session) addWaivers(source string, list []Waiver) {
	for i := range list {
		w := &list[i]
		if err := w.check(s.pack); err != nil {
			s.rules.broken = append(s.rules.broken, fmt.Sprintf("%s: waiver %d (%s) is invalid and waives nothing: %s",
				source, i+1, w, strings.ReplaceAll(err.Error(), "\n", "; ")))
			continue
		}
		s.rules.waivers = append(s.rules.waivers, w)
	}
}

// checkSettings compares values with the types of the settings' defaults.
func (c *Control) checkSettings(values map[string]any) []error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(c.Settings, func(s Setting) bool { return s.Name == name })
		if i < 0 {
			problems = append(problems, fmt.Errorf("control %q has no setting %q; it has %s", c.ID, name, c.settingNames()))
			continue
		}
		if err := c.Settings[i].check(values[name]); err != nil {
			problems = append(problems, fmt.Errorf("%s.%s: %w", c.ID, name, err))
		}
	}
	return problems
}

// settingNames lists the settings in words.
func (c *Control) settingNames() string {
	if len(c.Settings) == 0 {
		return "none"
	}
	names := make([]string, len(c.Settings))
	for i, s := range c.Settings {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

func (s *Setting) check(v any) error {
	ok := false
	switch s.Default.(type) {
	case float64:
		var number float64
		number, ok = v.(float64)
		ok = ok && number >= 0
	case bool:
		_, ok = v.(bool)
	case string:
		var word string
		word, ok = v.(string)
		if ok && len(s.OneOf) > 0 && !slices.Contains(s.OneOf, word) {
			return fmt.Errorf("%q is not one of %s", word,
				strings.Join(slices.DeleteFunc(slices.Clone(s.OneOf), func(w string) bool { return w == "" }), ", "))
		}
	case []string:
		var list []any
		list, ok = v.([]any)
		for _, item := range list {
			if _, isText := item.(string); !isText {
				ok = false
			}
		}
	case []any:
		_, ok = v.([]any)
	case map[string]any:
		_, ok = v.(map[string]any)
	}
	if !ok {
		return fmt.Errorf("%v has the wrong type; expected %s", v, s.kind())
	}
	return nil
}

// kind is the JSON type of the setting in words, or "" for a default of a type that JSON does not have.
func (s *Setting) kind() string {
	switch s.Default.(type) {
	case float64:
		return "a number that is not negative"
	case bool:
		return "true or false"
	case string:
		return "a string"
	case []string:
		return "a list of strings"
	case []any:
		return "a list of objects"
	case map[string]any:
		return "an object"
	}
	return ""
}

// schema is the JSON schema of the setting, which the engine checks before Configure.
func (s *Setting) schema() map[string]any {
	out := map[string]any{"description": s.Help}
	switch d := s.Default.(type) {
	case float64:
		out["type"], out["default"] = "number", d
	case bool:
		out["type"], out["default"] = "boolean", d
	case string:
		out["type"], out["default"] = "string", d
		if len(s.OneOf) > 0 {
			list := make([]any, len(s.OneOf))
			for i, w := range s.OneOf {
				list[i] = w
			}
			out["enum"] = list
		}
	case []string:
		list := make([]any, len(d))
		for i, w := range d {
			list[i] = w
		}
		out["type"], out["items"], out["default"] = "array", map[string]any{"type": "string"}, list
	case []any:
		out["type"], out["items"] = "array", map[string]any{"type": "object"}
	default:
		out["type"] = "object"
	}
	return out
}

// Suggest names, as "; did you mean ...?", the control whose id is nearest to a misspelt one, or says nothing.
func (p *Pack) Suggest(id string) string {
	best, at := 4, ""
	for _, c := range p.controls {
		if d := distance(id, c.ID); d < best {
			best, at = d, c.ID
		}
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", at)
}

// distance is the edit distance of two short words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := last
			if a[i-1] != b[j-1] {
				cost = 1 + min(last, row[j], row[j-1])
			}
			last, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}

// largestConfig is the most that a configuration may hold, waivers included.
const largestConfig = 4 << 20

// ParseConfig reads a --policy-pack-config file as the engine does: a level for each name, or an object
// with enforcementLevel and settings. The key "environments" belongs to the engine and is left out.
func ParseConfig(text []byte) (map[string]Config, error) {
	configs := map[string]Config{}
	if strings.TrimSpace(string(text)) == "" {
		return configs, nil
	}
	if len(text) > largestConfig {
		return nil, fmt.Errorf("pack configuration: the file is larger than %d bytes", largestConfig)
	}
	raw := map[string]any{}
	if err := strict.Unmarshal(text, &raw); err != nil { // a key that stands twice is an error
		return nil, fmt.Errorf("pack configuration: %w", err)
	}
	var problems []error
	for _, id := range slices.Sorted(maps.Keys(raw)) {
		if id == "environments" {
			continue
		}
		c, err := parseOne(raw[id])
		if err != nil {
			problems = append(problems, fmt.Errorf("pack configuration: %s: %w", id, err))
			continue
		}
		configs[id] = c
	}
	return configs, errors.Join(problems...)
}

func parseOne(v any) (Config, error) {
	switch v := v.(type) {
	case string:
		level, err := ParseLevel(v)
		return Config{Level: level}, err
	case map[string]any:
		c := Config{Properties: v}
		if given, ok := v["enforcementLevel"]; ok {
			name, _ := given.(string)
			level, err := ParseLevel(name)
			if err != nil {
				return c, err
			}
			c.Level = level
			delete(v, "enforcementLevel")
		}
		return c, nil
	}
	return Config{}, fmt.Errorf("%v must be a level or an object", v)
}
