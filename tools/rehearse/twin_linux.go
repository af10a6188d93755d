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
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/machine"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// lentFile tells a twin which databases are lent to it, with the passwords that the account's secrets say. The twin removes it.
const lentFile = "twin.json"

// lent is a database server that runs outside of a twin, which it has no network in common with: a socket in the file system leads
// to its address.
type lent struct {
	trial.Database
	Server string `json:"server"`
}

// makeTwin makes the twin of the rehearsed account, says how it agrees with the proof, and leaves it up; or ends it; or lets a
// command run in it. A twin is made by two more processes of this program.
func makeTwin(ctx context.Context, root string, in *invocation) error {
	r := &rehearsal{Stage: engine.NewStage(root, in.environment), out: os.Stderr}
	switch {
	case twin.Within() && in.in != "":
		return r.look(in)
	case twin.Within():
		return r.inhabit(ctx)
	case os.Getenv(keeperVariable) != "":
		return r.keep(ctx)
	}
	s, _, err := settings(root, in.environment)
	switch {
	case err != nil:
		return err
	case in.in != "":
		return r.join(ctx, in)
	case in.down:
		return r.takeDown(os.Stdout)
	}
	o, err := r.anew(ctx, s)
	if err != nil {
		return err
	}
	if in.json {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(o)
	} else {
		fmt.Printf("The segments of %s as packets saw them:\n", r.Environment)
		o.Text(os.Stdout)
		fmt.Printf("\nIt stays up. Look around in it: make twin-shell SEGMENT=app ENV=%[1]s\nEnd it: make twin-down ENV=%[1]s\n", r.Environment)
	}
	if err == nil && !o.Agrees() {
		err = errors.New("the packets and the proof do not agree in every cell")
	}
	return err
}

// anew makes the twin of the account as it is now, in the place of one that stands.
func (r *rehearsal) anew(ctx context.Context, s *stacks.Settings) (*trial.Outcome, error) {
	rehearsed, err := attach(ctx, r.Stage)
	if err != nil {
		return nil, err
	}
	held, err := r.Lock()
	if err != nil {
		return nil, err
	}
	defer held.Release()
	if err := r.endTwin(r.out); err != nil {
		return nil, err
	}
	r.account = engine.NewAccount(rehearsed.Emulator.Endpoint, s)
	if err := compile(ctx, r.Root, r.out, "./tools/describe"); err != nil {
		return nil, err
	}
	if err := r.fetch(ctx); err != nil {
		return nil, err
	}
	if r.servers, err = rehearsed.Emulator.Client().Databases(ctx, r.Environment); err != nil {
		return nil, err
	}
	return r.stand(ctx)
}

// lend writes down the databases that a twin may use, and who may log in.
func (r *rehearsal) lend(ctx context.Context) error {
	all := []lent{}
	for _, s := range r.servers {
		if s.Missing != "" {
			continue
		}
		d := lent{Server: net.JoinHostPort("127.0.0.1", fmt.Sprint(s.Port))}
		d.Instance, d.Socket, d.Host, d.WithoutTLS = s.Instance, fmt.Sprintf(socketNames, len(all)), s.Host, s.WithoutTLS
		if err := r.complete(ctx, &d.Database, s.Roots); err != nil {
			return fmt.Errorf("the database %s: %w", s.Instance, err)
		}
		all = append(all, d)
	}
	text, err := json.Marshal(all) //nolint:gosec // the twin has to know the passwords of the emulated account
	if err != nil {
		return err
	}
	return engine.WriteFile(r.Path(lentFile), text)
}

// complete completes what is known of a database.
func (r *rehearsal) complete(ctx context.Context, d *trial.Database, roots string) error {
	var instances []types.DBInstance
	text, err := os.ReadFile(r.Path(accountFolder, "DbInstances.json"))
	if err == nil {
		err = json.Unmarshal(text, &instances)
	}
	if err != nil {
		return err
	}
	at := slices.IndexFunc(instances, func(i types.DBInstance) bool { return aws.ToString(i.DBInstanceIdentifier) == d.Instance })
	if at < 0 || instances[at].Endpoint == nil {
		return errors.New("it is not in the account")
	}
	d.Port, d.Database = uint16(aws.ToInt32(instances[at].Endpoint.Port)), "postgres" //nolint:gosec // a port
	if err := r.owner(ctx, &instances[at], d); err != nil {
		return err
	}
	if text, err = os.ReadFile(roots); err != nil { // whom the twin runs as may not
		return err
	}
	d.Roots = string(text)
	return nil
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
		err = errors.Join(json.Unmarshal(text, &out.Databases), os.Remove(r.Path(lentFile)))
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
	o, err := r.stand(ctx)
	if errors.Is(err, twin.ErrUnable) {
		r.noTwin = err.Error()
		return nil
	}
	if err = errors.Join(err, r.endTwin(io.Discard)); err != nil {
		return err
	}
	r.traffic = o
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
