// SPDX-License-Identifier: Apache-2.0

// Package client is how a service in Go logs in to its database by what /etc/bulkhead/service.env says, through rotations and with
// tokens. It is the example of docs/database.md: copy it, or import it.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Open returns a pool whose every connection logs in with what is valid then: a token of its own, or what the secret says now. getenv is
// os.Getenv; host, port, database and TLS are read by pgx itself from PGHOST, PGPORT, PGDATABASE, PGSSLMODE and PGSSLROOTCERT.
func Open(ctx context.Context, account aws.Config, getenv func(string) string) (*pgxpool.Pool, error) {
	settings, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	switch login := getenv("DATABASE_LOGIN"); login {
	case "IAM":
		settings.BeforeConnect = func(ctx context.Context, c *pgx.ConnConfig) error {
			endpoint := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
			token, err := auth.BuildAuthToken(ctx, endpoint, account.Region, c.User, account.Credentials)
			c.Password = token
			return err
		}
	case "AlternatingSecret", "Secret":
		manager := secretsmanager.NewFromConfig(account)
		secret := getenv("DATABASE_SECRET_ARN")
		settings.BeforeConnect = func(ctx context.Context, c *pgx.ConnConfig) (err error) {
			c.User, c.Password, err = read(ctx, manager, secret)
			return err
		}
	default:
		return nil, fmt.Errorf("DATABASE_LOGIN: %q is unknown; use IAM, AlternatingSecret or Secret", login)
	}
	return pgxpool.NewWithConfig(ctx, settings)
}

// read asks for the current user and password. Its errors never quote them.
func read(ctx context.Context, manager *secretsmanager.Client, secret string) (user, password string, err error) {
	value, err := manager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &secret, VersionStage: aws.String("AWSCURRENT")})
	if err != nil {
		return "", "", err
	}
	var login struct{ Username, Password string }
	if json.Unmarshal([]byte(aws.ToString(value.SecretString)), &login) != nil || login.Username == "" || login.Password == "" {
		return "", "", errors.New("the secret holds no username and password; see whether its rotation has failed")
	}
	return login.Username, login.Password, nil
}
