// SPDX-License-Identifier: Apache-2.0

package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database/parameter"
)

// Host is the name in the server's certificate.
const Host = "localhost"

// Administrator is the account that RDS makes for the owner of an instance: no superuser.
const Administrator = "dbowner"

// FirstDatabase is the one that RDS makes with an instance, which the administrator owns.
const FirstDatabase = "app"

// OnlyRDS are the parameters that no server but RDS's understands, and what stands for each here.
var OnlyRDS = map[string]string{ // #nosec G101 -- names of parameters
	"rds.force_ssl":                     "pg_hba.conf has no line that lets anybody in without TLS",
	"rds.accepted_password_auth_method": "pg_hba.conf asks for scram-sha-256 and nothing else",
}

// nobody is who runs the server when a test runs as root, whom PostgreSQL refuses: the user and group "nobody" of Debian.
const nobody = 65534

// Server is a running one.
type Server struct {
	Port      uint16
	Authority *Authority
	// Password is the administrator's.
	Password string
	// Version is the major one.
	Version string

	folder string
}

// Option changes a server before it starts.
type Option func(settings map[string]string)

// With sets a parameter of the server.
func With(name, value string) Option {
	return func(settings map[string]string) { settings[name] = value }
}

// Start starts a server, which ends with the test. It fails the test, with the cure, where there is none.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	bin, err := find()
	require.NoError(tb, err)
	authority, err := NewAuthority()
	require.NoError(tb, err)
	folder, err := os.MkdirTemp("", "bulkhead-postgres-")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &Server{Authority: authority, Password: rand.Text(), Version: filepath.Base(filepath.Dir(bin)), folder: folder}
	s.Port = freePort(tb)
	settings := s.settings()
	for _, option := range options {
		option(settings)
	}
	s.initialize(tb, bin)
	s.configure(tb, settings)
	s.run(tb, bin)
	s.becomeRDS(tb)
	return s
}

// Log is what the server has written, every statement of a schema, role or privilege among it.
func (s *Server) Log(tb testing.TB) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "log"))
	require.NoError(tb, err)
	return string(text)
}

// Superuser logs in as the one that RDS keeps to itself, through a socket that nothing else knows.
func (s *Server) Superuser(tb testing.TB, database string) *pgx.Conn {
	tb.Helper()
	config, err := pgx.ParseConfig("host=" + s.folder + " user=rdsadmin sslmode=disable")
	require.NoError(tb, err)
	config.Port, config.Database = s.Port, database
	conn, err := pgx.ConnectConfig(tb.Context(), config)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// settings are those of the component's parameter group, and what a test needs besides.
func (s *Server) settings() map[string]string {
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": fmt.Sprint(s.Port), "unix_socket_directories": s.folder,
		"ssl": "on", "ssl_cert_file": filepath.Join(s.folder, "server.pem"), "ssl_key_file": filepath.Join(s.folder, "server.key"),
		"fsync": "off", "max_connections": "60", "shared_buffers": "16MB", "max_wal_size": "64MB",
	}
	for _, p := range parameter.All {
		if OnlyRDS[p.Name] == "" {
			settings[p.Name] = p.Value
		}
	}
	return settings
}

func (s *Server) initialize(tb testing.TB, bin string) {
	tb.Helper()
	certificate, key, err := s.Authority.issue(Host)
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(filepath.Join(s.folder, "server.pem"), certificate, 0o600))
	require.NoError(tb, os.WriteFile(filepath.Join(s.folder, "server.key"), key, 0o600))
	if os.Geteuid() == 0 {
		for _, name := range []string{".", "server.pem", "server.key"} {
			require.NoError(tb, os.Chown(filepath.Join(s.folder, name), nobody, nobody))
		}
	}
	command := s.command(filepath.Join(bin, "initdb"), "--pgdata", filepath.Join(s.folder, "data"), "--username", "rdsadmin", "--auth", "reject",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	output, err := command.CombinedOutput()
	require.NoError(tb, err, "initdb: %s\nIf it may not be run by the user %d, move the project where everybody may read it, or install PostgreSQL.", output, nobody)
}

func (s *Server) configure(tb testing.TB, settings map[string]string) {
	tb.Helper()
	var text strings.Builder
	for name, value := range settings {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
	}
	s.write(tb, "postgresql.conf", text.String())
	s.write(tb, "pg_hba.conf", "local all rdsadmin trust\nhostssl all rdsadmin all reject\nhostssl rdsadmin all all reject\nhostssl all all all scram-sha-256\n")
}

func (s *Server) write(tb testing.TB, name, text string) {
	tb.Helper()
	path := filepath.Join(s.folder, "data", name)
	require.NoError(tb, os.WriteFile(path, []byte(text), 0o600)) // The file is there and keeps its owner.
}

// run starts the server and waits until it lets somebody in.
func (s *Server) run(tb testing.TB, bin string) {
	tb.Helper()
	command := s.command(filepath.Join(bin, "postgres"), "-D", filepath.Join(s.folder, "data"))
	log, err := os.Create(filepath.Join(s.folder, "log"))
	require.NoError(tb, err)
	command.Stdout, command.Stderr = log, log
	require.NoError(tb, command.Start())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = command.Wait() }()
	tb.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGQUIT) // Immediate shutdown.
		<-ended
		_ = log.Close()
	})
	require.Eventually(tb, func() bool {
		select {
		case <-ended:
			return true
		default:
		}
		conn, err := net.Dial("unix", filepath.Join(s.folder, fmt.Sprintf(".s.PGSQL.%d", s.Port)))
		if err != nil {
			return false
		}
		_ = conn.Close()
		return strings.Contains(s.Log(tb), "ready to accept connections")
	}, time.Minute, 20*time.Millisecond, "the server does not start")
	select {
	case <-ended:
		tb.Fatalf("the server has ended: %s", s.Log(tb))
	default:
	}
}

// command runs a program of PostgreSQL with nothing of this process's environment, and as nobody if this process is root.
func (s *Server) command(program string, arguments ...string) *exec.Cmd {
	command := exec.Command(program, arguments...)
	command.Dir, command.Env = s.folder, []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	if os.Geteuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return command
}

// becomeRDS makes what an RDS instance has from the beginning: an administrator who is no superuser, the groups that he may
// hand out, a database of his, and pgaudit, which there he may make himself.
func (s *Server) becomeRDS(tb testing.TB) {
	tb.Helper()
	conn := s.Superuser(tb, "postgres")
	for _, statement := range []string{
		"CREATE ROLE rds_iam", "CREATE ROLE rds_superuser",
		"GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION",
		"CREATE ROLE " + Administrator + " LOGIN CREATEDB CREATEROLE PASSWORD '" + s.Password + "'",
		"GRANT rds_superuser, rds_iam TO " + Administrator + " WITH ADMIN OPTION",
		"CREATE DATABASE rdsadmin",
		"ALTER DATABASE postgres OWNER TO " + Administrator, "ALTER DATABASE template1 OWNER TO " + Administrator,
	} {
		_, err := conn.Exec(tb.Context(), statement)
		require.NoError(tb, err)
	}
	template := s.Superuser(tb, "template1")
	_, err := template.Exec(tb.Context(), "CREATE EXTENSION pgaudit")
	require.NoError(tb, err)
	require.NoError(tb, template.Close(tb.Context()))
	_, err = conn.Exec(tb.Context(), "CREATE DATABASE "+FirstDatabase+" OWNER "+Administrator)
	require.NoError(tb, err)
}

func freePort(tb testing.TB) uint16 {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer func() { _ = listener.Close() }()
	return uint16(listener.Addr().(*net.TCPAddr).Port) // #nosec G115 -- a port has 16 bits
}
