// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

const rdsNamespace = "http://rds.amazonaws.com/doc/2014-10-31/"

// parameterGroups keeps the parameters that were set, by group.
type parameterGroups struct {
	store[map[string]*wire.Node]
}

// dbParameterGroup keeps what users set in RDS parameter groups. moto keeps the values but not that a user set them,
// and cannot reset them, so a provider reads back an empty group.
func dbParameterGroup(t *Table) *parameterGroups {
	p := &parameterGroups{}
	t.on("rds", p.modify, "ModifyDBParameterGroup")
	t.on("rds", p.reset, "ResetDBParameterGroup")
	t.on("rds", p.describe, "DescribeDBParameters")
	t.on("rds", p.forget, "DeleteDBParameterGroup", "CreateDBParameterGroup")
	t.on("rds", refuseInUse("DBParameterGroupName", "DBParameterGroups/DBParameterGroup/DBParameterGroupName", "InvalidDBParameterGroupState"),
		"DeleteDBParameterGroup")
	return p
}

// givenParameters reads the parameters of a form, by name.
func givenParameters(x *Exchange) map[string]*wire.Node {
	given := map[string]*wire.Node{}
	for _, list := range []string{"Parameters.Parameter.", "Parameters.member."} {
		for key := range x.Call.Form {
			rest, found := strings.CutPrefix(key, list)
			position, name, dotted := strings.Cut(rest, ".")
			if !found || !dotted || name != "ParameterName" {
				continue
			}
			prefix := list + position + "."
			parameter := wire.Parent("Parameter")
			for _, member := range []string{"ParameterName", "ParameterValue", "ApplyMethod"} {
				if x.Call.Form.Has(prefix + member) {
					parameter.Children = append(parameter.Children, wire.Element(member, x.Call.Form.Get(prefix+member)))
				}
			}
			parameter.Children = append(parameter.Children, wire.Element("Source", "user"), wire.Element("IsModifiable", "true"),
				wire.Element("ApplyType", applyType(parameter.Get("ApplyMethod"))))
			given[parameter.Get("ParameterName")] = parameter
		}
	}
	return given
}

func applyType(method string) string {
	if method == "pending-reboot" {
		return "static"
	}
	return "dynamic"
}

func (p *parameterGroups) modify(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if succeeded(reply, err) {
		p.change(x, func(all map[string]*wire.Node) {
			for name, parameter := range givenParameters(x) {
				all[name] = parameter
			}
		})
	}
	return reply, err
}

func (p *parameterGroups) change(x *Exchange, change func(map[string]*wire.Node)) {
	p.update(x.place(), groupKey(x), func(old map[string]*wire.Node) map[string]*wire.Node {
		fresh := map[string]*wire.Node{}
		for name, parameter := range old {
			fresh[name] = parameter
		}
		change(fresh)
		return fresh
	})
}

func groupKey(x *Exchange) string { return strings.ToLower(x.Call.Form.Get("DBParameterGroupName")) }

// exists asks moto for the group and returns its refusal if there is none.
func (p *parameterGroups) exists(x *Exchange) (*wire.Reply, error) {
	reply, err := x.ask("DescribeDBParameterGroups", map[string]string{"DBParameterGroupName": x.Call.Form.Get("DBParameterGroupName")})
	if err != nil || reply.Status != http.StatusOK {
		return reply, err
	}
	return nil, nil
}

func (p *parameterGroups) reset(x *Exchange) (*wire.Reply, error) {
	if refusal, err := p.exists(x); refusal != nil || err != nil {
		return refusal, err
	}
	p.change(x, func(all map[string]*wire.Node) {
		if x.Call.Form.Get("ResetAllParameters") == "true" {
			clear(all)
		}
		for name := range givenParameters(x) {
			delete(all, name)
		}
	})
	return queryReply(rdsNamespace, "ResetDBParameterGroup", wire.Element("DBParameterGroupName", x.Call.Form.Get("DBParameterGroupName"))), nil
}

// describe lists what users set. The engine's hundreds of defaults are not modelled.
func (p *parameterGroups) describe(x *Exchange) (*wire.Reply, error) {
	if refusal, err := p.exists(x); refusal != nil || err != nil {
		return refusal, err
	}
	list := wire.Parent("Parameters")
	if source := x.Call.Form.Get("Source"); source == "" || source == "user" {
		set, _ := p.get(x.place(), groupKey(x))
		for _, name := range sortedKeys(set) {
			list.Children = append(list.Children, set[name])
		}
	}
	return queryReply(rdsNamespace, "DescribeDBParameters", list), nil
}

func (p *parameterGroups) forget(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if succeeded(reply, err) {
		p.remove(x.place(), groupKey(x))
	}
	return reply, err
}

// dbSubnetGroup keeps a subnet group alive when it is modified: moto changes it and then loses it.
func dbSubnetGroup(t *Table) {
	t.on("rds", modifySubnetGroup, "ModifyDBSubnetGroup")
	t.on("rds", refuseSubnetChange, "ModifyDBSubnetGroup")
	t.on("rds", refuseInUse("DBSubnetGroupName", "DBSubnetGroup/DBSubnetGroupName", "InvalidDBSubnetGroupStateFault"), "DeleteDBSubnetGroup")
}

// refuseInUse keeps a group that an instance still uses. moto deletes it and can then no longer describe the instance.
func refuseInUse(parameter, member, code string) Handler {
	return func(x *Exchange) (*wire.Reply, error) {
		name := x.Call.Form.Get(parameter)
		instances, refusal, err := x.describe("DescribeDBInstances", "DBInstances/DBInstance", nil)
		if refusal != nil || err != nil {
			return refusal, err
		}
		for _, instance := range instances {
			for _, used := range instance.Find(member) {
				if strings.EqualFold(used.Text, name) {
					return x.Call.Error(http.StatusBadRequest, code,
						"Cannot delete "+name+": the database instance "+instance.Get("DBInstanceIdentifier")+" still uses it."), nil
				}
			}
		}
		return x.Pass()
	}
}

func modifySubnetGroup(x *Exchange) (*wire.Reply, error) {
	name := x.Call.Form.Get("DBSubnetGroupName")
	described, err := x.ask("DescribeDBSubnetGroups", map[string]string{"DBSubnetGroupName": name})
	if err != nil || described.Status != http.StatusOK {
		return described, err
	}
	before, err := wire.ParseXML(described.Body)
	if err != nil {
		return nil, err
	}
	groups := before.Find("DescribeDBSubnetGroupsResult/DBSubnetGroups/DBSubnetGroup")
	if len(groups) == 0 {
		return x.Pass()
	}
	again := map[string]string{"DBSubnetGroupName": name, "DBSubnetGroupDescription": groups[0].Get("DBSubnetGroupDescription")}
	if given := x.Call.Form.Get("DBSubnetGroupDescription"); given != "" {
		again["DBSubnetGroupDescription"] = given
	}
	for key := range x.Call.Form {
		if strings.HasPrefix(key, "SubnetIds.") {
			again[key] = x.Call.Form.Get(key)
		}
	}
	if err := copyTags(x, groups[0].Get("DBSubnetGroupArn"), again); err != nil {
		return nil, err
	}
	reply, err := x.Pass()
	if !succeeded(reply, err) {
		return reply, err
	}
	made, err := x.ask("CreateDBSubnetGroup", again)
	if !succeeded(made, err) {
		return made, err
	}
	return reply, nil
}

// copyTags puts an RDS resource's tags into a form.
func copyTags(x *Exchange, arn string, into map[string]string) error {
	reply, err := x.ask("ListTagsForResource", map[string]string{"ResourceName": arn})
	if !succeeded(reply, err) {
		return err
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return err
	}
	for i, tag := range root.Find("ListTagsForResourceResult/TagList/Tag") {
		prefix := "Tags.Tag." + strconv.Itoa(i+1)
		into[prefix+".Key"], into[prefix+".Value"] = tag.Get("Key"), tag.Get("Value")
	}
	return nil
}
