// SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startPlaceholder runs the placeholder service as the instance would and returns its address.
func startPlaceholder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "placeholder"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: secret},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)

	server := exec.Command("python3", "-I", "-u", "placeholder/server.py")
	server.Env = []string{"SERVICE_NAME=shop", "SERVICE_PORT=" + port, "SERVICE_HEALTH_PATH=/healthz", "TLS_DIRECTORY=" + dir, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond, "the placeholder does not listen")
	return address
}

func TestPlaceholderServes(t *testing.T) {
	address := startPlaceholder(t)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // #nosec G402 -- a load balancer does not verify its targets either
	}}
	t.Cleanup(client.CloseIdleConnections)
	for _, test := range []struct {
		method, path string
		status       int
		body         string
	}{
		{http.MethodGet, "/healthz", 200, "ok\n"},
		{http.MethodGet, "/healthz?from=balancer", 200, "ok\n"},
		{http.MethodGet, "/", 200, "shop\n"},
		{http.MethodHead, "/", 200, ""},
		{http.MethodGet, "/etc/passwd", 404, "not found\n"},
		{http.MethodGet, "/../server.py", 404, "not found\n"},
		{http.MethodPost, "/", 501, ""},
	} {
		request, err := http.NewRequest(test.method, fmt.Sprintf("https://%s%s", address, test.path), strings.NewReader(""))
		require.NoError(t, err)
		response, err := client.Do(request)
		require.NoError(t, err, test.path)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, test.status, response.StatusCode, "%s %s", test.method, test.path)
		if test.status != 501 {
			require.Equal(t, test.body, string(body))
			require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
		}
		require.NotContains(t, response.Header.Get("Server"), "Python")
	}
}

func TestPlaceholderRefusesOldTLSAndPlainHTTP(t *testing.T) {
	address := startPlaceholder(t)
	_, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) // #nosec G402 -- what must not work
	require.Error(t, err)
	_, err = (&http.Client{Timeout: 5 * time.Second}).Get("http://" + address + "/healthz")
	require.Error(t, err)
}

func TestPlaceholderServesWhileAnotherClientStallsInTheHandshake(t *testing.T) {
	address := startPlaceholder(t)
	for range 3 {
		stalled, err := net.Dial("tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = stalled.Close() })
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, &tls.Config{InsecureSkipVerify: true}) // #nosec G402 -- as above
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestPlaceholderInstallsItself(t *testing.T) {
	script := placeholder().Body
	require.NotContains(t, script, "@SERVER@")
	require.NotContains(t, script, "@UNIT@")
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(script)
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, hardening := range []string{"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "PrivateTmp=yes"} {
		require.Contains(t, script, hardening)
	}
}

func TestEnvironmentIsWhatAShellReads(t *testing.T) {
	part, err := environment(map[string]string{"SERVICE_NAME": "shop", "SERVICE_HEALTH_PATH": "/healthz"}, "")
	require.NoError(t, err)
	dir := t.TempDir() + "/bulkhead"
	run := exec.Command("bash")
	run.Stdin = strings.NewReader(strings.ReplaceAll(part.Body, "/etc/bulkhead", dir) + "\n. " + dir + "/service.env; echo \"$SERVICE_NAME $SERVICE_HEALTH_PATH\"")
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "shop /healthz\n", string(out))
}

func TestEnvironmentRefusesWhatAShellWouldExpand(t *testing.T) {
	for _, value := range []string{"a b", "$(id)", "`id`", "a'b", "a\nB=c", `a\b`} {
		_, err := environment(map[string]string{"X": value}, "")
		require.ErrorContains(t, err, "environment variable X", value)
	}
}
