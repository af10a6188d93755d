// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// natZones returns the zones that have a NAT gateway.
func natZones(nat NATStrategy, zones []string) []string {
	switch {
	case nat == NATSingle && len(zones) > 0:
		return zones[:1]
	case nat == NATOnePerZone:
		return zones
	default:
		return nil
	}
}

// natOf returns the zone of the NAT gateway that serves a zone.
func natOf(nat NATStrategy, zones []string, zone string) string {
	if nat == NATSingle {
		return zones[0]
	}
	return zone
}

// createGateways creates the internet gateway and, as the strategy says, NAT gateways with an address each. Names
// follow the zone, so that a change of strategy keeps the gateways that both strategies have.
func (b *builder) createGateways(ctx *pulumi.Context) (err error) {
	if b.internet, err = ec2.NewInternetGateway(ctx, b.child("internet"), &ec2.InternetGatewayArgs{
		VpcId: b.VPCID,
		Tags:  b.tags("internet"),
	}, pulumi.Parent(b.Network)); err != nil {
		return err
	}
	if b.args.IPv6 {
		if b.outward, err = ec2.NewEgressOnlyInternetGateway(ctx, b.child("outward"), &ec2.EgressOnlyInternetGatewayArgs{
			VpcId: b.VPCID,
			Tags:  b.tags("outward"),
		}, pulumi.Parent(b.Network)); err != nil {
			return err
		}
	}
	b.nat, b.NATPublicIPs, b.NATGatewayIDs = map[string]*ec2.NatGateway{}, map[string]pulumi.StringOutput{}, map[string]pulumi.StringOutput{}
	for _, zone := range natZones(b.args.NATStrategy, b.Zones) {
		role := "nat-" + zone
		address, err := ec2.NewEip(ctx, b.child(role), &ec2.EipArgs{
			Domain: pulumi.String("vpc"),
			Tags:   b.tags(role),
		}, pulumi.Parent(b.Network), order.After(order.List(b.internet)))
		if err != nil {
			return err
		}
		gateway, err := ec2.NewNatGateway(ctx, b.child(role), &ec2.NatGatewayArgs{
			SubnetId:     b.subnets[place{segment.Public, zone}],
			AllocationId: address.ID(),
			Tags:         b.tags(role),
		}, pulumi.Parent(b.Network), order.After(order.List(b.internet)))
		if err != nil {
			return err
		}
		b.nat[zone], b.NATPublicIPs[zone], b.NATGatewayIDs[zone] = gateway, address.PublicIp, gateway.ID().ToStringOutput()
	}
	return nil
}
