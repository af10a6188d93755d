// SPDX-License-Identifier: Apache-2.0

package pulumitest_test

import (
	"errors"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	keyType    = "aws:kms/key:Key"
	aliasType  = "aws:kms/alias:Alias"
	bucketType = "aws:s3/bucketV2:BucketV2"
)

type box struct{ pulumi.ResourceState }

// keyAndBucket registers a component with a key, an alias that needs the key's id, and a bucket.
func keyAndBucket(ctx *pulumi.Context) error {
	c := &box{}
	if err := ctx.RegisterComponentResource("bulkhead:test:Box", "box", c); err != nil {
		return err
	}
	k, err := kms.NewKey(ctx, "box-key", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true)}, pulumi.Parent(c), pulumi.Protect(true))
	if err != nil {
		return err
	}
	if _, err := kms.NewAlias(ctx, "box-alias", &kms.AliasArgs{TargetKeyId: k.KeyId}, pulumi.Parent(c)); err != nil {
		return err
	}
	b, err := s3.NewBucketV2(ctx, "box-bucket", &s3.BucketV2Args{
		Tags: pulumi.StringMap{"Key": k.Arn, "Secret": pulumi.ToSecret(pulumi.String("hush")).(pulumi.StringOutput)},
	}, pulumi.Parent(c), pulumi.IgnoreChanges([]string{"tags"}))
	if err != nil {
		return err
	}
	ctx.Export("bucketArn", b.Arn)
	return ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

func TestRunRecordsWhatIsRegistered(t *testing.T) {
	rec := pulumitest.Run(t, keyAndBucket)

	component := rec.Only(t, "bulkhead:test:Box")
	require.False(t, component.Custom)
	require.Len(t, rec.Children(component), 3)
	require.Equal(t, []string{aliasType, keyType, bucketType}, rec.Types())

	k := rec.Get(t, keyType, "box-key")
	require.True(t, k.Protect)
	require.Equal(t, true, k.Value("enableKeyRotation"))
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`, k.ID)
	require.Equal(t, k.ID, rec.Only(t, aliasType).String("targetKeyId"))
	require.Contains(t, rec.Only(t, aliasType).DependsOn, k.URN)

	b := rec.Only(t, bucketType)
	require.Regexp(t, `^box-bucket-[0-9a-f]{7}$`, b.ID)
	require.Equal(t, "arn:aws:kms:eu-central-1:111122223333:key/"+k.ID, b.String("tags.Key"))
	require.Equal(t, "hush", b.Value("tags.Secret"))
	require.Equal(t, []string{"tags"}, b.IgnoreChanges)
	require.Nil(t, b.Value("tags.Nothing.below"))
}

func TestPreviewKeepsUnknowns(t *testing.T) {
	rec := pulumitest.Run(t, keyAndBucket, pulumitest.Preview())
	require.Empty(t, rec.Only(t, keyType).ID)
	require.Equal(t, pulumitest.Unknown, rec.Only(t, aliasType).Value("targetKeyId"))
	require.Equal(t, pulumitest.Unknown, rec.Only(t, bucketType).Value("tags.Key"))
}

func TestAccountRegionAndStack(t *testing.T) {
	rec := pulumitest.Run(t, keyAndBucket, pulumitest.InAccount("444455556666", "us-east-1"), pulumitest.InStack("shop", "production"))
	require.Contains(t, rec.Only(t, bucketType).String("tags.Key"), "arn:aws:kms:us-east-1:444455556666:key/")
	require.Contains(t, rec.Only(t, bucketType).URN, "urn:pulumi:production::shop::bulkhead:test:Box$aws:s3/bucketV2:BucketV2::box-bucket")
}

func TestIDsAreStableAndDistinct(t *testing.T) {
	twoKeys := func(ctx *pulumi.Context) error {
		_, err := kms.NewKey(ctx, "a", &kms.KeyArgs{})
		if err == nil {
			_, err = kms.NewKey(ctx, "b", &kms.KeyArgs{})
		}
		return err
	}
	first, second := pulumitest.Run(t, twoKeys), pulumitest.Run(t, twoKeys)
	require.Equal(t, first.ByType(keyType), second.ByType(keyType))
	require.NotEqual(t, first.Get(t, keyType, "a").ID, first.Get(t, keyType, "b").ID)
	require.Empty(t, first.ByType(bucketType))
}

func TestConfig(t *testing.T) {
	var seen string
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		seen, _ = ctx.GetConfig("bulkhead:environment")
		if !ctx.IsConfigSecret("bulkhead:token") {
			return errors.New("bulkhead:token is not marked as a secret")
		}
		return nil
	}, pulumitest.Config(map[string]string{"bulkhead:environment": "staging"}),
		pulumitest.SecretConfig(map[string]string{"bulkhead:token": "x"}))
	require.Equal(t, "staging", seen)
}

func TestFunctions(t *testing.T) {
	var account, arn string
	ask := func(ctx *pulumi.Context) error {
		id, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{})
		if err != nil {
			return err
		}
		account = id.AccountId
		alias, err := kms.LookupAlias(ctx, &kms.LookupAliasArgs{Name: "alias/mine"})
		if err != nil {
			return err
		}
		arn = alias.Arn
		return nil
	}
	rec := pulumitest.Run(t, ask, pulumitest.Answer("aws:kms/getAlias:getAlias", pulumitest.Fixed(map[string]any{"arn": "arn:of:mine"})))
	require.Equal(t, pulumitest.AccountID, account)
	require.Equal(t, "arn:of:mine", arn)
	require.Len(t, rec.Invocations(), 2)
	require.Equal(t, "alias/mine", rec.Invocations()[1].Args["name"].StringValue())
	require.Len(t, rec.WithoutProvider(), 2)

	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := kms.LookupKey(ctx, &kms.LookupKeyArgs{KeyId: "k"})
		return err
	})
	require.ErrorContains(t, err, "no canned answer for the function aws:kms/getKey:getKey")
}

func TestWithoutProviderSeesInheritance(t *testing.T) {
	require.Len(t, pulumitest.Run(t, keyAndBucket).WithoutProvider(), 3)

	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(pulumitest.Region)})
		if err != nil {
			return err
		}
		c := &box{}
		if err := ctx.RegisterComponentResource("bulkhead:test:Box", "box", c, pulumi.Providers(provider)); err != nil {
			return err
		}
		if _, err := kms.LookupAlias(ctx, &kms.LookupAliasArgs{Name: "alias/x"}, pulumi.Parent(c)); err != nil {
			return err
		}
		_, err = kms.NewKey(ctx, "key", &kms.KeyArgs{}, pulumi.Parent(c))
		return err
	})
	require.Empty(t, rec.WithoutProvider())
}

func TestExistingResourcesAndExtraOutputs(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		existing, err := s3.GetBucketV2(ctx, "old", pulumi.ID("old-bucket"), nil)
		if err != nil {
			return err
		}
		_, err = s3.NewBucketPolicy(ctx, "policy", &s3.BucketPolicyArgs{Bucket: existing.HostedZoneId, Policy: existing.Arn})
		return err
	}, pulumitest.WithOutputs(bucketType, func(r pulumitest.Registration) resource.PropertyMap {
		return resource.PropertyMap{"hostedZoneId": resource.NewProperty("zone of " + r.ID)}
	}))
	require.True(t, rec.Only(t, bucketType).Read)
	require.Equal(t, "old-bucket", rec.Only(t, bucketType).ID)
	require.Equal(t, "zone of old-bucket", rec.Only(t, "aws:s3/bucketPolicy:BucketPolicy").String("bucket"))
	require.Equal(t, "arn:aws:s3:::old-bucket", rec.Only(t, "aws:s3/bucketPolicy:BucketPolicy").String("policy"))
}

func TestRunErrorReturnsTheProgramsError(t *testing.T) {
	cause := errors.New("no such zone")
	require.ErrorIs(t, pulumitest.RunError(t, func(*pulumi.Context) error { return cause }), cause)
}

func TestAliasesAreRecordedAsURNs(t *testing.T) {
	const before = "urn:pulumi:test::bulkhead::"
	alias := func(a pulumi.Alias) pulumi.ResourceOption { return pulumi.Aliases([]pulumi.Alias{a}) }
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		parent := &box{}
		if err := ctx.RegisterComponentResource("bulkhead:test:Box", "box", parent); err != nil {
			return err
		}
		for name, options := range map[string][]pulumi.ResourceOption{
			"none":    nil,
			"renamed": {alias(pulumi.Alias{Name: pulumi.String("old")})},
			"moved":   {alias(pulumi.Alias{ParentURN: pulumi.URN(before + "bulkhead:test:Crate::crate")})},
			"orphan":  {alias(pulumi.Alias{NoParent: pulumi.Bool(true)})},
			"retyped": {alias(pulumi.Alias{Type: pulumi.String("aws:kms/old:Old")})},
			"exact":   {alias(pulumi.Alias{URN: pulumi.URN(before + "a:b:C::d")})},
		} {
			if _, err := kms.NewKey(ctx, name, &kms.KeyArgs{}, append(options, pulumi.Parent(parent))...); err != nil {
				return err
			}
		}
		return nil
	})
	for name, want := range map[string]string{
		"renamed": before + "bulkhead:test:Box$" + keyType + "::old",
		"moved":   before + "bulkhead:test:Crate$" + keyType + "::moved",
		"orphan":  before + keyType + "::orphan",
		"retyped": before + "bulkhead:test:Box$aws:kms/old:Old::retyped",
		"exact":   before + "a:b:C::d",
	} {
		require.Equal(t, []string{want}, rec.Get(t, keyType, name).Aliases)
	}
	require.Empty(t, rec.Get(t, keyType, "none").Aliases)
}
