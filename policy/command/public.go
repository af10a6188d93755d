// SPDX-License-Identifier: Apache-2.0

package command

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/public"
)

const publicUsage = `Usage: bulkhead-policy public [flags] FILE

Says what of a deployment somebody on the internet, or with any AWS account, reaches. FILE is one that check reads. The exit code
is 0 whatever is public.

`

// reach says what of the deployment in a file is public.
func reach(p *pack.Pack, args []string, in io.Reader, out, errOut io.Writer) int {
	set := flag.NewFlagSet("public", flag.ContinueOnError)
	set.Usage = func() {
		_, _ = io.WriteString(set.Output(), publicUsage)
		set.PrintDefaults()
	}
	format := set.String("format", "text", "text, json")
	files, err := parseFlags(set, args, out, errOut)
	switch {
	case err != nil:
		return end(errOut, err)
	case len(files) != 1:
		return fail(errOut, fmt.Errorf("public needs one stack export or JSON of a preview; it got %d arguments", len(files)))
	case *format != "text" && *format != "json":
		return fail(errOut, fmt.Errorf("-format: %q is not known; use text or json", *format))
	}
	d, err := read(files[0], in)
	if err != nil {
		return fail(errOut, fmt.Errorf("%s: %w", files[0], err))
	}
	r, err := public.Of(p, d)
	switch {
	case err != nil:
		return fail(errOut, err)
	case r.Resources == 0 && len(r.Unjudged) == 0:
		return fail(errOut, fmt.Errorf("%w: the file holds no resource; preview the program, or export the stack after it has been deployed",
			ErrIdle))
	case *format == "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return end(errOut, encoder.Encode(r))
	}
	return end(errOut, r.Write(out))
}
