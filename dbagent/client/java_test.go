// SPDX-License-Identifier: Apache-2.0

//go:build postgresql && java

package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// TestTheJavaOfTheDocumentationLogsIn runs the very lines with AWS's driver, which reads the secret again when a login is refused, through
// rotations. The program stays: what it has read, it keeps until then, so that of two who alternate it is always the first, at last with another password.
func TestTheJavaOfTheDocumentationLogsIn(t *testing.T) {
	d := start(t)
	folder := t.TempDir()
	jars, err := exec.Command("mvn", "--quiet", "--batch-mode", "--file", "testdata/java/pom.xml", "dependency:copy-dependencies", "-DoutputDirectory="+folder).CombinedOutput()
	require.NoError(t, err, "%s", jars)
	program := filepath.Join(folder, "Program.java")
	require.NoError(t, os.WriteFile(program, []byte(`import java.sql.*;

public class Program {
    public static void main(String[] arguments) throws Exception {
        while (System.in.read() > 0) {
            System.out.println(user());
        }
    }

    static String user() throws Exception {
`+shown(t, "java")+`
        try (connection; ResultSet rows = connection.createStatement().executeQuery("SELECT session_user || ' ' || ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
            rows.next();
            return rows.getString(1);
        }
    }
}
`), 0o600))
	for login, users := range map[declare.Login][]string{declare.AlternatingSecret: {"report", "report", "report"}, declare.Secret: {"batch", "batch"}} {
		// The driver's version of the SDK does not know AWS_ENDPOINT_URL.
		command := exec.Command("java", "-cp", filepath.Join(folder, "*"), "-Ddrivers.vpcEndpointUrl="+d.account.Endpoint, "-Ddrivers.vpcEndpointRegion="+emulatortest.Region, program)
		command.Env = append(d.environ(t, login), "CLASSPATH=")
		input, err := command.StdinPipe()
		require.NoError(t, err)
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		problems := &strings.Builder{}
		command.Stderr = problems
		require.NoError(t, command.Start())
		said := make([]byte, 64)
		for _, want := range users {
			_, err := input.Write([]byte("\n"))
			require.NoError(t, err)
			n, err := output.Read(said)
			require.NoError(t, err, problems)
			require.Equal(t, want+" true", strings.TrimSpace(string(said[:n])), problems)
			d.turn(t, login)
		}
		require.NoError(t, input.Close())
		require.NoError(t, command.Wait())
	}
}
