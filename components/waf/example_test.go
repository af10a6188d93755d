// SPDX-License-Identifier: Apache-2.0

package waf_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/waf"
)

// A rule that stops a client for what it has to do counts in place of blocking, with a reason that becomes a tag; all others block.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		_, err := waf.New(ctx, "shop", &waf.Args{
			ResourceARN: pulumi.String("arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/shop/0123456789abcdef"),
			Account: &account.Account{
				ID: "111122223333", Region: "eu-central-1",
				BoundaryARN: pulumi.String("arn:aws:iam::111122223333:policy/boundary"),
				LogKeyARN:   pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
			},
			Settings: waf.Settings{RateLimit: 2000, Relaxations: []waf.Relaxation{{Intent: waf.IPReputation, Reason: "our testers use a VPN"}}},
		})
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:wafv2/webAcl:WebAcl") {
		fmt.Println(r.Value("tags"))
	}
	// Output: map[Name:shop bulkhead:relaxed:IPReputation:our testers use a VPN]
}
