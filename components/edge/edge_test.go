// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

const (
	balancerType    = "aws:lb/loadBalancer:LoadBalancer"
	listenerType    = "aws:lb/listener:Listener"
	ruleType        = "aws:lb/listenerRule:ListenerRule"
	ingressType     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType      = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	certificateType = "aws:acm/certificate:Certificate"
	validationType  = "aws:acm/certificateValidation:CertificateValidation"
	recordType      = "aws:route53/record:Record"

	certificateARN = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
	reason         = "Throw-away environment of OPS-42"
)

// withCertificate makes arguments for a certificate that exists.
func withCertificate(a *Args) { a.CertificateARN = certificateARN }

// withZone makes arguments for a certificate and names of the edge's own.
func withZone(a *Args) {
	a.ZoneName = "example.com"
	a.DomainName = "www.example.com"
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

// way is the edge under test, with what every edge needs: a network and a bucket that admits its logs.
var way = pulumitest.Component[Args, Edge]{
	Args: func(ctx *pulumi.Context) (*Args, error) {
		n, err := networktest.New(ctx, network.Flow{From: network.Internet, To: network.TierOf(network.Public), Port: firewall.HTTPS})
		if err != nil {
			return nil, err
		}
		logs, err := storage.NewBucket(ctx, "logs", &storage.BucketArgs{
			Writers: []storage.Writer{storage.ALBAccessLogs(pulumitest.AccountID, AccessLogPrefix)},
		})
		return &Args{Network: n, AccessLogs: logs}, err
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
		"accessLogs.prefix":        AccessLogPrefix,
		"connectionLogs.enabled":   true,
		"connectionLogs.prefix":    AccessLogPrefix,
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
	bucket := recording.Only(t, "aws:s3/bucketV2:BucketV2")
	policy := recording.Only(t, "aws:s3/bucketPolicy:BucketPolicy")
	balancer := recording.Only(t, balancerType)
	require.Equal(t, bucket.ID, balancer.Value("accessLogs.bucket"))
	require.Equal(t, bucket.ID, balancer.Value("connectionLogs.bucket"))
	require.Contains(t, balancer.DependsOn, policy.URN)
	require.Contains(t, policy.Value("policy"), "/"+AccessLogPrefix+"/AWSLogs/")
}

func TestTheInternetGatewayOutlivesTheLoadBalancer(t *testing.T) {
	recording := build(t, withCertificate)
	require.Contains(t, recording.Only(t, balancerType).DependsOn, recording.Only(t, "aws:ec2/internetGateway:InternetGateway").URN)
}

func TestTheWorldComesInOnTwoPortsAndNothingGoesOut(t *testing.T) {
	recording := build(t, withCertificate)
	group := edgeGroup(t, recording)
	require.Equal(t, []any{group.ID}, recording.Only(t, balancerType).Value("securityGroups"))
	var ports []any
	for _, rule := range recording.ByType(ingressType) {
		if rule.Value("securityGroupId") != group.ID {
			continue
		}
		require.Equal(t, "0.0.0.0/0", rule.Value("cidrIpv4"))
		require.Nil(t, rule.Value("cidrIpv6"))
		require.Equal(t, "tcp", rule.Value("ipProtocol"))
		require.Equal(t, rule.Value("fromPort"), rule.Value("toPort"))
		ports = append(ports, rule.Value("toPort"))
	}
	require.ElementsMatch(t, []any{float64(443), float64(80)}, ports)
	for _, rule := range recording.ByType(egressType) {
		require.NotEqual(t, group.ID, rule.Value("securityGroupId"))
	}
	for _, inline := range []string{"ingress", "egress"} {
		require.Nil(t, group.Value(inline))
	}
}

// edgeGroup is the security group of the load balancer.
func edgeGroup(t *testing.T, recording *pulumitest.Recording) pulumitest.Registration {
	t.Helper()
	return recording.Get(t, "aws:ec2/securityGroup:SecurityGroup", "edge-group")
}

func TestHTTPSListener(t *testing.T) {
	recording := build(t, withCertificate)
	require.Len(t, recording.ByType(listenerType), 2)
	listener := recording.Get(t, listenerType, "edge-https")
	for path, want := range map[string]any{
		"port":           float64(443),
		"protocol":       "HTTPS",
		"sslPolicy":      TLSPolicy,
		"certificateArn": certificateARN,
		"defaultActions": []any{map[string]any{
			"type":          "fixed-response",
			"fixedResponse": map[string]any{"statusCode": "404", "contentType": "text/plain", "messageBody": "Not found"},
		}},
		"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=63072000; includeSubDomains",
		"routingHttpResponseContentSecurityPolicyHeaderValue":   DefaultContentSecurityPolicy,
		"routingHttpResponseXContentTypeOptionsHeaderValue":     "nosniff",
		"routingHttpResponseXFrameOptionsHeaderValue":           "DENY",
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
		a.HSTSOff, a.DeletionProtectionOff = reason, reason
		a.ContentSecurityPolicy = "default-src 'none'"
	})
	balancer := recording.Only(t, balancerType)
	require.Equal(t, false, balancer.Value("enableDeletionProtection"))
	require.Equal(t, map[string]any{"Name": "edge", "bulkhead:relaxed:DeletionProtection": reason}, balancer.Value("tags"))
	listener := recording.Get(t, listenerType, "edge-https")
	require.Equal(t, "max-age=0", listener.Value("routingHttpResponseStrictTransportSecurityHeaderValue"))
	require.Equal(t, "default-src 'none'", listener.Value("routingHttpResponseContentSecurityPolicyHeaderValue"))
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
	}
	validation := recording.Only(t, validationType)
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
		for _, mine := range []string{"function ", "aws:lb/", "aws:acm/", "aws:route53/", " edge"} {
			require.NotContains(t, left, mine)
		}
	}
}

func TestTheZoneItselfIsTheDefaultName(t *testing.T) {
	recording := build(t, func(a *Args) { a.ZoneName = "staging.example.com" })
	require.Equal(t, "staging.example.com", recording.Only(t, certificateType).String("domainName"))
	require.Equal(t, "staging.example.com", recording.Get(t, recordType, "edge-alias-staging.example.com").String("name"))
}

func TestAMissingZoneIsExplained(t *testing.T) {
	err := pulumitest.RunError(t, program(withZone), pulumitest.Answer("aws:route53/getZone:getZone",
		func(resource.PropertyMap) (resource.PropertyMap, error) {
			return nil, errors.New("no matching Route 53 Hosted Zone found")
		}))
	require.ErrorContains(t, err, `ZoneName: no single public hosted zone "example.com" in this account; create it`)
}

func TestAnExistingCertificateNeedsNoZone(t *testing.T) {
	recording := build(t, withCertificate)
	require.Empty(t, recording.Invocations())
	require.Empty(t, recording.ByType(certificateType))
	require.Empty(t, recording.ByType(recordType))
}

func TestNewReportsEveryProblem(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "an edge with a long name", &Args{
			DomainName: "www.example.com", CertificateARN: "mine", HSTSOff: "no", DeletionProtectionOff: "no",
			ContentSecurityPolicy: "img-src *",
		})
		return err
	})
	for _, want := range []string{
		"name: ", "Network: missing", "AccessLogs: missing", `CertificateARN: "mine"`, "given without ZoneName",
		`HSTSOff: "no"`, `DeletionProtectionOff: "no"`, "no default-src",
	} {
		require.ErrorContains(t, err, want)
	}
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
