// SPDX-License-Identifier: Apache-2.0

package pulumitest_test

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// A test of one's own program: what would it make, and with which inputs?
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		_, err := sns.NewTopic(ctx, "jobs", &sns.TopicArgs{KmsMasterKeyId: pulumi.String("alias/jobs")})
		return err
	}, pulumitest.InStack("shop", "production"), pulumitest.InAccount("444455556666", "eu-west-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:sns/topic:Topic") {
		fmt.Println(r.URN, r.Value("kmsMasterKeyId"))
	}
	// Output: urn:pulumi:production::shop::aws:sns/topic:Topic::jobs alias/jobs
}
