// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// The views of a network that are compared: what a preview says, and AWS's answers about the emulated account.
const (
	planFile      = "plan.json"
	accountFolder = "account"
)

// pageFile is the proof to look at, of the account, or of the first view that is not as the table says.
const pageFile = "segments.html"

// invented are the answers about interfaces. The emulator starts no machine: the interfaces that it tells of have neither
// the groups of their launch template nor those of their endpoint. Without them, what makes interfaces says what they are like.
var invented = []string{"NetworkInterfaces.json", "Reservations.json"}

// plan keeps what the program would make, for the proof before anything exists.
func (r *rehearsal) plan(ctx context.Context) error {
	text, err := r.engine.Query(ctx, "preview", "--json", "--show-sames")
	if err != nil {
		return err
	}
	return engine.WriteFile(r.Path(planFile), text)
}

// fetch asks the emulated account for its network, by the program that asks a real one.
func (r *rehearsal) fetch(ctx context.Context) error {
	if err := os.RemoveAll(r.Path(accountFolder)); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, filepath.Join(engine.Bin(r.Root), "describe"), r.Path(accountFolder)) //nolint:gosec // built by this program
	command.Env = r.account.Environ()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	for _, file := range invented {
		if err := os.Remove(r.Path(accountFolder, file)); err != nil {
			return err
		}
	}
	return nil
}

// prove proves the segments from the plan, the state and the account. All three must have the same matrix, and it must
// be as the table of the network says. Plan and state lack the subnets of an existing VPC, so that the account alone tells of one. A program
// without a network has nothing to prove, and the summary says so.
func (r *rehearsal) prove(ctx context.Context) error {
	if err := os.RemoveAll(r.Path(pageFile)); err != nil {
		return err
	}
	plan, err := read("plan", r.Path(planFile))
	if err != nil {
		return err
	}
	plan.early = true
	state, err := read("state", r.Path("state.json"))
	if err != nil {
		return err
	}
	switch {
	case plan.table == nil && state.table == nil:
		return nil // a program without a network of ours
	case plan.table == nil || state.table == nil:
		return errors.New("a network says which segments it has in one of plan and state only")
	}
	if err := r.fetch(ctx); err != nil {
		return err
	}
	net, err := awsfiles.Read(r.Path(accountFolder))
	if err != nil {
		return err
	}
	sides := []side{plan, state, {name: "account", net: net, table: state.table}}
	if r.adopted = state.adopts; r.adopted {
		sides = sides[2:]
	}
	r.proof, r.undecided, err = agree(sides)
	return errors.Join(err, r.page(err != nil))
}

// page writes the proof to look at, and says where it is when that is all that is left of the rehearsal.
func (r *rehearsal) page(failed bool) error {
	if r.proof == nil {
		return nil
	}
	var text bytes.Buffer
	if err := (&page.Page{Input: r.Environment, Proof: r.proof}).Write(&text); err != nil {
		return err
	}
	if failed {
		fmt.Fprintf(r.out, "    what passes and why: %s\n", r.Path(pageFile))
	}
	return engine.WriteFile(r.Path(pageFile), text.Bytes())
}

// side is one view of a network.
type side struct {
	name   string
	net    *model.Network
	table  *intent.Table
	adopts bool // The VPC is not part of it.
	early  bool // It is known before anything exists.
}

// agree proves every side and returns the proof of the last, or of the one that its error is about, and what an early one leaves open because it is known
// after the deployment only, such as the IPv6 range of a VPC. Its error has the witnesses of the first side that is not as the
// table says, or the first cell in which another differs from it.
func agree(sides []side) (proof *segmentation.Proof, open []segmentation.Cell, err error) {
	var first, early *segmentation.Proof
	var before string
	for _, s := range sides {
		if proof, err = segmentation.Prove(s.net, s.table); err != nil {
			return nil, nil, fmt.Errorf("the %s: %w", s.name, err)
		}
		if s.early {
			early, open = proof, proof.Open()
		}
		undecided := s.early && len(open) > 0
		if !proof.Filled() && (!undecided || slices.ContainsFunc(proof.Cells, certain)) {
			var page strings.Builder
			proof.Text(&page)
			return proof, nil, fmt.Errorf("the %s does not have the segments of the table:\n%s", s.name, &page)
		}
		switch {
		case undecided: // what is open in one cell may open others
		case first == nil:
			first, before = proof, s.name
		default:
			if different := first.Differs(proof); different != "" {
				return proof, nil, fmt.Errorf("the %s has other segments than the %s: %s", s.name, before, different)
			}
		}
	}
	if early != nil && early.Differs(proof) == "" {
		open = nil // The deployment does not tell it either: somebody else fills a segment.
	}
	return proof, open, nil
}

// certain reports whether a cell has a finding that the deployment cannot settle.
func certain(c segmentation.Cell) bool {
	return slices.ContainsFunc(c.Findings, func(f segmentation.Finding) bool { return f.Certain() })
}

// read reads an export or a preview, and the table in it.
func read(name, file string) (side, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return side{}, err
	}
	d, err := export.Read(bytes.NewReader(text))
	if err != nil {
		return side{}, fmt.Errorf("%s: %w", file, err)
	}
	table, err := stack.Table(d.Inputs)
	return side{name: name, net: stack.Of(d, nil), table: table, adopts: stack.Adopts(d.Inputs)}, err
}
