// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

func TestGatewayEndpointServesPublicAndAppTiers(t *testing.T) {
	rec := build(t, nil)
	s3 := rec.Get(t, endpointType, "net-s3")
	require.Equal(t, "Gateway", s3.String("vpcEndpointType"))
	require.Equal(t, "com.amazonaws.eu-central-1.s3", s3.String("serviceName"))
	require.Nil(t, s3.Value("routeTableIds"), "links are resources of their own")
	require.Len(t, rec.ByType(endpointLinkType), 3)
	for _, role := range []string{"public", "app-" + zoneA, "app-" + zoneB} {
		link := rec.Get(t, endpointLinkType, "net-s3-"+role)
		require.Equal(t, s3.ID, link.String("vpcEndpointId"))
		require.Equal(t, rec.Get(t, tableType, "net-"+role).ID, link.String("routeTableId"))
	}
}

func TestS3PolicyKeepsDataInTheAccount(t *testing.T) {
	policy := pulumitest.Statements(t, build(t, nil).Get(t, endpointType, "net-s3").String("policy"))
	require.Len(t, policy, 2)

	own := policy["OwnBuckets"]
	require.Equal(t, "Allow", own["Effect"])
	require.Equal(t, map[string]any{
		"StringEquals": map[string]any{"aws:PrincipalAccount": accountID, "aws:ResourceAccount": accountID},
		"Bool":         map[string]any{"aws:SecureTransport": "true"},
	}, own["Condition"])

	software := policy["SoftwareOfAWS"]
	require.Equal(t, "s3:GetObject", software["Action"], "read only")
	require.Contains(t, software["Resource"], "arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*")
	require.Contains(t, software["Resource"], "arn:aws:s3:::eu-central-1-birdwatcher-prod/*")
	for _, bucket := range software["Resource"].([]any) {
		require.Regexp(t, `^arn:aws:s3:::[a-z0-9-]*eu-central-1[a-z0-9-]*/\*$`, bucket)
	}
	require.Equal(t, map[string]any{"Bool": map[string]any{"aws:SecureTransport": "true"}}, software["Condition"])
}

func TestResourcesOfTrustedAccountsPassTheEndpoints(t *testing.T) {
	const other, reason = "444455556666", "it keeps the images of all"
	rec := build(t, func(args *Args) { args.TrustedAccounts = map[string]string{other: reason} })
	for name, sid := range map[string]string{"net-s3": "OwnBuckets", "net-logs": "OwnIdentitiesAndResources"} {
		endpoint := rec.Get(t, endpointType, name)
		condition := pulumitest.Statements(t, endpoint.String("policy"))[sid]["Condition"].(map[string]any)["StringEquals"]
		require.Equal(t, map[string]any{"aws:PrincipalAccount": accountID, "aws:ResourceAccount": []any{accountID, other}}, condition, "whoever calls is the account's own")
		require.Equal(t, reason, endpoint.Value("tags").(map[string]any)["bulkhead:relaxed:ResourcesOf"+other])
	}
}

func TestAccountsAreTrustedForAReason(t *testing.T) {
	args := typicalArgs()
	args.TrustedAccounts = map[string]string{"12": "it keeps the images of all", "444455556666": "no", accountID: "it is the account itself"}
	for i := range 21 {
		args.TrustedAccounts[fmt.Sprintf("7777888899%02d", i)] = "one of far too many accounts"
	}
	problems := errors.Join(args.Check()...).Error()
	for _, problem := range []string{
		`TrustedAccounts[12]: "12" is not an AWS account id; write all 12 digits`, `TrustedAccounts[444455556666]: "no" is not a valid reason`,
		"TrustedAccounts[" + accountID + "]: is the account itself; remove it", "TrustedAccounts: has 24 accounts, and their reasons are tags; at most 20",
	} {
		require.Contains(t, problems, problem)
	}
}

func TestImageLayersComeWithTheEndpointsOfECR(t *testing.T) {
	const layers = "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"
	software := func(services ...string) any {
		rec := build(t, func(args *Args) {
			connect(args, segment.Connection{From: "app", To: segment.AWS(services...), Ports: segment.HTTPS})
		})
		return pulumitest.Statements(t, rec.Get(t, endpointType, "net-s3").String("policy"))["SoftwareOfAWS"]["Resource"]
	}
	require.NotContains(t, software("sqs"), layers)
	require.Contains(t, software("ecr.api", "ecr.dkr"), layers)
}

func TestEveryInterfaceEndpointHasAGroupOfItsOwnThatAdmitsItsRowsOnly(t *testing.T) {
	rec := build(t, nil)
	require.Len(t, rec.ByType(endpointType), len(interfaceServices)+1)
	for _, service := range interfaceServices {
		group := rec.Get(t, groupType, "net-endpoint-"+service+"-group")
		require.Equal(t, "Endpoint of the AWS service "+service, group.String("description"))
		endpoint := rec.Get(t, endpointType, "net-"+service)
		require.Equal(t, "Interface", endpoint.String("vpcEndpointType"))
		require.Equal(t, "com.amazonaws.eu-central-1."+service, endpoint.String("serviceName"))
		require.Equal(t, true, endpoint.Value("privateDnsEnabled"))
		require.Equal(t, []any{group.ID}, endpoint.Value("securityGroupIds"), "its own group and no other")
		require.ElementsMatch(t, []any{
			rec.Get(t, subnetType, "net-app-"+zoneA).ID, rec.Get(t, subnetType, "net-app-"+zoneB).ID,
		}, endpoint.Value("subnetIds"))
		policy := pulumitest.Statements(t, endpoint.String("policy"))
		require.Equal(t, map[string]any{"StringEquals": map[string]any{"aws:PrincipalAccount": accountID, "aws:ResourceAccount": accountID}},
			policy["OwnIdentitiesAndResources"]["Condition"])
		delete(policy, "OwnIdentitiesAndResources")
		if service == "ssm" {
			require.Equal(t, []any{"arn:aws:ssm:eu-central-1::document/*", "arn:aws:ssm:eu-central-1::parameter/aws/*"}, policy["PublishedByAWS"]["Resource"])
			require.Equal(t, []any{"ssm:Describe*", "ssm:Get*", "ssm:List*"}, policy["PublishedByAWS"]["Action"], "read only")
			delete(policy, "PublishedByAWS")
		}
		require.Empty(t, policy)

		callers := []string{"app"}
		if slices.Contains(segment.SessionServices(), service) {
			callers = append(callers, "bastion")
		}
		admitted := 0
		for _, rule := range rec.ByType(groupIngressType) {
			if rule.String("securityGroupId") == group.ID {
				admitted++
			}
		}
		require.Equal(t, len(callers), admitted, service)
		for _, caller := range callers {
			in := rec.Get(t, groupIngressType, "net-endpoint-"+service+"-from-net-"+caller+"-https")
			require.Equal(t, rec.Get(t, groupType, "net-"+caller+"-group").ID, in.String("referencedSecurityGroupId"))
			out := rec.Get(t, groupEgressType, "net-"+caller+"-to-net-endpoint-"+service+"-https")
			require.Equal(t, group.ID, out.String("referencedSecurityGroupId"))
		}
	}
}

func TestOnlyServicesThatARowLeadsToHaveEndpoints(t *testing.T) {
	rec := build(t, func(args *Args) {
		closed(args)
		args.Table.Connections = slices.DeleteFunc(args.Table.Connections, func(c segment.Connection) bool { return len(c.To.Services()) > 0 })
		connect(args, segment.Connection{From: "app", To: segment.AWS(), Ports: segment.HTTPS})
	})
	require.Empty(t, rec.ByType(endpointType))
	require.Empty(t, rec.ByType(endpointLinkType))
	require.Len(t, rec.ByType(groupType), 4)

	rec = build(t, func(args *Args) {
		connect(args, segment.Connection{From: "app", To: segment.AWS("dynamodb", "ecr.api"), Ports: segment.HTTPS},
			segment.Connection{From: "db", To: segment.AWS("kms"), Ports: segment.HTTPS})
	})
	require.Equal(t, "Gateway", rec.Get(t, endpointType, "net-dynamodb").String("vpcEndpointType"))
	rec.Get(t, endpointLinkType, "net-dynamodb-app-"+zoneA)
	require.Len(t, rec.ByType(endpointLinkType), 3+2, "of dynamodb in the tier that calls it only")
	rec.Get(t, groupType, "net-endpoint-ecr-api-group")
	require.Equal(t, "pl-net-dynamodb", rec.Get(t, groupEgressType, "net-app-to-dynamodb-https").String("prefixListId"))
	rec.Get(t, groupIngressType, "net-endpoint-kms-from-net-db-https")
}
