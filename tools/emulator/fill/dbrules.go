// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// refuseUpgrade refuses a version that RDS cannot upgrade to, see form.CheckUpgrade, and another major version unless the call allows it.
// moto takes any (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.html).
func refuseUpgrade(x *Exchange) (*wire.Reply, error) {
	wanted, allowed := x.Call.Form.Get("EngineVersion"), x.Call.Form.Get("AllowMajorVersionUpgrade") == "true"
	if wanted == "" {
		return x.Pass()
	}
	instances, refusal, err := x.describe("DescribeDBInstances", "DBInstances/DBInstance",
		map[string]string{"DBInstanceIdentifier": instanceName(x)})
	if refusal != nil || err != nil {
		return refusal, err
	}
	for _, instance := range instances {
		present := instance.Get("EngineVersion")
		if instance.Get("Engine") != "postgres" {
			continue
		}
		if form.CheckUpgrade(present, wanted) != nil {
			return x.Call.Error(http.StatusBadRequest, "InvalidParameterCombination", "Cannot upgrade postgres from "+present+" to "+wanted), nil
		}
		if major(present) != major(wanted) && !allowed {
			return x.Call.Error(http.StatusBadRequest, "InvalidParameterCombination",
				"The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."), nil
		}
	}
	return x.Pass()
}

func major(version string) string {
	before, _, _ := strings.Cut(version, ".")
	return before
}

// describe asks moto for what is at a path of the answer's result; the reply is moto's refusal, if it is one.
func (x *Exchange) describe(action, path string, form map[string]string) ([]*wire.Node, *wire.Reply, error) {
	reply, err := x.ask(action, form)
	if !succeeded(reply, err) {
		return nil, reply, err
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return nil, nil, err
	}
	return root.Find(action + "Result/" + path), nil, nil
}

// refuseSubnetChange refuses to move a subnet group into another VPC (hashicorp/terraform-provider-aws#27459), and to leave no subnet in the
// zone of a database of the group (SubnetAlreadyInUse in
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html).
func refuseSubnetChange(x *Exchange) (*wire.Reply, error) {
	name := x.Call.Form.Get("DBSubnetGroupName")
	groups, refusal, err := x.describe("DescribeDBSubnetGroups", "DBSubnetGroups/DBSubnetGroup", map[string]string{"DBSubnetGroupName": name})
	if refusal != nil || err != nil || len(groups) == 0 {
		return refusal, err
	}
	vpcs, zones, err := placesOf(x)
	if err != nil {
		return nil, err
	}
	for _, vpc := range vpcs {
		if vpc != groups[0].Get("VpcId") {
			return x.Call.Error(http.StatusBadRequest, "InvalidParameterValue", "The new Subnets are not in the same Vpc as the existing subnet group"), nil
		}
	}
	instances, refusal, err := x.describe("DescribeDBInstances", "DBInstances/DBInstance", nil)
	if refusal != nil || err != nil {
		return refusal, err
	}
	for _, instance := range instances {
		zone := instance.Get("AvailabilityZone")
		if !strings.EqualFold(instance.Get("DBSubnetGroup/DBSubnetGroupName"), name) || slices.Contains(zones, zone) {
			continue
		}
		for _, subnet := range groups[0].Find("Subnets/Subnet") {
			if subnet.Get("SubnetAvailabilityZone/Name") == zone {
				return x.Call.Error(http.StatusBadRequest, "SubnetAlreadyInUse", "The DB subnet is already in use in the Availability Zone."), nil
			}
		}
	}
	return x.Pass()
}

// placesOf asks moto's EC2 for the VPCs and zones of the subnets that the call names. Those that do not exist are moto's to refuse.
func placesOf(x *Exchange) (vpcs, zones []string, err error) {
	question := x.Call.Clone()
	question.Service, question.Action, question.Protocol = "ec2", "DescribeSubnets", wire.EC2
	question.Header.Set("Authorization", strings.Replace(question.Header.Get("Authorization"), "/rds/", "/ec2/", 1))
	question.Form = url.Values{"Action": {"DescribeSubnets"}, "Version": {"2016-11-15"}}
	for key, values := range x.Call.Form {
		if strings.HasPrefix(key, "SubnetIds.") {
			question.Form.Set("SubnetId."+key[strings.LastIndex(key, ".")+1:], values[0])
		}
	}
	question.SetForm()
	reply, err := x.Forward(question)
	if !succeeded(reply, err) {
		return nil, nil, err
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return nil, nil, err
	}
	for _, subnet := range root.Find("subnetSet/item") {
		vpcs, zones = append(vpcs, subnet.Get("vpcId")), append(zones, subnet.Get("availabilityZone"))
	}
	return vpcs, zones, nil
}
