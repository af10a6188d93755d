// SPDX-License-Identifier: Apache-2.0

// Command dbagent is an AWS Lambda function that makes databases, users and their rights on one PostgreSQL server as they are
// declared, and rotates the users' passwords for Secrets Manager (docs/database.md). Which of the two, the event says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	agent, err := newAgent(context.Background(), os.Getenv, log, config.LoadDefaultConfig)
	if err != nil {
		log.Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(agent.handle)
}

// engine is one kind of database server; a second one, such as MySQL, comes in here.
type engine interface {
	rotate.Server
	// Converge makes of the server what is declared and returns what it did.
	Converge(ctx context.Context, document *declare.Document) ([]string, error)
}

var _ engine = (*postgres.Server)(nil)

type agent struct {
	engine   engine
	rotation *rotate.Rotation
	calendar func(ctx context.Context, secret string) (rotate.Calendar, error)
	log      *slog.Logger
}

func newAgent(ctx context.Context, getenv func(string) string, log *slog.Logger, load loader) (*agent, error) {
	settings, err := readSettings(getenv)
	if err != nil {
		return nil, err
	}
	account, err := load(ctx)
	if err != nil {
		return nil, fmt.Errorf("the credentials of AWS: %w", err)
	}
	server, store := settings.server(account)
	return &agent{engine: server, rotation: &rotate.Rotation{Store: store, Server: server, Host: server.Host, Port: server.Port}, calendar: store.Calendar, log: log}, nil
}

// result is what the caller of a convergence learns.
type result struct {
	// Changes are the statements that it took, and which secrets got another value; no password is among them. Empty if nothing was to do.
	Changes []string `json:"changes"`
}

// handle serves one event: a step of a rotation; {"converge": {"databases": [...]}, "secrets": {"user": "its secret's ARN"}}; or
// {"overdue": {"secrets": ["its ARN"], "days": 8}}, which fails if any was not rotated in time.
func (a *agent) handle(ctx context.Context, event json.RawMessage) (any, error) {
	began := time.Now()
	var kind struct {
		rotate.Event
		Converge json.RawMessage   `json:"converge"`
		Secrets  map[string]string `json:"secrets"`
		Overdue  *rotate.Overdue   `json:"overdue"`
	}
	if err := json.Unmarshal(event, &kind); err != nil {
		return nil, fmt.Errorf("the event is not a JSON object: %w", err)
	}
	var answer any
	var err error
	about := []any{"secret", kind.Secret, "step", kind.Step, "version", kind.Version}
	switch {
	case kind.Overdue != nil && kind.Converge == nil && kind.Step == "":
		about, err = []any{"overdue of", len(kind.Overdue.Secrets)}, kind.Overdue.Check(ctx, a.calendar, began)
	case kind.Overdue != nil:
		about, err = nil, errors.New("the event asks for what is overdue and for something else; send two")
	case kind.Step != "" && kind.Converge == nil:
		err = a.rotation.Step(ctx, kind.Event)
	case kind.Converge != nil && kind.Step == "":
		var done result
		done.Changes, err = a.converge(ctx, kind.Converge, kind.Secrets)
		answer, about = done, []any{"changes", len(done.Changes)}
	default:
		err = fmt.Errorf(`the event is neither a step of a rotation nor a convergence, and asks for nothing overdue; send {"converge": {"databases": [...]}}`)
		about = nil
	}
	about = append(about, "milliseconds", time.Since(began).Milliseconds())
	if err != nil {
		a.log.ErrorContext(ctx, "failed", append(about, "error", err.Error())...)
		return nil, err
	}
	a.log.InfoContext(ctx, "done", about...)
	return answer, nil
}

// converge makes of the server what is declared, and then gives each user that has a secret a value for it that gets in.
func (a *agent) converge(ctx context.Context, text json.RawMessage, secrets map[string]string) ([]string, error) {
	document, err := declare.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := checkSecrets(document, secrets); err != nil {
		return nil, err
	}
	changes, err := a.engine.Converge(ctx, document)
	changes = append([]string{}, changes...)
	if err != nil {
		return changes, err
	}
	for _, database := range document.Databases {
		for _, user := range database.Users {
			secret, has := secrets[user.Name]
			if !has {
				continue
			}
			changed, failure := a.rotation.Provide(ctx, secret, database.Name, user)
			if changed && failure == nil {
				changes = append(changes, fmt.Sprintf("-- the secret of %q in the database %q has another value", user.Name, database.Name))
			}
			if failure != nil {
				err = errors.Join(err, fmt.Errorf("the secret of %q in the database %q: %w", user.Name, database.Name, failure))
			}
		}
	}
	return changes, err
}

// checkSecrets reports every secret of somebody who has none.
func checkSecrets(document *declare.Document, secrets map[string]string) error {
	var problems []error
	left := maps.Clone(secrets)
	for _, database := range document.Databases {
		for _, user := range database.Users {
			if _, has := secrets[user.Name]; has && user.Login == declare.IAM {
				problems = append(problems, fmt.Errorf("secrets: %q logs in with a token and has no secret; remove it, or declare another login", user.Name))
			}
			delete(left, user.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		problems = append(problems, fmt.Errorf("secrets: %q is no declared user; declare it, or remove it", name))
	}
	return errors.Join(problems...)
}
