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

	options Options
	bin     string
	folder  string
	running *exec.Cmd
	ended   chan struct{}
	stop    sync.Once
}

// Start starts a server; the caller stops it. It ends with this process, too. The error is ErrNone where the machine has none.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := find(o.Root, o.Version)
	if err != nil {
		return nil, err
	}
	s := &Server{Version: cmp.Or(o.Version, filepath.Base(filepath.Dir(bin))), Audits: audits(bin), options: o, bin: bin}
	if s.Authority, err = authority.New("authority of this server"); err != nil {
		return nil, err
	}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp(o.Folder, "bulkhead-postgres-"); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		s.certify, s.fill,
		func() error { return s.configure("data") },
		func() error { return s.run(ctx) },
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
			s.end(syscall.SIGQUIT) // Immediate shutdown.
		}
		_ = os.RemoveAll(s.folder)
	})
}

// end sends the running server a signal and waits for its end.
func (s *Server) end(signal syscall.Signal) {
	_ = s.running.Process.Signal(signal)
	<-s.ended
	s.running = nil
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

// certify gives the server its certificate.
func (s *Server) certify() error {
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
	return nil
}

// fill makes the data: those of the backup, or none.
func (s *Server) fill() error {
	if s.options.Backup != "" {
		return copyTree(s.options.Backup, filepath.Join(s.folder, "data"), nil)
	}
	return s.initialize("data")
}

// initialize makes a folder for the data of a server without any.
func (s *Server) initialize(name string, more ...string) error {
	command := s.command("initdb", append([]string{"--pgdata", filepath.Join(s.folder, name), "--username", "rdsadmin", "--auth", "reject",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"}, more...)...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s\nIf it may not be run by the user %d, move the project where everybody may read it, or install PostgreSQL",
			err, output, nobody)
	}
	return nil
}

// configure replaces the settings that initdb has written into a folder. The files keep their owner.
func (s *Server) configure(folder string) error {
	settings, access := s.settings(s.options.Parameters)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	write := func(name, text string) error {
		return os.WriteFile(filepath.Join(s.folder, folder, name), []byte(text), 0o600)
	}
	return errors.Join(write("postgresql.conf", text.String()), write("pg_hba.conf", access))
}

// run starts the server and waits until it lets somebody in.
func (s *Server) run(ctx context.Context) error {
	command := s.command("postgres", "-D", filepath.Join(s.folder, "data"))
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	command.Stdout, command.Stderr = log, log
	started, ended := make(chan error, 1), make(chan struct{})
	s.ended = ended
	go func() {
		defer close(ended)
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
	command := exec.Command(filepath.Join(s.bin, program), arguments...) // #nosec G204 -- a program of the server that find has found
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
