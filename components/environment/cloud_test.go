// SPDX-License-Identifier: Apache-2.0

//go:build engine

package environment

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// quiet is how long nothing may have happened before the cloud lets go of what it holds back.
const quiet = 250 * time.Millisecond

// cloud is a provider for the engine that answers as the recording monitor does, and is as adverse as a cloud can be: it takes
// up to 20 ms for anything, and what a test wants late it holds back until nothing else is left to do. Whatever begins without
// waiting for what is held back has begun by then.
type cloud struct {
	pulumirpc.UnimplementedResourceProviderServer
	monitor            pulumi.MockResourceMonitor
	lateMade, lateGone func(urn string) bool

	mu         sync.Mutex
	operations []operation
	busy       int           // requests that are being served
	last       time.Time     // the end of the last one
	released   chan struct{} // closed when what is held back may go on
}

// operation is one resource made or deleted.
type operation struct {
	urn        string
	begin, end time.Time
}

func (o operation) name() string {
	return string(resource.URN(o.urn).Type()) + " " + resource.URN(o.urn).Name()
}

func newCloud(lateMade, lateGone func(urn string) bool) *cloud {
	return &cloud{monitor: pulumitest.Monitor(), lateMade: lateMade, lateGone: lateGone, released: make(chan struct{})}
}

// finished returns what was done since the last call.
func (c *cloud) finished() []operation {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := c.operations
	c.operations = nil
	return done
}

// serve takes its time with a request.
func (c *cloud) serve() {
	c.count(1)
	defer c.count(-1)
	time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) //#nosec G404 -- not a secret
}

func (c *cloud) count(more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy += more
	c.last = time.Now()
}

// hold waits until nothing else is left to do.
func (c *cloud) hold() {
	c.mu.Lock()
	released := c.released
	c.mu.Unlock()
	for tick := time.NewTicker(quiet / 10); ; {
		select {
		case <-released:
			return
		case <-tick.C:
			c.mu.Lock()
			if released == c.released && c.busy == 0 && time.Since(c.last) > quiet {
				close(c.released)
				c.released = make(chan struct{})
			}
			c.mu.Unlock()
		}
	}
}

// operate records the making or deleting of a resource.
func (c *cloud) operate(urn string, late func(string) bool) {
	begin := time.Now()
	if late(urn) {
		c.hold()
	}
	c.serve()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.operations = append(c.operations, operation{urn, begin, time.Now()})
}

func (c *cloud) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "6.83.2"}, nil
}

func (c *cloud) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (c *cloud) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (c *cloud) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (c *cloud) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, AcceptResources: true, AcceptOutputs: true}, nil
}

func (c *cloud) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	c.serve()
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (c *cloud) Diff(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (c *cloud) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	urn := resource.URN(r.GetUrn())
	id, state, err := c.monitor.NewResource(pulumi.MockResourceArgs{
		TypeToken: string(urn.Type()), Name: urn.Name(), Custom: true,
		RegisterRPC: &pulumirpc.RegisterResourceRequest{Type: string(urn.Type()), Name: urn.Name(), Object: r.GetProperties()},
	})
	if err != nil {
		return nil, err
	}
	properties, err := marshalled(state)
	if err != nil {
		return nil, err
	}
	c.operate(r.GetUrn(), c.lateMade)
	return &pulumirpc.CreateResponse{Id: id, Properties: properties}, nil
}

func (c *cloud) Delete(_ context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	c.operate(r.GetUrn(), c.lateGone)
	return &emptypb.Empty{}, nil
}

func (c *cloud) Invoke(_ context.Context, r *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	args, err := plugin.UnmarshalProperties(r.GetArgs(), plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
	if err != nil {
		return nil, err
	}
	answer, err := c.monitor.Call(pulumi.MockCallArgs{Token: r.GetTok(), Args: args})
	if err != nil {
		return nil, err
	}
	properties, err := marshalled(answer)
	return &pulumirpc.InvokeResponse{Return: properties}, err
}

func marshalled(properties resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(properties, plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
}
