// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// ruleDescriptions keeps the descriptions of security-group rules that refer to a group or a prefix list;
// moto returns those of rules with a CIDR only.
type ruleDescriptions struct {
	store[string] // By rule id.
}

func securityGroupRules(t *Table) {
	r := &ruleDescriptions{}
	t.on("ec2", r.authorize, "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
	t.on("ec2", r.modify, "ModifySecurityGroupRules")
	t.on("ec2", r.describe, "DescribeSecurityGroupRules")
}

func (r *ruleDescriptions) authorize(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, rule := range root.Find("securityGroupRuleSet/item") {
			if description := describedBy(x.Call.Form, rule); description != "" {
				r.set(x.place(), rule.Get("securityGroupRuleId"), description)
				rule.Set(wire.Element("description", description))
			}
		}
	})
}

// describedBy finds the description of a new rule in the request that made it.
func describedBy(form map[string][]string, rule *wire.Node) string {
	get := func(key string) string {
		if values := form[key]; len(values) > 0 {
			return values[0]
		}
		return ""
	}
	target := rule.Get("referencedGroupInfo/groupId") + rule.Get("prefixListId")
	for key, values := range form {
		name := key[strings.LastIndex(key, ".")+1:]
		if (name != "GroupId" && name != "PrefixListId") || values[0] != target || !strings.HasPrefix(key, "IpPermissions.") {
			continue
		}
		permission := strings.Join(strings.SplitN(key, ".", 3)[:2], ".")
		if get(permission+".FromPort") == rule.Get("fromPort") || rule.Get("ipProtocol") == "-1" {
			return get(strings.TrimSuffix(key, name) + "Description")
		}
	}
	return ""
}

func (r *ruleDescriptions) modify(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if succeeded(reply, err) {
		for key, values := range x.Call.Form {
			if prefix, found := strings.CutSuffix(key, ".SecurityGroupRuleId"); found {
				r.set(x.place(), values[0], x.Call.Form.Get(prefix+".SecurityGroupRule.Description"))
			}
		}
	}
	return reply, err
}

func (r *ruleDescriptions) describe(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, rule := range root.Find("securityGroupRuleSet/item") {
			if description, found := r.get(x.place(), rule.Get("securityGroupRuleId")); found && description != "" {
				rule.Set(wire.Element("description", description))
			}
		}
	})
}
