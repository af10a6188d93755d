// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Dial serves the pack on the loop-back address as the engine would start it, and returns a client. The
// server ends with the test.
func Dial(tb testing.TB, p *pack.Pack) pulumirpc.AnalyzerClient {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	served := make(chan error, 1)
	go func() {
		err := pack.Serve(ctx, p, in)
		_ = in.CloseWithError(err)
		served <- err
	}()
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20), grpc.MaxCallSendMsgSize(400<<20)))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = conn.Close()
		cancel()
		select {
		case err := <-served:
			if err != nil {
				tb.Error(err)
			}
		case <-time.After(5 * time.Second):
			tb.Error("the server did not end")
		}
	})
	return pulumirpc.NewAnalyzerClient(conn)
}
