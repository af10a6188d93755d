// SPDX-License-Identifier: Apache-2.0

package network

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
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

func TestImageLayersComeWithTheEndpointsOfECR(t *testing.T) {
	const layers = "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"
	software := func(services ...string) any {
		rec := build(t, func(args *Args) { args.InterfaceEndpoints = append(args.InterfaceEndpoints, services...) })
		return pulumitest.Statements(t, rec.Get(t, endpointType, "net-s3").String("policy"))["SoftwareOfAWS"]["Resource"]
	}
	require.NotContains(t, software(), layers)
	require.Contains(t, software("ecr.api", "ecr.dkr"), layers)
}

func TestInterfaceEndpoints(t *testing.T) {
	rec := build(t, nil)
	require.Len(t, rec.ByType(endpointType), endpointsPerNetwork+1)
	group := rec.Get(t, groupType, "net-endpoints-group")
	for _, service := range typicalArgs().InterfaceEndpoints {
		endpoint := rec.Get(t, endpointType, "net-"+service)
		require.Equal(t, "Interface", endpoint.String("vpcEndpointType"))
		require.Equal(t, "com.amazonaws.eu-central-1."+service, endpoint.String("serviceName"))
		require.Equal(t, true, endpoint.Value("privateDnsEnabled"))
		require.Equal(t, []any{group.ID}, endpoint.Value("securityGroupIds"), "its own group and no other")
		require.ElementsMatch(t, []any{
			rec.Get(t, subnetType, "net-app-"+zoneA).ID, rec.Get(t, subnetType, "net-app-"+zoneB).ID,
		}, endpoint.Value("subnetIds"))
		policy := pulumitest.Statements(t, endpoint.String("policy"))
		require.Len(t, policy, 1)
		require.Equal(t, map[string]any{"StringEquals": map[string]any{"aws:PrincipalAccount": accountID}}, policy["OwnIdentities"]["Condition"])
	}
	require.Empty(t, rec.ByType(groupIngressType), "nobody is admitted until a client asks")
	require.Empty(t, rec.ByType(groupEgressType))
}

func TestNoInterfaceEndpoints(t *testing.T) {
	rec := build(t, func(args *Args) { args.InterfaceEndpoints = nil })
	require.Len(t, rec.ByType(endpointType), 1)
	rec.Get(t, groupType, "net-endpoints-group")
}
