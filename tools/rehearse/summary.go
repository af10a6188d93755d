// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/public"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// notRehearsed is what an emulator cannot show, by name and reason. docs/emulator.md has the details.
var notRehearsed = []struct{ name, reason string }{
	{"instances and their boot", "launch templates are accepted, no machine starts, so no health check ever runs"},
	{"permissions", "the emulator does not evaluate IAM policies the way AWS does"},
	{"AWS's own validation", "quotas, image ids, database parameters, WAF capacity, keys pending deletion, key and bucket policies of services; docs/aws-behaviour.md lists what is judged"},
	{"certificate validation and DNS", "the certificate is issued at once; no name is resolved"},
	{"delivery of logs, alarms and mail", "log groups, filters, alarms and subscriptions exist, nothing is delivered"},
}

// inventory is what a stack has deployed.
type inventory struct {
	Resources  map[string]int `json:"resources"` // How many there are of each type.
	Components int            `json:"components"`

	public []string
}

// readInventory reads the exported state of a stage.
func readInventory(s *engine.Stage) (*inventory, error) {
	text, err := os.ReadFile(s.Path("state.json"))
	if err != nil {
		return nil, err
	}
	d, err := export.Read(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	i := &inventory{Resources: map[string]int{}}
	if i.public, err = reachable(d); err != nil {
		return nil, err
	}
	for _, one := range d.Stack {
		switch {
		case strings.HasPrefix(one.Type, "pulumi:"):
		case one.Component:
			i.Components++
		default:
			i.Resources[one.Type]++
		}
	}
	return i, nil
}

func (i *inventory) String() string {
	count := 0
	for _, n := range i.Resources {
		count += n
	}
	return fmt.Sprintf("%d resources of %d types in %d components", count, len(i.Resources), i.Components)
}

// summarise prints what was deployed, what is public, and what could not be rehearsed, and writes the
// same as summary.json.
func (r *rehearsal) summarise() error {
	stack, err := readInventory(r.Stage)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, "\n%s rehearsed in %s: %s; the second preview and the refresh show nothing\n", r.Environment, time.Since(r.started).Round(time.Second), stack)
	public := stack.public
	var account *inventory
	if r.baseline != nil {
		if account, err = readInventory(r.baseline.Stage); err != nil {
			return err
		}
		fmt.Fprintf(r.out, "The baseline of its account: %s; they show nothing either\n", account)
		public = slices.Concat(public, account.public)
	}
	fmt.Fprintln(r.out, "\nPublic (nothing else of the stack can be reached from the internet):")
	for _, line := range public {
		fmt.Fprintln(r.out, "  "+line)
	}
	r.showSegments()
	r.showDatabases(r.out)
	r.showTraffic()
	for _, line := range r.notShown() {
		fmt.Fprintln(r.out, "  "+line)
	}
	for _, gap := range notRehearsed {
		fmt.Fprintf(r.out, "  %s: %s\n", gap.name, gap.reason)
	}
	provider := "the official AWS plugin"
	if !r.tools.Official() {
		provider = "an AWS provider built from upstream source"
	}
	fmt.Fprintf(r.out, "\nRun with %s. Files in %s:\n  emulator.json outputs.json state.json events.jsonl calls.jsonl summary.json\n", provider, r.Dir)
	fmt.Fprintf(r.out, "Look around with any AWS client:\n  AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_REGION=%s AWS_DEFAULT_REGION=%s aws ec2 describe-vpcs\nor let it set them:\n  %s exec --emulated %s -- aws ec2 describe-vpcs\nStop it with: make down ENV=%s\n",
		r.account.Endpoint, r.account.AccessKey, r.account.Secret, r.account.Region, r.account.Region,
		os.Args[0], r.Environment, r.Environment)
	summary, err := json.MarshalIndent(map[string]any{
		"environment": r.Environment, "resources": stack.Resources, "components": stack.Components, "baseline": account, "public": public,
		"seconds": time.Since(r.started).Seconds(), "steps": r.steps, "provider": r.tools.Provider, "segments": r.proof, "traffic": r.traffic, "noTwin": r.noTwin, "databases": r.servers,
	}, "", "  ")
	if err != nil {
		return err
	}
	return engine.WriteFile(r.Path("summary.json"), append(summary, '\n'))
}

// reachable are the lines of the policies' report of what is public.
func reachable(d *export.Deployment) ([]string, error) {
	p, err := controls.New()
	if err != nil {
		return nil, err
	}
	report, err := public.Of(p, d)
	if err != nil {
		return nil, err
	}
	return report.Lines(), nil
}

// showTraffic writes how far real packets were as proved, and begins the list of what is not rehearsed with what they leave open.
func (r *rehearsal) showTraffic() {
	if o := r.traffic; o != nil {
		fmt.Fprintf(r.out, "\nPackets: %s (make twin ENV=%s shows them)\n", o.Summary(), r.Environment)
		fmt.Fprintln(r.out, "\nNot rehearsed:")
		for _, line := range o.NotShown {
			fmt.Fprintln(r.out, "  "+line)
		}
		return
	}
	fmt.Fprintln(r.out, "\nNot rehearsed:")
	fmt.Fprintf(r.out, "  traffic: no packet flowed; what may connect is proved from %s; %s\n", r.provedFrom(), r.noTwin)
}

// provedFrom names the views of the network from which it was proved.
func (r *rehearsal) provedFrom() string {
	switch {
	case r.adopted:
		return "the account alone, because plan and state do not have the subnets of an existing VPC"
	case len(r.undecided) > 0:
		return "state and account"
	}
	return "plan, state and account"
}

// showSegments writes the matrix of the segments, and what the plan alone did not decide.
func (r *rehearsal) showSegments() {
	if r.proof == nil {
		fmt.Fprintln(r.out, "\nSegments: no network of the stack says which it has, so that nothing is proved (docs/segmentation.md).")
		return
	}
	from := "the same from "
	if r.adopted {
		from = "proved from "
	}
	fmt.Fprintf(r.out, "\nSegments, %s%s (docs/segmentation.md):\n", from, r.provedFrom())
	r.proof.Matrix(r.out)
	fmt.Fprintf(r.out, "Why, hop by hop, in a browser: %s\n", r.Path(pageFile))
	if n := len(r.undecided); n > 0 {
		fmt.Fprintf(r.out, "The plan leaves %d pairs open, because it does not know everything that the deployment tells, such as the VPC's IPv6 range.\n", n)
	}
}
