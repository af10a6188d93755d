// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// publicSwitch are the types beside those of RDS that have the switch publiclyAccessible.
var publicSwitch = []string{
	aws.RedshiftCluster, "aws:redshiftserverless/workgroup:Workgroup", "aws:neptune/clusterInstance:ClusterInstance",
	"aws:dms/replicationInstance:ReplicationInstance", "aws:mq/broker:Broker",
	"aws:rds/shardGroup:ShardGroup", "aws:m2/environment:Environment", "aws:lightsail/database:Database",
	"aws:timestreaminfluxdb/dbInstance:DbInstance",
}

// doors are the ways in which services that have few controls of their own face the internet.
func doors() []*pack.Control {
	return []*pack.Control{
		{
			ID: "service-not-public", Title: "Warehouses, brokers and their like are not public", Severity: pack.Critical, Types: publicSwitch,
			Public: true,
			Why:    "A server that the whole internet reaches is found by scanners within hours and attacked with lists of passwords.",
			Fix:    "Set publiclyAccessible to false; before version 7 of the provider a Redshift cluster is public when nothing is said.",
			Maps:   standard.Meets("FSBP:Redshift.1 FSBP:RedshiftServerless.3 FSBP:DMS.1", standard.Exposure), Check: func(k *pack.Case) {
				v := k.Get("publiclyAccessible")
				k.Forbid(v.Is(true, k.Type == aws.RedshiftCluster && k.ProviderMajor() < 7), "publiclyAccessible is %s", v)
			},
			Remedy: want.Put("publiclyAccessible", false),
		},
		{
			ID: "ports-world", Public: true, Title: "Lightsail and GameLift open only web ports to the internet", Severity: pack.High,
			Types:    []string{aws.LightsailInstancePublicPorts, aws.GameLiftFleet},
			Why:      "These machines have no security group: the list of ports is all that stands between them and the internet.",
			Fix:      "Name the addresses that need the port, or add it to the setting allowedPorts.",
			Settings: []pack.Setting{want.Words("allowedPorts", "Ports that may be open to the internet.", "80", "443")},
			Maps:     standard.Meets(standard.Exposure), Check: portsWorld,
		},
		{
			ID: "service-doors-listed", Title: "Only listed services face the internet", Severity: pack.Low, Level: pack.Disabled, Public: true,
			Types: want.Keys(shut),
			Why:   "Each of these answers the whole internet by itself. Switch this on with the list of those that are meant.",
			Fix:   "Close the service as its page of the registry says, or list the resource's name.",
			Settings: []pack.Setting{want.Words("allowed",
				"Names of resources that may face the internet; \"*\" stands for any text.")},
			Maps: standard.Meets(standard.Exposure), Check: func(k *pack.Case) {
				if !want.Allowed(k) {
					k.Require(shut[k.Type](k.Inputs()), "it faces the internet")
				}
			},
		},
	}
}

// shut are the front doors of services, each with the fact that the internet does not reach it.
var shut = map[string]func(pack.Value) pack.Fact{
	aws.ClassicLoadBalancer:    func(v pack.Value) pack.Fact { return v.Get("internal").IsTrue() },
	aws.CloudFrontDistribution: func(v pack.Value) pack.Fact { return v.Get("enabled").IsFalse() },
	aws.APIGatewayRestAPI:      func(v pack.Value) pack.Fact { return v.Get("endpointConfiguration.types").Contains("PRIVATE") },
	"aws:apigatewayv2/api:Api": func(v pack.Value) pack.Fact { return v.Get("disableExecuteApiEndpoint").IsTrue() },
	"aws:apprunner/service:Service": func(v pack.Value) pack.Fact {
		return v.Get("networkConfiguration.ingressConfiguration.isPubliclyAccessible").Is(false, true)
	},
	"aws:appsync/graphQLApi:GraphQLApi": func(v pack.Value) pack.Fact { return v.Get("visibility").OneOf("PRIVATE") },
	aws.TransferServer: func(v pack.Value) pack.Fact {
		return v.Get("endpointType").OneOf("VPC", "VPC_ENDPOINT")
	},
	"aws:globalaccelerator/accelerator:Accelerator": func(v pack.Value) pack.Fact { return v.Get("enabled").Is(false, true) },
}

// portsWorld wants open ports to be in the setting, or for addresses that are named.
func portsWorld(k *pack.Case) {
	allowed := k.Words("allowedPorts")
	for _, list := range []string{"portInfos", "ec2InboundPermissions"} {
		for p := range k.Get(list).Items() {
			known, unknown := p.First("cidrs", "ipRange").Strings()
			wide := want.Unknown(unknown)
			if open, _ := address.Wide(known...); open || k.Type == aws.LightsailInstancePublicPorts &&
				p.Get("cidrs").Len()+p.Get("cidrListAliases").Len()+p.Get("ipv6Cidrs").Len() == 0 {
				wide = pack.Yes(p)
			}
			one := p.Get("fromPort").OneOf(allowed...).And(p.Get("toPort").OneOf(allowed...))
			k.Forbid(wide.And(one.Not()), "%s opens ports %s to %s to the internet", p.Path(), p.Get("fromPort"), p.Get("toPort"))
		}
	}
}
