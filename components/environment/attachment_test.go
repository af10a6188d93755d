// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"maps"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

// attachments are what the stack of an environment tells of its databases, as another program gets it.
func attachments(t *testing.T, args *Args) (map[string]map[string]any, *pulumitest.Recording) {
	t.Helper()
	told := map[string]map[string]any{}
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		e, err := New(ctx, name, args)
		if err != nil {
			return err
		}
		for name, d := range e.Databases {
			documents := pulumi.Map{}
			for user, a := range d.Attachments() {
				documents[user] = a.Document()
			}
			ctx.Export(name, documents.ToMapOutput().ApplyT(func(found map[string]any) bool { told[name] = found; return true }))
		}
		return nil
	})
	return told, recording
}

// attachReader is a program of somebody else's, which knows of the database what the stack tells.
func attachReader(ctx *pulumi.Context) error {
	shop, err := pulumi.NewStackReference(ctx, "acme/shop/production", nil)
	if err != nil {
		return err
	}
	reports := shop.GetOutput(pulumi.String("databases")).ApplyT(func(databases any) map[string]any {
		db := databases.(map[string]any)["db"].(map[string]any)
		return db["attachments"].(map[string]any)["reports"].(map[string]any)
	})
	policy := reports.ApplyT(func(of map[string]any) string { return of["policy"].(string) }).(pulumi.StringOutput)
	tags := reports.ApplyT(func(of map[string]any) map[string]string {
		text := map[string]string{}
		for key, value := range of["roleTags"].(map[string]any) {
			text[key] = value.(string)
		}
		return text
	}).(pulumi.StringMapOutput)
	trust, err := identity.AssumeRoleByService("ecs-tasks.amazonaws.com").JSON()
	if err != nil {
		return err
	}
	_, err = iam.NewRole(ctx, "reader", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(trust),
		InlinePolicies: iam.RoleInlinePolicyArray{iam.RoleInlinePolicyArgs{
			Name: pulumi.String("database"), Policy: policy,
		}},
		Tags: tags,
	})
	return err
}

func TestAnotherStackAttachesTheDatabaseByWhatTheFirstTells(t *testing.T) {
	told, first := attachments(t, withUsers())
	reports := first.Get(t, "aws:secretsmanager/secret:Secret", "shop-db-user-reports").ID
	other := pulumitest.Run(t, attachReader, pulumitest.WithOutputs("pulumi:pulumi:StackReference", func(pulumitest.Registration) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{"outputs": map[string]any{"databases": map[string]any{"db": map[string]any{"attachments": told["db"]}}}})
	}))
	role := other.Only(t, "aws:iam/role:Role")
	statements := pulumitest.Statements(t, role.String("inlinePolicies.0.policy"))
	require.Equal(t, reports, statements["ReadDatabaseSecret"]["Resource"])
	require.Equal(t, "bulkhead-test-shop-db/reports", role.Value("tags").(map[string]any)["bulkhead:reads-database-secret"], "as the policy of the secret wants it")
}

// What the service finds in its environment and what the stack tells others are of one making.
func TestTheServiceFindsWhatTheStackTells(t *testing.T) {
	told, recording := attachments(t, withUsers())
	require.ElementsMatch(t, []string{"service", "migrator", "reports"}, keys(told["db"]))
	service := told["db"]["service"].(map[string]any)
	environment := service["environment"].(map[string]string)
	require.Equal(t, map[string]string{
		"AWS_REGION": pulumitest.Region, "PGHOST": environment["PGHOST"], "PGPORT": "5432", "PGDATABASE": "app", "PGUSER": "service",
		"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/etc/pki/rds/global-bundle.pem", "DATABASE_LOGIN": "IAM",
	}, environment)
	parts := servertest.Parts(t, recording.Get(t, servertest.TemplateType, "shop-app-template").String("userData"))
	for variable, value := range environment {
		require.Contains(t, parts[0].Body, "\n"+variable+"="+value+"\n")
	}
	require.Equal(t, "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem", service["certificateAuthorities"])
	require.Equal(t, recording.Get(t, "aws:iam/rolePolicy:RolePolicy", "shop-app-connect-to-database").String("policy"), service["policy"])
	require.Empty(t, service["roleTags"], "a token needs none")

	told, recording = attachments(t, reference())
	require.Equal(t, []string{"default"}, keys(told["db"]), "nobody is declared, and the owner logs in")
	require.Equal(t, recording.Get(t, "aws:iam/rolePolicy:RolePolicy", "shop-app-read-database-secret").String("policy"), told["db"]["default"].(map[string]any)["policy"])
}

func keys(of map[string]any) (all []string) {
	for key := range maps.Keys(of) {
		all = append(all, key)
	}
	return all
}
