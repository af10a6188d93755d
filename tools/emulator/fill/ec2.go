// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// ec2 corrects EC2 calls that moto answers with a slip.
func ec2(t *Table) {
	t.on("ec2", tagAfter("dhcpOptions/dhcpOptionsId"), "CreateDhcpOptions")
	t.on("ec2", templateTags, "DescribeLaunchTemplateVersions")
	t.on("ec2", aclNotFound, "DescribeNetworkAcls")
	t.on("ec2", zonalGateways, "DescribeNatGateways")
	t.on("ec2", subnetsByRange, "DescribeSubnets")
	t.on("ec2", publicAccess, "DescribeVpcBlockPublicAccessOptions", "DescribeVpcBlockPublicAccessExclusions")
}

// publicAccess says that VPC Block Public Access is off and has no exclusions, as in an account that never heard of it
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcBlockPublicAccessOptions.html).
func publicAccess(x *Exchange) (*wire.Reply, error) {
	said := wire.Parent("vpcBlockPublicAccessExclusionSet")
	if x.Call.Action == "DescribeVpcBlockPublicAccessOptions" {
		said = wire.Parent("vpcBlockPublicAccessOptions", wire.Element("internetGatewayBlockMode", "off"), wire.Element("state", "default-state"))
	}
	return xmlReply(wire.Parent(x.Call.Action+"Response", wire.Element("requestId", wire.RequestID), said)), nil
}

// templateTags takes the tags of a launch template itself out of the tags for what it launches, where moto puts them too.
func templateTags(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, data := range root.Find("launchTemplateVersionSet/item/launchTemplateData") {
			for _, set := range data.Find("tagSpecificationSet") {
				set.Children = slices.DeleteFunc(set.Children, func(one *wire.Node) bool { return one.Get("resourceType") == "launch-template" })
				if len(set.Children) == 0 {
					data.Remove("tagSpecificationSet")
				}
			}
		}
	})
}

// tagAfter tags a new resource in a call of its own. moto forgets the tags of new DHCP options.
func tagAfter(idPath string) Handler {
	return func(x *Exchange) (*wire.Reply, error) {
		tags := map[string]string{}
		for key := range x.Call.Form {
			if !strings.HasPrefix(key, "TagSpecification.") {
				continue
			}
			if _, rest, found := strings.Cut(strings.TrimPrefix(key, "TagSpecification."), ".Tag."); found {
				tags["Tag."+rest] = x.Call.Form.Get(key)
			}
		}
		for key := range x.Call.Form {
			if strings.HasPrefix(key, "TagSpecification.") {
				x.Call.Form.Del(key)
			}
		}
		x.Call.SetForm()
		reply, err := x.Pass()
		if !succeeded(reply, err) || len(tags) == 0 {
			return reply, err
		}
		root, err := wire.ParseXML(reply.Body)
		if err != nil {
			return nil, fmt.Errorf("moto's answer: %w", err)
		}
		tags["ResourceId.1"] = root.Get(idPath)
		tagged, err := x.ask("CreateTags", tags)
		if err != nil || tagged.Status != http.StatusOK {
			return tagged, err
		}
		return reply, nil
	}
}

// zonalGateways says that NAT gateways stand in a subnet, as all of moto's do. Without it the provider shows no subnet.
func zonalGateways(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, gateway := range root.Find("natGatewaySet/item") {
			gateway.Set(wire.Element("availabilityMode", "zonal"))
		}
	})
}

// aclNotFound gives a missing network ACL its own error code; moto names a route table.
func aclNotFound(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if err == nil && reply.Status == http.StatusBadRequest && bytes.Contains(reply.Body, []byte("InvalidRouteTableID.NotFound")) {
		id := x.Call.Form.Get("NetworkAclId.1")
		return x.Call.Error(reply.Status, "InvalidNetworkAclID.NotFound", "The networkAcl ID "+strconv.Quote(id)+" does not exist"), nil
	}
	return reply, err
}
