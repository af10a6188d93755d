// SPDX-License-Identifier: Apache-2.0

// Package edge makes the one way in from the internet: a load balancer that speaks modern TLS on 443, redirects 80
// there, adds the security headers, logs every request and connection, and answers 404 to whatever nobody serves. It
// can reach nothing until Serve connects it to a target.
package edge

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// Args says where the load balancer stands and under which names.
type Args struct {
	// Network is the network whose public tier the load balancer stands in: a subnet in each of its zones. Required.
	Network *network.Network
	// ZoneName is the public Route 53 hosted zone to put records in, such as "example.com". It must exist in the
	// account. With it the edge gets its own certificate, validated by DNS, and an alias record for each name. Give
	// either ZoneName or CertificateARN.
	ZoneName string
	// DomainName is the name that clients use, such as "www.example.com"; it must be in ZoneName. Empty means ZoneName
	// itself. It has no place beside CertificateARN.
	DomainName string
	// AlternativeNames are more names in ZoneName, for the same certificate and with alias records of their own.
	// Changing them replaces the certificate, without a gap.
	AlternativeNames []string
	// CertificateARN is a certificate that ACM has already, in the region of the network; its DNS is the caller's.
	CertificateARN string
	// AccessLogs is the bucket for access and connection logs. Required (FSBP ELB.5). It needs the writer
	// storage.ALBAccessLogs for the prefix AccessLogPrefix, and cannot use a KMS key: load balancers write to buckets
	// with SSE-S3 only.
	AccessLogs *storage.Bucket
	// ContentSecurityPolicy is the Content-Security-Policy header of every response. Empty means
	// DefaultContentSecurityPolicy. At most 1024 bytes.
	ContentSecurityPolicy string
	// HSTSOff is the written reason to tell browsers that they need not use HTTPS; it becomes a tag. Empty means that
	// they must, for two years and for all names below the domain.
	HSTSOff string
	// DeletionProtectionOff is the written reason to let the load balancer be deleted; it becomes a tag. Empty means
	// that AWS refuses to delete it (FSBP ELB.6).
	DeletionProtectionOff string
}

// Edge is an internet-facing application load balancer with its listeners, certificate, names and security group.
type Edge struct {
	pulumi.ResourceState

	// Group is the load balancer's security group.
	Group *firewall.Group
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

	name     string
	zone     pulumi.StringOutput // the hosted zone that DNSName is in
	served   map[int]string      // the rule at each priority
	admitted map[door]bool       // where the load balancer may go already
}

// New makes the load balancer and its listeners. Until Serve is called it answers every request with 404.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Edge, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.check(name); err != nil {
		return nil, fmt.Errorf("edge %q: %w", name, err)
	}
	e := &Edge{name: name, served: map[int]string{}, admitted: map[door]bool{}}
	if err := ctx.RegisterComponentResource("bulkhead:edge:Edge", name, e, opts...); err != nil {
		return nil, err
	}
	zoneID, err := e.zoneID(ctx, args.ZoneName)
	if err != nil {
		return nil, fmt.Errorf("edge %q: %w", name, err)
	}
	if err := e.openDoors(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.balance(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.identify(ctx, name, zoneID, args); err != nil {
		return nil, err
	}
	if err := e.listen(ctx, name, args); err != nil {
		return nil, err
	}
	if err := e.redirect(ctx, name); err != nil {
		return nil, err
	}
	err = ctx.RegisterResourceOutputs(e, pulumi.Map{
		"listenerArn":     e.ListenerARN,
		"loadBalancerArn": e.LoadBalancerARN,
		"dnsName":         e.DNSName,
		"certificateArn":  e.CertificateARN,
		"securityGroupId": e.Group.ID,
	})
	return e, err
}

// identify gives the load balancer its certificate and, in a zone of ours, its names.
func (e *Edge) identify(ctx *pulumi.Context, name, zoneID string, args *Args) (err error) {
	if zoneID == "" {
		e.CertificateARN = pulumi.String(args.CertificateARN).ToStringOutput()
		return nil
	}
	if e.CertificateARN, err = e.certify(ctx, name, zoneID, args.hosts()); err != nil {
		return err
	}
	return e.alias(ctx, name, zoneID, args.hosts())
}

// hosts are the names of the edge in its zone, the main one first.
func (a *Args) hosts() []string {
	first := a.DomainName
	if first == "" {
		first = a.ZoneName
	}
	return append([]string{first}, a.AlternativeNames...)
}

// namePattern keeps names of components and of rules fit for names of AWS resources.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// maxName is what is left of the 32 characters of a load balancer's name after "-alb" and Pulumi's random suffix.
const maxName = 20

// check reports every problem of the plain values at once.
func (a *Args) check(name string) error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if len(name) > maxName || !namePattern.MatchString(name) {
		add("name: %q must be 1 to %d letters, digits and inner hyphens, because AWS limits the names of load balancers; shorten it", name, maxName)
	}
	if a.Network == nil {
		add("Network: missing; give the network to stand in")
	}
	if a.AccessLogs == nil {
		add("AccessLogs: missing; give the bucket for the access logs")
	}
	problems = append(problems, a.checkIdentity())
	if a.ContentSecurityPolicy != "" {
		problems = append(problems, checkContentSecurityPolicy(a.ContentSecurityPolicy))
	}
	problems = append(problems, checkReason("HSTSOff", a.HSTSOff), checkReason("DeletionProtectionOff", a.DeletionProtectionOff))
	return errors.Join(problems...)
}

// checkIdentity reports what is wrong with the certificate and the names.
func (a *Args) checkIdentity() error {
	switch {
	case a.ZoneName == "" && a.CertificateARN == "":
		return errors.New("ZoneName, CertificateARN: both empty; give one, because there is no HTTPS without a certificate")
	case a.ZoneName != "" && a.CertificateARN != "":
		return errors.New("ZoneName, CertificateARN: both given; leave one out, because the zone brings its own certificate")
	case a.ZoneName != "":
		return checkNames(a.ZoneName, a.hosts())
	}
	problems := []error{checkCertificateARN(a.CertificateARN)}
	if a.DomainName != "" || len(a.AlternativeNames) > 0 {
		problems = append(problems, errors.New("DomainName, AlternativeNames: given without ZoneName, so no record could be written; give the zone or leave them out"))
	}
	return errors.Join(problems...)
}
