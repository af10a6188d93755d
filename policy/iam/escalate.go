// SPDX-License-Identifier: Apache-2.0

package iam

import "strings"

// Path is a way from a set of permissions to full control of the account.
type Path struct {
	Name    string
	Actions []string
}

// paths are the known ways, after Rhino Security Labs' list of AWS privilege escalation methods and its
// later additions. Each needs all of its actions on resources that are not limited.
var paths = []Path{
	{"replaces a policy's default version", []string{"iam:CreatePolicyVersion"}},
	{"restores an older, wider version of a policy", []string{"iam:SetDefaultPolicyVersion"}},
	{"starts an instance with any role", []string{"iam:PassRole", "ec2:RunInstances"}},
	{"creates access keys of another user", []string{"iam:CreateAccessKey"}},
	{"gives another user a console password", []string{"iam:CreateLoginProfile"}},
	{"changes the console password of another user", []string{"iam:UpdateLoginProfile"}},
	{"attaches a managed policy to a user", []string{"iam:AttachUserPolicy"}},
	{"attaches a managed policy to a group", []string{"iam:AttachGroupPolicy"}},
	{"attaches a managed policy to a role", []string{"iam:AttachRolePolicy"}},
	{"writes an inline policy of a user", []string{"iam:PutUserPolicy"}},
	{"writes an inline policy of a group", []string{"iam:PutGroupPolicy"}},
	{"writes an inline policy of a role", []string{"iam:PutRolePolicy"}},
	{"joins a group with more rights", []string{"iam:AddUserToGroup"}},
	{"changes who may assume a role", []string{"iam:UpdateAssumeRolePolicy"}},
	{"runs a function with any role", []string{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}},
	{"lets an event run a function with any role", []string{"iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"}},
	{"lets anybody run a new function with any role", []string{"iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"}},
	{"replaces the code of a function", []string{"lambda:UpdateFunctionCode"}},
	{"adds code to a function through a layer", []string{"lambda:UpdateFunctionConfiguration"}},
	{"opens a Glue shell with any role", []string{"iam:PassRole", "glue:CreateDevEndpoint"}},
	{"replaces the key of a Glue shell", []string{"glue:UpdateDevEndpoint"}},
	{"runs a Glue job with any role", []string{"iam:PassRole", "glue:CreateJob", "glue:StartJobRun"}},
	{"creates a stack with any role", []string{"iam:PassRole", "cloudformation:CreateStack"}},
	{"runs a data pipeline with any role", []string{"iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"}},
	{"opens a notebook with any role", []string{"iam:PassRole", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"}},
	{"runs a build with any role", []string{"iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"}},
	{"runs a container task with any role", []string{"iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"}},
	{"swaps an instance's role", []string{"iam:PassRole", "ec2:AssociateIamInstanceProfile"}},
	{"removes a role's permission boundary", []string{"iam:DeleteRolePermissionsBoundary"}},
	{"removes a user's permission boundary", []string{"iam:DeleteUserPermissionsBoundary"}},
	{"replaces a role's permission boundary", []string{"iam:PutRolePermissionsBoundary"}},
	{"replaces a user's permission boundary", []string{"iam:PutUserPermissionsBoundary"}},
	{"assumes any role", []string{"sts:AssumeRole"}},
	{"runs commands on any managed instance", []string{"ssm:SendCommand"}},
	{"opens a shell on any managed instance", []string{"ssm:StartSession"}},
}

// Escalations returns the ways to full control that the document opens. A document that is full control
// already opens none: that is another finding.
func (d *Document) Escalations() []Path {
	if _, full := d.Admin(); full || len(d.wide) == 0 {
		return nil
	}
	var found []Path
	for _, p := range paths {
		all := true
		for _, a := range p.Actions {
			if _, ok := d.Grants(a); !ok {
				all = false
				break
			}
		}
		if all {
			found = append(found, p)
		}
	}
	return found
}

// Admin reports whether the document allows every action on every resource, and in which statement.
func (d *Document) Admin() (*Statement, bool) {
	for _, s := range d.wide {
		for _, a := range s.Actions {
			if strings.Trim(a, "*?:") == "" {
				return s, true
			}
		}
	}
	return nil, false
}

// Denies reports whether a statement refuses the action on every resource without a condition.
func (d *Document) Denies(action string) bool {
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Denies() && len(s.Conditions) == 0 && s.AnyResource() && len(s.NotResources) == 0 && s.CoversAction(action) {
			return true
		}
	}
	return false
}

// Guardrail reports whether the document is written as a permission boundary: it allows everything, so that
// roles narrow it by their own policies, and refuses every IAM action that leads to full control. Attached as
// an ordinary policy it would still be far too wide.
func (d *Document) Guardrail() bool { return d.guardrail }

func (d *Document) isGuardrail() bool {
	if _, full := d.Admin(); !full {
		return false
	}
	for _, p := range paths {
		for _, a := range p.Actions {
			if strings.HasPrefix(a, "iam:") && !d.Denies(a) {
				return false
			}
		}
	}
	return true
}

// ServiceWide returns the services for which an Allow statement gives every action, such as "s3" for "s3:*".
func (s *Statement) ServiceWide() []string {
	if !s.Allows() {
		return nil
	}
	var out []string
	for _, a := range s.Actions {
		service, action, ok := strings.Cut(a, ":")
		if ok && strings.Trim(service, "*?") != "" && action != "" && strings.Trim(action, "*?") == "" {
			out = append(out, service)
		}
	}
	return out
}

// WriteAnywhere returns the actions of an Allow statement without limits that change or read data of every
// resource, from the given list.
func (d *Document) WriteAnywhere(actions []string) []string {
	var out []string
	for _, a := range actions {
		if _, ok := d.Grants(a); ok {
			out = append(out, a)
		}
	}
	return out
}
