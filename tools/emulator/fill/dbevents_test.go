// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestEventSubscriptionsChange(t *testing.T) {
	t.Parallel()
	client := rds.NewFromConfig(emulatortest.NewAccount(t).Config)
	for _, name := range []string{"one", "two"} {
		_, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: &name, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
			MasterUsername: aws.String("u"), MasterUserPassword: aws.String("long-enough")})
		require.NoError(t, err)
	}
	name, topic := aws.String("heard"), aws.String("arn:aws:sns:eu-central-1:123456789012:alarms")
	input := &rds.CreateEventSubscriptionInput{
		SubscriptionName: name, SnsTopicArn: topic, SourceType: aws.String("db-instance"), SourceIds: []string{"none"}, EventCategories: []string{"failure"},
		Enabled: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}
	_, err := client.CreateEventSubscription(t.Context(), input)
	require.ErrorContains(t, err, "SourceNotFound")
	input.SourceIds = []string{"one"}
	_, err = client.CreateEventSubscription(t.Context(), input)
	require.NoError(t, err)

	_, err = client.ModifyEventSubscription(t.Context(), &rds.ModifyEventSubscriptionInput{SubscriptionName: name, EventCategories: []string{"failover", "failure"}, Enabled: aws.Bool(false)})
	require.NoError(t, err)
	_, err = client.AddSourceIdentifierToSubscription(t.Context(), &rds.AddSourceIdentifierToSubscriptionInput{SubscriptionName: name, SourceIdentifier: aws.String("none")})
	require.ErrorContains(t, err, "SourceNotFound")
	_, err = client.AddSourceIdentifierToSubscription(t.Context(), &rds.AddSourceIdentifierToSubscriptionInput{SubscriptionName: name, SourceIdentifier: aws.String("two")})
	require.NoError(t, err)
	_, err = client.RemoveSourceIdentifierFromSubscription(t.Context(), &rds.RemoveSourceIdentifierFromSubscriptionInput{SubscriptionName: name, SourceIdentifier: aws.String("one")})
	require.NoError(t, err)
	got, err := client.DescribeEventSubscriptions(t.Context(), &rds.DescribeEventSubscriptionsInput{SubscriptionName: name})
	require.NoError(t, err)
	require.Len(t, got.EventSubscriptionsList, 1)
	changed := got.EventSubscriptionsList[0]
	require.Equal(t, []string{"two"}, changed.SourceIdsList)
	require.Equal(t, []string{"failover", "failure"}, changed.EventCategoriesList)
	require.False(t, *changed.Enabled)
	require.Equal(t, *topic, *changed.SnsTopicArn)
	tags, err := client.ListTagsForResource(t.Context(), &rds.ListTagsForResourceInput{ResourceName: changed.EventSubscriptionArn})
	require.NoError(t, err)
	require.Len(t, tags.TagList, 1)
}
