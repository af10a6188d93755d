// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
)

// diff says what a change opens and closes. It ends with 1 when anything opens, or becomes unknown.
func (r *run) diff(args []string) (int, error) {
	if len(args) != 2 {
		return Unusable, errors.New("it needs the network before and after")
	}
	var nets [2]*model.Network
	var tables [2]*intent.Table
	for i, path := range args {
		var err error
		if nets[i], tables[i], err = r.load(path); err != nil {
			return Unusable, err
		}
	}
	table, err := one(tables[0], tables[1])
	if err != nil {
		return Unusable, err
	}
	var sides [2]*segmentation.Network
	for i, path := range args {
		if sides[i], err = segmentation.Open(nets[i], table); err != nil {
			return Unusable, fmt.Errorf("%s: %w", path, err)
		}
	}
	changes := segmentation.Compare(sides[0], sides[1])
	code := Clean
	if slices.ContainsFunc(changes, func(c segmentation.Change) bool { return c.Opens != "" || c.Unknown != "" }) {
		code = Refused
	}
	return r.write(code, func(out io.Writer, format string) error {
		switch format {
		case "json":
			return encode(out, changes)
		case "markdown":
			segmentation.ChangesMarkdown(out, changes)
		case "html":
			if table == nil {
				return fmt.Errorf("%s: the form html shows segments, and %w", args[1], errNoTable)
			}
			return (&page.Page{Input: args[1], Proof: sides[1].Proof(), Before: sides[0].Proof(), Changes: changes}).Write(out)
		default:
			segmentation.ChangesText(out, changes)
		}
		return nil
	})
}

// one is the table that both networks of a change are seen by, so that its ends are the same: the newer one, and the
// segments that it no longer has.
func one(before, after *intent.Table) (*intent.Table, error) {
	if before == nil || after == nil || before == after {
		return cmp.Or(after, before), nil
	}
	return after, after.Keep(before)
}

func (r *run) lint(args []string) (int, error) {
	if len(args) != 1 {
		return Unusable, errors.New("it needs one input: a stack export, the JSON of a preview, or a folder of AWS's answers")
	}
	net, _, err := r.load(args[0])
	if err != nil {
		return Unusable, err
	}
	found := segmentation.Lint(net)
	if r.format == "json" {
		return Clean, encode(r.out, found)
	}
	for _, f := range found {
		_, _ = fmt.Fprintf(r.out, "%s %s: %s\n", f.Code, f.Where, f.What)
	}
	if len(found) == 0 {
		_, _ = fmt.Fprintln(r.out, "nothing to say")
	}
	return Clean, nil
}
