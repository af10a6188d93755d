// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
)

// authorities are the names by which a CAA record lets Amazon issue certificates (https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html).
var authorities = []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}

// errNoResolver says that nobody can be asked.
var errNoResolver = errors.New("no DNS server is asked")

// resolver asks one DNS server, which asks all others.
type resolver struct{ address string }

// newResolver is the server of an address, or the first one of this machine; "none" asks nobody.
func newResolver(address string) *resolver {
	if address == "none" {
		return &resolver{}
	}
	if address == "" {
		settings, err := dns.ClientConfigFromFile("/etc/resolv.conf")
		if err != nil || len(settings.Servers) == 0 {
			return &resolver{}
		}
		return &resolver{net.JoinHostPort(settings.Servers[0], settings.Port)}
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "53")
	}
	return &resolver{address}
}

// ask returns the records of a type, none where the name or the type does not exist.
func (r *resolver) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	if r.address == "" {
		return nil, errNoResolver
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), kind)
	question.SetEdns0(1232, false)
	answer, _, err := (&dns.Client{}).ExchangeContext(ctx, question, r.address)
	if err == nil && answer.Truncated {
		answer, _, err = (&dns.Client{Net: "tcp"}).ExchangeContext(ctx, question, r.address)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("DNS, %s of %s: %w", dns.TypeToString[kind], name, err)
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("DNS, %s of %s: %s answers %s", dns.TypeToString[kind], name, r.address, dns.RcodeToString[answer.Rcode])
	}
	return answer.Answer, nil
}

// zones are the hosted zones in which the deployment writes records.
func (p *plan) zones() []string {
	var all []string
	for _, r := range p.of(resource.Route53Record) {
		if id := r.Inputs().Get("zoneId").Str(); id != "" {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hosts are the names of the certificates that are proved by DNS.
func (p *plan) hosts() []string {
	var all []string
	for _, r := range p.of(certificateType) {
		if r.Inputs().Get("validationMethod").Str() != "DNS" {
			continue
		}
		further, _ := r.Inputs().Get("subjectAlternativeNames").Strings()
		all = append(append(all, r.Inputs().Get("domainName").Str()), further...)
	}
	all = slices.DeleteFunc(all, func(host string) bool { return host == "" })
	slices.Sort(all)
	return slices.Compact(all)
}

// delegationRow says whether the DNS leads to a hosted zone. Where it does not, no certificate is ever issued: the deployment would wait
// for it in vain, and nobody would find the service.
func (a *account) delegationRow(ctx context.Context, r *resolver, id string) row {
	answer := row{Area: "domain", Name: "delegation of zone " + id, Verdict: fine}
	z, err := a.hostedZone(ctx, id)
	if err != nil {
		return answer.unseen(err)
	}
	answer.Name = "delegation of " + z.name
	records, err := r.ask(ctx, z.name, dns.TypeNS)
	if err != nil {
		return answer.unseen(err)
	}
	var found []string
	for _, record := range records {
		if ns, is := record.(*dns.NS); is {
			found = append(found, plain(ns.Ns))
		}
	}
	want := make([]string, len(z.servers))
	for i, server := range z.servers {
		want[i] = plain(server)
	}
	slices.Sort(found)
	slices.Sort(want)
	switch {
	case len(found) == 0:
		answer.Verdict = missing
		answer.Says = fmt.Sprintf("no name server answers for %s: at its registrar, or in the zone above it, name %s", z.name, strings.Join(want, ", "))
	case !slices.Equal(found, want):
		answer.Verdict = missing
		answer.Says = fmt.Sprintf("the DNS leads to %s, and the hosted zone %s is answered by %s: name these at its registrar, or in the zone above it, or use the zone that answers",
			strings.Join(found, ", "), id, strings.Join(want, ", "))
	}
	return answer
}

// plain is a name in small letters without a dot at the end.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// authorityRow says whether Amazon may issue a certificate for a host: the CAA records of the name, or of the nearest name above that has
// any, decide (RFC 8659).
func authorityRow(ctx context.Context, r *resolver, host string) row {
	answer := row{Area: "domain", Name: "CAA of " + host, Verdict: fine}
	name, wildcard := strings.CutPrefix(plain(host), "*.")
	for name != "" {
		records, err := r.ask(ctx, name, dns.TypeCAA)
		if err != nil {
			return answer.unseen(err)
		}
		if set := authorizations(records); len(set) > 0 {
			if !issues(set, wildcard) {
				answer.Verdict = missing
				answer.Says = fmt.Sprintf("the CAA records of %s do not let Amazon issue certificates, and ACM would fail: add 0 issue \"amazon.com\" there", name)
			}
			return answer
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return answer
}

func authorizations(records []dns.RR) []*dns.CAA {
	var set []*dns.CAA
	for _, record := range records {
		if caa, is := record.(*dns.CAA); is {
			set = append(set, caa)
		}
	}
	return set
}

// issues reports whether a set of CAA records lets Amazon issue. Those about wildcards count for wildcards alone, and there instead of the others.
func issues(set []*dns.CAA, wildcard bool) bool {
	tag := "issue"
	of := func(tag string) func(*dns.CAA) bool {
		return func(c *dns.CAA) bool { return strings.EqualFold(c.Tag, tag) }
	}
	if wildcard && slices.ContainsFunc(set, of("issuewild")) {
		tag = "issuewild"
	}
	restricted, allowed := false, false
	for _, c := range set {
		known := slices.ContainsFunc([]string{"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"}, func(t string) bool { return of(t)(c) })
		if c.Flag&128 != 0 && !known {
			return false // Whoever does not know a critical property must not issue.
		}
		if of(tag)(c) {
			restricted = true
			issuer, _, _ := strings.Cut(c.Value, ";")
			allowed = allowed || slices.Contains(authorities, plain(strings.TrimSpace(issuer)))
		}
	}
	return allowed || !restricted
}
