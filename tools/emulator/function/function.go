// SPDX-License-Identifier: Apache-2.0

// Package function runs the program of an AWS Lambda function on this machine, one process for each call, as Lambda runs the
// first call of one: it serves the runtime API on loopback, and the program asks it for the event and brings the answer back.
package function

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// Function is a function as Lambda knows it.
type Function struct {
	ARN          string
	Name         string
	Architecture string // What it is declared for: "arm64", or "x86_64", which is the default.
	MemoryMB     int
	Timeout      time.Duration     // For one call.
	Archive      []byte            // A zip with the program "bootstrap".
	Environment  map[string]string // The function's own variables, and those of the account that Lambda adds.
}

// Result is how a call ended.
type Result struct {
	Payload []byte // The answer, or what Lambda says of the failure, as JSON.
	Failed  bool
	Log     []byte // What the program wrote.
}

// Errors of a function that cannot be run here. What Lambda itself would tell the caller is a Result.
var (
	ErrNotZip  = errors.New("the archive is no zip file")
	ErrMachine = errors.New("the program is for another processor than this machine's")
)

// program is the file that the runtimes provided.* start.
const program = "bootstrap"

// architectures are Lambda's names by those of ELF and of Go.
var architectures = map[elf.Machine]string{elf.EM_X86_64: "x86_64", elf.EM_AARCH64: "arm64"}

// host is Lambda's name of this machine's architecture.
func host() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

// CheckArchive returns ErrNotZip for what Lambda would not take.
func CheckArchive(archive []byte) error {
	if _, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive))); err != nil {
		return ErrNotZip
	}
	return nil
}

// Call runs the program for one event. Whatever happens, the process has ended and its files are gone when Call returns.
func (f *Function) Call(ctx context.Context, event []byte) (*Result, error) {
	folder, err := os.MkdirTemp("", "bulkhead-function-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := f.unpack(folder); err != nil {
		return nil, err
	}
	id := uuid.NewString()
	if failure, err := f.checkProgram(filepath.Join(folder, program), id); failure != nil || err != nil {
		return failure, err
	}
	api, err := serve(invocation{id: id, arn: f.ARN, event: event, deadline: time.Now().Add(f.Timeout)})
	if err != nil {
		return nil, err
	}
	defer api.close()
	return f.run(ctx, folder, id, api)
}

func (f *Function) unpack(folder string) error {
	archive, err := zip.NewReader(bytes.NewReader(f.Archive), int64(len(f.Archive)))
	if err != nil {
		return ErrNotZip
	}
	return os.CopyFS(folder, archive) // It refuses names that lead out of the folder.
}

// checkProgram returns the failure that Lambda would report of a program that it cannot start.
func (f *Function) checkProgram(path, id string) (*Result, error) {
	file, err := elf.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return failure(id, "Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"), nil
	}
	if err != nil {
		return nil, nil //nolint:nilerr // A script has no processor; what else it may be, the kernel says.
	}
	defer func() { _ = file.Close() }()
	built, declared := architectures[file.Machine], f.Architecture
	if declared == "" {
		declared = "x86_64"
	}
	if built != declared {
		return failure(id, "Runtime.InvalidEntrypoint", "fork/exec /var/task/bootstrap: exec format error"), nil
	}
	if built != host() {
		return nil, fmt.Errorf("%w: %s is for %s, and this machine is %s; build it for this one (tools/lambdazip -arch %s)",
			ErrMachine, f.Name, built, host(), runtime.GOARCH)
	}
	return nil, nil
}

// run starts the program and waits for its answer, its end, or the end of its time.
func (f *Function) run(ctx context.Context, folder, id string, api *api) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	log := &output{}
	command := exec.CommandContext(ctx, filepath.Join(folder, program)) // #nosec G204 -- the caller's own function
	command.Dir, command.Stdout, command.Stderr = folder, log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) } // With all that it has started.
	command.WaitDelay = time.Second
	command.Env = f.variables(folder, api.address)
	ended := make(chan error, 1)
	go func() { ended <- process.Run(command, syscall.SIGKILL) }()
	select {
	case result := <-api.answer:
		cancel()
		<-ended
		result.Log = log.bytes()
		return &result, nil
	case err := <-ended:
		select { // It may have answered before it ended.
		case result := <-api.answer:
			result.Log = log.bytes()
			return &result, nil
		default:
		}
		result := failure(id, "Runtime.ExitError", fmt.Sprintf("Runtime exited with error: %v", err))
		if err == nil {
			result = failure(id, "Runtime.ExitError", "Runtime exited without providing a reason")
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			result = failure(id, "Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", f.Timeout.Seconds()))
		}
		result.Log = log.bytes()
		return result, nil
	}
}

// variables are the environment of the program, which has nothing of this process's own (AWS Lambda developer guide, "Defined
// runtime environment variables").
func (f *Function) variables(folder, api string) []string {
	variables := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=en_US.UTF-8", "TZ=:UTC", "LAMBDA_TASK_ROOT=" + folder, "_HANDLER=" + program, "AWS_LAMBDA_RUNTIME_API=" + api,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB),
	}
	for name, value := range f.Environment {
		variables = append(variables, name+"="+value)
	}
	return variables
}

// failure is what Lambda answers when the program did not.
func failure(id, kind, message string) *Result {
	payload, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": "RequestId: " + id + " Error: " + message})
	return &Result{Payload: payload, Failed: true}
}

// output keeps the end of what a program writes.
type output struct {
	mutex sync.Mutex
	kept  []byte
}

// maxLog is how much of a log Lambda hands to a caller who asks for it (Lambda API, Invoke, LogType).
const maxLog = 4 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.kept = append(o.kept, p...)
	o.kept = o.kept[max(0, len(o.kept)-maxLog):]
	return len(p), nil
}

func (o *output) bytes() []byte {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return bytes.Clone(o.kept)
}
