// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/server"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const documentType = "aws:ssm/document:Document"

// in makes a bastion in the segment of a table.
func in(table func() *segment.Table) pulumitest.Component[Args, Bastion] {
	return pulumitest.Component[Args, Bastion]{
		Args: func(ctx *pulumi.Context) (*Args, error) {
			s, err := networktest.Segment(ctx, "bastion", table())
			return &Args{Segment: s}, err
		},
		New:     func(ctx *pulumi.Context, args *Args) (*Bastion, error) { return New(ctx, "bastion", args) },
		Options: []pulumitest.Option{servertest.Versioned()},
	}
}

// private is a table whose bastion stands behind NAT and is entered through Session Manager alone.
func private() *segment.Table {
	table := networktest.Table()
	for i, s := range table.Segments {
		if s.Name == "bastion" {
			table.Segments[i].Tier = segment.App
		}
	}
	table.Connections = slices.DeleteFunc(table.Connections, func(c segment.Connection) bool { return c.To == "bastion" })
	return table
}

// The bastions under test: one with a public address, and one without.
var (
	door, hatch = in(networktest.Table), in(private)

	program, build = door.Program, door.Build
	with           = pulumitest.With[Args]
	unchanged      = pulumitest.Unchanged[Args]
)

func TestTheTierDecidesAboutThePublicAddress(t *testing.T) {
	for tier, bastion := range map[string]pulumitest.Component[Args, Bastion]{"public": door, "app": hatch} {
		recording := bastion.Build(t, unchanged)
		template := recording.Only(t, servertest.TemplateType)
		for path, want := range map[string]any{
			"imageId":      server.DefaultImage("t3.micro"),
			"instanceType": "t3.micro",
			"networkInterfaces.0.associatePublicIpAddress": map[string]string{"public": "true", "app": "false"}[tier],
			"networkInterfaces.0.securityGroups":           []any{recording.Get(t, servertest.SecurityType, "network-bastion-group").ID},
		} {
			require.Equal(t, want, template.Value(path), "%s: %s", tier, path)
		}
		require.Equal(t, servertest.Subnets(t, recording, tier), recording.Only(t, servertest.GroupType).Value("vpcZoneIdentifiers"))
	}
}

func TestThereIsOneBastionAndItIsReplaced(t *testing.T) {
	group := build(t, unchanged).Only(t, servertest.GroupType)
	for path, want := range map[string]any{
		"minSize":             1.0,
		"maxSize":             1.0,
		"healthCheckType":     "EC2",
		"maxInstanceLifetime": 7.0 * 86400,
		"instanceRefresh": map[string]any{"strategy": "Rolling", "preferences": map[string]any{
			"minHealthyPercentage": 0.0, "maxHealthyPercentage": 100.0, "autoRollback": false, "skipMatching": true,
		}},
	} {
		require.Equal(t, want, group.Value(path), path)
	}
}

func TestTheInstanceStartsAfterEverythingThatItNeeds(t *testing.T) {
	for _, bastion := range []pulumitest.Component[Args, Bastion]{door, hatch} {
		var ready []string
		recording := bastion.Build(t, func(ctx *pulumi.Context, a *Args) error {
			servertest.URNs(ctx, a.Segment.Ready(), &ready)
			return nil
		})
		group := recording.Only(t, servertest.GroupType)
		require.Subset(t, group.DependsOn, ready)
		require.Contains(t, group.DependsOn, recording.Get(t, servertest.LogsType, "bastion-logs").URN)
		require.Contains(t, ready, recording.Get(t, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "network-bastion-to-network-app-ssh").URN)
	}
}

func TestRoleOffersAndRecordsSessionsOnly(t *testing.T) {
	recording := build(t, unchanged)
	logs := "arn:aws:logs:eu-central-1:111122223333:log-group:" + recording.Get(t, servertest.LogsType, "bastion-logs").ID
	got := map[string]any{}
	for sid, statement := range servertest.Permissions(t, recording, "bastion") {
		got[sid] = statement["Resource"]
	}
	require.Equal(t, map[string]any{
		"SessionManager":  "*",
		"FindSessionLog":  "arn:aws:logs:eu-central-1:111122223333:log-group:*",
		"WriteSessionLog": []any{logs, logs + ":*"},
	}, got)
}

func TestSessionsAreRecordedAndEnd(t *testing.T) {
	recording := build(t, unchanged)
	document := recording.Only(t, documentType)
	require.Equal(t, "Session", document.String("documentType"))
	var content struct {
		SchemaVersion, SessionType string
		Inputs                     map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(document.String("content")), &content))
	require.Equal(t, "1.0", content.SchemaVersion)
	require.Equal(t, "Standard_Stream", content.SessionType)
	for input, want := range map[string]any{
		"cloudWatchLogGroupName":      recording.Get(t, servertest.LogsType, "bastion-logs").ID,
		"cloudWatchEncryptionEnabled": true,
		"cloudWatchStreamingEnabled":  true,
		"idleSessionTimeout":          "15",
		"maxSessionDuration":          "120",
		"runAsEnabled":                true,
		"runAsDefaultUser":            "bastion",
	} {
		require.Equal(t, want, content.Inputs[input], input)
	}
}

func TestUserDataHardensTheDaemonAndShipsItsLog(t *testing.T) {
	recording := build(t, unchanged)
	parts := servertest.UserData(t, recording)
	require.Equal(t, []string{"01-harden.sh", "02-ship-logs.sh"}, servertest.Files(parts))
	for _, setting := range []string{
		"\nid -u bastion &>/dev/null || useradd --create-home --shell /bin/bash bastion\n", ">/etc/sudoers.d/ssm-agent-users\n", "\nAllowUsers bastion\n", "PasswordAuthentication no", "PermitRootLogin no", "AllowAgentForwarding no", "AllowTcpForwarding local",
	} {
		require.Contains(t, parts[0].Body, setting)
	}
	require.Contains(t, parts[1].Body, "/var/log/secure")
	require.Contains(t, parts[1].Body, recording.Get(t, servertest.LogsType, "bastion-logs").ID)
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(harden())
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestSessionCommandNamesDocumentAndGroup(t *testing.T) {
	var command string
	recording := build(t, unchanged, func(ctx *pulumi.Context, b *Bastion) error {
		servertest.Text(ctx, "command", b.SessionCommand, &command)
		return nil
	})
	require.Contains(t, command, "--document-name "+recording.Only(t, documentType).ID+" ")
	require.Contains(t, command, "--auto-scaling-group-names "+recording.Only(t, servertest.GroupType).ID+" ")
	check := exec.Command("bash", "-n", "-c", command)
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestFixedImagesAreRolledBack(t *testing.T) {
	recording := build(t, with(func(a *Args) { a.Server.Image = "ami-0123456789abcdef0" }))
	require.Equal(t, true, recording.Only(t, servertest.GroupType).Value("instanceRefresh.preferences.autoRollback"))
}

func TestStateShowsWhatTheBastionWasGiven(t *testing.T) {
	for _, options := range [][]pulumitest.Option{nil, {pulumitest.Preview()}} {
		recording := pulumitest.Run(t, program(with(func(a *Args) { a.IdleMinutes = 5 })), slices.Concat(door.Options, options)...)
		require.Equal(t, map[string]any{
			"idleMinutes": 5.0, "sessionMinutes": 120.0,
			"server": map[string]any{
				"instanceType": "t3.micro", "image": server.DefaultImage("t3.micro"), "rootDevice": "/dev/xvda", "rootGb": 16.0, "maxLifetimeDays": 7.0,
			},
			"documents": recording.Get(t, "bulkhead:bastion:Bastion", "bastion").Value("documents"),
		}, recording.Get(t, "bulkhead:bastion:Bastion", "bastion").Inputs.Mappable())
		draft := recording.Get(t, "bulkhead:bastion:Bastion", "bastion").Inputs["documents"].ObjectValue()["operators"].StringValue()
		require.Contains(t, draft, `"Sid":"StartRecorded","Effect":"Allow","Action":"ssm:StartSession","Resource":"arn:aws:later:::resource"`)
	}
}

func TestPreview(t *testing.T) {
	recording := pulumitest.Run(t, program(unchanged), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, recording.Only(t, servertest.GroupType).Value("launchTemplate.version"))
}
