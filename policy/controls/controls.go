// SPDX-License-Identifier: Apache-2.0

// Package controls joins the rules of the Bulkhead policy pack, a package for each AWS service. A rule is data (what it is called,
// why it matters, how to mend it, which requirements it meets) and a check.
//
// What the services share stands on shelves below them: aws (types of resources), want (words in which controls are written),
// standard (requirements) and facts (what is read from documents, rules, routes and texts). A service imports no other service.
package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/controls/account"
	"github.com/bulkhead-iac/bulkhead/policy/controls/acm"
	"github.com/bulkhead-iac/bulkhead/policy/controls/apigateway"
	"github.com/bulkhead-iac/bulkhead/policy/controls/backup"
	"github.com/bulkhead-iac/bulkhead/policy/controls/cloudfront"
	"github.com/bulkhead-iac/bulkhead/policy/controls/cloudtrail"
	"github.com/bulkhead-iac/bulkhead/policy/controls/cloudwatch"
	"github.com/bulkhead-iac/bulkhead/policy/controls/datastores"
	"github.com/bulkhead-iac/bulkhead/policy/controls/dynamodb"
	"github.com/bulkhead-iac/bulkhead/policy/controls/ec2"
	"github.com/bulkhead-iac/bulkhead/policy/controls/ecr"
	"github.com/bulkhead-iac/bulkhead/policy/controls/ecs"
	"github.com/bulkhead-iac/bulkhead/policy/controls/efs"
	"github.com/bulkhead-iac/bulkhead/policy/controls/eks"
	"github.com/bulkhead-iac/bulkhead/policy/controls/elasticache"
	"github.com/bulkhead-iac/bulkhead/policy/controls/elb"
	"github.com/bulkhead-iac/bulkhead/policy/controls/exposure"
	"github.com/bulkhead-iac/bulkhead/policy/controls/iam"
	"github.com/bulkhead-iac/bulkhead/policy/controls/kms"
	"github.com/bulkhead-iac/bulkhead/policy/controls/lambda"
	"github.com/bulkhead-iac/bulkhead/policy/controls/networkfirewall"
	"github.com/bulkhead-iac/bulkhead/policy/controls/opensearch"
	"github.com/bulkhead-iac/bulkhead/policy/controls/rds"
	"github.com/bulkhead-iac/bulkhead/policy/controls/route53"
	"github.com/bulkhead-iac/bulkhead/policy/controls/s3"
	"github.com/bulkhead-iac/bulkhead/policy/controls/secretsmanager"
	"github.com/bulkhead-iac/bulkhead/policy/controls/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/controls/services"
	"github.com/bulkhead-iac/bulkhead/policy/controls/sns"
	"github.com/bulkhead-iac/bulkhead/policy/controls/sqs"
	"github.com/bulkhead-iac/bulkhead/policy/controls/ssm"
	"github.com/bulkhead-iac/bulkhead/policy/controls/vpc"
	"github.com/bulkhead-iac/bulkhead/policy/controls/waf"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
)

// Version is the version of the pack; a build may set it with -ldflags "-X".
var Version = "0.1.0"

// Documentation is where the generated description of every control is.
const Documentation = "https://github.com/bulkhead-iac/bulkhead/blob/HEAD/docs/policies.md"

// New returns the pack with every control.
func New() (*pack.Pack, error) {
	p := &pack.Pack{
		Name: "bulkhead", Title: "Bulkhead", Version: Version, Provider: "aws", Source: "https://github.com/bulkhead-iac/bulkhead",
		About:  "Stops deployments that open AWS resources to the internet, weaken their defences or risk their data.",
		Tags:   []string{"aws", "security", "segmentation"},
		Opaque: opaque(), Plain: plainTypes, ProviderMajor: providerMajor,
		References: pack.References{Identifies: aws.Identifies, Documents: func(token string) []string { return document.Types[token] }},
		Profiles:   Profiles(), Replaces: schema.Replaces, ReplacesOf: schema.Version(), Documentation: Documentation, Frameworks: Frameworks(),
	}
	all := All()
	return p, p.Load(all...)
}

// Packages are the packages of controls by their names, which are those of AWS services in documentation and reports.
func Packages() map[string]func() []*pack.Control {
	return map[string]func() []*pack.Control{
		"account": account.Controls, "acm": acm.Controls, "apigateway": apigateway.Controls, "backup": backup.Controls,
		"cloudfront": cloudfront.Controls, "cloudtrail": cloudtrail.Controls, "cloudwatch": cloudwatch.Controls,
		"datastores": datastores.Controls, "dynamodb": dynamodb.Controls, "ec2": ec2.Controls, "ecr": ecr.Controls,
		"ecs": ecs.Controls, "efs": efs.Controls, "eks": eks.Controls, "elasticache": elasticache.Controls,
		"elb": elb.Controls, "exposure": exposure.Controls, "iam": iam.Controls, "kms": kms.Controls,
		"lambda": lambda.Controls, "networkfirewall": networkfirewall.Controls, "opensearch": opensearch.Controls,
		"rds": rds.Controls, "route53": route53.Controls, "s3": s3.Controls, "secretsmanager": secretsmanager.Controls,
		"segmentation": segmentation.Controls, "services": services.Controls, "sns": sns.Controls, "sqs": sqs.Controls,
		"ssm": ssm.Controls, "vpc": vpc.Controls, "waf": waf.Controls,
	}
}

// All returns every control, sorted by id.
func All() []*pack.Control {
	var all []*pack.Control
	for name, controls := range Packages() {
		for _, c := range controls() {
			c.Service = pageOf(name, c.ID)
			c.Fix = bothNames(c.Fix)
			c.URL = strings.TrimSuffix(Documentation, ".md") + "/" + c.Service + ".md#" + c.ID
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *pack.Control) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// bothNames names a type whose name ends in V2 by the name as well that it has since version 7 of the provider.
func bothNames(fix string) string {
	if at := strings.Index(fix, "V2"); at > 0 {
		name := fix[strings.LastIndexByte(fix[:at], ' ')+1 : at]
		return fix[:at+2] + " (" + name + " since version 7 of the provider)" + fix[at+2:]
	}
	return fix
}

// ownPages are the services that share a package with others and have a page of their own.
var ownPages = []string{"athena", "batch", "codebuild", "cognito", "notebook", "transfer"}

// pageOf is the page that describes a control: that of its package, or one of its own for the first word of the id.
func pageOf(name, id string) string {
	word, _, _ := strings.Cut(id, "-")
	if name == "services" && slices.Contains(ownPages, word) {
		return word
	}
	return name
}
