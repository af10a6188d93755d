// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/machine"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// makeTwin reads the rehearsed account, and starts this program again in namespaces of its own, where it tries the network.
func makeTwin(ctx context.Context, root string, in *invocation) error {
	r := &rehearsal{Stage: engine.NewStage(root, in.environment), out: os.Stderr}
	if twin.Within() {
		if _, _, err := twin.Enter(ctx); err != nil {
			return err
		}
		go func() { // nothing is left of the namespaces
			<-ctx.Done()
			os.Exit(exitInterrupted)
		}()
		return r.try(in)
	}
	s, _, err := settings(root, in.environment)
	if err != nil {
		return err
	}
	rehearsed, err := attach(ctx, r.Stage)
	if err != nil {
		return err
	}
	held, err := r.Lock()
	if err != nil {
		return err
	}
	defer held.Release()
	r.account = engine.NewAccount(rehearsed.Emulator.Endpoint, s)
	if err := compile(ctx, root, r.out, "./tools/describe"); err != nil {
		return err
	}
	if err := r.fetch(ctx); err != nil {
		return err
	}
	if r.servers, err = rehearsed.Emulator.Client().Databases(ctx, r.Environment); err != nil {
		return err
	}
	withdraw, err := r.lend(ctx)
	if err != nil {
		return err
	}
	defer withdraw()
	_, code, err := twin.Enter(ctx)
	if err != nil {
		return err
	}
	if code != 0 {
		return ended(code)
	}
	return nil
}

// lentFile is what [rehearsal.lend] lends.
const lentFile = "twin.json"

// lend opens ways for a twin to the database servers that run outside of it, which it has no network in common with: sockets in the
// file system. It tells the twin who may log in, as the account's secrets say. The function ends that.
func (r *rehearsal) lend(ctx context.Context) (withdraw func(), err error) {
	folder, err := os.MkdirTemp("", "bulkhead-twin-")
	if err != nil {
		return nil, err
	}
	var open []net.Listener
	withdraw = func() {
		for _, l := range open {
			_ = l.Close()
		}
		_ = os.RemoveAll(folder)
		_ = os.Remove(r.Path(lentFile)) // it has passwords
	}
	lent := []trial.Database{}
	for _, s := range r.servers {
		if s.Missing != "" {
			continue
		}
		d := trial.Database{Instance: s.Instance, Socket: filepath.Join(folder, fmt.Sprint(len(lent))), Host: s.Host, WithoutTLS: s.WithoutTLS}
		l, err := r.way(ctx, &d, s.Roots)
		if err != nil {
			withdraw()
			return nil, fmt.Errorf("the database %s: %w", s.Instance, err)
		}
		open, lent = append(open, l), append(lent, d)
		go hand(l, net.JoinHostPort("127.0.0.1", fmt.Sprint(s.Port)))
	}
	text, err := json.Marshal(lent) //nolint:gosec // the twin has to know the passwords of the emulated account
	if err == nil {
		err = engine.WriteFile(r.Path(lentFile), text)
	}
	if err != nil {
		withdraw()
		return nil, err
	}
	return withdraw, nil
}

// way completes what is known of a database, and opens its socket.
func (r *rehearsal) way(ctx context.Context, d *trial.Database, roots string) (net.Listener, error) {
	var instances []types.DBInstance
	text, err := os.ReadFile(r.Path(accountFolder, "DbInstances.json"))
	if err == nil {
		err = json.Unmarshal(text, &instances)
	}
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(instances, func(i types.DBInstance) bool { return aws.ToString(i.DBInstanceIdentifier) == d.Instance })
	if at < 0 || instances[at].Endpoint == nil {
		return nil, errors.New("it is not in the account")
	}
	d.Port, d.Database = uint16(aws.ToInt32(instances[at].Endpoint.Port)), "postgres" //nolint:gosec // a port
	if err := r.owner(ctx, &instances[at], d); err != nil {
		return nil, err
	}
	if text, err = os.ReadFile(roots); err != nil { // whom the twin runs as may not
		return nil, err
	}
	d.Roots = string(text)
	return net.Listen("unix", d.Socket)
}

// owner finds the secret of the owner of an instance; without one nobody logs in.
func (r *rehearsal) owner(ctx context.Context, i *types.DBInstance, d *trial.Database) error {
	if i.MasterUserSecret == nil {
		return errors.New("RDS keeps no secret of its owner, so that nobody knows how to log in")
	}
	answer, err := secretsmanager.NewFromConfig(r.account.Config()).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: i.MasterUserSecret.SecretArn})
	if err != nil {
		return err
	}
	var secret struct{ Username, Password string }
	if err := json.Unmarshal([]byte(aws.ToString(answer.SecretString)), &secret); err != nil {
		return fmt.Errorf("the secret of its owner: %w", err)
	}
	d.User, d.Password = secret.Username, secret.Password
	return nil
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

// surroundings are what the account says of load balancers and instances, and the databases that are lent.
func (r *rehearsal) surroundings() (*trial.Surroundings, error) {
	known, err := balancer.Read(r.Path(accountFolder))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", twin.ErrUnable, err)
	}
	out := &trial.Surroundings{Balancers: *known, Services: map[string][]*machine.Service{}}
	data, err := awsfiles.UserData(r.Path(accountFolder))
	if err != nil {
		return nil, err
	}
	for name, text := range data {
		if out.Services[name], err = machine.Read(text); err != nil {
			return nil, fmt.Errorf("instances of %s: %w", name, err)
		}
	}
	text, err := os.ReadFile(r.Path(lentFile))
	if err == nil {
		err = json.Unmarshal(text, &out.Databases)
	}
	return out, err
}

// packets lets real connections pass between the segments, in a twin of the account that [rehearsal.prove] has read, and demands
// that every cell is as the proof says. Where no twin can be made, the summary says why.
func (r *rehearsal) packets(ctx context.Context) error {
	if r.proof == nil {
		r.noTwin = "no network of the stack says which segments it has"
		return nil
	}
	withdraw, err := r.lend(ctx)
	if err != nil {
		return err
	}
	defer withdraw()
	var out, messages bytes.Buffer
	code, err := twin.Again(ctx, &out, &messages, "twin", "--json", r.Environment)
	switch {
	case errors.Is(err, twin.ErrUnable):
		r.noTwin = err.Error()
		return nil
	case err != nil:
		return err
	case code == exitUnable:
		r.noTwin = strings.TrimPrefix(strings.TrimSpace(messages.String()), "rehearse: ")
		return nil
	}
	r.traffic = &trial.Outcome{}
	if err := json.Unmarshal(out.Bytes(), r.traffic); err != nil {
		return fmt.Errorf("the twin ended with exit code %d and said:\n%s%s", code, &out, &messages)
	}
	if r.traffic.Idle() {
		r.traffic, r.noTwin = nil, "no two hosts stand in the network"
		return nil
	}
	if !r.traffic.Agrees() {
		var page strings.Builder
		r.traffic.Text(&page)
		return fmt.Errorf("the packets and the proof do not agree in every cell:\n%s", &page)
	}
	return nil
}

// try makes the twin of what was read of the account, and compares it with the proof, or lets the user look around in it.
func (r *rehearsal) try(in *invocation) error {
	began := time.Now()
	network, err := awsfiles.Read(r.Path(accountFolder))
	if err != nil {
		return err
	}
	_, table, err := read(r.Path("state.json"))
	if err != nil {
		return err
	}
	if table == nil {
		return errors.New("no network of the stack says which segments it has, so that there is nothing to compare packets with")
	}
	around, err := r.surroundings()
	if err != nil {
		return err
	}
	t, err := trial.New(network, table, around)
	if err != nil {
		return err
	}
	if err := t.Up(); err != nil {
		return err
	}
	if in.in != "" {
		err := t.Shell(in.in, in.program, os.Stderr)
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return ended(exit.ExitCode())
		}
		return err
	}
	o, err := t.Run()
	if err != nil {
		return err
	}
	o.Took = time.Since(began)
	if in.json {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(o)
	} else {
		fmt.Printf("The segments of %s as packets saw them:\n", r.Environment)
		o.Text(os.Stdout)
	}
	if err == nil && !o.Agrees() {
		err = errors.New("the packets and the proof do not agree in every cell")
	}
	return err
}
