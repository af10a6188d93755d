// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A cache is a segment and its rows. No component makes it, so that OwnSegments lists its segment, and the program puts its own
// resource there.
func ExampleArgs_ownSegments() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		env, err := environment.New(ctx, "shop", &environment.Args{
			AccountID: "111122223333", Region: "eu-central-1", Zones: []string{"eu-central-1a", "eu-central-1b"}, VPCCIDR: "10.20.0.0/16",
			AlarmEmails: []string{"ops@example.com"},
			Table: &segment.Table{
				Segments: []segment.Segment{
					{Name: "shop", Tier: segment.App, Holds: "The shop"},
					{Name: "cache", Tier: segment.Data, Holds: "Sessions of the shop"},
				},
				Connections: []segment.Connection{
					{From: "shop", To: segment.AWS(append(segment.ServerServices(), "s3")...), Ports: segment.HTTPS, Why: "Packages, logs and sessions"},
					{From: "shop", To: "cache", Ports: segment.TCP(6379), Why: "Sessions are kept here"},
				},
			},
			Services:    []environment.Service{{Name: "shop", Args: app.Args{Port: 8443}}},
			OwnSegments: []string{"cache"},
		})
		if err != nil {
			return err
		}
		in, err := env.Network.Segment("cache")
		if err != nil {
			return err
		}
		subnets, err := elasticache.NewSubnetGroup(ctx, "cache", &elasticache.SubnetGroupArgs{SubnetIds: in.SubnetIDs()}, env.Options)
		if err != nil {
			return err
		}
		_, err = elasticache.NewReplicationGroup(ctx, "cache", &elasticache.ReplicationGroupArgs{
			Description:              pulumi.String("Sessions of the shop"),
			NodeType:                 pulumi.String("cache.t4g.small"),
			NumCacheClusters:         pulumi.Int(2),
			AutomaticFailoverEnabled: pulumi.Bool(true),
			AtRestEncryptionEnabled:  pulumi.Bool(true),
			TransitEncryptionEnabled: pulumi.Bool(true),
			SubnetGroupName:          subnets.Name,
			SecurityGroupIds:         pulumi.StringArray{in.GroupID},
		}, env.Options, order.After(in.Ready()))
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(recorded.ByType("aws:elasticache/replicationGroup:ReplicationGroup")), "cache")
	for _, rule := range recorded.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		if rule.Value("fromPort") == 6379.0 {
			fmt.Println(rule.Name, "-", rule.Value("description"))
		}
	}
	// Output:
	// 1 cache
	// shop-cache-from-shop-shop-tcp-6379 - Sessions are kept here
}
