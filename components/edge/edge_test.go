// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/waf"
	"github.com/bulkhead-iac/bulkhead/form/https"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

const (
	balancerType    = "aws:lb/loadBalancer:LoadBalancer"
	listenerType    = "aws:lb/listener:Listener"
	ruleType        = "aws:lb/listenerRule:ListenerRule"
	aclType         = "aws:wafv2/webAcl:WebAcl"
	associationType = "aws:wafv2/webAclAssociation:WebAclAssociation"
	bucketType      = "aws:s3/bucketV2:BucketV2"
	bucketPolicy    = "aws:s3/bucketPolicy:BucketPolicy"
	certificateType = "aws:acm/certificate:Certificate"
	validationType  = "aws:acm/certificateValidation:CertificateValidation"
	edgeType        = "bulkhead:edge:Edge"
	recordType      = "aws:route53/record:Record"

	certificateARN = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
	reason         = "Throw-away environment of OPS-42"
)

// withCertificate makes arguments for a certificate that exists.
func withCertificate(a *Args) { a.CertificateARN = certificateARN }

// withZone makes arguments for a certificate and names of the edge's own.
func withZone(a *Args) {
	a.Zone = "example.com"
	a.Domain = "www.example.com"
	a.AlternativeNames = []string{"example.com"}
}

// issued answers a certificate as ACM does: with a validation record for each name.
func issued(r pulumitest.Registration) resource.PropertyMap {
	names := []any{r.String("domainName")}
	if more, ok := r.Value("subjectAlternativeNames").([]any); ok {
		names = append(names, more...)
	}
	var options []any
	for _, name := range names {
		options = append([]any{map[string]any{ // in another order than asked, as ACM may
			"domainName":          name,
			"resourceRecordName":  "_proof." + name.(string) + ".",
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": "_answer-for-" + name.(string) + ".acm-validations.aws.",
		}}, options...)
	}
	return resource.NewPropertyMapFromMap(map[string]any{"domainValidationOptions": options})
}

// way is the edge under test in the network of the tests.
var way = pulumitest.Component[Args, Edge]{
	Args: func(ctx *pulumi.Context) (*Args, error) {
		own, err := networktest.Segment(ctx, "edge")
		return &Args{Segment: own}, err
	},
	New:     func(ctx *pulumi.Context, args *Args) (*Edge, error) { return New(ctx, "edge", args) },
	Options: []pulumitest.Option{pulumitest.WithOutputs(certificateType, issued)},
}

// program makes one edge, then does more with it.
func program(change func(*Args), more ...func(*pulumi.Context, *Edge) error) pulumi.RunFunc {
	return way.Program(pulumitest.With(change), more...)
}

func build(t *testing.T, change func(*Args), more ...func(*pulumi.Context, *Edge) error) *pulumitest.Recording {
	t.Helper()
	return way.Build(t, pulumitest.With(change), more...)
}

func TestLoadBalancerDefaults(t *testing.T) {
	recording := build(t, withCertificate)
	balancer := recording.Only(t, balancerType)
	for path, want := range map[string]any{
		"loadBalancerType":         "application",
		"internal":                 false,
		"ipAddressType":            "ipv4",
		"dropInvalidHeaderFields":  true,
		"desyncMitigationMode":     "defensive",
		"xffHeaderProcessingMode":  "append",
		"enableHttp2":              true,
		"enableDeletionProtection": true,
		"enableWafFailOpen":        false,
		"accessLogs.enabled":       true,
		"accessLogs.prefix":        "alb",
		"connectionLogs.enabled":   true,
		"connectionLogs.prefix":    "alb",
		"tags":                     map[string]any{"Name": "edge"},
	} {
		require.Equal(t, want, balancer.Value(path), path)
	}
}

func TestLoadBalancerStandsInThePublicTier(t *testing.T) {
	recording := build(t, withCertificate)
	var public []any
	for _, subnet := range recording.ByType("aws:ec2/subnet:Subnet") {
		if subnet.Name == "network-public-eu-central-1a" || subnet.Name == "network-public-eu-central-1b" {
			public = append(public, subnet.ID)
		}
	}
	require.Len(t, public, 2)
	require.ElementsMatch(t, public, recording.Only(t, balancerType).Value("subnets"))
}

func TestLogsGoToABucketThatAdmitsThem(t *testing.T) {
	recording := build(t, withCertificate)
	bucket := recording.Get(t, bucketType, "edge-access-logs-bucket")
	policy := recording.Get(t, bucketPolicy, "edge-access-logs-policy")
	encryption := recording.Only(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2")
	balancer := recording.Only(t, balancerType)
	require.Equal(t, bucket.ID, balancer.Value("accessLogs.bucket"))
	require.Equal(t, bucket.ID, balancer.Value("connectionLogs.bucket"))
	require.Subset(t, balancer.DependsOn, []string{policy.URN, encryption.URN}, "AWS writes a test object before it turns logs on")
	require.Contains(t, policy.Value("policy"), "/alb/AWSLogs/"+pulumitest.AccountID+"/")
	require.Equal(t, "AES256", encryption.Value("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"), "load balancers write with SSE-S3 only")
	require.Equal(t, 365.0, recording.Only(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2").Value("rules.0.expiration.days"))
}

// A load balancer with public addresses needs the way out at its first moment, and AWS keeps the gateway attached until its
// addresses are gone.
func TestTheInternetGatewayAndRoutesOutliveTheLoadBalancer(t *testing.T) {
	var ready []string
	recording := build(t, withCertificate, func(ctx *pulumi.Context, e *Edge) error {
		networktest.URNs(ctx, e.segment.Ready(), &ready)
		return nil
	})
	balancer := recording.Only(t, balancerType)
	require.Subset(t, balancer.DependsOn, ready)
	require.Contains(t, ready, recording.Get(t, "aws:ec2/route:Route", "network-public-internet").URN)
	require.Contains(t, ready, recording.Get(t, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "network-edge-from-internet-https").URN)
	require.Contains(t, ready, recording.Get(t, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "network-edge-to-network-app-tcp-8443").URN)
	before := recording.Before(balancer)
	require.Contains(t, before, recording.Only(t, "aws:ec2/internetGateway:InternetGateway").URN)
	for _, zone := range []string{"a", "b"} {
		require.Contains(t, before, recording.Get(t, "aws:ec2/routeTableAssociation:RouteTableAssociation", "network-public-eu-central-1"+zone).URN)
	}
}

func TestTheLoadBalancerHasTheGroupOfItsSegmentAndNoOther(t *testing.T) {
	recording := build(t, withCertificate)
	group := recording.Get(t, "aws:ec2/securityGroup:SecurityGroup", "network-edge-group")
	require.Equal(t, []any{group.ID}, recording.Only(t, balancerType).Value("securityGroups"))
	for _, registration := range recording.Children(recording.Only(t, edgeType)) {
		require.NotContains(t, registration.Type, "securityGroup", "the network alone writes rules")
	}
}

func TestAnEdgeIsRefusedWithoutItsRowsWhichAreNamedAllAtOnce(t *testing.T) {
	table := networktest.Table()
	table.Connections = slices.DeleteFunc(table.Connections, func(c segment.Connection) bool { return c.To == "edge" })
	problems := (&Args{Segment: drafted(t, table), CertificateARN: certificateARN}).Check("edge")
	require.Len(t, problems, 2)
	require.EqualError(t, problems[0], `Segment "edge": the clients of the load balancer: no row of the table lets "internet" open tcp/443 to "edge"; `+
		`add {From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "..."} to its Connections`)
	require.EqualError(t, problems[1], `Segment "edge": the redirect to HTTPS: no row of the table lets "internet" open tcp/80 to "edge"; `+
		`add {From: segment.Internet, To: "edge", Ports: segment.HTTP, Why: "..."} to its Connections`)

	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		own, err := networktest.Segment(ctx, "app")
		if err != nil {
			return err
		}
		_, err = New(ctx, "edge", &Args{Segment: own, CertificateARN: certificateARN})
		return err
	})
	require.ErrorContains(t, err, `edge "edge": Segment: "app" is in the tier "app", whose reach is nat; put it into a tier with the reach [internet]`)
}

// drafted is the segment of the edge in a network that is not made.
func drafted(t *testing.T, table *segment.Table) *network.Segment {
	t.Helper()
	found, err := network.Draft(&network.Args{Account: networktest.Account(), Table: table}).Segment("edge")
	require.NoError(t, err)
	return found
}

func TestCheckIsEmptyForWhatNewAccepts(t *testing.T) {
	own := drafted(t, networktest.Table())
	require.Empty(t, (&Args{Segment: own, CertificateARN: certificateARN}).Check("edge"))
	require.Empty(t, (&Args{Segment: own, Zone: "example.com"}).Check("edge"))
}

func TestTheWebACLFiltersBeforeAListenerListens(t *testing.T) {
	recording := build(t, func(a *Args) {
		withCertificate(a)
		a.WAF = WAF{RateLimit: 500, Relaxations: []waf.Relaxation{{Intent: waf.SQLInjection, Reason: reason}}}
	})
	association := recording.Only(t, associationType)
	require.Equal(t, recording.Only(t, balancerType).ID, association.String("resourceArn"))
	require.Len(t, recording.ByType(listenerType), 2)
	for _, listener := range recording.ByType(listenerType) {
		require.Contains(t, listener.DependsOn, association.URN, listener.Name)
	}
	acl := recording.Only(t, aclType)
	require.Equal(t, "edge-waf-acl", acl.Name)
	require.Equal(t, reason, acl.Value("tags").(map[string]any)["bulkhead:relaxed:SQLInjection"])
	require.Contains(t, recording.Only(t, "bulkhead:waf:WebACL").Values(), "rateLimit")
	require.Equal(t, 500.0, recording.Only(t, "bulkhead:waf:WebACL").Value("rateLimit"))
}

// Stacks of version 0.1 had the web ACL and the bucket beside the edge, under the stack.
func TestWebACLAndLogsAreTakenOverFromTheirOldPlaces(t *testing.T) {
	for _, name := range []string{"shop-edge", "shop"} {
		recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
			args, err := way.Args(ctx)
			if err != nil {
				return err
			}
			withCertificate(args)
			_, err = New(ctx, name, args)
			return err
		})
		edge := recording.Get(t, edgeType, name)
		for _, part := range []pulumitest.Registration{
			recording.Get(t, "bulkhead:waf:WebACL", "shop-waf"), recording.Get(t, "bulkhead:storage:Bucket", "shop-access-logs"),
		} {
			require.Equal(t, edge.URN, part.Parent, part.Name)
			require.Equal(t, []string{"urn:pulumi:test::bulkhead::" + part.Type + "::" + part.Name}, part.Aliases, part.Name)
		}
	}
}

func TestAnIPv6NetworkMakesADualStackEdge(t *testing.T) {
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		n, err := network.New(ctx, "network", &network.Args{
			Account: networktest.Account(), Table: networktest.Table(), VPCCIDR: "10.20.0.0/16",
			Zones: []string{pulumitest.Region + "a", pulumitest.Region + "b"}, IPv6: true,
		})
		if err != nil {
			return err
		}
		args := &Args{}
		withZone(args)
		if args.Segment, err = n.Segment("edge"); err != nil {
			return err
		}
		_, err = New(ctx, "edge", args)
		return err
	}, way.Options...)
	require.Equal(t, "dualstack", recording.Only(t, balancerType).Value("ipAddressType"))
	for _, host := range []string{"www.example.com", "example.com"} {
		for name, kind := range map[string]string{"edge-alias-" + host: "A", "edge-alias6-" + host: "AAAA"} {
			record := recording.Get(t, recordType, name)
			require.Equal(t, host, record.String("name"))
			require.Equal(t, kind, record.String("type"))
			require.Equal(t, "Z215JYRZR1TBD5", record.Value("aliases.0.zoneId"))
		}
	}
	require.Len(t, recording.ByType(recordType), 6)
	require.Contains(t, recording.Before(recording.Only(t, balancerType)), recording.Get(t, "aws:ec2/route:Route", "network-public-internet-ipv6").URN)
}

func TestStateShowsWhatTheEdgeWasGiven(t *testing.T) {
	recording := build(t, func(a *Args) {
		withZone(a)
		a.WAF.RateLimit, a.HSTSOffReason = 500, reason
	})
	require.Equal(t, map[string]any{
		"zone": "example.com", "domain": "www.example.com", "alternativeNames": []any{"example.com"}, "hstsOffReason": reason,
		"waf": map[string]any{"rateLimit": 500.0},
	}, recording.Only(t, edgeType).Values())
}

func TestHTTPSListener(t *testing.T) {
	recording := build(t, withCertificate)
	require.Len(t, recording.ByType(listenerType), 2)
	listener := recording.Get(t, listenerType, "edge-https")
	for path, want := range map[string]any{
		"port":           float64(443),
		"protocol":       "HTTPS",
		"sslPolicy":      https.TLSPolicy,
		"certificateArn": certificateARN,
		"defaultActions": []any{map[string]any{
			"type":          "fixed-response",
			"fixedResponse": map[string]any{"statusCode": "404", "contentType": "text/plain", "messageBody": "Not found"},
		}},
		"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=63072000",
		"routingHttpResponseContentSecurityPolicyHeaderValue":   nil,
		"routingHttpResponseXContentTypeOptionsHeaderValue":     "nosniff",
		"routingHttpResponseXFrameOptionsHeaderValue":           nil,
		"routingHttpResponseServerEnabled":                      false,
		"tags":                                                  map[string]any{"Name": "edge-https"},
	} {
		require.Equal(t, want, listener.Value(path), path)
	}
}

func TestHTTPListenerOnlyRedirects(t *testing.T) {
	listener := build(t, withCertificate).Get(t, listenerType, "edge-http")
	require.Equal(t, float64(80), listener.Value("port"))
	require.Equal(t, "HTTP", listener.Value("protocol"))
	require.Equal(t, []any{map[string]any{
		"type":     "redirect",
		"redirect": map[string]any{"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"},
	}}, listener.Value("defaultActions"))
	require.Equal(t, false, listener.Value("routingHttpResponseServerEnabled"))
	require.Nil(t, listener.Value("routingHttpResponseStrictTransportSecurityHeaderValue"))
}

func TestRelaxedSettingsAreValuesWithReasons(t *testing.T) {
	recording := build(t, func(a *Args) {
		withCertificate(a)
		a.HSTSOffReason, a.DeletionProtectionOffReason = reason, reason
		a.ContentSecurityPolicy = StrictContentSecurityPolicy
	})
	balancer := recording.Only(t, balancerType)
	require.Equal(t, false, balancer.Value("enableDeletionProtection"))
	require.Equal(t, map[string]any{"Name": "edge", "bulkhead:relaxed:DeletionProtection": reason}, balancer.Value("tags"))
	listener := recording.Get(t, listenerType, "edge-https")
	require.Equal(t, "max-age=0", listener.Value("routingHttpResponseStrictTransportSecurityHeaderValue"))
	require.Equal(t, StrictContentSecurityPolicy, listener.Value("routingHttpResponseContentSecurityPolicyHeaderValue"))
	require.Equal(t, "DENY", listener.Value("routingHttpResponseXFrameOptionsHeaderValue"))
	require.Equal(t, map[string]any{"Name": "edge-https", "bulkhead:relaxed:HSTS": reason}, listener.Value("tags"))
}

func TestCertificateOfAZone(t *testing.T) {
	recording := build(t, withZone)
	certificate := recording.Only(t, certificateType)
	require.Equal(t, "www.example.com", certificate.String("domainName"))
	require.Equal(t, []any{"example.com"}, certificate.Value("subjectAlternativeNames"))
	require.Equal(t, "DNS", certificate.String("validationMethod"))

	for _, host := range []string{"www.example.com", "example.com"} {
		proof := recording.Get(t, recordType, "edge-proof-"+host)
		require.Equal(t, "_proof."+host+".", proof.String("name"))
		require.Equal(t, "CNAME", proof.String("type"))
		require.Equal(t, []any{"_answer-for-" + host + ".acm-validations.aws."}, proof.Value("records"))
		require.Equal(t, "Z0123456789ABCDEFGHIJ", proof.String("zoneId"))
		require.Equal(t, true, proof.Value("allowOverwrite"), "another certificate of the name may have it already")
		require.True(t, proof.RetainOnDelete, "another certificate of the name may be renewed with it")
	}
	validation := recording.Only(t, validationType)
	require.Equal(t, "20m", validation.CreateTimeout, "a zone that the DNS does not lead to must not hold a deployment for 75 minutes")
	require.Equal(t, []any{"_proof.www.example.com.", "_proof.example.com."}, validation.Value("validationRecordFqdns"))
	require.Equal(t, certificate.ID, validation.String("certificateArn"))
	listener := recording.Get(t, listenerType, "edge-https")
	require.Equal(t, certificate.ID, listener.String("certificateArn"))
	require.Contains(t, listener.DependsOn, validation.URN, "a listener cannot use a certificate that is not issued yet")
}

func TestAliasesOfAZone(t *testing.T) {
	recording := build(t, withZone)
	for _, host := range []string{"www.example.com", "example.com"} {
		alias := recording.Get(t, recordType, "edge-alias-"+host)
		require.Equal(t, host, alias.String("name"))
		require.Equal(t, "A", alias.String("type"))
		aliases := alias.Value("aliases").([]any)
		require.Len(t, aliases, 1)
		target := aliases[0].(map[string]any)
		require.Contains(t, target["name"], ".elb.amazonaws.com")
		require.Equal(t, "Z215JYRZR1TBD5", target["zoneId"])
		require.Equal(t, true, target["evaluateTargetHealth"])
	}
	require.Len(t, recording.ByType(recordType), 4)
}

func TestTheZoneIsLookedUpByName(t *testing.T) {
	recording := build(t, withZone)
	require.Len(t, recording.Invocations(), 1)
	lookup := recording.Invocations()[0]
	require.Equal(t, "aws:route53/getZone:getZone", lookup.Token)
	require.Equal(t, "example.com", lookup.Args["name"].StringValue())
	require.False(t, lookup.Args["privateZone"].BoolValue())
}

func TestEverythingUsesTheComponentsProvider(t *testing.T) {
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		args, err := way.Args(ctx)
		if err != nil {
			return err
		}
		withZone(args)
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(pulumitest.Region)})
		if err != nil {
			return err
		}
		_, err = New(ctx, "edge", args, pulumi.Providers(provider))
		return err
	}, pulumitest.WithOutputs(certificateType, issued))
	for _, left := range recording.WithoutProvider() {
		for _, mine := range []string{"function ", "aws:lb/", "aws:acm/", "aws:route53/record", "aws:wafv2/", "aws:s3/", " edge"} {
			require.NotContains(t, left, mine)
		}
	}
}

func TestTheZoneItselfIsTheDefaultName(t *testing.T) {
	recording := build(t, func(a *Args) { a.Zone = "staging.example.com" })
	require.Equal(t, "staging.example.com", recording.Only(t, certificateType).String("domainName"))
	require.Equal(t, "staging.example.com", recording.Get(t, recordType, "edge-alias-staging.example.com").String("name"))
}

func TestAMissingZoneIsExplained(t *testing.T) {
	err := pulumitest.RunError(t, program(withZone), pulumitest.Answer("aws:route53/getZone:getZone",
		func(resource.PropertyMap) (resource.PropertyMap, error) {
			return nil, errors.New("no matching Route 53 Hosted Zone found")
		}))
	require.ErrorContains(t, err, `Zone: no single public hosted zone "example.com" in this account; create it`)
}

func TestAnExistingCertificateNeedsNoZone(t *testing.T) {
	recording := build(t, withCertificate)
	require.Empty(t, recording.Invocations())
	require.Empty(t, recording.ByType(certificateType))
	require.Empty(t, recording.ByType(recordType))
}

func TestNewReportsEveryProblem(t *testing.T) {
	bad := &Args{
		Domain: "www.example.com", CertificateARN: "mine", HSTSOffReason: "no", DeletionProtectionOffReason: "no",
		ContentSecurityPolicy: "img-src *", WAF: WAF{RateLimit: 9, Additional: []waf.Intent{"Nothing"}},
	}
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "an edge with a long name", bad)
		return err
	})
	for _, want := range []string{
		"name: ", "Segment: missing", `CertificateARN: "mine"`, "given without Zone",
		`HSTSOffReason: "no"`, `DeletionProtectionOffReason: "no"`, "no default-src", "WAF: RateLimit: 9", `WAF: Additional[0]: "Nothing"`,
	} {
		require.ErrorContains(t, err, want)
	}
	problems := bad.Check("an edge with a long name")
	require.Len(t, problems, 9, "Check reports the same without making anything")
	require.NotContains(t, problems, nil)
}

func TestExactlyOneIdentity(t *testing.T) {
	require.ErrorContains(t, pulumitest.RunError(t, program(func(*Args) {})), "both empty; give one")
	require.ErrorContains(t, pulumitest.RunError(t, program(func(a *Args) { withZone(a); withCertificate(a) })), "both given; leave one out")
	require.ErrorContains(t, pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "edge", nil)
		return err
	}), "both empty")
}

func TestPreview(t *testing.T) {
	pulumitest.Run(t, program(withZone), pulumitest.Preview())
	pulumitest.Run(t, program(withCertificate), pulumitest.Preview())
}
