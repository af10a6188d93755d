// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// A bucket needs nothing but a name to be private, encrypted, versioned and reached over TLS alone.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		invoices, err := storage.NewBucket(ctx, "invoices", &storage.BucketArgs{})
		if err == nil {
			ctx.Export("bucket", invoices.Name)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, token := range recorded.Types() {
		fmt.Println(token)
	}
	// Output:
	// aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2
	// aws:s3/bucketOwnershipControls:BucketOwnershipControls
	// aws:s3/bucketPolicy:BucketPolicy
	// aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock
	// aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2
	// aws:s3/bucketV2:BucketV2
	// aws:s3/bucketVersioningV2:BucketVersioningV2
}
