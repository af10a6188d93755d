// SPDX-License-Identifier: Apache-2.0

// Package providertest drives the source-built AWS provider's plugin directly, without an engine or a program,
// to see that what it writes to the emulator is what it reads back.
package providertest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// Plugin is one running provider, configured for one test's account.
type Plugin struct {
	Client  pulumirpc.ResourceProviderClient
	Account *emulatortest.Account
}

// engine is the little of Pulumi's engine that a provider calls: its log.
type engine struct {
	pulumirpc.UnimplementedEngineServer
	mutex sync.Mutex
	lines []string
}

// Log keeps warnings and errors.
func (e *engine) Log(_ context.Context, request *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	if request.GetSeverity() >= pulumirpc.LogSeverity_WARNING {
		e.mutex.Lock()
		defer e.mutex.Unlock()
		e.lines = append(e.lines, request.GetMessage())
	}
	return &emptypb.Empty{}, nil
}

// Start runs the source-built provider of the repository at root against a new account until the test ends.
func Start(t *testing.T, root string) *Plugin {
	t.Helper()
	provider, err := toolchain.BuildProvider(t.Context(), toolchain.Options{Root: root, Progress: t.Output()})
	require.NoError(t, err)
	account := emulatortest.NewAccount(t)
	log := &engine{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, log)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	// #nosec G204 -- the project's own provider
	cmd := exec.CommandContext(context.Background(), provider.Path, listener.Addr().String())
	cmd.Env = environment(account)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(strings.Join(log.lines, "\n"))
		}
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the provider did not start")
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	plugin := &Plugin{Client: pulumirpc.NewResourceProviderClient(connection), Account: account}
	plugin.configure(t)
	return plugin
}

func environment(account *emulatortest.Account) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"AWS_ENDPOINT_URL=" + account.Endpoint, "HTTP_PROXY=" + account.Endpoint, "AWS_REGION=" + emulatortest.Region,
		"AWS_ACCESS_KEY_ID=" + account.AccessKey, "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
}

func (p *Plugin) configure(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := Struct(t, map[string]any{
		"region": emulatortest.Region, "maxRetries": 3,
		"defaultTags":       map[string]any{"tags": map[string]any{"Environment": p.Account.Env}},
		"allowedAccountIds": []any{p.Account.ID}, "skipMetadataApiCheck": true, "skipRegionValidation": true,
		"skipCredentialsValidation": true,
	})
	// A provider's own settings travel as text, the nested ones as JSON.
	for key, value := range args.GetFields() {
		if _, text := value.GetKind().(*structpb.Value_StringValue); !text {
			encoded, err := json.Marshal(value.AsInterface())
			require.NoError(t, err)
			args.Fields[key] = structpb.NewStringValue(string(encoded))
		}
	}
	variables := map[string]string{}
	for key, value := range args.GetFields() {
		variables["aws:config:"+key] = value.GetStringValue()
	}
	_, err := p.Client.Configure(ctx, &pulumirpc.ConfigureRequest{Variables: variables, Args: args})
	require.NoError(t, err)
}

// Struct converts a plain map.
func Struct(t *testing.T, values map[string]any) *structpb.Struct {
	t.Helper()
	converted, err := structpb.NewStruct(values)
	require.NoError(t, err, fmt.Sprint(values))
	return converted
}
