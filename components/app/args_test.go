// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

func TestBadInput(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Args)
		problem string
	}{
		{"no network", func(a *Args) { a.Network = nil }, "Network: missing"},
		{"region", func(a *Args) { a.Region = "eu" }, `Region: "eu"`},
		{"privileged port", func(a *Args) { a.Port = firewall.HTTPS }, "Port: 443 needs a privileged process; use 1025 to 65535"},
		{"the last privileged port", func(a *Args) { a.Port.Number = 1024 }, "Port: 1024"},
		{"no port", func(a *Args) { a.Port = firewall.Port{} }, "Port: "},
		{"port beyond the last", func(a *Args) { a.Port.Number = 65536 }, "65536"},
		{"relative path", func(a *Args) { a.HealthPath = "healthz" }, `HealthPath: "healthz"`},
		{"path with a query", func(a *Args) { a.HealthPath = "/healthz?deep=1" }, "HealthPath"},
		{"path with a command", func(a *Args) { a.HealthPath = "/$(id)" }, "HealthPath"},
		{"type", func(a *Args) { a.InstanceType = "small" }, `InstanceType: "small"`},
		{"image", func(a *Args) { a.ImageID = "amazon-linux" }, `ImageID: "amazon-linux"`},
		{"image for another architecture", func(a *Args) { a.ImageID = instance.DefaultImage("t4g.small") }, "choose an image for x86_64"},
		{"no root disk", func(a *Args) { a.RootDevice = "/dev/sda" }, `RootDevice: "/dev/sda" is not the name of a root disk; use /dev/xvda or /dev/sda1`},
		{"disk", func(a *Args) { a.RootGB = 4 }, "RootGB: 4"},
		{"no instances", func(a *Args) { a.Min = 0 }, "Min, Max: 0 to 4"},
		{"more at least than at most", func(a *Args) { a.Min = 5 }, "Min, Max: 5 to 4"},
		{"too many", func(a *Args) { a.Max = 201 }, "Min, Max: 2 to 201"},
		{"for ever", func(a *Args) { a.MaxLifetimeDays = 366 }, "MaxLifetimeDays: 366"},
		{"negative age", func(a *Args) { a.MaxLifetimeDays = -1 }, "MaxLifetimeDays: -1"},
		{"no boundary", func(a *Args) { a.Boundary = nil }, "Boundary: missing"},
		{"no log key", func(a *Args) { a.LogKeyARN = nil }, "LogKeyARN: missing"},
		{"retention", func(a *Args) { a.LogRetentionDays = 2 }, "LogRetentionDays: 2"},
		{"egress to the world", func(a *Args) { a.EgressCIDRs = []string{"0.0.0.0/0"} }, `EgressCIDRs[0]: "0.0.0.0/0" reaches the whole internet`},
		{"egress to half of it", func(a *Args) { a.EgressCIDRs = []string{"10.0.0.0/8", "128.0.0.0/1"} }, `EgressCIDRs[1]: "128.0.0.0/1" is wider than /8`},
		{"egress to the metadata service", func(a *Args) { a.EgressCIDRs = []string{"169.254.169.254/32"} }, "link-local"},
		{"egress twice", func(a *Args) { a.EgressCIDRs = []string{"10.0.0.0/8", "10.1.0.0/16"} }, "lies inside EgressCIDRs[0]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := pulumitest.RunError(t, program(with(test.change)), aws()...)
			require.ErrorContains(t, err, `app "shop"`)
			require.ErrorContains(t, err, test.problem)
		})
	}
}

func TestEgressFitsOneSecurityGroup(t *testing.T) {
	var many []string
	for i := range MaxEgressCIDRs + 1 {
		many = append(many, fmt.Sprintf("198.51.100.%d/32", i))
	}
	require.Empty(t, checkEgress(many[1:]))
	require.Len(t, checkEgress(many), 1)
}

func TestAllProblemsAtOnce(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "a name that is too long", &Args{Region: "x", HealthPath: "x", InstanceType: "x", RootGB: 1, MaxLifetimeDays: 999, LogRetentionDays: 2, EgressCIDRs: []string{"x"}})
		return err
	})
	for _, field := range []string{
		"name:", "Network:", "Region:", "Port:", "HealthPath:", "InstanceType:", "RootGB:", "Min, Max:", "MaxLifetimeDays:",
		"Boundary:", "LogKeyARN:", "LogRetentionDays:", "EgressCIDRs[0]:",
	} {
		require.ErrorContains(t, err, field)
	}
}

func TestMissingArgs(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "shop", nil)
		return err
	})
	require.ErrorContains(t, err, "args are missing")
}
