// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/bulkhead-iac/bulkhead/components/waf"
)

// accessLogPrefix is where in the log bucket the load balancer writes.
const accessLogPrefix = "alb"

// beside names what belongs to the edge and has a name of its own: "shop-waf" beside "shop-edge" or "shop".
func beside(name, what string) string { return strings.TrimSuffix(name, "-edge") + "-" + what }

// part takes a part of the edge for the same that stood by itself in stacks of version 0.1.
func (e *Edge) part() pulumi.ResourceOption {
	return pulumi.Composite(pulumi.Parent(e), pulumi.Aliases([]pulumi.Alias{{NoParent: pulumi.Bool(true)}}))
}

// accessLogs makes the bucket for access and connection logs (FSBP ELB.5). Load balancers write to buckets with SSE-S3 only.
func (e *Edge) accessLogs(ctx *pulumi.Context, name string) (*storage.Bucket, error) {
	account := e.segment.Account()
	return storage.NewLogBucket(ctx, beside(name, "access-logs"), &storage.LogBucketArgs{
		BucketArgs: storage.BucketArgs{ExpireDays: account.Retention()},
		Writers:    []storage.Writer{storage.ALBAccessLogs(account.ID, accessLogPrefix)},
	}, e.part())
}

// filter puts the web ACL in front of the load balancer.
func (e *Edge) filter(ctx *pulumi.Context, name string, args *Args) (err error) {
	e.WebACL, err = waf.New(ctx, beside(name, "waf"), &waf.Args{
		ResourceARN: e.LoadBalancerARN,
		Account:     e.segment.Account(),
		Settings:    args.WAF,
	}, e.part())
	return err
}

// balance makes the internet-facing load balancer in the public tier.
func (e *Edge) balance(ctx *pulumi.Context, name string, args *Args) error {
	logs, err := e.accessLogs(ctx, name)
	if err != nil {
		return err
	}
	family := "ipv4"
	if e.segment.Network().IPv6 {
		family = "dualstack"
	}
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	if args.DeletionProtectionOffReason != "" {
		tags["bulkhead:relaxed:DeletionProtection"] = pulumi.String(args.DeletionProtectionOffReason)
	}
	balancer, err := lb.NewLoadBalancer(ctx, name+"-alb", &lb.LoadBalancerArgs{
		LoadBalancerType: pulumi.String("application"),
		Internal:         pulumi.Bool(false),
		IpAddressType:    pulumi.String(family),
		Subnets:          args.Segment.SubnetIDs(),
		SecurityGroups:   pulumi.StringArray{args.Segment.GroupID},
		// Names with other characters than letters, digits and hyphens can slip past a target's own checks (FSBP ELB.4).
		DropInvalidHeaderFields: pulumi.Bool(true),
		// Refuses requests that two servers could read differently (FSBP ELB.12). "strictest" would also refuse
		// harmless ones, such as a GET that says "Content-Length: 0".
		DesyncMitigationMode:     pulumi.String("defensive"),
		XffHeaderProcessingMode:  pulumi.String("append"),
		EnableHttp2:              pulumi.Bool(true),
		EnableDeletionProtection: pulumi.Bool(args.DeletionProtectionOffReason == ""), // FSBP ELB.6
		// When AWS WAF does not answer, nothing passes.
		EnableWafFailOpen: pulumi.Bool(false),
		AccessLogs: lb.LoadBalancerAccessLogsArgs{ // FSBP ELB.5
			Enabled: pulumi.Bool(true),
			Bucket:  logs.Name,
			Prefix:  pulumi.String(accessLogPrefix),
		},
		// One line for each TLS handshake, failed ones too: it shows who a change of TLSPolicy would lock out.
		ConnectionLogs: lb.LoadBalancerConnectionLogsArgs{
			Enabled: pulumi.Bool(true),
			Bucket:  logs.Name,
			Prefix:  pulumi.String(accessLogPrefix),
		},
		Tags: tags,
	}, pulumi.Parent(e), order.After(
		// The VPC must have its internet gateway, and keep it until the load balancer is gone.
		args.Segment.Ready(),
		// AWS writes a test object before it turns logs on, so the bucket must admit it and encrypt by then.
		logs.Ready(),
	))
	if err != nil {
		return err
	}
	e.LoadBalancerARN = balancer.Arn
	e.ARNSuffix = balancer.ArnSuffix
	e.DNSName = balancer.DnsName
	e.zone = balancer.ZoneId
	return nil
}
