// SPDX-License-Identifier: Apache-2.0

// Package storage makes private buckets, and closes the account to public ones.
package storage

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/form"
)

const (
	// DefaultNoncurrentDays is how long overwritten and deleted versions can be brought back.
	DefaultNoncurrentDays = 30
	// abortMultipartDays is when the parts of an upload that never ended are removed (FSBP S3.13 asks for a lifecycle; such
	// parts are invisible and cost money).
	abortMultipartDays = 7
)

// BucketArgs are the arguments of NewBucket.
type BucketArgs struct {
	// KeyARN is the KMS key that encrypts the objects. Without one S3 encrypts with its own keys (SSE-S3), which the access
	// logs of load balancers and of S3 itself require. Default: SSE-S3.
	KeyARN pulumi.StringInput
	// ExpireDays is when objects expire, in days after their creation, at least 1. Default: they never do.
	ExpireDays int `pulumi:"expireDays"`
	// NoncurrentDays is how long overwritten and deleted versions stay, in days, at least 1. Default 30.
	NoncurrentDays int `pulumi:"noncurrentDays"`
	// LockDays is for how many days after its creation nobody deletes or overwrites a version of an object, at most 36,500 (S3
	// Object Lock); deletion markers hide it meanwhile. It holds for the objects that are stored from then on. Default: versions
	// may be deleted.
	LockDays int `pulumi:"lockDays"`
	// LockMode says who may end a lock early. Default: Governance.
	LockMode LockMode `pulumi:"lockMode"`
	// AccessLogs is the log bucket that receives this bucket's server access logs; it needs the writer S3AccessLogs. They arrive
	// under AccessLogsPrefix, which must end with a slash. Default: none.
	AccessLogs *Bucket
	// AccessLogsPrefix is the place of this bucket's logs in AccessLogs. Default: the bucket's logical name and a slash.
	AccessLogsPrefix string `pulumi:"accessLogsPrefix"`
	// DisposableReason, when given, says why the bucket may be deleted with its stack, and the objects with it, as in an
	// environment that is thrown away every night. It lands in the tag "bulkhead:disposable". Default: the bucket outlives
	// its stack with everything that protects it, and its objects expire as before.
	DisposableReason string `pulumi:"disposableReason"`
}

// LockMode says who may delete a locked version of an object
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes).
type LockMode string

const (
	// Governance leaves it to whoever has s3:BypassGovernanceRetention and asks for it.
	Governance LockMode = "GOVERNANCE"
	// Compliance leaves it to nobody, not even to the root user: what it keeps is paid for until its day has come, and the
	// account cannot be emptied before.
	Compliance LockMode = "COMPLIANCE"

	longestLock = 36500
)

// LogBucketArgs are the arguments of NewLogBucket. ExpireDays is 365 unless set.
type LogBucketArgs struct {
	BucketArgs
	// Writers are the AWS services that may deliver logs, at least one. Required.
	Writers []Writer
}

// Bucket is a private bucket: no public access of any kind, no ACLs, TLS 1.2 or newer, encrypted, versioned, and there
// longer than its stack.
type Bucket struct {
	pulumi.ResourceState

	// Name is the name of the bucket.
	Name pulumi.StringOutput
	// ARN is the ARN of the bucket.
	ARN pulumi.StringOutput

	writers            []Writer
	bucket             *s3.BucketV2
	policy             *s3.BucketPolicy
	encryption         *s3.BucketServerSideEncryptionConfigurationV2
	receivesAccessLogs bool
}

var (
	// bucketForm leaves room, in the 63 characters of a bucket name, for what Pulumi appends.
	bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,54}$`)
)

// bucketToCome stands for the ARN of the bucket while it is not known.
const bucketToCome = "arn:aws:s3:::bucket-name-to-come"

// NewBucket creates a private bucket. It keeps what is stored in it until somebody deletes it.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	return newBucket(ctx, name, component.Given(args), nil, opts...)
}

// NewLogBucket creates a private bucket to which AWS services deliver logs, and from which these expire.
func NewLogBucket(ctx *pulumi.Context, name string, args *LogBucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	args = component.Given(args)
	if len(args.Writers) == 0 {
		return nil, fmt.Errorf("log bucket %q: Writers: missing; name at least one service that delivers logs to it", name)
	}
	expiring := args.BucketArgs
	expiring.ExpireDays = component.Or(expiring.ExpireDays, form.DefaultLogDays)
	return newBucket(ctx, name, &expiring, args.Writers, opts...)
}

func newBucket(ctx *pulumi.Context, name string, args *BucketArgs, writers []Writer, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if err := args.check(name, writers); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	b := &Bucket{writers: writers}
	for _, writer := range writers {
		b.receivesAccessLogs = b.receivesAccessLogs || writer.name == accessLogs
	}
	draft, err := Policy(bucketToCome, writers...)
	if err != nil {
		return nil, err
	}
	text, err := draft.JSON()
	if err != nil {
		return nil, err
	}
	documents := map[string]string{"policy": text}
	if err := component.Register(ctx, "bulkhead:storage:Bucket", name, component.Documents(args, documents), b, opts...); err != nil {
		return nil, err
	}
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	if args.DisposableReason != "" {
		tags["bulkhead:disposable"] = pulumi.String(args.DisposableReason)
	}
	b.bucket, err = s3.NewBucketV2(ctx, name+"-bucket", &s3.BucketV2Args{
		ForceDestroy: pulumi.Bool(args.DisposableReason != ""),
		Tags:         tags,
	}, pulumi.Parent(b), pulumi.RetainOnDelete(args.DisposableReason == ""))
	if err != nil {
		return nil, err
	}
	b.Name, b.ARN = b.bucket.Bucket, b.bucket.Arn
	for _, step := range []func(*pulumi.Context, string, *BucketArgs) error{b.lock, b.encrypt, b.retain, b.log} {
		if err := step(ctx, name, args); err != nil {
			return nil, err
		}
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name, "arn": b.ARN})
}

// setting are the options of a setting of the bucket: it goes and stays with the bucket, so that a bucket that outlives its
// stack is as private, encrypted and short-lived in its objects as before.
func (b *Bucket) setting(after ...pulumi.CustomResource) []pulumi.ResourceOption {
	return []pulumi.ResourceOption{pulumi.Parent(b), pulumi.DeletedWith(b.bucket), order.After(after)}
}

// Ready is what must exist before anything is delivered to the bucket, since AWS tests a delivery at once: its policy and its
// encryption. Hand it to order.After.
func (b *Bucket) Ready() []pulumi.CustomResource { return order.List(b.policy, b.encryption) }

// lock closes the bucket: public access, ACLs, then the policy. The policy waits for the others, because S3 refuses changes
// of these settings that arrive at the same time.
func (b *Bucket) lock(ctx *pulumi.Context, name string, _ *BucketArgs) error {
	block, err := s3.NewBucketPublicAccessBlock(ctx, name+"-public-access", &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.Name,
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, b.setting()...)
	if err != nil {
		return err
	}
	ownership, err := s3.NewBucketOwnershipControls(ctx, name+"-ownership", &s3.BucketOwnershipControlsArgs{
		Bucket: b.Name,
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, b.setting(block)...)
	if err != nil {
		return err
	}
	writers := b.writers
	b.policy, err = s3.NewBucketPolicy(ctx, name+"-policy", &s3.BucketPolicyArgs{
		Bucket: b.Name,
		Policy: b.ARN.ApplyT(func(arn string) (string, error) {
			document, err := Policy(arn, writers...)
			if err != nil {
				return "", err
			}
			return document.JSON()
		}).(pulumi.StringOutput),
	}, b.setting(block, ownership)...)
	return err
}

// encrypt sets the default encryption. A bucket key spares a call to KMS for every object, but encrypts in the context of the
// bucket instead of the writer's.
func (b *Bucket) encrypt(ctx *pulumi.Context, name string, args *BucketArgs) error {
	byDefault := &s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{SseAlgorithm: pulumi.String("AES256")}
	rule := s3.BucketServerSideEncryptionConfigurationV2RuleArgs{ApplyServerSideEncryptionByDefault: byDefault}
	if args.KeyARN != nil {
		byDefault.SseAlgorithm = pulumi.String("aws:kms")
		byDefault.KmsMasterKeyId = args.KeyARN.ToStringOutput()
		rule.BucketKeyEnabled = pulumi.Bool(!slices.ContainsFunc(b.writers, func(w Writer) bool { return w.ownContext }))
	}
	var err error
	b.encryption, err = s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name+"-encryption", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: b.Name,
		Rules:  s3.BucketServerSideEncryptionConfigurationV2RuleArray{rule},
	}, b.setting()...)
	return err
}

// retain versions the bucket, locks its objects where that is asked for, and lets former versions expire, and the objects where
// that is asked for. Lock and lifecycle wait for the versioning: S3 refuses to lock a bucket that has none, and would apply to
// it the rules on versions.
func (b *Bucket) retain(ctx *pulumi.Context, name string, args *BucketArgs) error {
	versioning, err := s3.NewBucketVersioningV2(ctx, name+"-versioning", &s3.BucketVersioningV2Args{
		Bucket:                  b.Name,
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, b.setting()...)
	if err != nil {
		return err
	}
	if args.LockDays > 0 {
		if _, err := s3.NewBucketObjectLockConfigurationV2(ctx, name+"-lock", &s3.BucketObjectLockConfigurationV2Args{
			Bucket:            b.Name,
			ObjectLockEnabled: pulumi.String("Enabled"),
			Rule: s3.BucketObjectLockConfigurationV2RuleArgs{DefaultRetention: s3.BucketObjectLockConfigurationV2RuleDefaultRetentionArgs{
				Mode: pulumi.String(component.Or(args.LockMode, Governance)),
				Days: pulumi.Int(args.LockDays),
			}},
		}, b.setting(versioning)...); err != nil {
			return err
		}
	}
	// Without an expiry of objects, the markers that a deletion leaves behind go with the last version.
	expiration := s3.BucketLifecycleConfigurationV2RuleExpirationArgs{ExpiredObjectDeleteMarker: pulumi.Bool(true)}
	if args.ExpireDays > 0 {
		expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(args.ExpireDays)}
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(ctx, name+"-lifecycle", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.Name,
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:         pulumi.String("expire"),
			Status:     pulumi.String("Enabled"),
			Filter:     s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			Expiration: expiration,
			NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
				NoncurrentDays: pulumi.Int(component.Or(args.NoncurrentDays, DefaultNoncurrentDays)),
			},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
				DaysAfterInitiation: pulumi.Int(abortMultipartDays),
			},
		}},
	}, b.setting(versioning)...)
	return err
}

// log sends the server access logs to another bucket, if there is one (FSBP S3.9).
func (b *Bucket) log(ctx *pulumi.Context, name string, args *BucketArgs) error {
	if args.AccessLogs == nil {
		return nil
	}
	prefix := args.AccessLogsPrefix
	if prefix == "" {
		prefix = name + "/"
	}
	_, err := s3.NewBucketLoggingV2(ctx, name+"-access-logs", &s3.BucketLoggingV2Args{
		Bucket:       b.Name,
		TargetBucket: args.AccessLogs.Name,
		TargetPrefix: pulumi.String(prefix),
	}, b.setting(args.AccessLogs.policy)...)
	return err
}

// check reports everything wrong with the arguments.
func (args *BucketArgs) check(name string, writers []Writer) error {
	var problems []error
	if !bucketForm.MatchString(name) {
		problems = append(problems, errors.New("the name becomes the bucket's: use 1 to 55 lower-case letters, digits and dashes"))
	}
	for _, days := range []struct {
		field string
		value int
	}{{"ExpireDays", args.ExpireDays}, {"NoncurrentDays", args.NoncurrentDays}} {
		if days.value < 0 {
			problems = append(problems, fmt.Errorf("%s %d: use at least 1, or 0 for the default", days.field, days.value))
		}
	}
	if args.DisposableReason != "" {
		problems = append(problems, form.In("DisposableReason", form.CheckReason(args.DisposableReason)))
	}
	problems = append(problems, args.checkLock(writers)...)
	problems = append(problems, args.checkWriters(writers)...)
	return errors.Join(append(problems, args.checkAccessLogs()...)...)
}

// checkLock reports what is wrong with the lock of the objects. S3 delivers access logs to no bucket that locks by default
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).
func (args *BucketArgs) checkLock(writers []Writer) []error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if args.LockDays < 0 || args.LockDays > longestLock {
		add("LockDays %d: use 1 to %d, or 0 for no lock", args.LockDays, longestLock)
	}
	if args.LockMode != "" && args.LockMode != Governance && args.LockMode != Compliance {
		add("LockMode %q: use Governance or Compliance", args.LockMode)
	}
	if args.LockDays == 0 && args.LockMode != "" {
		add("LockMode %q: nothing is locked; give LockDays as well", args.LockMode)
	}
	if args.LockDays > 0 && args.DisposableReason != "" {
		add("LockDays %d: what is locked cannot go with the stack; leave out LockDays or DisposableReason", args.LockDays)
	}
	if i := slices.IndexFunc(writers, func(w Writer) bool { return w.name == accessLogs }); args.LockDays > 0 && i >= 0 {
		add("writer %d: %s cannot deliver to a bucket that locks: leave LockDays out", i, accessLogs)
	}
	return problems
}

// checkWriters reports what is wrong with who may deliver logs.
func (args *BucketArgs) checkWriters(writers []Writer) []error {
	var problems []error
	for i, writer := range writers {
		if writer.plainOnly && args.KeyARN != nil {
			problems = append(problems, fmt.Errorf("writer %d: %s cannot write to a bucket with a KMS key: leave KeyARN out", i, writer.name))
		}
	}
	document, err := Policy(bucketToCome, writers...)
	if err == nil {
		_, err = document.JSON()
	}
	return append(problems, err)
}

// checkAccessLogs reports what is wrong with where the server access logs go.
func (args *BucketArgs) checkAccessLogs() []error {
	var problems []error
	if args.AccessLogs != nil && !args.AccessLogs.receivesAccessLogs {
		problems = append(problems, errors.New("AccessLogs: the bucket does not admit S3's log delivery: give a log bucket with the writer S3AccessLogs"))
	}
	if prefix := args.AccessLogsPrefix; prefix != "" && (len(prefix) < 2 || prefix[len(prefix)-1] != '/' || checkPrefix(prefix[:len(prefix)-1]) != nil) {
		problems = append(problems, fmt.Errorf("AccessLogsPrefix %q: write segments and end with a slash", prefix))
	}
	return problems
}
