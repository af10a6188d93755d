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
	"testing"
	"time"

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
