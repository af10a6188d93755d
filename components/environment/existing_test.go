// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// An existing VPC is looked at with the environment's provider, before the keys and logs that come before the network.
func TestAnExistingVPCThatDoesNotFitStopsEverything(t *testing.T) {
	args := reference()
	args.VPCCIDR, args.NATStrategy = "", ""
	args.Existing = &network.Existing{VPCID: "vpc-01234567", SubnetIDs: map[string][]string{
		"public": {"subnet-00000000", "subnet-00000001"}, "app": {"subnet-00000002", "subnet-00000003"}, "data": {"subnet-00000004", "subnet-00000005"},
	}}
	options := []pulumitest.Option{}
	for _, token := range []string{
		"getVpc:getVpc", "getSubnet:getSubnet", "getVpcEndpoint:getVpcEndpoint", "getVpnGateway:getVpnGateway",
	} {
		options = append(options, pulumitest.Answer("aws:ec2/"+token, func(resource.PropertyMap) (resource.PropertyMap, error) {
			return nil, errors.New("not authorized")
		}))
	}
	rec, err := pulumitest.Record(program(args), options...)
	require.ErrorContains(t, err, `network "shop": Existing: vpc-01234567: cannot be read`)
	require.ErrorContains(t, err, "Existing: subnet-00000005: cannot be read")
	provider := rec.Only(t, providerType)
	for _, call := range rec.Invocations() {
		require.Truef(t, strings.HasPrefix(call.Provider, provider.URN+"::"), "%s is asked of %s", call.Token, call.Provider)
	}
	for _, r := range rec.Registrations() {
		require.False(t, strings.HasPrefix(r.Type, "aws:"), "%s is made before the VPC is judged", r.Name)
	}
}
