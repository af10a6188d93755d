// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/network"
)

// AccessLogPrefix is where in the log bucket the load balancer writes. Give the bucket a storage.ALBAccessLogs writer
// for this prefix.
const AccessLogPrefix = "alb"

// world is every IPv4 address. The load balancer is the one thing that may be reached from all of them.
const world = "0.0.0.0/0"

// openDoors makes the security group: the world may come in on 443 and 80, nothing may go out until Serve allows it.
func (e *Edge) openDoors(ctx *pulumi.Context, name string, args *Args) error {
	group, err := firewall.NewGroup(ctx, name, &firewall.GroupArgs{
		VpcID:       args.Network.VpcID,
		Description: "Load balancer: HTTPS from the internet, out to its targets only",
	}, pulumi.Parent(e))
	if err != nil {
		return err
	}
	e.Group = group
	if err := group.AllowFromCIDR(ctx, "internet", world, firewall.HTTPS, "HTTPS from the internet"); err != nil {
		return err
	}
	return group.AllowFromCIDR(ctx, "internet", world, firewall.HTTP, "HTTP from the internet, answered with a redirect to HTTPS")
}

// balance makes the internet-facing load balancer in the public tier.
func (e *Edge) balance(ctx *pulumi.Context, name string, args *Args) error {
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	if args.DeletionProtectionOff != "" {
		tags["bulkhead:relaxed:DeletionProtection"] = pulumi.String(args.DeletionProtectionOff)
	}
	balancer, err := lb.NewLoadBalancer(ctx, name+"-alb", &lb.LoadBalancerArgs{
		LoadBalancerType: pulumi.String("application"),
		Internal:         pulumi.Bool(false),
		IpAddressType:    pulumi.String("ipv4"),
		Subnets:          args.Network.SubnetIDs(network.Public),
		SecurityGroups:   pulumi.StringArray{e.Group.ID},
		// Names with other characters than letters, digits and hyphens can slip past a target's own checks (FSBP ELB.4).
		DropInvalidHeaderFields: pulumi.Bool(true),
		// Refuses requests that two servers could read differently (FSBP ELB.12). "strictest" would also refuse
		// harmless ones, such as a GET that says "Content-Length: 0".
		DesyncMitigationMode:     pulumi.String("defensive"),
		XffHeaderProcessingMode:  pulumi.String("append"),
		EnableHttp2:              pulumi.Bool(true),
		EnableDeletionProtection: pulumi.Bool(args.DeletionProtectionOff == ""), // FSBP ELB.6
		// When AWS WAF does not answer, nothing passes.
		EnableWafFailOpen: pulumi.Bool(false),
		AccessLogs: lb.LoadBalancerAccessLogsArgs{ // FSBP ELB.5
			Enabled: pulumi.Bool(true),
			Bucket:  args.AccessLogs.Name,
			Prefix:  pulumi.String(AccessLogPrefix),
		},
		// One line for each TLS handshake, failed ones too: it shows who a change of TLSPolicy would lock out.
		ConnectionLogs: lb.LoadBalancerConnectionLogsArgs{
			Enabled: pulumi.Bool(true),
			Bucket:  args.AccessLogs.Name,
			Prefix:  pulumi.String(AccessLogPrefix),
		},
		Tags: tags,
	}, pulumi.Parent(e), pulumi.DependsOn([]pulumi.Resource{
		// The VPC must have its internet gateway, and keep it until the load balancer is gone.
		args.Network,
		// AWS writes a test object before it turns logs on, so the bucket must admit it and encrypt by then.
		args.AccessLogs.Policy, args.AccessLogs.Encryption,
	}))
	if err != nil {
		return err
	}
	e.LoadBalancerARN = balancer.Arn
	e.ARNSuffix = balancer.ArnSuffix
	e.DNSName = balancer.DnsName
	e.zone = balancer.ZoneId
	return nil
}
