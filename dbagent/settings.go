// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/secrets"
)

// The function's environment.
const (
	hostVariable   = "BULKHEAD_DATABASE_HOST"        // The server's name, which its certificate must hold. Required.
	portVariable   = "BULKHEAD_DATABASE_PORT"        // Default 5432.
	secretVariable = "BULKHEAD_ADMINISTRATOR_SECRET" // #nosec G101 -- The ARN of the administrator's secret.
	userVariable   = "BULKHEAD_ADMINISTRATOR_USER"   // An administrator that logs in with an IAM token, instead of the secret.
	rootsVariable  = "BULKHEAD_CA_FILE"              // Certificate authorities as PEM. Default: those of RDS.
)

const defaultPort = 5432

type loader func(context.Context, ...func(*config.LoadOptions) error) (aws.Config, error)

type settings struct {
	host, secret, user string
	port               uint16
	roots              *x509.CertPool
}

// readSettings reports everything that is wrong with the environment.
func readSettings(getenv func(string) string) (*settings, error) {
	s := settings{host: getenv(hostVariable), secret: getenv(secretVariable), user: getenv(userVariable), port: defaultPort}
	var problems []error
	if s.host == "" {
		problems = append(problems, fmt.Errorf("%s is empty; set it to the name of the server", hostVariable))
	}
	if text := getenv(portVariable); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			problems = append(problems, fmt.Errorf("%s: %q is no port; use 1 to 65535", portVariable, text))
		}
		s.port = uint16(port) // #nosec G115 -- ParseUint has 16 bits.
	}
	if (s.secret == "") == (s.user == "") {
		problems = append(problems, fmt.Errorf("set either %s or %s: the administrator logs in with a password or with a token", secretVariable, userVariable))
	}
	pem, err := postgres.RDSRoots, error(nil)
	if file := getenv(rootsVariable); file != "" {
		if pem, err = os.ReadFile(file); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", rootsVariable, err))
		}
	}
	if err == nil {
		if s.roots, err = postgres.Roots(pem); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", rootsVariable, err))
		}
	}
	return &s, errors.Join(problems...)
}

// server is the database server with whoever looks after it.
func (s *settings) server(account aws.Config) (*postgres.Server, secrets.Store) {
	store := secrets.Store{Client: secretsmanager.NewFromConfig(account, patient)}
	server := &postgres.Server{Host: s.host, Port: s.port, Roots: s.roots, Administrator: store.Administrator(s.secret)}
	if s.user != "" {
		server.Administrator = s.token(account)
	}
	return server, store
}

// patient tries again for some twenty seconds what the role may not do: a deployment calls the function as soon as IAM has taken its
// policies, and IAM takes a while to spread them (IAM user guide, "Changes that I make are not always immediately visible").
func patient(o *secretsmanager.Options) {
	o.Retryer = retry.AddWithErrorCodes(retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 8, 5*time.Second }), "AccessDeniedException")
}

// token signs one for each connection: it lasts fifteen minutes, and only logging in needs it.
func (s *settings) token(account aws.Config) func(context.Context) (string, string, error) {
	return func(ctx context.Context) (string, string, error) {
		endpoint := net.JoinHostPort(s.host, strconv.Itoa(int(s.port)))
		token, err := auth.BuildAuthToken(ctx, endpoint, account.Region, s.user, account.Credentials)
		return s.user, token, err
	}
}
