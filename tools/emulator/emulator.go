// SPDX-License-Identifier: Apache-2.0

// Package emulator runs one AWS emulator for all environments of a rehearsal: moto behind a small gateway (docs/emulator.md).
// It starts on demand, outlives the process that started it, and ends on request.
package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
	"github.com/bulkhead-iac/bulkhead/tools/lock"
)

// Account is one environment's account.
type Account = gateway.Account

// Rule is one fault to inject.
type Rule = gateway.Rule

// Record is one AWS call as it was recorded.
type Record = gateway.Record

// Health says how the emulator is.
type Health = gateway.Health

// PortVariable names the environment variable that asks for a port. Without it a free one is chosen.
const PortVariable = "BULKHEAD_EMULATOR_PORT"

var (
	// ErrPortBusy says that the port asked for belongs to another program.
	ErrPortBusy = errors.New("the port is taken")
	// ErrNotRunning says that no emulator is running for a project.
	ErrNotRunning = errors.New("no emulator is running")
	// ErrNoAnswer says that there is an emulator, and that it has not answered for as long as one waits for it.
	ErrNoAnswer = errors.New("the emulator does not answer")
	// ErrNoPython is moto's: there is no Python to run it.
	ErrNoPython = moto.ErrNoPython
	// ErrNoNetwork is moto's: it is not installed yet and cannot be fetched.
	ErrNoNetwork = moto.ErrNoNetwork
)

// Info says where a running emulator is.
type Info struct {
	ID           string    `json:"id"`            // Another id is another emulator: what the last one held is gone.
	Endpoint     string    `json:"endpoint"`      // For AWS_ENDPOINT_URL, and for HTTP_PROXY (S3 Control), such as http://127.0.0.1:41234.
	PID          int       `json:"pid"`           // The gateway's process id.
	MotoPID      int       `json:"moto_pid"`      // moto's process id.
	MotoEndpoint string    `json:"moto_endpoint"` // moto itself, without the gateway's corrections.
	MotoVersion  string    `json:"moto_version"`  // Such as "5.2.5".
	Started      time.Time `json:"started"`       // When it began.
}

// Client returns a client of the emulator's control API.
func (i *Info) Client() *Client { return NewClient(i.Endpoint) }

// Folder is where an emulator of the project at root keeps its files: emulator.json, moto.log, gateway.log and locks.
func Folder(root string) string { return filepath.Join(root, ".rehearsal", "emulator") }

func infoPath(root string) string  { return filepath.Join(Folder(root), "emulator.json") }
func startLock(root string) string { return filepath.Join(Folder(root), "start.lock") }
func aliveLock(root string) string { return filepath.Join(Folder(root), "alive.lock") }

// Find returns the running emulator of the project at root, or ErrNotRunning. An emulator whose moto has died is not running.
// One that is too busy to answer is asked again for half a minute; then the error is ErrNoAnswer.
func Find(ctx context.Context, root string) (*Info, error) {
	info, err := readInfo(root)
	if err != nil {
		return nil, err
	}
	health, err := info.Client().patientHealth(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, errStranger):
		return nil, fmt.Errorf("%w: %w", ErrNotRunning, err)
	case err != nil:
		return nil, fmt.Errorf("%w: process %d on %s: %w", ErrNoAnswer, info.PID, info.Endpoint, err)
	case health.ID != info.ID:
		return nil, fmt.Errorf("%w: something else answers on %s", ErrNotRunning, info.Endpoint)
	case !health.OK:
		return nil, fmt.Errorf("%w: %s", ErrNotRunning, health.Status)
	}
	return info, nil
}

// Ensure returns the running emulator of the project at root and starts one if there is none, installing moto first where that
// is needed. The command is what runs Serve in another process, such as {os.Executable(), "emulator"}; the emulator outlives
// this process. A new emulator is empty. Progress goes to progress, one line a step.
func Ensure(ctx context.Context, root string, command []string, progress io.Writer) (*Info, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(Folder(root), 0o750); err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	held, err := lock.Acquire(ctx, startLock(root))
	if err != nil {
		return nil, fmt.Errorf("emulator: another start is under way, by %s: %w", lock.Holder(startLock(root)), err)
	}
	defer held.Release()
	port, err := wantedPort()
	if err != nil {
		return nil, err
	}
	info, err := Find(ctx, root)
	if err == nil {
		if port != 0 && info.Endpoint != endpoint(port) {
			say(progress, "emulator: already running on %s; %s=%d counts at the next start", info.Endpoint, PortVariable, port)
		}
		return info, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := clearAway(ctx, root, progress); err != nil {
		return nil, err
	}
	python, err := moto.Install(ctx, root, progress)
	if err != nil {
		return nil, err
	}
	return launch(ctx, root, command, python, port, progress)
}

// Stop ends the emulator of the project at root, with moto and everything in it. It is no error when none is running.
func Stop(ctx context.Context, root string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	if _, err := os.Stat(Folder(root)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	held, err := lock.Acquire(ctx, startLock(root))
	if err != nil {
		return fmt.Errorf("emulator: a start is under way, by %s: %w", lock.Holder(startLock(root)), err)
	}
	defer held.Release()
	return clearAway(ctx, root, nil)
}

func readInfo(root string) (*Info, error) {
	encoded, err := os.ReadFile(infoPath(root))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, err
	}
	info := &Info{}
	if err := json.Unmarshal(encoded, info); err != nil || info.Endpoint == "" || info.PID <= 1 {
		return nil, fmt.Errorf("%w: %s is not readable", ErrNotRunning, infoPath(root))
	}
	return info, nil
}

// writeInfo writes the file whole or not at all.
func writeInfo(root string, info *Info) error {
	encoded, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(infoPath(root)+".new", append(encoded, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(infoPath(root)+".new", infoPath(root))
}

func endpoint(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

func say(w io.Writer, format string, args ...any) {
	if w != nil {
		_, _ = fmt.Fprintf(w, format+"\n", args...)
	}
}
