// SPDX-License-Identifier: Apache-2.0

// Package servertest reads what the components that run servers have in common out of a recording: the user data, the
// permissions of the role, and what the auto-scaling group waits for.
package servertest

import (
	"bytes"
	"encoding/base64"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// The types of what a server is made of.
const (
	TemplateType = "aws:ec2/launchTemplate:LaunchTemplate"
	GroupType    = "aws:autoscaling/group:Group"
	LogsType     = "aws:cloudwatch/logGroup:LogGroup"
	RoleType     = "aws:iam/role:Role"
	PolicyType   = "aws:iam/rolePolicy:RolePolicy"
	SubnetType   = "aws:ec2/subnet:Subnet"
	SecurityType = "aws:ec2/securityGroup:SecurityGroup"
	// AttachmentType is a managed policy of a role, which no server has.
	AttachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
)

// Version is the number of the newest version of every launch template, as a group names it.
const Version = "7"

// Versioned answers every launch template with Version.
func Versioned() pulumitest.Option {
	return pulumitest.WithOutputs(TemplateType, func(pulumitest.Registration) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{"latestVersion": 7})
	})
}

// Part is one piece of user data under the file name that cloud-init gives it.
type Part struct{ File, Type, Body string }

// Parts takes user data apart with Go's own mail reader, as cloud-init does with Python's.
func Parts(tb testing.TB, encoded string) []Part {
	tb.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(tb, err)
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(tb, err)
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	require.NoError(tb, err)
	require.Equal(tb, "multipart/mixed", kind)
	var parts []Part
	for r := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return parts
		}
		require.NoError(tb, err)
		body, err := io.ReadAll(part)
		require.NoError(tb, err)
		parts = append(parts, Part{File: part.FileName(), Type: part.Header.Get("Content-Type"), Body: string(body)})
	}
}

// UserData is the user data of the only launch template of a recording.
func UserData(tb testing.TB, recording *pulumitest.Recording) []Part {
	tb.Helper()
	return Parts(tb, recording.Only(tb, TemplateType).String("userData"))
}

// Files are the names of parts, in their order.
func Files(parts []Part) []string {
	var names []string
	for _, part := range parts {
		names = append(names, part.File)
	}
	return names
}

// Permissions reads the inline policies of the servers of a component by their Sids, and makes sure that its role has the
// permission boundary and no managed policy.
func Permissions(tb testing.TB, recording *pulumitest.Recording, component string) map[string]map[string]any {
	tb.Helper()
	role := recording.Get(tb, RoleType, component+"-role")
	require.Equal(tb, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.Empty(tb, recording.ByType(AttachmentType), "no managed policy")
	found := map[string]map[string]any{}
	for _, policy := range recording.ByType(PolicyType) {
		if strings.HasPrefix(policy.Name, component+"-") {
			maps.Copy(found, pulumitest.Statements(tb, policy.String("policy")))
		}
	}
	return found
}

// Subnets are the ids of the subnets of a tier of the network that package networktest makes.
func Subnets(tb testing.TB, recording *pulumitest.Recording, tier string) []any {
	tb.Helper()
	var ids []any
	for _, zone := range []string{"a", "b"} {
		ids = append(ids, recording.Get(tb, SubnetType, "network-"+tier+"-"+pulumitest.Region+zone).ID)
	}
	return ids
}

// Text hands on a text once it is known. The export makes the run wait for it.
func Text(ctx *pulumi.Context, name string, output pulumi.StringOutput, into *string) {
	ctx.Export(name, output.ApplyT(func(text string) string {
		*into = text
		return text
	}))
}

// URNs hands on the URNs of resources once they are known. The export makes the run wait for them.
func URNs(ctx *pulumi.Context, resources []pulumi.CustomResource, into *[]string) {
	var urns pulumi.URNArray
	for _, r := range resources {
		urns = append(urns, r.URN())
	}
	ctx.Export("urns", urns.ToURNArrayOutput().ApplyT(func(list []pulumi.URN) int {
		for _, urn := range list {
			*into = append(*into, string(urn))
		}
		return len(list)
	}))
}
