// SPDX-License-Identifier: Apache-2.0

// Package edge makes the one way in from the internet: a load balancer that speaks modern TLS on 443, redirects 80
// there, adds the security headers, logs every request and connection, and answers 404 to whatever nobody serves. It
// can reach nothing until Serve connects it to a target.
package edge

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/waf"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Args says where the load balancer stands and under which names.
type Args struct {
	// Segment is where the load balancer stands, in a tier with routes to the internet: a subnet in each of its zones.
	// Required. Rows of the table must lead from the internet to it at the ports 80 and 443.
	Segment *network.Segment
	// Zone is the public Route 53 hosted zone to put records in, such as "example.com". It must exist in the
	// account. With it the edge gets its own certificate, validated by DNS, and an alias record for each name. Give
	// either Zone or CertificateARN.
	Zone string `pulumi:"zone"`
	// Domain is the name that clients use, such as "www.example.com"; it must be in Zone. Empty means Zone
	// itself. It has no place beside CertificateARN.
	Domain string `pulumi:"domain"`
	// AlternativeNames are more names in Zone, for the same certificate and with alias records of their own.
	// Changing them replaces the certificate, without a gap.
	AlternativeNames []string `pulumi:"alternativeNames"`
	// CertificateARN is a certificate that ACM has already, in the region of the network; its DNS is the caller's.
	CertificateARN string `pulumi:"certificateArn"`
	// WAF says how the web ACL in front of the load balancer departs from its baseline. Default: it does not.
	WAF WAF `pulumi:"waf"`
	// ContentSecurityPolicy is the Content-Security-Policy header of every response, in place of the one that a service sends, and
	// decides on X-Frame-Options too. Empty leaves both to the service, which alone can know the nonces of its pages. At most 1024
	// bytes; StrictContentSecurityPolicy is one to start from. A listener that has once sent one keeps sending it until it gets
	// another (hashicorp/terraform-provider-aws#43042).
	ContentSecurityPolicy string `pulumi:"contentSecurityPolicy"`
	// HSTSDays is for how many days browsers remember to use HTTPS only, 1 to 730. They cannot be told to forget while HTTPS is
	// broken: a domain that is new to HTTPS starts with few. Default: 730.
	HSTSDays int `pulumi:"hstsDays"`
	// HSTSSubdomains has browsers use HTTPS for every name below those of the edge, also for hosts of others. Default: only where
	// all names of the edge are below Zone, so that no host of others is below them.
	HSTSSubdomains bool `pulumi:"hstsSubdomains"`
	// HSTSOffReason is the written reason to tell browsers that they need not use HTTPS; it becomes a tag. Empty means that
	// they must.
	HSTSOffReason string `pulumi:"hstsOffReason"`
	// DeletionProtectionOffReason is the written reason to let the load balancer be deleted; it becomes a tag. Empty means
	// that AWS refuses to delete it (FSBP ELB.6).
	DeletionProtectionOffReason string `pulumi:"deletionProtectionOffReason"`
}

// WAF is how the web ACL of an edge departs from its baseline.
type WAF = waf.Settings

// Edge is an internet-facing application load balancer with its listeners, certificate, names and security group.
type Edge struct {
	pulumi.ResourceState

	// WebACL is the web ACL in front of the load balancer.
	WebACL *waf.WebACL
	// Hosts are the names of the edge in its zone, the main one first; none with a certificate of the caller's.
	Hosts []string
	// ZoneID is the id of the hosted zone that has the records of Hosts; empty with a certificate of the caller's.
	ZoneID string
	// ListenerARN is the ARN of the HTTPS listener.
	ListenerARN pulumi.StringOutput
	// LoadBalancerARN is the ARN of the load balancer.
	LoadBalancerARN pulumi.StringOutput
	// ARNSuffix is the load balancer's name in CloudWatch metrics: the dimension "LoadBalancer".
	ARNSuffix pulumi.StringOutput
	// DNSName is the name that AWS gave the load balancer.
	DNSName pulumi.StringOutput
	// CertificateARN is the ARN of the certificate that the HTTPS listener shows.
	CertificateARN pulumi.StringOutput

	name    string
	segment *network.Segment
	zone    pulumi.StringOutput // the hosted zone that DNSName is in
	served  map[int]string      // the rule at each priority
}

// New makes the load balancer and its listeners. Until Serve is called it answers every request with 404.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Edge, error) {
	args = component.Given(args)
	if err := component.Failure("edge", name, args.Check(name)...); err != nil {
		return nil, err
	}
	e := &Edge{name: name, segment: args.Segment, served: map[int]string{}}
	if err := component.Register(ctx, "bulkhead:edge:Edge", name, args, e, opts...); err != nil {
		return nil, err
	}
	if err := e.findZone(ctx, args.Zone); err != nil {
		return nil, fmt.Errorf("edge %q: %w", name, err)
	}
	if err := e.balance(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.filter(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.identify(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.listen(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.redirect(ctx, name); err != nil {
		return nil, err
	}
	err := ctx.RegisterResourceOutputs(e, pulumi.Map{
		"listenerArn":     e.ListenerARN,
		"loadBalancerArn": e.LoadBalancerARN,
		"dnsName":         e.DNSName,
		"certificateArn":  e.CertificateARN,
	})
	return e, err
}

// identify gives the load balancer its certificate and, in a zone of ours, its names.
func (e *Edge) identify(ctx *pulumi.Context, name string, args *Args) (err error) {
	if e.ZoneID == "" {
		e.CertificateARN = pulumi.String(args.CertificateARN).ToStringOutput()
		return nil
	}
	e.Hosts = args.hosts()
	if e.CertificateARN, err = e.certify(ctx, name, e.Hosts); err != nil {
		return err
	}
	return e.alias(ctx, name, e.Hosts)
}

// hosts are the names of the edge in its zone, the main one first.
func (a *Args) hosts() []string {
	return append([]string{component.Or(a.Domain, a.Zone)}, a.AlternativeNames...)
}

// namePattern keeps names of components and of rules fit for names of AWS resources.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// maxName is what is left of the 32 characters of a load balancer's name after "-alb" and Pulumi's random suffix.
const maxName = 20

// Check reports every problem of the arguments of an edge called name; each names field, value and cure.
func (a *Args) Check(name string) []error {
	problems := a.Segment.Check([]segment.Reach{segment.ReachInternet},
		segment.Need{From: segment.Internet, Ports: segment.HTTPS, For: "the clients of the load balancer"},
		segment.Need{From: segment.Internet, Ports: segment.HTTP, For: "the redirect to HTTPS"})
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if len(name) > maxName || !namePattern.MatchString(name) {
		add("name: %q must be 1 to %d letters, digits and inner hyphens, because AWS limits the names of load balancers; shorten it", name, maxName)
	}
	problems = append(problems, a.checkIdentity()...)
	if a.ContentSecurityPolicy != "" {
		problems = append(problems, form.In("ContentSecurityPolicy", form.CheckContentSecurityPolicy(a.ContentSecurityPolicy)))
	}
	if a.HSTSDays != 0 {
		problems = append(problems, form.In("HSTSDays", form.CheckHSTSDays(a.HSTSDays)))
	}
	problems = append(problems, form.Within("WAF", a.WAF.Check())...)
	problems = append(problems, checkReason("HSTSOffReason", a.HSTSOffReason), checkReason("DeletionProtectionOffReason", a.DeletionProtectionOffReason))
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}

// checkIdentity reports what is wrong with the certificate and the names.
func (a *Args) checkIdentity() []error {
	switch {
	case a.Zone == "" && a.CertificateARN == "":
		return []error{errors.New("Zone, CertificateARN: both empty; give one, because there is no HTTPS without a certificate")}
	case a.Zone != "" && a.CertificateARN != "":
		return []error{errors.New("Zone, CertificateARN: both given; leave one out, because the zone brings its own certificate")}
	case a.Zone != "":
		return []error{checkNames(a.Zone, a.hosts())}
	}
	problems := []error{checkCertificateARN(a.CertificateARN)}
	if a.Domain != "" || len(a.AlternativeNames) > 0 {
		problems = append(problems, errors.New("Domain, AlternativeNames: given without Zone, so no record could be written; give the zone or leave them out"))
	}
	return problems
}
