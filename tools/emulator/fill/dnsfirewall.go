// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"maps"
	"regexp"
	"slices"
)

var (
	domainList   = kind{"FirewallDomainList", "rslvr-fdl-", "firewall-domain-list", "COMPLETE"}
	ruleGroup    = kind{"FirewallRuleGroup", "rslvr-frg-", "firewall-rule-group", "COMPLETE"}
	firewallRule = kind{"FirewallRule", "", "", ""}
	groupLink    = kind{"FirewallRuleGroupAssociation", "rslvr-frgassoc-", "firewall-rule-group-association", "COMPLETE"}
	firewallOf   = kind{"FirewallConfig", "rslvr-fc-", "", ""}
)

// AWS's limits ("Quotas on Route 53 Resolver DNS Firewall", Route 53 developer guide; API reference, UpdateFirewallDomains).
const (
	domainsPerRequest = 1000
	rulesPerGroup     = 100
	groupsPerVPC      = 5
)

// firewallDomain is what a list may hold (API reference, UpdateFirewallDomains).
var firewallDomain = regexp.MustCompile(`^(\*|(\*\.)?[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*\.?)$`)

// dnsFirewall adds the DNS Firewall of Route 53 Resolver, which moto lacks: domain lists, rule groups with their rules,
// associations with VPCs, and how a VPC fails. Nothing is filtered. Changes are done at once.
func dnsFirewall(t *Table) {
	r := &resolver{shelves: map[place]*shelf{}}
	r.queryLogs(t)
	r.on(t, tagOperation(listTags), "ListTagsForResource")
	r.on(t, tagOperation(func(c *resolverCall, arn string) record { c.addTags(arn); return record{} }), "TagResource")
	r.on(t, tagOperation(untag), "UntagResource")

	r.on(t, createNamed(domainList), "CreateFirewallDomainList")
	r.on(t, get(domainList), "GetFirewallDomainList")
	r.on(t, list(domainList), "ListFirewallDomainLists")
	r.on(t, updateDomains, "UpdateFirewallDomains")
	r.on(t, listDomains, "ListFirewallDomains")
	r.on(t, deleteUnless(domainList, firewallRule), "DeleteFirewallDomainList")

	r.on(t, createNamed(ruleGroup), "CreateFirewallRuleGroup")
	r.on(t, get(ruleGroup), "GetFirewallRuleGroup")
	r.on(t, list(ruleGroup), "ListFirewallRuleGroups")
	r.on(t, deleteUnless(ruleGroup, groupLink), "DeleteFirewallRuleGroup")
	r.on(t, createRule, "CreateFirewallRule")
	r.on(t, updateRule, "UpdateFirewallRule")
	r.on(t, deleteRule, "DeleteFirewallRule")
	r.on(t, list(firewallRule, ruleGroup.key(), "Action", "Priority"), "ListFirewallRules")

	r.on(t, linkGroup, "AssociateFirewallRuleGroup")
	r.on(t, get(groupLink), "GetFirewallRuleGroupAssociation")
	r.on(t, list(groupLink, ruleGroup.key(), "VpcId", "Priority", "Status"), "ListFirewallRuleGroupAssociations")
	r.on(t, updateLink, "UpdateFirewallRuleGroupAssociation")
	r.on(t, unlinkGroup, "DisassociateFirewallRuleGroup")

	r.on(t, setFirewall, "UpdateFirewallConfig")
	r.on(t, getFirewall, "GetFirewallConfig")
	r.on(t, list(firewallOf), "ListFirewallConfigs")
}

// createNamed is the operation that makes a domain list or a rule group.
func createNamed(k kind) answer {
	return func(c *resolverCall) (record, *refusal) {
		if refusal := c.need("CreatorRequestId", "Name"); refusal != nil {
			return nil, refusal
		}
		c.body["OwnerId"], c.body["ShareStatus"] = c.Account, "NOT_SHARED"
		return c.create(k), nil
	}
}

// deleteUnless is the operation that deletes what no record of another kind uses.
func deleteUnless(k, user kind) answer {
	return func(c *resolverCall) (record, *refusal) {
		found, refusal := c.find(k, c.text(k.key()))
		if refusal != nil {
			return nil, refusal
		}
		if len(c.where(user, record{k.key(): found["Id"]})) > 0 {
			return nil, refused("ConflictException", "The %s %s is in use by a %s.", k.member, found["Id"], user.member)
		}
		delete(c.domains, text(found, "Id"))
		c.records[firewallRule.member] = slices.DeleteFunc(c.records[firewallRule.member], func(rule record) bool { return rule[k.key()] == found["Id"] })
		return c.remove(k, found), nil
	}
}

func updateDomains(c *resolverCall) (record, *refusal) {
	found, refusal := c.find(domainList, c.text(domainList.key()))
	if refusal = first(c.need(domainList.key(), "Operation", "Domains"), c.oneOf("Operation", "ADD", "REMOVE", "REPLACE"), refusal); refusal != nil {
		return nil, refusal
	}
	given, _ := c.body["Domains"].([]any)
	if len(given) > domainsPerRequest {
		return nil, refused("LimitExceededException", "The request has %d domains; at most %d are allowed.", len(given), domainsPerRequest)
	}
	var names []string
	for _, one := range given {
		name, _ := one.(string)
		if len(name) > 255 || !firewallDomain.MatchString(name) {
			return nil, refused("ValidationException", "The domain %q is not valid.", name)
		}
		names = append(names, name)
	}
	id := text(found, "Id")
	kept := slices.DeleteFunc(slices.Clone(c.domains[id]), func(name string) bool { return slices.Contains(names, name) })
	switch c.text("Operation") {
	case "ADD":
		kept = append(kept, names...)
	case "REPLACE":
		kept = names
	}
	slices.Sort(kept)
	c.domains[id] = slices.Compact(kept)
	found["DomainCount"] = len(c.domains[id])
	return record{"Id": id, "Name": found["Name"], "Status": domainList.status}, nil
}

func listDomains(c *resolverCall) (record, *refusal) {
	found, refusal := c.find(domainList, c.text(domainList.key()))
	return record{"Domains": append([]string{}, c.domains[text(found, "Id")]...)}, refusal
}

// checkRule refuses what AWS takes in no rule, and what another rule of the group has.
func (c *resolverCall) checkRule(rule, itself record) *refusal {
	if (rule["Action"] == "BLOCK") != (rule["BlockResponse"] != nil) {
		return refused("ValidationException", "BlockResponse is for the action BLOCK, and for no other.")
	}
	for _, other := range c.where(firewallRule, record{ruleGroup.key(): rule[ruleGroup.key()]}) {
		if itself != nil && other[domainList.key()] == itself[domainList.key()] {
			continue
		}
		if other["Priority"] == rule["Priority"] || other[domainList.key()] == rule[domainList.key()] {
			return refused("ValidationException", "The rule group has a rule with the same priority or domain list already: %s.", other["Name"])
		}
	}
	return first(c.oneOf("Action", "ALLOW", "BLOCK", "ALERT"), c.oneOf("BlockResponse", "NODATA", "NXDOMAIN", "OVERRIDE"),
		c.oneOf("FirewallDomainRedirectionAction", "INSPECT_REDIRECTION_DOMAIN", "TRUST_REDIRECTION_DOMAIN"))
}

func createRule(c *resolverCall) (record, *refusal) {
	group, noGroup := c.find(ruleGroup, c.text(ruleGroup.key()))
	_, noList := c.find(domainList, c.text(domainList.key()))
	refusal := first(c.need("CreatorRequestId", ruleGroup.key(), domainList.key(), "Priority", "Action", "Name"), noGroup, noList, c.checkRule(c.body, nil))
	if refusal != nil {
		return nil, refusal
	}
	if len(c.where(firewallRule, record{ruleGroup.key(): group["Id"]})) >= rulesPerGroup {
		return nil, refused("LimitExceededException", "The rule group has %d rules already.", rulesPerGroup)
	}
	if c.body["FirewallDomainRedirectionAction"] == nil {
		c.body["FirewallDomainRedirectionAction"] = "INSPECT_REDIRECTION_DOMAIN"
	}
	made := c.create(firewallRule)
	return made, nil
}

// rule finds the rule that a request names by group and domain list.
func (c *resolverCall) rule() (record, *refusal) {
	found := c.where(firewallRule, record{ruleGroup.key(): c.body[ruleGroup.key()], domainList.key(): c.body[domainList.key()]})
	if len(found) == 0 {
		return nil, refused("ResourceNotFoundException", "The rule group %s has no rule for %s.", c.text(ruleGroup.key()), c.text(domainList.key()))
	}
	return found[0], nil
}

func updateRule(c *resolverCall) (record, *refusal) {
	rule, refusal := c.rule()
	if refusal != nil {
		return nil, refusal
	}
	changed := maps.Clone(rule)
	maps.Copy(changed, c.body)
	if c.body["Action"] != nil && c.body["Action"] != "BLOCK" && c.body["BlockResponse"] == nil {
		delete(changed, "BlockResponse")
	}
	if refusal := first(c.need(), c.checkRule(changed, rule)); refusal != nil {
		return nil, refusal
	}
	clear(rule)
	maps.Copy(rule, changed)
	return record{firewallRule.member: rule}, nil
}

func deleteRule(c *resolverCall) (record, *refusal) {
	rule, refusal := c.rule()
	if refusal != nil {
		return nil, refusal
	}
	return c.remove(firewallRule, rule), nil
}

// checkLink refuses a priority that AWS does not take, or that another rule group of the VPC has.
func (c *resolverCall) checkLink(vpc, id any) *refusal {
	priority, _ := c.body["Priority"].(float64)
	if priority <= 100 || priority >= 9900 {
		return refused("ValidationException", "The priority %v must lie between 100 and 9900.", c.body["Priority"])
	}
	for _, other := range c.where(groupLink, record{"VpcId": vpc, "Priority": priority}) {
		if other["Id"] != id {
			return refused("ValidationException", "The rule group association %s has the priority %v already.", other["Id"], priority)
		}
	}
	return c.oneOf("MutationProtection", "ENABLED", "DISABLED")
}

func linkGroup(c *resolverCall) (record, *refusal) {
	_, noGroup := c.find(ruleGroup, c.text(ruleGroup.key()))
	vpc := c.body["VpcId"]
	refusal := first(c.need("CreatorRequestId", ruleGroup.key(), "VpcId", "Priority", "Name"), noGroup, c.checkLink(vpc, nil), c.needVPC(c.text("VpcId")))
	if refusal != nil {
		return nil, refusal
	}
	links := c.where(groupLink, record{"VpcId": vpc})
	if len(links) >= groupsPerVPC {
		return nil, refused("LimitExceededException", "The VPC has %d rule groups already.", groupsPerVPC)
	}
	if len(c.where(groupLink, record{"VpcId": vpc, ruleGroup.key(): c.body[ruleGroup.key()]})) > 0 {
		return nil, refused("ConflictException", "The rule group %s is associated with %s already.", c.text(ruleGroup.key()), vpc)
	}
	if c.body["MutationProtection"] == nil {
		c.body["MutationProtection"] = "DISABLED"
	}
	return c.create(groupLink), nil
}

func updateLink(c *resolverCall) (record, *refusal) {
	found, refusal := c.find(groupLink, c.text(groupLink.key()))
	if refusal != nil {
		return nil, refusal
	}
	if c.body["Priority"] == nil {
		c.body["Priority"] = found["Priority"]
	}
	if refusal := first(c.need(), c.checkLink(found["VpcId"], found["Id"])); refusal != nil {
		return nil, refusal
	}
	if found["MutationProtection"] == "ENABLED" && c.text("MutationProtection") != "DISABLED" {
		return nil, refused("ConflictException", "The association %s is protected against changes.", found["Id"])
	}
	for _, key := range []string{"Name", "Priority", "MutationProtection"} {
		if value, given := c.body[key]; given {
			found[key] = value
		}
	}
	return record{groupLink.member: found}, nil
}

func unlinkGroup(c *resolverCall) (record, *refusal) {
	found, refusal := c.find(groupLink, c.text(groupLink.key()))
	if refusal != nil {
		return nil, refusal
	}
	if found["MutationProtection"] == "ENABLED" {
		return nil, refused("ConflictException", "The association %s is protected against changes.", found["Id"])
	}
	return c.remove(groupLink, found), nil
}

// firewall is the configuration of a VPC, which every VPC has from the start, failing closed.
func (c *resolverCall) firewall() (record, *refusal) {
	vpc := c.text("ResourceId")
	if found := c.where(firewallOf, record{"ResourceId": vpc}); len(found) > 0 {
		return found[0], nil
	}
	if refusal := first(c.need("ResourceId"), c.needVPC(vpc)); refusal != nil {
		return nil, refusal
	}
	fresh := *c
	fresh.body = record{"ResourceId": vpc, "OwnerId": c.Account, "FirewallFailOpen": "DISABLED"}
	made, _ := fresh.create(firewallOf)[firewallOf.member].(record)
	return made, nil
}

func getFirewall(c *resolverCall) (record, *refusal) {
	found, refusal := c.firewall()
	return record{firewallOf.member: found}, refusal
}

func setFirewall(c *resolverCall) (record, *refusal) {
	if refusal := first(c.need("ResourceId", "FirewallFailOpen"), c.oneOf("FirewallFailOpen", "ENABLED", "DISABLED", "USE_LOCAL_RESOURCE_SETTING")); refusal != nil {
		return nil, refusal
	}
	found, refusal := c.firewall()
	if refusal == nil {
		found["FirewallFailOpen"] = c.body["FirewallFailOpen"]
	}
	return record{firewallOf.member: found}, refusal
}
