// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// listen opens the HTTPS listener. What no rule of Serve matches gets a 404 from the load balancer itself, so a
// scanner that goes by address, or by a name that is not ours, never reaches a target.
func (e *Edge) listen(ctx *pulumi.Context, name string, args *Args) error {
	policy := args.ContentSecurityPolicy
	if policy == "" {
		policy = DefaultContentSecurityPolicy
	}
	tags := pulumi.StringMap{"Name": pulumi.String(name + "-https")}
	if args.HSTSOff != "" {
		tags["bulkhead:relaxed:HSTS"] = pulumi.String(args.HSTSOff)
	}
	listener, err := lb.NewListener(ctx, name+"-https", &lb.ListenerArgs{
		LoadBalancerArn: e.LoadBalancerARN,
		Port:            pulumi.Int(firewall.HTTPS.Number),
		Protocol:        pulumi.String("HTTPS"),
		SslPolicy:       pulumi.String(TLSPolicy), // FSBP ELB.17
		CertificateArn:  e.CertificateARN,
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("fixed-response"),
			FixedResponse: lb.ListenerDefaultActionFixedResponseArgs{
				StatusCode:  pulumi.String("404"),
				ContentType: pulumi.String("text/plain"),
				MessageBody: pulumi.String("Not found"),
			},
		}},
		RoutingHttpResponseStrictTransportSecurityHeaderValue: pulumi.String(hsts(args.HSTSOff)),
		RoutingHttpResponseContentSecurityPolicyHeaderValue:   pulumi.String(policy),
		RoutingHttpResponseXContentTypeOptionsHeaderValue:     pulumi.String(noSniff),
		RoutingHttpResponseXFrameOptionsHeaderValue:           pulumi.String(frameOptions),
		RoutingHttpResponseServerEnabled:                      pulumi.Bool(false),
		Tags:                                                  tags,
	}, pulumi.Parent(e))
	if err != nil {
		return err
	}
	e.ListenerARN = listener.Arn
	return nil
}

// redirect opens the HTTP listener, which does nothing but send clients to HTTPS for good (FSBP ELB.1). It sends no
// Strict-Transport-Security header because browsers must ignore one that came over HTTP (RFC 6797, section 8.1).
func (e *Edge) redirect(ctx *pulumi.Context, name string) error {
	_, err := lb.NewListener(ctx, name+"-http", &lb.ListenerArgs{
		LoadBalancerArn: e.LoadBalancerARN,
		Port:            pulumi.Int(firewall.HTTP.Number),
		Protocol:        pulumi.String("HTTP"),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("redirect"),
			Redirect: lb.ListenerDefaultActionRedirectArgs{
				Protocol:   pulumi.String("HTTPS"),
				Port:       pulumi.String(strconv.Itoa(firewall.HTTPS.Number)),
				StatusCode: pulumi.String("HTTP_301"),
			},
		}},
		RoutingHttpResponseServerEnabled: pulumi.Bool(false),
		Tags:                             pulumi.StringMap{"Name": pulumi.String(name + "-http")},
	}, pulumi.Parent(e))
	return err
}
