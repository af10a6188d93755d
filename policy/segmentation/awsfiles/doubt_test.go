// SPDX-License-Identifier: Apache-2.0

package awsfiles_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// with is the network of the shop with some files instead of its own, or besides them.
func with(t *testing.T, files map[string]string) *model.Network {
	t.Helper()
	all := maps.Clone(shop)
	maps.Copy(all, files)
	net, err := awsfiles.Read(write(t, "", all))
	require.NoError(t, err)
	return net
}

// first puts elements before those of a file of the shop.
func first(kind, elements string) string {
	return strings.Replace(shop[kind], "[", "["+elements+",", 1)
}

func TestBlockPublicAccessIsAnAccountsOwn(t *testing.T) {
	const (
		block, off = `[{"InternetGatewayBlockMode":"block-bidirectional","State":"update-complete"}]`, `[{"InternetGatewayBlockMode":"off","State":"default-state"}]`
		other      = `[{"VpcId":"vpc-9","CidrBlock":"10.99.0.0/16"}]`
	)
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"another account's":                  {map[string]string{"2/Vpcs": other, "2/VpcBlockPublicAccess": block}, "must"},
		"its own, and another account's off": {map[string]string{"VpcBlockPublicAccess": block, "2/Vpcs": other, "2/VpcBlockPublicAccess": off}, "cannot"},
		"of a folder without a VPC":          {map[string]string{"2/VpcBlockPublicAccess": block}, "may"},
		"two in one folder":                  {map[string]string{"VpcBlockPublicAccess": block[:len(block)-1] + "," + off[1:]}, "may"},
		"a participant's in a shared VPC": {map[string]string{
			"Vpcs": strings.Replace(shop["Vpcs"], `"VpcId"`, `"OwnerId":"111111111111","VpcId"`, 1), "VpcBlockPublicAccess": strings.Replace(block, `{`, `{"AwsAccountId":"222222222222",`, 1),
		}, "may"},
		"the owner's": {map[string]string{
			"Vpcs": strings.Replace(shop["Vpcs"], `"VpcId"`, `"OwnerId":"111111111111","VpcId"`, 1), "VpcBlockPublicAccess": strings.Replace(block, `{`, `{"AwsAccountId":"111111111111",`, 1),
		}, "cannot"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, verdict(t, with(t, c.files), "203.0.113.7/32", "eni-lb", "tcp/443"))
		})
	}
}

// Global Accelerator and CloudFront's VPC origins come from the internet to what has neither a public address nor a route there.
func TestWhatComesToPrivateAddressesIsUnknown(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"an accelerator's interface":   {"NetworkInterfaces": first("NetworkInterfaces", `{"NetworkInterfaceId":"eni-ga","SubnetId":"s-app","VpcId":"vpc-1","InterfaceType":"global_accelerator_managed","PrivateIpAddress":"10.0.1.90"}`)},
		"accelerators":                 {"Accelerators": `{"Accelerators":[{"AcceleratorArn":"a"}]}`},
		"endpoint groups":              {"EndpointGroups": `{"EndpointGroups":[{"EndpointDescriptions":[{"EndpointId":"i-app"}]}]}`},
		"custom routing":               {"CustomRoutingPortMappings": `{"PortMappings":[{"EndpointId":"s-app"}]}`},
		"VPC origins":                  {"VpcOrigins": `{"VpcOriginList":{"Items":[{"Id":"vo"}]}}`},
		"the group of VPC origins":     {"SecurityGroups": first("SecurityGroups", `{"GroupId":"sg-cf","GroupName":"CloudFront-VPCOrigins-Service-SG","VpcId":"vpc-1"}`)},
		"a resource endpoint":          {"VpcEndpoints": `[{"VpcEndpointId":"vpce-r","VpcId":"vpc-1","VpcEndpointType":"Resource"}]`},
		"a service network endpoint":   {"VpcEndpoints": `[{"VpcEndpointId":"vpce-n","VpcId":"vpc-1","VpcEndpointType":"ServiceNetwork"}]`},
		"none of them":                 {"Accelerators": `{"Accelerators":[]}`},
		"a group of another VPC's":     {"SecurityGroups": first("SecurityGroups", `{"GroupId":"sg-cf","GroupName":"CloudFront-VPCOrigins-Service-SG","VpcId":"vpc-9"}`)},
		"an endpoint of another VPC's": {"VpcEndpoints": `[{"VpcEndpointId":"vpce-r","VpcId":"vpc-9","VpcEndpointType":"Resource"}]`},
	} {
		want := "unknown"
		if strings.HasPrefix(name, "none") || strings.HasSuffix(name, "another VPC's") {
			want = "cannot"
		}
		require.Equal(t, want, verdict(t, with(t, files), "internet", "eni-app", "tcp/8443"), name)
	}
}

func TestEveryTemplateOfAGroupCounts(t *testing.T) {
	files := map[string]string{
		"LaunchTemplateVersions": `[{"LaunchTemplateId":"lt-0","VersionNumber":1,"DefaultVersion":true,"LaunchTemplateData":{"SecurityGroupIds":["sg-lb"]}},{"LaunchTemplateId":"lt-1","VersionNumber":1,"DefaultVersion":true,"LaunchTemplateData":{"SecurityGroupIds":["sg-app"]}}]`,
	}
	for override, want := range map[string]string{"lt-0": "", "lt-1": "must", "lt-gone": "unknown"} {
		files["AutoScalingGroups"] = `[{"AutoScalingGroupName":"workers","VPCZoneIdentifier":"s-app","MixedInstancesPolicy":{"LaunchTemplate":{"LaunchTemplateSpecification":{"LaunchTemplateId":"lt-0","Version":"1"},
			"Overrides":[{"InstanceType":"t4g.micro"},{"InstanceType":"t4g.small","LaunchTemplateSpecification":{"LaunchTemplateId":"` + override + `"}}]}},"Instances":[]}]`
		net := with(t, files)
		require.Equal(t, "cannot", verdict(t, net, "workers", "db", "tcp/5432"))
		if e := reach.New(net).Interface("workers:template-2"); want == "" {
			require.Nil(t, e, "it is the same template")
			continue
		}
		require.Equal(t, want, verdict(t, net, "workers:template-2", "db", "tcp/5432"), override)
	}
}

// Descriptions of interfaces that AWS did not make are free text, and the databases that are listed may be others.
func TestAnInterfaceIsWhatAWSSaysItIs(t *testing.T) {
	const balancer, database = `"Description":"ELB app/front/abc"`, `"Description":"RDSNetworkInterface"`
	for fields, want := range map[string]model.Kind{
		balancer: model.Balancer,
		balancer + `,"RequesterId":"amazon-elb","RequesterManaged":true`:                                                  model.Balancer,
		balancer + `,"RequesterId":"amazon-elb"`:                                                                          model.Balancer,
		balancer + `,"RequesterId":"AIDAEXAMPLE"`:                                                                         model.Host,
		balancer + `,"RequesterManaged":false`:                                                                            model.Host,
		balancer + `,"Attachment":{"InstanceId":"i-x"}`:                                                                   model.Host,
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-db"}]`:                                                    "",
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-app"}]`:                                                   model.Database,
		database + `,"SubnetId":"s-app","Groups":[{"GroupId":"sg-db"}]`:                                                   model.Database,
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-db"}],"RequesterId":"AIDAEXAMPLE"`:                        model.Host,
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-db"}],"Attachment":{"InstanceId":"i-x"}`:                  model.Host,
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-db"}],"Association":{"PublicIp":"52.1.1.7"}`:              model.Database,
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-db"}],"Ipv6Addresses":[{"Ipv6Address":"2a05:d014::7"}]`:   model.Database,
		database + `,"SubnetId":"s-d2","Groups":[{"GroupId":"sg-db"}],"RequesterId":"amazon-rds","RequesterManaged":true`: "",
	} {
		net := with(t, map[string]string{"NetworkInterfaces": first("NetworkInterfaces", `{"NetworkInterfaceId":"eni-x","VpcId":"vpc-1","PrivateIpAddress":"10.0.3.40",`+fields+`}`)})
		var kind model.Kind
		for _, f := range net.Interfaces {
			if f.ID == "eni-x" {
				kind = f.Kind
			}
		}
		require.Equal(t, want, kind, fields)
	}
}

func TestALoadBalancerSendsToTheFirstInterfaceOfAnInstance(t *testing.T) {
	for name, c := range map[string]struct{ app, second, want, other string }{
		"both are told":         {`,"DeviceIndex":0`, `,"DeviceIndex":1`, "must", "none"},
		"one is told":           {``, `,"DeviceIndex":1`, "must", "none"},
		"the first is told":     {`,"DeviceIndex":0`, ``, "must", "none"},
		"on a second card":      {`,"DeviceIndex":0`, `,"DeviceIndex":0,"NetworkCardIndex":1`, "must", "none"},
		"the second is first":   {`,"DeviceIndex":1`, `,"DeviceIndex":0`, "none", "must"},
		"neither is told":       {``, ``, "unknown", "unknown"},
		"the instance tells it": {``, ``, "must", "none"},
	} {
		const second = `{"NetworkInterfaceId":"eni-second","SubnetId":"s-app","VpcId":"vpc-1","Groups":[{"GroupId":"sg-app"}],"PrivateIpAddress":"10.0.1.21","Attachment":{"InstanceId":"i-app"%s}}`
		list := strings.Replace(shop["NetworkInterfaces"], `"Attachment":{"InstanceId":"i-app"}`, `"Attachment":{"InstanceId":"i-app"`+c.app+`}`, 1)
		files := map[string]string{"NetworkInterfaces": strings.Replace(list, "[", "["+fmt.Sprintf(second, c.second)+",", 1)}
		if strings.HasSuffix(name, "tells it") {
			files["Reservations"] = strings.Replace(shop["Reservations"], `"eni-app"`, `"eni-app","Attachment":{"DeviceIndex":0}`, 1)
		}
		e := reach.New(with(t, files))
		for id, want := range map[string]string{"eni-app": c.want, "eni-second": c.other} {
			m := e.Mediated(e.Outside(flow.PrefixAddrs(mustPrefix(t, "8.8.8.0/24"))), e.Interface(id))
			if want == "none" {
				require.Empty(t, m, name+": "+id)
				continue
			}
			require.Len(t, m, 1, name+": "+id)
			require.Equal(t, want, string(m[0].Verdict), name+": "+id)
		}
	}
}

// An endpoint of a service that a user of AWS offers may lead to a network load balancer among the answers, and its clients may be in peered VPCs.
func TestAnEndpointMayLeadToALoadBalancer(t *testing.T) {
	const inner = `{"NetworkInterfaceId":"eni-nlb","SubnetId":"s-app","VpcId":"vpc-1","InterfaceType":"network_load_balancer","Description":"ELB net/inner/1","PrivateIpAddress":"10.0.1.50"},`
	for _, c := range []struct{ service, balancer, client, want string }{
		{"com.amazonaws.vpce.eu-central-1.vpce-svc-1", inner, "vpc-2", "unknown"},
		{"com.amazonaws.vpce.eu-central-1.vpce-svc-1", inner, "vpc-3", "unknown"},
		{"com.amazonaws.vpce.eu-central-1.vpce-svc-1", "", "vpc-2", "cannot"},
		{"api.example.com", inner, "vpc-2", "unknown"},
		{"com.amazonaws.eu-central-1.ssm", inner, "vpc-2", "cannot"},
		{"aws.sagemaker.eu-central-1.notebook", inner, "vpc-2", "cannot"},
	} {
		net := with(t, map[string]string{
			"2/Vpcs":                  `[{"VpcId":"vpc-2","CidrBlock":"10.2.0.0/16"},{"VpcId":"vpc-3","CidrBlock":"10.3.0.0/16"}]`,
			"2/Subnets":               `[{"SubnetId":"s-vpc-2","VpcId":"vpc-2","CidrBlock":"10.2.0.0/24"},{"SubnetId":"s-vpc-3","VpcId":"vpc-3","CidrBlock":"10.3.0.0/24"}]`,
			"2/NetworkInterfaces":     `[` + c.balancer + fmt.Sprintf(`{"NetworkInterfaceId":"eni-c","SubnetId":"s-%s","VpcId":"%s","Groups":[{"GroupId":"sg-c"}],"PrivateIpAddress":"10.%s.0.20"}]`, c.client, c.client, c.client[4:]),
			"2/SecurityGroups":        fmt.Sprintf(`[{"GroupId":"sg-c","VpcId":"%s","IpPermissionsEgress":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}]`, c.client),
			"2/RouteTables":           `[{"RouteTableId":"rt-2","VpcId":"vpc-2","Associations":[{"Main":true}],"Routes":[]},{"RouteTableId":"rt-3","VpcId":"vpc-3","Associations":[{"Main":true}],"Routes":[]}]`,
			"2/VpcEndpoints":          `[{"VpcEndpointId":"vpce-1","VpcId":"vpc-2","VpcEndpointType":"Interface","ServiceName":"` + c.service + `","SubnetIds":["s-vpc-2"]}]`,
			"2/VpcPeeringConnections": `[{"VpcPeeringConnectionId":"pcx","AccepterVpcInfo":{"VpcId":"vpc-2"},"RequesterVpcInfo":{"VpcId":"vpc-3"}}]`,
		})
		require.Equal(t, c.want, verdict(t, net, "eni-c", "eni-app", "tcp/8443"), c)
	}
}

func TestARouteTableServesWhereItIsAssociated(t *testing.T) {
	for state, want := range map[string]string{"": "must", "associated": "must", "disassociated": "cannot", "failed": "cannot", "associating": "unknown", "disassociating": "unknown"} {
		said := `"AssociationState":{"State":"` + state + `"},`
		subnet := strings.Replace(shop["RouteTables"], `"SubnetId":"s-pub"`, said+`"SubnetId":"s-pub"`, 1)
		require.Equal(t, want, verdict(t, with(t, map[string]string{"RouteTables": subnet}), "203.0.113.7/32", "eni-lb", "tcp/443"), state)
		edge := first("RouteTables", `{"RouteTableId":"rt-edge","VpcId":"vpc-1","Associations":[{`+said+`"GatewayId":"igw-1"}],"Routes":[]}`)
		require.Equal(t, want == "cannot", len(with(t, map[string]string{"RouteTables": edge}).Unmodelled) == 0, state)
		main := strings.Replace(shop["RouteTables"], `{"Main":true}`, `{`+said+`"Main":true}`, 1)
		net := with(t, map[string]string{"RouteTables": main})
		require.Equal(t, want == "cannot", net.VPCs[0].MainTable == "", state)
		require.Equal(t, want == "unknown", net.VPCs[0].Doubt != "", state)
	}
}

// What an answer names and no other has is not taken for nothing.
func TestALoadBalancerWhoseAnswersAreHalfMissingIsUnknown(t *testing.T) {
	for _, gone := range []string{"Listeners", "TargetGroups"} {
		for _, kind := range []string{"application", "network"} {
			e := reach.New(with(t, map[string]string{gone: `[]`, "LoadBalancers": strings.Replace(shop["LoadBalancers"], `"application"`, `"`+kind+`"`, 1)}))
			m := e.Mediated(e.InternetEnd(), e.Interface("eni-app"))
			require.NotEmpty(t, m, gone)
			for _, x := range m {
				require.Equal(t, reach.Unknown, x.Verdict, gone)
			}
		}
	}
}
