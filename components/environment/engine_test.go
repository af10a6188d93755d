// SPDX-License-Identifier: Apache-2.0

//go:build engine

package environment

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// need is two parts of URNs, a type and the beginning of a name each: what the first names must stand when something that the
// second names is begun, and stay until that is gone.
type need struct{ first, then, why string }

// needs are what AWS needs, whatever the program says that it waits for.
var needs = []need{
	{"logGroup:LogGroup::shop-db-", "rds/instance:", "RDS makes a log group that is missing by itself, unencrypted"},
	{"rds/parameterGroup:", "rds/instance:", "TLS is forced from the first start"},
	{"RolePolicy::shop-db-monitoring", "rds/instance:", "RDS assumes the monitoring role when it starts"},
	{"gressRule::shop-db-", "rds/instance:", "clients reach the database once it is there"},
	{"NetworkAclRule::shop-data-", "rds/instance:", "the same"},
	{"logGroup:LogGroup::shop-app-", "autoscaling/group:Group::shop-app-", "the agent may not make its log group"},
	{"RolePolicy::shop-app-", "autoscaling/group:Group::shop-app-", "an instance uses its permissions when it starts"},
	{"gressRule::shop-app-", "autoscaling/group:Group::shop-app-", "an instance fetches packages when it starts"},
	{"NetworkAclRule::shop-app-", "autoscaling/group:Group::shop-app-", "the same"},
	{"ec2/route:Route::shop-app-", "autoscaling/group:Group::shop-app-", "the same"},
	{"natGateway:NatGateway::", "autoscaling/group:Group::shop-app-", "the same"},
	{"vpcEndpoint:VpcEndpoint::", "autoscaling/group:Group::shop-app-", "the same"},
	{"gressRule::shop-bastion-", "autoscaling/group:Group::shop-bastion-", "operators reach the bastion once it is there"},
	{"RolePolicy::shop-bastion-", "autoscaling/group:Group::shop-bastion-", "an instance uses its permissions when it starts"},
	{"ec2/route:Route::shop-public-", "autoscaling/group:Group::shop-bastion-", "the bastion registers with Session Manager when it starts"},
	{"internetGateway:InternetGateway::", "lb/loadBalancer:", "AWS refuses a public load balancer without one, and a gateway that is in use stays"},
	{"webAclAssociation:", "lb/listener:", "nobody is served past the web ACL"},
	{"bucketPolicy:BucketPolicy::shop-access-logs", "lb/loadBalancer:", "the load balancer tries to write when its access log is switched on"},
	{"bucketPolicy:BucketPolicy::shop-trail", "cloudtrail/trail:", "CloudTrail tries to write when it starts"},
}

// What must stand when something else begins stands then, and stays until that is gone: in the real engine, and whatever is
// registered late.
func TestTheOrderHoldsWhateverIsLate(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	tools, err := toolchain.Ensure(t.Context(), toolchain.Options{Root: root, Progress: t.Output()})
	require.NoError(t, err)
	for i, round := range rounds() {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			firsts, thens := naming(round, func(n need) string { return n.first }), naming(needs, func(n need) string { return n.then })
			cloud := newCloud(firsts, thens)
			stack := cloudStack(t, tools, cloud)
			_, err := stack.Up(t.Context(), optup.Parallel(64), optup.SuppressProgress())
			require.NoError(t, err)
			made := cloud.finished()
			_, err = stack.Destroy(t.Context(), optdestroy.Parallel(64), optdestroy.SuppressProgress())
			require.NoError(t, err)
			gone := cloud.finished()
			for _, n := range needs {
				n.check(t, made, gone)
			}
		})
	}
}

// rounds divides the needs so that in each round one thing at most that a resource needs is late: were there two, the wait for
// the one could hide that nothing waits for the other.
func rounds() [][]need {
	var all [][]need
	held := map[string]int{}
	for _, n := range needs {
		i := held[n.then]
		held[n.then]++
		if i == len(all) {
			all = append(all, nil)
		}
		all[i] = append(all[i], n)
	}
	return all
}

// naming tells whether a URN has a part of one of the needs.
func naming(of []need, part func(need) string) func(string) bool {
	return func(urn string) bool {
		return slices.ContainsFunc(of, func(n need) bool { return strings.Contains(urn, part(n)) })
	}
}

// check looks at every two resources of the need.
func (n need) check(t *testing.T, made, gone []operation) {
	t.Helper()
	early, late := matching(made, n.first), matching(made, n.then)
	require.NotEmpty(t, early, n.first)
	require.NotEmpty(t, late, n.then)
	for _, e := range early {
		for _, l := range late {
			assert.Truef(t, e.end.Before(l.begin), "%s was begun before %s stood: %s", l.name(), e.name(), n.why)
		}
	}
	for _, l := range matching(gone, n.then) {
		for _, e := range matching(gone, n.first) {
			assert.Truef(t, l.end.Before(e.begin), "%s was deleted before %s was gone: %s", e.name(), l.name(), n.why)
		}
	}
}

func matching(all []operation, part string) []operation {
	return slices.DeleteFunc(slices.Clone(all), func(o operation) bool { return !strings.Contains(o.urn, part) })
}

// cloudStack is a stack of the reference environment whose AWS provider is the cloud.
func cloudStack(t *testing.T, tools *toolchain.Toolchain, cloud *cloud) auto.Stack {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(server, cloud)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	args := reference()
	args.Databases[0].DeletionProtectionOffReason = "this test destroys it"
	args.Edge.DeletionProtectionOffReason = "this test destroys it"
	home := t.TempDir()
	cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: filepath.Dir(filepath.Dir(tools.Pulumi.Path)), SkipVersionCheck: true})
	require.NoError(t, err)
	stack, err := auto.UpsertStackInlineSource(t.Context(), pulumitest.Stack, pulumitest.Project, program(args),
		auto.Pulumi(cli),
		auto.PulumiHome(home),
		auto.Project(workspace.Project{
			Name: tokens.PackageName(pulumitest.Project), Runtime: workspace.NewProjectRuntimeInfo("go", nil),
			Backend: &workspace.ProjectBackend{URL: "file://" + home},
		}),
		auto.EnvVars(map[string]string{
			"PATH":                     tools.SearchPath(),
			"PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
			"PULUMI_DEBUG_PROVIDERS": fmt.Sprintf("aws:%d", listener.Addr().(*net.TCPAddr).Port),
		}))
	require.NoError(t, err)
	return stack
}
