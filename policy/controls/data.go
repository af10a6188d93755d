// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	vaultType        = "aws:backup/vault:Vault"
	vaultPolicy      = "aws:backup/vaultPolicy:VaultPolicy"
	vaultLock        = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
	planType         = "aws:backup/plan:Plan"
	selectionType    = "aws:backup/selection:Selection"
	parameterType    = "aws:ssm/parameter:Parameter"
	ssmDocument      = "aws:ssm/document:Document"
	functionType     = "aws:lambda/function:Function"
	functionURL      = "aws:lambda/functionUrl:FunctionUrl"
	functionGrant    = "aws:lambda/permission:Permission"
	tableType        = "aws:dynamodb/table:Table"
	scalingTarget    = "aws:appautoscaling/target:Target"
	dynamoPolicy     = "aws:dynamodb/resourcePolicy:ResourcePolicy"
	fileSystem       = "aws:efs/fileSystem:FileSystem"
	fileSystemPolicy = "aws:efs/fileSystemPolicy:FileSystemPolicy"
	cacheGroup       = "aws:elasticache/replicationGroup:ReplicationGroup"
	searchDomain     = "aws:opensearch/domain:Domain"
	searchPolicy     = "aws:opensearch/domainPolicy:DomainPolicy"
)

// OpenSearch under both of its names; the properties are the same.
var (
	searchDomains  = []string{searchDomain, "aws:elasticsearch/domain:Domain"}
	searchPolicies = []string{searchPolicy, "aws:elasticsearch/domainPolicy:DomainPolicy"}
)

func backups() []*pack.Control {
	return []*pack.Control{
		{
			ID: "backup-vault-cmk", Title: "Backup vaults use a customer managed key", Severity: pack.Medium, Types: []string{vaultType}, Why: "Backups hold everything; only a key of your own lets you share them with a backup account.", Fix: "Set kmsKeyArn.", Maps: meets("FSBP:Backup.1", atRest, keyCare), Check: isSet("kmsKeyArn"),
		},
		{
			ID: "backup-vault-kept", Title: "Backup vaults are not emptied when they are removed", Severity: pack.High, Concern: pack.Resilience, Types: []string{vaultType}, Why: "forceDestroy deletes every recovery point with the vault.", Fix: "Leave forceDestroy out.", Maps: meets(keepSafe), Check: isFalse("forceDestroy"), Remedy: put("forceDestroy", false),
		},
		{
			ID: "backup-vault-locked", Title: "Backup vaults are locked", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Resilience, Types: []string{vaultType}, Joins: []string{vaultLock}, Stack: true, Why: "Locked recovery points cannot be deleted before their time, not even by an administrator. A lock cannot be undone, so this is off by default.",
			Fix: "Add a VaultLockConfiguration.", Maps: meets(keepSafe), Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "backupVaultName", []string{vaultLock}, present), "no lock points at this vault")
			},
		},
		{
			ID: "backup-vault-policy-public", Title: "No backup vault admits everybody", Severity: pack.Critical, Types: []string{vaultPolicy}, Why: "Strangers could copy or delete your backups.", Fix: "Name the principals.", Maps: meets(exposure), Check: notPublic("policy"),
		},
		{
			ID: "backup-plan-selection", Title: "Every backup plan has a selection", Severity: pack.High, Concern: pack.Resilience, Types: []string{planType}, Joins: []string{selectionType}, Stack: true, Why: "A plan without a selection backs up nothing.", Fix: "Add a Selection for the plan.", Maps: meets(recovery),
			Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "planId", []string{selectionType}, present), "no selection points at this plan")
			},
		},
		{
			ID: "backup-plan-retention", Title: "Backups are kept for a week at least", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{planType}, Why: "Damage is often found after days.", Fix: "Set lifecycle.deleteAfter; the setting minDays says how many.", Settings: num("minDays", 7, "Fewest days."),
			Maps: meets(recovery), Check: func(k *pack.Case) {
				for r := range k.Get("rules").Items() {
					v := r.Get("lifecycle.deleteAfter")
					k.Require(absent(v).Or(v.AtLeast(k.Num("minDays"))), "%s is %s days", v.Path(), v)
				}
			},
		},
		{
			ID: "backup-plan-copies", Title: "Backups are copied to another vault", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Resilience, Types: []string{planType}, Why: "A copy in another Region or account survives the loss of this one. It costs extra, so this is off by default.", Fix: "Add copyActions to a rule.", Maps: meets(recovery),
			Check: func(k *pack.Case) {
				k.Require(k.Get("rules").Any(func(r pack.Value) pack.Fact { return r.Get("copyActions").IsSet() }), "no rule copies its backups")
			},
		},
		{
			ID: "backup-selection-something", Title: "Selections select something", Severity: pack.High, Concern: pack.Resilience, Types: []string{selectionType}, Why: "A selection without resources, tags or conditions backs up nothing.", Fix: "Set resources, selectionTags or conditions.", Maps: meets(recovery),
			Check: func(k *pack.Case) {
				k.Require(k.Get("resources").IsSet().Or(k.Get("selectionTags").IsSet()).Or(k.Get("conditions").IsSet()), "nothing is selected")
			},
		},
	}
}

func parameters() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ssm-parameter-cmk", Title: "SecureString parameters use a customer managed key", Severity: pack.Low, Types: []string{parameterType}, Why: "The AWS managed key may be used by everybody in the account who may read parameters.", Fix: "Set keyId.", Maps: meets(keyCare), Check: func(k *pack.Case) {
				k.Require(k.Get("type").OneOf("SecureString").Not().Or(k.Get("keyId").IsSet()), "keyId is not set")
			},
		},
		{
			ID: "ssm-parameter-value-sealed", Title: "Values of SecureString parameters are Pulumi secrets", Severity: pack.Critical, Types: []string{parameterType}, Why: "A value that is plain text in the program is plain text in its state and previews too.", Fix: "Wrap the value in pulumi.ToSecret.", Maps: meets(identity), Check: func(k *pack.Case) {
				if t := k.Get("type"); t.IsUnknown() {
					k.Defer(t)
					return
				} else if t.Str() != "SecureString" {
					k.Skip("the parameter is not a SecureString")
					return
				}
				sealed(k, "value", "insecureValue")
			},
		},
		{
			ID: "ssm-document-public", Title: "Documents are not shared with everybody", Severity: pack.Critical, Types: []string{ssmDocument}, Why: "A document shows how your systems are run, and often where.", Fix: "Remove \"all\" from permissions.", Maps: meets("FSBP:SSM.4", exposure), Check: func(k *pack.Case) {
				// A map of strings, whose keys the bridge leaves as the provider spells them.
				for _, path := range []string{"permissions.account_ids", "permissions.accountIds"} {
					k.Forbid(k.Get(path).Matches(func(s string) bool {
						return slices.ContainsFunc(strings.Split(s, ","), func(id string) bool { return strings.EqualFold(strings.TrimSpace(id), "all") })
					}))
				}
			},
		},
	}
}

func functions() []*pack.Control {
	return []*pack.Control{
		{
			ID: "lambda-url-authenticated", Title: "Function URLs ask who calls", Severity: pack.Critical, Types: []string{functionURL}, Why: "With authorization NONE anybody can call the function, at your cost.", Fix: "Set authorizationType to AWS_IAM.", Maps: meets(exposure), Check: oneOf("authorizationType", "AWS_IAM"),
		},
		{
			ID: "lambda-permission-public", Title: "No function can be called by everybody", Severity: pack.Critical, Types: []string{functionGrant}, Why: "Strangers can then run the function with its rights.", Fix: "Name a principal, or set principalOrgId, sourceAccount or eventSourceToken.", Maps: meets("FSBP:Lambda.1", exposure), Check: func(k *pack.Case) {
				// With AWS_IAM a function URL asks for a signature, which every account can make.
				narrow := k.Get("principalOrgId").IsSet().Or(k.Get("sourceAccount").IsSet()).Or(k.Get("eventSourceToken").IsSet())
				k.Forbid(k.Get("principal").OneOf("*").And(narrow.Not()), "principal is \"*\"")
			},
		},
		{
			ID: "lambda-permission-source", Title: "Services may call functions only for your own resources", Severity: pack.High, Types: []string{functionGrant}, Why: "A service acts for all of its customers; without a source any of them can call the function through it.", Fix: "Set sourceArn or sourceAccount; for Alexa, eventSourceToken.", Maps: meets(privilege), Check: func(k *pack.Case) {
				service := k.Get("principal").Matches(func(s string) bool { return strings.HasSuffix(s, ".amazonaws.com") })
				k.Require(service.Not().Or(k.Get("sourceArn").Matches(iam.NamesOwner)).Or(k.Get("sourceAccount").IsSet()).Or(k.Get("principalOrgId").IsSet()), "neither sourceArn nor sourceAccount names whose calls are let in")
				alexa := k.Get("principal").Matches(func(s string) bool { return strings.HasSuffix(s, ".amazon.com") })
				k.Require(alexa.Not().Or(k.Get("eventSourceToken").IsSet()), "eventSourceToken is not set, so that every skill may call the function")
			},
		},
		{
			ID: "lambda-runtime-supported", Title: "Functions run on a supported runtime", Severity: pack.High, Types: []string{functionType}, Why: "Runtimes past their end get no fixes, and in the end no deployments.", Fix: "Use a current runtime.", Maps: meets("FSBP:Lambda.2", patching), Check: noneOf("runtime",
				"nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x", "nodejs16.x", "nodejs18.x", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9",
				"dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0", "dotnet6", "dotnet7", "java8", "go1.x", "ruby2.5", "ruby2.7", "provided"),
		},
		{
			ID: "lambda-env-secrets", Title: "Environment variables of functions hold no secrets", Severity: pack.High, Types: []string{functionType}, Why: "Everybody who may describe the function can read its environment.", Fix: "Read secrets from Secrets Manager at start.", Maps: meets(identity), Check: func(k *pack.Case) {
				vars := k.Get("environment.variables")
				if vars.IsUnknown() {
					k.Defer(vars)
				}
				for key, v := range vars.Fields() {
					k.Forbid(credential(key, v), "%s looks like a secret", v.Path())
				}
			},
		},
		{
			ID: "lambda-tracing", Title: "Functions are traced", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations, Types: []string{functionType}, Why: "Traces show where time is lost. They cost extra, so this is off by default.", Fix: "Set tracingConfig.mode to Active.", Maps: meets("FSBP:Lambda.7", monitoring), Check: oneOf("tracingConfig.mode", "Active"),
		},
	}
}

// tableScales wants a table that is paid by the request, or a target of Application Auto Scaling with the table's name.
func tableScales(k *pack.Case) {
	scales := k.Get("billingMode").OneOf("PAY_PER_REQUEST")
	for _, target := range k.Stack.Of(scalingTarget) {
		id := target.Get("resourceId")
		scales = scales.Or(leadsTo(k.Stack, target, "resourceId", id, k.Resource, "arn"))
		for _, name := range []pack.Value{k.Get("name"), k.Outputs().Get("name")} {
			switch {
			case name.IsUnknown():
				scales = scales.Or(pack.Wait(name))
			case name.Str() != "":
				scales = scales.Or(id.OneOf("table/" + name.Str()))
			}
		}
	}
	k.Require(scales, "billingMode is %s, and no Target of Application Auto Scaling names the table", k.Get("billingMode"))
}

func stores() []*pack.Control {
	return []*pack.Control{
		{
			ID: "dynamodb-recovery", Title: "Tables can be restored to any second", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{tableType}, Why: "Without point-in-time recovery a wrong write is final.", Fix: "Set pointInTimeRecovery.enabled to true.", Maps: meets("FSBP:DynamoDB.2", recovery), Check: isTrue("pointInTimeRecovery.enabled"), Remedy: put("pointInTimeRecovery.enabled", true),
		},
		{
			ID: "dynamodb-deletion-protection", Title: "Tables are protected from deletion", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{tableType}, Why: "One wrong line in a program removes the table.", Fix: "Set deletionProtectionEnabled to true.", Maps: meets("FSBP:DynamoDB.6", keepSafe), Check: isTrue("deletionProtectionEnabled"), Remedy: put("deletionProtectionEnabled", true),
		},
		{
			ID: "dynamodb-capacity", Title: "The capacity of tables follows what is asked of them", Severity: pack.Medium, Level: pack.Disabled, Concern: pack.Resilience, Types: []string{tableType}, Joins: []string{scalingTarget}, Stack: true,
			Why: "A table with a fixed capacity refuses what goes beyond it. Small fixed tables are cheap and common, so this is off by default.",
			Fix: "Set billingMode to PAY_PER_REQUEST, or add an appautoscaling Target for the table.", Maps: meets("FSBP:DynamoDB.1", recovery), Check: tableScales,
		},
		{
			ID: "dynamodb-policy-public", Title: "No table admits everybody", Severity: pack.Critical, Types: []string{dynamoPolicy}, Why: "Strangers can then read and change the table.", Fix: "Name the principals.", Maps: meets(exposure), Check: notPublic("policy"),
		},
		{
			ID: "efs-encrypted", Title: "File systems are encrypted", Severity: pack.High, Types: []string{fileSystem}, Why: "Encryption cannot be switched on later.", Fix: "Set encrypted to true.", Maps: meets("FSBP:EFS.1 FSBP:EFS.8 CIS:2.3.1", atRest), Check: isTrue("encrypted"),
		},
		{
			ID: "efs-policy-public", Title: "No file system admits everybody", Severity: pack.Critical, Types: []string{fileSystemPolicy}, Why: "Whoever reaches a mount target can then read the files.", Fix: "Name the principals, or add the condition elasticfilesystem:AccessedViaMountTarget.", Maps: meets(exposure), Check: notPublic("policy"),
		},
		{
			ID: "elasticache-encrypted", Title: "Caches are encrypted at rest and in transit", Severity: pack.High, Types: []string{cacheGroup}, Why: "Caches hold sessions and copies of data.", Fix: "Set atRestEncryptionEnabled and transitEncryptionEnabled to true.", Maps: meets("FSBP:ElastiCache.4 FSBP:ElastiCache.5", atRest, inTransit), Check: isTrue("atRestEncryptionEnabled", "transitEncryptionEnabled"),
		},
		{
			ID: "elasticache-failover", Title: "Caches have a standby", Severity: pack.Low, Concern: pack.Resilience, Types: []string{cacheGroup}, Why: "Without a standby, the failure of one node empties the cache.", Fix: "Set automaticFailoverEnabled to true.", Maps: meets("FSBP:ElastiCache.3", spreading), Check: isTrue("automaticFailoverEnabled"),
		},
		{
			ID: "opensearch-private", Title: "Search domains are inside a VPC", Severity: pack.High, Types: searchDomains, Why: "A domain outside a VPC is on the internet, with a policy between it and the world.", Fix: "Set vpcOptions.", Maps: meets("FSBP:Opensearch.2 FSBP:ES.2", exposure, segments), Check: isSet("vpcOptions.subnetIds"),
		},
		{
			ID: "opensearch-encrypted", Title: "Search domains encrypt disks, nodes and clients", Severity: pack.High, Types: searchDomains, Why: "An index holds the data it was made from.", Fix: "Enable encryptAtRest and nodeToNodeEncryption and set domainEndpointOptions.enforceHttps to true.", Maps: meets("FSBP:Opensearch.1 FSBP:Opensearch.3 FSBP:Opensearch.8 FSBP:ES.1 FSBP:ES.3", atRest, inTransit),
			Check: isTrue("encryptAtRest.enabled", "nodeToNodeEncryption.enabled", "domainEndpointOptions.enforceHttps"),
		},
		{
			ID: "opensearch-policy-public", Title: "No search domain admits everybody", Severity: pack.Critical, Types: slices.Concat(searchPolicies, searchDomains), Joins: searchDomains, Stack: true, Why: "Strangers can then search, change and delete the index.",
			Fix: "Name the principals, or add a condition on aws:SourceIp with ranges of yours. Inside a VPC and with fine-grained access control the domain itself asks who calls.", Maps: meets(exposure), Check: searchPublic,
		},
	}
}

// searchPublic wants a domain's policy to name callers, unless the domain is inside a VPC and asks by itself who
// calls: for that case AWS recommends an open policy (OpenSearch developer guide, fine-grained access control).
func searchPublic(k *pack.Case) {
	guards := func(d *pack.Resource) pack.Fact {
		return d.Get("vpcOptions.subnetIds").IsSet().And(d.Get("advancedSecurityOptions.enabled").IsTrue())
	}
	guarded := pack.No(pack.Value{})
	if k.IsA(searchDomains...) {
		guarded = guards(k.Resource)
	} else {
		for _, d := range k.Stack.Of(searchDomains...) {
			guarded = guarded.Or(leadsTo(k.Stack, k.Resource, "domainName", k.Get("domainName"), d, "domainName").And(guards(d)))
		}
	}
	eachStatement(at("accessPolicies"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
		if why := s.Public(); why != "" {
			k.Require(guarded.Or(pack.No(v)), "%s %s", s.Label(), why)
		}
	})(k)
}
