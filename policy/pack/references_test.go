// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

func TestReferences(t *testing.T) {
	const hub, registry = "https://docs.aws.amazon.com/securityhub/latest/userguide/", "https://www.pulumi.com/registry/packages/"
	for name, c := range map[string]struct {
		control pack.Control
		want    []string
	}{
		"nothing":       {pack.Control{}, []string{}},
		"a requirement": {pack.Control{Maps: []string{"FSBP:S3.8"}}, []string{hub + "s3-controls.html#s3-8"}},
		"a service of two words": {pack.Control{Maps: []string{"FSBP:SecretsManager.4"}},
			[]string{hub + "secretsmanager-controls.html#secretsmanager-4"}},
		"a service with a number":    {pack.Control{Maps: []string{"FSBP:Route53.2"}}, []string{hub + "route53-controls.html#route53-2"}},
		"of another standard":        {pack.Control{Maps: []string{"SecurityHub:EC2.13"}}, []string{hub + "ec2-controls.html#ec2-13"}},
		"frameworks without pages":   {pack.Control{Maps: []string{"CIS:5.5", "NIST:SC-7", "PCI:1.3.1", "FSBP", "FSBP:S3"}}, []string{}},
		"the same requirement twice": {pack.Control{Maps: []string{"FSBP:S3.8", "SecurityHub:S3.8"}}, []string{hub + "s3-controls.html#s3-8"}},
		"a type": {pack.Control{Types: []string{"aws:s3/bucketV2:BucketV2"}},
			[]string{registry + "aws/api-docs/s3/bucketv2/"}},
		"a type outside modules": {pack.Control{Types: []string{"random:index/randomPassword:RandomPassword"}},
			[]string{registry + "random/api-docs/randompassword/"}},
		"types that are no resource": {pack.Control{Types: []string{"pulumi:providers:aws", "pulumi:pulumi:Stack", "shop"}}, []string{}},
		"no more than three types": {
			pack.Control{Maps: []string{"FSBP:EC2.8"},
				Types: []string{"aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
					"aws:ec2/vpc:Vpc"}},
			[]string{hub + "ec2-controls.html#ec2-8", registry + "aws/api-docs/ec2/instance/", registry + "aws/api-docs/ec2/launchtemplate/",
				registry + "aws/api-docs/ec2/spotinstancerequest/"},
		},
		"what a control of the stack looks for": {pack.Control{Stack: true, Joins: []string{"aws:cloudtrail/trail:Trail"}},
			[]string{registry + "aws/api-docs/cloudtrail/trail/"}},
		"types before what they join": {pack.Control{Types: []string{"aws:ec2/vpc:Vpc"}, Joins: []string{"aws:ec2/flowLog:FlowLog"}},
			[]string{registry + "aws/api-docs/ec2/vpc/"}},
	} {
		require.Equal(t, c.want, c.control.References(), name)
	}
}

func TestFrameworks(t *testing.T) {
	p := &pack.Pack{Frameworks: []pack.Framework{{Key: "CIS", Name: "CIS AWS Foundations Benchmark", Version: "5.0"},
		{Key: "FSBP", Name: "Best Practices"}}}
	require.Equal(t, "CIS AWS Foundations Benchmark 5.0", p.Framework("CIS").Title())
	require.Equal(t, "Best Practices", p.Framework("FSBP").Title())
	require.Equal(t, "OWN", p.Framework("OWN").Title())
}

func TestDefaultsAreWrittenAsJSON(t *testing.T) {
	for want, value := range map[string]any{
		`7`: 7.0, `false`: false, `""`: "", `"a<b"`: "a<b", `[]`: []string{}, `["a","b"]`: []string{"a", "b"}, `{}`: map[string]any{},
		`null`: nil,
	} {
		require.Equal(t, want, (&pack.Setting{Default: value}).DefaultJSON())
	}
}
