// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// invertedTypes are the resource policies for which no control of their own refuses exclusions.
var invertedTypes = []string{
	aws.SNSTopic, aws.SNSTopicPolicy, aws.SQSQueue, aws.SQSQueuePolicy, aws.SecretsManagerSecret, aws.SecretsManagerSecretPolicy,
	aws.ECRRepositoryPolicy, aws.ECRRegistryPolicy, aws.BackupVaultPolicy, aws.LogResourcePolicy, aws.LogDestinationPolicy, aws.EventBusPolicy,
	aws.DynamoDBResourcePolicy,
	aws.EFSFileSystemPolicy, aws.OpenSearchDomain, aws.OpenSearchDomainPolicy, "aws:elasticsearch/domain:Domain",
	"aws:elasticsearch/domainPolicy:DomainPolicy", aws.S3AccessPoint, aws.S3ControlAccessPointPolicy,
	aws.S3ControlMultiRegionAccessPointPolicy, aws.S3ControlObjectLambdaAccessPointPolicy, aws.VPCEndpoint, aws.VPCEndpointPolicy,
}

// further are types with resource policies of services that have no controls of their own here.
var further = []string{
	"aws:glacier/vault:Vault", "aws:glue/resourcePolicy:ResourcePolicy", "aws:kinesis/resourcePolicy:ResourcePolicy",
	"aws:codebuild/resourcePolicy:ResourcePolicy", "aws:codeartifact/domainPermissions:DomainPermissions",
	"aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
	"aws:msk/clusterPolicy:ClusterPolicy", "aws:ses/identityPolicy:IdentityPolicy", "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy",
	"aws:s3tables/tableBucketPolicy:TableBucketPolicy",
	"aws:s3tables/tablePolicy:TablePolicy", "aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy",
	"aws:redshift/resourcePolicy:ResourcePolicy",
	"aws:networkfirewall/resourcePolicy:ResourcePolicy", "aws:schemas/registryPolicy:RegistryPolicy",
	"aws:mediastore/containerPolicy:ContainerPolicy",
}

// unlisted are the types with a resource policy for which no control of their own asks whether accounts are listed.
func unlisted() []string {
	own := []string{aws.SNSTopic, aws.SNSTopicPolicy, aws.SQSQueue, aws.SQSQueuePolicy}
	return slices.DeleteFunc(slices.Concat(invertedTypes, further), func(t string) bool { return slices.Contains(own, t) })
}

// policies are about what resource policies allow, whatever service they belong to.
func policies() []*pack.Control {
	return []*pack.Control{
		{
			ID: "policy-inverted", Title: "Resource policies do not allow by exclusion", Severity: pack.High,
			Types: slices.Concat(invertedTypes, further),
			Why: "Allow with NotPrincipal, NotAction or NotResource grants everything that was forgotten in the list, and everything AWS adds " +
				"later.",
			Fix: "Write Principal, Action and Resource; use exclusions only with Deny.", Maps: standard.Meets(standard.Privilege),
			Check: func(k *pack.Case) {
				document.EachStatement(document.At(document.Types[k.Type]...), document.Inverted)(k)
			},
		},
		{
			ID: "policy-public", Public: true, Title: "No resource policy admits everybody", Severity: pack.Critical,
			Types: append(slices.Clone(further), aws.LambdaLayerVersionPermission),
			Why:   "Anybody with an AWS account can then use the resource, or read what is in it.",
			Fix:   "Name the principals, or add a condition such as aws:PrincipalOrgID; for a layer set organizationId.",
			Maps:  standard.Meets(standard.Exposure, standard.Privilege), Check: func(k *pack.Case) {
				if k.IsA(aws.LambdaLayerVersionPermission) {
					k.Forbid(k.Get("principal").OneOf("*").And(k.Get("organizationId").IsSet().Not()), "principal is \"*\" and organizationId is not set")
					return
				}
				document.NotPublic(document.Types[k.Type]...)(k)
			},
		},
		{
			ID: "policy-foreign-account", Title: "Resource policies admit only accounts that are listed", Severity: pack.High, Types: unlisted(),
			Why: "Whoever controls the other account can use the resource.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that resource policies may admit.")},
			Maps:     standard.Meets(standard.Privilege), Check: func(k *pack.Case) {
				document.Foreign(document.At(document.Types[k.Type]...))(k)
			},
		},
		{
			ID: "shared-foreign-account", Title: "Things are shared only with accounts that are listed", Severity: pack.High, Types: sharedTokens(),
			Why:      "Whoever controls the other account can use what is shared, or copy it.",
			Fix:      "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that things may be shared with.")},
			Maps:     standard.Meets(standard.Privilege), Check: sharedCheck,
		},
	}
}
