// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"
)

// Path is a way from a set of permissions to full control of the account.
type Path struct {
	Name    string
	Actions []string
	// Workload marks a way that leads to the role of something that runs already, and no further than that role.
	Workload bool
}

// dropsFactor weakens a sign-in and gives nobody rights by itself: a permission boundary may leave it.
const dropsFactor = "iam:DeactivateMFADevice"

// paths are the known ways, after Rhino Security Labs' list of AWS privilege escalation methods and its
// later additions. Each needs all of its actions on resources that are not limited.
var paths = []Path{
	{Name: "replaces a policy's default version", Actions: []string{"iam:CreatePolicyVersion"}},
	{Name: "restores an older, wider version of a policy", Actions: []string{"iam:SetDefaultPolicyVersion"}},
	{Name: "starts an instance with any role", Actions: []string{"iam:PassRole", "ec2:RunInstances"}},
	{Name: "creates access keys of another user", Actions: []string{"iam:CreateAccessKey"}},
	{Name: "gives another user a console password", Actions: []string{"iam:CreateLoginProfile"}},
	{Name: "changes the console password of another user", Actions: []string{"iam:UpdateLoginProfile"}},
	{Name: "attaches a managed policy to a user", Actions: []string{"iam:AttachUserPolicy"}},
	{Name: "attaches a managed policy to a group", Actions: []string{"iam:AttachGroupPolicy"}},
	{Name: "attaches a managed policy to a role", Actions: []string{"iam:AttachRolePolicy"}},
	{Name: "writes an inline policy of a user", Actions: []string{"iam:PutUserPolicy"}},
	{Name: "writes an inline policy of a group", Actions: []string{"iam:PutGroupPolicy"}},
	{Name: "writes an inline policy of a role", Actions: []string{"iam:PutRolePolicy"}},
	{Name: "joins a group with more rights", Actions: []string{"iam:AddUserToGroup"}},
	{Name: "changes who may assume a role", Actions: []string{"iam:UpdateAssumeRolePolicy"}},
	{Name: "runs a function with any role", Actions: []string{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}},
	{Name: "lets an event run a function with any role",
		Actions: []string{"iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"}},
	{Name: "lets anybody run a new function with any role",
		Actions: []string{"iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"}},
	{Name: "replaces the code of a function", Actions: []string{"lambda:UpdateFunctionCode"}},
	{Name: "adds code to a function through a layer", Actions: []string{"lambda:UpdateFunctionConfiguration"}},
	{Name: "opens a Glue shell with any role", Actions: []string{"iam:PassRole", "glue:CreateDevEndpoint"}},
	{Name: "replaces the key of a Glue shell", Actions: []string{"glue:UpdateDevEndpoint"}},
	{Name: "runs a Glue job with any role", Actions: []string{"iam:PassRole", "glue:CreateJob", "glue:StartJobRun"}},
	{Name: "creates a stack with any role", Actions: []string{"iam:PassRole", "cloudformation:CreateStack"}},
	{Name: "runs a data pipeline with any role",
		Actions: []string{"iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"}},
	{Name: "opens a notebook with any role",
		Actions: []string{"iam:PassRole", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"}},
	{Name: "runs a build with any role", Actions: []string{"iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"}},
	{Name: "runs a container task with any role", Actions: []string{"iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"}},
	{Name: "swaps an instance's role", Actions: []string{"iam:PassRole", "ec2:AssociateIamInstanceProfile"}},
	{Name: "removes a role's permission boundary", Actions: []string{"iam:DeleteRolePermissionsBoundary"}},
	{Name: "removes a user's permission boundary", Actions: []string{"iam:DeleteUserPermissionsBoundary"}},
	{Name: "replaces a role's permission boundary", Actions: []string{"iam:PutRolePermissionsBoundary"}},
	{Name: "replaces a user's permission boundary", Actions: []string{"iam:PutUserPermissionsBoundary"}},
	{Name: "assumes any role", Actions: []string{"sts:AssumeRole"}},
	{Name: "assumes the root user of any member account", Actions: []string{"sts:AssumeRoot"}},
	{Name: "runs any build, with commands of one's own", Actions: []string{"codebuild:StartBuild"}, Workload: true},
	{Name: "updates any stack with the stack's role", Actions: []string{"cloudformation:UpdateStack"}, Workload: true},
	{Name: "changes any stack with the stack's role", Actions: []string{"cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"},
		Workload: true},
	{Name: "logs in to any instance with a key of one's own", Actions: []string{"ec2-instance-connect:SendSSHPublicKey"}, Workload: true},
	{Name: "replaces the user data of any instance", Actions: []string{"ec2:ModifyInstanceAttribute"}, Workload: true},
	{Name: "opens a shell in any container", Actions: []string{"ecs:ExecuteCommand"}, Workload: true},
	{Name: "runs any runbook with its role", Actions: []string{"ssm:StartAutomationExecution"}, Workload: true},
	{Name: "runs commands on instances through an association", Actions: []string{"ssm:CreateAssociation"}, Workload: true},
	{Name: "replaces the code of a Glue job", Actions: []string{"glue:UpdateJob"}, Workload: true},
	{Name: "opens any notebook", Actions: []string{"sagemaker:CreatePresignedNotebookInstanceUrl"}, Workload: true},
	{Name: "replaces the steps of a state machine", Actions: []string{"states:UpdateStateMachine"}, Workload: true},
	{Name: "gives itself a permission set in any account", Actions: []string{"sso:CreateAccountAssignment"}},
	{Name: "joins a group of Identity Center with more rights", Actions: []string{"identitystore:CreateGroupMembership"}},
	{Name: "joins a group of the directory of Identity Center", Actions: []string{"sso-directory:AddMemberToGroup"}},
	{Name: "writes the inline policy of a permission set", Actions: []string{"sso:PutInlinePolicyToPermissionSet"}},
	{Name: "attaches a managed policy to a permission set", Actions: []string{"sso:AttachManagedPolicyToPermissionSet"}},
	{Name: "attaches a policy of the account to a permission set",
		Actions: []string{"sso:AttachCustomerManagedPolicyReferenceToPermissionSet"}},
	{Name: "removes the boundary of a permission set", Actions: []string{"sso:DeletePermissionsBoundaryFromPermissionSet"}},
	{Name: "makes itself administrator of any Kubernetes cluster", Actions: []string{"eks:AssociateAccessPolicy"}, Workload: true},
	{Name: "joins a group of any Kubernetes cluster", Actions: []string{"eks:CreateAccessEntry"}, Workload: true},
	{Name: "joins another group of any Kubernetes cluster", Actions: []string{"eks:UpdateAccessEntry"}, Workload: true},
	{Name: "runs an App Runner service with any role", Actions: []string{"iam:PassRole", "apprunner:CreateService"}},
	{Name: "replaces the image of an App Runner service", Actions: []string{"apprunner:UpdateService"}, Workload: true},
	{Name: "logs in to the serial console of any instance", Actions: []string{"ec2-instance-connect:SendSerialConsoleSSHPublicKey"},
		Workload: true},
	{Name: "adds an identity provider of one's own", Actions: []string{"iam:CreateSAMLProvider"}},
	{Name: "replaces the keys of an identity provider", Actions: []string{"iam:UpdateSAMLProvider"}},
	{Name: "adds an OIDC provider of one's own", Actions: []string{"iam:CreateOpenIDConnectProvider"}},
	{Name: "lets an OIDC provider vouch for another audience", Actions: []string{"iam:AddClientIDToOpenIDConnectProvider"}},
	{Name: "removes the second factor of a user", Actions: []string{dropsFactor}},
	{Name: "runs commands on any managed instance", Actions: []string{"ssm:SendCommand"}},
	{Name: "opens a shell on any managed instance", Actions: []string{"ssm:StartSession"}},
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
		if s.EveryAction("") {
			return s, true
		}
	}
	return nil, false
}

// Denies reports whether a statement refuses the action on every resource without a condition.
func (d *Document) Denies(action string) bool {
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Denies() && len(s.Conditions) == 0 && s.refuses(action) {
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
			if strings.HasPrefix(a, "iam:") && a != dropsFactor && !d.Denies(a) {
				return false
			}
		}
	}
	return true
}

// EveryAction reports whether the statement names every action of a service, as "kms:*" and "*" do, or of all services
// when none is given. NotAction is not looked at.
func (s *Statement) EveryAction(service string) bool {
	return slices.ContainsFunc(s.Actions, func(a string) bool {
		pattern, whole := wholeService(a)
		return everything(a) || whole && matchAction(pattern, service)
	})
}

// EveryAction reports whether a pattern of actions stands for all actions there are, or for all of a service: "*", "s3:*".
func EveryAction(pattern string) bool {
	_, whole := wholeService(pattern)
	return whole || everything(pattern)
}

// everything reports whether a pattern of actions stands for all that there are.
func everything(pattern string) bool {
	return pattern == "" || strings.IndexByte("*?:", pattern[0]) >= 0 && strings.Trim(pattern, "*?:") == ""
}

// wholeService returns the service in a pattern of actions, and whether the pattern stands for all actions of it.
func wholeService(pattern string) (service string, whole bool) {
	service, action, ok := strings.Cut(pattern, ":")
	return service, ok && action != "" && strings.Trim(action, "*?") == ""
}

// ServiceWide returns the services for which an Allow statement gives every action, such as "s3" for "s3:*".
func (s *Statement) ServiceWide() []string {
	if !s.Allows() {
		return nil
	}
	var out []string
	for _, a := range s.Actions {
		if service, whole := wholeService(a); whole && strings.Trim(service, "*?") != "" {
			out = append(out, service)
		}
	}
	return out
}

// Changes returns a service of which the statement lists as many actions that do more than read, or "".
func (s *Statement) Changes(many int) string {
	count := map[string]int{}
	for _, a := range s.Actions {
		service, action, _ := strings.Cut(a, ":")
		reads := slices.ContainsFunc([]string{"Describe", "Get", "List", "Search"},
			func(word string) bool { return strings.HasPrefix(action, word) })
		if count[service]++; reads {
			count[service]--
		}
		if count[service] >= many {
			return service
		}
	}
	return ""
}

// GrantsAnywhere returns those of the listed actions that the document lets happen on every resource, see
// [Document.Grants].
func (d *Document) GrantsAnywhere(actions []string) []string {
	var out []string
	for _, a := range actions {
		if _, ok := d.Grants(a); ok {
			out = append(out, a)
		}
	}
	return out
}
