// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestTrailByARN(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	bucket := "trail-" + account.ID
	_, err := s3.NewFromConfig(account.Config).CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    &bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: emulatortest.Region},
	})
	require.NoError(t, err)
	client := cloudtrail.NewFromConfig(account.Config)
	made, err := client.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
		Name: aws.String("audit"), S3BucketName: &bucket, IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
		IncludeGlobalServiceEvents: aws.Bool(true), KmsKeyId: aws.String("arn:aws:kms:eu-central-1:" + account.ID + ":key/1"),
		TagsList: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	})
	require.NoError(t, err)
	arn := made.TrailARN
	_, err = client.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: arn})
	require.NoError(t, err)
	status, err := client.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: arn})
	require.NoError(t, err)
	require.True(t, *status.IsLogging)
	_, err = client.PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{TrailName: arn, EventSelectors: []types.EventSelector{{
		ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true),
		DataResources: []types.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3"}}},
	}}})
	require.NoError(t, err)
	selectors, err := client.GetEventSelectors(t.Context(), &cloudtrail.GetEventSelectorsInput{TrailName: arn})
	require.NoError(t, err)
	require.Len(t, selectors.EventSelectors, 1)
	_, err = client.UpdateTrail(t.Context(), &cloudtrail.UpdateTrailInput{Name: arn, EnableLogFileValidation: aws.Bool(false)})
	require.NoError(t, err)
	trails, err := client.DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{TrailNameList: []string{*arn}})
	require.NoError(t, err)
	require.Len(t, trails.TrailList, 1)
	require.False(t, *trails.TrailList[0].LogFileValidationEnabled)
	require.Equal(t, "arn:aws:kms:eu-central-1:"+account.ID+":key/1", *trails.TrailList[0].KmsKeyId)
	tags, err := client.ListTags(t.Context(), &cloudtrail.ListTagsInput{ResourceIdList: []string{*arn}})
	require.NoError(t, err)
	require.Equal(t, "b", *tags.ResourceTagList[0].TagsList[0].Value)
	_, err = client.GetInsightSelectors(t.Context(), &cloudtrail.GetInsightSelectorsInput{TrailName: arn})
	require.NoError(t, err)
	_, err = client.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: arn})
	require.NoError(t, err)
	status, err = client.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: arn})
	require.NoError(t, err)
	require.False(t, *status.IsLogging)
	_, err = client.DeleteTrail(t.Context(), &cloudtrail.DeleteTrailInput{Name: arn})
	require.NoError(t, err)
	_, err = client.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: arn})
	require.ErrorContains(t, err, "TrailNotFound")
}
