// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
)

// props are properties of a resource.
type props = map[string]any

func one(token string, inputs, outputs props) []exported {
	return []exported{{URN: "urn:pulumi:staging::bulkhead::" + token + "::thing", Type: token, Custom: true, Inputs: inputs, Outputs: outputs}}
}

func statement(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"*"}]}`
}

// blocked are the four settings of a public access block.
func blocked(last bool) props {
	return props{"blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": last}
}

// TestWhatIsPublic holds each judge to a resource that is public and to the same one closed.
func TestWhatIsPublic(t *testing.T) {
	rule := func(key string, who any) props {
		return props{"ingress": []any{props{"fromPort": 22.0, "description": "d", key: who}}}
	}
	for _, c := range []struct {
		token        string
		public, shut props
		want         string
	}{
		{"aws:lb/loadBalancer:LoadBalancer", props{"dnsName": "d"}, props{"internal": true}, "load balancer thing (d)"},
		{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", props{"fromPort": 22.0, "cidrIpv4": "0.0.0.0/0", "description": "d"}, props{"cidrIpv4": "10.0.0.0/8"}, "port 22 from 0.0.0.0/0 (d)"},
		{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", props{"fromPort": 22.0, "prefixListId": "pl-1", "description": "d"}, props{"referencedSecurityGroupId": "sg-1"}, "port 22 from pl-1 (d)"},
		{"aws:ec2/securityGroupRule:SecurityGroupRule", props{"type": "ingress", "fromPort": 22.0, "ipv6CidrBlocks": []any{"::/0"}, "description": "d"}, props{"type": "egress", "cidrBlocks": []any{"0.0.0.0/0"}}, "port 22 from ::/0 (d)"},
		{"aws:ec2/securityGroup:SecurityGroup", rule("cidrBlocks", []any{"10.0.0.0/8", "0.0.0.0/0"}), rule("cidrBlocks", []any{"10.0.0.0/8"}), "port 22 from 0.0.0.0/0 (d)"},
		{"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", rule("ipv6CidrBlocks", []any{"::/0"}), rule("securityGroups", []any{"sg-1"}), "port 22 from ::/0 (d)"},
		{"aws:ec2/launchTemplate:LaunchTemplate", props{"networkInterfaces": []any{props{}, props{"associatePublicIpAddress": "true"}}}, props{"networkInterfaces": []any{props{"associatePublicIpAddress": "false"}}}, "instances of thing have public addresses"},
		{"aws:ec2/subnet:Subnet", props{"mapPublicIpOnLaunch": true}, props{"mapPublicIpOnLaunch": false}, "whatever starts in thing has a public address"},
		{"aws:ec2/instance:Instance", props{"publicIp": "198.51.100.7"}, props{"publicIp": ""}, "instance thing (198.51.100.7)"},
		{"aws:ec2/eip:Eip", props{"instance": "i-1", "publicIp": "198.51.100.7"}, nil, "thing leads to i-1 from 198.51.100.7"},
		{"aws:ec2/eip:Eip", props{"publicIp": "198.51.100.7"}, nil, "outgoing only: thing from 198.51.100.7"},
		{"aws:ec2/eipAssociation:EipAssociation", props{"networkInterfaceId": "eni-1", "publicIp": "198.51.100.7"}, nil, "thing leads to eni-1 from 198.51.100.7"},
		{"aws:rds/instance:Instance", props{"publiclyAccessible": true, "endpoint": "e"}, props{"publiclyAccessible": false}, "database thing has a public address (e)"},
		{"aws:rds/clusterInstance:ClusterInstance", props{"publiclyAccessible": true, "endpoint": "e"}, props{}, "database thing has a public address (e)"},
		{"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", blocked(false), blocked(true), "buckets can be made public: restrictPublicBuckets is off in thing"},
		{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", props{}, blocked(true), "buckets can be made public: blockPublicAcls is off in thing"},
		{"aws:s3/bucketAclV2:BucketAclV2", props{"acl": "public-read"}, props{"acl": "private"}, "thing opens its bucket to everybody"},
		{"aws:s3/bucketPolicy:BucketPolicy", props{"policy": statement(`"*"`)}, props{"policy": statement(`{"Service":"logs.amazonaws.com"}`)}, `thing: statement "S" allows any principal`},
		{"aws:kms/key:Key", props{"policy": statement(`{"AWS":"*"}`)}, props{"policy": statement(`{"AWS":"arn:aws:iam::111122223333:root"}`)}, `thing: statement "S" allows any principal`},
		{"aws:secretsmanager/secret:Secret", props{"policy": statement(`"*"`)}, props{}, `thing: statement "S" allows any principal`},
		{"aws:lambda/permission:Permission", props{"principal": "*", "function": "f"}, props{"principal": "secretsmanager.amazonaws.com", "function": "f"}, "thing lets everybody call f"},
		{"aws:iam/role:Role", props{"assumeRolePolicy": statement(`{"AWS":"*"}`)}, props{}, `thing: statement "S" allows any principal`},
	} {
		require.Equal(t, []string{c.want}, publicThings(one(c.token, c.public, nil)), c.token)
		require.Equal(t, []string{c.want}, publicThings(one(c.token, nil, c.public)), "%s: as AWS has it", c.token)
		if c.shut != nil {
			require.Empty(t, publicThings(one(c.token, c.shut, nil)), c.token)
		}
	}
}

func TestWhatIsNotJudgedIsSaid(t *testing.T) {
	require.Equal(t, []string{"not judged: thing (aws:lambda/functionUrl:FunctionUrl)"}, publicThings(one("aws:lambda/functionUrl:FunctionUrl", nil, nil)))
	require.Len(t, publicThings(one("aws:s3/bucketPolicy:BucketPolicy", props{"policy": "{"}, nil)), 1)
	require.Empty(t, publicThings(one("aws:ec2/vpc:Vpc", nil, nil)))
	for _, row := range awstypes.All() {
		require.Equal(t, row.Internet == awstypes.Judged, judges[row.Token] != nil, row.Token)
	}
	for token := range judges {
		require.Equal(t, awstypes.Judged, awstypes.Get(token).Internet, token)
	}
}
