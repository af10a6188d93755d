// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// table is the table of segments and connections that the network has registered.
func (a *account) table(t *testing.T) *segment.Table {
	t.Helper()
	for _, r := range a.State(t).Resources {
		if r.Type == "bulkhead:network:Network" {
			text, err := json.Marshal(r.Inputs["table"])
			require.NoError(t, err)
			table := &segment.Table{}
			require.NoError(t, json.Unmarshal(text, table))
			return table
		}
	}
	require.Fail(t, "the state has no network")
	return nil
}

// lookAtFirewall compares all security-group rules of the VPC with the connections of the table, each written
// "group in/out port peer". Nothing else is open.
func lookAtFirewall(t *testing.T, a *account) {
	t.Helper()
	groups := a.groups(t)
	nameOf := map[string]string{}
	for _, group := range groups {
		nameOf[aws.ToString(group.GroupId)] = strings.TrimPrefix(name(group.Tags), a.named(""))
	}
	table := a.table(t)
	wanted := append([]string{"default"}, table.Names()...)
	for _, service := range table.Services() {
		if service != "s3" {
			wanted = append(wanted, "endpoint-"+service)
		}
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
	require.ElementsMatch(t, wantedRules(table, a.worlds()), rules)
}

// worlds are the ranges of all addresses, of IPv6 too where the network has it.
func (a *account) worlds() []string {
	if a.Network.IPv6 {
		return []string{world, worldIPv6}
	}
	return []string{world}
}

// wantedRules are the rules that the connections of a table need.
func wantedRules(table *segment.Table, worlds []string) []string {
	var rules []string
	for _, c := range table.Connections {
		from, to := peers(c.From, worlds), peers(c.To, worlds)
		for _, f := range from {
			for _, t := range to {
				if !c.To.Outside() && t != "s3" {
					rules = append(rules, fmt.Sprintf("%s in %d %s", t, c.Ports.From, f))
				}
				if !c.From.Outside() {
					rules = append(rules, fmt.Sprintf("%s out %d %s", f, c.Ports.From, t))
				}
			}
		}
	}
	return rules
}

// peers are the groups, lists and ranges that an end of a connection stands for.
func peers(end segment.End, worlds []string) []string {
	if end == segment.Internet {
		return worlds
	}
	if one, is := end.Segment(); is {
		return []string{one}
	}
	all := end.Ranges()
	for _, service := range end.Services() {
		if service != "s3" {
			service = "endpoint-" + service
		}
		all = append(all, service)
	}
	return all
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
