// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// form is one way to write a thing down: inputs of a type, or, without any, a resource of its own.
type form struct {
	token  string
	inputs []string
}

func beside(token string) form                   { return form{token: token} }
func inline(token string, inputs ...string) form { return form{token: token, inputs: inputs} }

// machines are what instances are started from.
func machines(input string) []form {
	return []form{inline(aws.EC2Instance, input), inline(aws.LaunchTemplate, input), inline(aws.LaunchConfiguration, input), inline(aws.SpotFleetRequest, input)}
}

// alike are types that hold the same thing in an input of the same name, so that a scene about one is one about the others.
var alike = []struct {
	input string
	types []string
}{
	{"policy", []string{aws.IAMPolicy, aws.IAMRolePolicy}}, {"policy", []string{aws.S3BucketV2, aws.S3BucketPolicy}}, {"policy", []string{aws.KMSKey, aws.KMSKeyPolicy, aws.KMSReplicaKey}},
	{"policy", []string{aws.SNSTopic, aws.SNSTopicPolicy}}, {"policy", []string{aws.SQSQueue, aws.SQSQueuePolicy}},
	{"policy", []string{aws.SecretsManagerSecret, aws.SecretsManagerSecretPolicy}}, {"policy", []string{aws.VPCEndpoint, aws.VPCEndpointPolicy}},
	{"policy", []string{aws.APIGatewayRestAPI, aws.APIGatewayRestAPIPolicy}},
	{"accessPolicies", []string{aws.OpenSearchDomain, aws.OpenSearchDomainPolicy}},
	{"ingress", []string{aws.SecurityGroup, aws.DefaultSecurityGroup}}, {"ingress", []string{aws.NetworkACL, aws.DefaultNetworkACL}},
	{"routes", []string{aws.RouteTable, aws.DefaultRouteTable}}, {"acl", []string{aws.S3BucketV2, aws.S3BucketACLV2}},
	{"policyArn", []string{aws.IAMRolePolicyAttachment, aws.IAMPolicyAttachment}},
	{"metadataOptions", []string{aws.EC2Instance, aws.LaunchTemplate, aws.LaunchConfiguration}},
	{"userData", []string{aws.EC2Instance, aws.LaunchConfiguration}},
	{"keyName", []string{aws.EC2Instance, aws.LaunchConfiguration}}, {"associatePublicIpAddress", []string{aws.EC2Instance, aws.LaunchConfiguration}}, {"parameters", []string{aws.RDSParameterGroup, aws.RDSClusterParameterGroup}},
	{"vpcSecurityGroupIds", []string{aws.RDSInstance, aws.RDSCluster}}, {"corsRules", []string{aws.S3BucketCorsConfigurationV2, aws.S3BucketV2}},
}

// forms are things that can be written in several ways, which mean the same. Types with two names are one here: all scenes are
// played under the other name as well (TestEveryControlTakesEveryNameOfAType).
var forms = map[string][]form{
	"a bucket's encryption":   {inline(aws.S3BucketV2, "serverSideEncryptionConfigurations", "serverSideEncryptionConfiguration"), beside(aws.S3BucketEncryptionV2)},
	"a bucket's versioning":   {inline(aws.S3BucketV2, "versionings", "versioning"), beside(aws.S3BucketVersioningV2)},
	"a bucket's lifecycle":    {inline(aws.S3BucketV2, "lifecycleRules"), beside(aws.S3BucketLifecycleConfigurationV2)},
	"a bucket's log":          {inline(aws.S3BucketV2, "loggings", "logging"), beside(aws.S3BucketLoggingV2)},
	"a bucket's copies":       {inline(aws.S3BucketV2, "replicationConfigurations", "replicationConfiguration"), beside(aws.S3BucketReplicationConfig)},
	"a bucket's ACL":          {inline(aws.S3BucketV2, "acl"), inline(aws.S3BucketACLV2, "acl")},
	"a bucket's grants":       {inline(aws.S3BucketV2, "grants"), inline(aws.S3BucketACLV2, "accessControlPolicy")},
	"a bucket's policy":       {inline(aws.S3BucketV2, "policy"), inline(aws.S3BucketPolicy, "policy")},
	"a bucket's website":      {inline(aws.S3BucketV2, "websites", "website"), beside(aws.S3BucketWebsiteConfigurationV2)},
	"a bucket's CORS":         {inline(aws.S3BucketV2, "corsRules"), beside(aws.S3BucketCorsConfigurationV2)},
	"a bucket's lock":         {inline(aws.S3BucketV2, "objectLockConfiguration"), beside(aws.S3BucketObjectLockConfigurationV2)},
	"rules into a group":      {inline(aws.SecurityGroup, "ingress"), inline(aws.DefaultSecurityGroup, "ingress"), inline(aws.SecurityGroupRule, "ingress"), beside(aws.SecurityGroupIngressRule)},
	"rules out of a group":    {inline(aws.SecurityGroup, "egress"), inline(aws.SecurityGroupRule, "egress"), beside(aws.SecurityGroupEgressRule)},
	"rules into a native one": {inline(aws.NativeSecurityGroup, "securityGroupIngress"), beside(aws.NativeSecurityGroupIngress)},
	"entries of an ACL":       {inline(aws.NetworkACL, "ingress"), inline(aws.DefaultNetworkACL, "ingress"), beside(aws.NetworkACLRule)},
	"routes":                  {inline(aws.RouteTable, "routes"), inline(aws.DefaultRouteTable, "routes"), beside(aws.Route)},
	"entries of a list":       {inline(aws.ManagedPrefixList, "entries"), beside(aws.ManagedPrefixListEntry)},
	"a role's own policies":   {inline(aws.IAMRole, "inlinePolicies"), inline(aws.IAMRolePolicy, "policy")},
	"a role's policies":       {inline(aws.IAMRole, "managedPolicyArns"), beside(aws.IAMRolePolicyAttachment), beside(aws.IAMPolicyAttachment)},
	"a key's policy":          {inline(aws.KMSKey, "policy"), inline(aws.KMSKeyPolicy, "policy"), inline(aws.KMSReplicaKey, "policy")},
	"a topic's policy":        {inline(aws.SNSTopic, "policy"), inline(aws.SNSTopicPolicy, "policy")},
	"a queue's policy":        {inline(aws.SQSQueue, "policy"), inline(aws.SQSQueuePolicy, "policy")},
	"a secret's policy":       {inline(aws.SecretsManagerSecret, "policy"), inline(aws.SecretsManagerSecretPolicy, "policy")},
	"an endpoint's policy":    {inline(aws.VPCEndpoint, "policy"), inline(aws.VPCEndpointPolicy, "policy")},
	"a domain's policy":       {inline(aws.OpenSearchDomain, "accessPolicies"), inline(aws.OpenSearchDomainPolicy, "accessPolicies")},
	"an API's policy":         {inline(aws.APIGatewayRestAPI, "policy"), inline(aws.APIGatewayRestAPIPolicy, "policy")},
	"targets of a group":      {inline(aws.AutoScalingGroup, "targetGroupArns"), beside(aws.AutoScalingAttachment), beside(aws.AutoScalingTrafficSourceAttachment)},
	"user data":               machines("userData"),
	"metadata":                {inline(aws.EC2Instance, "metadataOptions"), inline(aws.LaunchTemplate, "metadataOptions"), inline(aws.LaunchConfiguration, "metadataOptions")},
	"a public address":        machines("associatePublicIpAddress"),
	"a key to log in":         machines("keyName"),
	"a database's disk":       {inline(aws.RDSInstance, "storageEncrypted"), inline(aws.RDSCluster, "storageEncrypted")},
	"a database's backups":    {inline(aws.RDSInstance, "backupRetentionPeriod"), inline(aws.RDSCluster, "backupRetentionPeriod")},
	"a database's protection": {inline(aws.RDSInstance, "deletionProtection"), inline(aws.RDSCluster, "deletionProtection")},
	"a database's logins":     {inline(aws.RDSInstance, "iamDatabaseAuthenticationEnabled"), inline(aws.RDSCluster, "iamDatabaseAuthenticationEnabled")},
	"a database's groups":     {inline(aws.RDSInstance, "vpcSecurityGroupIds"), inline(aws.RDSCluster, "vpcSecurityGroupIds")},
	"a database's parameters": {inline(aws.RDSParameterGroup, "parameters"), inline(aws.RDSClusterParameterGroup, "parameters")},
	"a database's password":   {inline(aws.RDSInstance, "password"), inline(aws.RDSCluster, "masterPassword")},
}

// oneForm are the controls that look at one form of a thing only, with the reason.
var oneForm = map[string]string{
	"endpoint-policy-set: an endpoint's policy":       "a VpcEndpointPolicy is enough by being there",
	"iam-group-attached: a role's policies":           "it is about groups",
	"iam-user-policies: a role's policies":            "it is about users",
	"iam-no-inline-on-role: a role's own policies":    "it is about this form",
	"iam-role-policy-conflict: a role's own policies": "it is about the forms together",
	"iam-role-policy-conflict: a role's policies":     "it is about the forms together",
	"kms-policy-explicit: a key's policy":             "a KeyPolicy is enough by being there",
	"nacl-default-closed: entries of an ACL":          "it is about the default",
	"route-default-table-empty: routes":               "it is about the default",
	"sg-default-closed: rules into a group":           "it is about the default",
	"rds-aurora-audit: a database's parameters":       "Aurora has the parameter in its cluster's group alone",
	"s3-directory-lifecycle: a bucket's lifecycle":    "a directory bucket has no rules of its own",
	"sg-prefix-list-known: entries of a list":         "it asks whether the list is there",
	"segmentation-proved: rules into a group":         "the proof reads them (policy/segmentation/stack)",
	"segmentation-proved: rules out of a group":       "the proof reads them (policy/segmentation/stack)",
}

// TestEveryControlTakesEveryForm wants a control that reads one form of a thing to read them all: for each there is a scene whose
// answer hangs on it. Whether it does is tried by hiding the value: a control that reads it has no answer then.
func TestEveryControlTakesEveryForm(t *testing.T) {
	t.Parallel()
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	tried, excused := 0, map[string]bool{}
	for _, c := range controls.All() {
		if slices.Contains(c.Types, pack.EveryType) {
			continue
		}
		reads := whatDecides(t, p, fixtures[c.ID])
		for _, thing := range slices.Sorted(maps.Keys(forms)) {
			var missing []string
			for _, f := range forms[thing] {
				if !f.among(reads) {
					missing = append(missing, strings.TrimSuffix(f.token+" "+strings.Join(f.inputs, "/"), " "))
				}
			}
			switch key := c.ID + ": " + thing; {
			case len(missing) == len(forms[thing]): // the control is about something else
			case len(missing) > 0 && oneForm[key] != "":
				excused[key] = true
			case len(missing) > 0:
				t.Errorf("%s reads %s, and no scene hangs on %s", c.ID, thing, strings.Join(missing, ", "))
			default:
				tried++
			}
		}
	}
	for key := range oneForm {
		require.True(t, excused[key], "%s needs no excuse", key)
	}
	t.Logf("%d things are read in every form, %d in one on purpose", tried, len(excused))
	require.Greater(t, tried, 130)
}

// among reports whether one of the inputs of the form is among those that decide, under any name of its type.
func (f form) among(reads map[string]bool) bool {
	other, _ := aws.Twin(f.token)
	for _, token := range []string{f.token, other} {
		if len(f.inputs) == 0 && reads[token] || slices.ContainsFunc(f.inputs, func(input string) bool { return reads[token+" "+input] }) {
			return true
		}
	}
	return false
}

// whatDecides are the types, and the inputs of types, on which the answer of a scene of the control hangs, of a scene that is written
// in another form, too. A form in which a bad scene is no longer found is read by none.
func whatDecides(t *testing.T, p *pack.Pack, f packtest.Fixture) map[string]bool {
	t.Helper()
	good, bad, _, err := f.Scenes(p)
	require.NoError(t, err)
	reads := map[string]bool{}
	for i, scene := range slices.Concat(bad, good) {
		whole := decides(t, p, f, scene, reads)
		for _, other := range otherwise(t, scene) {
			outcome, _, err := packtest.RunOne(p, f.ID, other, packtest.State, f.Settings)
			require.NoError(t, err)
			if i < len(bad) && outcome == whole {
				decides(t, p, f, other, reads)
			}
		}
	}
	return reads
}

func decides(t *testing.T, p *pack.Pack, f packtest.Fixture, scene packtest.Scene, reads map[string]bool) pack.Outcome {
	t.Helper()
	whole, _, err := packtest.RunOne(p, f.ID, scene, packtest.State, f.Settings)
	require.NoError(t, err)
	if len(scene) == 1 && whole == pack.Fail {
		reads[scene[0].Type] = true
	}
	blanks, err := packtest.Blanks(p, f.ID, scene, f.Settings)
	require.NoError(t, err)
	for _, b := range blanks {
		if b.Outcome == whole {
			continue
		}
		reads[b.Type] = true
		for _, key := range b.Keys {
			reads[b.Type+" "+key] = true
		}
		if b.Type == aws.SecurityGroupRule && whole == pack.Fail {
			i := slices.IndexFunc(scene, func(s packtest.Spec) bool { return s.Name == b.Name })
			reads[b.Type+" "+plainInputs(t, scene, i)["type"].(string)] = true //nolint:forcetypeassert // it has one
		}
	}
	return whole
}

func plainInputs(t *testing.T, scene packtest.Scene, i int) map[string]any {
	t.Helper()
	props, _, err := scene.Inputs(i, packtest.State)
	require.NoError(t, err)
	return props.AsMap()
}

// otherwise are the scenes that say the same in other words: one resource under the name of a type alike, and a policy or a rule
// that stands alone in each of its spellings.
func otherwise(t *testing.T, scene packtest.Scene) []packtest.Scene {
	t.Helper()
	var all []packtest.Scene
	for i := range scene {
		for _, group := range alike {
			if plainInputs(t, scene, i)[group.input] != nil {
				all = append(all, renamed(scene, i, group.types)...)
			}
		}
	}
	if len(scene) > 1 {
		return all
	}
	inputs := plainInputs(t, scene, 0)
	switch scene[0].Type {
	case aws.IAMRolePolicy, aws.IAMPolicy:
		all = append(all, written(t, aws.IAMRole, map[string]any{"inlinePolicies": []any{map[string]any{"policy": inputs["policy"]}}}))
	case aws.IAMRolePolicyAttachment, aws.IAMPolicyAttachment:
		all = append(all, written(t, aws.IAMRole, map[string]any{"managedPolicyArns": []any{inputs["policyArn"]}}))
	}
	return append(all, respelt(t, scene[0].Type, inputs)...)
}

// renamed are the scenes with resource i under each other type of a group, if it is the only one of the group.
func renamed(scene packtest.Scene, i int, group []string) []packtest.Scene {
	of := func(s packtest.Spec) bool {
		twin, _ := aws.Twin(s.Type)
		return slices.Contains(group, s.Type) || slices.Contains(group, twin)
	}
	if !of(scene[i]) || slices.ContainsFunc(slices.Delete(slices.Clone(scene), i, i+1), of) {
		return nil
	}
	var all []packtest.Scene
	for _, token := range group {
		if twin, _ := aws.Twin(token); scene[i].Type != token && scene[i].Type != twin {
			other := slices.Clone(scene)
			other[i].Type = token
			all = append(all, other)
		}
	}
	return all
}

// spellings are what an input of a rule that stands alone is called in a group; those in the plural are lists there.
var spellings = map[string]string{"ipProtocol": "protocol", "cidrIpv4": "cidrBlocks", "cidrIpv6": "ipv6CidrBlocks", "prefixListId": "prefixListIds",
	"referencedSecurityGroupId": "securityGroups", "fromPort": "fromPort", "toPort": "toPort", "description": "description"}

// respelt writes a single rule of a group in its other spellings.
func respelt(t *testing.T, token string, inputs map[string]any) []packtest.Scene {
	t.Helper()
	side, rule := singleRule(token, inputs)
	if rule["protocol"] == nil {
		return nil
	}
	alone := map[string]any{}
	for name, inside := range spellings {
		alone[name] = rule[inside]
		if list, ok := rule[inside].([]any); ok && len(list) > 0 {
			alone[name] = list[0]
		}
	}
	old := maps.Clone(rule)
	delete(old, "securityGroups")
	old["type"], old["sourceSecurityGroupId"] = side, alone["referencedSecurityGroupId"]
	spelt := map[string]map[string]any{
		aws.SecurityGroup: {side: []any{rule}}, aws.SecurityGroupRule: old,
		map[string]string{"ingress": aws.SecurityGroupIngressRule, "egress": aws.SecurityGroupEgressRule}[side]: alone,
	}
	var all []packtest.Scene
	for _, other := range slices.Sorted(maps.Keys(spelt)) {
		if other != token {
			maps.DeleteFunc(spelt[other], func(_ string, value any) bool { return value == nil })
			all = append(all, written(t, other, spelt[other]))
		}
	}
	return all
}

// singleRule is the one rule of a resource, as a group has it, and the side on which it is.
func singleRule(token string, inputs map[string]any) (side string, rule map[string]any) {
	side, rule = "ingress", map[string]any{}
	switch token {
	case aws.SecurityGroupEgressRule:
		side = "egress"
		fallthrough
	case aws.SecurityGroupIngressRule:
		for name, inside := range spellings {
			rule[inside] = inputs[name]
			if inside[len(inside)-1] == 's' && inputs[name] != nil {
				rule[inside] = []any{inputs[name]}
			}
		}
		maps.DeleteFunc(rule, func(_ string, value any) bool { return value == nil })
	case aws.SecurityGroup:
		in, _ := inputs["ingress"].([]any)
		out, _ := inputs["egress"].([]any)
		if len(out) > 0 {
			side = "egress"
		}
		if len(in)+len(out) == 1 {
			rule, _ = slices.Concat(in, out)[0].(map[string]any)
		}
	}
	return side, rule
}

// written is the scene of one resource.
func written(t *testing.T, token string, inputs map[string]any) packtest.Scene {
	t.Helper()
	text, err := yaml.Marshal(inputs)
	require.NoError(t, err)
	return packtest.YAML(t, token, string(text))
}

// sinceSeven are the inputs that mean something else when nothing is said, depending on the version of the provider.
var sinceSeven = map[string]string{"service-not-public": "7", "redshift-encrypted": "7"}

// TestDefaultsFollowTheProvider plays scenes that say nothing about what a version of the provider sets by itself.
func TestDefaultsFollowTheProvider(t *testing.T) {
	t.Parallel()
	p := load(t)
	for id, since := range sinceSeven {
		for version, want := range map[string]pack.Outcome{"6.83.2": pack.Fail, since + ".0.0": pack.Pass, "v" + since + ".1.0": pack.Pass, "": pack.Fail} {
			scene := packtest.YAML(t, aws.RedshiftCluster, fmt.Sprintf("{$name: c, $provider: %q, clusterIdentifier: c}", version))
			outcome, _, err := packtest.RunOne(p, id, scene, packtest.State, nil)
			require.NoError(t, err)
			require.Equal(t, want, outcome, "%s with provider %q", id, version)
		}
	}
}
