// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/access"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// cloudFrontLogs is the canonical id of the account that delivers standard logs (Amazon CloudFront developer guide,
// "Permissions required to configure standard logging").
const cloudFrontLogs = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"

// bucketExposure are the ways in which a bucket can be open to people it is not meant for.
func bucketExposure() []*pack.Control {
	return slices.Concat(bucketACLControls(), bucketPolicyControls(), bucketBlockControls(), accessPointControls())
}

func bucketACLControls() []*pack.Control {
	const fix = "Remove the ACL, set ownership to BucketOwnerEnforced and grant access by a bucket policy to named principals."
	withACL := slices.Concat(aws.BucketACLs, aws.Buckets, []string{aws.NativeBucket})
	return []*pack.Control{
		{
			ID: "s3-acl-public-read", Public: true, Title: "No bucket ACL lets everybody read", Severity: pack.Critical, Types: withACL,
			Why: "A public ACL lets anyone on the internet list the bucket or read its objects, without signing in.", Fix: fix,
			Maps:  standard.Meets("FSBP:S3.2 CIS:2.1.4", standard.Exposure),
			Check: aclCheck([]string{"public-read", "authenticated-read"}, []string{"READ", "READ_ACP"}),
		},
		{
			ID: "s3-acl-public-write", Public: true, Title: "No bucket ACL lets everybody write", Severity: pack.Critical, Types: withACL,
			Why: "Anyone on the internet can then replace, delete or plant objects, at your cost and in your name.", Fix: fix,
			Maps:  standard.Meets("FSBP:S3.3 CIS:2.1.4", standard.Exposure),
			Check: aclCheck([]string{"public-read-write"}, []string{"WRITE", "WRITE_ACP", "FULL_CONTROL"}),
		},
		{
			ID: "s3-object-acl-public", Public: true, Title: "No object ACL is public", Severity: pack.Critical,
			Types: []string{aws.S3BucketObjectV2, aws.S3BucketObject, aws.S3ObjectCopy},
			Why:   "An object can be public in a bucket that is not, and nobody who looks at the bucket sees it.",
			Fix:   "Leave acl out; serve public files through a CDN with origin access control.",
			Maps:  standard.Meets("FSBP:S3.2", standard.Exposure),
			Check: func(k *pack.Case) {
				k.Require(k.Get("acl").OneOf("public-read", "public-read-write", "authenticated-read").Not())
				for g := range k.Get("grants").Items() {
					k.Forbid(everybodyGroup(g.Get("uri")), "%s grants to everybody", g.Path())
				}
			},
		},
		{
			ID: "s3-acl-foreign-account", Title: "ACLs grant to nobody but the owner and groups of AWS", Severity: pack.High,
			Types: slices.Concat(withACL, []string{aws.S3ObjectCopy}),
			Why:   "A grant to a canonical id or an email address lets another account in, past every bucket policy and unseen by who reads those.",
			Fix: fix + " Ids that may be granted to belong into the setting allowedIds; beside grants of a bucket, which name no owner, so " +
				"does your own.", Maps: standard.Meets(standard.Privilege),
			Settings: []pack.Setting{want.Words("allowedIds",
				"Canonical user ids that ACLs may grant to; by default that by which CloudFront writes its older standard logs.", cloudFrontLogs)},
			Check: namedGrants,
		},
		{
			ID: "s3-ownership-enforced", Title: "Bucket ownership controls disable ACLs", Severity: pack.Medium,
			Types: []string{aws.S3BucketOwnershipControls}, Joins: append([]string{aws.CloudFrontDistribution}, aws.Buckets...), Stack: true,
			Why:  "While ACLs are on, every writer can open single objects to the world, past every bucket policy.",
			Fix:  "Set rule.objectOwnership to BucketOwnerEnforced. Only a bucket for CloudFront's older standard logs needs ACLs.",
			Maps: standard.Meets("FSBP:S3.12", standard.Exposure),
			Check: func(k *pack.Case) {
				v := k.Get("rule.objectOwnership")
				k.Require(v.OneOf("BucketOwnerPreferred").And(takesCloudFrontLogs(k)).Or(v.OneOf("BucketOwnerEnforced")))
			},
		},
		{
			ID: "s3-no-website", Public: true, Title: "Buckets do not serve websites themselves", Severity: pack.High,
			Types: slices.Concat(aws.BucketWebsites, aws.Buckets),
			Why:   "A website endpoint answers only over plain HTTP and needs a bucket that everybody can read.",
			Fix:   "Keep the bucket private and put CloudFront with origin access control in front of it.",
			Maps:  standard.Meets("CIS:2.1.4", standard.Exposure, standard.InTransit),
			Check: websiteCheck,
		},
		{
			ID: "s3-cors-restricted", Title: "CORS rules name their origins", Severity: pack.Medium,
			Types: slices.Concat(aws.BucketCORS, aws.Buckets),
			Why:   "With origin \"*\" any web page can make a visitor's browser write to the bucket or read from it.",
			Fix:   "List the origins that need access, and only the methods they use.", Maps: standard.Meets(standard.Exposure),
			Check: func(k *pack.Case) {
				for rule := range k.Get("corsRules").Items() {
					k.Forbid(rule.Get("allowedOrigins").Any(func(o pack.Value) pack.Fact { return o.OneOf("*", "http://*", "https://*") }))
				}
			},
		},
	}
}

// websiteCheck refuses website hosting, also as a block of the bucket; sending every request elsewhere is
// hosting too, since it answers in plain HTTP.
func websiteCheck(k *pack.Case) {
	if k.IsA(aws.BucketWebsites...) {
		k.Report(k.Get("bucket"), "a website endpoint is switched on for the bucket")
		return
	}
	for _, path := range []string{"website", "websites"} {
		v := k.Get(path)
		if v.IsUnknown() {
			k.Defer(v)
		} else if v.Len() > 0 {
			k.Report(v, "a website endpoint is switched on in %s", path)
		}
	}
}

// namedGrants wants the grantees of an ACL to be the owner, a group of AWS, or a canonical id that is listed. An email
// address stands for an account too.
func namedGrants(k *pack.Case) {
	owner := k.Get("accessControlPolicy.owner.id")
	judge := func(g, kind, id, email pack.Value) {
		k.Forbid(kind.OneOf("AmazonCustomerByEmail").Or(email.IsSet()), "%s grants to an account by its email address", g.Path())
		ours := id.OneOf(k.Words("allowedIds")...)
		if owner.Exists() {
			ours = ours.Or(want.SameText(id, owner))
		}
		k.Require(id.IsSet().Not().Or(ours), "%s grants to the canonical id %s", g.Path(), id)
	}
	for g := range k.Get("accessControlPolicy.grants").Items() {
		judge(g, g.Get("grantee.type"), g.Get("grantee.id"), g.Get("grantee.emailAddress"))
	}
	for g := range k.Get("grants").Items() {
		judge(g, g.Get("type"), g.Get("id"), g.Get("email"))
	}
}

// everybodyGroup is the fact that a grantee is one of the groups that stand for everybody (All Users,
// Authenticated Users: any AWS account).
func everybodyGroup(uri pack.Value) pack.Fact {
	return uri.Matches(func(s string) bool {
		return strings.HasSuffix(s, "/global/AllUsers") || strings.HasSuffix(s, "/global/AuthenticatedUsers")
	})
}

func aclCheck(canned, permissions []string) func(*pack.Case) {
	return func(k *pack.Case) {
		k.Require(k.Get("acl").OneOf(canned...).Not())
		for _, word := range canned {
			k.Forbid(k.Get("accessControl").OneOf(nativeACL[word]))
		}
		for g := range k.Get("grants").Items() {
			forbidGrant(k, g, g.Get("uri"), g.Get("permissions"), permissions)
		}
		for g := range k.Get("accessControlPolicy.grants").Items() {
			forbidGrant(k, g, g.Get("grantee.uri"), g.Get("permission"), permissions)
		}
	}
}

func forbidGrant(k *pack.Case, g, uri, given pack.Value, permissions []string) {
	both := everybodyGroup(uri).And(given.Any(func(p pack.Value) pack.Fact { return p.OneOf(permissions...) }))
	k.Forbid(both, "%s grants %s to everybody", g.Path(), given)
}

func bucketPolicyControls() []*pack.Control {
	const narrow = "Name the principals, or add a condition such as aws:PrincipalOrgID or aws:SourceVpce with a fixed value."
	return []*pack.Control{
		{
			ID: "s3-policy-public", Public: true, Title: "No bucket policy admits everybody", Severity: pack.Critical,
			Types: slices.Concat(aws.BucketPolicies, []string{aws.NativeBucketPolicy}),
			Why:   "A policy with Principal \"*\" and no condition that names callers opens the bucket to the internet.", Fix: narrow,
			Maps: standard.Meets("FSBP:S3.2 FSBP:S3.3 CIS:2.1.4", standard.Exposure), Check: document.NotPublic("policy", "policyDocument"),
		},
		{
			ID: "s3-policy-foreign-account", Title: "Bucket policies admit only accounts that are listed", Severity: pack.High,
			Types:    aws.BucketPolicies,
			Why:      "Whoever controls the other account controls what it may do here.",
			Fix:      "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that bucket policies may admit.")},
			Maps:     standard.Meets("FSBP:S3.6", standard.Privilege), Check: document.Foreign(document.At("policy")),
		},
		{
			ID: "s3-policy-wildcard-action", Title: "Bucket policies allow named actions", Severity: pack.High, Types: aws.BucketPolicies,
			Why:  "s3:* includes deleting the bucket and changing its policy; a reader needs neither.",
			Fix:  "List the actions, such as s3:GetObject.",
			Maps: standard.Meets("FSBP:S3.6", standard.Privilege),
			Check: document.EachStatement(document.At("policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if s.Allows() && len(s.NotPrincipals)+len(s.Principals) > 0 && s.CoversAction("s3:PutBucketPolicy") &&
					s.CoversAction("s3:DeleteObject") && !delegates(s) {
					k.Report(v, "%s allows every S3 action", s.Label())
				}
			}),
		},
		{
			ID: "s3-policy-inverted", Title: "Bucket policies do not allow by exclusion", Severity: pack.High, Types: aws.BucketPolicies,
			Why: "Allow with NotPrincipal, NotAction or NotResource grants everything that was forgotten in the list.",
			Fix: "Write Principal, Action and Resource; use exclusions only with Deny.", Maps: standard.Meets("FSBP:S3.6", standard.Privilege),
			Check: document.EachStatement(document.At("policy"), document.Inverted),
		},
		{
			ID: "s3-policy-lockout", Title: "No bucket policy locks everybody out", Severity: pack.High, Types: aws.BucketPolicies,
			Concern: pack.Resilience,
			Why:     "Deny for every principal and action without a condition also shuts out the owner; only the root user can undo it.",
			Fix:     "Add the condition that was meant, such as aws:SecureTransport false.", Maps: standard.Meets(standard.KeepSafe),
			Check: document.EachStatement(document.At("policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
				everyone := slices.ContainsFunc(s.Principals, func(p iam.Principal) bool { return p.ID == "*" })
				if s.Denies() && everyone && len(s.Conditions) == 0 && s.CoversAction("s3:PutBucketPolicy") && s.CoversAction("s3:GetBucketPolicy") {
					k.Report(v, "%s denies everything to everybody", s.Label())
				}
			}),
		},
		{
			ID: "s3-tls-only", Title: "Buckets refuse requests without TLS", Severity: pack.Medium, Types: aws.Buckets,
			Joins: []string{aws.S3BucketPolicy}, Stack: true,
			Why:   "S3 also answers over plain HTTP, where objects and signed requests can be read and replayed on the way.",
			Fix:   "Add a bucket policy that denies s3:* to everybody when aws:SecureTransport is false.",
			Maps:  standard.Meets("FSBP:S3.5 CIS:2.1.1", standard.InTransit),
			Check: tlsOnly,
		},
	}
}

// delegates reports whether a bucket policy leaves access to the access points of an account, whose policies
// then decide (Amazon S3 user guide, "Delegating access control to access points").
func delegates(s *iam.Statement) bool {
	return slices.ContainsFunc(s.Conditions,
		func(c iam.Condition) bool { return strings.EqualFold(c.Key, "s3:DataAccessPointAccount") && c.Names() })
}

// takesCloudFrontLogs is the fact that a distribution writes its standard logs into the bucket, which it does
// with an ACL (Amazon CloudFront developer guide, standard logging, legacy).
func takesCloudFrontLogs(k *pack.Case) pack.Fact {
	bucket, found := k.Stack.Target(k.Resource, "bucket", k.Get("bucket"), aws.Buckets...)
	if bucket == nil {
		return found
	}
	answer := pack.No(k.Get("bucket"))
	for _, d := range k.Stack.Of(aws.CloudFrontDistribution) {
		answer = answer.Or(want.LeadsTo(k.Stack, d, "loggingConfig", d.Get("loggingConfig.bucket"), bucket, "bucketDomainName"))
	}
	return answer
}

// wholeBucket reports whether resources of a bucket's policy are the bucket and all of its objects.
func wholeBucket(resources []string) bool {
	bucket, objects := false, false
	for _, r := range resources {
		name, key, isObject := strings.Cut(r, "/")
		everything := !isObject && strings.HasSuffix(name, "*") // an asterisk goes past a slash
		bucket = bucket || !isObject
		objects = objects || everything || isObject && key == "*"
	}
	return bucket && objects
}

func tlsOnly(k *pack.Case) {
	demands := func(v pack.Value) pack.Fact {
		if unknown, ok := v.AnyUncertain(); ok {
			return pack.Wait(unknown)
		}
		if !v.Exists() {
			return pack.No(v)
		}
		p := document.Read(k, v)
		if p.Err == nil && p.Doc.RequiresTLS(wholeBucket, "s3:GetObject", "s3:PutObject", "s3:ListBucket") {
			return pack.Yes(v)
		}
		return pack.No(v)
	}
	answer := demands(k.Get("policy")).Or(want.AnyCompanion(k, "bucket", []string{aws.S3BucketPolicy}, func(r *pack.Resource) pack.Fact {
		return demands(r.Get("policy"))
	}))
	k.Require(answer, "no bucket policy denies requests without TLS")
}

func bucketBlockControls() []*pack.Control {
	list := []*pack.Control{
		{
			ID: "s3-public-access-block", Title: "Every bucket has a public access block with all four flags", Severity: pack.High,
			Types: slices.Concat(aws.Buckets, []string{aws.NativeBucket}),
			Joins: []string{aws.S3BucketPublicAccessBlock}, Stack: true,
			Why:  "Without the block, one careless ACL or policy opens the bucket to the internet.",
			Fix:  "Add a BucketPublicAccessBlock for the bucket with all four flags true.",
			Maps: standard.Meets("FSBP:S3.8 CIS:2.1.4", standard.Exposure),
			Check: func(k *pack.Case) {
				if k.Type == aws.NativeBucket {
					k.Require(access.Blocked(k.Get("publicAccessBlockConfiguration")), "publicAccessBlockConfiguration has not all four flags")
					return
				}
				answer := want.AnyCompanion(k, "bucket", []string{aws.S3BucketPublicAccessBlock},
					func(r *pack.Resource) pack.Fact { return access.Blocked(r.Inputs()) })
				k.Require(answer, "no public access block with all four flags points at this bucket")
			},
		},
		{
			ID: "s3-public-access-block-single", Title: "A bucket has one public access block", Severity: pack.High, Types: aws.Buckets,
			Joins: []string{aws.S3BucketPublicAccessBlock}, Stack: true,
			Why: "AWS keeps one block for each bucket: with two in the program the last one written wins, at random.",
			Fix: "Keep the block with all four flags and remove the other.", Maps: standard.Meets("FSBP:S3.8", standard.Exposure),
			Check: func(k *pack.Case) {
				sure, maybe := k.Stack.Pointing(k.Resource, "bucket", aws.S3BucketPublicAccessBlock)
				if len(sure) > 1 {
					k.Report(pack.Value{}, "%d public access blocks point at this bucket", len(sure))
				} else if len(sure)+len(maybe) > 1 {
					k.Defer(maybe[0])
				}
			},
		},
		{
			ID: "s3-account-public-access-block", Title: "The account's public access block has all four flags", Severity: pack.Critical,
			Types: []string{aws.S3AccountPublicAccessBlock},
			Why:   "A flag that is off here is off for every bucket that has no block of its own, also for those made by hand.",
			Fix:   "Set all four flags to true.", Maps: standard.Meets("FSBP:S3.1 CIS:2.1.4", standard.Exposure),
			Check: want.IsTrue(access.BlockFlags...), Remedy: putFlags(""),
		},
	}
	why := map[string]string{
		"blockPublicAcls":       "While it is off, a request can set a public ACL on the bucket or an object.",
		"blockPublicPolicy":     "While it is off, a bucket policy that admits everybody is accepted.",
		"ignorePublicAcls":      "While it is off, public ACLs that already exist keep working.",
		"restrictPublicBuckets": "While it is off, a public policy that already exists keeps letting everybody in.",
	}
	names := map[string]string{
		"blockPublicAcls": "s3-block-public-acls", "blockPublicPolicy": "s3-block-public-policy",
		"ignorePublicAcls": "s3-ignore-public-acls", "restrictPublicBuckets": "s3-restrict-public-buckets",
	}
	for _, flag := range access.BlockFlags {
		list = append(list, &pack.Control{
			ID: names[flag], Title: "Public access blocks set " + flag, Severity: pack.High, Types: []string{aws.S3BucketPublicAccessBlock},
			Why: why[flag],
			Fix: "Set " + flag + " to true.", Maps: standard.Meets("FSBP:S3.8 CIS:2.1.4", standard.Exposure), Check: want.IsTrue(flag),
			Remedy: want.Put(flag, true),
		})
	}
	return list
}

func putFlags(prefix string) func(*pack.Edit) {
	return func(e *pack.Edit) {
		for _, flag := range access.BlockFlags {
			e.Set(prefix+flag, true)
		}
	}
}

func accessPointControls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "s3-access-point-block", Title: "Access points block public access", Severity: pack.Critical, Types: []string{aws.S3AccessPoint},
			Why: "An access point has a block of its own, fixed when it is made; with a flag off, nothing but the bucket's block keeps its " +
				"policy from letting everybody in.",
			Fix:   "Leave publicAccessBlockConfiguration out (all true), or set all four flags to true.",
			Maps:  standard.Meets("FSBP:S3.19", standard.Exposure),
			Check: pointFlags("publicAccessBlockConfiguration"),
		},
		{
			ID: "s3-multi-region-access-point-block", Title: "Multi-Region access points block public access", Severity: pack.Critical,
			Types: []string{aws.S3ControlMultiRegionAccessPoint},
			Why:   "Its block cannot be changed later, and it reaches buckets in several Regions at once.",
			Fix:   "Leave details.publicAccessBlock out (all true), or set all four flags to true.",
			Maps:  standard.Meets("FSBP:S3.24", standard.Exposure),
			Check: pointFlags("details.publicAccessBlock"),
		},
		{
			ID: "s3-access-point-policy-public", Public: true, Title: "No access point policy admits everybody", Severity: pack.Critical,
			Types: []string{aws.S3ControlAccessPointPolicy, aws.S3AccessPoint, aws.S3ControlMultiRegionAccessPointPolicy,
				aws.S3ControlObjectLambdaAccessPointPolicy}, Joins: []string{aws.S3AccessPoint}, Stack: true,
			Why: "A public access point policy opens the bucket behind it where the bucket delegates to its access points.",
			Fix: "Name the principals, or bind the access point to a VPC.", Maps: standard.Meets("FSBP:S3.19", standard.Exposure),
			Check: pointPublic,
		},
		{
			ID: "s3-access-point-vpc", Title: "Access points are bound to a VPC", Severity: pack.Medium, Level: pack.Disabled,
			Types: []string{aws.S3AccessPoint},
			Why:   "An access point of the internet kind answers from anywhere; one bound to a VPC only from there.",
			Fix:   "Set vpcConfiguration.vpcId.", Maps: standard.Meets(standard.Segments), Check: want.IsSet("vpcConfiguration.vpcId"),
		},
	}
}

// pointPublic wants the policy of an access point to admit somebody in particular. One that is bound to a VPC may admit
// everybody: it rejects requests from elsewhere (Amazon S3 user guide, "Creating access points restricted to a VPC").
func pointPublic(k *pack.Case) {
	vpc := boundToVPC(k)
	document.EachStatement(document.At("policy", "details.policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
		if why := s.Public(); why != "" {
			k.Require(pack.No(v).Or(vpc), "%s %s", s.Label(), why)
		}
	})(k)
}

// boundToVPC is the fact that an access point, or the one that a policy of its own is for, is bound to a VPC. Those of
// several Regions and of Lambda functions cannot be.
func boundToVPC(k *pack.Case) pack.Fact {
	point := k.Resource
	if k.IsA(aws.S3ControlAccessPointPolicy) {
		target, found := k.Stack.Target(k.Resource, "accessPointArn", k.Get("accessPointArn"), aws.S3AccessPoint)
		if target == nil {
			return found
		}
		point = target
	}
	return point.Get("vpcConfiguration.vpcId").IsSet()
}

// pointFlags wants no flag to be off; a flag that is not set is on.
func pointFlags(path string) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, flag := range access.BlockFlags {
			k.Require(k.Get(path+"."+flag).Is(true, true))
		}
	}
}
