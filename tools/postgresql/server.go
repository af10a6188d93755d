// SPDX-License-Identifier: Apache-2.0

package postgresql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bulkhead-iac/bulkhead/internal/authority"
	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// Host is the name in the server's certificate.
const Host = "localhost"

// nobody is who runs the server for root, whom PostgreSQL refuses: the user and group "nobody" of Debian.
const nobody = 65534

// startLimit is how long a server may take before it lets somebody in.
const startLimit = time.Minute

// Options are what a server begins with.
type Options struct {
	// Root is the project's folder, below which tools/postgresql/install unpacks a server. Required.
	Root string
	// Version is a major version that tools/postgresql/versions has unpacked. Default: the newest with pgaudit.
	Version string
	// Administrator and Password are those of the account that RDS makes for the owner of an instance: no superuser. Required.
	Administrator, Password string
	// Database is the one that RDS makes with an instance, which the administrator owns. Default: none.
	Database string
	// Parameters are those of the instance's parameter group: see OnlyRDS for those that no other server understands.
	Parameters map[string]string
	// Backup is what BackUp has written, which the server begins with, databases, users and their passwords among it. Administrator must
	// be that of the backup, and gets Password. Default: none, an empty server.
	Backup string
	// Folder is where the server makes a folder of its own. Default: that of temporary files.
	Folder string
}

// Server is a running one.
type Server struct {
	Port      uint16
	Authority *authority.Authority
	// Version is the major one.
	Version string
	// Audits tells whether it has pgaudit. Without it, the parameters of that are ignored.
	Audits bool
	// Ignored are the names of parameters that only RDS understands and nothing here stands for, and of those of a missing pgaudit, in order.
	Ignored []string

	folder  string
	running *exec.Cmd
	ended   chan struct{}
	stop    sync.Once
}

// Start starts a server; the caller stops it. It ends with this process, too. The error is ErrNone where the machine has none.
func Start(ctx context.Context, o Options) (*Server, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	bin, err := find(root, o.Version)
	if err == nil {
		bin, err = filepath.EvalSymlinks(bin) // Who runs the server may reach the programs, and not the link.
	}
	if err != nil {
		return nil, err
	}
	s := &Server{Version: cmp.Or(o.Version, filepath.Base(filepath.Dir(bin))), Audits: audits(bin), ended: make(chan struct{})}
	if s.Authority, err = authority.New("authority of this server"); err != nil {
		return nil, err
	}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp(o.Folder, "bulkhead-postgres-"); err != nil {
		return nil, err
	}
	settings, access := s.settings(o.Parameters)
	for _, step := range []func() error{
		func() error { return s.initialize(bin, o.Backup) },
		func() error { return s.configure(settings, access) },
		func() error { return s.run(ctx, bin) },
		func() error { return s.becomeRDS(ctx, &o) },
	} {
		if err := step(); err != nil {
			s.Stop()
			return nil, fmt.Errorf("PostgreSQL %s: %w", s.Version, err)
		}
	}
	return s, nil
}

// Stop ends the server and removes its data. A second call does nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		if s.running != nil {
			_ = s.running.Process.Signal(syscall.SIGQUIT) // Immediate shutdown.
			<-s.ended
		}
		_ = os.RemoveAll(s.folder)
	})
}

// CAFile is the file with the certificate of the server's authority, which is there until the server stops.
func (s *Server) CAFile() string { return filepath.Join(s.folder, "ca.pem") }

// Log is what the server has written, every statement of a schema, role or privilege among it.
func (s *Server) Log() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.folder, "log"))
	return string(text), err
}

// WithoutTLS logs in with a password and without TLS, and returns the server's refusal, empty if it lets this client in.
func (s *Server) WithoutTLS(ctx context.Context, user, password string) (refusal string, err error) {
	config, err := pgx.ParseConfig("host=127.0.0.1 database=postgres sslmode=disable")
	if err != nil {
		return "", err
	}
	config.Port, config.User, config.Password = s.Port, user, password
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		return "", conn.Close(ctx)
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return "", err
	}
	return refused.Message, nil
}

// Superuser logs in as the one that RDS keeps to itself, through a socket that nothing else knows.
func (s *Server) Superuser(ctx context.Context, database string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("host=" + s.folder + " user=rdsadmin sslmode=disable")
	if err != nil {
		return nil, err
	}
	config.Port, config.Database = s.Port, database
	return pgx.ConnectConfig(ctx, config)
}

func (s *Server) initialize(bin, backup string) error {
	certificate, key, err := s.Authority.Issue(Host, Host)
	if err != nil {
		return err
	}
	files := map[string][]byte{"server.pem": certificate, "server.key": key, "ca.pem": s.Authority.PEM}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.folder, name), text, 0o600); err != nil {
			return err
		}
	}
	if os.Geteuid() == 0 {
		for _, name := range []string{".", "server.pem", "server.key"} {
			if err := os.Chown(filepath.Join(s.folder, name), nobody, nobody); err != nil {
				return err
			}
		}
	}
	if backup != "" {
		return copyTree(backup, filepath.Join(s.folder, "data"), nil)
	}
	command := s.command(filepath.Join(bin, "initdb"), "--pgdata", filepath.Join(s.folder, "data"), "--username", "rdsadmin", "--auth", "reject",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s\nIf it may not be run by the user %d, move the project where everybody may read it, or install PostgreSQL",
			err, output, nobody)
	}
	return nil
}

func (s *Server) configure(settings map[string]string, access string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return errors.Join(s.write("postgresql.conf", text.String()), s.write("pg_hba.conf", access))
}

// write replaces a file of initdb's, which keeps its owner.
func (s *Server) write(name, text string) error {
	return os.WriteFile(filepath.Join(s.folder, "data", name), []byte(text), 0o600)
}

// run starts the server and waits until it lets somebody in.
func (s *Server) run(ctx context.Context, bin string) error {
	command := s.command(filepath.Join(bin, "postgres"), "-D", filepath.Join(s.folder, "data"))
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	command.Stdout, command.Stderr = log, log
	started := make(chan error, 1)
	go func() {
		defer close(s.ended)
		defer func() { _ = log.Close() }()
		defer process.PinThread()()
		process.EndWithParent(command, syscall.SIGQUIT)
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.running = command
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for !s.answers() {
		select {
		case <-s.ended:
			text, _ := s.Log()
			return fmt.Errorf("the server has ended: %s", text)
		case <-ctx.Done():
			return fmt.Errorf("the server does not start: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// answers tells whether the server lets somebody in.
func (s *Server) answers() bool {
	conn, err := net.Dial("unix", filepath.Join(s.folder, fmt.Sprintf(".s.PGSQL.%d", s.Port)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	text, err := s.Log()
	return err == nil && strings.Contains(text, "ready to accept connections")
}

// command runs a program of PostgreSQL with nothing of this process's environment, and as nobody if this process is root.
func (s *Server) command(program string, arguments ...string) *exec.Cmd {
	command := exec.Command(program, arguments...) // #nosec G204 -- a program of the server that find has found
	command.Dir, command.Env = s.folder, []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	if os.Geteuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return command
}

// becomeRDS makes what an RDS instance has from the beginning: an administrator who is no superuser, the groups that he may
// hand out, a database of his, and pgaudit where it is loaded, which there he may make himself. A backup has all that, and the
// administrator gets another password.
func (s *Server) becomeRDS(ctx context.Context, o *Options) error {
	administrator := pgx.Identifier{o.Administrator}.Sanitize()
	password := " PASSWORD '" + strings.ReplaceAll(o.Password, "'", "''") + "'"
	if o.Backup != "" {
		return s.execute(ctx, "postgres", "ALTER ROLE "+administrator+password)
	}
	err := s.execute(ctx, "postgres",
		"CREATE ROLE rds_iam", "CREATE ROLE rds_superuser",
		"GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION",
		"CREATE ROLE "+administrator+" LOGIN CREATEDB CREATEROLE"+password,
		"GRANT rds_superuser, rds_iam TO "+administrator+" WITH ADMIN OPTION",
		"CREATE DATABASE rdsadmin",
		"ALTER DATABASE postgres OWNER TO "+administrator, "ALTER DATABASE template1 OWNER TO "+administrator,
	)
	if err == nil && s.Audits && strings.Contains(o.Parameters["shared_preload_libraries"], "pgaudit") {
		err = s.execute(ctx, "template1", "CREATE EXTENSION pgaudit")
	}
	if err == nil && o.Database != "" {
		err = s.execute(ctx, "postgres", "CREATE DATABASE "+pgx.Identifier{o.Database}.Sanitize()+" OWNER "+administrator)
	}
	return err
}

// execute runs statements as the superuser.
func (s *Server) execute(ctx context.Context, database string, statements ...string) error {
	conn, err := s.Superuser(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func freePort() (uint16, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return uint16(listener.Addr().(*net.TCPAddr).Port), nil // #nosec G115 -- a port has 16 bits
}
