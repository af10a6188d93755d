// SPDX-License-Identifier: Apache-2.0

// Command preflight asks AWS, before a deployment, whether the account has room for it: `make preflight ENV=staging`. It reads the event log of
// a preview, the configuration of the environment, and nothing but lists and descriptions of the account, so that it can run with the
// permissions of a preview and those that docs/pipeline.md lists:
//
//   - quotas: what the deployment makes, beside what is in use today, against the account's limits;
//   - zones: whether each has the instance types, and enough of them the database's class and version;
//   - domains: whether the DNS leads to the hosted zone, and CAA records let Amazon issue the certificate;
//   - roles that services need and make by themselves in a fresh account;
//   - keys: those that are not the stack's, and whether Auto Scaling may use that of an encrypted disk.
//
// What it may not or cannot see it says, with the permission to allow. It exits with 0 when nothing is missing, 1 when something is, or, with
// -strict, was not seen, and 2 when it could not look at all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"golang.org/x/sync/errgroup"

	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// The codes with which the command ends.
const (
	clean    = 0
	lacking  = 1
	unusable = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the arguments.
type options struct {
	environment, preview, resolver string
	json, strict                   bool
}

func parse(args []string, errOut io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("preflight", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() {
		fmt.Fprintln(errOut, "Usage: preflight [flags] ENVIRONMENT EVENTLOG, where EVENTLOG is what \"pulumi preview --event-log\" has written")
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.json, "json", false, "write JSON")
	flags.BoolVar(&o.strict, "strict", false, "end with 1 also for what was not seen")
	flags.StringVar(&o.resolver, "resolver", "", "DNS server to ask, such as 1.1.1.1, instead of that of this machine; none asks nobody, as for an emulated account")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 2 {
		flags.Usage()
		return o, errors.New("name the environment and the event log of its preview: make preflight ENV=staging")
	}
	o.environment, o.preview = flags.Arg(0), flags.Arg(1)
	return o, nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	o, err := parse(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return clean
	}
	var rows []row
	if err == nil {
		rows, err = look(ctx, o, errOut)
	}
	if err == nil {
		write := writeText
		if o.json {
			write = writeJSON
		}
		err = write(out, rows)
	}
	if err != nil {
		fmt.Fprintln(errOut, "preflight:", err)
		return unusable
	}
	if count(rows, missing) > 0 || o.strict && count(rows, notSeen) > 0 {
		return lacking
	}
	return clean
}

// look reads settings and preview, and asks.
func look(ctx context.Context, o options, progress io.Writer) ([]row, error) {
	settings, err := stacks.CheckFiles(".", o.environment)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(o.preview)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was read only
	preview, err := export.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.preview, err)
	}
	if !preview.Preview {
		return nil, fmt.Errorf("%s is no preview, and does not say what a deployment would make: write one with pulumi preview --event-log", o.preview)
	}
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(settings.Region))
	if err != nil {
		return nil, err
	}
	return survey(ctx, c, newPlan(preview), settings, newResolver(o.resolver), progress)
}

// survey asks everything that the plan gives rise to, some questions at a time. The answers keep the order of the questions.
func survey(ctx context.Context, c aws.Config, p *plan, settings *stacks.Settings, r *resolver, progress io.Writer) ([]row, error) {
	a, err := newAccount(ctx, c)
	if err != nil {
		return nil, err
	}
	if a.id != settings.AccountID {
		return nil, fmt.Errorf("the credentials are of account %s, and %s is deployed to %s", a.id, settings.Environment, settings.AccountID)
	}
	questions := a.questions(p, settings.Network.Zones, r)
	fmt.Fprintf(progress, "asking AWS %d questions about account %s in %s; nothing is changed\n", len(questions), a.id, a.region)
	answers := make([][]row, len(questions))
	var group errgroup.Group
	group.SetLimit(8)
	for i, ask := range questions {
		group.Go(func() error {
			answers[i] = ask(ctx)
			return nil
		})
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return nil, err
	}
	var rows []row
	for _, some := range answers {
		rows = append(rows, some...)
	}
	return rows, nil
}

// question asks, and answers in rows.
type question func(context.Context) []row

// questions are what the plan gives rise to.
func (a *account) questions(p *plan, zones []string, r *resolver) []question {
	var all []question
	one := func(ask func(context.Context) row) {
		all = append(all, func(ctx context.Context) []row { return []row{ask(ctx)} })
	}
	for _, l := range a.limits(zones) {
		for _, d := range l.need(p) {
			one(func(ctx context.Context) row { return l.check(ctx, a, d) })
		}
	}
	all = append(all, func(ctx context.Context) []row { return a.vcpuRows(ctx, p) }, func(ctx context.Context) []row { return a.zoneRow(ctx, zones) })
	for _, kind := range p.kinds() {
		one(func(ctx context.Context) row { return a.kindRow(ctx, kind, zones) })
	}
	for _, database := range p.of(resource.RDSInstance) {
		one(func(ctx context.Context) row { return a.databaseRow(ctx, database, zones) })
	}
	for _, id := range p.zones() {
		one(func(ctx context.Context) row { return a.delegationRow(ctx, r, id) })
	}
	for _, host := range p.hosts() {
		one(func(ctx context.Context) row { return authorityRow(ctx, r, host) })
	}
	for _, role := range neededRoles(p) {
		one(func(ctx context.Context) row { return role.row(ctx, a) })
	}
	named, byDefault := p.disks()
	if byDefault {
		one(a.defaultKeyRow)
	}
	for _, id := range named {
		one(func(ctx context.Context) row { return a.diskKeyRow(ctx, "key of disks "+id, id) })
	}
	for _, id := range without(p.foreignKeys(), named) {
		one(func(ctx context.Context) row {
			r, _ := a.keyRow(ctx, id, id)
			return r
		})
	}
	return all
}
