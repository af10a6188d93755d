// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// reach makes six resources: a security group with three rules, and a load balancer with a listener.
func (c *cell) reach() error {
	group, err := ec2.NewSecurityGroup(c.ctx, c.name, &ec2.SecurityGroupArgs{
		VpcId: pulumi.String("vpc-0123456789abcdef0"), Description: pulumi.String("Doors of " + c.name), Tags: c.tags(),
	})
	if err != nil {
		return err
	}
	if err := c.open(group); err != nil {
		return err
	}
	balancer, err := lb.NewLoadBalancer(c.ctx, c.name, &lb.LoadBalancerArgs{
		LoadBalancerType: pulumi.String("application"), Internal: pulumi.Bool(true),
		Subnets:                 pulumi.StringArray{pulumi.String("subnet-0123456789abcdef0"), pulumi.String("subnet-0123456789abcdef1")},
		SecurityGroups:          pulumi.StringArray{group.ID()},
		DropInvalidHeaderFields: pulumi.Bool(true), DesyncMitigationMode: pulumi.String("defensive"), EnableDeletionProtection: pulumi.Bool(true),
		AccessLogs: lb.LoadBalancerAccessLogsArgs{Enabled: pulumi.Bool(true), Bucket: pulumi.String("comparison-logs"), Prefix: pulumi.String(c.name)},
		Tags:       c.tags(),
	})
	if err != nil {
		return err
	}
	_, err = lb.NewListener(c.ctx, c.name, &lb.ListenerArgs{
		LoadBalancerArn: balancer.Arn, Port: pulumi.Int(443), Protocol: pulumi.String("HTTPS"),
		SslPolicy:      c.choose("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-2016-08"),
		CertificateArn: pulumi.String("arn:aws:acm:eu-central-1:" + account + ":certificate/00000000-0000-0000-0000-000000000000"),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("fixed-response"),
			FixedResponse: lb.ListenerDefaultActionFixedResponseArgs{
				StatusCode: pulumi.String("404"), ContentType: pulumi.String("text/plain"), MessageBody: pulumi.String("Not found"),
			},
		}},
		RoutingHttpResponseStrictTransportSecurityHeaderValue: pulumi.String("max-age=31536000; includeSubDomains"),
		Tags: c.tags(),
	})
	return err
}

// open writes the rules of the group. In a weak cell one of them does not say what it is for.
func (c *cell) open(group *ec2.SecurityGroup) error {
	if _, err := vpc.NewSecurityGroupIngressRule(c.ctx, c.name+"-office", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group.ID(), Description: c.choose("HTTPS from the office", "x"),
		CidrIpv4: pulumi.String("203.0.113.0/24"), IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443),
	}); err != nil {
		return err
	}
	if _, err := vpc.NewSecurityGroupIngressRule(c.ctx, c.name+"-network", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group.ID(), Description: pulumi.String("HTTPS from the network"),
		CidrIpv4: pulumi.String("10.0.0.0/16"), IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443),
	}); err != nil {
		return err
	}
	_, err := vpc.NewSecurityGroupEgressRule(c.ctx, c.name, &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: group.ID(), Description: pulumi.String("To the targets"),
		CidrIpv4: pulumi.String("10.0.16.0/20"), IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(8443), ToPort: pulumi.Int(8443),
	})
	return err
}
