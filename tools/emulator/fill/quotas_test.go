// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/quota"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestQuotasAreAWSsDefaultsUntilMoreIsAskedFor(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	client := servicequotas.NewFromConfig(account.Config)
	value := func(q *quota.Quota, region string) (float64, error) {
		got, err := client.GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: &q.Service, QuotaCode: &q.Code},
			func(o *servicequotas.Options) { o.Region = region })
		if err != nil {
			return 0, err
		}
		require.Equal(t, q.Name, *got.Quota.QuotaName)
		return *got.Quota.Value, nil
	}
	for _, q := range quota.All {
		region := account.Config.Region
		if q.Global {
			region = quota.Home(region)
		}
		got, err := value(q, region)
		if q.Code == "" {
			require.Error(t, err, "%s has no code", q.Name)
			continue
		}
		require.NoError(t, err, q.Name)
		require.InDelta(t, q.Default, got, 0, q.Name)
	}
	var none *types.NoSuchResourceException
	_, err := value(quota.Roles, account.Config.Region)
	require.ErrorAs(t, err, &none, "what the account has once is told in one region only")
	_, err = value(&quota.Quota{Service: "ec2", Code: "L-00000000"}, account.Config.Region)
	require.ErrorAs(t, err, &none)

	asked, err := client.RequestServiceQuotaIncrease(t.Context(), &servicequotas.RequestServiceQuotaIncreaseInput{
		ServiceCode: aws.String("ec2"), QuotaCode: &quota.ElasticIPs.Code, DesiredValue: aws.Float64(12)})
	require.NoError(t, err)
	require.Equal(t, types.RequestStatusApproved, asked.RequestedQuota.Status)
	got, err := value(quota.ElasticIPs, account.Config.Region)
	require.NoError(t, err)
	require.InDelta(t, 12, got, 0)
	standard, err := client.GetAWSDefaultServiceQuota(t.Context(), &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: &quota.ElasticIPs.Code})
	require.NoError(t, err)
	require.InDelta(t, 5, *standard.Quota.Value, 0)
}

func TestWhatRDSOffers(t *testing.T) {
	t.Parallel()
	client := rds.NewFromConfig(emulatortest.NewAccount(t).Config)
	versions, err := client.DescribeDBEngineVersions(t.Context(), &rds.DescribeDBEngineVersionsInput{Engine: aws.String("postgres"), EngineVersion: aws.String("17"), DefaultOnly: aws.Bool(true)})
	require.NoError(t, err)
	require.Len(t, versions.DBEngineVersions, 1)
	version := versions.DBEngineVersions[0].EngineVersion
	require.Regexp(t, `^17\.\d+$`, *version)
	require.Equal(t, "postgres17", *versions.DBEngineVersions[0].DBParameterGroupFamily)

	offers := func(class, version string) int {
		got, err := client.DescribeOrderableDBInstanceOptions(t.Context(), &rds.DescribeOrderableDBInstanceOptionsInput{
			Engine: aws.String("postgres"), EngineVersion: &version, DBInstanceClass: &class, Vpc: aws.Bool(true)})
		require.NoError(t, err)
		n := 0
		for _, option := range got.OrderableDBInstanceOptions {
			n += len(option.AvailabilityZones)
		}
		return n
	}
	require.Equal(t, 3, offers("db.t4g.micro", *version), "every zone of Frankfurt")
	require.Zero(t, offers("db.t4g.micro", "17"), "an offer is of a minor version")
	require.Zero(t, offers("db.t4g.micro", "17.99"))
	require.Zero(t, offers("db.t4g.enormous", *version))
}

func TestTheDefaultKeyOfDisks(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	client := ec2.NewFromConfig(account.Config)
	key := func() string {
		got, err := client.GetEbsDefaultKmsKeyId(t.Context(), &ec2.GetEbsDefaultKmsKeyIdInput{})
		require.NoError(t, err)
		return *got.KmsKeyId
	}
	require.Equal(t, "alias/aws/ebs", key())
	own, err := kms.NewFromConfig(account.Config).CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	_, err = client.ModifyEbsDefaultKmsKeyId(t.Context(), &ec2.ModifyEbsDefaultKmsKeyIdInput{KmsKeyId: own.KeyMetadata.KeyId})
	require.NoError(t, err)
	require.Equal(t, *own.KeyMetadata.Arn, key())
	_, err = client.ResetEbsDefaultKmsKeyId(t.Context(), &ec2.ResetEbsDefaultKmsKeyIdInput{})
	require.NoError(t, err)
	require.Equal(t, "alias/aws/ebs", key())
}
