// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// asksMore reports whether a condition asks a whole account for more than its id: an external id, a second factor or
// a role of it.
func asksMore(c iam.Condition) bool {
	switch strings.ToLower(c.Key) {
	case "sts:externalid":
		return c.Names()
	case "aws:principalarn":
		return c.Demands() && !slices.ContainsFunc(c.Values, func(v string) bool { return !iam.NamesOwner(v) })
	}
	return c.DemandsSecondFactor()
}

// namesAudience reports whether a statement demands an audience that is spelled out.
func namesAudience(s *iam.Statement) bool {
	return slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool {
		return strings.HasSuffix(strings.ToLower(c.Key), ":aud") && c.Names()
	})
}

// oidc reports whether the statement trusts an OIDC provider.
func oidc(s *iam.Statement) bool {
	return s.Allows() && slices.ContainsFunc(s.Principals, func(p iam.Principal) bool {
		return p.Kind == "Federated" && (strings.Contains(p.ID, ":oidc-provider/") || !strings.HasPrefix(p.ID, "arn:"))
	})
}

// identityPool reports whether the statement trusts one Amazon Cognito identity pool. Cognito's tokens name the
// pool as their audience and a single user as their subject (Cognito developer guide, "IAM roles").
func identityPool(s *iam.Statement) bool {
	return slices.ContainsFunc(s.Principals, func(p iam.Principal) bool { return p.ID == "cognito-identity.amazonaws.com" }) &&
		slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool {
			return strings.EqualFold(c.Key, "cognito-identity.amazonaws.com:aud") && c.Names()
		})
}

// bitbucket is in the URL of the providers of Bitbucket, which goes on with the workspace: whoever such a provider
// vouches for is of the workspace (Bitbucket Cloud, "Deploy on AWS using Bitbucket Pipelines OpenID Connect").
const bitbucket = "api.bitbucket.org/2.0/workspaces/"

// workspace reports whether all OIDC providers of a statement are those of Bitbucket workspaces.
func workspace(s *iam.Statement) bool {
	return !slices.ContainsFunc(s.Principals, func(p iam.Principal) bool {
		_, rest, found := strings.Cut(p.ID, bitbucket)
		name, _, _ := strings.Cut(rest, "/")
		return !found || name == "" || strings.ContainsAny(name, "*?$")
	})
}

// labels are the words in a subject that say what the next part is: repo:OWNER/NAME on GitHub, project_path:GROUP
// on GitLab, organization:NAME on Terraform Cloud, system:serviceaccount:NAMESPACE on Kubernetes, org/ID on CircleCI,
// pulumi:deploy:org:NAME on Pulumi Cloud.
var labels = []string{
	"repo", "repository", "repository_owner", "repository_owner_id", "repository_id", "job_workflow_ref", "project_path", "namespace_path",
	"organization", "org", "owner", "account",
	"workspace", "project", "system", "serviceaccount", "pulumi", "deploy", "environments",
}

// passing are words in a subject whose next part is a name that anybody may give to something of theirs.
var passing = []string{"environment", "env", "ref", "ref_type", "branch", "workflow", "workflow_ref", "repository_visibility", "visibility",
	"actor", "actor_id", "enterprise", "enterprise_id", "event_name", "user_login"}

// githubLabels are the words in a subject of GitHub that an owner or an id comes after (GitHub, "OpenID Connect
// reference").
var githubLabels = []string{"repo", "repository", "repository_owner", "repository_owner_id", "repository_id", "job_workflow_ref"}

// subjectOwner is the part of a subject that names whose it is.
func subjectOwner(subject string) string {
	parts := strings.Split(subject, ":")
	for i := 0; i < len(parts); i++ {
		if slices.Contains(passing, parts[i]) {
			i++
			continue
		}
		for word := range strings.SplitSeq(parts[i], "/") {
			if word != "" && !slices.Contains(labels, word) {
				return word
			}
		}
	}
	return ""
}

// githubOwner is the owner or the id in a subject of GitHub. What comes before it has to be spelled out, for others
// could write the rest into a name of theirs.
func githubOwner(subject string) string {
	parts := strings.Split(subject, ":")
	for i, word := range parts {
		if strings.ContainsAny(word, "*?") {
			return ""
		}
		if slices.Contains(githubLabels, word) && i+1 < len(parts) {
			owner, _, _ := strings.Cut(parts[i+1], "/")
			return owner
		}
	}
	return ""
}

// oidcSubject wants a condition on the subject whose values name an organisation. For GitHub that is the part
// after "repo:"; "repo:*" is anyone.
func oidcSubject(k *pack.Case, v pack.Value, s *iam.Statement) {
	if !oidc(s) || !s.CoversAction("sts:AssumeRoleWithWebIdentity") || identityPool(s) || workspace(s) && namesAudience(s) {
		return
	}
	weak, found := "", false
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !strings.HasSuffix(strings.ToLower(c.Key), ":sub") || !c.Demands() {
			continue
		}
		at := slices.IndexFunc(c.Values, func(subject string) bool { return !namesOwner(s, c, subject) })
		if at < 0 {
			return
		}
		weak, found = c.Values[at], true
	}
	if found {
		k.Report(v, "%s accepts the subject %q, which names nobody in particular", s.Label(), weak)
		return
	}
	k.Report(v, "%s has no condition that demands a subject", s.Label())
}

// namesOwner reports whether a subject that a condition demands is that of one organisation.
func namesOwner(s *iam.Statement, c *iam.Condition, subject string) bool {
	owner := ""
	key := strings.ToLower(c.Key)
	switch {
	case strings.Contains(key, "token.actions.githubusercontent.com"):
		owner = githubOwner(subject)
	case workspace(s):
		owner, _, _ = strings.Cut(subject, "}") // "{REPOSITORY}:{STEP}" or "{REPOSITORY}*"
	default:
		owner = subjectOwner(subject)
	}
	return strings.TrimSpace(owner) != "" && !strings.Contains(subject, "${") && (c.Exact() || !strings.ContainsAny(owner, "*?"))
}
