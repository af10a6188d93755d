// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

type m = map[string]any

// unknown is how the engine writes what a preview does not know.
const unknown = pack.UnknownText

// planned is a resource of a preview; it is made unless op says otherwise.
type planned struct {
	token, name     string
	inputs, outputs m
	op, parent      string
}

// eventLog is what the engine writes of a preview.
func eventLog(t *testing.T, resources ...planned) string {
	t.Helper()
	var log strings.Builder
	n := 0
	write := func(kind string, event any) {
		line, err := json.Marshal(m{"sequence": n, "timestamp": 1, kind: event})
		require.NoError(t, err)
		fmt.Fprintf(&log, "%s\n", line)
		n++
	}
	write("preludeEvent", m{"config": m{}})
	for _, r := range resources {
		op := r.op
		if op == "" {
			op = "create"
		}
		urn := "urn:pulumi:staging::shop::" + r.token + "::" + r.name
		state := m{"type": r.token, "urn": urn, "custom": true, "parent": "urn:pulumi:staging::shop::shop:part:Part::" + r.parent, "inputs": r.inputs, "outputs": r.outputs}
		write("resourcePreEvent", m{"metadata": m{"op": op, "urn": urn, "type": r.token, "new": state}})
	}
	write("summaryEvent", m{"isPreview": true, "resourceChanges": m{}})
	return log.String()
}

func read(t *testing.T, resources ...planned) *plan {
	t.Helper()
	d, err := export.Read(strings.NewReader(eventLog(t, resources...)))
	require.NoError(t, err)
	return newPlan(d)
}

func TestWhatTheDeploymentMakesIsCounted(t *testing.T) {
	p := read(t,
		planned{token: resource.ElasticIP, name: "a", op: "same"}, planned{token: resource.ElasticIP, name: "b"}, planned{token: resource.ElasticIP, name: "c", op: "create-replacement"},
		planned{token: resource.ElasticIP, name: "d", op: "update"}, planned{token: resource.VPC, name: "v", op: "same"},
	)
	require.Equal(t, []demand{{"", 2}}, made(resource.ElasticIP)(p), "a new one, and one that is replaced, whose predecessor goes last")
	require.Equal(t, []demand{{"", 0}}, made(resource.VPC)(p), "it is there, and the quota is shown")
	require.Empty(t, made(resource.KMSKey)(p))
}

func TestEndpointsCountInTheirVPC(t *testing.T) {
	p := read(t,
		planned{token: resource.VPCEndpoint, name: "kms", inputs: m{"vpcEndpointType": "Interface", "vpcId": unknown}},
		planned{token: resource.VPCEndpoint, name: "logs", inputs: m{"vpcEndpointType": "Interface", "vpcId": "vpc-1"}},
		planned{token: resource.VPCEndpoint, name: "s3", inputs: m{"vpcId": "vpc-1"}},
	)
	require.Equal(t, []demand{{"", 1}, {"vpc-1", 1}}, madeWhere(endpoint("Interface", true), resource.VPCEndpoint)(p))
	require.Equal(t, []demand{{"", 1}}, madeWhere(endpoint("Gateway", false), resource.VPCEndpoint)(p))
}

func TestNATGatewaysCountInTheirZone(t *testing.T) {
	zones := []string{"eu-central-1a", "eu-central-1b"}
	p := read(t, planned{token: resource.NATGateway, name: "staging-nat-eu-central-1a"})
	require.Equal(t, []demand{{"eu-central-1a", 1}}, natGateways(zones)(p))
	p = read(t, planned{token: resource.NATGateway, name: "nat"})
	require.Equal(t, []demand{{"eu-central-1a", 1}, {"eu-central-1b", 1}}, natGateways(zones)(p), "its zone is not told")
}

func TestTheFullestGroupAndACL(t *testing.T) {
	p := read(t,
		planned{token: resource.SecurityGroup, name: "app-group", parent: "app"}, planned{token: resource.SecurityGroup, name: "db-group", parent: "db", op: "same", outputs: m{"id": "sg-1"}},
		planned{token: resource.SecurityGroupIngressRule, name: "app-from-edge", parent: "app", inputs: m{"securityGroupId": unknown, "referencedSecurityGroupId": unknown}},
		planned{token: resource.SecurityGroupIngressRule, name: "app-from-office", parent: "app", inputs: m{"securityGroupId": unknown, "cidrIpv4": "203.0.113.0/28"}},
		planned{token: resource.SecurityGroupIngressRule, name: "app-from-office-6", parent: "app", inputs: m{"securityGroupId": unknown, "cidrIpv6": "2001:db8::/48"}},
		planned{token: resource.SecurityGroupEgressRule, name: "x", parent: "elsewhere", inputs: m{"securityGroupId": "sg-1", "cidrIpv4": "198.51.100.0/28"}},
		planned{token: resource.NetworkACL, name: "net-app", parent: "net"}, planned{token: resource.NetworkACL, name: "net-app-data", parent: "net"},
		planned{token: resource.NetworkACLRule, name: "net-app-in-443-from-all", parent: "net", inputs: m{"egress": false, "cidrBlock": "0.0.0.0/0"}},
		planned{token: resource.NetworkACLRule, name: "net-app-data-out-1-to-all", parent: "net", inputs: m{"egress": true, "cidrBlock": "10.0.0.0/8"}},
		planned{token: resource.NetworkACLRule, name: "net-app-data-out-2-to-all", parent: "net", inputs: m{"egress": true, "cidrBlock": "10.0.0.0/8"}},
	)
	require.Equal(t, []demand{{"app-group, inbound IPv4", 2}}, fullest(resource.SecurityGroup, 0, resource.SecurityGroupIngressRule, resource.SecurityGroupEgressRule)(p))
	require.Equal(t, []demand{{"net-app-data, outbound IPv4", 3}}, fullest(resource.NetworkACL, 1, resource.NetworkACLRule)(p), "two of the stack, and the closing rule")
	require.Equal(t, "db-group", p.owner(p.of(resource.SecurityGroupEgressRule)[0], resource.SecurityGroup), "by its id")
}

func TestServersNeedMoreWhileTheyAreReplaced(t *testing.T) {
	p := read(t,
		planned{token: resource.LaunchTemplate, name: "app-template", parent: "app", inputs: m{"instanceType": "m7i.large"}},
		planned{token: resource.AutoScalingGroup, name: "app-group", parent: "app", inputs: m{"minSize": 3, "maxSize": 9, "instanceMaintenancePolicy": m{"minHealthyPercentage": 100, "maxHealthyPercentage": 150}}},
		planned{token: resource.LaunchTemplate, name: "bastion-template", parent: "bastion", inputs: m{"instanceType": "t3.micro"}},
		planned{token: resource.AutoScalingGroup, name: "bastion-group", parent: "bastion", op: "same", inputs: m{"minSize": 1, "maxSize": 1, "instanceRefresh": m{"preferences": m{"maxHealthyPercentage": 100}}}},
		planned{token: resource.AutoScalingGroup, name: "batch-group", parent: "batch", inputs: m{"minSize": 2, "maxSize": 4, "desiredCapacity": 3}},
	)
	require.Equal(t, []servers{
		{"app-group", "m7i.large", 3, 14}, // 9, and half of them beside
		{"bastion-group", "t3.micro", 0, 1},
		{"batch-group", "", 3, 6}, // 4, and the first 2 of the group that follows
	}, p.fleets())
	require.Equal(t, []string{"m7i.large", "t3.micro"}, p.kinds())
}

func TestTheFamiliesOfTheStandardQuota(t *testing.T) {
	for kind, want := range map[string]bool{
		"t3.micro": true, "m7i.large": true, "c6gn.xlarge": true, "is4gen.medium": true, "z1d.large": true, "d3en.xlarge": true, "r8g.large": true, "a1.large": true, "h1.2xlarge": true,
		"g5.xlarge": false, "p5.48xlarge": false, "inf2.xlarge": false, "trn1.2xlarge": false, "x2iedn.xlarge": false, "mac2.metal": false, "hpc7g.4xlarge": false,
		"dl1.24xlarge": false, "u-6tb1.metal": false, "vt1.3xlarge": false, "f2.6xlarge": false, "": false, "strange": false,
	} {
		require.Equal(t, want, standard(kind), kind)
	}
}
