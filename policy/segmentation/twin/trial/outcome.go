// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
)

// Check is something of a protocol that was tried, beside the cells.
type Check struct {
	// What was seen.
	What string `json:"what"`
	// Wrong is how that differs from what the account says; empty if it does not.
	Wrong string `json:"wrong,omitempty"`
}

// Outcome is what became of the packets.
type Outcome struct {
	// Seen is the matrix as the packets saw it. May of a cell is what passed of what was tried.
	Seen *segmentation.Proof `json:"seen"`
	// Agreeing, Disagreeing, Unknown and Untried name the cells, as "app -> database": as the proof says; not so; of
	// which the proof itself says unknown; and of which there is no pair of hosts.
	Agreeing    []string `json:"agreeing"`
	Disagreeing []string `json:"disagreeing"`
	Unknown     []string `json:"unknown"`
	Untried     []string `json:"untried"`
	// Disagreements are single connections and cells that are not as the proof says.
	Disagreements []string `json:"disagreements"`
	// Must, Cannot and Either count the connections: they had to pass; they could not; or either was right, such as
	// where a rule depends on which subnet AWS chooses.
	Must   int `json:"must"`
	Cannot int `json:"cannot"`
	Either int `json:"either"`
	// Mediated counts the pairs of client and target through a load balancer that were compared.
	Mediated int `json:"mediated"`
	// Checks are of HTTPS through load balancers and of logins to databases.
	Checks     []Check       `json:"checks"`
	Namespaces int           `json:"namespaces"`
	Packets    int           `json:"connectionsTried"`
	Took       time.Duration `json:"nanoseconds"`
	Assumed    []string      `json:"assumed"`
	NotShown   []string      `json:"notShown"`
}

// Agrees reports whether every cell that was tried is as the proof says, and every check as the account says.
func (o *Outcome) Agrees() bool {
	return len(o.Agreeing) > 0 && len(o.Disagreeing)+len(o.Unknown)+len(o.Disagreements) == 0 && o.passed() == len(o.Checks)
}

// Idle reports whether there was nothing to try: a network in which no two hosts stand yet.
func (o *Outcome) Idle() bool {
	return len(o.Agreeing)+len(o.Disagreeing)+len(o.Unknown)+len(o.Disagreements)+len(o.Checks) == 0
}

// passed is how many checks are as the account says.
func (o *Outcome) passed() (n int) {
	for _, c := range o.Checks {
		if c.Wrong == "" {
			n++
		}
	}
	return n
}

// Summary is a sentence about what agreed.
func (o *Outcome) Summary() string {
	text := fmt.Sprintf("%d of %d cells of the matrix agree with the proof, by %d real connections between %d network namespaces in %s",
		len(o.Agreeing), len(o.Agreeing)+len(o.Disagreeing)+len(o.Unknown), o.Packets, o.Namespaces, o.Took.Round(100*time.Millisecond))
	if len(o.Checks) > 0 {
		text += fmt.Sprintf("; %d of %d checks of HTTPS and logins as the account says", o.passed(), len(o.Checks))
	}
	return text
}

// Text writes the matrix as the packets saw it, what passed, and how far that agrees with the proof.
func (o *Outcome) Text(w io.Writer) {
	o.Seen.Matrix(w)
	_, _ = fmt.Fprintln(w, "\nWhat passed, of what was tried:")
	for _, c := range o.Seen.Cells {
		passed := c.May
		if len(c.Through) > 0 {
			passed = strings.TrimPrefix(passed+"; through "+strings.Join(c.Through, ", "), "; ")
		}
		if passed != "" {
			_, _ = fmt.Fprintf(w, "  %s -> %s: %s\n", c.From, c.To, passed)
		}
	}
	var right, wrong []string
	for _, c := range o.Checks {
		if c.Wrong == "" {
			right = append(right, c.What)
		} else {
			wrong = append(wrong, c.What+": "+c.Wrong)
		}
	}
	for _, list := range []struct {
		what  string
		lines []string
	}{
		{"Seen besides", right}, {"Not as the account says", wrong}, {"Not as the proof says", o.Disagreements},
		{"Unknown, which is no agreement", o.Unknown}, {"Not tried, because there is no pair of hosts", o.Untried}, {"Assumed", o.Assumed}, {"What packets in the twin do not show", o.NotShown},
	} {
		if len(list.lines) > 0 {
			_, _ = fmt.Fprintf(w, "\n%s:\n", list.what)
			for _, line := range list.lines {
				_, _ = fmt.Fprintln(w, "  "+line)
			}
		}
	}
	_, _ = fmt.Fprintf(w, "\n%s.\n", strings.Replace(o.Summary(), " by ", "\nby ", 1))
	_, _ = fmt.Fprintf(w, "%d pairs of hosts and ports: %d had to pass, %d could not, of %d either is right.\n", o.Must+o.Cannot+o.Either, o.Must, o.Cannot, o.Either)
	_, _ = fmt.Fprintf(w, "%d pairs of client and target of a load balancer; of %d cells no pair of hosts exists.\n", o.Mediated, len(o.Untried))
}
