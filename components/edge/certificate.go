// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// issueTimeout is how long a deployment waits for a certificate. ACM looks within minutes once the DNS leads to the records, and the provider
// would wait for 75 minutes: for nothing in a zone that nobody is led to. A deployment that has waited in vain is repeated with the
// certificate and the records that are there.
const issueTimeout = "20m"

// validationTTL is how long resolvers keep a validation record, in seconds; ACM renews with it every year.
const validationTTL = 300

// findZone finds the public hosted zone by its name; no name, no id. It comes before all resources, so that a zone that
// is not there costs nothing.
func (e *Edge) findZone(ctx *pulumi.Context, zone string) error {
	if zone == "" {
		return nil
	}
	private := false
	found, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: &zone, PrivateZone: &private}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("Zone: no single public hosted zone %q in this account; create it, or name the zone that exists: %w", zone, err)
	}
	e.ZoneID = found.ZoneId
	return nil
}

// certify asks ACM for a certificate over hosts, proves with a DNS record for each that they are ours, and returns the
// certificate's ARN once it is issued. ACM renews it by itself as long as the records stay. The key is RSA with 2048
// bits, which FSBP ACM.2 wants at least and every client understands.
func (e *Edge) certify(ctx *pulumi.Context, name string, hosts []string) (pulumi.StringOutput, error) {
	none := pulumi.StringOutput{}
	certificate, err := acm.NewCertificate(ctx, name+"-certificate", &acm.CertificateArgs{
		DomainName:              pulumi.String(hosts[0]),
		SubjectAlternativeNames: pulumi.ToStringArray(hosts[1:]),
		ValidationMethod:        pulumi.String("DNS"),
		Tags:                    pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(e))
	if err != nil {
		return none, err
	}
	proofs := make(pulumi.StringArray, 0, len(hosts))
	for _, host := range hosts {
		record, err := e.prove(ctx, name, host, certificate)
		if err != nil {
			return none, err
		}
		proofs = append(proofs, record.Fqdn)
	}
	issued, err := acm.NewCertificateValidation(ctx, name+"-issued", &acm.CertificateValidationArgs{
		CertificateArn:        certificate.Arn,
		ValidationRecordFqdns: proofs,
	}, pulumi.Parent(e), pulumi.Timeouts(&pulumi.CustomTimeouts{Create: issueTimeout}))
	if err != nil {
		return none, err
	}
	return issued.CertificateArn, nil
}

// prove writes the record that shows ACM that host is ours. ACM asks for the same record again for every certificate of
// a name in an account (ACM FAQ, "How does ACM construct CNAME records?"), so the record may be there from one made
// before or elsewhere, with the same value: it alone may be written over. For the same reason it stays when the stack is gone: another
// certificate of the name, such as one for CloudFront, would otherwise not be renewed, and nobody would hear of it before it ends.
func (e *Edge) prove(ctx *pulumi.Context, name, host string, certificate *acm.Certificate) (*route53.Record, error) {
	field := func(pick func(acm.CertificateDomainValidationOption) *string) pulumi.StringOutput {
		return certificate.DomainValidationOptions.ApplyT(func(options []acm.CertificateDomainValidationOption) (string, error) {
			for _, option := range options {
				if option.DomainName != nil && *option.DomainName == host && pick(option) != nil {
					return *pick(option), nil
				}
			}
			return "", fmt.Errorf("ACM names no validation record for %q", host)
		}).(pulumi.StringOutput)
	}
	return route53.NewRecord(ctx, name+"-proof-"+host, &route53.RecordArgs{
		ZoneId:  pulumi.String(e.ZoneID),
		Name:    field(func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordName }),
		Type:    field(func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordType }),
		Records: pulumi.StringArray{field(func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordValue })},
		Ttl:     pulumi.Int(validationTTL),

		AllowOverwrite: pulumi.Bool(true),
	}, pulumi.Parent(e), pulumi.RetainOnDelete(true))
}

// alias points every host at the load balancer, in each address family that it speaks.
func (e *Edge) alias(ctx *pulumi.Context, name string, hosts []string) error {
	for _, host := range hosts {
		if err := e.aliasOf(ctx, name+"-alias-"+host, host, "A"); err != nil {
			return err
		}
		if e.segment.Network().IPv6 {
			if err := e.aliasOf(ctx, name+"-alias6-"+host, host, "AAAA"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Edge) aliasOf(ctx *pulumi.Context, name, host, kind string) error {
	_, err := route53.NewRecord(ctx, name, &route53.RecordArgs{
		ZoneId: pulumi.String(e.ZoneID),
		Name:   pulumi.String(host),
		Type:   pulumi.String(kind),
		Aliases: route53.RecordAliasArray{route53.RecordAliasArgs{
			Name:                 e.DNSName,
			ZoneId:               e.zone,
			EvaluateTargetHealth: pulumi.Bool(true),
		}},
	}, pulumi.Parent(e))
	return err
}
