// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"errors"
	"fmt"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const tcp = "tcp"

// Allow lets one group open connections to another on one port. It writes the egress rule of from and the ingress rule of
// to, each a child of its group. The reason becomes the description of both.
func Allow(ctx *pulumi.Context, from, to *Group, port Port, why string) error {
	if from == nil || to == nil {
		return fmt.Errorf("allow port %s: both groups are needed", port)
	}
	problem := errors.Join(port.Check(), checkWhy("reason", why))
	if problem == nil {
		problem = errors.Join(from.claim("to", to.name, port), to.claim("from", from.name, port))
	}
	if problem != nil {
		return fmt.Errorf("allow %q to reach %q: %w", from.name, to.name, problem)
	}
	rule := fmt.Sprintf("%s-to-%s-%s", from.name, to.name, port.Name)
	egress, err := vpc.NewSecurityGroupEgressRule(ctx, rule, &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId:           from.ID,
		ReferencedSecurityGroupId: to.ID,
		IpProtocol:                pulumi.String(tcp),
		FromPort:                  pulumi.Int(port.Number),
		ToPort:                    pulumi.Int(port.Number),
		Description:               pulumi.String(why),
	}, pulumi.Parent(from))
	if err != nil {
		return err
	}
	rule = fmt.Sprintf("%s-from-%s-%s", to.name, from.name, port.Name)
	ingress, err := vpc.NewSecurityGroupIngressRule(ctx, rule, &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId:           to.ID,
		ReferencedSecurityGroupId: from.ID,
		IpProtocol:                pulumi.String(tcp),
		FromPort:                  pulumi.Int(port.Number),
		ToPort:                    pulumi.Int(port.Number),
		Description:               pulumi.String(why),
	}, pulumi.Parent(to))
	if err != nil {
		return err
	}
	from.made, to.made = append(from.made, egress, ingress), append(to.made, ingress)
	return nil
}

// AllowFromCIDR lets a network open connections to the group on one port. The label names the network in the rule's
// resource name. The network is a CIDR, IPv4 or IPv6, in canonical spelling; the internet at large is refused on every port
// but 80 and 443.
func (g *Group) AllowFromCIDR(ctx *pulumi.Context, label, network string, port Port, why string) error {
	ipv4, ipv6, err := g.network("from", label, network, port, why)
	if err != nil {
		return err
	}
	return g.keep(vpc.NewSecurityGroupIngressRule(ctx, fmt.Sprintf("%s-from-%s-%s", g.name, label, port.Name), &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: g.ID,
		CidrIpv4:        ipv4,
		CidrIpv6:        ipv6,
		IpProtocol:      pulumi.String(tcp),
		FromPort:        pulumi.Int(port.Number),
		ToPort:          pulumi.Int(port.Number),
		Description:     pulumi.String(why),
	}, pulumi.Parent(g)))
}

// AllowToCIDR lets the group open connections to a network on one port, under the rules of AllowFromCIDR.
func (g *Group) AllowToCIDR(ctx *pulumi.Context, label, network string, port Port, why string) error {
	ipv4, ipv6, err := g.network("to", label, network, port, why)
	if err != nil {
		return err
	}
	return g.keep(vpc.NewSecurityGroupEgressRule(ctx, fmt.Sprintf("%s-to-%s-%s", g.name, label, port.Name), &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: g.ID,
		CidrIpv4:        ipv4,
		CidrIpv6:        ipv6,
		IpProtocol:      pulumi.String(tcp),
		FromPort:        pulumi.Int(port.Number),
		ToPort:          pulumi.Int(port.Number),
		Description:     pulumi.String(why),
	}, pulumi.Parent(g)))
}

// AllowToPrefixList lets the group open connections to the networks of a prefix list, such as the one of a gateway
// endpoint (https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html).
func (g *Group) AllowToPrefixList(ctx *pulumi.Context, label string, id pulumi.StringInput, port Port, why string) error {
	problem := errors.Join(checkLabel(label), port.Check(), checkWhy("reason", why))
	if id == nil {
		problem = errors.Join(problem, errors.New("the prefix list id is missing"))
	}
	if problem == nil {
		problem = g.claim("to", label, port)
	}
	if problem != nil {
		return fmt.Errorf("allow %q to reach prefix list %q: %w", g.name, label, problem)
	}
	return g.keep(vpc.NewSecurityGroupEgressRule(ctx, fmt.Sprintf("%s-to-%s-%s", g.name, label, port.Name), &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: g.ID,
		PrefixListId:    id.ToStringOutput(),
		IpProtocol:      pulumi.String(tcp),
		FromPort:        pulumi.Int(port.Number),
		ToPort:          pulumi.Int(port.Number),
		Description:     pulumi.String(why),
	}, pulumi.Parent(g)))
}

// network checks one rule about a network and puts its CIDR into the field of its address family.
func (g *Group) network(direction, label, network string, port Port, why string) (ipv4, ipv6 pulumi.StringPtrInput, err error) {
	prefix, problem := cidr.Parse(network)
	if problem == nil {
		problem = checkReach(network, port)
	}
	problem = errors.Join(checkLabel(label), port.Check(), checkWhy("reason", why), problem)
	if problem == nil {
		problem = errors.Join(g.claim(direction, network, port), g.claim(direction, label, port))
	}
	if problem != nil {
		return nil, nil, fmt.Errorf("firewall group %q, %s %q: %w", g.name, direction, label, problem)
	}
	if prefix.Addr().Is4() {
		return pulumi.String(network), nil, nil
	}
	return nil, pulumi.String(network), nil
}

func checkLabel(text string) error {
	if !labelForm.MatchString(text) {
		return fmt.Errorf("label %q: use lower-case letters, digits and dashes, starting with a letter", text)
	}
	return nil
}
