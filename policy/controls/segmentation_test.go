// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// stranger is a network without a table of its own, in which a host reaches a database.
const stranger = `
- {$type: "aws:ec2/vpc:Vpc", $name: v, cidrBlock: 10.0.0.0/16}
- {$type: "aws:ec2/subnet:Subnet", $name: s, vpcId: "@v", cidrBlock: 10.0.1.0/24}
- {$type: "aws:ec2/securityGroup:SecurityGroup", $name: web, vpcId: "@v"}
- {$type: "aws:ec2/securityGroup:SecurityGroup", $name: db, vpcId: "@v"}
- {$type: "aws:ec2/instance:Instance", $name: shop-web, subnetId: "@s", vpcSecurityGroupIds: ["@web"]}
- {$type: "aws:ec2/instance:Instance", $name: shop-db, subnetId: "@s", vpcSecurityGroupIds: ["@db"]}
- {$type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", $name: out, securityGroupId: "@web", referencedSecurityGroupId: "@db", ipProtocol: tcp, fromPort: 22, toPort: 22, description: by hand}
- {$type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", $name: hole, securityGroupId: "@db", referencedSecurityGroupId: "@web", ipProtocol: tcp, fromPort: 22, toPort: 22, description: by hand}
`

const strangersTable = `
segments: [{name: web, what: shop-web}, {name: db, what: shop-db}]
connections: [{from: web, to: db, ports: tcp/5432, why: queries}]
`

func TestTheProofInThePack(t *testing.T) {
	p := load(t)
	file := filepath.Join(t.TempDir(), "segments.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strangersTable), 0o600))
	scene := packtest.YAML(t, "aws:ec2/vpc:Vpc", stranger)
	run := func(table string, form packtest.Form) (pack.Outcome, []pack.Note, string) {
		outcome, results, err := packtest.RunOne(p, "segmentation-proved", scene, form, map[string]any{"table": table})
		require.NoError(t, err)
		var notes []pack.Note
		remarks := ""
		for _, r := range results {
			if r.Control.ID == "segmentation-proved" {
				notes = append(notes, r.Notes...)
			} else if r.Remark {
				remarks += r.Notes[0].Text
			}
		}
		return outcome, notes, remarks
	}
	for _, form := range []packtest.Form{packtest.State, packtest.Preview} {
		outcome, notes, _ := run(file, form)
		require.Equal(t, pack.Fail, outcome)
		require.Len(t, notes, 2)
		require.Contains(t, notes[0].Text, "web -> db: tcp 22 may pass and is not in the table [NOT_INTENDED]\n  packet  tcp 10.0.1.")
		require.Contains(t, notes[0].Text, `hole of db allows tcp 22 from web "by hand"`)
		require.Contains(t, notes[1].Text, "web -> db: tcp 5432 (queries) cannot pass [ENI_SG_RULES_MISMATCH]")
	}
	outcome, notes, remarks := run("nowhere.yaml", packtest.State)
	require.Equal(t, pack.Fail, outcome)
	require.Contains(t, notes[0].Text, "the table of segments cannot be used: open ")
	require.Empty(t, remarks)

	outcome, notes, _ = run("", packtest.State)
	require.Equal(t, pack.NotApplicable, outcome)
	require.Empty(t, notes)
	// With everything on, the report says that nothing was judged, and how to mend that.
	results, err := packtest.Run(p, scene, packtest.State)
	require.NoError(t, err)
	said := ""
	for _, r := range results {
		if r.Remark {
			said += r.Notes[0].Text
		}
	}
	require.Contains(t, said, `the segmentation of the network was not judged, because nothing says which connections are meant`)
}

// A segment in which nothing stands refuses, unless another stack fills it.
func TestASegmentWithoutAnythingRefusesUnlessAnotherStackFillsIt(t *testing.T) {
	const text = `
- {$type: "aws:ec2/vpc:Vpc", $name: v, cidrBlock: 10.0.0.0/16}
- {$type: "aws:ec2/subnet:Subnet", $name: s, vpcId: "@v", cidrBlock: 10.0.1.0/24}
- {$type: "bulkhead:network:Network", $name: net, table: {segments: [{name: web, holds: servers}, {name: db, holds: data, elsewhere: false}], connections: [{from: web, to: db, ports: tcp/5432, why: queries}]}}
- {$type: "aws:ec2/securityGroup:SecurityGroup", $name: net-web-group, vpcId: "@v", tags: {Name: net-web}}
- {$type: "aws:ec2/instance:Instance", $name: web, subnetId: "@s", vpcSecurityGroupIds: ["@net-web-group"]}
`
	for want, elsewhere := range map[pack.Outcome]string{pack.Fail: "false", pack.Undecided: "true"} {
		scene := packtest.YAML(t, "bulkhead:network:Network", strings.Replace(text, "elsewhere: false", "elsewhere: "+elsewhere, 1))
		for _, form := range []packtest.Form{packtest.State, packtest.Preview} {
			outcome, results, err := packtest.RunOne(load(t), "segmentation-proved", scene, form, nil)
			require.NoError(t, err)
			require.Equal(t, want, outcome)
			if want == pack.Fail {
				i := slices.IndexFunc(results, func(r pack.Result) bool { return r.Control.ID == "segmentation-proved" })
				require.Contains(t, results[i].Notes[0].Text, "web -> db: tcp 5432 (queries) cannot be judged: nothing stands in db (group:net-db) [NO_MEMBERS]")
			}
		}
	}
}

func TestAnExistingVPCIsNotJudgedByTheStackAndThatIsSaid(t *testing.T) {
	scene := packtest.YAML(t, "bulkhead:network:Network", `
- {$type: "bulkhead:network:Network", $name: net, existing: {vpcId: vpc-01234567}, table: {segments: [{name: web, tier: {name: app, reach: nat, place: 0}, holds: servers}], connections: []}}
- {$type: "aws:ec2/securityGroup:SecurityGroup", $name: net-web-group, vpcId: vpc-01234567, tags: {Name: net-web}}
`)
	for _, form := range []packtest.Form{packtest.State, packtest.Preview} {
		results, err := packtest.Run(load(t), scene, form)
		require.NoError(t, err)
		said := ""
		for _, r := range results {
			if r.Remark {
				said += r.Notes[0].Text
			}
			if r.Control.ID == "segmentation-proved" {
				require.Empty(t, r.Notes)
			}
		}
		require.Contains(t, said, "it moves into an existing VPC")
	}
}
