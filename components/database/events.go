// SPDX-License-Identifier: Apache-2.0

package database

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// heardEvents are the categories of what RDS says of an instance that somebody must hear: failures, and changes of what it is (FSBP
// RDS.20; RDS user guide, "Amazon RDS event categories and event messages"). Backups, which come every day, are not among them.
var heardEvents = []string{
	"availability", "configuration change", "deletion", "failover", "failure", "low storage", "maintenance", "recovery", "restoration", "security",
}

// Hear sends what RDS says of the instance to a topic, whose policy and key must let RDS publish: see alarm.TopicArgs.DatabaseEvents.
func (d *Database) Hear(ctx *pulumi.Context, name string, topicARN pulumi.StringInput) error {
	_, err := rds.NewEventSubscription(ctx, name+"-events", &rds.EventSubscriptionArgs{
		SnsTopic:        topicARN,
		SourceType:      pulumi.String("db-instance"),
		SourceIds:       pulumi.StringArray{d.Identifier},
		EventCategories: pulumi.ToStringArray(heardEvents),
		Enabled:         pulumi.Bool(true),
		Tags:            pulumi.StringMap{"Name": pulumi.String(name + "-events")},
	}, pulumi.Parent(d))
	return err
}
