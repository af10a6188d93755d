// SPDX-License-Identifier: Apache-2.0

package controls

import "github.com/bulkhead-iac/bulkhead/policy/pack"

// foundational are further demands of the Foundational Security Best Practices on single properties.
func foundational() []*pack.Control {
	return []*pack.Control{
		demands{
			"aws:efs/accessPoint:AccessPoint": {"rootDirectory.path": other("/"), "posixUser.uid": given},
		}.control(pack.Control{
			ID: "efs-access-point-apart", Title: "Access points of file systems show a folder, to one user", Severity: pack.Medium,
			Why: "An access point for the whole file system, or for whoever the client says it is, keeps nobody apart.",
			Fix: "Set rootDirectory.path to a folder and posixUser.", Maps: meets("FSBP:EFS.3 FSBP:EFS.4", isolation, privilege),
		}),
		demands{
			"aws:fsx/lustreFileSystem:LustreFileSystem":   {"copyTagsToBackups": on},
			"aws:fsx/openZfsFileSystem:OpenZfsFileSystem": {"copyTagsToBackups": on, "copyTagsToVolumes": on},
			"aws:neptune/cluster:Cluster":                 {"copyTagsToSnapshot": on},
		}.control(pack.Control{
			ID: "store-copy-tags", Title: "Backups of stores carry their tags", Severity: pack.Low, Concern: pack.Operations,
			Why: "Backups without tags outlive the reason for them.",
			Fix: "Set the switch that copies tags.", Maps: meets("FSBP:Neptune.8 FSBP:FSx.1 FSBP:FSx.2", hygiene),
		}),
		demands{
			"aws:redshift/cluster:Cluster":               {"enhancedVpcRouting": on},
			"aws:redshiftserverless/workgroup:Workgroup": {"enhancedVpcRouting": on},
		}.control(pack.Control{
			ID: "redshift-vpc-routing", Title: "Warehouses load and unload inside the VPC", Severity: pack.Medium,
			Why: "Otherwise COPY and UNLOAD go past the network, its flow logs and its endpoint policies.",
			Fix: "Set enhancedVpcRouting to true.", Maps: meets("FSBP:Redshift.7 FSBP:RedshiftServerless.1", wayOut),
		}),
		demands{
			"aws:redshift/cluster:Cluster":               {"masterUsername": notThe("awsuser")},
			"aws:redshiftserverless/namespace:Namespace": {"adminUsername": notThe("admin")},
		}.control(pack.Control{
			ID: "redshift-admin-name", Title: "Administrators of warehouses have names of their own", Severity: pack.Medium,
			Why: "The default name is half of a login that everybody knows.",
			Fix: "Set masterUsername to another name than awsuser, adminUsername to another than admin.", Maps: meets("FSBP:Redshift.8 FSBP:RedshiftServerless.5", signIn),
		}),
		demands{
			"aws:neptune/cluster:Cluster": {"iamDatabaseAuthenticationEnabled": on},
		}.control(pack.Control{
			ID: "store-iam-login", Title: "Graph databases accept IAM logins", Severity: pack.Medium,
			Why: "IAM logins expire by themselves and are revoked with the role.",
			Fix: "Set iamDatabaseAuthenticationEnabled to true.", Maps: meets("FSBP:Neptune.7", identity),
		}),
		demands{
			"aws:dms/replicationInstance:ReplicationInstance": {"multiAz": on},
			"aws:mq/broker:Broker":                            {"deploymentMode": is("ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ")},
			"aws:redshift/cluster:Cluster":                    {"multiAz": on},
		}.control(pack.Control{
			ID: "store-standby", Title: "Migrations and brokers survive the loss of a zone", Severity: pack.Low, Concern: pack.Resilience, Level: pack.Disabled,
			Why: "With one zone the service goes when the zone does. It costs twice as much, so this is off by default.",
			Fix: "Set multiAz to true; for brokers choose a deploymentMode with a standby.", Maps: meets("FSBP:DMS.13 FSBP:Redshift.18", spreading),
		}),
		demands{
			"aws:eks/cluster:Cluster": {"encryptionConfig.provider.keyArn": given, "encryptionConfig.resources": holding("secrets")},
		}.control(pack.Control{
			ID: "eks-secrets-encrypted", Title: "Kubernetes secrets are encrypted with a key of yours", Severity: pack.Medium,
			Why: "Whoever reads the disks of the control plane or a backup of it otherwise reads every secret of the cluster.",
			Fix: "Set encryptionConfig with the resource secrets and a provider key.", Maps: meets("FSBP:EKS.3", atRest, keyCare),
		}),
		demands{
			"aws:sagemaker/notebookInstance:NotebookInstance": {"subnetId": given},
		}.control(pack.Control{
			ID: "notebook-in-vpc", Title: "Notebooks stand in a VPC", Severity: pack.Medium,
			Why: "Outside of one they reach the internet past your network, its logs and its rules.",
			Fix: "Set subnetId and securityGroups.", Maps: meets("FSBP:SageMaker.2", segments),
		}),
		demands{
			"aws:cognito/userPool:UserPool": {"mfaConfiguration": is("ON", "OPTIONAL")},
		}.control(pack.Control{
			ID: "cognito-second-factor", Title: "User pools offer a second factor", Severity: pack.Medium,
			Why: "A password alone is guessed or phished.",
			Fix: "Set mfaConfiguration to ON, or to OPTIONAL for applications that choose.", Maps: meets("FSBP:Cognito.5", identity),
		}),
		demands{
			"aws:athena/workgroup:Workgroup": {"configuration.publishCloudwatchMetricsEnabled": keptOn},
		}.control(pack.Control{
			ID: "athena-metrics", Title: "Athena workgroups are measured", Severity: pack.Low, Concern: pack.Operations,
			Why: "Without metrics nobody sees a query that reads everything.",
			Fix: "Leave publishCloudwatchMetricsEnabled out.", Maps: meets("FSBP:Athena.4", monitoring),
		}),
		demands{
			"aws:codebuild/project:Project": {"logsConfig.s3Logs.encryptionDisabled": off, "logsConfig.cloudwatchLogs.status": isOrDefault("ENABLED")},
		}.control(pack.Control{
			ID: "codebuild-logs", Title: "Builds keep their logs, encrypted", Severity: pack.Medium,
			Why: "The log is what shows afterwards what a build did, and it often holds what it read.",
			Fix: "Leave logsConfig out, or enable one of the two, with encryptionDisabled false.", Maps: meets("FSBP:CodeBuild.3 FSBP:CodeBuild.4", logging, logSafety),
		}),
		demands{
			"aws:networkfirewall/firewall:Firewall": {"subnetChangeProtection": on},
		}.control(pack.Control{
			ID: "firewall-change-protection", Title: "Network firewalls do not lose their subnets by mistake", Severity: pack.Medium, Concern: pack.Resilience,
			Why: "A firewall that is taken out of a subnet lets its traffic past.",
			Fix: "Set subnetChangeProtection to true.", Maps: meets("FSBP:NetworkFirewall.10", keepSafe),
		}),
	}
}
