// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// diskActions are what Auto Scaling's role does with the key of an encrypted disk
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html).
var diskActions = []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:CreateGrant"}

// defaultKey is what GetEbsDefaultKmsKeyId says of an account that has chosen no key of its own.
const defaultKey = "alias/aws/ebs"

// disks are the keys of the disks of launch templates: those that are named and are not the stack's, and whether any disk gets the account's default.
func (p *plan) disks() (named []string, byDefault bool) {
	for _, t := range p.of(resource.LaunchTemplate) {
		for mapping := range t.Inputs().Get("blockDeviceMappings").Items() {
			key := mapping.Get("ebs.kmsKeyId")
			switch id, known := key.Text(); {
			case known && id != "" && !p.own(id):
				named = append(named, id)
			case !key.Exists() || known && id == "":
				byDefault = true
			}
		}
	}
	slices.Sort(named)
	return slices.Compact(named), byDefault
}

// own reports whether an ARN or id is that of a key of the stack.
func (p *plan) own(id string) bool {
	return slices.ContainsFunc(p.of(resource.KMSKey), func(r *pack.Resource) bool {
		out := p.outputs[r.URN]
		return out.Get("arn").Str() == id || out.Get("keyId").Str() == id || out.Get("id").Str() == id
	})
}

// foreignKeys are the ARNs of keys that the deployment names as a property and does not make.
func (p *plan) foreignKeys() []string {
	var all []string
	var walk func(pack.Value)
	walk = func(v pack.Value) {
		if text, known := v.Text(); known {
			if parsed, err := arn.Parse(text); err == nil && parsed.Service == "kms" && strings.HasPrefix(parsed.Resource, "key/") && !strings.Contains(text, "*") && !p.own(text) {
				all = append(all, text)
			}
			return
		}
		for _, field := range v.Fields() {
			walk(field)
		}
		if v.Kind() == pack.List {
			for item := range v.Items() {
				walk(item)
			}
		}
	}
	for _, r := range p.deployment.Inputs {
		walk(r.Inputs())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// defaultKeyRow says whether Auto Scaling can start an encrypted disk with the account's default key.
func (a *account) defaultKeyRow(ctx context.Context) row {
	r := row{Area: "key", Name: "default key of disks", Verdict: fine}
	id, err := a.defaultDiskKey(ctx)
	if err != nil {
		return r.unseen(err)
	}
	if id == defaultKey {
		return r
	}
	return a.diskKeyRow(ctx, r.Name, id)
}

// keyRow says whether a key can be used at all, and what KMS tells of it.
func (a *account) keyRow(ctx context.Context, name, id string) (row, keyFacts) {
	r := row{Area: "key", Name: name, Verdict: fine}
	k, err := a.key(ctx, id)
	switch {
	case errors.Is(err, errNoKey):
		r.Verdict, r.Says = missing, "there is no such key in this region"
	case err != nil:
		return r.unseen(err), k
	case k.state != "Enabled":
		r.Verdict, r.Says = missing, "the key is "+k.state+"; enable it, or cancel its deletion, or name another"
	}
	return r, k
}

// diskKeyRow says whether Auto Scaling can start an encrypted disk with a key: by its policy, or by a grant.
func (a *account) diskKeyRow(ctx context.Context, name, id string) row {
	r, k := a.keyRow(ctx, name, id)
	if r.Verdict != fine || k.ofAWS {
		return r
	}
	role := fmt.Sprintf("arn:%s:iam::%s:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", a.partition, a.id)
	granted, err := a.granted(ctx, k.arn, role)
	if err == nil && granted {
		return r
	}
	text, policyErr := a.keyPolicy(ctx, k.arn)
	if policyErr != nil {
		return r.unseen(policyErr)
	}
	document, policyErr := iam.Parse(text)
	if policyErr != nil {
		return r.unseen(policyErr)
	}
	var refused, doubtful []string
	for _, action := range diskActions {
		switch admits(document, action, role, a.id) {
		case no:
			refused = append(refused, action)
		case perhaps:
			doubtful = append(doubtful, action)
		}
	}
	switch {
	case len(refused) > 0 && err != nil:
		return r.unseen(fmt.Errorf("its policy does not let Auto Scaling's role use it (%s), and a grant may: %s", strings.Join(refused, ", "), cause(err)))
	case len(refused) > 0:
		r.Verdict = missing
		r.Says = fmt.Sprintf("the policy of %s does not allow %s to %s: no instance with an encrypted disk would start; allow it, see "+
			"https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html", k.arn, strings.Join(refused, ", "), role)
	case len(doubtful) > 0:
		return r.unseen(fmt.Errorf("whether the policy of %s allows %s to %s depends on conditions that are not judged here", k.arn, strings.Join(doubtful, ", "), role))
	}
	return r
}

// answer is yes, no, or that nobody here can tell.
type answer int

const (
	no answer = iota
	perhaps
	yes
)

// admits says whether a key's policy lets a role of the account do something. That it admits the account is not enough: a service-linked role has the
// permissions that its service gives it, and none for keys.
func admits(d *iam.Document, action, role, account string) answer {
	allowed := no
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.CoversAction(action) || !names(s, role) {
			continue
		}
		holds := yes
		for _, c := range s.Conditions {
			holds = min(holds, meets(c, role, account))
		}
		if s.Denies() && holds != no {
			return perhaps
		}
		if s.Allows() {
			allowed = max(allowed, holds)
		}
	}
	return allowed
}

// names reports whether a statement's principal is the role or everybody.
func names(s *iam.Statement, role string) bool {
	is := func(p iam.Principal) bool {
		return p.ID == "*" && (p.Kind == "AWS" || p.Kind == "*") || p.Kind == "AWS" && p.ID == role
	}
	if len(s.NotPrincipals) > 0 {
		return !slices.ContainsFunc(s.NotPrincipals, is)
	}
	return slices.ContainsFunc(s.Principals, is)
}

// meets says whether a call of Auto Scaling's role meets a condition.
func meets(c iam.Condition, role, account string) answer {
	operator := strings.TrimSuffix(strings.ToLower(c.Operator), "ifexists")
	if !slices.Contains([]string{"arnequals", "arnlike", "stringequals", "stringlike", "bool"}, operator) {
		return perhaps
	}
	values := map[string]string{
		"aws:principalarn": role, "aws:principalaccount": account, "kms:calleraccount": account, "kms:grantisforawsresource": "true",
	}
	value, told := values[strings.ToLower(c.Key)]
	switch {
	case !told:
		return perhaps
	case slices.ContainsFunc(c.Values, func(pattern string) bool {
		return pattern == value || operator != "stringequals" && glob.Match(pattern, value)
	}):
		return yes
	}
	return no
}
