// SPDX-License-Identifier: Apache-2.0

package controls

import "github.com/bulkhead-iac/bulkhead/policy/pack"

// storeRows are about stores of data.
func storeRows() []row {
	domains := func(wants map[string]want) demands {
		d := demands{}
		for _, token := range searchDomains {
			d[token] = wants
		}
		return d
	}
	return []row{
		{"dms-task-logging", "Migrations log what they load and apply", "Without the log nobody can tell which rows are missing.",
			"Set Logging.EnableLogging in replicationTaskSettings to true.", "FSBP:DMS.7 FSBP:DMS.8 " + logging, pack.Low, pack.Operations,
			demands{"aws:dms/replicationTask:ReplicationTask": {"replicationTaskSettings": inJSON("Logging", "EnableLogging")}}},
		{"dms-mongo-login", "Migrations of MongoDB sign in", "Without a login anybody in the network reads the database.",
			"Leave mongodbSettings.authType out, or set it to password.", "FSBP:DMS.11 " + identity, pack.Medium, "",
			demands{dmsEndpoint: {"mongodbSettings.authType": isOrDefault("password", "PASSWORD").where("engineName", "mongodb")}}},
		{"dms-redis-tls", "Migrations of Redis use TLS", "A migration carries the whole cache over the network.",
			"Leave redisSettings.sslSecurityProtocol out, or set it to ssl-encryption.", "FSBP:DMS.12 " + inTransit, pack.Medium, "",
			demands{dmsEndpoint: {"redisSettings.sslSecurityProtocol": isOrDefault("ssl-encryption").where("engineName", "redis")}}},
		{"efs-backups", "File systems are backed up", "Damage is often found after days.",
			"Add a BackupPolicy with the status ENABLED for the file system.", "FSBP:EFS.2 FSBP:EFS.7 " + recovery, pack.Medium, pack.Resilience,
			beside{"aws:efs/fileSystem:FileSystem": {token: fileBackups, property: "fileSystemId", path: "backupPolicy.status",
				want: is("ENABLED")}}},
		{"elasticache-login", "Old Redis asks for a password", "Versions before 6 know no users, so that only the token keeps others out.",
			"Set authToken, or use version 6 or later.", "FSBP:ElastiCache.6 " + identity, pack.Medium, "",
			demands{"aws:elasticache/replicationGroup:ReplicationGroup": {
				"authToken": given.whereIs("engineVersion", func(v pack.Value) pack.Fact { return v.Matches(oldRedis.MatchString) }),
			}}},
		{"elasticache-subnets", "Caches stand in subnets that somebody chose",
			"The default group holds every subnet of the default VPC, which are public.", "Set subnetGroupName to a group of yours.",
			"FSBP:ElastiCache.7 " + segments, pack.Medium, "", demands{
				cacheCluster: {"subnetGroupName": other("default").whereIs("replicationGroupId", notSet)},
				"aws:elasticache/replicationGroup:ReplicationGroup": {"subnetGroupName": other("default").whereIs("globalReplicationGroupId", notSet)},
			}},
		{"fsx-zones", "File systems survive the loss of a zone", "With one zone the files go when the zone does.",
			"Set deploymentType to a MULTI_AZ one.", "FSBP:FSx.3 FSBP:FSx.4 FSBP:FSx.5 " + spreading, pack.Low, pack.Resilience, demands{
				zfsSystem: {"deploymentType": is("MULTI_AZ_1")}, "aws:fsx/windowsFileSystem:WindowsFileSystem": {"deploymentType": is("MULTI_AZ_1")},
				"aws:fsx/ontapFileSystem:OntapFileSystem": {"deploymentType": is("MULTI_AZ_1", "MULTI_AZ_2")},
			}},
		{"kinesis-retention", "Streams keep their records for a week", "A reader that fails on Friday has lost its data on Monday.",
			"Set retentionPeriod to 168 hours or more.", "FSBP:Kinesis.3 " + retention, pack.Low, pack.Resilience,
			demands{"aws:kinesis/stream:Stream": {"retentionPeriod": least(168)}}},
		{"mskconnect-tls", "Connectors speak TLS with Kafka", "Records cross the network in the clear otherwise.",
			"Set kafkaClusterEncryptionInTransit.encryptionType to TLS.", "FSBP:MSK.3 " + inTransit, pack.Medium, "",
			demands{"aws:mskconnect/connector:Connector": {"kafkaClusterEncryptionInTransit.encryptionType": is("TLS")}}},
		{"msk-no-guests", "Kafka asks its clients who they are", "Anybody in the network otherwise reads and writes every topic.",
			"Set clientAuthentication.sasl or .tls, and unauthenticated to false.", "FSBP:MSK.6 " + identity, pack.Medium, "",
			demands{"aws:msk/cluster:Cluster": {"clientAuthentication": given, "clientAuthentication.unauthenticated": off}}},
		{"opensearch-audit-logs", "Search domains log who asked for what", "Nobody can tell afterwards what was read.",
			"Add AUDIT_LOGS to logPublishingOptions.", "FSBP:ES.5 FSBP:Opensearch.5 " + logging, pack.Medium, "",
			domains(map[string]want{"logPublishingOptions": entry("logType", "AUDIT_LOGS")})},
		{"opensearch-error-logs", "Search domains log their errors", "Errors of the domain go unseen otherwise.",
			"Add ES_APPLICATION_LOGS to logPublishingOptions.", "FSBP:ES.4 FSBP:Opensearch.4 " + monitoring, pack.Low, pack.Operations,
			domains(map[string]want{"logPublishingOptions": entry("logType", "ES_APPLICATION_LOGS")})},
		{"opensearch-nodes", "Search domains have three data nodes in several zones", "With fewer the loss of one loses data or stops writing.",
			"Set clusterConfig.instanceCount to 3 or more and zoneAwarenessEnabled to true.", "FSBP:ES.6 FSBP:Opensearch.6 " + spreading, pack.Low,
			pack.Resilience, domains(map[string]want{"clusterConfig.instanceCount": least(3), "clusterConfig.zoneAwarenessEnabled": on})},
		{"opensearch-masters", "Search domains have three dedicated masters",
			"With fewer two halves of a domain can each take itself for the whole.",
			"Set clusterConfig.dedicatedMasterEnabled to true and dedicatedMasterCount to 3.", "FSBP:ES.7 " + spreading, pack.Low, pack.Resilience,
			domains(map[string]want{"clusterConfig.dedicatedMasterEnabled": on, "clusterConfig.dedicatedMasterCount": least(3)})},
		{"opensearch-tls-policy", "Search domains want TLS 1.2 of their clients", "Older versions can be broken later from a recording.",
			"Set domainEndpointOptions.tlsSecurityPolicy to Policy-Min-TLS-1-2-PFS-2023-10.", "FSBP:ES.8 FSBP:Opensearch.8 " + inTransit,
			pack.Medium, "", domains(map[string]want{"domainEndpointOptions.tlsSecurityPolicy": is("Policy-Min-TLS-1-2-2019-07",
				"Policy-Min-TLS-1-2-PFS-2023-10")})},
		{"opensearch-fine-grained", "Search domains say who may read which index", "Whoever reaches the domain otherwise reads all of it.",
			"Set advancedSecurityOptions.enabled to true.", "FSBP:Opensearch.7 " + privilege, pack.Medium, "",
			domains(map[string]want{"advancedSecurityOptions.enabled": on})},
		{"opensearch-updates", "Search domains take updates by themselves", "Updates mend holes.",
			"Set softwareUpdateOptions.autoSoftwareUpdateEnabled to true.", "FSBP:Opensearch.10 " + patching, pack.Low, "",
			demands{"aws:opensearch/domain:Domain": {"softwareUpdateOptions.autoSoftwareUpdateEnabled": on}}},
		{"redshift-audit-logs", "Warehouses log who asked for what", "Nobody can tell afterwards what was read.",
			"Add a redshift Logging for the cluster.", "FSBP:Redshift.4 " + logging, pack.Medium, "",
			beside{redshiftCluster: {token: "aws:redshift/logging:Logging", property: "clusterIdentifier", own: "logging.enable"}}},
		{"redshift-serverless-tls", "Serverless warehouses want TLS", "Logins and queries cross the network in the clear otherwise.",
			"Set the parameter require_ssl to true.", "FSBP:RedshiftServerless.2 " + inTransit, pack.Medium, "",
			demands{"aws:redshiftserverless/workgroup:Workgroup": {"configParameters": entry("parameterKey", "require_ssl", "parameterValue",
				"true")}}},
		{"redshift-serverless-key", "Serverless warehouses are encrypted with a key of yours",
			"Only the use of a key of yours can be limited, logged and taken back.", "Set kmsKeyId.", "FSBP:RedshiftServerless.4 " + keyCare,
			pack.Medium, "", demands{namespaceType: {"kmsKeyId": given}}},
		{"redshift-serverless-logs", "Serverless warehouses log connections and users", "Nobody can tell afterwards who was there.",
			"List connectionlog and userlog in logExports.", "FSBP:RedshiftServerless.6 " + logging, pack.Medium, "",
			demands{namespaceType: {"logExports": both("connectionlog", "userlog")}}},
		{"redshift-database-name", "Databases of warehouses have names of their own",
			"The default name is a part of a login that everybody knows.", "Set dbName to another name than dev.",
			"FSBP:RedshiftServerless.7 " + hygiene, pack.Low, "", demands{namespaceType: {"dbName": other("dev")}}},
	}
}
