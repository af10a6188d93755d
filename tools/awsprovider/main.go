// SPDX-License-Identifier: Apache-2.0

// Command pulumi-resource-aws is a Pulumi resource plugin for AWS, bridged from the source of the
// upstream Terraform provider, for rehearsals against an emulator where the official plugin cannot
// be downloaded.
//
// It is no replacement for the official plugin: it holds only the types that the register (internal/awstypes) has a Terraform name for, comes from
// another upstream version, and refuses every endpoint that is not on the loopback interface.
//
// With the single argument "properties" it prints the properties of every type as JSON and exits;
// the mapping is tested against the SDK with that.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/x/muxer"
	"github.com/pulumi/pulumi-terraform-bridge/v3/unstable/metadata"
)

// version is that of the Pulumi SDK whose requests the plugin answers, not of its upstream source.
const version = "6.83.2"

// memoryLimit keeps a long deployment small: the collector works harder near it, nothing fails.
const memoryLimit = 320 << 20

func main() {
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(50)
	log.SetOutput(io.Discard) // upstream logs by its own levels to the standard logger
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	info, err := newProviderInfo(ctx)
	if err != nil {
		return err
	}
	if len(args) == 1 && args[0] == "properties" {
		return json.NewEncoder(os.Stdout).Encode(describe(info))
	}
	refuseNames()
	// The metadata service has an address and no name; nobody may ask it for credentials either.
	if err := os.Setenv("AWS_EC2_METADATA_DISABLED", "true"); err != nil {
		return err
	}
	// The engine never asks a provider of a Go program for its schema; a consumer that does gets the
	// package's name and version and no types.
	schema, err := json.Marshal(map[string]string{"name": info.Name, "version": info.Version})
	if err != nil {
		return err
	}
	pfbridge.MainWithMuxer(ctx, info.Name, *info, schema)
	return nil
}

// newProviderInfo joins the two halves of the upstream provider and maps its types.
func newProviderInfo(ctx context.Context) (*tfbridge.ProviderInfo, error) {
	framework, sdk, err := xpprovider.GetProvider(ctx)
	if err != nil {
		return nil, err
	}
	info := &tfbridge.ProviderInfo{
		P:                    pfbridge.MuxShimWithPF(ctx, shimv2.NewProvider(sdk), framework),
		Name:                 "aws",
		Version:              version,
		ResourcePrefix:       "aws",
		MetadataInfo:         tfbridge.NewProviderMetadata([]byte("{}")),
		PreConfigureCallback: refuseRemote,
	}
	mapTypes(info, xpprovider.Types)
	info.SetAutonaming(255, "-")
	dispatcher, ok := info.P.(interface {
		ResolveDispatch(*tfbridge.ProviderInfo) (muxer.DispatchTable, error)
	})
	if !ok {
		return nil, fmt.Errorf("the bridge's provider of type %T cannot be dispatched", info.P)
	}
	dispatch, err := dispatcher.ResolveDispatch(info)
	if err != nil {
		return nil, err
	}
	return info, metadata.Set(info.GetMetadata(), "mux", dispatch)
}
