// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// A twin that stands is two processes of this program. The keeper is outside, where the database servers are, in a session of its own. It
// has started the inhabitant, which is in the namespaces, serves there, and ends with the keeper, as all namespaces end with the
// inhabitant. Both, and the commands that users run in the twin, are found by this variable of their environment, its value is the stage's
// folder, so that no file says what runs, and none is left that says it wrongly.
const twinVariable = "BULKHEAD_TWIN"

// keeperVariable tells a process that it is the keeper.
const keeperVariable = "BULKHEAD_TWIN_KEEPER"

const (
	// twinLog is what the processes of the last twin said.
	twinLog = "twin.log"
	// socketNames are the sockets that lead to the databases, in the stage's folder, which the processes of a twin work in: a path of
	// a socket has 107 bytes at most, and the folder's own may be longer.
	socketNames = "twin-%d.sock"
)

func (r *rehearsal) twinVariable() string { return twinVariable + "=" + r.Dir }

// stand makes a twin of the account that was fetched, which stays up, and returns what became of the packets in it. An error, or the
// end of the context before that, leaves none.
func (r *rehearsal) stand(ctx context.Context) (*trial.Outcome, error) {
	if err := r.lend(ctx); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(r.Path(twinLog))
	if err != nil {
		return nil, err
	}
	defer log.Close()                                   //nolint:errcheck // the keeper has its own
	keeper := exec.Command(self, "twin", r.Environment) //nolint:gosec // itself
	keeper.Dir, keeper.Env = r.Dir, append(os.Environ(), r.twinVariable(), keeperVariable+"=1", "PWD="+r.Dir)
	keeper.Stderr, keeper.SysProcAttr = log, &syscall.SysProcAttr{Setsid: true} // the end of the terminal does not reach it
	out, err := keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, err
	}
	o := &trial.Outcome{}
	said := make(chan error, 1)
	go func() { said <- json.NewDecoder(out).Decode(o) }()
	select {
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), r.endTwin(io.Discard))
	case err = <-said:
	}
	if err == nil {
		go func() { _ = keeper.Wait() }() // no zombie stays if it ends while this process lives
		return o, nil
	}
	_ = keeper.Wait() // its exit code says more
	code := keeper.ProcessState.ExitCode()
	text, err := os.ReadFile(r.Path(twinLog))
	message := strings.TrimPrefix(strings.TrimSpace(string(text)), "rehearse: ")
	if unable, is := strings.CutPrefix(message, twin.ErrUnable.Error()); is && code == exitUnable {
		return nil, errors.Join(fmt.Errorf("%w%s", twin.ErrUnable, unable), r.endTwin(io.Discard))
	}
	return nil, errors.Join(fmt.Errorf("the twin has ended with exit code %d: %s", code, message), err, r.endTwin(io.Discard))
}

// endTwin ends the twin of the environment, and everything that runs in it, and says so if there was one.
func (r *rehearsal) endTwin(out io.Writer) error {
	found, err := process.End(r.twinVariable())
	if err != nil {
		return err
	}
	if found {
		_, _ = fmt.Fprintf(out, "the twin of %s has ended\n", r.Environment)
	}
	files, err := filepath.Glob(r.Path("twin-*.sock"))
	for _, file := range append(files, r.Path(lentFile)) {
		err = errors.Join(err, os.RemoveAll(file))
	}
	return err
}

// takeDown ends a twin, unless it is being made.
func (r *rehearsal) takeDown(out io.Writer) error {
	left, err := process.WithVariable(r.twinVariable())
	if err != nil {
		return err
	}
	if len(left) == 0 {
		_, _ = fmt.Fprintf(out, "nothing to do: no twin of %s is up\n", r.Environment)
		return nil
	}
	held, err := r.Lock()
	if err != nil {
		return err
	}
	defer held.Release()
	return r.endTwin(out)
}

// keep is the keeper: it opens the sockets of the databases, and starts the inhabitant, which says the outcome.
func (r *rehearsal) keep(ctx context.Context) error {
	var all []lent
	text, err := os.ReadFile(r.Path(lentFile))
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return err
	}
	for _, d := range all {
		l, err := net.Listen("unix", d.Socket)
		if err != nil {
			return err
		}
		defer l.Close() //nolint:errcheck // the end
		go hand(l, d.Server)
	}
	code, err := twin.Again(ctx, os.Stdout, os.Stderr, "twin", r.Environment)
	if err != nil {
		return err
	}
	return ended(code)
}

// hand hands each connection on.
func hand(l net.Listener, to string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", to)
		if err != nil {
			_ = client.Close()
			continue
		}
		go twin.Join(client, server)
	}
}

// inhabit makes the twin of what was read of the account, compares it with the proof, writes the outcome, and serves until it is ended.
func (r *rehearsal) inhabit(ctx context.Context) error {
	if _, _, err := twin.Enter(ctx); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { os.Exit(exitInterrupted) })() // nothing is left of the namespaces
	began := time.Now()
	network, err := awsfiles.Read(r.Path(accountFolder))
	if err != nil {
		return err
	}
	state, err := read("state", r.Path("state.json"))
	if err != nil {
		return err
	}
	if state.table == nil {
		return errors.New("no network of the stack says which segments it has, so that there is nothing to compare packets with")
	}
	around, err := r.surroundings()
	if err != nil {
		return err
	}
	t, err := trial.New(network, state.table, around)
	if err != nil {
		return err
	}
	if err := t.Up(); err != nil {
		return err
	}
	o, err := t.Run()
	if err != nil {
		return err
	}
	if err := t.Open(); err != nil {
		return err
	}
	o.Took = time.Since(began)
	if err := json.NewEncoder(os.Stdout).Encode(o); err != nil {
		return err
	}
	select {}
}

// join becomes a process in the namespaces of the twin that stands, and there [rehearsal.look].
func (r *rehearsal) join(ctx context.Context, in *invocation) error {
	inside, err := process.WithVariable(r.twinVariable(), twin.Inside)
	if err != nil {
		return err
	}
	if len(inside) == 0 {
		if _, err := attach(ctx, r.Stage); err != nil {
			return err
		}
		return fmt.Errorf("no twin of %s is up; make one: make twin ENV=%s", r.Environment, r.Environment)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command, err := twin.Into(inside[0].PID, append([]string{self, "twin", "--in", in.in, r.Environment, "--"}, in.program...)...)
	if err != nil {
		return err
	}
	return syscall.Exec(command[0], command, lastOfEach(append(os.Environ(), r.twinVariable(), twin.Inside))) //nolint:gosec // see above
}

// look becomes the user's command in a host of the twin.
func (r *rehearsal) look(in *invocation) error {
	name, _, _ := strings.Cut(twin.Inside, "=")
	if err := os.Unsetenv(name); err != nil {
		return err
	}
	return trial.Shell(in.in, os.Stderr, func(environ []string) error {
		program, err := exec.LookPath(in.program[0])
		if err != nil {
			return misuse{err}
		}
		return syscall.Exec(program, in.program, lastOfEach(append(os.Environ(), environ...))) //nolint:gosec // running the given command is the purpose
	})
}
