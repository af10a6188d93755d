// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

const (
	templateType = "aws:ec2/launchTemplate:LaunchTemplate"
	groupType    = "aws:autoscaling/group:Group"
	documentType = "aws:ssm/document:Document"
	firewallType = "aws:ec2/securityGroup:SecurityGroup"
	ingressType  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	policyType   = "aws:iam/rolePolicy:RolePolicy"
	roleType     = "aws:iam/role:Role"
	logsType     = "aws:cloudwatch/logGroup:LogGroup"
)

// versioned answers a launch template with the number of its newest version.
func versioned(pulumitest.Registration) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{"latestVersion": 3})
}

// door is the bastion under test.
var door = pulumitest.Component[Args, Bastion]{
	Args: func(ctx *pulumi.Context) (*Args, error) {
		n, err := networktest.New(ctx, network.Flow{From: network.CIDR("203.0.113.0/28"), To: network.TierOf(network.Public), Port: firewall.SSH})
		return &Args{
			Network: n, AccountID: pulumitest.AccountID, Region: pulumitest.Region,
			AllowedCIDRs: []string{"203.0.113.0/28", "2001:db8:1::/48"},
			Boundary:     pulumi.String(pulumitest.BoundaryARN), LogKeyARN: pulumi.String(pulumitest.LogKeyARN),
		}, err
	},
	New:     func(ctx *pulumi.Context, args *Args) (*Bastion, error) { return New(ctx, "bastion", args) },
	Options: []pulumitest.Option{pulumitest.WithOutputs(templateType, versioned)},
}

var (
	program, build = door.Program, door.Build
	with           = pulumitest.With[Args]
	unchanged      = pulumitest.Unchanged[Args]
)

func TestLaunchTemplateIsHardened(t *testing.T) {
	recording := build(t, unchanged)
	template := recording.Only(t, templateType)
	for path, want := range map[string]any{
		"imageId":      instance.DefaultImage("t3.micro"),
		"instanceType": "t3.micro",
		"keyName":      nil,
		"metadataOptions": map[string]any{
			"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1.0,
			"httpProtocolIpv6": "disabled", "instanceMetadataTags": "disabled",
		},
		"monitoring": map[string]any{"enabled": true},
		"blockDeviceMappings": []any{map[string]any{
			"deviceName": "/dev/xvda",
			"ebs":        map[string]any{"volumeType": "gp3", "volumeSize": 16.0, "encrypted": "true", "deleteOnTermination": "true"},
		}},
		"networkInterfaces": []any{map[string]any{
			"deviceIndex": 0.0, "associatePublicIpAddress": "true", "deleteOnTermination": "true",
			"securityGroups": []any{recording.Get(t, firewallType, "bastion-group").ID},
		}},
	} {
		require.Equal(t, want, template.Value(path), path)
	}
	require.Contains(t, template.String("iamInstanceProfile.arn"), ":instance-profile/bastion-profile")
}

func TestThereIsOneBastionAndItIsReplaced(t *testing.T) {
	recording := build(t, unchanged)
	group := recording.Only(t, groupType)
	var public []any
	for _, zone := range []string{"a", "b"} {
		public = append(public, recording.Get(t, "aws:ec2/subnet:Subnet", "network-public-eu-central-1"+zone).ID)
	}
	for path, want := range map[string]any{
		"minSize":                1.0,
		"maxSize":                1.0,
		"vpcZoneIdentifiers":     public,
		"healthCheckType":        "EC2",
		"maxInstanceLifetime":    7.0 * 86400,
		"waitForCapacityTimeout": "10m",
		"launchTemplate":         map[string]any{"id": recording.Only(t, templateType).ID, "version": "3"},
		"instanceRefresh": map[string]any{"strategy": "Rolling", "preferences": map[string]any{
			"minHealthyPercentage": 0.0, "maxHealthyPercentage": 100.0, "autoRollback": false, "skipMatching": true,
		}},
	} {
		require.Equal(t, want, group.Value(path), path)
	}
	for _, rule := range append(recording.ByType(egressType), recording.ByType(ingressType)...) {
		if strings.HasPrefix(rule.Name, "bastion-") {
			require.Contains(t, group.DependsOn, rule.URN, "the instance starts when its rules stand")
		}
	}
}

func TestOnlyKnownAddressesEnterAndOnlyBySSH(t *testing.T) {
	recording := build(t, unchanged)
	own := recording.Get(t, firewallType, "bastion-group").ID
	var sources []string
	for _, rule := range recording.ByType(ingressType) {
		if rule.String("securityGroupId") != own {
			continue
		}
		require.Equal(t, 22.0, rule.Value("fromPort"))
		require.Equal(t, 22.0, rule.Value("toPort"))
		require.Equal(t, "tcp", rule.String("ipProtocol"))
		require.Nil(t, rule.Value("referencedSecurityGroupId"))
		sources = append(sources, rule.String("cidrIpv4")+rule.String("cidrIpv6"))
	}
	require.ElementsMatch(t, []string{"203.0.113.0/28", "2001:db8:1::/48"}, sources)
}

func TestRulesAreNamedAfterTheRangeAndNotItsPlace(t *testing.T) {
	names := func(list ...string) (found []string) {
		for _, rule := range build(t, with(func(a *Args) { a.AllowedCIDRs = list })).ByType(ingressType) {
			if strings.HasPrefix(rule.Name, "bastion-from") {
				found = append(found, rule.Name)
			}
		}
		return found
	}
	before := names("203.0.113.0/28", "198.51.100.7/32")
	after := names("192.0.2.0/24", "198.51.100.7/32", "203.0.113.0/28")
	require.Equal(t, []string{"bastion-from-cidr-198-51-100-7-32-ssh", "bastion-from-cidr-203-0-113-0-28-ssh"}, before)
	require.Subset(t, after, before)
}

// outward lists the egress rules of the bastion: destination and port.
func outward(t *testing.T, recording *pulumitest.Recording) []string {
	t.Helper()
	own := recording.Get(t, firewallType, "bastion-group").ID
	var found []string
	for _, rule := range recording.ByType(egressType) {
		if rule.String("securityGroupId") != own {
			continue
		}
		to := rule.String("referencedSecurityGroupId") + rule.String("cidrIpv4") + rule.String("cidrIpv6")
		if rule.Value("prefixListId") != nil {
			to = "s3"
		}
		require.Equal(t, rule.Value("fromPort"), rule.Value("toPort"))
		found = append(found, fmt.Sprintf("%s:%v", to, rule.Value("fromPort")))
	}
	return found
}

func TestLittleLeaves(t *testing.T) {
	recording := build(t, unchanged)
	endpoints := recording.Get(t, firewallType, "network-endpoints-group").ID
	require.ElementsMatch(t, []string{endpoints + ":443", "s3:443"}, outward(t, recording))
}

func TestTargetsAreReachedOnTheirPort(t *testing.T) {
	shop := firewall.Port{Name: "shop", Number: 8443}
	recording := build(t, func(ctx *pulumi.Context, a *Args) error {
		for _, target := range []struct {
			name string
			port firewall.Port
		}{{"app", shop}, {"database", firewall.PostgreSQL}} {
			group, err := firewall.NewGroup(ctx, target.name, &firewall.GroupArgs{VpcID: a.Network.VpcID, Description: "Target"})
			if err != nil {
				return err
			}
			a.Reaches = append(a.Reaches, Target{Group: group, Port: target.port})
		}
		return nil
	})
	endpoints := recording.Get(t, firewallType, "network-endpoints-group").ID
	app := recording.Get(t, firewallType, "app-group").ID
	db := recording.Get(t, firewallType, "database-group").ID
	require.ElementsMatch(t, []string{endpoints + ":443", "s3:443", app + ":8443", db + ":5432"}, outward(t, recording))
	require.Equal(t, app, recording.Get(t, ingressType, "app-from-bastion-shop").String("securityGroupId"))
}

func TestRoleOffersAndRecordsSessionsOnly(t *testing.T) {
	recording := build(t, unchanged)
	role := recording.Get(t, roleType, "bastion-role")
	require.Equal(t, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.Empty(t, recording.ByType("aws:iam/rolePolicyAttachment:RolePolicyAttachment"), "no managed policy")
	logs := "arn:aws:logs:eu-central-1:111122223333:log-group:" + recording.Get(t, logsType, "bastion-logs").ID
	want := map[string]any{
		"SessionManager":  "*",
		"FindSessionLog":  "arn:aws:logs:eu-central-1:111122223333:log-group:*",
		"WriteSessionLog": []any{logs, logs + ":*"},
	}
	got := map[string]any{}
	for _, policy := range recording.ByType(policyType) {
		if !strings.HasPrefix(policy.Name, "bastion-") {
			continue
		}
		for sid, statement := range pulumitest.Statements(t, policy.String("policy")) {
			got[sid] = statement["Resource"]
		}
	}
	require.Equal(t, want, got)
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
		"cloudWatchLogGroupName":      recording.Get(t, logsType, "bastion-logs").ID,
		"cloudWatchEncryptionEnabled": true,
		"cloudWatchStreamingEnabled":  true,
		"idleSessionTimeout":          "15",
		"maxSessionDuration":          "120",
	} {
		require.Equal(t, want, content.Inputs[input], input)
	}
}

func TestSessionLogIsEncryptedAndExpires(t *testing.T) {
	group := build(t, unchanged).Get(t, logsType, "bastion-logs")
	require.Equal(t, pulumitest.LogKeyARN, group.String("kmsKeyId"))
	require.Equal(t, 365.0, group.Value("retentionInDays"))
}

func TestUserDataHardensTheDaemonAndShipsItsLog(t *testing.T) {
	recording := build(t, unchanged)
	text, err := base64.StdEncoding.DecodeString(recording.Only(t, templateType).String("userData"))
	require.NoError(t, err)
	for _, setting := range []string{"PasswordAuthentication no", "PermitRootLogin no", "AllowAgentForwarding no", "AllowTcpForwarding local", "/var/log/secure"} {
		require.Contains(t, string(text), setting)
	}
	require.Contains(t, string(text), recording.Get(t, logsType, "bastion-logs").ID)
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(harden)
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestSessionCommandNamesDocumentAndGroup(t *testing.T) {
	var command string
	recording := build(t, unchanged, func(ctx *pulumi.Context, b *Bastion) error {
		ctx.Export("seen", b.SessionCommand.ApplyT(func(text string) string {
			command = text
			return text
		}))
		return nil
	})
	require.Contains(t, command, "--document-name "+recording.Only(t, documentType).ID+" ")
	require.Contains(t, command, "--auto-scaling-group-names "+recording.Only(t, groupType).ID+" ")
	check := exec.Command("bash", "-n", "-c", command)
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestFixedImagesAreRolledBack(t *testing.T) {
	recording := build(t, with(func(a *Args) { a.ImageID = "ami-0123456789abcdef0" }))
	require.Equal(t, true, recording.Only(t, groupType).Value("instanceRefresh.preferences.autoRollback"))
}

func TestBadInput(t *testing.T) {
	target := &firewall.Group{}
	for _, test := range []struct {
		name    string
		change  func(*Args)
		problem string
	}{
		{"no network", func(a *Args) { a.Network = nil }, "Network: missing"},
		{"account", func(a *Args) { a.AccountID = "1" }, `AccountID: "1"`},
		{"region", func(a *Args) { a.Region = "eu" }, `Region: "eu"`},
		{"nobody", func(a *Args) { a.AllowedCIDRs = nil }, "AllowedCIDRs: no address may reach the bastion"},
		{"the world", func(a *Args) { a.AllowedCIDRs = []string{"0.0.0.0/0"} }, `AllowedCIDRs[0]: "0.0.0.0/0" admits the whole internet`},
		{"the world in IPv6", func(a *Args) { a.AllowedCIDRs = []string{"::/0"} }, `AllowedCIDRs[0]: "::/0" admits the whole internet`},
		{"the world in halves", func(a *Args) { a.AllowedCIDRs = []string{"0.0.0.0/1", "128.0.0.0/1"} }, `AllowedCIDRs[1]: "128.0.0.0/1" is wider than /24`},
		{"host bits", func(a *Args) { a.AllowedCIDRs = []string{"203.0.113.7/24"} }, "canonical"},
		{"twice", func(a *Args) { a.AllowedCIDRs = []string{"203.0.113.7/32", "203.0.113.7/32"} }, "AllowedCIDRs[1]: \"203.0.113.7/32\" is listed twice"},
		{"target without a group", func(a *Args) { a.Reaches = []Target{{Port: firewall.SSH}} }, "Reaches[0].Group: missing"},
		{"target without a port", func(a *Args) { a.Reaches = []Target{{Group: target}} }, "Reaches[0].Port"},
		{"target twice", func(a *Args) {
			a.Reaches = []Target{{target, firewall.PostgreSQL}, {target, firewall.Port{Name: "db", Number: 5432}}}
		}, "Reaches[1]: port 5432 of this group is already in Reaches[0]"},
		{"type", func(a *Args) { a.InstanceType = "tiny" }, `InstanceType: "tiny"`},
		{"image", func(a *Args) { a.ImageID = instance.DefaultImage("t4g.micro") }, "choose an image for x86_64"},
		{"age", func(a *Args) { a.MaxLifetimeDays = 400 }, "MaxLifetimeDays: 400"},
		{"idle", func(a *Args) { a.IdleMinutes = 61 }, "IdleMinutes: 61"},
		{"session", func(a *Args) { a.SessionMinutes = 1441 }, "SessionMinutes: 1441"},
		{"no boundary", func(a *Args) { a.Boundary = nil }, "Boundary: missing"},
		{"no log key", func(a *Args) { a.LogKeyARN = nil }, "LogKeyARN: missing"},
		{"retention", func(a *Args) { a.LogRetentionDays = 2 }, "LogRetentionDays: 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := pulumitest.RunError(t, program(with(test.change)))
			require.ErrorContains(t, err, `bastion "bastion"`)
			require.ErrorContains(t, err, test.problem)
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "Bastion!", &Args{
			AllowedCIDRs: []string{"0.0.0.0/0", "10.0.0.0/8"}, Reaches: []Target{{}}, InstanceType: "x",
			MaxLifetimeDays: -1, IdleMinutes: -1, SessionMinutes: -1, LogRetentionDays: 2,
		})
		return err
	})
	for _, field := range []string{
		"name:", "Network:", "AccountID:", "Region:", "AllowedCIDRs[0]:", "AllowedCIDRs[1]:", "Reaches[0].Group:", "InstanceType:",
		"MaxLifetimeDays:", "IdleMinutes:", "SessionMinutes:", "Boundary:", "LogKeyARN:", "LogRetentionDays:",
	} {
		require.ErrorContains(t, err, field)
	}
}

func TestMissingArgs(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "bastion", nil)
		return err
	})
	require.ErrorContains(t, err, "args are missing")
}

func TestPreview(t *testing.T) {
	recording := pulumitest.Run(t, program(unchanged), pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, recording.Only(t, groupType).Value("launchTemplate.version"))
}
