// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// report writes a line at once and then one every fifteen seconds until the returned function is
// called.
func (b *builder) report(t target, rest []target, started time.Time) func() {
	line := func() {
		after := ""
		if len(rest) > 0 {
			var names []string
			for _, r := range rest {
				names = append(names, r.title)
			}
			after = fmt.Sprintf("; then %s (%s)", strings.Join(names, ", "), total(rest))
		}
		fmt.Fprintf(b.progress, "toolchain: building %s, %s of about %s%s\n", t.title, time.Since(started).Round(time.Second), t.cold, after)
	}
	line()
	return Ticking(line)
}

// Ticking calls a function every fifteen seconds, until the returned function is called, which waits for a call that is under
// way.
func Ticking(line func()) (stop func()) {
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(15 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				line()
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-finished
	})
}
