// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// stackOf opens the rehearsed stack with the automation API, as a tool of somebody else would.
func stackOf(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment, project string) auto.Stack {
	t.Helper()
	tools, err := toolchain.Ensure(t.Context(), toolchain.Options{Root: box.Dir, Progress: io.Discard, Rehearsal: true})
	require.NoError(t, err)
	options := &auto.PulumiCommandOptions{}
	if tools.Pulumi.Origin == "built" {
		options.Root = filepath.Dir(filepath.Dir(tools.Pulumi.Path))
	}
	command, err := auto.NewPulumiCommand(options)
	require.NoError(t, err)
	status := e.Status(t)
	environ := map[string]string{
		"AWS_ENDPOINT_URL":         status.Endpoint,
		"AWS_ACCESS_KEY_ID":        status.AccessKey,
		"AWS_SECRET_ACCESS_KEY":    status.Secret,
		"AWS_REGION":               status.Region,
		"HTTP_PROXY":               status.Endpoint,
		"PATH":                     tools.SearchPath(),
		toolchain.ProgramVariable:  box.Path(".rehearsal", "bin", "infra"),
		"PULUMI_BACKEND_URL":       "file://" + e.Path("backend"),
		"PULUMI_CONFIG_PASSPHRASE": e.Passphrase(t),
		"PULUMI_HOME":              box.Path(".rehearsal", "pulumi-home"),
		"PULUMI_SKIP_UPDATE_CHECK": "true",
		"PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK":    "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
	}
	stack, err := auto.SelectStackLocalSource(t.Context(), e.Name, project, auto.Pulumi(command), auto.EnvVars(environ))
	require.NoError(t, err)
	return stack
}

// requireNoChange previews the stack once more.
func requireNoChange(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	stack := stackOf(t, box, e, e.Path("project"))
	result, err := stack.Preview(t.Context(), optpreview.ExpectNoChanges(), optpreview.Diff())
	require.NoError(t, err, result.StdOut)
	require.Equal(t, []apitype.OpType{apitype.OpSame}, slices.Collect(maps.Keys(result.ChangeSummary)))
	require.Equal(t, len(e.State(t).Resources), result.ChangeSummary[apitype.OpSame])
}

// zoneUpdates are the resources that span the zones and grow in place, by type, with the properties that change. Everything
// else that a zone needs is new.
var zoneUpdates = map[string][]string{
	"aws:autoscaling/group:Group":      {"vpcZoneIdentifiers"},
	"aws:ec2/vpcEndpoint:VpcEndpoint":  {"subnetIds"},
	"aws:lb/loadBalancer:LoadBalancer": {"subnetMappings", "subnets"},
	"aws:rds/subnetGroup:SubnetGroup":  {"subnetIds"},
	"aws:lambda/function:Function":     {"vpcConfig"},
}

// requireThirdZoneOnlyCreates previews staging with a third zone, in a copy of its project.
func requireThirdZoneOnlyCreates(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	settings := e.Settings(t)
	require.Len(t, settings.Network.Zones, 2)
	folder := t.TempDir()
	project := filepath.Join(folder, "project")
	require.NoError(t, os.CopyFS(project, os.DirFS(e.Path("project"))))
	require.NoError(t, os.Symlink(box.Path(".rehearsal", "bin"), filepath.Join(folder, "build")))
	stack := stackOf(t, box, e, project)
	require.NoError(t, stack.SetConfigWithOptions(t.Context(), "bulkhead:zones[2]", auto.ConfigValue{Value: thirdZone(settings.Region, settings.Network.Zones)},
		&auto.ConfigOptions{Path: true}))

	stream := make(chan events.EngineEvent)
	var steps []apitype.StepEventMetadata
	done := make(chan struct{})
	go func() {
		defer close(done)
		for event := range stream {
			if event.ResourcePreEvent != nil {
				steps = append(steps, event.ResourcePreEvent.Metadata)
			}
		}
	}()
	result, err := stack.Preview(t.Context(), optpreview.EventStreams(stream))
	<-done
	require.NoError(t, err, result.StdOut)
	created := map[string]int{}
	for _, step := range steps {
		switch step.Op {
		case apitype.OpCreate:
			created[step.Type]++
		case apitype.OpUpdate:
			if strings.HasPrefix(step.Type, "bulkhead:") {
				continue // a component, whose inputs say which zones there are
			}
			require.Contains(t, zoneUpdates, step.Type, "a zone more changes %s", step.URN)
			require.ElementsMatch(t, zoneUpdates[step.Type], step.Diffs, step.URN)
		default:
			require.Contains(t, []apitype.OpType{apitype.OpSame, apitype.OpRead}, step.Op, "a zone more does %q to %s", step.Op, step.URN)
		}
	}
	require.Equal(t, map[string]int{
		"aws:ec2/subnet:Subnet":                                                     3,
		"aws:ec2/routeTable:RouteTable":                                             1,
		"aws:ec2/route:Route":                                                       1,
		"aws:ec2/routeTableAssociation:RouteTableAssociation":                       3,
		"aws:ec2/networkAclAssociation:NetworkAclAssociation":                       3,
		"aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation": 1,
	}, created)
}

// thirdZone returns a zone of the region that is not in use.
func thirdZone(region string, used []string) string {
	for _, letter := range strings.Split("abc", "") {
		if !slices.Contains(used, region+letter) {
			return region + letter
		}
	}
	return ""
}
