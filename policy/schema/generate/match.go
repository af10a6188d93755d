// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
)

// enough is the share of names that a resource of Terraform and a type of Pulumi have in common at least, when they are the same.
const enough = 0.5

// match finds the Terraform resource that a type of Pulumi is made from: the one with the same properties, and of several
// the one whose name says the same.
func match(token string, inputs map[string]string, all []resource) *resource {
	var best *resource
	most := enough
	for i := range all {
		if score := likeness(token, inputs, &all[i]); score > most {
			best, most = &all[i], score
		}
	}
	return best
}

// sameModule are modules of Pulumi with another name in Terraform.
var sameModule = map[string]string{"rd": "db", "serverlessrepository": "serverlessapplicationrepository"}

func likeness(token string, inputs map[string]string, r *resource) float64 {
	common, known := 0, map[string]bool{}
	for name := range inputs {
		known[bare(name)] = true
	}
	for _, a := range r.attributes {
		if known[bare(a)] {
			common++
		}
	}
	score := float64(common) / float64(len(known))
	module, kind, _ := strings.Cut(strings.TrimPrefix(token, "aws:"), "/")
	_, kind, _ = strings.Cut(kind, ":")
	name := bare(strings.TrimPrefix(r.name, "aws_"))
	switch kind, module = bare(strings.TrimSuffix(kind, "V2")), bare(module); {
	case name == module+kind, name == sameModule[module]+kind:
		score += 2
	case name == kind:
		score += 1.9
	case strings.HasSuffix(name, kind) && strings.HasPrefix(name, module[:1]):
		score++
	case strings.HasSuffix(name, kind):
		score += 0.5
	}
	return score
}

// bare is a name without underscores, case and the endings of a plural, for the two sides differ in these.
func bare(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", ""))
	return strings.TrimSuffix(strings.TrimSuffix(strings.ReplaceAll(name, "ies", "y"), "s"), "e")
}
