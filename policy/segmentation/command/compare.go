// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"fmt"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
)

// diff says what a change opens and closes. It ends with 1 when anything opens, or becomes unknown.
func (r *run) diff(args []string) (int, error) {
	if len(args) != 2 {
		return Unusable, errors.New("it needs the network before and after")
	}
	var sides [2]*segmentation.Network
	for i, path := range args {
		net, table, err := r.load(path)
		if err != nil {
			return Unusable, err
		}
		if sides[i], err = segmentation.Open(net, table); err != nil {
			return Unusable, fmt.Errorf("%s: %w", path, err)
		}
	}
	changes := segmentation.Compare(sides[0], sides[1])
	code := Clean
	for _, c := range changes {
		if c.Opens != "" || c.Unknown != "" {
			code = Refused
		}
	}
	if r.format == "json" {
		return code, r.json(changes)
	}
	for _, c := range changes {
		for _, part := range [][2]string{{"opens", c.Opens}, {"closes", c.Closes}, {"leaves unknown", c.Unknown}} {
			if part[1] != "" {
				_, _ = fmt.Fprintf(r.out, "%s %s -> %s: %s\n", part[0], c.From, c.To, part[1])
			}
		}
	}
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(r.out, "nothing opens and nothing closes")
	}
	return code, nil
}

func (r *run) lint(args []string) (int, error) {
	if len(args) != 1 {
		return Unusable, errors.New("it needs one input")
	}
	net, _, err := r.load(args[0])
	if err != nil {
		return Unusable, err
	}
	found := segmentation.Lint(net)
	if r.format == "json" {
		return Clean, r.json(found)
	}
	for _, f := range found {
		_, _ = fmt.Fprintf(r.out, "%s %s: %s\n", f.Code, f.Where, f.What)
	}
	if len(found) == 0 {
		_, _ = fmt.Fprintln(r.out, "nothing to say")
	}
	return Clean, nil
}
