// SPDX-License-Identifier: Apache-2.0

// Package awstypes is the register of AWS's resource types: what a type is called in Terraform, what its ids and ARNs look like,
// what it is a part of, and whether the internet can reach it. The build of the rehearsals' provider, the recording monitor of
// pulumitest, the scenes of packtest, the report of what is public and the inventories of its account read it, so that a new type is
// one row in types.txt.
package awstypes

import (
	_ "embed" // for types.txt
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Type is one row of the register. Its forms are templates for Fill.
type Type struct {
	Token     string            // Pulumi's name, such as "aws:ec2/vpc:Vpc".
	Terraform string            // Terraform's name, such as "aws_vpc"; "" if the provider of rehearsals does not offer the type.
	ID        string            // The form of its ids; "" if nothing is known of it.
	ARN       string            // The form of its ARNs; "" if it has none.
	Outputs   map[string]string // The forms of further outputs, by their names.
	Of        string            // The token of the type that it is a part of, or "account"; "" if it is a thing of its own.
	Closed    bool              // Nobody on the internet can reach one by itself.
}

// Account is what settings of a whole account are a part of.
const Account = "account"

// DataSource tells whether the type is a function that reads what exists, not a resource.
func (t Type) DataSource() bool {
	return strings.HasPrefix(t.Token[strings.LastIndex(t.Token, ":")+1:], "get")
}

//go:embed types.txt
var text string

var register = sync.OnceValues(func() ([]Type, map[string]Type) {
	types, err := parse(text)
	if err != nil {
		panic(err) // The text is part of the program, and a test reads it.
	}
	byToken := make(map[string]Type, len(types))
	for _, t := range types {
		byToken[t.Token] = t
	}
	return types, byToken
})

// All returns every type, in the order of the register. The caller must not change it.
func All() []Type {
	types, _ := register()
	return types
}

// Get returns the type with a token. Of a type that is not in the register nothing is known but the token.
func Get(token string) Type {
	_, byToken := register()
	if t, found := byToken[token]; found {
		return t
	}
	return Type{Token: token}
}

func parse(text string) ([]Type, error) {
	var types []Type
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 2 {
			return nil, fmt.Errorf("types.txt: %q has no token; write the Terraform name or \"-\", then the token", strings.TrimSpace(line))
		}
		t := Type{Terraform: strings.TrimPrefix(fields[0], "-"), Token: "aws:" + fields[1], Outputs: map[string]string{}}
		for _, field := range fields[2:] {
			key, value, _ := strings.Cut(field, "=")
			if err := t.set(key, value); err != nil {
				return nil, fmt.Errorf("types.txt: %s: %q: %w", fields[1], field, err)
			}
		}
		types = append(types, t)
	}
	return types, nil
}

func (t *Type) set(key, value string) error {
	output, further := strings.CutPrefix(key, ".")
	switch {
	case value == "":
		return fmt.Errorf("no value; write KEY=VALUE without spaces")
	case further:
		t.Outputs[output] = value
	case key == "id":
		t.ID = value
	case key == "arn" && strings.HasPrefix(value, "{"):
		t.ARN = value
	case key == "arn":
		t.ARN = "arn:aws:" + value
	case key == "of" && value == Account:
		t.Of = value
	case key == "of":
		t.Of = "aws:" + value
	case key == "internet" && value == "never":
		t.Closed = true
	default:
		return fmt.Errorf("not known; there are id=, arn=, of=, internet=never, and .OUTPUT= for outputs")
	}
	return nil
}

// Placeholder is a place in a form, such as {hex16} or {input:bucket}.
type Placeholder struct {
	Kind   string // "hex" or "input".
	Length int    // 16; 0 if there is none.
	Input  string // "bucket"; "" if there is none.
}

var placeholder = regexp.MustCompile(`\{([a-zA-Z]+)([0-9]*)(?::([a-zA-Z]+))?\}`)

// Fill replaces every placeholder of a form by its value.
func Fill(form string, value func(Placeholder) string) string {
	return placeholder.ReplaceAllStringFunc(form, func(match string) string {
		parts := placeholder.FindStringSubmatch(match)
		length, _ := strconv.Atoi(parts[2]) // Digits or nothing, by the expression.
		return value(Placeholder{Kind: parts[1], Length: length, Input: parts[3]})
	})
}
