// SPDX-License-Identifier: Apache-2.0

// Package emulatortest gives Go tests an emulator inside the test's own process: one moto and one gateway for each test binary,
// and for each test an empty AWS account of its own.
package emulatortest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
)

// Region is where the tests' resources live.
const Region = "eu-central-1"

// Running is the emulator of this test binary.
type Running struct {
	Endpoint string           // The gateway's address.
	Gateway  *gateway.Gateway // The gateway itself.
	Moto     *moto.Server     // It ends with this process.
}

var start = sync.OnceValues(begin)

// begin installs moto where that is needed and starts it with a gateway in front.
func begin() (*Running, error) {
	root, err := projectRoot()
	if err != nil {
		return nil, err
	}
	python, err := moto.Install(context.Background(), root, os.Stderr)
	if err != nil {
		return nil, err
	}
	output := &bytes.Buffer{}
	server, err := moto.Start(context.Background(), python, output)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, output)
	}
	g := gateway.New("test", gateway.Backend{
		Endpoint: server.Endpoint, PID: server.PID, Version: moto.Version, Models: server.Models, Gone: server.Done(), Failure: server.Failure,
		Servers: fill.DatabaseBacking{Root: root},
	}, log.New(io.Discard, "", 0), func() {})
	return &Running{Endpoint: httptest.NewServer(g).URL, Gateway: g, Moto: server}, nil
}

// projectRoot finds the folder of go.mod, where the toolchain's packages live.
func projectRoot() (string, error) {
	folder, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("no go.mod above the test's folder")
		}
		folder = filepath.Dir(folder)
	}
	return "", err
}

// Start returns the emulator of this test binary, starting it the first time.
func Start(tb testing.TB) *Running {
	tb.Helper()
	running, err := start()
	require.NoError(tb, err)
	return running
}

// accountCount makes every account's id its own.
var accountCount atomic.Int64

// Account is one test's own AWS account.
type Account struct {
	*Running
	ID        string // Twelve digits.
	Env       string // The environment's name in the gateway.
	AccessKey string
	Record    string     // The file that gets the account's calls.
	Config    aws.Config // For the clients of any service; calls are tried once only.
}

// NewAccount registers an account that no other test uses; it is forgotten when the test ends.
func NewAccount(tb testing.TB) *Account {
	tb.Helper()
	running := Start(tb)
	n := accountCount.Add(1)
	a := &Account{
		Running: running, ID: fmt.Sprintf("9%011d", n), Env: fmt.Sprintf("test%d", n), AccessKey: fmt.Sprintf("AKIATEST%08d", n),
		Record: filepath.Join(tb.TempDir(), "calls.jsonl"),
	}
	err := running.Gateway.Register(gateway.Account{Env: a.Env, AccountID: a.ID, AccessKey: a.AccessKey, Record: a.Record})
	require.NoError(tb, err)
	tb.Cleanup(func() { running.Gateway.Unregister(a.Env) })
	proxy, err := url.Parse(running.Endpoint)
	require.NoError(tb, err)
	a.Config = aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(running.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(a.AccessKey, "secret", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
			transport.Proxy = func(request *http.Request) (*url.URL, error) {
				if net.ParseIP(request.URL.Hostname()) != nil {
					return nil, nil
				}
				return proxy, nil // S3 Control's host name exists nowhere but in the gateway.
			}
		}),
	}
	return a
}

// Retrying returns the account's configuration with the SDK's own retries, at most attempts in all and without long waits.
func (a *Account) Retrying(attempts int) aws.Config {
	config := a.Config.Copy()
	config.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = attempts, 10*time.Millisecond
			o.RateLimiter = ratelimit.None
		})
	}
	return config
}
