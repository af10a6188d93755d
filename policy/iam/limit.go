// SPDX-License-Identifier: Apache-2.0

package iam

import "strings"

// limitedBy reports whether a condition narrows what a statement is about to things that are named: by a tag, by the
// service that a role is passed to, or by a key of the service itself. Who calls, from where and when says nothing
// about that; nor does what every caller can choose.
func (s *Statement) limitedBy(c *Condition) bool {
	if c.wantsTag() {
		return true
	}
	if !c.Demands() && !c.alwaysSent() {
		return false
	}
	switch c.key {
	case "kms:grantisforawsresource":
		return c.op.family == truths && !hasOther(c.Values, "true")
	case "ram:requestedallowsexternalprincipals":
		return c.op.family == truths && !hasOther(c.Values, "false")
	}
	names := s.naming(c.key)
	if names == nil || !c.op.compares() {
		return false
	}
	for _, v := range c.Values {
		if !names(c, v) {
			return false
		}
	}
	return true
}

// resourceTag begins the keys of a tag of what is touched, after the prefix of a service.
const resourceTag = "resourcetag/"

// tagged wants a value that a tag of what is touched can have. "*" is one: what nobody tagged is left alone. AWS's
// policy for the EBS CSI driver narrows what it may delete in this way.
func tagged(c *Condition, v string) bool {
	return named(c, v) || !c.op.exact && v != "" && strings.Trim(v, "*?") == ""
}

// wantsTag reports whether a condition demands by Null that what is touched has a tag, as AWS's policy for the load
// balancer controller does.
func (c *Condition) wantsTag() bool {
	_, name, _ := strings.Cut(c.key, ":")
	return strings.HasPrefix(name, resourceTag) && c.op.family == presence && !c.op.forAll && len(c.Values) > 0 && !hasOther(c.Values, "false")
}

// naming returns what a value of a condition key must look like to name what the statement touches, or nil when no
// value of that key does.
func (s *Statement) naming(key string) func(*Condition, string) bool {
	service, name, ok := strings.Cut(key, ":")
	switch {
	case !ok:
		return nil
	case strings.HasPrefix(name, resourceTag):
		return tagged
	case service == "aws":
		return s.namingByAWS(name)
	case service == "iam" && namedByIAM[name]:
		return spelledOut
	case service == "iam" || callerServices[service] || strings.Contains(service, "."):
		return nil
	case chosenByCaller[name] || strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "requestobjecttag/"):
		return nil
	case key == "kms:viaservice":
		return serviceNamed
	}
	return named
}

// namingByAWS is naming for the keys that all services have.
func (s *Statement) namingByAWS(name string) func(*Condition, string) bool {
	switch {
	case strings.HasPrefix(name, "calledvia"):
		return spelledOut
	case strings.HasPrefix(name, "requesttag/") && s.creates():
		return named
	}
	return nil
}

// callerServices are the prefixes of keys that tell of the caller's session.
var callerServices = map[string]bool{"sts": true, "saml": true, "jwt": true, "identitystore": true}

// chosenByCaller are keys of services that hold for every resource, or that whoever calls sets to what is asked for:
// the Region and account in which everything is, how a request was signed, which version of a secret is read.
var chosenByCaller = listed(`region tlsversion signatureversion signatureage authtype resourceaccount calleraccount accountid externalid rolesessionname versionstage overwrite recursive
	sourceinstancearn sourcefunctionarn osuser osname owner roledelivery dataaccesspointaccount tenancy instancetype availabilityzone rootdevicetype imagetype volumetype attribute
	metadatahttptokens metadatahttpendpoint instancemarkettype encryptionalgorithm signingalgorithm messagetype keyspec keyusage keyorigin delimiter locationconstraint select returnvalues
	returnconsumedcapacity changesetname functionurlauthtype documenttype attributes enclosingoperation object-lock-mode object-lock-legal-hold enable-execute-command`)

// namedByIAM are the keys of IAM that name a policy, a boundary, a service or a resource.
var namedByIAM = listed("policyarn permissionsboundary passedtoservice awsservicename associatedresourcearn")

func listed(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// created are the first words of actions whose requests carry the tags of what they make. Rights are no such things:
// who makes those chooses the tags as well.
var created = []string{"create", "run", "allocate", "register", "import", "copy", "request", "restore"}

// creates reports whether the statement allows making things and nothing else.
func (s *Statement) creates() bool {
	for _, a := range s.Actions {
		service, action, _ := strings.Cut(strings.ToLower(a), ":")
		switch service {
		case "iam", "sts", "sso", "ram", "organizations", "*":
			return false
		}
		made := false
		for _, word := range created {
			made = made || strings.HasPrefix(action, word)
		}
		if !made {
			return false
		}
	}
	return len(s.Actions) > 0
}

// named wants a value that names something: with a letter or a digit outside of its variables, or with a variable that
// tells of the caller. A variable that repeats the key compares the resource with itself.
func named(c *Condition, v string) bool {
	if strings.HasPrefix(v, "arn:") && EveryResource(v) {
		return false
	}
	for strings.Contains(v, "${") {
		before, rest, _ := strings.Cut(v, "${")
		variable, after, closed := strings.Cut(rest, "}")
		variable = strings.ToLower(variable)
		if !closed || strings.HasPrefix(variable, c.key) || strings.Contains(variable, "resourcetag/") ||
			strings.Contains(variable, "requesttag/") {
			return false
		}
		if variable == "*" || variable == "?" || variable == "$" {
			variable = "" // the character itself
		} else {
			variable = "x"
		}
		v = before + variable + after
	}
	return strings.IndexFunc(v, func(r rune) bool { return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || r > 0x7f }) >= 0
}

// spelledOut wants a value without wildcards and variables, and not the policies that are full control themselves.
func spelledOut(c *Condition, v string) bool {
	_, name, _ := strings.Cut(v, ":policy/")
	return v != "" && (c.op.exact || !strings.ContainsAny(v, "*?")) && !strings.Contains(v, "${") &&
		name != "AdministratorAccess" && name != "IAMFullAccess" && name != "PowerUserAccess"
}

// serviceNamed wants a value such as "s3.*.amazonaws.com".
func serviceNamed(_ *Condition, v string) bool {
	service, _, _ := strings.Cut(v, ".")
	return service != "" && !strings.ContainsAny(service, "*?$")
}

// hasOther reports whether a list holds anything but the word.
func hasOther(list []string, word string) bool {
	for _, v := range list {
		if !strings.EqualFold(v, word) {
			return true
		}
	}
	return false
}
