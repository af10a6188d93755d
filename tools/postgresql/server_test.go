// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package postgresql_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/postgresql"
)

// inFolder makes this test binary start a server in the folder and wait.
const inFolder = "BULKHEAD_TEST_SERVER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(inFolder); folder != "" {
		server, err := postgresql.Start(context.Background(), options(folder, nil))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(server.Port)
		select {}
	}
	os.Exit(m.Run())
}

const owner, password = "dbowner", "quote ' and \\ backslash"

func options(folder string, parameters map[string]string) postgresql.Options {
	return postgresql.Options{Root: filepath.Join("..", ".."), Folder: folder, Administrator: owner, Password: password, Database: "app", Parameters: parameters}
}

func TestTheParameterGroupDecidesWhoIsLetInWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		parameters map[string]string
		refused    bool
		ignored    []string
	}{
		{"RDS forces TLS where nothing is said", nil, true, nil},
		{"forced", map[string]string{"rds.force_ssl": "1", "rds.accepted_password_auth_method": "scram"}, true, nil},
		{"not forced", map[string]string{"rds.force_ssl": "0", "rds.accepted_password_auth_method": "md5+scram"}, false, nil},
		{"what only RDS has", map[string]string{"rds.logical_replication": "1", "work_mem": "{DBInstanceClassMemory/100}"}, true, []string{"rds.logical_replication", "work_mem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, err := postgresql.Start(t.Context(), options("", c.parameters))
			require.NoError(t, err)
			t.Cleanup(server.Stop)
			refusal, err := server.WithoutTLS(t.Context(), owner, password)
			require.NoError(t, err)
			require.Equal(t, c.refused, refusal != "", refusal)
			require.Equal(t, c.ignored, server.Ignored)
		})
	}
}

func TestAParameterThatPostgreSQLDoesNotHaveIsReported(t *testing.T) {
	t.Parallel()
	_, err := postgresql.Start(t.Context(), options("", map[string]string{"fsink": "on"}))
	require.ErrorContains(t, err, `unrecognized configuration parameter "fsink"`)
}

func TestAServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	folder, err := os.MkdirTemp("", "bulkhead-test-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o711)) // #nosec G302 -- for a server that runs as nobody
	parent.Env = append(os.Environ(), inFolder+"="+folder)
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	port := strings.TrimSpace(line)
	connect := func() error {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	require.NoError(t, connect())
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return connect() != nil }, 20*time.Second, 50*time.Millisecond, "the server is still there")
}

// TestABackupHoldsWhatWasWrittenBeforeIt backs a server up while a client writes row after row, and starts another one with the backup, which has
// every row that was committed before, none that came after, and another password of the administrator.
func TestABackupHoldsWhatWasWrittenBeforeIt(t *testing.T) {
	t.Parallel()
	parameters := map[string]string{"rds.force_ssl": "1", "rds.accepted_password_auth_method": "scram"}
	first, err := postgresql.Start(t.Context(), options("", parameters))
	require.NoError(t, err)
	t.Cleanup(first.Stop)
	writer, err := first.Superuser(t.Context(), "app")
	require.NoError(t, err)
	_, err = writer.Exec(t.Context(), "CREATE TABLE rows (n bigint, text text)")
	require.NoError(t, err)
	var written atomic.Int64
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := int64(1); ; n++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if _, err := writer.Exec(context.Background(), "INSERT INTO rows VALUES ($1, repeat('x', 1000))", n); err != nil {
				ended <- err
				return
			}
			written.Store(n)
		}
	}()
	require.Eventually(t, func() bool { return written.Load() > 100 }, 20*time.Second, 10*time.Millisecond)
	before := written.Load()
	backup, err := first.BackUp(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(backup) })
	after := written.Load() + 1 // One that was committed, and not yet counted.
	require.Eventually(t, func() bool { return written.Load() > after+100 }, 20*time.Second, 10*time.Millisecond)
	close(stop)
	require.NoError(t, <-ended)
	require.NoError(t, writer.Close(t.Context()))

	o := options("", parameters)
	o.Backup, o.Password = backup, "another password"
	second, err := postgresql.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(second.Stop)
	reader, err := second.Superuser(t.Context(), "app")
	require.NoError(t, err)
	defer func() { _ = reader.Close(context.Background()) }()
	var count, last int64
	require.NoError(t, reader.QueryRow(t.Context(), "SELECT count(*), max(n) FROM rows").Scan(&count, &last))
	require.Equal(t, last, count, "no gap")
	require.GreaterOrEqual(t, last, before)
	require.LessOrEqual(t, last, after)
	for _, c := range []struct {
		password string
		accepted bool
	}{{password, false}, {o.Password, true}} {
		config, err := pgx.ParseConfig("host=127.0.0.1 dbname=app sslmode=verify-full sslrootcert=" + second.CAFile())
		require.NoError(t, err)
		config.Port, config.User, config.Password, config.TLSConfig.ServerName = second.Port, owner, c.password, postgresql.Host
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if !c.accepted {
			require.ErrorContains(t, err, "password authentication failed")
			continue
		}
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
}
