// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"encoding/json"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	redshiftCluster = "aws:redshift/cluster:Cluster"
	redshiftSpace   = "aws:redshiftserverless/namespace:Namespace"
	docdbCluster    = "aws:docdb/cluster:Cluster"
	classicBalancer = "aws:elb/loadBalancer:LoadBalancer"
	kubernetes      = "aws:eks/cluster:Cluster"
	searchNetwork   = "aws:opensearch/serverlessSecurityPolicy:ServerlessSecurityPolicy"
	transferServer  = "aws:transfer/server:Server"
	eventTarget     = "aws:cloudwatch/eventTarget:EventTarget"
	scheduleType    = "aws:scheduler/schedule:Schedule"
)

// publicSwitch are the types beside those of RDS that have the switch publiclyAccessible.
var publicSwitch = []string{
	redshiftCluster, "aws:redshiftserverless/workgroup:Workgroup", "aws:neptune/clusterInstance:ClusterInstance", "aws:dms/replicationInstance:ReplicationInstance", "aws:mq/broker:Broker",
	"aws:rds/shardGroup:ShardGroup", "aws:m2/environment:Environment", "aws:lightsail/database:Database", "aws:timestreaminfluxdb/dbInstance:DbInstance",
}

// exposedServices are the ways in which services that have few controls of their own face the internet.
func exposedServices() []*pack.Control {
	return []*pack.Control{
		{
			ID: "service-not-public", Title: "Warehouses, brokers and their like are not public", Severity: pack.Critical, Types: publicSwitch,
			Why: "A server that the whole internet reaches is found by scanners within hours and attacked with lists of passwords.", Fix: "Set publiclyAccessible to false; before version 7 of the provider a Redshift cluster is public when nothing is said.",
			Maps: meets("FSBP:Redshift.1 FSBP:RedshiftServerless.3 FSBP:DMS.1", exposure), Check: func(k *pack.Case) {
				v := k.Get("publiclyAccessible")
				k.Forbid(v.Is(true, k.Type == redshiftCluster && k.ProviderMajor() < 7), "publiclyAccessible is %s", v)
			},
			Remedy: put("publiclyAccessible", false),
		},
		{
			ID: "elb-classic-encrypted", Title: "Public Classic Load Balancers do not listen in the clear", Severity: pack.High, Types: []string{classicBalancer},
			Why: "What is served over plain HTTP can be read and changed on the way, and a Classic Load Balancer cannot redirect.", Fix: "Use lbProtocol https or ssl with a certificate, or move to an Application Load Balancer.",
			Maps: meets("FSBP:ELB.3", inTransit), Check: classicPlain,
		},
		{
			ID: "eks-endpoint-restricted", Title: "Kubernetes endpoints are not open to the whole internet", Severity: pack.High, Types: []string{kubernetes},
			Why: "The endpoint is where the cluster is ruled from; a stolen token works from anywhere.", Fix: "Set vpcConfig.endpointPublicAccess to false, or list your own ranges in publicAccessCidrs.",
			Maps: meets("FSBP:EKS.1", exposure), Check: func(k *pack.Case) {
				ranges := k.Get("vpcConfig.publicAccessCidrs")
				known, unknown := ranges.Strings()
				wide := ranges.IsSet().Not()
				if open, _ := address.Wide(known...); open {
					wide = pack.Yes(ranges)
				}
				wide = wide.Or(waitFor(unknown))
				k.Forbid(k.Get("vpcConfig.endpointPublicAccess").Is(true, true).And(wide), "the endpoint answers everybody")
			},
		},
		{
			ID: "opensearch-collection-private", Title: "Serverless search collections are not open to the internet", Severity: pack.High, Types: []string{searchNetwork},
			Why: "With AllowFromPublic the collection and its dashboards answer the whole internet, with a policy between them and the world.", Fix: "Set AllowFromPublic to false and list endpoints in SourceVPCEs.", Maps: meets(exposure),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("type").OneOf("network").And(k.Get("policy").Matches(publicCollections)), "policy admits the internet (AllowFromPublic)")
			},
		},
		{
			ID: "transfer-no-ftp", Title: "Transfer servers do not speak FTP", Severity: pack.High, Types: []string{transferServer}, Why: "FTP sends passwords and files in the clear.", Fix: "Use SFTP, FTPS or AS2.",
			Maps: meets("FSBP:Transfer.2", inTransit), Check: func(k *pack.Case) {
				k.Forbid(k.Get("protocols").Any(func(v pack.Value) pack.Fact { return v.Matches(anyOf("FTP")) }), "protocols has FTP")
			},
		},
		{
			ID: "ecs-scheduled-no-public-ip", Title: "Tasks that rules and schedules start have no public addresses", Severity: pack.High, Types: []string{eventTarget, scheduleType},
			Why: "A task with a public address is one security group rule away from the internet.", Fix: "Leave assignPublicIp out.", Maps: meets(exposure),
			Check: isFalse("ecsTarget.networkConfiguration.assignPublicIp", "target.ecsParameters.networkConfiguration.assignPublicIp"),
		},
	}
}

// classicPlain refuses listeners for HTTP, and for whatever comes to port 80, of a load balancer that is not internal.
func classicPlain(k *pack.Case) {
	public := k.Get("internal").IsFalse()
	k.Forbid(public.And(k.Get("listeners").Any(func(l pack.Value) pack.Fact {
		protocol := l.Get("lbProtocol")
		return protocol.Matches(anyOf("HTTP")).Or(protocol.Matches(anyOf("TCP")).And(l.Get("lbPort").OneOf("80")))
	})), "a listener of the public load balancer is in the clear")
}

// publicCollections reports whether a network policy of OpenSearch Serverless has a part that admits the internet. A
// text that is not JSON is refused by AWS.
func publicCollections(text string) bool {
	var parts []map[string]any
	if json.Unmarshal([]byte(text), &parts) != nil {
		var one map[string]any
		if json.Unmarshal([]byte(text), &one) != nil {
			return false
		}
		parts = append(parts, one)
	}
	for _, part := range parts {
		for key, v := range part {
			if open, _ := v.(bool); open && strings.EqualFold(key, "AllowFromPublic") {
				return true
			}
		}
	}
	return false
}
