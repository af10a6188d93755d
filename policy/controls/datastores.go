// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"encoding/json"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	docdbParams    = "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
	neptuneParams  = "aws:neptune/clusterParameterGroup:ClusterParameterGroup"
	redshiftParams = "aws:redshift/parameterGroup:ParameterGroup"
	cacheCluster   = "aws:elasticache/cluster:Cluster"
	dmsEndpoint    = "aws:dms/endpoint:Endpoint"
	firehose       = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
	zfsVolume      = "aws:fsx/openZfsVolume:OpenZfsVolume"
	zfsSystem      = "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"
	batchJob       = "aws:batch/jobDefinition:JobDefinition"
)

// otherStores are controls of stores that need more than a value at a path.
func otherStores() []*pack.Control {
	return []*pack.Control{
		{
			ID: "redshift-encrypted", Title: "Warehouses are encrypted", Severity: pack.High, Types: []string{redshiftCluster},
			Why: "Snapshots of an unencrypted warehouse are unencrypted too.", Fix: "Set encrypted to true; from version 7 of the provider on that is the default.", Maps: meets("FSBP:Redshift.10", atRest),
			Check: func(k *pack.Case) { k.Require(k.Get("encrypted").Is(true, k.ProviderMajor() >= 7)) },
		},
		{
			ID: "redshift-port-world", Title: "Security groups keep the internet from the port of a warehouse", Severity: pack.High,
			Types: []string{redshiftCluster}, Joins: []string{sgType, sgDefault, sgRule, sgIngress}, Stack: true,
			Why:  "One switch then makes the warehouse public, and every password of it can be tried.",
			Fix:  "Open the port to the security groups, or to the addresses, of those who ask the warehouse.",
			Maps: meets("FSBP:Redshift.15", exposure), Check: warehousePort,
		},
		{
			ID: "store-parameters-tls", Title: "Parameter groups of stores do not switch TLS off", Severity: pack.High, Types: []string{docdbParams, neptuneParams, redshiftParams},
			Why: "Logins and queries then cross the network in the clear.", Fix: "Set the parameter tls of DocumentDB to enabled, neptune_enforce_ssl to 1, require_ssl of Redshift to true.", Maps: meets("FSBP:DocumentDB.6 FSBP:Redshift.2", inTransit),
			Check: func(k *pack.Case) {
				for p := range k.Inputs().First("parameters").Items() {
					named := p.Get("name").OneOf("tls", "neptune_enforce_ssl", "require_ssl")
					k.Forbid(named.And(p.Get("value").Matches(anyOf("disabled", "0", "false", "off"))), "%s is %s", p.Get("name"), p.Get("value"))
				}
				if k.Type == redshiftParams {
					set := k.Get("parameters").Any(func(p pack.Value) pack.Fact { return p.Get("name").OneOf("require_ssl") })
					k.Require(set, "require_ssl is not set, which stands for false")
				}
			},
		},
		{
			ID: "elasticache-node-encrypted", Title: "Single caches encrypt what they send", Severity: pack.High, Types: []string{cacheCluster},
			Why: "Caches hold sessions and copies of data; in the clear, and without a password, everybody in the network reads them.", Fix: "Set transitEncryptionEnabled to true, or use a ReplicationGroup.", Maps: meets("FSBP:ElastiCache.5", inTransit),
			Check: func(k *pack.Case) {
				member := k.Get("replicationGroupId").IsSet()
				k.Require(member.Or(k.Get("transitEncryptionEnabled").IsTrue()), "transitEncryptionEnabled is %s", k.Get("transitEncryptionEnabled"))
			},
		},
		{
			ID: "dms-endpoint-tls", Title: "Database migrations use TLS", Severity: pack.High, Types: []string{dmsEndpoint},
			Why: "A migration carries the whole database over the network.", Fix: "Set sslMode to require, verify-ca or verify-full.", Maps: meets("FSBP:DMS.9", inTransit),
			Check: func(k *pack.Case) {
				engine := k.Get("engineName")
				speaks := engine.OneOf("mysql", "mariadb", "postgres", "aurora", "aurora-postgresql", "aurora-serverless", "aurora-postgresql-serverless", "oracle", "sqlserver", "db2", "db2-zos", "sybase", "mongodb", "docdb", "azuredb", "azure-sql-managed-instance")
				k.Forbid(speaks.And(absent(k.Get("sslMode")).Or(k.Get("sslMode").OneOf("none"))), "sslMode is %s", k.Get("sslMode"))
			},
		},
		{
			ID: "firehose-encrypted", Title: "Delivery streams are encrypted", Severity: pack.High, Types: []string{firehose},
			Why: "What waits in the stream for its delivery can be read by whoever reads its disks.", Fix: "Set serverSideEncryption.enabled to true. A stream that reads from Kinesis is encrypted where it reads.", Maps: meets("FSBP:DataFirehose.1", atRest),
			Check: func(k *pack.Case) {
				fed := k.Get("kinesisSourceConfiguration").IsSet().Or(k.Get("mskSourceConfiguration").IsSet())
				k.Require(fed.Or(k.Get("serverSideEncryption.enabled").IsTrue()), "serverSideEncryption.enabled is %s", k.Get("serverSideEncryption.enabled"))
			},
		},
		{
			ID: "fsx-exports-named", Title: "NFS exports name their clients", Severity: pack.High, Types: []string{zfsVolume, zfsSystem},
			Why: "An export for \"*\" is for everybody who reaches the file system, with no_root_squash as root.", Fix: "List the addresses of the clients, and leave no_root_squash out.", Maps: meets(exposure, privilege),
			Check: func(k *pack.Case) {
				for _, list := range []string{"nfsExports.clientConfigurations", "rootVolumeConfiguration.nfsExports.clientConfigurations"} {
					for c := range k.Get(list).Items() {
						k.Forbid(c.Get("clients").OneOf("*"), "%s is for everybody", c.Path())
					}
				}
			},
		},
		{
			ID: "batch-not-privileged", Title: "Batch jobs are not privileged", Severity: pack.Critical, Types: []string{batchJob}, Why: "A privileged container is root on its host.", Fix: "Leave privileged out.", Maps: meets(isolation),
			Check: func(k *pack.Case) {
				text := k.Get("containerProperties")
				k.Forbid(text.Matches(func(s string) bool {
					var job struct {
						Privileged bool `json:"privileged"`
					}
					return json.Unmarshal([]byte(s), &job) == nil && job.Privileged
				}), "containerProperties.privileged is true")
			},
		},
		{
			ID: "firewall-logging", Title: "Network firewalls log", Severity: pack.Medium, Types: []string{"aws:networkfirewall/firewall:Firewall"}, Joins: []string{"aws:networkfirewall/loggingConfiguration:LoggingConfiguration"}, Stack: true,
			Why: "Only the log shows what was let through and what was stopped.", Fix: "Add a LoggingConfiguration for the firewall.", Maps: meets("FSBP:NetworkFirewall.2", logging),
			Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "firewallArn", []string{"aws:networkfirewall/loggingConfiguration:LoggingConfiguration"}, present), "no logging configuration points at the firewall")
			},
		},
	}
}

// warehouseDefault is the port of a warehouse that names none (Redshift API reference, CreateCluster, Port).
const warehouseDefault = 5439

// warehousePort refuses a security group that lets the internet in to the port of the warehouse.
func warehousePort(k *pack.Case) {
	port, listens := k.Get("port"), warehouseDefault
	if port.IsUnknown() {
		k.Defer(port)
		return
	}
	if port.Exists() {
		listens = number(port.Str())
	}
	for id := range k.Get("vpcSecurityGroupIds").Items() {
		group, found := k.Stack.Target(k.Resource, "vpcSecurityGroupIds", id, sgType, sgDefault)
		switch {
		case group != nil:
			k.Forbid(admitsWorld(k, group, listens), "the security group %q lets the internet reach port %d", group.Name, listens)
		case found.Is == pack.Deferred:
			k.Defer(found.At)
		}
	}
}
