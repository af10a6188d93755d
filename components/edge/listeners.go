// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form/https"
)

// listen opens the HTTPS listener. What no rule of Serve matches gets a 404 from the load balancer itself, so a
// scanner that goes by address, or by a name that is not ours, never reaches a target. The web ACL filters before the
// listener listens.
func (e *Edge) listen(ctx *pulumi.Context, name string, args *Args) error {
	tags := pulumi.StringMap{"Name": pulumi.String(name + "-https")}
	if args.HSTSOffReason != "" {
		tags["bulkhead:relaxed:HSTS"] = pulumi.String(args.HSTSOffReason)
	}
	listener, err := lb.NewListener(ctx, name+"-https", &lb.ListenerArgs{
		LoadBalancerArn: e.LoadBalancerARN,
		Port:            pulumi.Int(segment.HTTPS.From),
		Protocol:        pulumi.String("HTTPS"),
		SslPolicy:       pulumi.String(https.TLSPolicy), // FSBP ELB.17
		CertificateArn:  e.CertificateARN,
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("fixed-response"),
			FixedResponse: lb.ListenerDefaultActionFixedResponseArgs{
				StatusCode:  pulumi.String("404"),
				ContentType: pulumi.String("text/plain"),
				MessageBody: pulumi.String("Not found"),
			},
		}},
		RoutingHttpResponseStrictTransportSecurityHeaderValue: pulumi.String(args.hsts()),
		RoutingHttpResponseContentSecurityPolicyHeaderValue:   header(args.ContentSecurityPolicy),
		RoutingHttpResponseXContentTypeOptionsHeaderValue:     pulumi.String(noSniff),
		RoutingHttpResponseXFrameOptionsHeaderValue:           header(frameOptions(args.ContentSecurityPolicy)),
		RoutingHttpResponseServerEnabled:                      pulumi.Bool(false),
		Tags:                                                  tags,
	}, pulumi.Parent(e), order.After(e.WebACL.Ready()))
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
		Port:            pulumi.Int(segment.HTTP.From),
		Protocol:        pulumi.String("HTTP"),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("redirect"),
			Redirect: lb.ListenerDefaultActionRedirectArgs{
				Protocol:   pulumi.String("HTTPS"),
				Port:       pulumi.String(strconv.Itoa(segment.HTTPS.From)),
				StatusCode: pulumi.String("HTTP_301"),
			},
		}},
		RoutingHttpResponseServerEnabled: pulumi.Bool(false),
		Tags:                             pulumi.StringMap{"Name": pulumi.String(name + "-http")},
	}, pulumi.Parent(e), order.After(e.WebACL.Ready()))
	return err
}
