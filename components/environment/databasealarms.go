// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/database"
)

const (
	// oldTransactions is the age, in transactions, at which there is time left to find out why vacuuming does not get there: at some two
	// thousand million PostgreSQL stops to take writes (CloudWatch user guide, "Recommended alarms", RDS, MaximumUsedTransactionIDs).
	oldTransactions = 1e9
	// fewCredits is what is left of the CPU credits of a burstable class before it is charged, or slow.
	fewCredits = 20
	// hoursOfADay is how long nothing may be heard of a daily backup.
	hoursOfADay = 26
	// farBehind is how much a replica or a subscriber has not fetched yet, in bytes. It fills the disk.
	farBehind = 1 << 30
)

// databaseHealth watches what a database runs out of besides processors and disk. A name is about the last quarter of an hour.
func (e *Environment) databaseHealth(d Database) []watched {
	instance := pulumi.StringMap{"DBInstanceIdentifier": e.Databases[d.Name].Identifier}
	class := component.Or(d.InstanceClass, database.DefaultInstanceClass)
	memory := database.Memory(class)
	low := func(metric, statistic string, comparison alarm.Comparison, threshold float64, description string) alarm.Args {
		return alarm.Args{
			Description: description, Namespace: "AWS/RDS", Metric: metric, Dimensions: instance, Statistic: statistic,
			Comparison: comparison, Threshold: threshold, Periods: 3, BadPeriods: 3,
		}
	}
	all := []watched{
		{d.Name + "-silent", alarm.Args{
			Description: "The database has reported nothing for a quarter of an hour: see whether it runs, and the events of RDS.",
			Namespace:   "AWS/RDS", Metric: "DatabaseConnections", Dimensions: instance,
			Statistic: "SampleCount", Comparison: alarm.Below, Threshold: 1, Periods: 3, BadPeriods: 3, Silence: alarm.SilenceIsBad,
		}},
		// RDS tells events, and EventBridge counts them, as best they can: one may be lost, and the alarm then ends with the next
		// (RDS user guide, "Overview of events for Amazon RDS"; EventBridge user guide, "Monitoring Amazon EventBridge"). A backup begins
		// in its window of an hour and may last as long again, so that 26 hours without one are a day without one.
		{d.Name + "-backup", alarm.Args{
			Description: "No backup of the database has been completed for a day: see its events and its automated backups in RDS, and whether it runs.",
			Namespace:   "AWS/Events", Metric: "Invocations", Dimensions: pulumi.StringMap{"RuleName": e.Databases[d.Name].BackupRule},
			Statistic: "Sum", Comparison: alarm.Below, Threshold: 1, PeriodSeconds: 3600, Periods: hoursOfADay, BadPeriods: hoursOfADay, Silence: alarm.SilenceIsBad,
		}},
		{d.Name + "-connections", low("DatabaseConnections", "Maximum", alarm.Above, 0.7*database.MaxConnections(class),
			"The database has nearly as many connections as it takes: see who has them in Performance Insights, and the pools of the services.")},
		{d.Name + "-memory", low("FreeableMemory", "Average", alarm.Below, memory/10,
			"The database has less than a tenth of its memory left: see Performance Insights, or choose a larger class.")},
		{d.Name + "-transactions", low("MaximumUsedTransactionIDs", "Maximum", alarm.Above, oldTransactions,
			"Old transactions are not vacuumed away, and the database will take no writes some day: see for long transactions and replication slots.")},
		{d.Name + "-lag", low("OldestReplicationSlotLag", "Maximum", alarm.Above, farBehind,
			"A replica or subscriber is far behind and lets the log fill the disk: see pg_replication_slots, and drop the slot of one that is gone.")},
	}
	if strings.HasPrefix(class, "db.t") {
		all = append(all, watched{d.Name + "-credits", low("CPUCreditBalance", "Average", alarm.Below, fewCredits,
			"The database has used up its CPU credits, and what it uses more is charged: choose a class that is not burstable.")})
	}
	if agent := e.Databases[d.Name].AgentName; d.Users != nil {
		all = append(all, watched{d.Name + "-agent", alarm.Args{
			Description: "The function that makes the users of the database and rotates their passwords has failed: see its log group.",
			Namespace:   "AWS/Lambda", Metric: "Errors", Dimensions: pulumi.StringMap{"FunctionName": agent},
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 0,
		}})
	}
	return all
}

// backupName begins the names of what keeps the backups.
const backupName = "backups"

// backupAlarms hear each job of AWS Backup in the vault that fails (AWS Backup developer guide, "Monitoring AWS Backup metrics using Amazon
// CloudWatch").
func (e *Environment) backupAlarms() []watched {
	if e.Backup == nil {
		return nil
	}
	var all []watched
	for _, heard := range []struct{ name, metric, description string }{
		{"failed", "NumberOfBackupJobsFailed", "A snapshot into the locked vault has failed: see the backup jobs of AWS Backup for why."},
		{"late", "NumberOfBackupJobsExpired", "A snapshot into the locked vault did not begin in its hour: see the state of the databases, and their windows."},
		{"copy", "NumberOfCopyJobsFailed", "A snapshot was not copied to another vault: see the copy jobs of AWS Backup, the policy of that vault, and who may use the key of the database."},
		{"restore", "NumberOfRestoreJobsFailed", "A snapshot of the locked vault could not be restored: see the restore jobs of AWS Backup."},
		{"stays", "NumberOfRecoveryPointsExpired", "AWS Backup could not delete a snapshot whose time is over: see the role that made it."},
	} {
		all = append(all, watched{backupName + "-" + heard.name, alarm.Args{
			Description: heard.description, Namespace: "AWS/Backup", Metric: heard.metric, Dimensions: pulumi.StringMap{"BackupVaultName": e.Backup.VaultName},
			Statistic: "Sum", Comparison: alarm.Above, Threshold: 0,
		}})
	}
	return all
}

// hearDatabase sends what RDS says of a database to the topic, and has the trail tell of whoever reads the owner's secret, which with
// declared users nobody but their agent does.
func (e *Environment) hearDatabase(ctx *pulumi.Context, d Database) error {
	name, made := e.name+"-"+d.Name, e.Databases[d.Name]
	if err := made.Hear(ctx, name, e.Topic.ARN); err != nil || e.Trail == nil || d.Users == nil {
		return err
	}
	_, err := audit.NewTrailAlarms(ctx, name, &audit.TrailAlarmsArgs{
		LogGroup: e.Trail.LogGroup, TopicARN: e.Topic.ARN, Checks: []audit.CheckInput{audit.OwnerSecretRead(made.SecretARN, made.AgentRoleARN)},
	}, e.Options)
	return err
}
