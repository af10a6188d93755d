// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// sourceless are services that AWS's own policies admit to buckets without a condition: the delivery of load
// balancer logs, whose resource names the account (Elastic Load Balancing guide, "Enable access logs").
var sourceless = []string{"logdelivery.elasticloadbalancing.amazonaws.com", "logdelivery.elb.amazonaws.com"}

// boundByDefault are services that send the source of a call when they take a role, as their own guides show in
// the trust policies they recommend.
var boundByDefault = []string{
	"backup.amazonaws.com", "bedrock.amazonaws.com", "config.amazonaws.com", "firehose.amazonaws.com", "logs.amazonaws.com", "monitoring.rds.amazonaws.com",
	"rds.amazonaws.com", "rolesanywhere.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com", "transfer.amazonaws.com", "vpc-flow-logs.amazonaws.com",
}

// confusions are about services that act for all of their customers, and whom a stranger could therefore send.
func confusions() []*pack.Control {
	const why = "A service acts for all of its customers; without a condition on the source, another customer can send it to your resource."
	return []*pack.Control{
		{
			ID: "s3-service-confused", Title: "Bucket policies tie services to their own resources", Severity: pack.High, Types: bucketPolices, Why: why + " For CloudFront that means any distribution of anybody.",
			Fix: "Add a condition on aws:SourceArn or aws:SourceAccount.", Maps: meets(privilege, exposure), Check: eachStatement(at("policy"), unbound(except(sourceless...))),
		},
		{
			ID: "iam-trust-service-confused", Title: "Roles tie services to their own resources", Severity: pack.Low, Level: pack.Disabled, Types: []string{iamRole}, Why: why,
			Fix:      "Add a condition on aws:SourceArn or aws:SourceAccount. Many guides leave it out, so this is off by default.",
			Settings: []pack.Setting{words("services", "Services that send the source of a call.", boundByDefault...)},
			Maps:     meets(privilege), Check: func(k *pack.Case) {
				services := k.Words("services")
				eachStatement(at("assumeRolePolicy"), unbound(func(service string) bool { return slices.Contains(services, service) }))(k)
			},
		},
	}
}

// unbound is the check that a statement lets none of the services that are meant act for any customer of AWS.
func unbound(meant func(service string) bool) func(*pack.Case, pack.Value, *iam.Statement) {
	return func(k *pack.Case, v pack.Value, s *iam.Statement) {
		for _, service := range s.UnboundService() {
			if meant(service) {
				k.Report(v, "%s lets %s act for any account", s.Label(), service)
			}
		}
	}
}

// except means every service but those listed.
func except(services ...string) func(service string) bool {
	return func(service string) bool { return !slices.Contains(services, service) }
}

// invertedTypes are the resource policies for which no control of their own refuses exclusions.
var invertedTypes = []string{
	topicType, topicPolicy, queueType, queuePolicy, secretType, secretPolicy, ecrPolicy, ecrRegistry, vaultPolicy, logResourcePolicy, logDestination, busPolicy, dynamoPolicy,
	fileSystemPolicy, searchDomain, searchPolicy, "aws:elasticsearch/domain:Domain", "aws:elasticsearch/domainPolicy:DomainPolicy", s3AccessPoint, s3PointPolicy, s3MultiPolicy, s3LambdaPolicy, endpointType, endpointPolicy,
}

// further are types with resource policies of services that have no controls of their own here.
var further = []string{
	"aws:glacier/vault:Vault", "aws:glue/resourcePolicy:ResourcePolicy", "aws:kinesis/resourcePolicy:ResourcePolicy",
	"aws:codebuild/resourcePolicy:ResourcePolicy", "aws:codeartifact/domainPermissions:DomainPermissions", "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
	"aws:msk/clusterPolicy:ClusterPolicy", "aws:ses/identityPolicy:IdentityPolicy", "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy", "aws:s3tables/tableBucketPolicy:TableBucketPolicy",
	"aws:s3tables/tablePolicy:TablePolicy", "aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy", "aws:redshift/resourcePolicy:ResourcePolicy",
	"aws:networkfirewall/resourcePolicy:ResourcePolicy", "aws:schemas/registryPolicy:RegistryPolicy", "aws:mediastore/containerPolicy:ContainerPolicy",
}

// unlisted are the types with a resource policy for which no control of their own asks whether accounts are listed.
func unlisted() []string {
	own := []string{topicType, topicPolicy, queueType, queuePolicy}
	return slices.DeleteFunc(slices.Concat(invertedTypes, further), func(t string) bool { return slices.Contains(own, t) })
}

// resourcePolicies are about what resource policies allow, whatever service they belong to.
func resourcePolicies() []*pack.Control {
	return []*pack.Control{
		{
			ID: "policy-inverted", Title: "Resource policies do not allow by exclusion", Severity: pack.High, Types: slices.Concat(invertedTypes, further),
			Why: "Allow with NotPrincipal, NotAction or NotResource grants everything that was forgotten in the list, and everything AWS adds later.",
			Fix: "Write Principal, Action and Resource; use exclusions only with Deny.", Maps: meets(privilege), Check: func(k *pack.Case) {
				eachStatement(at(documentTypes[k.Type]...), inverted)(k)
			},
		},
		{
			ID: "policy-public", Title: "No resource policy admits everybody", Severity: pack.Critical, Types: append(slices.Clone(further), layerGrant),
			Why: "Anybody with an AWS account can then use the resource, or read what is in it.", Fix: "Name the principals, or add a condition such as aws:PrincipalOrgID; for a layer set organizationId.", Maps: meets(exposure, privilege), Check: func(k *pack.Case) {
				if k.IsA(layerGrant) {
					k.Forbid(k.Get("principal").OneOf("*").And(k.Get("organizationId").IsSet().Not()), "principal is \"*\" and organizationId is not set")
					return
				}
				notPublic(documentTypes[k.Type]...)(k)
			},
		},
		{
			ID: "apigateway-policy-public", Title: "Policies of APIs say who may call", Severity: pack.Medium, Types: []string{restAPI, restAPIPolicy},
			Why: "An API that is meant for some can be called by everybody. One that is meant for all is advised about, no more.", Fix: "Name the principals, add a condition, or deny everybody who does not come from a VPC endpoint of yours.",
			Maps: meets(exposure), Check: eachDocument(at("policy"), func(k *pack.Case, v pack.Value, d *iam.Document) {
				if d.DeniesOthers("execute-api:Invoke") {
					return
				}
				for i := range d.Statements {
					if why := d.Statements[i].Public(); why != "" {
						k.Report(v, "%s %s", d.Statements[i].Label(), why)
					}
				}
			}),
		},
		{
			ID: "policy-foreign-account", Title: "Resource policies admit only accounts that are listed", Severity: pack.High, Types: unlisted(),
			Why: "Whoever controls the other account can use the resource.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{words("allowedAccounts", "Account ids that resource policies may admit.")}, Maps: meets(privilege), Check: func(k *pack.Case) {
				foreignCheck(at(documentTypes[k.Type]...))(k)
			},
		},
		{
			ID: "shared-foreign-account", Title: "Things are shared only with accounts that are listed", Severity: pack.High, Types: sharedTokens(),
			Why: "Whoever controls the other account can use what is shared, or copy it.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{words("allowedAccounts", "Account ids that things may be shared with.")}, Maps: meets(privilege), Check: sharedCheck,
		},
		{
			ID: "kms-policy-wildcard-action", Title: "Key policies give all actions to the account alone", Severity: pack.Medium, Types: keyPolicies,
			Why: "kms:* includes changing the policy and deleting the key; whoever uses a key needs neither.", Fix: "List the actions, such as kms:Decrypt and kms:GenerateDataKey.",
			Maps: meets(privilege, keyCare), Check: eachStatement(at("policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
				other := slices.ContainsFunc(s.Principals, func(p iam.Principal) bool {
					return p.Kind != "AWS" || strings.Contains(p.ID, ":") && !strings.HasSuffix(p.ID, ":root")
				})
				if s.Allows() && s.EveryAction("kms") && other {
					k.Report(v, "%s allows every action to somebody other than the account", s.Label())
				}
			}),
		},
	}
}
