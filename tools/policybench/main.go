// SPDX-License-Identifier: Apache-2.0

// Command policybench previews one program of AWS resources with the real engine and provider, again and
// again: without a policy pack, with the Bulkhead pack whole and cut down to ten rules, and with the same ten
// rules written with Pulumi's experimental Go package policyx and with @pulumi/policy on Node.js; and it has
// bulkhead-policy check judge what a preview without a pack has written. It measures
// wall time, the processor time of every process together, and the peak memory of the pack's own process.
//
// Before it measures, it previews a program with faults and refuses to go on unless all packs find the same.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "policybench:", err)
		os.Exit(1)
	}
}

// options are the arguments of the command.
type options struct {
	root     string
	output   string
	sizes    []int
	calm     float64
	patience time.Duration
	rounds   int
	check    bool
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("policybench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "the repository")
	sizes := flags.String("sizes", "1,100,1000", "numbers of resources, separated by commas")
	flags.IntVar(&o.rounds, "rounds", 9, "rounds for each size; every round runs every pack once")
	flags.StringVar(&o.output, "output", "build/policy-packs.json", "where the figures go")
	flags.Float64Var(&o.calm, "calm", 0.05, "a run is repeated in which others used a larger part of the machine than this")
	flags.DurationVar(&o.patience, "patience", 2*time.Minute, "how long to try so for one run")
	flags.BoolVar(&o.check, "check", false, "only check that all packs find the same")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for _, word := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return o, fmt.Errorf("-sizes: %q is not a number of resources", word)
		}
		o.sizes = append(o.sizes, n)
	}
	if o.rounds < 1 {
		return o, errors.New("-rounds: at least 1")
	}
	o.root, err = filepath.Abs(*root)
	return o, err
}

// figures is what is written to the file.
type figures struct {
	Date     string             `json:"date"`
	Machine  machine            `json:"machine"`
	Versions map[string]string  `json:"versions"`
	Sizes    map[string]results `json:"resources"`
}

// results are the samples of one size by the name of the pack; sample i of every pack is of round i.
type results map[string][]sample

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	b, unlock, err := prepare(ctx, o.root, stderr)
	if err != nil {
		return err
	}
	defer unlock()
	b.calm, b.patience = o.calm, o.patience
	findings, err := b.agree(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "policybench: all packs report the same %d findings on a program with faults\n", findings)
	if o.check {
		return nil
	}
	f := figures{Date: time.Now().UTC().Format(time.RFC3339), Machine: thisMachine(), Versions: b.versions, Sizes: map[string]results{}}
	for _, n := range o.sizes {
		f.Sizes[strconv.Itoa(n)] = results{}
	}
	var problem error
	for i := 0; i < len(o.sizes) && problem == nil; i++ {
		problem = b.measure(ctx, o, o.sizes[i], f, stderr)
	}
	return errors.Join(problem, table(stdout, f, o.sizes, b.packs)) // what was measured until then, too
}

// measure runs every pack once in each round. The order changes from round to round, so that none is always
// the one that follows a long run or a short one.
func (b *bench) measure(ctx context.Context, o options, n int, f figures, progress io.Writer) error {
	stack, err := b.stack(ctx, n, false)
	if err != nil {
		return err
	}
	measured := f.Sizes[strconv.Itoa(n)]
	for round := range o.rounds {
		for i := range b.packs {
			p := b.packs[turn(i, round, len(b.packs))]
			s, err := b.calmly(ctx, stack, n, p)
			if err != nil {
				return err
			}
			measured[p.name] = append(measured[p.name], s)
		}
		fmt.Fprintf(progress, "policybench: %d resources, round %d of %d\n", n, round+1, o.rounds)
		if err := write(filepath.Join(o.root, o.output), f); err != nil {
			return err
		}
	}
	return nil
}

// turn is whose turn it is: every second round goes backwards, and every pair of rounds starts one further.
func turn(i, round, n int) int {
	if round%2 == 1 {
		i = n - 1 - i
	}
	return (i + round/2) % n
}

// calmly runs one preview while the machine has nothing else to do. A run that was disturbed is thrown away
// and taken again, until the patience for one run is at its end; then it counts as it is.
func (b *bench) calmly(ctx context.Context, stack string, n int, p pack) (sample, error) {
	begin := time.Now()
	for {
		for busy() > b.calm && time.Since(begin) < b.patience {
			if ctx.Err() != nil {
				return sample{}, context.Cause(ctx)
			}
		}
		s, err := b.sound(ctx, stack, n, p)
		if err != nil || s.disturbance() <= b.calm || time.Since(begin) >= b.patience {
			return s, err
		}
	}
}

// disturbance is the part of the machine that others used during the run.
func (s sample) disturbance() float64 {
	return s.OthersSeconds / s.WallSeconds / float64(runtime.NumCPU())
}

// busy watches the machine for a moment and returns the part of it that is in use.
func busy() float64 {
	const moment = time.Second
	before := machineTime()
	time.Sleep(moment)
	return (machineTime() - before) / moment.Seconds() / float64(runtime.NumCPU())
}

func write(file string, f figures) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// machine is what the figures were taken on.
type machine struct {
	System    string `json:"system"`
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	MemoryMB  int    `json:"memoryMB"`
}

func thisMachine() machine {
	return machine{
		System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(),
		Processor: field("/proc/cpuinfo", "model name"), MemoryMB: kilobytes("/proc/meminfo", "MemTotal") / 1024,
	}
}

// field reads a line "name: value" of a file under /proc.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kilobytes(file, name string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(field(file, name), " kB"))
	return n
}
