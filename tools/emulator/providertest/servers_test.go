// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

func TestServers(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Start(t, root), append(subnets(),
		resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"description": "disks"}},
		resource{Name: "role", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("ec2.amazonaws.com")}},
		resource{Name: "profile", Type: "aws:iam/instanceProfile:InstanceProfile", Inputs: m{"role": "${role.name}"}},
		resource{Name: "tg", Type: "aws:lb/targetGroup:TargetGroup", Inputs: m{"vpcId": "${vpc.id}", "port": 8443, "protocol": "HTTPS"}},
		resource{Name: "lt", Type: "aws:ec2/launchTemplate:LaunchTemplate", Inputs: m{"imageId": "ami-0abcdef1234567890", "instanceType": "t3.micro", "updateDefaultVersion": true, "ebsOptimized": "true", "description": "app",
			"iamInstanceProfile": m{"arn": "${profile.arn}"}, "userData": "IyEvYmluL3No", "disableApiTermination": false, "instanceInitiatedShutdownBehavior": "terminate",
			"metadataOptions": m{"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1, "instanceMetadataTags": "disabled"}, "monitoring": m{"enabled": true},
			"networkInterfaces":   l{m{"associatePublicIpAddress": "false", "deleteOnTermination": "true", "securityGroups": l{"${group.id}"}}},
			"blockDeviceMappings": l{m{"deviceName": "/dev/xvda", "ebs": m{"encrypted": "true", "kmsKeyId": "${key.arn}", "volumeType": "gp3", "volumeSize": 20, "deleteOnTermination": "true"}}},
			"tagSpecifications":   l{m{"resourceType": "instance", "tags": m{"Name": "app"}}, m{"resourceType": "volume", "tags": m{"Name": "app"}}}, "tags": m{"Name": "app"}},
			Update: m{"imageId": "ami-0abcdef1234567891"}},
		resource{Name: "asg", Type: "aws:autoscaling/group:Group", Inputs: m{"minSize": 2, "maxSize": 4, "desiredCapacity": 2, "vpcZoneIdentifiers": l{"${a.id}", "${b.id}"}, "targetGroupArns": l{"${tg.arn}"}, "healthCheckType": "ELB", "healthCheckGracePeriod": 120,
			"launchTemplate": m{"id": "${lt.id}", "version": "${lt.latestVersion}"}, "waitForCapacityTimeout": "0", "maxInstanceLifetime": 604800, "defaultInstanceWarmup": 60, "defaultCooldown": 60, "capacityRebalance": true, "forceDelete": true,
			"terminationPolicies": l{"OldestInstance"}, "enabledMetrics": l{"GroupDesiredCapacity", "GroupInServiceInstances"}, "metricsGranularity": "1Minute", "instanceMaintenancePolicy": m{"minHealthyPercentage": 100, "maxHealthyPercentage": 200},
			"instanceRefresh": m{"strategy": "Rolling", "preferences": m{"minHealthyPercentage": 100, "maxHealthyPercentage": 200, "instanceWarmup": "60", "autoRollback": false}, "triggers": l{"tag"}},
			"tags":            l{m{"key": "Name", "value": "app", "propagateAtLaunch": true}}},
			Update: m{"maxSize": 6, "tags": l{m{"key": "Name", "value": "App", "propagateAtLaunch": true}}, "enabledMetrics": l{"GroupDesiredCapacity"}}},
		resource{Name: "policy", Type: "aws:autoscaling/policy:Policy", Inputs: m{"autoscalingGroupName": "${asg.name}", "policyType": "TargetTrackingScaling", "estimatedInstanceWarmup": 60,
			"targetTrackingConfiguration": m{"predefinedMetricSpecification": m{"predefinedMetricType": "ASGAverageCPUUtilization"}, "targetValue": 60}}},
		resource{Name: "attachment", Type: "aws:autoscaling/attachment:Attachment", Inputs: m{"autoscalingGroupName": "${asg2.name}", "lbTargetGroupArn": "${tg.arn}"}},
		resource{Name: "asg2", Type: "aws:autoscaling/group:Group", Inputs: m{"minSize": 1, "maxSize": 1, "vpcZoneIdentifiers": l{"${a.id}"}, "launchTemplate": m{"id": "${lt.id}", "version": "$Latest"}, "waitForCapacityTimeout": "0",
			"instanceRefresh": m{"strategy": "Rolling", "preferences": m{"minHealthyPercentage": 0}}, "tags": l{m{"key": "Name", "value": "bastion", "propagateAtLaunch": true}}}},
	)...)
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Start(t, root), append(subnets(),
		resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"description": "database", "enableKeyRotation": true}},
		resource{Name: "monitoring", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("monitoring.rds.amazonaws.com")}},
		resource{Name: "dbsubnets", Type: "aws:rds/subnetGroup:SubnetGroup", Inputs: m{"subnetIds": l{"${a.id}", "${b.id}"}, "description": "data", "tags": m{"Name": "data"}}, Update: m{"description": "Data"}},
		resource{Name: "parameters", Type: "aws:rds/parameterGroup:ParameterGroup", Inputs: m{"family": "postgres16", "description": "tls", "tags": m{"Name": "tls"},
			"parameters": l{m{"name": "rds.force_ssl", "value": "1"}, m{"name": "log_connections", "value": "1"}, m{"name": "log_min_duration_statement", "value": "1000"}, m{"name": "shared_preload_libraries", "value": "pg_stat_statements", "applyMethod": "pending-reboot"}}},
			Update: m{"parameters": l{m{"name": "rds.force_ssl", "value": "1"}, m{"name": "log_connections", "value": "0"}}}},
		resource{Name: "parameters17", Type: "aws:rds/parameterGroup:ParameterGroup", Inputs: m{"family": "postgres17", "parameters": l{m{"name": "rds.force_ssl", "value": "1"},
			m{"name": "pgaudit.log", "value": "ddl,role"}, m{"name": "shared_preload_libraries", "value": "pg_stat_statements,pgaudit", "applyMethod": "pending-reboot"}}}},
		resource{Name: "db", Type: "aws:rds/instance:Instance", Inputs: m{"engine": "postgres", "engineVersion": "16.4", "instanceClass": "db.t4g.medium", "allocatedStorage": 20, "maxAllocatedStorage": 100, "storageType": "gp3", "storageEncrypted": true, "kmsKeyId": "${key.arn}",
			"dbSubnetGroupName": "${dbsubnets.name}", "vpcSecurityGroupIds": l{"${group.id}"}, "parameterGroupName": "${parameters.name}", "username": "bulkhead", "dbName": "app", "manageMasterUserPassword": true, "masterUserSecretKmsKeyId": "${key.arn}",
			"multiAz": true, "publiclyAccessible": false, "backupRetentionPeriod": 14, "backupWindow": "02:00-03:00", "maintenanceWindow": "sun:04:00-sun:05:00", "copyTagsToSnapshot": true, "deleteAutomatedBackups": false, "deletionProtection": false,
			"skipFinalSnapshot": true, "enabledCloudwatchLogsExports": l{"postgresql", "upgrade"}, "iamDatabaseAuthenticationEnabled": true, "autoMinorVersionUpgrade": true, "allowMajorVersionUpgrade": false, "applyImmediately": true,
			"performanceInsightsEnabled": true, "performanceInsightsKmsKeyId": "${key.arn}", "performanceInsightsRetentionPeriod": 7, "monitoringInterval": 60, "monitoringRoleArn": "${monitoring.arn}", "caCertIdentifier": "rds-ca-rsa2048-g1", "networkType": "IPV4", "port": 5432,
			"tags": m{"Name": "db", "Next": "${parameters17.name}"}}, // the tag has the group of the next version stay as long as the instance
			Update: m{"engineVersion": "17.2", "parameterGroupName": "${parameters17.name}", "allowMajorVersionUpgrade": true},
			Differ: []string{"latestRestorableTime"}},
		resource{Name: "topic", Type: "aws:sns/topic:Topic", Inputs: m{}},
		resource{Name: "events", Type: "aws:rds/eventSubscription:EventSubscription", Inputs: m{"snsTopic": "${topic.arn}", "sourceType": "db-instance", "sourceIds": l{"${db.identifier}"},
			"eventCategories": l{"availability", "failure"}, "enabled": true, "tags": m{"Name": "events"}},
			Update: m{"eventCategories": l{"failover", "failure"}, "enabled": false}},
	)...)
}
