// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"
)

// lookAtFirewall compares all security-group rules of the VPC with the connections that an environment needs, each written
// "group in/out port peer". Nothing else is open.
func lookAtFirewall(t *testing.T, a *account) {
	t.Helper()
	groups := a.groups(t)
	nameOf := map[string]string{}
	for _, group := range groups {
		nameOf[aws.ToString(group.GroupId)] = strings.TrimPrefix(name(group.Tags), a.named(""))
	}
	wanted := []string{"default", "db", "app", "edge", "bastion"}
	for _, service := range a.Network.InterfaceEndpoints {
		wanted = append(wanted, "endpoint-"+service)
	}
	require.ElementsMatch(t, wanted, values(nameOf))
	s3 := s3PrefixList(t, a)
	found, err := a.ec2.DescribeSecurityGroupRules(t.Context(), &ec2.DescribeSecurityGroupRulesInput{})
	require.NoError(t, err)
	var rules []string
	for _, rule := range found.SecurityGroupRules {
		group, ours := nameOf[aws.ToString(rule.GroupId)]
		if !ours {
			continue // the default VPC's
		}
		require.NotEqual(t, "default", group, "the default group has a rule")
		require.Equal(t, "tcp", aws.ToString(rule.IpProtocol), group)
		require.Equal(t, aws.ToInt32(rule.FromPort), aws.ToInt32(rule.ToPort), group)
		require.NotEmpty(t, aws.ToString(rule.Description), group)
		rules = append(rules, describe(rule, nameOf, s3))
	}
	require.ElementsMatch(t, wantedRules(a), rules)
}

// wantedRules are the connections of an environment.
func wantedRules(a *account) []string {
	both := func(from, to string, port int) []string {
		return []string{fmt.Sprintf("%s out %d %s", from, port, to), fmt.Sprintf("%s in %d %s", to, port, from)}
	}
	rules := []string{"edge in 443 " + world, "edge in 80 " + world, "app out 443 s3", "bastion out 443 s3"}
	rules = append(rules, both("edge", "app", a.App.Port)...)
	rules = append(rules, both("app", "db", 5432)...)
	for _, service := range a.Network.InterfaceEndpoints {
		rules = append(rules, both("app", "endpoint-"+service, 443)...)
	}
	for _, service := range []string{"ec2messages", "logs", "ssm", "ssmmessages"} {
		rules = append(rules, both("bastion", "endpoint-"+service, 443)...)
	}
	rules = append(rules, both("bastion", "app", 22)...)
	if a.Bastion.ReachesDatabase {
		rules = append(rules, both("bastion", "db", 5432)...)
	}
	for _, known := range a.Bastion.AllowedCIDRs {
		rules = append(rules, "bastion in 22 "+known)
	}
	for _, known := range a.App.EgressCIDRs {
		rules = append(rules, "app out 443 "+known)
	}
	return rules
}

func describe(rule ec2types.SecurityGroupRule, nameOf map[string]string, s3 string) string {
	direction := "in"
	if aws.ToBool(rule.IsEgress) {
		direction = "out"
	}
	peer := aws.ToString(rule.CidrIpv4) + aws.ToString(rule.CidrIpv6)
	switch {
	case rule.ReferencedGroupInfo != nil:
		peer = nameOf[aws.ToString(rule.ReferencedGroupInfo.GroupId)]
	case rule.PrefixListId != nil && aws.ToString(rule.PrefixListId) == s3:
		peer = "s3"
	}
	return fmt.Sprintf("%s %s %d %s", nameOf[aws.ToString(rule.GroupId)], direction, aws.ToInt32(rule.FromPort), peer)
}

// s3PrefixList returns the id of the list with the addresses of S3.
func s3PrefixList(t *testing.T, a *account) string {
	t.Helper()
	found, err := a.ec2.DescribePrefixLists(t.Context(), &ec2.DescribePrefixListsInput{
		Filters: where("prefix-list-name", "com.amazonaws."+a.Region+".s3"),
	})
	require.NoError(t, err)
	require.Len(t, found.PrefixLists, 1)
	return aws.ToString(found.PrefixLists[0].PrefixListId)
}

func values(byID map[string]string) []string {
	var all []string
	for _, value := range byID {
		all = append(all, value)
	}
	return all
}
