// SPDX-License-Identifier: Apache-2.0

package datastores

import (
	"encoding/json"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// properties are what properties of data stores must be, whatever else the stack holds.
func properties() []*pack.Control {
	return []*pack.Control{
		want.Properties{
			"aws:appsync/apiCache:ApiCache":  {"atRestEncryptionEnabled": want.On},
			"aws:athena/workgroup:Workgroup": {"configuration.resultConfiguration.encryptionConfiguration.encryptionOption": want.Given},
			"aws:dax/cluster:Cluster":        {"serverSideEncryption.enabled": want.On},
			"aws:docdb/cluster:Cluster":      {"storageEncrypted": want.On},
			"aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": {
				"dataCatalogEncryptionSettings.encryptionAtRest.catalogEncryptionMode": want.Is("SSE-KMS",
					"SSE-KMS-WITH-SERVICE-ROLE"),
				"dataCatalogEncryptionSettings.connectionPasswordEncryption.returnConnectionPasswordEncrypted": want.On,
			},
			"aws:glue/securityConfiguration:SecurityConfiguration": {
				"encryptionConfiguration.cloudwatchEncryption.cloudwatchEncryptionMode":     want.Is("SSE-KMS"),
				"encryptionConfiguration.jobBookmarksEncryption.jobBookmarksEncryptionMode": want.Is("CSE-KMS"),
				"encryptionConfiguration.s3Encryption.s3EncryptionMode":                     want.Is("SSE-KMS", "SSE-S3"),
			},
			"aws:kinesis/stream:Stream":          {"encryptionType": want.Is("KMS")},
			"aws:neptune/cluster:Cluster":        {"storageEncrypted": want.On},
			"aws:workspaces/workspace:Workspace": {"rootVolumeEncryptionEnabled": want.On, "userVolumeEncryptionEnabled": want.On},
		}.Control(pack.Control{
			ID: "store-encrypted", Title: "Data stores and streams are encrypted", Severity: pack.High,
			Why: "Whoever gets hold of a disk, a snapshot or a backup of it can read what is not encrypted.",
			Fix: "Switch the encryption on when the store is made, with a key of yours where the type takes one.",
			Maps: standard.Meets("FSBP:Neptune.1 FSBP:DocumentDB.1 FSBP:DynamoDB.3 FSBP:Kinesis.1 FSBP:AppSync.1 FSBP:WorkSpaces.1 "+
				"FSBP:WorkSpaces.2", standard.AtRest),
		}),
		want.Properties{
			"aws:appsync/apiCache:ApiCache": {"transitEncryptionEnabled": want.On},
			"aws:dax/cluster:Cluster":       {"clusterEndpointEncryptionType": want.Is("TLS")},
			"aws:memorydb/cluster:Cluster":  {"tlsEnabled": want.KeptOn},
			"aws:msk/cluster:Cluster": {"encryptionInfo.encryptionInTransit.clientBroker": want.IsOrDefault("TLS"),
				"encryptionInfo.encryptionInTransit.inCluster": want.KeptOn},
		}.Control(pack.Control{
			ID: "store-in-transit", Title: "Data stores and brokers speak TLS", Severity: pack.High,
			Why:  "Passwords and data that cross the network in the clear can be read and changed on the way.",
			Fix:  "Switch TLS on for clients and between the nodes.",
			Maps: standard.Meets("FSBP:MSK.1 FSBP:DynamoDB.7 FSBP:AppSync.6", standard.InTransit),
		}),
		want.Properties{
			"aws:cognito/userPool:UserPool":         {"deletionProtection": want.Is("ACTIVE")},
			"aws:docdb/cluster:Cluster":             {"deletionProtection": want.On},
			"aws:neptune/cluster:Cluster":           {"deletionProtection": want.On},
			"aws:networkfirewall/firewall:Firewall": {"deleteProtection": want.On},
		}.Control(pack.Control{
			ID: "store-deletion-protection", Title: "Stores and guards are protected from deletion", Severity: pack.High, Concern: pack.Resilience,
			Why:  "One wrong line in a program, or a destroy in the wrong stack, removes them for good.",
			Fix:  "Switch the protection on, and off again on the day when it shall go.",
			Maps: standard.Meets("FSBP:Neptune.4 FSBP:DocumentDB.5 FSBP:NetworkFirewall.9 FSBP:Cognito.6", standard.KeepSafe),
		}),
		want.Properties{
			"aws:docdb/cluster:Cluster":    {"skipFinalSnapshot": want.Off},
			"aws:neptune/cluster:Cluster":  {"skipFinalSnapshot": want.Off},
			"aws:redshift/cluster:Cluster": {"skipFinalSnapshot": want.Off},
		}.Control(pack.Control{
			ID: "store-final-snapshot", Title: "A last snapshot is taken when a store is removed", Severity: pack.High, Concern: pack.Resilience,
			Why: "Without it the data goes with the store, in one step.",
			Fix: "Set skipFinalSnapshot to false and finalSnapshotIdentifier.", Maps: standard.Meets(standard.KeepSafe),
		}),
		want.Properties{
			"aws:docdb/cluster:Cluster":                         {"backupRetentionPeriod": want.Least(7)},
			"aws:elasticache/cluster:Cluster":                   {"snapshotRetentionLimit": want.Least(1).Where("engine", "redis", "valkey")},
			"aws:elasticache/replicationGroup:ReplicationGroup": {"snapshotRetentionLimit": want.Least(1)},
			"aws:memorydb/cluster:Cluster":                      {"snapshotRetentionLimit": want.Least(1)},
			"aws:neptune/cluster:Cluster":                       {"backupRetentionPeriod": want.Least(7)},
			"aws:redshift/cluster:Cluster":                      {"automatedSnapshotRetentionPeriod": want.Least(7)},
		}.Control(pack.Control{
			ID: "store-backups", Title: "Stores keep automated backups", Severity: pack.Medium, Concern: pack.Resilience,
			Why:  "Damage is often found after days; the default is one day or none.",
			Fix:  "Keep backups for a week at least; a cache needs one of its last day.",
			Maps: standard.Meets("FSBP:Neptune.5 FSBP:DocumentDB.2 FSBP:Redshift.3 FSBP:ElastiCache.1", standard.Recovery),
		}),
		want.Properties{
			"aws:dms/replicationInstance:ReplicationInstance":   {"autoMinorVersionUpgrade": want.On},
			"aws:elasticache/replicationGroup:ReplicationGroup": {"autoMinorVersionUpgrade": want.KeptOn},
			"aws:mq/broker:Broker":                              {"autoMinorVersionUpgrade": want.On},
			"aws:redshift/cluster:Cluster":                      {"allowVersionUpgrade": want.KeptOn},
		}.Control(pack.Control{
			ID: "store-minor-upgrades", Title: "Stores take minor versions by themselves", Severity: pack.Medium,
			Why: "Minor versions mend holes; who waits for somebody to think of it runs with them.",
			Fix: "Leave the switch on.", Maps: standard.Meets("FSBP:ElastiCache.2 FSBP:DMS.6 FSBP:MQ.3 FSBP:Redshift.6", standard.Patching),
		}),
		want.Properties{
			"aws:dax/cluster:Cluster":                           {"securityGroupIds": want.Given},
			"aws:docdb/cluster:Cluster":                         {"vpcSecurityGroupIds": want.Given},
			"aws:elasticache/cluster:Cluster":                   {"securityGroupIds": want.Given},
			"aws:elasticache/replicationGroup:ReplicationGroup": {"securityGroupIds": want.Given},
			"aws:memorydb/cluster:Cluster":                      {"securityGroupIds": want.Given},
			"aws:neptune/cluster:Cluster":                       {"vpcSecurityGroupIds": want.Given},
			"aws:redshift/cluster:Cluster":                      {"vpcSecurityGroupIds": want.Given},
		}.Control(pack.Control{
			ID: "store-security-group", Title: "Stores have a security group of their own", Severity: pack.Medium,
			Why: "Without one the store gets the default group of the VPC, and with it everybody else who did not name one.",
			Fix: "Name a security group that lets the clients in, and nobody else.", Maps: standard.Meets(standard.Segments),
		}),
		want.Properties{
			"aws:fsx/lustreFileSystem:LustreFileSystem":   {"copyTagsToBackups": want.On},
			"aws:fsx/openZfsFileSystem:OpenZfsFileSystem": {"copyTagsToBackups": want.On, "copyTagsToVolumes": want.On},
			"aws:neptune/cluster:Cluster":                 {"copyTagsToSnapshot": want.On},
		}.Control(pack.Control{
			ID: "store-copy-tags", Title: "Backups of stores carry their tags", Severity: pack.Low, Concern: pack.Operations,
			Why: "Backups without tags outlive the reason for them.",
			Fix: "Set the switch that copies tags.", Maps: standard.Meets("FSBP:Neptune.8 FSBP:FSx.1 FSBP:FSx.2", standard.Hygiene),
		}),
		want.Properties{
			"aws:redshift/cluster:Cluster":               {"enhancedVpcRouting": want.On},
			"aws:redshiftserverless/workgroup:Workgroup": {"enhancedVpcRouting": want.On},
		}.Control(pack.Control{
			ID: "redshift-vpc-routing", Title: "Warehouses load and unload inside the VPC", Severity: pack.Medium,
			Why: "Otherwise COPY and UNLOAD go past the network, its flow logs and its endpoint policies.",
			Fix: "Set enhancedVpcRouting to true.", Maps: standard.Meets("FSBP:Redshift.7 FSBP:RedshiftServerless.1", standard.WayOut),
		}),
		want.Properties{
			"aws:redshift/cluster:Cluster":               {"masterUsername": want.NotThe("awsuser")},
			"aws:redshiftserverless/namespace:Namespace": {"adminUsername": want.NotThe("admin")},
		}.Control(pack.Control{
			ID: "redshift-admin-name", Title: "Administrators of warehouses have names of their own", Severity: pack.Medium,
			Why:  "The default name is half of a login that everybody knows.",
			Fix:  "Set masterUsername to another name than awsuser, adminUsername to another than admin.",
			Maps: standard.Meets("FSBP:Redshift.8 FSBP:RedshiftServerless.5", standard.SignIn),
		}),
		want.Properties{
			"aws:neptune/cluster:Cluster": {"iamDatabaseAuthenticationEnabled": want.On},
		}.Control(pack.Control{
			ID: "store-iam-login", Title: "Graph databases accept IAM logins", Severity: pack.Medium,
			Why: "IAM logins expire by themselves and are revoked with the role.",
			Fix: "Set iamDatabaseAuthenticationEnabled to true.", Maps: standard.Meets("FSBP:Neptune.7", standard.Identity),
		}),
		want.Properties{
			"aws:dms/replicationInstance:ReplicationInstance": {"multiAz": want.On},
			"aws:mq/broker:Broker":                            {"deploymentMode": want.Is("ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ")},
			"aws:redshift/cluster:Cluster":                    {"multiAz": want.On},
		}.Control(pack.Control{
			ID: "store-standby", Title: "Migrations and brokers survive the loss of a zone", Severity: pack.Low, Concern: pack.Resilience,
			Level: pack.Disabled,
			Why:   "With one zone the service goes when the zone does. It costs twice as much, so this is off by default.",
			Fix:   "Set multiAz to true; for brokers choose a deploymentMode with a standby.",
			Maps:  standard.Meets("FSBP:DMS.13 FSBP:Redshift.18", standard.Spreading),
		}),
		want.Row("dms-task-logging", "Migrations log what they load and apply", "Without the log nobody can tell which rows are missing.",
			"Set Logging.EnableLogging in replicationTaskSettings to true.", "FSBP:DMS.7 FSBP:DMS.8 "+standard.Logging, pack.Low, pack.Operations,
			want.Properties{"aws:dms/replicationTask:ReplicationTask": {"replicationTaskSettings": want.Matching(
				"JSON in which Logging.EnableLogging is true and no component logs less than LOGGER_SEVERITY_DEFAULT", logsMigration)}}),
		want.Row("dms-mongo-login", "Migrations of MongoDB sign in", "Without a login anybody in the network reads the database.",
			"Leave mongodbSettings.authType out, or set it to password.", "FSBP:DMS.11 "+standard.Identity, pack.Medium, "",
			want.Properties{aws.DMSEndpoint: {"mongodbSettings.authType": want.IsOrDefault("password", "PASSWORD").Where("engineName", "mongodb")}}),
		want.Row("dms-redis-tls", "Migrations of Redis use TLS", "A migration carries the whole cache over the network.",
			"Leave redisSettings.sslSecurityProtocol out, or set it to ssl-encryption.", "FSBP:DMS.12 "+standard.InTransit, pack.Medium, "",
			want.Properties{aws.DMSEndpoint: {"redisSettings.sslSecurityProtocol": want.IsOrDefault("ssl-encryption").
				Where("engineName", "redis")}}),
		want.Row("fsx-zones", "File systems survive the loss of a zone", "With one zone the files go when the zone does.",
			"Set deploymentType to a MULTI_AZ one.", "FSBP:FSx.3 FSBP:FSx.4 FSBP:FSx.5 "+standard.Spreading, pack.Low, pack.Resilience,
			want.Properties{
				aws.FSxOpenZFSFileSystem:                      {"deploymentType": want.Is("MULTI_AZ_1")},
				"aws:fsx/windowsFileSystem:WindowsFileSystem": {"deploymentType": want.Is("MULTI_AZ_1")},
				"aws:fsx/ontapFileSystem:OntapFileSystem":     {"deploymentType": want.Is("MULTI_AZ_1", "MULTI_AZ_2")},
			}),
		want.Row("kinesis-retention", "Streams keep their records for a week", "A reader that fails on Friday has lost its data on Monday.",
			"Set retentionPeriod to 168 hours or more.", "FSBP:Kinesis.3 "+standard.Retention, pack.Low, pack.Resilience,
			want.Properties{"aws:kinesis/stream:Stream": {"retentionPeriod": want.Least(168)}}),
		want.Row("mskconnect-tls", "Connectors speak TLS with Kafka", "Records cross the network in the clear otherwise.",
			"Set kafkaClusterEncryptionInTransit.encryptionType to TLS.", "FSBP:MSK.3 "+standard.InTransit, pack.Medium, "",
			want.Properties{"aws:mskconnect/connector:Connector": {"kafkaClusterEncryptionInTransit.encryptionType": want.Is("TLS")}}),
		want.Row("msk-no-guests", "Kafka asks its clients who they are", "Anybody in the network otherwise reads and writes every topic.",
			"Set clientAuthentication.sasl or .tls, and unauthenticated to false.", "FSBP:MSK.6 "+standard.Identity, pack.Medium, "",
			want.Properties{"aws:msk/cluster:Cluster": {"clientAuthentication": want.Given, "clientAuthentication.unauthenticated": want.Off},
				"aws:msk/serverlessCluster:ServerlessCluster": {"clientAuthentication.sasl.iam.enabled": want.On}}),
		want.Row("redshift-audit-logs", "Warehouses log who asked for what", "Nobody can tell afterwards what was read.",
			"Add a redshift Logging for the cluster.", "FSBP:Redshift.4 "+standard.Logging, pack.Medium, "",
			want.Beside{aws.RedshiftCluster: {Token: "aws:redshift/logging:Logging", Property: "clusterIdentifier", Own: "logging.enable"}}),
		want.Row("redshift-serverless-tls", "Serverless warehouses want TLS", "Logins and queries cross the network in the clear otherwise.",
			"Set the parameter require_ssl to true.", "FSBP:RedshiftServerless.2 "+standard.InTransit, pack.Medium, "",
			want.Properties{"aws:redshiftserverless/workgroup:Workgroup": {"configParameters": want.Entry("parameterKey", "require_ssl",
				"parameterValue",
				"true")}}),
		want.Row("redshift-serverless-key", "Serverless warehouses are encrypted with a key of yours",
			"Only the use of a key of yours can be limited, logged and taken back.", "Set kmsKeyId.", "FSBP:RedshiftServerless.4 "+standard.KeyCare,
			pack.Medium, "", want.Properties{aws.RedshiftServerlessNamespace: {"kmsKeyId": want.Given}}),
		want.Row("redshift-serverless-logs", "Serverless warehouses log connections and users", "Nobody can tell afterwards who was there.",
			"List connectionlog and userlog in logExports.", "FSBP:RedshiftServerless.6 "+standard.Logging, pack.Medium, "",
			want.Properties{aws.RedshiftServerlessNamespace: {"logExports": want.Both("connectionlog", "userlog")}}),
		want.Row("redshift-database-name", "Databases of warehouses have names of their own",
			"The default name is a part of a login that everybody knows.", "Set dbName to another name than dev.",
			"FSBP:RedshiftServerless.7 "+standard.Hygiene, pack.Low, "",
			want.Properties{aws.RedshiftServerlessNamespace: {"dbName": want.Other("dev")}}),
	}
}

// logsMigration reports whether the settings of a migration switch its log on, with warnings and what was done in it.
func logsMigration(text string) bool {
	var settings struct {
		Logging struct {
			EnableLogging bool
			LogComponents []struct{ Severity string }
		}
	}
	if json.Unmarshal([]byte(text), &settings) != nil || !settings.Logging.EnableLogging {
		return false
	}
	for _, c := range settings.Logging.LogComponents {
		if slices.Contains([]string{"LOGGER_SEVERITY_ERROR", "LOGGER_SEVERITY_WARNING", "LOGGER_SEVERITY_INFO"}, c.Severity) {
			return false
		}
	}
	return true
}
