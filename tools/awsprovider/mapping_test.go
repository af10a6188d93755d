// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

func TestMapTypes(t *testing.T) {
	info := &tfbridge.ProviderInfo{}
	mapTypes(info, map[string]string{
		"aws:ec2/vpc:Vpc": "aws_vpc", "aws:lb/loadBalancer:LoadBalancer": "aws_lb", "aws:route53/zone:Zone": "aws_route53_zone",
		"aws:route53/getZone:getZone": "aws_route53_zone",
	})
	if len(info.Resources) != 3 || len(info.DataSources) != 1 {
		t.Fatalf("%d resources, %d data sources", len(info.Resources), len(info.DataSources))
	}
	if token := info.Resources["aws_vpc"].Tok; token != "aws:ec2/vpc:Vpc" {
		t.Error(token)
	}
	if token := info.DataSources["aws_route53_zone"].Tok; token != "aws:route53/getZone:getZone" {
		t.Error(token)
	}
	if info.Resources["aws_lb"].Fields["name"] == nil {
		t.Error("a load balancer's name has less room than others")
	}
}

// TestProvider builds the provider as the engine gets it: every type of the register must exist upstream.
func TestProvider(t *testing.T) {
	info, err := newProviderInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.PreConfigureCallback == nil {
		t.Fatal("nothing refuses remote endpoints")
	}
	for name, mapped := range info.Resources {
		if _, ok := info.P.ResourcesMap().GetOk(name); !ok {
			t.Errorf("upstream has no resource %s for %s", name, mapped.Tok)
		}
	}
	for name, mapped := range info.DataSources {
		if _, ok := info.P.DataSourcesMap().GetOk(name); !ok {
			t.Errorf("upstream has no data source %s for %s", name, mapped.Tok)
		}
	}
	described := describe(info)
	for _, c := range []struct {
		token, property string
		want            property
	}{
		{"aws:ec2/vpc:Vpc", "cidrBlock", property{Input: true, Type: "String"}},
		{"aws:ec2/subnet:Subnet", "vpcId", property{Input: true, Required: true, Type: "String"}},
		{"aws:lb/loadBalancer:LoadBalancer", "subnets", property{Input: true, List: true, Type: "Set"}},
		{"aws:lb/loadBalancer:LoadBalancer", "dnsName", property{Type: "String"}},
		{"aws:route53/record:Record", "aliases", property{Input: true, List: true, Type: "List"}}, // plural in the SDK
		{"aws:sns/topicSubscription:TopicSubscription", "topic", property{Input: true, Required: true, Type: "String"}},
		{"aws:cloudwatch/metricAlarm:MetricAlarm", "name", property{Input: true, Type: "String"}},
	} {
		got, ok := described[c.token][c.property]
		got.Properties = nil
		if c.property == "name" {
			got.Required = false // the engine names it
		}
		if !ok || got.Input != c.want.Input || got.Required != c.want.Required || got.List != c.want.List || got.Type != c.want.Type {
			t.Errorf("%s.%s is %+v, not %+v", c.token, c.property, got, c.want)
		}
	}
}
