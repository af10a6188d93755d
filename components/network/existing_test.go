// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	ownerVPC   = "vpc-0123456789abcdef0"
	publicA    = "subnet-000000000000000a0"
	publicB    = "subnet-000000000000000a1"
	appA       = "subnet-000000000000000b0"
	appB       = "subnet-000000000000000b1"
	dataA      = "subnet-000000000000000c0"
	dataB      = "subnet-000000000000000c1"
	rtbPublic  = "rtb-000000000000000a0"
	rtbAppA    = "rtb-000000000000000b0"
	rtbAppB    = "rtb-000000000000000b1"
	rtbData    = "rtb-000000000000000c0"
	natA, natB = "nat-000000000000000a0", "nat-000000000000000a1"
)

// values are the properties of something in the owner's VPC.
type values map[string]any

// owner is what somebody has made in an account: answers of the provider, by id.
type owner struct {
	vpc                       values
	subnets, tables, gateways map[string]values
	tableOf                   map[string]string
	endpoints                 map[string]values // by service name
	acls                      map[string]string // chosen for a subnet
	vpn                       values
}

// owned is a VPC that fits typicalTable: three tiers in two zones, with a NAT gateway in each.
func owned() *owner {
	o := &owner{
		vpc: values{
			"id": ownerVPC, "ownerId": accountID, "enableDnsSupport": true, "enableDnsHostnames": true, "cidrBlock": "10.7.0.0/16",
			"cidrBlockAssociations": []any{values{"associationId": "a", "cidrBlock": "10.7.0.0/16", "state": "associated"}},
		},
		subnets: map[string]values{}, tables: map[string]values{}, tableOf: map[string]string{}, gateways: map[string]values{},
		endpoints: map[string]values{}, acls: map[string]string{},
	}
	for id, c := range map[string][3]string{
		publicA: {zoneA, "10.7.1.0/24", rtbPublic}, publicB: {zoneB, "10.7.2.0/24", rtbPublic}, appA: {zoneA, "10.7.16.0/20", rtbAppA},
		appB: {zoneB, "10.7.32.0/20", rtbAppB}, dataA: {zoneA, "10.7.64.0/24", rtbData}, dataB: {zoneB, "10.7.65.0/24", rtbData},
	} {
		o.subnets[id] = values{"id": id, "vpcId": ownerVPC, "availabilityZone": c[0], "cidrBlock": c[1], "mapPublicIpOnLaunch": false}
		o.tableOf[id] = c[2]
	}
	o.route(rtbPublic, values{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"})
	o.route(rtbAppA, values{"cidrBlock": "0.0.0.0/0", "natGatewayId": natA})
	o.route(rtbAppB, values{"cidrBlock": "0.0.0.0/0", "natGatewayId": natB})
	o.route(rtbData)
	o.gateways[natA] = values{"id": natA, "subnetId": publicA, "connectivityType": "public", "publicIp": "192.0.2.1"}
	o.gateways[natB] = values{"id": natB, "subnetId": publicB, "connectivityType": "public", "publicIp": "192.0.2.2"}
	return o
}

// route gives a table its routes.
func (o *owner) route(table string, routes ...values) {
	all := []any{}
	for _, r := range routes {
		all = append(all, r)
	}
	o.tables[table] = values{"id": table, "routes": all}
}

// plain turns the values into those that a property map takes.
func plain(v any) any {
	switch v := v.(type) {
	case values:
		all := map[string]any{}
		for key, value := range v {
			all[key] = plain(value)
		}
		return all
	case []any:
		all := []any{}
		for _, value := range v {
			all = append(all, plain(value))
		}
		return all
	}
	return v
}

var errNone = errors.New("no matching EC2 thing found")

// answers are how the provider tells of it all.
func (o *owner) answers() []pulumitest.Option {
	answer := func(v values) (resource.PropertyMap, error) {
		if v == nil {
			return nil, errNone
		}
		return resource.NewPropertyMapFromMap(plain(v).(map[string]any)), nil
	}
	filter := func(args resource.PropertyMap) string {
		return args["filters"].ArrayValue()[0].ObjectValue()["values"].ArrayValue()[0].StringValue()
	}
	ids := func(id string) (resource.PropertyMap, error) {
		found := []any{}
		if id != "" {
			found = append(found, id)
		}
		return answer(values{"id": theRegion, "ids": found})
	}
	byID := func(token, key string, all map[string]values) pulumitest.Option {
		return pulumitest.Answer(token, func(args resource.PropertyMap) (resource.PropertyMap, error) {
			return answer(all[args[resource.PropertyKey(key)].StringValue()])
		})
	}
	return append(slices.Clone(inAWS),
		byID("aws:ec2/getVpc:getVpc", "id", map[string]values{ownerVPC: o.vpc}),
		byID("aws:ec2/getSubnet:getSubnet", "id", o.subnets),
		byID("aws:ec2/getNatGateway:getNatGateway", "id", o.gateways),
		byID("aws:ec2/getVpnGateway:getVpnGateway", "attachedVpcId", map[string]values{ownerVPC: o.vpn}),
		pulumitest.Answer("aws:ec2/getRouteTable:getRouteTable", func(args resource.PropertyMap) (resource.PropertyMap, error) {
			table := o.tables[args["routeTableId"].StringValue()]
			links := []any{}
			for subnet, of := range o.tableOf {
				if of == table["id"] {
					links = append(links, values{"subnetId": subnet})
				}
			}
			return answer(values{"id": table["id"], "routes": table["routes"], "associations": links})
		}),
		pulumitest.Answer("aws:ec2/getRouteTables:getRouteTables", func(args resource.PropertyMap) (resource.PropertyMap, error) {
			return ids(o.tableOf[filter(args)])
		}),
		pulumitest.Answer("aws:ec2/getNetworkAcls:getNetworkAcls", func(args resource.PropertyMap) (resource.PropertyMap, error) {
			acl := o.acls[filter(args)]
			if args.HasValue("tags") && !strings.HasPrefix(acl, "own-") {
				acl = ""
			}
			return ids(acl)
		}),
		pulumitest.Answer("aws:ec2/getVpcEndpoint:getVpcEndpoint", func(args resource.PropertyMap) (resource.PropertyMap, error) {
			if args.HasValue("tags") {
				return nil, errNone
			}
			return answer(o.endpoints[args["serviceName"].StringValue()])
		}))
}

// moveIn changes the typical arguments so that the tiers move into the owner's VPC.
func moveIn(args *Args) {
	args.VPCCIDR, args.NATStrategy = "", ""
	args.Existing = &Existing{VPCID: ownerVPC, SubnetIDs: map[string][]string{"public": {publicA, publicB}, "app": {appA, appB}, "data": {dataA, dataB}}}
}

func TestAnExistingVPCIsMovedIntoAndItsOwnersThingsAreLeftAlone(t *testing.T) {
	o := owned()
	o.acls[appA] = "own-acl"
	rec := buildAnd(t, moveIn, func(_ *pulumi.Context, n *Network) error {
		require.Equal(t, []string{"10.7.64.0/24", "10.7.65.0/24"}, n.CIDRs(segment.Data))
		require.Len(t, n.NATPublicIPs, 2)
		return nil
	}, o.answers()...)
	for _, owners := range []string{
		vpcType, subnetType, internetType, outwardType, natType, eipType, tableType, routeType, tableLinkType, defaultGroupType, defaultTableType, defaultACLType,
	} {
		require.Empty(t, rec.ByType(owners), owners)
	}
	require.Equal(t, ownerVPC, rec.Only(t, flowLogType).String("vpcId"))
	require.Equal(t, ownerVPC, rec.Get(t, groupType, "net-app-group").String("vpcId"))
	require.Len(t, rec.ByType(aclType), 3)
	require.Equal(t, dataB, rec.Get(t, aclLinkType, "net-data-"+zoneB).String("subnetId"))
	require.Equal(t, []any{appA, appB}, rec.Get(t, endpointType, "net-kms").Value("subnetIds"))
	links := map[string]string{}
	for _, link := range rec.ByType(endpointLinkType) {
		links[link.Name] = link.String("routeTableId")
	}
	require.Equal(t, map[string]string{"net-s3-app-" + zoneA: rtbAppA, "net-s3-app-" + zoneB: rtbAppB, "net-s3-public-" + zoneA: rtbPublic}, links,
		"a table of two zones has one link")
	ranges := map[string]bool{}
	for _, rule := range rec.ByType(aclRuleType) {
		ranges[rule.String("cidrBlock")] = true
		require.NotContains(t, rule.String("cidrBlock"), "10.0.")
	}
	require.True(t, ranges["10.7.16.0/20"] && ranges["10.7.65.0/24"] && ranges["10.7.0.0/16"])
	require.Equal(t, ownerVPC, rec.Only(t, networkType).String("existing.vpcId"))
}

// The groups and their rules come from the table, whoever has made the VPC.
func TestGroupsOfAnExistingVPCAreThoseOfOneThatIsMade(t *testing.T) {
	names := func(rec *pulumitest.Recording) []string {
		var all []string
		for _, token := range []string{groupType, groupIngressType, groupEgressType, endpointType} {
			for _, r := range rec.ByType(token) {
				all = append(all, r.Type+" "+r.Name)
			}
		}
		slices.Sort(all)
		return all
	}
	require.Equal(t, names(build(t, nil)), names(build(t, moveIn, owned().answers()...)))
}

func TestAnExistingVPCWithFurtherRangesAndIPv6(t *testing.T) {
	o := owned()
	o.vpc["ipv6CidrBlock"] = vpcIPv6
	o.vpc["cidrBlockAssociations"] = append(o.vpc["cidrBlockAssociations"].([]any),
		values{"cidrBlock": "100.64.0.0/16", "state": "associated"}, values{"cidrBlock": "10.9.0.0/16", "state": "disassociated"})
	for i, id := range []string{publicA, publicB, appA, appB, dataA, dataB} {
		o.subnets[id]["ipv6CidrBlock"] = strings.Replace(vpcIPv6, "00::/56", "0"+string(rune('0'+i))+"::/64", 1)
	}
	o.route(rtbPublic, values{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}, values{"ipv6CidrBlock": "::/0", "gatewayId": "igw-1"})
	rec := build(t, func(args *Args) { moveIn(args); args.IPv6 = true }, o.answers()...)
	refused := map[string]any{}
	for _, rule := range rec.ByType(aclRuleType) {
		if rule.String("ruleAction") == "deny" && rule.Value("egress") == false && strings.HasPrefix(rule.Name, "net-public-") {
			refused[rule.String("cidrBlock")+rule.String("ipv6CidrBlock")] = rule.Value("ruleNumber")
		}
	}
	require.Len(t, refused, 3, "%v", refused)
	for _, r := range []string{"10.7.0.0/16", "100.64.0.0/16", vpcIPv6} {
		require.Less(t, refused[r], 32100.0, "before the rules about every address")
	}
}

func TestWhatDoesNotFitIsNamedWithItsCure(t *testing.T) {
	kms, s3 := serviceName(theRegion, "kms"), serviceName(theRegion, "s3")
	for name, c := range map[string]struct {
		change func(*owner)
		args   func(*Args)
		want   []string
	}{
		"no such VPC":              {change: func(o *owner) { o.vpc = nil }, want: []string{ownerVPC + ": cannot be read", "check the id, the region"}},
		"not known in a preview":   {change: func(o *owner) { o.vpc = values{"id": ""} }, want: []string{ownerVPC + ": is not known in this preview"}},
		"somebody else's VPC":      {change: func(o *owner) { o.vpc["ownerId"] = "999999999999" }, want: []string{"belongs to the account 999999999999"}},
		"no DNS host names":        {change: func(o *owner) { o.vpc["enableDnsHostnames"] = false }, want: []string{"DNS host names false", "switch both on"}},
		"no IPv6":                  {args: func(a *Args) { a.IPv6 = true }, want: []string{"has no IPv6 range", publicA + ": has no IPv6 range", rtbPublic + ": has no route for ::/0"}},
		"a VPN":                    {change: func(o *owner) { o.vpn = values{"id": "vgw-1"} }, want: []string{"virtual private gateway vgw-1"}},
		"a subnet elsewhere":       {change: func(o *owner) { o.subnets[appA]["vpcId"] = "vpc-1" }, want: []string{appA + ": is in the VPC vpc-1; give a subnet of " + ownerVPC}},
		"another zone":             {change: func(o *owner) { o.subnets[appA]["availabilityZone"] = zoneC }, want: []string{appA + ": is in the zone " + zoneC, "or change Zones"}},
		"twice in a zone":          {change: func(o *owner) { o.subnets[dataA]["availabilityZone"] = zoneB }, want: []string{dataB + ": is in the zone " + zoneB + ", as " + dataA}},
		"public addresses":         {change: func(o *owner) { o.subnets[publicA]["mapPublicIpOnLaunch"] = true }, want: []string{publicA + ": gives every machine a public address", "switch"}},
		"IPv6 for everybody":       {change: func(o *owner) { o.subnets[publicA]["assignIpv6AddressOnCreation"] = true }, want: []string{publicA + ": gives every machine an IPv6 address", "switch"}},
		"too small":                {change: func(o *owner) { o.subnets[publicA]["cidrBlock"] = "10.7.1.0/28" }, want: []string{"wants a /27 at least"}},
		"IPv6 only":                {change: func(o *owner) { o.subnets[appA]["cidrBlock"] = "" }, want: []string{"give a subnet with IPv4 addresses"}},
		"the main route table":     {change: func(o *owner) { delete(o.tableOf, dataA) }, want: []string{dataA + ": has no route table of its own"}},
		"a shared route table":     {change: func(o *owner) { o.tableOf["subnet-other"] = rtbAppA }, want: []string{rtbAppA + `: is the route table of the tier "app" and of subnet-other`}},
		"public without a gateway": {change: func(o *owner) { o.route(rtbPublic) }, want: []string{rtbPublic + `: has no route for 0.0.0.0/0, and the tier "public" wants one to an internet gateway; add it`}},
		"app to the internet": {
			change: func(o *owner) { o.route(rtbAppA, values{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}) },
			want:   []string{rtbAppA + ": has the route 0.0.0.0/0 to igw-1", rtbAppA + ": has no route for " + partners + `, and the tier "app" wants one to a NAT gateway`},
		},
		"data with a way out": {
			change: func(o *owner) {
				o.route(rtbData, values{"cidrBlock": "10.8.0.0/16", "vpcPeeringConnectionId": "pcx-1"})
			},
			want: []string{rtbData + `: has the route 10.8.0.0/16 to pcx-1, and the tier "data" with reach nowhere has no such way; remove the route`},
		},
		"NAT that no row needs": {args: closed, want: []string{rtbAppA + ": has the route 0.0.0.0/0 to " + natA, "no row leads from the tier \"app\" out that way"}},
		"NAT elsewhere":         {change: func(o *owner) { o.gateways[natA]["subnetId"] = "subnet-1" }, want: []string{natA + ": stands in subnet-1"}},
		"regional NAT":          {change: func(o *owner) { o.gateways[natA]["subnetId"] = "" }, want: []string{natA + ": stands in no subnet"}},
		"private NAT":           {change: func(o *owner) { o.gateways[natB]["connectivityType"] = "private" }, want: []string{natB + ": is a private NAT gateway"}},
		"an ACL of the owner's": {change: func(o *owner) { o.acls[appA] = "acl-1" }, want: []string{appA + ": is behind the network ACL acl-1", "into rows"}},
		"a colliding endpoint":  {change: func(o *owner) { o.endpoints[kms] = values{"id": "vpce-1", "privateDnsEnabled": true} }, want: []string{"vpce-1: answers to the private name of " + kms}},
		"a gateway endpoint": {
			change: func(o *owner) { o.endpoints[s3] = values{"id": "vpce-2", "routeTableIds": []any{rtbAppB}} },
			want:   []string{"vpce-2: is the way of the route table " + rtbAppB + " to " + s3},
		},
		"addresses inside the VPC": {
			args: func(a *Args) {
				connect(a, segment.Connection{From: segment.Addresses("10.7.200.0/24"), To: "bastion", Ports: segment.TCP(2222)})
			},
			want: []string{`"10.7.200.0/24" overlaps the VPC 10.7.0.0/16`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := owned()
			if c.change != nil {
				c.change(o)
			}
			err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
				args := typicalArgs()
				if c.args != nil {
					c.args(args)
				}
				moveIn(args)
				_, err := New(ctx, "net", args)
				return err
			}, o.answers()...)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestEverythingThatDoesNotFitIsOneError(t *testing.T) {
	o := owned()
	o.vpc["enableDnsSupport"] = false
	o.subnets[publicB]["mapPublicIpOnLaunch"] = true
	o.tableOf[dataB] = rtbAppB
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		args := typicalArgs()
		moveIn(args)
		return errors.Join(Survey(ctx, "net", args)...)
	}, o.answers()...)
	for _, want := range []string{ownerVPC, publicB, rtbAppB + `: is the route table of the tier "app" and of ` + dataB} {
		require.ErrorContains(t, err, "Existing: "+want)
	}
}

func TestArgumentsOfAnExistingVPCAreCheckedWithoutALook(t *testing.T) {
	args := typicalArgs()
	args.NATStrategy = NATSingle
	args.Existing = &Existing{VPCID: "10.7.0.0/16", SubnetIDs: map[string][]string{"public": {publicA, "subnet"}, "app": {appA, publicA}, "cache": {dataA}}}
	err := errors.Join(args.Check()...)
	for _, want := range []string{
		`leave VPCCIDR "10.0.0.0/16" out`, `leave NATStrategy "Single" out`, `Existing.VPCID: "10.7.0.0/16" is not the id of a VPC`,
		`Existing.SubnetIDs[public]: "subnet" is not the id of a subnet`, `Existing.SubnetIDs[app]: ` + publicA + ` is in tier "public" already`,
		"Existing.SubnetIDs[data]: has 0 subnets for the 2 zones", "Existing.SubnetIDs[cache]: nothing of the table stands in a tier of this name",
	} {
		require.ErrorContains(t, err, want)
	}
	args = typicalArgs()
	moveIn(args)
	require.Empty(t, args.Check())
}

// A small deployment needs no subnets for tiers in which nothing stands.
func TestAnExistingVPCNeedsTheTiersThatAreUsed(t *testing.T) {
	args := typicalArgs()
	moveIn(args)
	args.Table = &segment.Table{
		Segments:    []segment.Segment{{Name: "db", Tier: segment.Data, Holds: "Database"}, {Name: "jobs", Tier: segment.App, Holds: "Jobs"}},
		Connections: []segment.Connection{{From: "jobs", To: "db", Ports: segment.PostgreSQL, Why: "Data"}},
	}
	delete(args.Existing.SubnetIDs, "public")
	require.Empty(t, args.Check())
}
