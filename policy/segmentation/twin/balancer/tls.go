// SPDX-License-Identifier: Apache-2.0

package balancer

import (
	"cmp"
	"crypto/tls"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// versions are the names of TLS's versions in AWS's policies. SSLv3 is none that anybody speaks any more.
var versions = map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

// Suites are the cipher suites of TLS 1.2 and before that crypto/tls has, by their names in AWS's policies, which are OpenSSL's.
var Suites, thirteen = named()

// named also lists those of TLS 1.3, which have the same name everywhere. crypto/tls offers all of them always.
func named() (before map[string]uint16, thirteen []string) {
	before = map[string]uint16{}
	name := strings.NewReplacer("TLS_RSA_WITH_", "", "TLS_", "", "_WITH", "", "AES_", "AES", "RC4_128", "RC4", "3DES_EDE", "DES-CBC3", "_CBC", "",
		"POLY1305_SHA256", "POLY1305", "_", "-")
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if slices.Contains(s.SupportedVersions, tls.VersionTLS12) {
			before[name.Replace(s.Name)] = s.ID
		} else {
			thirteen = append(thirteen, s.Name)
		}
	}
	return before, thirteen
}

// Hybrid are the key exchanges that a later quantum computer cannot undo, which policies with PQ in their names offer beside others:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html.
var Hybrid = []tls.CurveID{tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024}

// PostQuantum reports whether its policy offers them. AWS's API tells it by the name alone.
func (l *Listener) PostQuantum() bool {
	return slices.Contains(strings.Split(aws.ToString(l.SslPolicy), "-"), "PQ")
}

// speak takes over what a policy says, and notes what crypto/tls has no word for.
func (l *Listener) speak(p elb.SslPolicy) {
	for _, name := range p.SslProtocols {
		if v := versions[name]; v != 0 {
			l.Least, l.Most = min(cmp.Or(l.Least, v), v), max(l.Most, v)
		}
	}
	has := map[string]bool{}
	for _, c := range p.Ciphers {
		name := aws.ToString(c.Name)
		has[name] = true
		if id, known := Suites[name]; known {
			l.Suites = append(l.Suites, id)
		} else if !slices.Contains(thirteen, name) {
			l.Unsaid = append(l.Unsaid, "without "+name)
		}
	}
	for _, name := range thirteen {
		if l.Most == tls.VersionTLS13 && !has[name] {
			l.Unsaid = append(l.Unsaid, "with "+name)
		}
	}
}

// checkTLS reports what a listener lacks that speaks TLS.
func (l *Listener) checkTLS(say func(format string, args ...any)) {
	if len(l.Names) == 0 {
		say("the names of its certificate are not among the answers (Certificates.json)")
	}
	switch policy := aws.ToString(l.SslPolicy); {
	case l.Least == 0:
		say("its policy of TLS %q is not among the answers (SslPolicies.json)", policy)
	case l.Least < tls.VersionTLS13 && len(l.Suites) == 0:
		say("crypto/tls has none of the cipher suites of its policy of TLS %q (SslPolicies.json)", policy)
	}
}

// Config is how the listener speaks TLS, as far as crypto/tls can; which suite it prefers is crypto/tls's own choice.
func (l *Listener) Config(certificates []tls.Certificate) *tls.Config {
	c := &tls.Config{MinVersion: l.Least, MaxVersion: l.Most, CipherSuites: l.Suites, Certificates: certificates, NextProtos: []string{"h2", "http/1.1"}, //nolint:gosec // as the policy says
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}}
	if l.PostQuantum() {
		c.CurvePreferences = append(c.CurvePreferences, Hybrid...)
	}
	// net/http serves HTTP/2 with one of these only, which RFC 7540, section 9.2.2, demands.
	needed := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	if l.Least < tls.VersionTLS13 && !slices.ContainsFunc(needed, func(id uint16) bool { return slices.Contains(l.Suites, id) }) {
		c.NextProtos = c.NextProtos[1:]
	}
	return c
}

// Spoken are the names of the suites with which somebody gets a connection, by whether its certificate has a key of RSA, and those
// of all others.
func (l *Listener) Spoken(rsa bool) (spoken, refused []string) {
	for _, name := range slices.Sorted(maps.Keys(Suites)) {
		if slices.Contains(l.Suites, Suites[name]) && strings.Contains(name, "ECDSA") != rsa {
			spoken = append(spoken, name)
		} else {
			refused = append(refused, name)
		}
	}
	return spoken, refused
}
