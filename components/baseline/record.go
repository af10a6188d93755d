// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// recorderName is that of the one recorder and the one delivery channel which an account has in a region. AWS's own: one that somebody
// has made in the console is taken over, for the same name is the same recorder.
const recorderName = "default"

// record has AWS Config record every change of every kind of resource, and deliver the history to a bucket that outlives the stack.
// The role is the one that AWS has made for Config (FSBP Config.1 asks for it); it stays, for Config may be in use elsewhere.
func (b *Baseline) record(ctx *pulumi.Context) error {
	name := b.name + "-config"
	bucket, err := storage.NewLogBucket(ctx, name, &storage.LogBucketArgs{
		BucketArgs: storage.BucketArgs{KeyARN: b.Account.LogKeyARN, ExpireDays: b.Account.Retention()},
		Writers:    []storage.Writer{storage.Config(b.Account.ID, "")},
	}, b.child())
	if err != nil {
		return err
	}
	role, err := iam.NewServiceLinkedRole(ctx, name+"-role", &iam.ServiceLinkedRoleArgs{
		AwsServiceName: pulumi.String("config.amazonaws.com"),
	}, b.stays()...)
	if err != nil {
		return err
	}
	recorder, err := cfg.NewRecorder(ctx, name+"-recorder", &cfg.RecorderArgs{
		Name:    pulumi.String(recorderName),
		RoleArn: role.Arn,
		RecordingGroup: cfg.RecorderRecordingGroupArgs{
			AllSupported: pulumi.Bool(true), IncludeGlobalResourceTypes: pulumi.Bool(true),
		},
	}, b.child())
	if err != nil {
		return err
	}
	channel, err := cfg.NewDeliveryChannel(ctx, name+"-delivery", &cfg.DeliveryChannelArgs{
		Name:         pulumi.String(recorderName),
		S3BucketName: bucket.Name,
		S3KmsKeyArn:  b.Account.LogKeyARN.ToStringOutput(),
	}, b.child(), order.After(bucket.Ready(), order.List(recorder)))
	if err != nil {
		return err
	}
	_, err = cfg.NewRecorderStatus(ctx, name+"-on", &cfg.RecorderStatusArgs{
		Name: recorder.Name, IsEnabled: pulumi.Bool(true),
	}, b.child(), order.After(order.List(channel)))
	return err
}
