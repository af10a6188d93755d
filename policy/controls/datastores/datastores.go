// SPDX-License-Identifier: Apache-2.0

// Package datastores holds the controls of data stores, streams and brokers that have no package of their own, such as Amazon
// Redshift, DocumentDB, Neptune, Kinesis and MSK.
package datastores

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(stores(), properties())
}

// stores are the controls that need more than a value at a path.
func stores() []*pack.Control {
	return []*pack.Control{
		{
			ID: "redshift-encrypted", Title: "Warehouses are encrypted", Severity: pack.High, Types: []string{aws.RedshiftCluster},
			Why:   "Snapshots of an unencrypted warehouse are unencrypted too.",
			Fix:   "Set encrypted to true; from version 7 of the provider on that is the default.",
			Maps:  standard.Meets("FSBP:Redshift.10", standard.AtRest),
			Check: func(k *pack.Case) { k.Require(k.Get("encrypted").Is(true, k.ProviderMajor() >= 7)) },
		},
		{
			ID: "redshift-port-world", Title: "Security groups keep the internet from the port of a warehouse", Severity: pack.High,
			Types: []string{aws.RedshiftCluster},
			Joins: []string{aws.SecurityGroup, aws.DefaultSecurityGroup, aws.SecurityGroupRule, aws.SecurityGroupIngressRule}, Stack: true,
			Why:  "One switch then makes the warehouse public, and every password of it can be tried.",
			Fix:  "Open the port to the security groups, or to the addresses, of those who ask the warehouse.",
			Maps: standard.Meets("FSBP:Redshift.15", standard.Exposure), Check: warehousePort,
		},
		{
			ID: "store-parameters-tls", Title: "Parameter groups of stores do not switch TLS off", Severity: pack.High,
			Types: []string{aws.DocumentDBClusterParameterGroup, aws.NeptuneClusterParameterGroup, aws.RedshiftParameterGroup},
			Why:   "Logins and queries then cross the network in the clear.",
			Fix:   "Set the parameter tls of DocumentDB to enabled, neptune_enforce_ssl to 1, require_ssl of Redshift to true.",
			Maps:  standard.Meets("FSBP:DocumentDB.6 FSBP:Redshift.2", standard.InTransit),
			Check: func(k *pack.Case) {
				for p := range k.Inputs().First("parameters").Items() {
					named := p.Get("name").OneOf("tls", "neptune_enforce_ssl", "require_ssl")
					k.Forbid(named.And(p.Get("value").Matches(want.AnyOf("disabled", "0", "false", "off"))), "%s is %s", p.Get("name"), p.Get("value"))
				}
				if k.Type == aws.RedshiftParameterGroup {
					set := k.Get("parameters").Any(func(p pack.Value) pack.Fact { return p.Get("name").OneOf("require_ssl") })
					k.Require(set.Or(k.Get("family").OneOf("redshift-2.0")), "require_ssl is not set, which stands for false") // 2.0 asks for it
				}
			},
		},
		{
			ID: "dms-endpoint-tls", Title: "Database migrations use TLS", Severity: pack.High, Types: []string{aws.DMSEndpoint},
			Why: "A migration carries the whole database over the network.", Fix: "Set sslMode to require, verify-ca or verify-full.",
			Maps: standard.Meets("FSBP:DMS.9", standard.InTransit),
			Check: func(k *pack.Case) {
				engine := k.Get("engineName")
				speaks := engine.OneOf("mysql", "mariadb", "postgres", "aurora", "aurora-postgresql", "aurora-serverless",
					"aurora-postgresql-serverless", "oracle", "sqlserver", "db2", "db2-zos", "sybase", "mongodb", "docdb", "azuredb",
					"azure-sql-managed-instance")
				k.Forbid(speaks.And(want.Absent(k.Get("sslMode")).Or(k.Get("sslMode").OneOf("none"))), "sslMode is %s", k.Get("sslMode"))
			},
		},
		{
			ID: "firehose-encrypted", Title: "Delivery streams are encrypted", Severity: pack.High, Types: []string{aws.Firehose},
			Why:  "What waits in the stream for its delivery can be read by whoever reads its disks.",
			Fix:  "Set serverSideEncryption.enabled to true. A stream that reads from Kinesis is encrypted where it reads.",
			Maps: standard.Meets("FSBP:DataFirehose.1", standard.AtRest),
			Check: func(k *pack.Case) {
				fed := k.Get("kinesisSourceConfiguration").IsSet().Or(k.Get("mskSourceConfiguration").IsSet())
				k.Require(fed.Or(k.Get("serverSideEncryption.enabled").IsTrue()), "serverSideEncryption.enabled is %s",
					k.Get("serverSideEncryption.enabled"))
			},
		},
		{
			ID: "fsx-exports-named", Title: "NFS exports name their clients", Severity: pack.High,
			Types: []string{aws.FSxOpenZFSVolume, aws.FSxOpenZFSFileSystem},
			Why:   "An export for \"*\" is for everybody who reaches the file system, with no_root_squash as root.",
			Fix:   "List the addresses of the clients, and leave no_root_squash out.", Maps: standard.Meets(standard.Exposure, standard.Privilege),
			Check: func(k *pack.Case) {
				for _, list := range []string{"nfsExports.clientConfigurations", "rootVolumeConfiguration.nfsExports.clientConfigurations"} {
					for c := range k.Get(list).Items() {
						k.Forbid(c.Get("clients").OneOf("*"), "%s is for everybody", c.Path())
					}
				}
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
		listens = want.Int(port.Str())
	}
	for id := range k.Get("vpcSecurityGroupIds").Items() {
		group, found := k.Stack.Target(k.Resource, "vpcSecurityGroupIds", id, aws.SecurityGroup, aws.DefaultSecurityGroup)
		switch {
		case group != nil:
			k.Forbid(filter.AdmitsWorld(k, group, listens), "the security group %q lets the internet reach port %d", group.Name, listens)
		case found.Is == pack.Deferred:
			k.Defer(found.At)
		}
	}
}
