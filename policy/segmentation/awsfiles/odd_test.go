// SPDX-License-Identifier: Apache-2.0

package awsfiles_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// What the answers have twice and not alike is neither closed nor sure, in whatever order they come.
func TestWhatIsThereTwiceIsSureOfNothing(t *testing.T) {
	for name, c := range map[string]struct{ kind, twin, a, b, question, want string }{
		"a group without a rule": {"SecurityGroups", `{"GroupId":"sg-db","VpcId":"vpc-1"}`, "eni-app", "db", "tcp/5432", "may"},
		"a group with more rules": {"SecurityGroups", `{"GroupId":"sg-db","VpcId":"vpc-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":9,"ToPort":9,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]}`,
			"eni-app", "db", "tcp/9", "may"},
		"an ACL":                           {"NetworkAcls", `{"NetworkAclId":"acl-1","VpcId":"vpc-1","IsDefault":true}`, "eni-app", "db", "tcp/5432", "unknown"},
		"an interface with other groups":   {"NetworkInterfaces", `{"NetworkInterfaceId":"eni-app","SubnetId":"s-app","VpcId":"vpc-1","Groups":[{"GroupId":"sg-lb"}],"PrivateIpAddress":"10.0.1.20"}`, "eni-app", "db", "tcp/5432", "may"},
		"a route table":                    {"RouteTables", `{"RouteTableId":"rt-app","VpcId":"vpc-1"}`, "eni-app", "db", "tcp/5432", "may"},
		"a second route table of a subnet": {"RouteTables", `{"RouteTableId":"rt-2","VpcId":"vpc-1","Associations":[{"SubnetId":"s-pub"}]}`, "203.0.113.7/32", "eni-lb", "tcp/443", "unknown"},
		"a second main route table":        {"RouteTables", `{"RouteTableId":"rt-2","VpcId":"vpc-1","Associations":[{"Main":true}]}`, "internet", "db", "tcp/22", "unknown"},
		"a second ACL of a subnet":         {"NetworkAcls", `{"NetworkAclId":"acl-2","VpcId":"vpc-1","Associations":[{"SubnetId":"s-pub"}]}`, "203.0.113.7/32", "eni-lb", "tcp/443", "unknown"},
		"a VPC with another CIDR":          {"Vpcs", `{"VpcId":"vpc-1","CidrBlock":"10.77.0.0/16"}`, "internet", "db", "tcp/22", "unknown"},
		"a subnet with another CIDR":       {"Subnets", `{"SubnetId":"s-app","VpcId":"vpc-1","CidrBlock":"10.0.9.0/24"}`, "eni-app", "db", "tcp/5432", "unknown"},
		"a NAT gateway that is deleted":    {"NatGateways", `{"NatGatewayId":"nat-1","VpcId":"vpc-1","SubnetId":"s-pub","State":"deleted"}`, "eni-app", "8.8.8.0/24", "tcp/443", "may"},
		"a gateway that is not attached":   {"InternetGateways", `{"InternetGatewayId":"igw-1"}`, "203.0.113.7/32", "eni-lb", "tcp/443", "may"},
		"the same with a name":             {"Vpcs", strings.Replace(shop["Vpcs"][9:len(shop["Vpcs"])-2], `"shop"`, `"other"`, 1), "203.0.113.7/32", "eni-lb", "tcp/443", "must"},
	} {
		list := shop[c.kind][strings.Index(shop[c.kind], "["):]
		list = list[:strings.LastIndex(list, "]")]
		for _, text := range []string{"[" + c.twin + "," + list[1:] + "]", list + "," + c.twin + "]"} {
			require.Equal(t, c.want, verdict(t, with(t, map[string]string{c.kind: text}), c.a, c.b, c.question), name)
		}
	}
}

func TestWhatChangesIsSureOfNothing(t *testing.T) {
	for _, c := range []struct{ kind, was, is, a, b, question, want string }{
		{"NatGateways", "available", "pending", "eni-app", "8.8.8.0/24", "tcp/443", "may"},
		{"NatGateways", "available", "deleting", "eni-app", "8.8.8.0/24", "tcp/443", "may"},
		{"NatGateways", "available", "deleted", "eni-app", "8.8.8.0/24", "tcp/443", "cannot"},
		{"InternetGateways", "available", "attaching", "203.0.113.7/32", "eni-lb", "tcp/443", "may"},
		{"InternetGateways", "available", "detaching", "203.0.113.7/32", "eni-lb", "tcp/443", "may"},
		{"InternetGateways", "available", "detached", "203.0.113.7/32", "eni-lb", "tcp/443", "cannot"},
		{"Vpcs", `"associated"`, `"disassociating"`, "eni-app", "db", "tcp/5432", "unknown"},
		{"Vpcs", `"associated"`, `"associating"`, "eni-app", "db", "tcp/5432", "unknown"},
		{"NetworkAcls", `"RuleAction":"allow","RuleNumber":100}`, `"RuleAction":"permit","RuleNumber":100}`, "eni-app", "db", "tcp/5432", "may"},
	} {
		net := with(t, map[string]string{c.kind: strings.ReplaceAll(shop[c.kind], c.was, c.is)})
		require.Equal(t, c.want, verdict(t, net, c.a, c.b, c.question), c)
	}
}

func TestThePeeringThatTheAnswersHalfTell(t *testing.T) {
	for fields, want := range map[string]string{
		`"AccepterVpcInfo":{"VpcId":"vpc-2"},"RequesterVpcInfo":{"VpcId":"vpc-1"}`:                                                                  "must",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1","Region":"a"},"Status":{"Code":"active"}`:             "must",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1","Region":"b"},"Status":{"Code":"active"}`:             "cannot",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1"},"Status":{"Code":"active"}`:                          "may",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1","Region":"a"},"Status":{"Code":"provisioning"}`:       "may",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1","Region":"a"},"Status":{"Code":"deleting"}`:           "may",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1","Region":"a"},"Status":{"Code":"pending-acceptance"}`: "cannot",
		`"AccepterVpcInfo":{"VpcId":"vpc-2","Region":"a"},"RequesterVpcInfo":{"VpcId":"vpc-1","Region":"a"},"Status":{"Code":"deleted"}`:            "cannot",
	} {
		net := with(t, map[string]string{
			"2/Vpcs":                  `[{"VpcId":"vpc-2","CidrBlock":"10.2.0.0/16"}]`,
			"2/Subnets":               `[{"SubnetId":"s-2","VpcId":"vpc-2","CidrBlock":"10.2.0.0/24"}]`,
			"2/NetworkAcls":           strings.NewReplacer("acl-1", "acl-2", "vpc-1", "vpc-2", "s-pub", "s-2").Replace(shop["NetworkAcls"]),
			"2/NetworkInterfaces":     `[{"NetworkInterfaceId":"eni-2","SubnetId":"s-2","VpcId":"vpc-2","Groups":[{"GroupId":"sg-2"}],"PrivateIpAddress":"10.2.0.20"}]`,
			"2/SecurityGroups":        `[{"GroupId":"sg-2","VpcId":"vpc-2","IpPermissions":[{"IpProtocol":"tcp","FromPort":9,"ToPort":9,"UserIdGroupPairs":[{"GroupId":"sg-app","VpcId":"vpc-1"}]}]}]`,
			"2/RouteTables":           `[{"RouteTableId":"rt-2","VpcId":"vpc-2","Associations":[{"Main":true}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","VpcPeeringConnectionId":"pcx"}]}]`,
			"RouteTables":             strings.Replace(shop["RouteTables"], `{"DestinationCidrBlock":"203.0.113.0/24"`, `{"DestinationCidrBlock":"10.2.0.0/16","VpcPeeringConnectionId":"pcx"},{"DestinationCidrBlock":"203.0.113.0/24"`, 1),
			"2/VpcPeeringConnections": `[{"VpcPeeringConnectionId":"pcx",` + fields + `}]`,
		})
		require.Equal(t, want, verdict(t, net, "eni-app", "eni-2", "tcp/9"), fields)
	}
}

// An interface without groups would let everything pass; one without a subnet might stand beside any other.
func TestWhatTheAnswersLeaveOutIsNoFilterLess(t *testing.T) {
	for name, c := range map[string]struct {
		files    map[string]string
		a, b, at string
		want     string
	}{
		"a host without groups":     {map[string]string{"NetworkInterfaces": strings.Replace(shop["NetworkInterfaces"], `"Groups":[{"GroupId":"sg-app"}],`, ``, 1)}, "eni-lb", "eni-app", "tcp/8443", "unknown"},
		"a database without groups": {map[string]string{"DbInstances": strings.Replace(shop["DbInstances"], `"VpcSecurityGroups":[{"VpcSecurityGroupId":"sg-db"}],`, ``, 1)}, "eni-app", "db", "tcp/9", "unknown"},
		"interfaces without subnets": {map[string]string{"NetworkInterfaces": strings.NewReplacer(`"SubnetId":"s-app",`, ``, `"SubnetId":"s-pub",`, ``).Replace(shop["NetworkInterfaces"])},
			"eni-lb", "eni-app", "tcp/8443", "unknown"},
	} {
		require.Equal(t, c.want, verdict(t, with(t, c.files), c.a, c.b, c.at), name)
	}
	nlb := first("NetworkInterfaces", `{"NetworkInterfaceId":"eni-n","SubnetId":"s-app","VpcId":"vpc-1","InterfaceType":"network_load_balancer","PrivateIpAddress":"10.0.1.77"}`)
	for _, f := range with(t, map[string]string{"NetworkInterfaces": nlb}).Interfaces {
		require.Empty(t, f.Doubt, f.ID)
		if f.ID == "eni-n" {
			require.Equal(t, model.Balancer, f.Kind)
		}
	}
}

// An instance tells what its single interface does not, and both of them, elastic addresses too, tell of public addresses.
func TestAnInstanceTellsOfItsInterface(t *testing.T) {
	const alone = `[{"Instances":[{"InstanceId":"i-2","SubnetId":"s-pub","VpcId":"vpc-1","PrivateIpAddress":"10.0.0.40","SecurityGroups":[{"GroupId":"sg-lb"}]%s}]}]`
	for name, c := range map[string]struct {
		files map[string]string
		end   string
		want  string
	}{
		"no interface":                    {map[string]string{"Reservations": fmt.Sprintf(alone, "")}, "i-2", "cannot"},
		"no interface, but an address":    {map[string]string{"Reservations": fmt.Sprintf(alone, `,"PublicIpAddress":"52.1.1.40"`)}, "i-2", "must"},
		"an interface's id":               {map[string]string{"Reservations": fmt.Sprintf(alone, `,"PublicIpAddress":"52.1.1.40","NetworkInterfaces":[{"NetworkInterfaceId":"eni-2"}]`)}, "eni-2", "must"},
		"an elastic address of it":        {map[string]string{"Reservations": fmt.Sprintf(alone, ``), "Addresses": `[{"PublicIp":"52.1.1.40","InstanceId":"i-2"}]`}, "i-2", "must"},
		"an elastic address of another's": {map[string]string{"Reservations": fmt.Sprintf(alone, ``), "Addresses": `[{"PublicIp":"52.1.1.40","InstanceId":"i-3"}]`}, "i-2", "cannot"},
	} {
		require.Equal(t, c.want, verdict(t, with(t, c.files), "203.0.113.7/32", c.end, "tcp/443"), name)
	}
}

// The address of a target may be a database's, that moves, or one of something that has no interface among the answers.
func TestATargetByAddress(t *testing.T) {
	const vpc2 = `,{"NetworkInterfaceId":"eni-far","SubnetId":"s-2","VpcId":"vpc-2","Groups":[{"GroupId":"sg-app"}],"PrivateIpAddress":"10.0.1.20"}]`
	group := strings.Replace(shop["TargetGroups"], `"TargetType":"instance"`, `"TargetType":"ip","VpcId":"vpc-1"`, 1)
	far := map[string]string{
		"Vpcs": strings.Replace(shop["Vpcs"], "[", `[{"VpcId":"vpc-2","CidrBlock":"10.0.0.0/16"},`, 1), "Subnets": strings.Replace(shop["Subnets"], "[", `[{"SubnetId":"s-2","VpcId":"vpc-2","CidrBlock":"10.0.1.0/24"},`, 1),
		"NetworkInterfaces": strings.Replace(shop["NetworkInterfaces"], `"10.0.2.20"}]`, `"10.0.2.20"}`+vpc2, 1),
	}
	for name, c := range map[string]struct {
		ip    string
		files map[string]string
		to    string
		want  reach.Verdict
	}{
		"a host's":                 {"10.0.1.20", nil, "eni-app", reach.MustPass},
		"a database's":             {"10.0.2.20", nil, "db", reach.MustPass},
		"a host's, and in the VPC": {"10.0.1.20", far, "eni-app", reach.MustPass},
		"perhaps a database's":     {"10.0.3.99", map[string]string{"NetworkInterfaces": strings.Replace(shop["NetworkInterfaces"], "eni-rds", "eni-r", 1)}, "db", reach.Unknown},
	} {
		files := map[string]string{"TargetGroups": group, "TargetHealth": strings.Replace(shop["TargetHealth"], "i-app", c.ip, 1)}
		for k, v := range c.files {
			files[k] = v
		}
		files["SecurityGroups"] = strings.Replace(shop["SecurityGroups"], `"IpPermissionsEgress":[{`, `"IpPermissionsEgress":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]},{`, 1)
		files["SecurityGroups"] = strings.Replace(files["SecurityGroups"], `"ToPort":5432,`, `"ToPort":8443,"IpRanges":[{"CidrIp":"10.0.0.0/16"}],`, 1)
		e := reach.New(with(t, files))
		m := e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "203.0.113.7/32"))), e.Interface(c.to))
		require.Len(t, m, 1, name)
		require.Equal(t, c.want, m[0].Verdict, name)
		if c.files != nil && c.to == "eni-app" {
			require.Empty(t, e.Mediated(e.InternetEnd(), e.Interface("eni-far")), name)
		}
	}
}

// Two regions may have groups, databases and load balancers of one name.
func TestNamesOfTwoRegions(t *testing.T) {
	const group = `[{"AutoScalingGroupName":"workers","AutoScalingGroupARN":"arn:%s","VPCZoneIdentifier":"%s","LaunchTemplate":{"LaunchTemplateId":"%s"},"TargetGroupARNs":["%s"]}]`
	other := strings.NewReplacer("vpc-1", "vpc-2", "s-d1", "s-2", "s-d2", "s-2", `"db"`, `"db","DBInstanceArn":"arn:b:db"`, "sg-db", "sg-2")
	net := with(t, map[string]string{
		"AutoScalingGroups":        fmt.Sprintf(group, "a", "s-app", "lt-a", "tg"),
		"LaunchTemplateVersions":   `[{"LaunchTemplateId":"lt-a","DefaultVersion":true,"LaunchTemplateData":{"SecurityGroupIds":["sg-app"]}}]`,
		"DbInstances":              strings.Replace(shop["DbInstances"], `"db"`, `"db","DBInstanceArn":"arn:a:db"`, 1),
		"b/Vpcs":                   `[{"VpcId":"vpc-2","CidrBlock":"10.2.0.0/16"}]`,
		"b/Subnets":                `[{"SubnetId":"s-2","VpcId":"vpc-2","CidrBlock":"10.2.0.0/24"}]`,
		"b/DbInstances":            other.Replace(shop["DbInstances"]),
		"b/AutoScalingGroups":      fmt.Sprintf(group, "b", "s-2", "lt-b", "tg-b"),
		"b/LaunchTemplateVersions": `[{"LaunchTemplateId":"lt-b","DefaultVersion":true,"LaunchTemplateData":{"SecurityGroupIds":["sg-app"]}}]`,
	})
	require.Equal(t, "must", verdict(t, net, "arn:a", "arn:a:db", "tcp/5432"))
	e := reach.New(net)
	for id, want := range map[string]int{"arn:a": 1, "arn:b": 0} {
		require.Len(t, e.Mediated(e.Interface("eni-lb"), e.Interface(id)), 0, "it asks its targets and not itself")
		require.Len(t, e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "203.0.113.7/32"))), e.Interface(id)), want, id)
	}
}

func TestAGatewayIsOfTheVPCsThatItIsAttachedTo(t *testing.T) {
	for text, want := range map[string]string{
		`TransitGatewayVpcAttachments [{"TransitGatewayId":"tgw-9","VpcId":"vpc-9","State":"available"}]`:                "cannot",
		`TransitGatewayVpcAttachments [{"TransitGatewayId":"tgw-9","VpcId":"vpc-1","State":"available"}]`:                "unknown",
		`TransitGatewayVpcAttachments [{"TransitGatewayId":"tgw-9","VpcId":"vpc-1","State":"deleted"}]`:                  "cannot",
		`VpnGateways {"VpnGateways":[{"VpnGatewayId":"vgw-9","VpcAttachments":[]}]}`:                                     "cannot",
		`VpnGateways {"VpnGateways":[{"VpnGatewayId":"vgw-9","VpcAttachments":[{"VpcId":"vpc-1","State":"attached"}]}]}`: "unknown",
		`VpnGateways {"VpnGateways":[{"VpnGatewayId":"vgw-9","VpcAttachments":[{"VpcId":"vpc-9","State":"attached"}]}]}`: "cannot",
		`VpnGateways {"VpnGateways":["vgw-9"]}`:                                                                          "unknown",
		`ClientVpnEndpoints [{"ClientVpnEndpointId":"cvpn","VpcId":"vpc-9"}]`:                                            "unknown", // it reaches peers
	} {
		name, list, _ := strings.Cut(text, " ")
		require.Equal(t, want, verdict(t, with(t, map[string]string{name: list}), "198.51.100.7/32", "db", "tcp/5432"), text)
	}
}

func TestWhatALaunchTemplateOrALoadBalancerSaysOfAddresses(t *testing.T) {
	open := strings.Replace(shop["RouteTables"], `"NatGatewayId":"nat-1"`, `"GatewayId":"igw-1"`, 1)
	workers := `[{"AutoScalingGroupName":"workers","VPCZoneIdentifier":"s-app","LaunchTemplate":{"LaunchTemplateId":"lt"}}]`
	for interfaces, want := range map[string]string{
		`{"Groups":["sg-app"]}`:                      "must",
		`{"Groups":["sg-app"]},{"Groups":["sg-lb"]}`: "may",
	} {
		net := with(t, map[string]string{"AutoScalingGroups": workers, "LaunchTemplateVersions": `[{"LaunchTemplateId":"lt","DefaultVersion":true,"LaunchTemplateData":{"NetworkInterfaces":[` + interfaces + `]}}]`, "RouteTables": open})
		require.Equal(t, want, verdict(t, net, "workers", "db", "tcp/5432"), interfaces)
	}
	for kind, want := range map[string]string{"ipv4": "must", "dualstack": "must", "dualstack-without-public-ipv4": "cannot"} {
		files := map[string]string{"NetworkInterfaces": `[]`, "LoadBalancers": strings.Replace(shop["LoadBalancers"], `"Type"`, `"IpAddressType":"`+kind+`","Type"`, 1)}
		require.Equal(t, want, verdict(t, with(t, files), "203.0.113.7/32", "front", "tcp/443"), kind)
	}
}

// What AWS always tells, and these answers do not, is told, refused, or of unknown content.
func TestWhatAWSAlwaysTells(t *testing.T) {
	for _, c := range []struct{ kind, was, is, a, b, question, want string }{
		{"SecurityGroups", `"UserIdGroupPairs":[{"GroupId":"sg-app"}]},{"IpProtocol":"tcp","FromPort":22`, `"UserIdGroupPairs":[]},{"IpProtocol":"tcp","FromPort":22`, "eni-app", "db", "tcp/5432", "may"},
		{"SecurityGroups", `"UserIdGroupPairs":[{"GroupId":"sg-app"}]},{"IpProtocol":"tcp","FromPort":22`, `"UserIdGroupPairs":[{}]},{"IpProtocol":"tcp","FromPort":22`, "eni-app", "db", "tcp/5432", "may"},
		{"NetworkAcls", `"Egress":true,`, ``, "eni-app", "db", "tcp/5432", "unknown"},
		{"NetworkAcls", `,"RuleNumber":100`, ``, "eni-app", "db", "tcp/5432", "unknown"},
		{"NetworkAcls", `"Entries":[`, `"Entry":[`, "eni-app", "db", "tcp/5432", "unknown"},
		{"RouteTables", `"Routes":[`, `"Route":[`, "eni-app", "8.8.8.0/24", "tcp/443", "unknown"},
		{"NetworkInterfaces", `"Groups":[{"GroupId":"sg-app"}]`, `"Groups":[{"GroupName":"app"}]`, "eni-app", "db", "tcp/5432", "unknown"},
		{"NetworkInterfaces", `"PublicIp":"52.1.1.1"`, `"IpOwnerId":"amazon"`, "203.0.113.7/32", "eni-lb", "tcp/443", "may"},
		{"NetworkInterfaces", `[{"PrivateIpAddress":"10.0.0.20","Association":{"PublicIp":"52.1.1.1"}}]`, `[{"PrivateIpAddress":"10.0.0.20"}],"PrivateIpAddress":"10.0.0.20","Association":{"PublicIp":"52.1.1.1"}`,
			"203.0.113.7/32", "eni-lb", "tcp/443", "must"},
		{"NatGateways", `"VpcId":"vpc-1",`, ``, "eni-app", "8.8.8.0/24", "tcp/443", "must"},
		{"NatGateways", `"VpcId":"vpc-1","SubnetId":"s-pub",`, ``, "eni-app", "8.8.8.0/24", "tcp/443", "unknown"},
	} {
		text := strings.ReplaceAll(shop[c.kind], c.was, c.is)
		require.NotEqual(t, shop[c.kind], text, c.was)
		require.Equal(t, c.want, verdict(t, with(t, map[string]string{c.kind: text}), c.a, c.b, c.question), c)
	}
	for kind, c := range map[string]struct{ text, want string }{
		"Subnets":        {`[{"VpcId":"vpc-1","CidrBlock":"10.0.0.0/24"}]`, "Subnets.json: element 1 has no SubnetId; write AWS's answer anew"},
		"SecurityGroups": {`[{"GroupId":"sg","IpPermissions":[null]}]`, "SecurityGroups.json: element 1 has a list with null in it, where AWS gives an element; write AWS's answer anew"},
	} {
		_, err := awsfiles.Read(write(t, "", map[string]string{kind: c.text}))
		require.ErrorContains(t, err, c.want)
	}
}

// The answer about the health of targets does not say of which group they are.
func TestTargetsOfAGroupThatIsNotTold(t *testing.T) {
	const bare, second = `{"TargetHealthDescriptions":[{"Target":{"Id":"i-app","Port":8443},"HealthCheckPort":"8443"}]}`, `{"TargetGroupArn":"tg-2","Protocol":"TCP","Port":9,"TargetType":"instance"}`
	for name, c := range map[string]struct {
		files map[string]string
		want  reach.Verdict
	}{
		"one group":          {map[string]string{"TargetHealth": bare}, reach.MustPass},
		"two groups":         {map[string]string{"TargetHealth": bare, "TargetGroups": first("TargetGroups", second)}, reach.Unknown},
		"no listener leads":  {map[string]string{"LoadBalancers": strings.Replace(shop["LoadBalancers"], `"application"`, `"network"`, 1), "Listeners": strings.Replace(shop["Listeners"], `"TargetGroupArn":"tg"`, `"Order":1`, 1)}, reach.Unknown},
		"a port is not told": {map[string]string{"Listeners": strings.Replace(shop["Listeners"], `"Port":443,`, ``, 1)}, reach.Unknown},
		"a target has no id": {map[string]string{"TargetHealth": strings.Replace(shop["TargetHealth"], `"Id":"i-app",`, ``, 1)}, reach.Unknown},
	} {
		e := reach.New(with(t, c.files))
		m := e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "203.0.113.7/32"))), e.Interface("eni-app"))
		require.NotEmpty(t, m, name)
		require.Equal(t, c.want, m[0].Verdict, name)
	}
}
