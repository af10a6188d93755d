// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestGroupsInUse(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	network := ec2.NewFromConfig(account.Config)
	vpc, err := network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	require.NoError(t, err)
	var subnets []string
	for zone, cidr := range map[string]string{"eu-central-1a": "10.0.0.0/24", "eu-central-1b": "10.0.1.0/24"} {
		subnet, err := network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: &cidr, AvailabilityZone: &zone})
		require.NoError(t, err)
		subnets = append(subnets, *subnet.Subnet.SubnetId)
	}
	client := rds.NewFromConfig(account.Config)
	name := aws.String("data")
	_, err = client.CreateDBSubnetGroup(t.Context(), &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: name, DBSubnetGroupDescription: name, SubnetIds: subnets, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	require.NoError(t, err)
	changed, err := client.ModifyDBSubnetGroup(t.Context(), &rds.ModifyDBSubnetGroupInput{
		DBSubnetGroupName: name, DBSubnetGroupDescription: aws.String("Data"), SubnetIds: subnets})
	require.NoError(t, err)
	tags, err := client.ListTagsForResource(t.Context(), &rds.ListTagsForResourceInput{ResourceName: changed.DBSubnetGroup.DBSubnetGroupArn})
	require.NoError(t, err)
	require.Len(t, tags.TagList, 1)

	_, err = client.CreateDBParameterGroup(t.Context(), &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: name, DBParameterGroupFamily: aws.String("postgres16"), Description: name})
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, id := range []string{"one", "two"} {
		_, err = client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: &id, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
			MasterUsername: aws.String("u"), MasterUserPassword: aws.String("long-enough"), DBSubnetGroupName: name, DBParameterGroupName: name})
		require.NoError(t, err)
		got, err := client.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
		require.NoError(t, err)
		ids[*got.DBInstances[0].DbiResourceId] = true
		byID, err := client.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{
			Filters: []types.Filter{{Name: aws.String("dbi-resource-id"), Values: []string{*got.DBInstances[0].DbiResourceId}}}})
		require.NoError(t, err)
		require.Len(t, byID.DBInstances, 1)
		require.Equal(t, id, *byID.DBInstances[0].DBInstanceIdentifier)
	}
	require.Len(t, ids, 2)

	_, err = client.DeleteDBSubnetGroup(t.Context(), &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: name})
	var subnetsInUse *types.InvalidDBSubnetGroupStateFault
	require.ErrorAs(t, err, &subnetsInUse)
	_, err = client.DeleteDBParameterGroup(t.Context(), &rds.DeleteDBParameterGroupInput{DBParameterGroupName: name})
	var parametersInUse *types.InvalidDBParameterGroupStateFault
	require.ErrorAs(t, err, &parametersInUse)
	for _, id := range []string{"one", "two"} {
		_, err = client.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)})
		require.NoError(t, err)
	}
	_, err = client.DeleteDBSubnetGroup(t.Context(), &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: name})
	require.NoError(t, err)
	_, err = client.DeleteDBParameterGroup(t.Context(), &rds.DeleteDBParameterGroupInput{DBParameterGroupName: name})
	require.NoError(t, err)
}

// A subnet group stays in its VPC, and keeps a subnet in the zone of each of its databases.
func TestSubnetGroupsKeepWhereTheirDatabasesStand(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t)
	network := ec2.NewFromConfig(account.Config)
	subnetsOf := func(cidr string) (ids []string) {
		vpc, err := network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String(cidr + ".0.0/16")})
		require.NoError(t, err)
		for i, zone := range []string{"eu-central-1a", "eu-central-1b", "eu-central-1c"} {
			subnet, err := network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{
				VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("%s.%d.0/24", cidr, i)), AvailabilityZone: &zone})
			require.NoError(t, err)
			ids = append(ids, *subnet.Subnet.SubnetId)
		}
		return ids
	}
	here, elsewhere := subnetsOf("10.0"), subnetsOf("10.1")
	client, name := rds.NewFromConfig(account.Config), aws.String("data")
	_, err := client.CreateDBSubnetGroup(t.Context(), &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: name, DBSubnetGroupDescription: name, SubnetIds: here})
	require.NoError(t, err)
	_, err = client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: name, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("u"), MasterUserPassword: aws.String("long-enough"), DBSubnetGroupName: name, AvailabilityZone: aws.String("eu-central-1a")})
	require.NoError(t, err)
	modify := func(subnets ...string) error {
		_, err := client.ModifyDBSubnetGroup(t.Context(), &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: name, SubnetIds: subnets})
		return err
	}
	require.ErrorContains(t, modify(elsewhere...), "InvalidParameterValue: The new Subnets are not in the same Vpc as the existing subnet group")
	require.ErrorContains(t, modify(here[1:]...), "The DB subnet is already in use in the Availability Zone.")
	require.NoError(t, modify(here[:2]...), "no database stands in the third zone")
}
