// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// TestProviderRefusesRealEndpoints starts the source-built provider as the engine does and configures it as nobody should.
func TestProviderRefusesRealEndpoints(t *testing.T) {
	t.Parallel()
	program := provider(t)
	for _, c := range []struct {
		name     string
		endpoint string
		inputs   map[string]any
		problem  string
	}{
		{"no endpoint", "", nil, "AWS_ENDPOINT_URL is not set"},
		{"endpoint of AWS", "https://ec2.eu-central-1.amazonaws.com", nil, `AWS_ENDPOINT_URL="https://ec2.eu-central-1.amazonaws.com" is not a loopback address`},
		{"endpoint by name", "http://localhost:4566", nil, `AWS_ENDPOINT_URL="http://localhost:4566" is not a loopback address`},
		{"endpoint in the program", "http://127.0.0.1:1", map[string]any{"endpoints": `[{"s3":"https://s3.amazonaws.com"}]`}, "is not a loopback address"},
		{"proxy in the program", "http://127.0.0.1:1", map[string]any{"httpsProxy": "http://192.0.2.1:3128"}, "is not a loopback address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := plugin(t, program, c.endpoint).CheckConfig(t.Context(), &pulumirpc.CheckRequest{
				Urn: "urn:pulumi:staging::bulkhead::pulumi:providers:aws::aws", News: inputs(t, c.inputs),
			})
			require.ErrorContains(t, err, "this source-built provider is for emulators only")
			require.ErrorContains(t, err, c.problem)
		})
	}
}

// TestProviderResolvesNoNames configures the provider without asking it first whether the configuration is right, which is
// what the engine does with a provider that is in the state.
func TestProviderResolvesNoNames(t *testing.T) {
	t.Parallel()
	_, err := plugin(t, provider(t), "https://sts.eu-central-1.amazonaws.com").Configure(t.Context(), &pulumirpc.ConfigureRequest{
		Args: inputs(t, map[string]any{"maxRetries": "1"}), AcceptSecrets: true, AcceptResources: true,
	})
	require.ErrorContains(t, err, "resolves no host names")
}

// provider returns the path of the source-built provider, building it where the official one is in use.
func provider(t *testing.T) string {
	t.Helper()
	tool, err := toolchain.BuildProvider(t.Context(), toolchain.Options{Root: sandbox.Repository(t), Progress: io.Discard, Rehearsal: true})
	require.NoError(t, err)
	return tool.Path
}

func inputs(t *testing.T, more map[string]any) *structpb.Struct {
	t.Helper()
	all := map[string]any{"region": "eu-central-1", "accessKey": "AKIAIOSFODNN7EXAMPLE", "secretKey": "secret", "version": toolchain.ProviderVersion}
	for key, value := range more {
		all[key] = value
	}
	made, err := structpb.NewStruct(all)
	require.NoError(t, err)
	return made
}

// plugin starts the provider with the given AWS endpoint and returns a client of it.
func plugin(t *testing.T, path, endpoint string) pulumirpc.ResourceProviderClient {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	command := exec.CommandContext(ctx, path)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_ENDPOINT_URL=") {
			command.Env = append(command.Env, variable)
		}
	}
	if endpoint != "" {
		command.Env = append(command.Env, "AWS_ENDPOINT_URL="+endpoint)
	}
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		stop()
		_ = command.Wait() // it has been killed
	})
	port, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	connection, err := grpc.NewClient("passthrough:///127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return pulumirpc.NewResourceProviderClient(connection)
}
