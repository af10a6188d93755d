// SPDX-License-Identifier: Apache-2.0

package awsfiles_test

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// shop is an account in the form of the AWS CLI's answers: a load balancer and a NAT gateway in a public subnet, an
// instance behind them, a database in two data subnets.
var shop = map[string]string{
	"Vpcs":    `{"Vpcs":[{"VpcId":"vpc-1","CidrBlock":"10.0.0.0/16","CidrBlockAssociationSet":[{"CidrBlock":"10.0.0.0/16","CidrBlockState":{"State":"associated"}},{"CidrBlock":"10.9.0.0/16","CidrBlockState":{"State":"disassociated"}}],"Tags":[{"Key":"Name","Value":"shop"}]}]}`,
	"Subnets": `[{"SubnetId":"s-pub","VpcId":"vpc-1","CidrBlock":"10.0.0.0/24"},{"SubnetId":"s-app","VpcId":"vpc-1","CidrBlock":"10.0.1.0/24"},{"SubnetId":"s-d1","VpcId":"vpc-1","CidrBlock":"10.0.2.0/24"},{"SubnetId":"s-d2","VpcId":"vpc-1","CidrBlock":"10.0.3.0/24"}]`,
	"SecurityGroups": `{"SecurityGroups":[
		{"GroupId":"sg-lb","GroupName":"lb","VpcId":"vpc-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"0.0.0.0/0","Description":"everybody"}]}],"IpPermissionsEgress":[{"IpProtocol":"tcp","FromPort":8443,"ToPort":8443,"UserIdGroupPairs":[{"GroupId":"sg-app"}]}]},
		{"GroupId":"sg-app","GroupName":"app","VpcId":"vpc-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":8443,"ToPort":8443,"UserIdGroupPairs":[{"GroupId":"sg-lb"}]}],"IpPermissionsEgress":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]},
		{"GroupId":"sg-db","GroupName":"db","VpcId":"vpc-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"UserIdGroupPairs":[{"GroupId":"sg-app"}]},{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"PrefixListIds":[{"PrefixListId":"pl-gone"}]}],"IpPermissionsEgress":[]}]}`,
	"NetworkAcls": `{"NetworkAcls":[{"NetworkAclId":"acl-1","VpcId":"vpc-1","IsDefault":true,"Associations":[{"SubnetId":"s-pub"}],"Entries":[
		{"CidrBlock":"0.0.0.0/0","Egress":true,"Protocol":"-1","RuleAction":"allow","RuleNumber":100},{"CidrBlock":"0.0.0.0/0","Egress":true,"Protocol":"-1","RuleAction":"deny","RuleNumber":32767},
		{"CidrBlock":"198.51.100.0/24","Egress":false,"Protocol":"6","PortRange":{"From":443,"To":443},"RuleAction":"deny","RuleNumber":50},
		{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":"-1","RuleAction":"allow","RuleNumber":100},{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":"-1","RuleAction":"deny","RuleNumber":32767}]}]}`,
	"RouteTables": `{"RouteTables":[
		{"RouteTableId":"rt-main","VpcId":"vpc-1","Associations":[{"Main":true}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local","State":"active"}]},
		{"RouteTableId":"rt-pub","VpcId":"vpc-1","Associations":[{"Main":false,"SubnetId":"s-pub"}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local","State":"active"},{"DestinationCidrBlock":"0.0.0.0/0","GatewayId":"igw-1","State":"active"}]},
		{"RouteTableId":"rt-app","VpcId":"vpc-1","Associations":[{"Main":false,"SubnetId":"s-app"}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local","State":"active"},{"DestinationCidrBlock":"0.0.0.0/0","NatGatewayId":"nat-1","State":"active"},{"DestinationCidrBlock":"203.0.113.0/24","TransitGatewayId":"tgw-1","State":"active"},{"DestinationPrefixListId":"pl-s3","GatewayId":"vpce-s3","State":"active"},{"DestinationCidrBlock":"192.0.2.0/24","NetworkInterfaceId":"eni-x","State":"blackhole"}]}]}`,
	"NetworkInterfaces": `{"NetworkInterfaces":[
		{"NetworkInterfaceId":"eni-lb","SubnetId":"s-pub","VpcId":"vpc-1","InterfaceType":"interface","Description":"ELB app/front/abc","SourceDestCheck":true,"Groups":[{"GroupId":"sg-lb"}],"PrivateIpAddresses":[{"PrivateIpAddress":"10.0.0.20","Association":{"PublicIp":"52.1.1.1"}}]},
		{"NetworkInterfaceId":"eni-nat","SubnetId":"s-pub","VpcId":"vpc-1","InterfaceType":"nat_gateway","SourceDestCheck":false,"Groups":[],"PrivateIpAddress":"10.0.0.30"},
		{"NetworkInterfaceId":"eni-app","SubnetId":"s-app","VpcId":"vpc-1","InterfaceType":"interface","SourceDestCheck":true,"Groups":[{"GroupId":"sg-app"}],"PrivateIpAddress":"10.0.1.20","Attachment":{"InstanceId":"i-app"}},
		{"NetworkInterfaceId":"eni-rds","SubnetId":"s-d1","VpcId":"vpc-1","Description":"RDSNetworkInterface","Groups":[{"GroupId":"sg-db"}],"PrivateIpAddress":"10.0.2.20"}]}`,
	"InternetGateways": `{"InternetGateways":[{"InternetGatewayId":"igw-1","Attachments":[{"State":"available","VpcId":"vpc-1"}]}]}`,
	"NatGateways":      `{"NatGateways":[{"NatGatewayId":"nat-1","VpcId":"vpc-1","SubnetId":"s-pub","State":"available","ConnectivityType":"public","NatGatewayAddresses":[{"PublicIp":"52.1.1.9","NetworkInterfaceId":"eni-nat"}]}]}`,
	"LoadBalancers":    `{"LoadBalancers":[{"LoadBalancerArn":"arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/front/abc","LoadBalancerName":"front","Type":"application","Scheme":"internet-facing","VpcId":"vpc-1","SecurityGroups":["sg-lb"],"AvailabilityZones":[{"SubnetId":"s-pub"}]}]}`,
	"Listeners":        `{"Listeners":[{"ListenerArn":"l","LoadBalancerArn":"arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/front/abc","Protocol":"HTTPS","Port":443,"DefaultActions":[{"Type":"forward","TargetGroupArn":"tg"}]}]}`,
	"TargetGroups":     `{"TargetGroups":[{"TargetGroupArn":"tg","Protocol":"HTTPS","Port":8443,"TargetType":"instance","LoadBalancerArns":["arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/front/abc"]}]}`,
	"TargetHealth":     `[{"TargetGroupArn":"tg","TargetHealthDescriptions":[{"Target":{"Id":"i-app","Port":8443}}]}]`,
	"DbInstances":      `{"DBInstances":[{"DBInstanceIdentifier":"db","PubliclyAccessible":false,"VpcSecurityGroups":[{"VpcSecurityGroupId":"sg-db"}],"DBSubnetGroup":{"Subnets":[{"SubnetIdentifier":"s-d1"},{"SubnetIdentifier":"s-d2"}]}}]}`,
	"Reservations":     `{"Reservations":[{"Instances":[{"InstanceId":"i-app","Tags":[{"Key":"Name","Value":"shop-app"}],"NetworkInterfaces":[{"NetworkInterfaceId":"eni-app"}]}]}]}`,
}

func write(t *testing.T, folder string, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	require.NoError(t, os.MkdirAll(dir, 0o750))
	for name, text := range files {
		file := filepath.Join(dir, name+".json")
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return dir
}

func verdict(t *testing.T, net *model.Network, a, b, q string) string {
	t.Helper()
	e := reach.New(net)
	end := func(name string) *reach.End {
		if name == "internet" {
			return e.InternetEnd()
		}
		if strings.Contains(name, "/") {
			return e.Outside(flow.PrefixAddrs(mustPrefix(t, name)))
		}
		if x := e.Service(name); x != nil {
			return x
		}
		x := e.Interface(name)
		require.NotNil(t, x, name)
		return x
	}
	set, err := flow.Parse(q)
	require.NoError(t, err)
	x := end(a)
	r := e.Between(x, end(b))
	return string(r.Ask(set, x.Clients()))
}

func TestAnAccountIsReadAsItIs(t *testing.T) {
	for _, folder := range []string{"", "123456789012/eu-central-1"} {
		root := write(t, folder, shop)
		if folder != "" {
			root = filepath.Dir(filepath.Dir(root))
		}
		net, err := awsfiles.Read(root)
		require.NoError(t, err)
		for _, c := range [][4]string{
			{"203.0.113.0/24", "eni-lb", "tcp/443", "must"}, {"198.51.100.0/24", "eni-lb", "tcp/443", "cannot"}, {"internet", "eni-lb", "tcp/80", "cannot"}, {"internet", "eni-app", "tcp/8443", "cannot"},
			{"eni-lb", "eni-app", "tcp/8443", "must"}, {"eni-app", "db", "tcp/5432", "must"}, {"eni-lb", "db", "tcp/5432", "cannot"}, {"db", "eni-app", "tcp/443", "cannot"},
			{"eni-app", "8.8.8.0/24", "tcp/443", "must"}, {"eni-app", "203.0.113.0/24", "tcp/443", "unknown"}, {"eni-app", "192.0.2.0/24", "tcp/443", "cannot"}, {"eni-app", "pl-s3", "tcp/443", "must"},
			{"eni-app", "db", "tcp/22", "unknown"},
		} {
			require.Equal(t, c[3], verdict(t, net, c[0], c[1], c[2]), c)
		}
		e := reach.New(net)
		m := e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "8.8.8.0/24"))), e.Interface("eni-app"))
		require.Len(t, m, 1)
		require.Equal(t, reach.MustPass, m[0].Verdict)
		require.Equal(t, "shop-app", e.Interface("eni-app").Members()[0].Name)
	}
}

func TestAListenerLeadsWhereItsRulesSayAndAnywhereWhereTheyAreNotTold(t *testing.T) {
	files := maps.Clone(shop)
	files["Listeners"] = strings.Replace(files["Listeners"], `{"Listeners":[`, `{"Listeners":[{"ListenerArn":"plain","LoadBalancerArn":"arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/front/abc","Protocol":"HTTP","Port":80,"DefaultActions":[{"Type":"redirect"}]},`, 1)
	for rules, want := range map[string]int{
		"": 1,
		`[{"ListenerArn":"l","Actions":[{"Type":"fixed-response"}]},{"ListenerArn":"l","Actions":[{"Type":"forward","TargetGroupArn":"tg"}]}]`: 1,
		`[{"ListenerArn":"plain","Actions":[{"Type":"redirect"}]},{"ListenerArn":"l","Actions":[{"Type":"fixed-response"}]}]`:                  0,
		`[{"ListenerArn":"plain","Actions":[{"Type":"forward","ForwardConfig":{"TargetGroups":[{"TargetGroupArn":"tg"}]}}]}]`:                  1,
	} {
		if rules != "" {
			files["Rules"] = rules
		}
		net, err := awsfiles.Read(write(t, "", files))
		require.NoError(t, err)
		require.Len(t, net.LoadBalancers[0].Listeners[0].Targets, want, rules)
		require.Len(t, net.LoadBalancers[0].Listeners[1].Targets, 1, "its default action forwards")
	}
}

// An account is read at a moment at which a group may have no instance, such as at night, which opens nothing by day.
func TestInstancesThatAGroupWouldRegisterAreTargets(t *testing.T) {
	for _, attached := range []string{`"TargetGroupARNs":["tg"]`, `"TrafficSources":[{"Identifier":"tg","Type":"elbv2"}]`, `"TargetGroupARNs":["another"]`} {
		files := maps.Clone(shop)
		delete(files, "TargetHealth")
		files["AutoScalingGroups"] = `[{"AutoScalingGroupName":"workers","VPCZoneIdentifier":"s-app","LaunchTemplate":{"LaunchTemplateId":"lt","Version":"1"},"Instances":[],` + attached + `}]`
		files["LaunchTemplateVersions"] = `[{"LaunchTemplateId":"lt","VersionNumber":1,"LaunchTemplateData":{"SecurityGroupIds":["sg-app"]}}]`
		net, err := awsfiles.Read(write(t, "", files))
		require.NoError(t, err)
		e := reach.New(net)
		m := e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "8.8.8.0/24"))), e.Interface("workers"))
		if strings.Contains(attached, "another") {
			require.Empty(t, m)
			continue
		}
		require.Len(t, m, 1, attached)
		require.Equal(t, reach.MustPass, m[0].Verdict)
	}
}

func TestUserDataIsThatOfTheTemplateThatAGroupUses(t *testing.T) {
	files := map[string]string{
		"AutoScalingGroups":      `{"AutoScalingGroups":[{"AutoScalingGroupName":"shop","LaunchTemplate":{"LaunchTemplateId":"lt","Version":"2"}},{"AutoScalingGroupName":"bare","LaunchTemplate":{"LaunchTemplateId":"gone","Version":"1"}}]}`,
		"LaunchTemplateVersions": `{"LaunchTemplateVersions":[{"LaunchTemplateId":"lt","VersionNumber":1,"LaunchTemplateData":{"UserData":"b2xk"}},{"LaunchTemplateId":"lt","VersionNumber":2,"LaunchTemplateData":{"UserData":"bmV3"}}]}`,
	}
	data, err := awsfiles.UserData(write(t, "", files))
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"shop": []byte("new")}, data)
	files["LaunchTemplateVersions"] = strings.Replace(files["LaunchTemplateVersions"], "bmV3", "not base64", 1)
	_, err = awsfiles.UserData(write(t, "", files))
	require.ErrorContains(t, err, "user data of the launch template lt: illegal base64")
}

func TestAFunctionStandsWhereItsSettingsSayUnlessItsInterfacesAreListed(t *testing.T) {
	const functions = `{"Functions":[{"FunctionName":"outside","FunctionArn":"o"},
		{"FunctionName":"makes-users","FunctionArn":"m","VpcConfig":{"SubnetIds":["s-d1","s-d2"],"SecurityGroupIds":["sg-app"],"VpcId":"vpc-1"}}]}`
	files := maps.Clone(shop)
	files["Functions"] = functions
	net, err := awsfiles.Read(write(t, "", files))
	require.NoError(t, err)
	require.Equal(t, "must", verdict(t, net, "makes-users", "db", "tcp/5432"))
	require.Equal(t, "cannot", verdict(t, net, "eni-app", "makes-users", "tcp/443"))
	require.Equal(t, "cannot", verdict(t, net, "makes-users", "db", "tcp/80"))
	require.False(t, slices.ContainsFunc(net.Interfaces, func(f model.Interface) bool { return f.ID == "outside" }), "it is in no VPC")

	files["NetworkInterfaces"] = strings.Replace(files["NetworkInterfaces"], `{"NetworkInterfaces":[`,
		`{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-shared","SubnetId":"s-d1","VpcId":"vpc-1","InterfaceType":"lambda","Groups":[{"GroupId":"sg-app"}],"PrivateIpAddress":"10.0.2.30"},`, 1)
	shared := func() (names []string) {
		net, err := awsfiles.Read(write(t, "", files))
		require.NoError(t, err)
		for _, f := range net.Interfaces {
			if f.Kind == model.Function {
				names = append(names, f.ID)
			}
		}
		return names
	}
	require.Equal(t, []string{"eni-shared", "makes-users"}, shared(), "its other subnet has none of it")
	files["NetworkInterfaces"] = strings.Replace(files["NetworkInterfaces"], `{"NetworkInterfaces":[`,
		`{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-shared-2","SubnetId":"s-d2","VpcId":"vpc-1","InterfaceType":"lambda","Groups":[{"GroupId":"sg-app"}],"PrivateIpAddress":"10.0.3.30"},`, 1)
	require.Equal(t, []string{"eni-shared-2", "eni-shared"}, shared())
}

func TestWhatCannotBeReadIsToldAtOnce(t *testing.T) {
	_, err := awsfiles.Read(write(t, "", map[string]string{"Vpcs": `{"Vpcs":[{"VpcId":"vpc-1","Cidr`, "Subnets": `{"Subnets":[{"SubnetId":7}]}`}))
	require.ErrorContains(t, err, "Vpcs.json: line 1: it is no complete JSON: unexpected end of JSON input; write AWS's answer anew")
	require.ErrorContains(t, err, "Subnets.json: element 1: SubnetId is a JSON number, where AWS gives a string; write AWS's answer anew")
	for text, want := range map[string]string{
		`[1, null, {"VpcId": "vpc-1", "Tags": {"Name": "shop"}}]`: "element 1: it is a JSON number, where AWS gives an object; write AWS's answer anew\n" +
			"element 2 is null, where AWS gives an object; take it out, or write AWS's answer anew\n" +
			"element 3: Tags is a JSON object, where AWS gives a list; write AWS's answer anew",
		`{"Vpcs": [], "NextToken": "abc"}`: "NextToken is set: it is one page of several, and what the others hold would be taken for missing; ask AWS without a limit, or put all pages into one list",
		"\n\n7":                            "it is a JSON number, where AWS gives an object; write AWS's answer anew",
	} {
		dir := write(t, "", map[string]string{"Vpcs": text})
		_, err := awsfiles.Read(dir)
		require.Error(t, err, text)
		require.Equal(t, want, strings.ReplaceAll(err.Error(), filepath.Join(dir, "Vpcs.json")+": ", ""))
	}
	_, err = awsfiles.Read(write(t, "", map[string]string{"Vpcs": "\ufeff[]"}))
	require.NoError(t, err, "a byte order mark is no harm")
	_, err = awsfiles.Read(write(t, "", map[string]string{"Buckets": `[]`}))
	require.ErrorContains(t, err, "has none of the files that hold AWS's answers")
	_, err = awsfiles.Read(filepath.Join(t.TempDir(), "nowhere"))
	require.Error(t, err)
}

func TestWhatIsMissingOrNotModelledIsUnknownAndNeverBlocked(t *testing.T) {
	for name, change := range map[string]func(files map[string]string){
		"no ACLs":              func(f map[string]string) { delete(f, "NetworkAcls") },
		"no groups":            func(f map[string]string) { delete(f, "SecurityGroups") },
		"no tables":            func(f map[string]string) { delete(f, "RouteTables") },
		"no subnets":           func(f map[string]string) { delete(f, "Subnets") },
		"no VPC":               func(f map[string]string) { delete(f, "Vpcs") },
		"46 a transit gateway": func(f map[string]string) { f["TransitGatewayAttachments"] = `{"TransitGatewayAttachments":[{"x":1}]}` },
		"35 a gateway's route table": func(f map[string]string) {
			f["RouteTables"] = strings.Replace(f["RouteTables"], `{"RouteTables":[`, `{"RouteTables":[{"RouteTableId":"rt-edge","VpcId":"vpc-1","Associations":[{"GatewayId":"igw-1"}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","NetworkInterfaceId":"eni-firewall"}]},`, 1)
		},
		"a broken CIDR": func(f map[string]string) { f["Vpcs"] = strings.Replace(f["Vpcs"], "10.0.0.0/16", "10.0.0.0/99", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for k, v := range shop {
				files[k] = v
			}
			change(files)
			net, err := awsfiles.Read(write(t, "", files))
			require.NoError(t, err)
			require.NotEqual(t, "cannot", verdict(t, net, "eni-app", "db", "tcp/5432"))
			require.Equal(t, name[0] == '3' || name[0] == '4', len(net.Unmodelled) > 0, "what could carry packets is named, and leaves its VPC unknown")
		})
	}
}

func TestALoadBalancerWithoutItsFileMayForwardAnything(t *testing.T) {
	files := map[string]string{}
	for k, v := range shop {
		files[k] = v
	}
	delete(files, "LoadBalancers")
	net, err := awsfiles.Read(write(t, "", files))
	require.NoError(t, err)
	e := reach.New(net)
	m := e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "8.8.8.0/24"))), e.Interface("eni-app"))
	require.Len(t, m, 1)
	require.Equal(t, reach.Unknown, m[0].Verdict)
}

// changed calls do with every copy of a JSON value in which one part is gone or another.
func changed(v any, do func(any)) {
	for _, other := range []any{nil, "", "gone", -1, 70000, "::/0", []any{}, map[string]any{}, true} {
		do(other)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			without := maps.Clone(v)
			delete(without, key)
			do(without)
			changed(v[key], func(x any) {
				with := maps.Clone(v)
				with[key] = x
				do(with)
			})
		}
	case []any:
		for i := range v {
			do(slices.Delete(slices.Clone(v), i, i+1))
			do(append(slices.Clone(v), v[i])) // it is there twice
			changed(v[i], func(x any) {
				with := slices.Clone(v)
				with[i] = x
				do(with)
			})
		}
	}
}

// Whatever one part of an answer is, there is an error or a network, of which the engine says something, and a twin is made or not.
func TestNothingThatAnAnswerSaysPanics(t *testing.T) {
	files := maps.Clone(shop)
	for _, unable := range []string{ // of which no twin can be made
		`,{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"PrefixListIds":[{"PrefixListId":"pl-gone"}]}`,
		`,{"DestinationCidrBlock":"203.0.113.0/24","TransitGatewayId":"tgw-1","State":"active"},{"DestinationPrefixListId":"pl-s3","GatewayId":"vpce-s3","State":"active"}`,
	} {
		for name, text := range files {
			files[name] = strings.ReplaceAll(text, unable, "")
		}
	}
	folder := write(t, "", files)
	read, planned := 0, 0
	for name, text := range files {
		var v any
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		file := filepath.Join(folder, name+".json")
		changed(v, func(x any) {
			other, err := json.Marshal(x)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, other, 0o600))
			defer func() {
				if r := recover(); r != nil {
					t.Fatalf("%s: %s: %v", name, other, r)
				}
			}()
			net, err := awsfiles.Read(folder)
			if err != nil {
				return
			}
			read++
			e := reach.New(net)
			for _, c := range e.Classes() {
				e.Between(e.InternetEnd(), c)
				e.Mediated(e.InternetEnd(), c)
			}
			if placed, err := twin.Place(net, func(netip.Addr) bool { return false }); err == nil {
				if _, err := placed.Compile(nil); err == nil {
					planned++
				} else {
					require.ErrorIs(t, err, twin.ErrUnable)
				}
			}
		})
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	require.Greater(t, read, 1000)
	require.Greater(t, planned, 500)
}

func FuzzRead(f *testing.F) {
	for name, text := range shop {
		f.Add(name, text)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if shop[name] == "" {
			return
		}
		files := map[string]string{}
		for k, v := range shop {
			files[k] = v
		}
		files[name] = text
		net, err := awsfiles.Read(write(t, "", files))
		if err != nil {
			return
		}
		e := reach.New(net)
		for _, c := range e.Classes() {
			e.Between(e.InternetEnd(), c)
			e.Mediated(e.InternetEnd(), c)
		}
		if placed, err := twin.Place(net, func(netip.Addr) bool { return false }); err == nil {
			if _, err := placed.Compile(nil); err != nil {
				require.ErrorIs(t, err, twin.ErrUnable)
			}
		}
	})
}

func mustPrefix(t *testing.T, s string) netip.Prefix {
	t.Helper()
	p, err := netip.ParsePrefix(s)
	require.NoError(t, err)
	return p
}

// An interface has every address of a prefix that is delegated to it.
func TestADelegatedPrefixBelongsToItsInterface(t *testing.T) {
	files := maps.Clone(shop)
	files["SecurityGroups"] = strings.Replace(shop["SecurityGroups"], `"ToPort":5432,"UserIdGroupPairs":[{"GroupId":"sg-app"}]`, `"ToPort":5432,"IpRanges":[{"CidrIp":"10.0.1.32/28"}]`, 1)
	for asks, want := range map[string]string{``: "cannot", `"Ipv4Prefixes":[{"Ipv4Prefix":"10.0.1.32/28"}],`: "must", `"Ipv4Prefixes":[{"Ipv4Prefix":"10.0.1.64/27"}],`: "cannot", `"Ipv4Prefixes":[{"Ipv4Prefix":"10.0.1.32"}],`: "may"} {
		files["NetworkInterfaces"] = strings.Replace(shop["NetworkInterfaces"], `"NetworkInterfaceId":"eni-app",`, `"NetworkInterfaceId":"eni-app",`+asks, 1)
		net, err := awsfiles.Read(write(t, "", files))
		require.NoError(t, err)
		require.Equal(t, want, verdict(t, net, "eni-app", "db", "tcp/5432"), asks)
	}
}

// While Block Public Access or an exclusion from it changes, nobody knows what it stops.
func TestBlockPublicAccessStopsWhatItCertainlyStops(t *testing.T) {
	for text, want := range map[string]string{
		``: "must",
		`{"InternetGatewayBlockMode":"off","State":"default-state"}`:                            "must",
		`{"InternetGatewayBlockMode":"block-bidirectional","State":"update-complete"}`:          "cannot",
		`{"InternetGatewayBlockMode":"block-ingress","State":"update-in-progress"}`:             "may",
		`{"InternetGatewayBlockMode":"off","State":"update-in-progress"}`:                       "may",
		`{"InternetGatewayBlockMode":"block-everything-that-is-new","State":"update-complete"}`: "may",
		`{"InternetGatewayBlockMode":"block-bidirectional"},{"VpcBlockPublicAccessExclusions":[{"ResourceArn":"arn:aws:ec2:eu-central-1:1:subnet/s-pub","InternetGatewayExclusionMode":"allow-bidirectional","State":"create-complete"}]}`:    "must",
		`{"InternetGatewayBlockMode":"block-bidirectional"},{"VpcBlockPublicAccessExclusions":[{"ResourceArn":"arn:aws:ec2:eu-central-1:1:subnet/s-pub","InternetGatewayExclusionMode":"allow-bidirectional","State":"delete-in-progress"}]}`: "may",
		`{"InternetGatewayBlockMode":"block-bidirectional"},{"VpcBlockPublicAccessExclusions":[{"ResourceArn":"arn:aws:ec2:eu-central-1:1:vpc/vpc-1","InternetGatewayExclusionMode":"allow-bidirectional","State":"create-in-progress"}]}`:    "may",
		`{"InternetGatewayBlockMode":"block-bidirectional"},{"VpcBlockPublicAccessExclusions":[{"ResourceArn":"arn:aws:ec2:eu-central-1:1:vpc/vpc-1","InternetGatewayExclusionMode":"allow-bidirectional","State":"disable-complete"}]}`:      "cannot",
	} {
		files := maps.Clone(shop)
		files["VpcBlockPublicAccess"] = "[" + text + "]"
		net, err := awsfiles.Read(write(t, "", files))
		require.NoError(t, err)
		require.Equal(t, want, verdict(t, net, "203.0.113.7/32", "eni-lb", "tcp/443"), text)
	}
}

// What has no interface among the answers has an IPv6 address if its kind of network says so.
func TestServicesOfBothFamiliesHaveIPv6Addresses(t *testing.T) {
	files := maps.Clone(shop)
	delete(files, "NetworkInterfaces")
	set := func(kind, key, with string) { files[kind] = strings.Replace(files[kind], key, with+","+key, 1) }
	set("DbInstances", `"PubliclyAccessible"`, `"NetworkType":"DUAL"`)
	set("LoadBalancers", `"Scheme"`, `"IpAddressType":"dualstack"`)
	files["VpcEndpoints"] = `[{"VpcEndpointId":"vpce-1","VpcEndpointType":"Interface","IpAddressType":"ipv6","ServiceName":"s","VpcId":"vpc-1","SubnetIds":["s-app"]},{"VpcEndpointId":"vpce-2","VpcEndpointType":"Interface","IpAddressType":"ipv4","ServiceName":"s","VpcId":"vpc-1","SubnetIds":["s-app"]}]`
	files["Functions"] = `[{"FunctionName":"f","VpcConfig":{"SubnetIds":["s-app"],"SecurityGroupIds":["sg-app"],"Ipv6AllowedForDualStack":true}}]`
	net, err := awsfiles.Read(write(t, "", files))
	require.NoError(t, err)
	var dual []string
	for _, f := range net.Interfaces {
		if len(f.Addresses) == 2 && f.Addresses[1].V6 {
			dual = append(dual, f.ID)
		}
	}
	require.ElementsMatch(t, []string{"db", "front", "vpce-1", "f"}, dual)
}

// What a group starts has IPv6 addresses if its launch template or its subnet says so, though nothing runs and IPv4 leads nowhere.
func TestATemplateMayAskForIPv6(t *testing.T) {
	files := map[string]string{
		"Vpcs":           `[{"VpcId":"vpc-1","CidrBlock":"10.0.0.0/16","Ipv6CidrBlockAssociationSet":[{"Ipv6CidrBlock":"2a05:d014::/56","Ipv6CidrBlockState":{"State":"associated"}}]}]`,
		"SecurityGroups": `[{"GroupId":"sg-w","GroupName":"w","VpcId":"vpc-1","IpPermissions":[],"IpPermissionsEgress":[{"IpProtocol":"-1","Ipv6Ranges":[{"CidrIpv6":"::/0"}]}]}]`,
		"NetworkAcls": `[{"NetworkAclId":"acl-1","VpcId":"vpc-1","IsDefault":true,"Associations":[{"SubnetId":"s-w"}],"Entries":[
			{"Ipv6CidrBlock":"::/0","Egress":true,"Protocol":"-1","RuleAction":"allow","RuleNumber":101},{"Ipv6CidrBlock":"::/0","Egress":false,"Protocol":"-1","RuleAction":"allow","RuleNumber":101}]}]`,
		"RouteTables":                `[{"RouteTableId":"rt","VpcId":"vpc-1","Associations":[{"Main":true}],"Routes":[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local","State":"active"},{"DestinationIpv6CidrBlock":"2a05:d014::/56","GatewayId":"local","State":"active"},{"DestinationIpv6CidrBlock":"::/0","EgressOnlyInternetGatewayId":"eigw-1","State":"active"}]}]`,
		"EgressOnlyInternetGateways": `[{"EgressOnlyInternetGatewayId":"eigw-1","Attachments":[{"State":"attached","VpcId":"vpc-1"}]}]`,
		"NetworkInterfaces":          `[]`,
		"AutoScalingGroups":          `[{"AutoScalingGroupName":"workers","VPCZoneIdentifier":"s-w","LaunchTemplate":{"LaunchTemplateId":"lt-1","Version":"1"}}]`,
	}
	for _, c := range []struct{ name, asks, subnet, want string }{
		{"neither", ``, ``, "cannot"},
		{"a count", `,"Ipv6AddressCount":1`, ``, "must"},
		{"an address", `,"Ipv6Addresses":[{"Ipv6Address":"2a05:d014::7"}]`, ``, "must"},
		{"a prefix", `,"Ipv6PrefixCount":1`, ``, "must"},
		{"the subnet", ``, `,"AssignIpv6AddressOnCreation":true`, "must"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files["Subnets"] = `[{"SubnetId":"s-w","VpcId":"vpc-1","CidrBlock":"10.0.0.0/24","Ipv6CidrBlockAssociationSet":[{"Ipv6CidrBlock":"2a05:d014::/64","Ipv6CidrBlockState":{"State":"associated"}}]` + c.subnet + `}]`
			files["LaunchTemplateVersions"] = `[{"LaunchTemplateId":"lt-1","VersionNumber":1,"DefaultVersion":true,"LaunchTemplateData":{"NetworkInterfaces":[{"Groups":["sg-w"]` + c.asks + `}]}}]`
			net, err := awsfiles.Read(write(t, "", files))
			require.NoError(t, err)
			require.Equal(t, c.want, verdict(t, net, "workers", "2001:db8::/32", "tcp/443"))
		})
	}
}
