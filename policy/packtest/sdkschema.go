// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var sealing = regexp.MustCompile(`\n\t\targs\.(\w+) = pulumi\.ToSecret\(`)

// Sealed returns the inputs of a type that the SDK itself makes secrets, whatever the program gives it.
func (s *SDK) Sealed(token string) []string {
	parts := strings.Split(token, ":")
	text, err := os.ReadFile(filepath.Join(s.folder, "go", parts[0], filepath.Clean(parts[1])+".go"))
	if err != nil {
		return nil
	}
	known := s.read(token).names
	var names []string
	for _, m := range sealing.FindAllStringSubmatch(string(text), -1) {
		for name := range known {
			if strings.EqualFold(name, m[1]) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Translate writes paths of a Terraform resource, such as "root_block_device.encrypted", as the SDK has them. What the SDK does
// not have, or has below a path that is in the list already, is left out.
func (s *SDK) Translate(token string, paths []string) []string {
	folder, _, _ := strings.Cut(strings.Split(token, ":")[1], "/")
	var out []string
	for _, path := range paths {
		if at, ok := s.translate(folder, s.read(token).names, strings.Split(path, ".")); ok {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return slices.CompactFunc(out, func(a, b string) bool { return b == a || strings.HasPrefix(b, a+".") })
}

func (s *SDK) translate(folder string, known object, steps []string) (string, bool) {
	for name, kind := range known {
		if !sameName(name, steps[0]) {
			continue
		}
		if len(steps) == 1 {
			return name, true
		}
		below, ok := s.translate(folder, s.module(folder)[kind], steps[1:])
		return name + "." + below, ok
	}
	return "", false
}

// sameName compares the name of a property with that of an attribute, which has underscores and no plural.
func sameName(property, attribute string) bool {
	attribute = strings.ReplaceAll(attribute, "_", "")
	return slices.ContainsFunc([]string{attribute, attribute + "s", attribute + "es", strings.TrimSuffix(attribute, "y") + "ies"},
		func(form string) bool {
			return strings.EqualFold(property, form)
		})
}
