// SPDX-License-Identifier: Apache-2.0

//go:build kernel

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/tools/process"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// two is an account with two hosts, of which one reaches the other's port 5432, and the table that says so.
var two = map[string]string{
	"account/Vpcs":    `[{"VpcId":"vpc-1","CidrBlock":"10.0.0.0/16","CidrBlockAssociationSet":[{"CidrBlock":"10.0.0.0/16","CidrBlockState":{"State":"associated"}}]}]`,
	"account/Subnets": `[{"SubnetId":"s-1","VpcId":"vpc-1","CidrBlock":"10.0.1.0/24"},{"SubnetId":"s-2","VpcId":"vpc-1","CidrBlock":"10.0.2.0/24"}]`,
	"account/SecurityGroups": `[
		{"GroupId":"sg-app","GroupName":"shop-app","VpcId":"vpc-1","IpPermissions":[],"IpPermissionsEgress":[{"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"UserIdGroupPairs":[{"GroupId":"sg-db"}]}]},
		{"GroupId":"sg-db","GroupName":"shop-db","VpcId":"vpc-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"UserIdGroupPairs":[{"GroupId":"sg-app"}]}],"IpPermissionsEgress":[]}]`,
	"account/NetworkAcls": `[{"NetworkAclId":"acl-1","VpcId":"vpc-1","IsDefault":true,"Entries":[
		{"CidrBlock":"0.0.0.0/0","Egress":true,"Protocol":"-1","RuleAction":"allow","RuleNumber":100},{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":"-1","RuleAction":"allow","RuleNumber":100}]}]`,
	"account/RouteTables": `[{"RouteTableId":"rt-main","VpcId":"vpc-1","Associations":[{"Main":true}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local","State":"active"}]}]`,
	"account/NetworkInterfaces": `[
		{"NetworkInterfaceId":"eni-app","SubnetId":"s-1","VpcId":"vpc-1","InterfaceType":"interface","SourceDestCheck":true,"Groups":[{"GroupId":"sg-app"}],"PrivateIpAddress":"10.0.1.20"},
		{"NetworkInterfaceId":"eni-db","SubnetId":"s-2","VpcId":"vpc-1","InterfaceType":"interface","SourceDestCheck":true,"Groups":[{"GroupId":"sg-db"}],"PrivateIpAddress":"10.0.2.20"}]`,
	"account/Listeners": `[]`,
	"state": `{"version":3,"deployment":{"manifest":{},"resources":[{"urn":"urn:pulumi:staging::p::bulkhead:network:Network::shop","type":"bulkhead:network:Network","custom":false,
		"inputs":{"table":{"segments":[{"name":"app","tier":"app"},{"name":"db","tier":"data"}],"connections":[{"from":"app","to":"db","ports":"tcp/5432","why":"data"}]}}}]}}`,
}

// prepared is the folder of a repository whose account was read already, for the run of the test as another user.
const prepared = "TWIN_TEST_PREPARED"

// described makes a repository whose staging has [two] as its account.
func described(t *testing.T) *rehearsal {
	t.Helper()
	root := os.Getenv(prepared)
	if root == "" {
		root = repository(t)
	}
	r := &rehearsal{Stage: engine.NewStage(root, "staging"), out: os.Stderr}
	for name, text := range two {
		require.NoError(t, os.MkdirAll(filepath.Dir(r.Path(name)), 0o750))
		require.NoError(t, os.WriteFile(r.Path(name+".json"), []byte(text), 0o600))
	}
	t.Cleanup(func() { require.NoError(t, r.endTwin(os.Stderr)) })
	t.Setenv(asCommand, "1") // of the keeper
	return r
}

// within runs a shell's command in the twin of staging.
func within(t *testing.T, r *rehearsal, segment, script string) (code int, stdout, stderr string) {
	t.Helper()
	command, out, errOut := rehearse(t, r.Root, "twin", "--in", segment, "staging", "--", "sh", "-c", script)
	return exitCode(t, command), out.String(), errOut.String()
}

// running are the processes of the twin of staging that match further variables.
func running(t *testing.T, r *rehearsal, variables ...string) []process.Process {
	t.Helper()
	found, err := process.WithVariable(append(variables, r.twinVariable())...)
	require.NoError(t, err)
	return found
}

func TestATwinStaysUpUntilItIsEnded(t *testing.T) {
	r := described(t)
	o, err := r.stand(t.Context())
	require.NoError(t, err)
	require.True(t, o.Agrees(), o.Disagreements)
	require.NoFileExists(t, r.Path(lentFile), "it has passwords")

	for range 2 { // another shell finds the same twin
		code, out, guide := within(t, r, "app", `curl -sS https://db-1:5432/; curl -sS -m 1 https://db-1:443/ 2>/dev/null || echo closed; pwd; env | grep TWIN_INSIDE; exit 7`)
		require.Equal(t, 7, code, guide)
		require.Equal(t, "eni1 db-1\nclosed\n"+r.Root+"\n", out)
		require.Contains(t, guide, "This is app (eni-app, 10.0.1.20).")
	}
	code, _, stderr := within(t, r, "nobody", "true")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `no host of the twin is in the segment "nobody"; it has hosts in internet, app, db`)
	command, _, errOut := rehearse(t, r.Root, "twin", "--in", "app", "staging", "--", "no-such-program")
	require.Equal(t, exitMisuse, exitCode(t, command))
	require.Contains(t, errOut.String(), `"no-such-program": executable file not found`)

	code, _, stderr = within(t, r, "app", os.Args[0]+" twin staging") // who asks in a twin for another is told what anybody is
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "staging is not rehearsed")

	command, out, _ := rehearse(t, r.Root, "twin", "--down", "staging")
	require.Zero(t, exitCode(t, command))
	require.Equal(t, "the twin of staging has ended\n", out.String())
	require.Empty(t, running(t, r))
	command, out, _ = rehearse(t, r.Root, "twin", "--down", "staging")
	require.Zero(t, exitCode(t, command))
	require.Equal(t, "nothing to do: no twin of staging is up\n", out.String())
	code, _, stderr = within(t, r, "app", "true")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "staging is not rehearsed; run `make rehearse ENV=staging` first")
}

// Whichever of its processes is killed, nothing stands in the way of the next twin, and none pretends to be one.
func TestATwinOfWhichAProcessIsKilled(t *testing.T) {
	r := described(t)
	for _, victim := range []string{"keeper", "inhabitant"} {
		t.Run(victim, func(t *testing.T) {
			_, err := r.stand(t.Context())
			require.NoError(t, err)
			all, inside := running(t, r), running(t, r, twin.Inside)
			require.Len(t, all, 2)
			require.Len(t, inside, 1)
			shell, _, _ := rehearse(t, r.Root, "twin", "--in", "app", "staging", "--", "sleep", "600") // somebody looks around
			require.NoError(t, shell.Start())
			require.Eventually(t, func() bool { return len(running(t, r)) == 3 && len(running(t, r, twin.Inside)) == 1 }, 20*time.Second, 10*time.Millisecond)

			pid := inside[0].PID
			if victim == "keeper" {
				pid = all[0].PID + all[1].PID - pid
			}
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			require.Eventually(t, func() bool { return len(running(t, r)) == 1 }, 20*time.Second, 10*time.Millisecond, "the shell stays, and nothing else")
			code, _, stderr := within(t, r, "app", "true")
			require.Equal(t, exitFailed, code, stderr)

			require.NoError(t, os.WriteFile(r.Path("twin-0.sock"), nil, 0o600), "a killed keeper leaves it")
			var said bytes.Buffer
			require.NoError(t, r.endTwin(&said))
			require.Equal(t, "the twin of staging has ended\n", said.String())
			require.Error(t, shell.Wait(), "it has ended with the twin")
			require.NoFileExists(t, r.Path("twin-0.sock"))
		})
	}
}

func TestATwinThatCannotBeMadeLeavesNothingAndSaysWhy(t *testing.T) {
	r := described(t)
	require.NoError(t, os.WriteFile(r.Path("account", "Listeners.json"), []byte(`[{"ListenerArn":"l","Protocol":"HTTPS","Port":443}]`), 0o600))
	_, err := r.stand(t.Context())
	require.ErrorIs(t, err, twin.ErrUnable)
	require.ErrorContains(t, err, "listener l: its rules are not among the answers (Rules.json)")
	require.Empty(t, running(t, r))

	require.NoError(t, os.WriteFile(r.Path("state.json"), []byte(`{"version":3,"deployment":{"manifest":{}}}`), 0o600))
	_, err = r.stand(t.Context())
	require.NotErrorIs(t, err, twin.ErrUnable)
	require.ErrorContains(t, err, "the twin has ended with exit code 1: no network of the stack says which segments it has")
}

// Whoever is root tries the same as a user without any privilege, who cannot run the program where go test has put it.
func TestATwinOfAUserWithoutPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		return // as all tests here
	}
	const nobody = 65534
	folder, err := os.MkdirTemp("", "bulkhead-twin-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	root := repository(t)
	require.NoError(t, os.Remove(filepath.Join(root, "policy")), "a link to where the user may not be")
	require.NoError(t, os.CopyFS(filepath.Join(root, "policy", "profiles"), os.DirFS(filepath.Join(repositoryPolicy(t), "profiles"))))
	require.NoError(t, os.CopyFS(filepath.Join(folder, "root"), os.DirFS(root)))
	text, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	program := filepath.Join(folder, "rehearse.test")
	require.NoError(t, os.WriteFile(program, text, 0o755)) //nolint:gosec // for another user
	require.NoError(t, filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, nobody, nobody)
	}))
	c := exec.CommandContext(t.Context(), program, "-test.run", "TestATwinStaysUp|TestATwinOfWhich", "-test.v")
	c.Dir, c.Env = folder, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + folder, prepared + "=" + filepath.Join(folder, "root")}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: TestATwinStaysUpUntilItIsEnded")
	require.Contains(t, string(out), "--- PASS: TestATwinOfWhichAProcessIsKilled")
}
