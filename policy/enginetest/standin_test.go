// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// realProvider names the variable with the path of the provider that the stand-in passes everything on to.
const realProvider = "BULKHEAD_REAL_PROVIDER"

// lacking are types that a program may have in a preview though the toolchain's reduced provider has no code
// for them. The engine asks a provider to check the inputs of a resource before any policy sees it.
var lacking = map[string]bool{
	"aws:s3/accessPoint:AccessPoint":                                   true,
	"aws:s3/bucketWebsiteConfigurationV2:BucketWebsiteConfigurationV2": true,
}

// standIn puts a provider in front of the toolchain's which takes the inputs of the lacking types as they are,
// for previews only. A toolchain whose provider has the types is used as it is.
func (e *engine) standIn(t *testing.T) {
	t.Helper()
	behind := e.provider
	text, err := exec.Command(behind, "properties").Output()
	require.NoError(t, err)
	var types map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &types))
	missing := 0
	for token := range lacking {
		if types[token] == nil {
			t.Logf("a stand-in checks the inputs of %s, which the toolchain's provider lacks", token)
			missing++
		}
	}
	if missing == 0 {
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=%q exec %q \"$@\"\n", realProvider, behind, self)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pulumi-resource-aws"), []byte(script), 0o700))
	e.path = dir + string(os.PathListSeparator) + e.path
}

// serveProvider is the stand-in: it starts the real provider and answers the engine.
func serveProvider(behind string, args []string) error {
	cmd := exec.Command(behind, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	const largest = 400 << 20
	conn, err := grpc.NewClient("passthrough:///127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(largest))
	pulumirpc.RegisterResourceProviderServer(server, &provider{real: pulumirpc.NewResourceProviderClient(conn)})
	go func() { // the engine ends its plugins by a signal, which the real one gets too
		_ = cmd.Wait()
		server.Stop()
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// provider passes on what a preview asks.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	real pulumirpc.ResourceProviderClient
}

func lacks(urn string) bool {
	parts := strings.Split(urn, "::")
	return len(parts) > 2 && lacking[parts[2][strings.LastIndex(parts[2], "$")+1:]]
}

func (p *provider) GetPluginInfo(ctx context.Context, r *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return p.real.GetPluginInfo(ctx, r)
}

func (p *provider) CheckConfig(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return p.real.CheckConfig(ctx, r)
}

func (p *provider) DiffConfig(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return p.real.DiffConfig(ctx, r)
}

func (p *provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return p.real.Configure(ctx, r)
}

func (p *provider) Check(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if lacks(r.GetUrn()) {
		return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
	}
	return p.real.Check(ctx, r)
}

func (p *provider) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if lacks(r.GetUrn()) {
		if !r.GetPreview() {
			return nil, errors.New("the stand-in is for previews only")
		}
		return &pulumirpc.CreateResponse{Properties: r.GetProperties()}, nil
	}
	return p.real.Create(ctx, r)
}

func (p *provider) Cancel(ctx context.Context, r *emptypb.Empty) (*emptypb.Empty, error) {
	return p.real.Cancel(ctx, r)
}
