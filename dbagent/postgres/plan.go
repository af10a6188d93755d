// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// plan are statements that bring a server from what it is to what it shall be, and the reasons why that cannot be.
type plan struct {
	statements []string
	refusals   []error
}

func (p *plan) do(statement string) { p.statements = append(p.statements, statement) }

func (p *plan) refuse(format string, values ...any) {
	p.refusals = append(p.refusals, fmt.Errorf(format, values...))
}

func (p *plan) err() error { return errors.Join(p.refusals...) }

// run does all of it or nothing. None of the statements holds a password.
func (p *plan) run(ctx context.Context, conn *pgx.Conn) error {
	if len(p.statements) == 0 {
		return nil
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, statement := range p.statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// literal writes a text as one, whatever standard_conforming_strings says.
func literal(text string) string {
	if strings.Contains(text, `\`) {
		return ` E'` + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + `'`
	}
	return `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
}
