// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

// osUser is whom operators are on the bastion: a user who may become nobody else, so that nobody ends the record of a session. Who
// they are themselves is in CloudTrail.
const osUser = "bastion"

// sessionDocument is the content of a Session document: what happens in a session goes
// to an encrypted log group as it happens, and a session ends by itself (Systems Manager
// user guide, "Session document schema").
func sessionDocument(logGroup string, idleMinutes, sessionMinutes int) (string, error) {
	document := struct {
		SchemaVersion string         `json:"schemaVersion"`
		Description   string         `json:"description"`
		SessionType   string         `json:"sessionType"`
		Inputs        map[string]any `json:"inputs"`
	}{
		SchemaVersion: "1.0",
		Description:   "A shell on the bastion, recorded and limited in time",
		SessionType:   "Standard_Stream",
		Inputs: map[string]any{
			"cloudWatchLogGroupName":      logGroup,
			"cloudWatchEncryptionEnabled": true,
			"cloudWatchStreamingEnabled":  true,
			"idleSessionTimeout":          strconv.Itoa(idleMinutes),
			"maxSessionDuration":          strconv.Itoa(sessionMinutes),
			"kmsKeyId":                    "",
			"s3BucketName":                "",
			"s3KeyPrefix":                 "",
			"s3EncryptionEnabled":         true,
			"runAsEnabled":                true,
			"runAsDefaultUser":            osUser,
		},
	}
	text, err := json.Marshal(document)
	return string(text), err
}

// newSessionDocument registers the document under which operators open sessions. Only a
// session that names it is recorded: see newOperatorPolicy.
func newSessionDocument(ctx *pulumi.Context, name string, b *Bastion, args *Args, log *logs.Group) (*ssm.Document, error) {
	content := log.Name.ApplyT(func(group string) (string, error) {
		return sessionDocument(group, args.IdleMinutes, args.SessionMinutes)
	}).(pulumi.StringOutput)
	return ssm.NewDocument(ctx, name+"-session", &ssm.DocumentArgs{
		DocumentType:   pulumi.String("Session"),
		DocumentFormat: pulumi.String("JSON"),
		Content:        content,
		Tags:           pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(b))
}

// permissions are what the bastion may do: offer sessions and record them. It has no
// permission on anything behind it; whoever comes through it brings their own.
func permissions(at *account.Account, log *logs.Group) (map[string]pulumi.StringInput, error) {
	find := identity.Statement{
		Sid: "FindSessionLog", Effect: identity.Allow,
		Actions:   []string{"logs:DescribeLogGroups"}, // how the agent sees that the group is encrypted
		Resources: []string{fmt.Sprintf("arn:aws:logs:%s:%s:log-group:*", at.Region, at.ID)},
		Reason:    "the action lists, and lists every group or none",
	}
	sessions, err := identity.Permissions(server.SessionManager(), find).JSON()
	if err != nil {
		return nil, err
	}
	return map[string]pulumi.StringInput{
		"session-manager": pulumi.String(sessions),
		"write-sessions":  identity.DocumentOutput(identity.PermissionsPolicy, server.WriteLogs("WriteSessionLog", log.ARN)),
	}, nil
}

// sessionCommand opens a recorded session on whichever instance is the bastion now.
func sessionCommand(region string, document, group pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.Sprintf("aws ssm start-session --region %[1]s --document-name %[2]s --target "+
		"$(aws autoscaling describe-auto-scaling-groups --region %[1]s --auto-scaling-group-names %[3]s "+
		"--query 'AutoScalingGroups[0].Instances[?LifecycleState==`InService`].InstanceId | [0]' --output text)",
		region, document, group)
}
