// SPDX-License-Identifier: Apache-2.0

package emulator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/lock"
)

// startTimeout bounds the start of gateway and moto together.
const startTimeout = 90 * time.Second

const (
	// answerTimeout is how long a gateway has to answer one request of its control API.
	answerTimeout = 10 * time.Second
	// patience is how long a gateway may leave all requests unanswered before it counts as hanging.
	patience = 30 * time.Second
)

// wantedPort reads the port that the user asks for; 0 is any.
func wantedPort() (int, error) {
	text := os.Getenv(PortVariable)
	if text == "" {
		return 0, nil
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("%s=%q is not a port; give a number from 1 to 65535, or unset it for a free one", PortVariable, text)
	}
	return port, nil
}

// launch starts the gateway's process in a session of its own and waits until it says that it is ready.
func launch(ctx context.Context, root string, command []string, python string, port int, progress io.Writer) (*Info, error) {
	say(progress, "emulator: starting the gateway and moto")
	log, err := os.Create(filepath.Join(Folder(root), "gateway.log")) // #nosec G304 -- a fixed name under the project
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	defer func() { _ = log.Close() }()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	defer func() { _ = read.Close() }()
	args := append(command[1:len(command):len(command)], "-root", root, "-python", python, "-port", strconv.Itoa(port), "-ready-fd", "3")
	cmd := exec.Command(command[0], args...) // #nosec G204 -- the caller's own binary
	cmd.Dir = root
	cmd.Env = cleanEnvironment()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C and the end of the terminal do not reach it.
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	go func() { _ = cmd.Wait() }() // No zombie stays if it ends while this process lives.
	if err := awaitReady(ctx, read); err != nil {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return nil, err
	}
	info, err := Find(ctx, root)
	if err != nil {
		return nil, fmt.Errorf("emulator: started and yet %w (see %s)", err, log.Name())
	}
	say(progress, "emulator: %s (moto %s, process %d)", info.Endpoint, info.MotoVersion, info.PID)
	return info, nil
}

// awaitReady reads the gateway's one line: "ready", or why not.
func awaitReady(ctx context.Context, pipe *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = pipe.SetReadDeadline(time.Now()) })
	defer stop()
	line, err := bufio.NewReader(pipe).ReadString('\n')
	line = strings.TrimSpace(line)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("emulator: gave up waiting for the gateway: %w", ctx.Err())
	case line == readyLine:
		return nil
	case strings.HasPrefix(line, portBusyMark):
		return fmt.Errorf("emulator: %w: %s", ErrPortBusy, strings.TrimPrefix(line, portBusyMark))
	case line != "":
		return fmt.Errorf("emulator: %s", line)
	}
	return fmt.Errorf("emulator: the gateway ended while starting (gateway.log says why): %w", err)
}

// cleanEnvironment is this process's environment without what would change how the emulator behaves or where it connects to.
func cleanEnvironment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if strings.HasPrefix(upper, "AWS_") || strings.HasPrefix(upper, "MOTO_") || strings.HasSuffix(upper, "_PROXY") ||
			upper == "INITIAL_NO_AUTH_ACTION_COUNT" {
			continue
		}
		kept = append(kept, entry)
	}
	return append(kept, "AWS_EC2_METADATA_DISABLED=true")
}

// clearAway ends whatever is left of an emulator of the project: one that runs, one that hangs, or only its files.
func clearAway(ctx context.Context, root string, progress io.Writer) error {
	info, err := readInfo(root)
	if err == nil {
		short, cancel := context.WithTimeout(ctx, answerTimeout)
		_ = info.Client().Shutdown(short) // One that hangs or has died does not answer.
		cancel()
	}
	for _, attempt := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{0, 6 * time.Second}, {syscall.SIGTERM, 4 * time.Second}, {syscall.SIGKILL, 4 * time.Second}} {
		if attempt.signal != 0 {
			if info == nil {
				break
			}
			// The lock is held, so the process that wrote the file is still there and its id is not another's.
			say(progress, "emulator: the last one (process %d) does not end by itself: %s", info.PID, attempt.signal)
			_ = syscall.Kill(info.PID, attempt.signal)
		}
		gone, err := awaitGone(ctx, root, attempt.wait)
		if err != nil {
			return err
		}
		if gone {
			return removeInfo(root)
		}
	}
	return fmt.Errorf("emulator: the last one still runs and cannot be ended; end %s, which holds %s", lock.Holder(aliveLock(root)), aliveLock(root))
}

// awaitGone waits until no gateway holds the project's lock.
func awaitGone(ctx context.Context, root string, wait time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	held, err := lock.Acquire(ctx, aliveLock(root))
	switch {
	case err == nil:
		held.Release()
		return true, nil
	case errors.Is(err, context.DeadlineExceeded):
		return false, nil
	}
	return false, fmt.Errorf("emulator: %w", err)
}

func removeInfo(root string) error {
	if err := os.Remove(infoPath(root)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
