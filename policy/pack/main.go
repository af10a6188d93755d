// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// Main loads the controls into the pack, answers the engine that has started the program, and returns the exit
// code. It is all that the main function of a pack needs.
func Main(p *Pack, controls ...*Control) int {
	if err := p.Load(controls...); err != nil {
		fmt.Fprintln(os.Stderr, p.Name+":", err)
		return 1
	}
	if err := Run(p, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, p.Name+":", err)
		return 1
	}
	return 0
}

const parentPoll = 2 * time.Second

// GCPercent lets the heap of a pack that serves an engine grow to three times what is in use before it is swept.
// A pack lives for one deployment, so that more sweeping takes time and frees next to nothing: a stack of 5,000
// resources needs about as much memory with any number from 50 to 200.
const GCPercent = 200

// Run is [Serve] until the program is told to stop or the engine is gone.
func Run(p *Pack, out io.Writer) error {
	debug.SetGCPercent(GCPercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		parent := os.Getppid()
		for os.Getppid() == parent {
			time.Sleep(parentPoll)
		}
		stop()
	}()
	return Serve(ctx, p, out)
}
