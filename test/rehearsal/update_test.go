// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

// changed are the types of resources that the proof of the segments reads, and that an update of many settings makes, changes or
// removes. What an update changes in place is in its preview only as far as that tells it.
var changed = []string{
	"aws:ec2/launchTemplate:LaunchTemplate", "aws:autoscaling/group:Group", "aws:rds/instance:Instance", "aws:lb/targetGroup:TargetGroup", "aws:lb/listener:Listener",
	"aws:lb/listenerRule:ListenerRule", "aws:ec2/networkAclRule:NetworkAclRule", "aws:ec2/route:Route", "aws:ec2/vpcEndpoint:VpcEndpoint",
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "aws:ec2/securityGroup:SecurityGroup",
}

// requireUpdateIsPlannedAsItIs deploys many other settings at once. The preview of that, the state after it and the account have to have
// the same segments, no pair of which the preview leaves open.
func requireUpdateIsPlannedAsItIs(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	settings := e.Settings(t)
	file := box.Path(stacks.FileName(e.Name))
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	var doc struct{ Config map[string]any }
	require.NoError(t, yaml.Unmarshal(before, &doc))
	project := ""
	for key := range doc.Config {
		project, _, _ = strings.Cut(key, ":")
	}
	for key, value := range map[string]any{
		"appInstanceType": "t3.medium", "appPort": settings.App.Port + 1000, "appEgressCidrs": []string{"198.51.100.128/28"},
		"databaseInstanceClass": "db.t4g.small", "databaseStorageGb": settings.Database.StorageGB + 10, "edgeHstsDays": 365,
		"interfaceEndpoints": append([]string{"sqs"}, settings.Network.InterfaceEndpoints...),
	} {
		doc.Config[project+":"+key] = value
	}
	if len(settings.Bastion.AllowedCIDRs) > 0 {
		doc.Config[project+":bastionAllowedCidrs"] = []string{"203.0.113.64/28"}
	}
	after, err := yaml.Marshal(map[string]any{"config": doc.Config})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, after, 0o600))
	defer func() { require.NoError(t, os.WriteFile(file, before, 0o600)) }()

	result := box.Rehearse(t, "up", e.Name).Succeed(t)
	result.Says(t, "Segments, the same from plan, state and account")
	requirePackets(t, e, result)
	seen := map[string]bool{}
	for _, event := range e.Events(t) {
		if event.ResourcePreEvent != nil && event.ResourcePreEvent.Metadata.Op != apitype.OpSame {
			seen[event.ResourcePreEvent.Metadata.Type] = true
		}
	}
	for _, kind := range changed {
		require.True(t, seen[kind], "the update leaves every %s as it is", kind)
	}
}
