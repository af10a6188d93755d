// SPDX-License-Identifier: Apache-2.0

// Command publicbucket opens a bucket to the internet, in seven ways. It is the example with which the policy
// pack shows what it refuses; see README.md. It is never meant to be deployed.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(program) }

// ways are the seven ways in the order of the README.
var ways = []struct {
	name string
	open func(*pulumi.Context) error
}{
	{"acl", byACL},
	{"policy", byPolicy},
	{"missing", byMissingBlock},
	{"partial", byPartialBlock},
	{"point", byAccessPoint},
	{"website", byWebsite},
	{"account", byAccountBlock},
}

// program goes the way that the setting names, all of them, or none.
func program(ctx *pulumi.Context) error {
	chosen, _ := ctx.GetConfig("publicbucket:way")
	if chosen == "none" {
		_, err := private(ctx, "none")
		return err
	}
	found := false
	for _, way := range ways {
		if chosen != "all" && chosen != way.name {
			continue
		}
		found = true
		if err := way.open(ctx); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("publicbucket:way is %q, which is none of the ways", chosen)
	}
	return nil
}

// unguarded makes a bucket without a public access block. Its name is written down, as people do who refer to
// it elsewhere.
func unguarded(ctx *pulumi.Context, name string) (*s3.BucketV2, error) {
	return s3.NewBucketV2(ctx, name, &s3.BucketV2Args{Bucket: pulumi.String("bulkhead-example-" + name)})
}

// private makes a bucket with a whole public access block. Each way starts from it and opens one thing.
func private(ctx *pulumi.Context, name string) (*s3.BucketV2, error) {
	b, err := unguarded(ctx, name)
	if err != nil {
		return nil, err
	}
	on := pulumi.Bool(true)
	_, err = s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket: b.ID(), BlockPublicAcls: on, BlockPublicPolicy: on, IgnorePublicAcls: on, RestrictPublicBuckets: on,
	})
	return b, err
}
