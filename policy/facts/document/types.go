// SPDX-License-Identifier: Apache-2.0

package document

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// IdentityTypes carry documents that say what somebody may do.
var IdentityTypes = []string{aws.IAMPolicy, aws.IAMRolePolicy, aws.IAMUserPolicy, aws.IAMGroupPolicy, aws.IAMRole,
	aws.SSOPermissionSetInlinePolicy}

// Identity returns the identity policies of a resource: the document of a policy, or the inline
// policies of a role.
func Identity(k *pack.Case) []pack.Value {
	if k.Type != aws.IAMRole {
		return At(Types[k.Type]...)(k)
	}
	list := k.Get("inlinePolicies")
	if list.IsUnknown() {
		return []pack.Value{list}
	}
	var out []pack.Value
	for v := range list.Items() {
		out = append(out, v.Get("policy"))
	}
	if len(out) == 0 {
		k.Skip("the role has no inline policies")
	}
	return out
}

// Types are all types with a policy document, and where it is.
var Types = map[string][]string{
	aws.IAMPolicy: {"policy"}, aws.IAMRolePolicy: {"policy"}, aws.IAMUserPolicy: {"policy"}, aws.IAMGroupPolicy: {"policy"},
	aws.IAMRole: {"assumeRolePolicy"}, aws.SSOPermissionSetInlinePolicy: {"inlinePolicy"},
	aws.S3BucketPolicy: {"policy"}, aws.S3BucketV2: {"policy"}, aws.S3Bucket: {"policy"}, aws.S3ControlBucketPolicy: {"policy"},
	aws.S3AccessPoint: {"policy"}, aws.S3ControlAccessPointPolicy: {"policy"},
	aws.S3ControlMultiRegionAccessPointPolicy: {"details.policy"}, aws.S3ControlObjectLambdaAccessPointPolicy: {"policy"},
	aws.KMSKey: {"policy"}, aws.KMSKeyPolicy: {"policy"}, aws.KMSReplicaKey: {"policy"},
	aws.SecretsManagerSecret: {"policy"}, aws.SecretsManagerSecretPolicy: {"policy"}, aws.SNSTopic: {"policy"}, aws.SNSTopicPolicy: {"policy"},
	aws.SQSQueue: {"policy"}, aws.SQSQueuePolicy: {"policy"},
	aws.VPCEndpoint: {"policy"}, aws.VPCEndpointPolicy: {"policy"}, aws.ECRRepositoryPolicy: {"policy"}, aws.ECRRegistryPolicy: {"policy"},
	aws.BackupVaultPolicy: {"policy"},
	aws.LogResourcePolicy: {"policyDocument"}, aws.EventBusPolicy: {"policy"}, aws.LogDestinationPolicy: {"accessPolicy"},
	aws.DynamoDBResourcePolicy: {"policy"}, aws.EFSFileSystemPolicy: {"policy"}, aws.OpenSearchDomain: {"accessPolicies"},
	aws.OpenSearchDomainPolicy: {"accessPolicies"},
	aws.KMSExternalKey:         {"policy"}, aws.KMSReplicaExternalKey: {"policy"}, aws.APIGatewayRestAPI: {"policy"},
	aws.APIGatewayRestAPIPolicy:       {"policy"},
	"aws:elasticsearch/domain:Domain": {"accessPolicies"}, "aws:elasticsearch/domainPolicy:DomainPolicy": {"accessPolicies"},
	"aws:glacier/vault:Vault":                {"accessPolicy"},
	"aws:glue/resourcePolicy:ResourcePolicy": {"policy"}, "aws:kinesis/resourcePolicy:ResourcePolicy": {"policy"},
	"aws:codebuild/resourcePolicy:ResourcePolicy":                                         {"policy"},
	"aws:codeartifact/domainPermissions:DomainPermissions":                                {"policyDocument"},
	"aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy":            {"policyDocument"},
	"aws:msk/clusterPolicy:ClusterPolicy":                                                 {"policy"},
	"aws:ses/identityPolicy:IdentityPolicy":                                               {"policy"},
	"aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy":                                   {"policy"},
	"aws:s3tables/tableBucketPolicy:TableBucketPolicy":                                    {"resourcePolicy"},
	"aws:s3tables/tablePolicy:TablePolicy":                                                {"resourcePolicy"},
	"aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy": {"policy"},
	"aws:redshift/resourcePolicy:ResourcePolicy":                                          {"policy"},
	"aws:networkfirewall/resourcePolicy:ResourcePolicy":                                   {"policy"},
	"aws:schemas/registryPolicy:RegistryPolicy":                                           {"policy"},
	"aws:mediastore/containerPolicy:ContainerPolicy":                                      {"policy"},
}

// Tokens are all types with a policy document, sorted.
func Tokens() []string {
	list := make([]string, 0, len(Types))
	for t := range Types {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}
