// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

const (
	// agentSeconds is how long one call may take: many databases at once, on a small instance.
	agentSeconds = 300
	// agentMemoryMB also decides the share of a processor (Lambda developer guide, "Configure Lambda function memory").
	agentMemoryMB = 256
)

// joinNetwork is what Lambda itself needs to give a function an interface in the VPC (Lambda developer guide, "Giving Lambda
// functions access to resources in an Amazon VPC", required IAM permissions).
var joinNetwork = []string{
	"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
	"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
}

// newAgent makes the function that makes the users, and calls it with what is declared: now, and whenever the declaration, the
// function or the instance is another.
func newAgent(ctx *pulumi.Context, name string, d *Database, args *Args, instance pulumi.CustomResource) error {
	log, err := logs.New(ctx, name+"-agent", &logs.Args{Account: args.Segment.Account()}, pulumi.Parent(d))
	if err != nil {
		return err
	}
	if err := newSecrets(ctx, name, d, args); err != nil {
		return err
	}
	role, err := newAgentRole(ctx, name+"-agent", d, args, log)
	if err != nil {
		return err
	}
	d.AgentRoleARN = role.ARN
	policies, err := protectSecrets(ctx, name, d, args, role.ARN)
	if err != nil {
		return err
	}
	processor, err := architecture(args.Users.Archive)
	if err != nil {
		return err
	}
	in := args.Users.Agent
	function, err := lambda.NewFunction(ctx, name+"-agent", &lambda.FunctionArgs{
		Description:   pulumi.String("Makes the users of the database " + d.name),
		Runtime:       pulumi.String("provided.al2023"),
		Architectures: pulumi.ToStringArray([]string{processor}),
		Handler:       pulumi.String(bootstrap),
		Code:          pulumi.NewFileArchive(args.Users.Archive),
		Role:          role.ARN,
		Timeout:       pulumi.Int(agentSeconds),
		MemorySize:    pulumi.Int(agentMemoryMB),
		VpcConfig: lambda.FunctionVpcConfigArgs{
			SubnetIds:        in.SubnetIDs(),
			SecurityGroupIds: pulumi.StringArray{in.GroupID},
		},
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{
			"BULKHEAD_DATABASE_HOST":        d.Address,
			"BULKHEAD_DATABASE_PORT":        pulumi.String(strconv.Itoa(d.Port.From)),
			"BULKHEAD_ADMINISTRATOR_SECRET": d.SecretARN,
		}},
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: log.Name},
		Tags:          pulumi.StringMap{"Name": pulumi.String(name + "-agent")},
	}, pulumi.Parent(d), order.After(log.Ready(), in.Ready()))
	if err != nil {
		return err
	}
	d.AgentName = function.Name
	declared := pulumi.ToStringMapOutput(d.UserSecretARNs).ApplyT(func(secrets map[string]string) (string, error) {
		event := map[string]any{"converge": args.Users.document()}
		if len(secrets) > 0 {
			event["secrets"] = secrets
		}
		text, err := json.Marshal(event)
		return string(text), err
	}).(pulumi.StringOutput)
	call, err := lambda.NewInvocation(ctx, name+"-users", &lambda.InvocationArgs{
		FunctionName: function.Name,
		Input:        declared,
		Triggers:     pulumi.StringMap{"instance": d.ResourceID, "program": function.CodeSha256},
	}, pulumi.Parent(d), order.After(order.List(instance, function), policies, in.Ready(), args.Segment.Ready()))
	if err != nil {
		return err
	}
	d.users = order.List(call)
	return rotateSecrets(ctx, name, d, args, function)
}

// newAgentRole is what the function may do: read the owner's secret, rotate those of the users, and write its log. What Lambda needs to connect it to the
// network is refused to the function's own code, as the developer guide advises.
func newAgentRole(ctx *pulumi.Context, name string, d *Database, args *Args, log *logs.Group) (*identity.Role, error) {
	account := args.Segment.Account()
	network, err := identity.Permissions(
		identity.Statement{
			Sid: "JoinNetwork", Effect: identity.Allow, Actions: joinNetwork, Resources: []string{"*"},
			Reason: "Lambda checks these rights before an interface exists that could be named",
		},
		identity.Statement{
			Sid: "RefuseNetworkToTheCode", Effect: identity.Deny, Actions: joinNetwork, Resources: []string{"*"},
			Conditions: []identity.Condition{{
				Operator: "ArnLike", Key: "lambda:SourceFunctionArn",
				Values: []string{fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s-*", account.Region, account.ID, name)},
			}},
		},
	).JSON()
	if err != nil {
		return nil, err
	}
	policies := map[string]pulumi.StringInput{
		"join-network": pulumi.String(network),
		"write-logs":   identity.DocumentOutput(identity.PermissionsPolicy, server.WriteLogs("WriteOwnLogs", log.ARN)),
		"read-database-secret": identity.DocumentOutput(identity.PermissionsPolicy,
			d.readSecret("ReadOwnersSecret", "DecryptOwnersSecret", d.SecretARN)...),
	}
	if rotate := d.writeSecrets(args.Users.withSecret()); rotate != nil {
		policies["rotate-user-secrets"] = identity.DocumentOutput(identity.PermissionsPolicy, rotate...)
	}
	return identity.NewRole(ctx, name, &identity.RoleArgs{
		AssumedBy:   identity.AssumeRoleByService("lambda.amazonaws.com"),
		Boundary:    account.BoundaryARN,
		Description: "The function that makes the users of the database " + d.name,
		Policies:    policies,
	}, pulumi.Parent(d))
}
