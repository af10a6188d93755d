// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER of prctl(2): orphans among the descendants of this
	// process become its children, so that it learns what a plugin used which outlives the engine.
	prSetChildSubreaper = 36
	// graceAfterEnd is how long plugins may live on when the engine has ended.
	graceAfterEnd = 15 * time.Second
	// sampling is how often the memory of a pack is read. Its peak is kept by the kernel, so only what it
	// gains in its last moments can be missed.
	sampling = 20 * time.Millisecond
)

// adoptOrphans makes this process the parent of every descendant whose own parent ends.
func adoptOrphans() error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("prctl: %w", errno)
	}
	return nil
}

// execute runs the command and waits until it and everything it started has ended. The processor time is that
// of all of them. No other child of this process may run at the same time.
func execute(ctx context.Context, c command) (sample, error) {
	process, err := start(c)
	if err != nil {
		return sample{}, err
	}
	begin, busy := time.Now(), machineTime()
	done := make(chan struct{})
	seen := make(chan used, 1)
	go func() { seen <- watch(c.pack, done) }()
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(process.Pid, syscall.SIGINT) })
	defer stop()

	s, status, err := reap(process.Pid, begin)
	s.OthersSeconds = max(0, machineTime()-busy-s.CPUSeconds)
	close(done)
	own := <-seen
	s.PackMB, s.PackSeconds = own.megabytes, own.seconds
	switch {
	case ctx.Err() != nil:
		return s, context.Cause(ctx)
	case err != nil:
		return s, err
	case status.ExitStatus() != 0:
		return s, exitError{code: status.ExitStatus(), command: filepath.Base(c.program) + " " + strings.Join(c.args[:min(2, len(c.args))], " ")}
	}
	return s, nil
}

func start(c command) (*os.Process, error) {
	out, err := os.Create(c.output)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer func() { _ = null.Close() }()
	return os.StartProcess(c.program, append([]string{c.program}, c.args...), &os.ProcAttr{
		Dir: c.dir, Env: c.env, Files: []*os.File{null, out, out},
		Sys: &syscall.SysProcAttr{Setpgid: true}, // an interrupt from the terminal reaches it once, from here
	})
}

// reap waits for the process and every orphan. What wait4 returns for a child includes the descendants that
// the child has waited for itself.
func reap(pid int, begin time.Time) (s sample, status syscall.WaitStatus, err error) {
	var ended time.Time
	for {
		var st syscall.WaitStatus
		var usage syscall.Rusage
		options := 0
		if !ended.IsZero() {
			options = syscall.WNOHANG
		}
		child, err := syscall.Wait4(-1, &st, options, &usage)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			return s, status, nil
		case err != nil:
			return s, status, err
		case child == 0 && time.Since(ended) > graceAfterEnd:
			killChildren()
			return s, status, errors.New("a plugin did not end with the engine and was killed")
		case child == 0:
			time.Sleep(sampling)
			continue
		}
		s.CPUSeconds += time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
		if child == pid {
			ended, status = time.Now(), st
			s.WallSeconds, s.peakMB = ended.Sub(begin).Seconds(), float64(usage.Maxrss)/1024
		}
	}
}

// killChildren ends the children of this process.
func killChildren() {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

// used is what a process has used up to now.
type used struct{ megabytes, seconds float64 }

// watch returns what the process used whose command line has the word, up to its end or nearly.
func watch(word string, done <-chan struct{}) (last used) {
	if word == "" {
		return last
	}
	pid := 0
	for {
		if pid == 0 {
			pid = find(word)
		}
		if pid != 0 {
			now := used{float64(kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmHWM")) / 1024, processTime(pid)}
			last = used{max(last.megabytes, now.megabytes), max(last.seconds, now.seconds)}
		}
		select {
		case <-done:
			return last
		case <-time.After(sampling):
		}
	}
}

// processTime is the processor time, in seconds, of one process: fields 14 and 15 of proc_pid_stat(5), counted
// from the end of the program's name, which may have spaces.
func processTime(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	words := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(words) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(string(words[11]))
	system, _ := strconv.Atoi(string(words[12]))
	return float64(user+system) / ticks
}

// ticks are the parts of a second in /proc (USER_HZ), the same on every architecture that Go supports.
const ticks = 100

// find returns the process one of whose first two words on the command line ends as given: the program, or
// the script that an interpreter runs. The engine names the pack too, but later in its arguments.
func find(word string) int {
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + d.Name() + "/cmdline")
		if err != nil {
			continue
		}
		words := bytes.Split(text, []byte{0})
		for _, w := range words[:min(2, len(words))] {
			if bytes.HasSuffix(w, []byte(word)) {
				return pid
			}
		}
	}
	return 0
}

// machineTime is the processor time, in seconds, that every process of the machine has used together.
func machineTime() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	sum := 0
	for i, word := range strings.Fields(line) {
		// cpu user nice system idle iowait irq softirq ...: see proc_stat(5)
		if n, err := strconv.Atoi(word); err == nil && i != 4 && i != 5 && i <= 7 {
			sum += n
		}
	}
	return float64(sum) / ticks
}
