// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// maxMessage is the engine's own limit for one message, 400 MB. The gRPC default of 4 MB is less than the
// AnalyzeStack request of a large stack.
const maxMessage = 400 << 20

const shutdownGrace = 2 * time.Second

// Serve answers one engine until the context ends. It listens on the loop-back address and writes the port
// as the only line to out, which is how the engine learns where the pack is.
func Serve(ctx context.Context, p *Pack, out io.Writer) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("policy pack: %w", err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	pulumirpc.RegisterAnalyzerServer(server, NewServer(p))
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("policy pack: %v is not a TCP address", listener.Addr())
	}
	if _, err := fmt.Fprintf(out, "%d\n", address.Port); err != nil {
		return fmt.Errorf("policy pack: %w", err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		kill := time.AfterFunc(shutdownGrace, server.Stop)
		defer kill.Stop()
		server.GracefulStop()
	}()
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("policy pack: %w", err)
	}
	<-stopped
	return nil
}
