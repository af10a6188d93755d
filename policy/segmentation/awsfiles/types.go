// SPDX-License-Identifier: Apache-2.0

package awsfiles

// The types have the names of AWS's API, with its Id and Ip written as Go does; JSON does not mind the case: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Types.html and those of RDS.

type tag struct{ Key, Value string }

type tags []tag

func (t tags) name() string {
	for _, x := range t {
		if x.Key == "Name" {
			return x.Value
		}
	}
	return ""
}

type cidrBlock struct {
	CidrBlock, Ipv6CidrBlock           string
	CidrBlockState, Ipv6CidrBlockState struct{ State string }
}

type vpc struct {
	VpcID, CidrBlock, OwnerID                            string
	CidrBlockAssociationSet, Ipv6CidrBlockAssociationSet []cidrBlock
	Tags                                                 tags
	folder                                               string // it was read from
}

type subnet struct {
	SubnetID, VpcID, CidrBlock  string
	Ipv6CidrBlockAssociationSet []cidrBlock
	MapPublicIPOnLaunch         bool
	AssignIpv6AddressOnCreation bool
	Tags                        tags
}

type ipPermission struct {
	IPProtocol       string
	FromPort, ToPort *int
	IPRanges         []struct{ CidrIP, Description string }
	Ipv6Ranges       []struct{ CidrIpv6, Description string }
	PrefixListIDs    []struct{ PrefixListID, Description string }
	UserIDGroupPairs []struct{ GroupID, Description string }
}

type securityGroup struct {
	GroupID, GroupName, VpcID          string
	IPPermissions, IPPermissionsEgress []ipPermission
	Tags                               tags
}

type networkACL struct {
	NetworkACLID, VpcID string
	IsDefault           bool
	Associations        []struct{ SubnetID string }
	Entries             []struct {
		CidrBlock, Ipv6CidrBlock, Protocol, RuleAction string
		Egress                                         *bool
		RuleNumber                                     *int
		PortRange                                      *struct{ From, To int }
		IcmpTypeCode                                   *struct{ Type, Code int }
	}
	Tags tags
}

type routeTable struct {
	RouteTableID, VpcID string
	Associations        []struct {
		Main                bool
		SubnetID, GatewayID string
		AssociationState    struct{ State string }
	}
	Routes []route
	Tags   tags
}

type route struct {
	DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListID                                                     string
	GatewayID, NatGatewayID, VpcPeeringConnectionID, EgressOnlyInternetGatewayID, NetworkInterfaceID, InstanceID, State, Origin string
}

type association struct{ PublicIP, AllocationID string }

type attachment struct {
	InstanceID       string
	DeviceIndex      *int
	NetworkCardIndex int
}

type networkInterface struct {
	NetworkInterfaceID, SubnetID, VpcID, InterfaceType, Description, Status, RequesterID, PrivateIPAddress string
	SourceDestCheck, RequesterManaged                                                                      *bool
	Association                                                                                            *association
	Groups                                                                                                 []groupIdentifier
	PrivateIPAddresses                                                                                     []struct {
		PrivateIPAddress string
		Association      *association
	}
	Ipv6Addresses []struct{ Ipv6Address string }
	Ipv4Prefixes  []struct{ Ipv4Prefix string }
	Ipv6Prefixes  []struct{ Ipv6Prefix string }
	Attachment    *attachment
	TagSet        tags
}

type internetGateway struct {
	InternetGatewayID, EgressOnlyInternetGatewayID string
	Attachments                                    []struct{ VpcID, State string }
	Tags                                           tags
}

type natGateway struct {
	NatGatewayID, VpcID, SubnetID, State, ConnectivityType, AvailabilityMode string
	NatGatewayAddresses                                                      []struct{ PublicIP, NetworkInterfaceID string }
	Tags                                                                     tags
}

type vpcEndpoint struct {
	VpcEndpointID, VpcID, VpcEndpointType, ServiceName, State, IPAddressType string
	RouteTableIDs, SubnetIDs, NetworkInterfaceIDs                            []string
	Groups                                                                   []struct{ GroupID string }
	Tags                                                                     tags
}

type peering struct {
	VpcPeeringConnectionID            string
	Status                            struct{ Code string }
	AccepterVpcInfo, RequesterVpcInfo struct{ VpcID, Region string }
	Tags                              tags
}

type prefixList struct {
	PrefixListID, PrefixListName, OwnerID string
	Cidrs                                 []string
	Entries                               []struct{ Cidr string }
}

type loadBalancer struct {
	LoadBalancerArn, LoadBalancerName, Type, Scheme, VpcID, IPAddressType string
	SecurityGroups                                                        []string
	AvailabilityZones                                                     []struct{ SubnetID string }
}

type action struct {
	Type, TargetGroupArn string
	ForwardConfig        *struct {
		TargetGroups []struct{ TargetGroupArn string }
	}
}

type listener struct {
	ListenerArn, LoadBalancerArn, Protocol string
	Port                                   int
	DefaultActions                         []action
	Listeners                              []listener // where a file groups them by load balancer
}

type rule struct {
	ListenerArn string
	Actions     []action
}

type targetGroup struct {
	TargetGroupArn, TargetGroupName, Protocol, TargetType, VpcID string
	Port                                                         int
	LoadBalancerArns                                             []string
	// PreserveClientIP is an attribute, which describe-target-groups does not show; the default counts without it.
	PreserveClientIP *bool
}

// targetHealth is what describe-target-health says of a target group, whose ARN is no part of AWS's answer, or of one target.
type targetHealth struct {
	TargetGroupArn           string
	TargetHealthDescriptions []struct{ Target target }
	Target                   *target
}

type target struct {
	ID   string
	Port int
}

type dbInstance struct {
	DBInstanceIdentifier, DBInstanceArn, NetworkType string
	PubliclyAccessible                               bool
	Endpoint                                         *struct{ Port int }
	VpcSecurityGroups                                []struct{ VpcSecurityGroupID string }
	DBSubnetGroup                                    struct {
		Subnets []struct{ SubnetIdentifier string }
	}
}

type lambdaFunction struct {
	FunctionName, FunctionArn string
	VpcConfig                 struct {
		SubnetIDs, SecurityGroupIDs []string
		Ipv6AllowedForDualStack     bool
	}
}

type launchTemplate struct{ LaunchTemplateID, LaunchTemplateName, Version string }

type autoScalingGroup struct {
	AutoScalingGroupName, AutoScalingGroupARN, VPCZoneIdentifier string
	LaunchTemplate                                               *launchTemplate
	MixedInstancesPolicy                                         *struct {
		LaunchTemplate *struct {
			LaunchTemplateSpecification *launchTemplate
			Overrides                   []struct{ LaunchTemplateSpecification *launchTemplate }
		}
	}
	Instances       []struct{ InstanceID string }
	TargetGroupARNs []string
	TrafficSources  []struct{ Identifier string }
}

type launchTemplateVersion struct {
	LaunchTemplateID, LaunchTemplateName string
	VersionNumber                        int
	DefaultVersion                       bool
	LaunchTemplateData                   struct {
		UserData          string
		SecurityGroupIDs  []string
		NetworkInterfaces []struct {
			Groups                            []string
			AssociatePublicIPAddress          *bool
			Ipv6AddressCount, Ipv6PrefixCount int
			Ipv6Addresses, Ipv6Prefixes       []struct{}
		}
	}
}

type address struct{ PublicIP, NetworkInterfaceID, PrivateIPAddress, InstanceID string }

type reservation struct{ Instances []instance }

type instance struct {
	InstanceID, SubnetID, VpcID, PrivateIPAddress, PublicIPAddress, Ipv6Address string
	State                                                                       struct{ Name string }
	SecurityGroups                                                              []groupIdentifier
	SourceDestCheck                                                             *bool
	NetworkInterfaces                                                           []networkInterface
	Tags                                                                        tags
}

type groupIdentifier struct{ GroupID string }

type blockPublicAccess struct {
	InternetGatewayBlockMode       string
	State, AwsAccountID            string
	VpcBlockPublicAccessExclusions []struct{ ResourceArn, InternetGatewayExclusionMode, State string }
	folder                         string // it was read from
}

// named is an element that others name, by the key that names tells.
type named interface{ names() (key, value string) }

func (x vpc) names() (key, value string)           { return "VpcId", x.VpcID }
func (x subnet) names() (key, value string)        { return "SubnetId", x.SubnetID }
func (x securityGroup) names() (key, value string) { return "GroupId", x.GroupID }
func (x networkACL) names() (key, value string)    { return "NetworkAclId", x.NetworkACLID }
func (x routeTable) names() (key, value string)    { return "RouteTableId", x.RouteTableID }
func (x networkInterface) names() (key, value string) {
	return "NetworkInterfaceId", x.NetworkInterfaceID
}
func (x natGateway) names() (key, value string) { return "NatGatewayId", x.NatGatewayID }
func (x peering) names() (key, value string) {
	return "VpcPeeringConnectionId", x.VpcPeeringConnectionID
}
func (x prefixList) names() (key, value string)   { return "PrefixListId", x.PrefixListID }
func (x loadBalancer) names() (key, value string) { return "LoadBalancerArn", x.LoadBalancerArn }
func (x targetGroup) names() (key, value string)  { return "TargetGroupArn", x.TargetGroupArn }
