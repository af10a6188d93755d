// SPDX-License-Identifier: Apache-2.0

package form

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxAuthorities is the most bytes of certificate authorities of a database: they share the user data of an instance, 16 KiB, with
// what starts the service.
const maxAuthorities = 6 << 10

var (
	secretForm   = regexp.MustCompile(`^arn:aws:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
	keyForm      = regexp.MustCompile(`^arn:aws:kms:([a-z0-9-]+):[0-9]{12}:key/[a-z0-9-]+$`)
	databaseForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)
)

// DatabaseURL is where a PostgreSQL database answers.
type DatabaseURL struct {
	// Host is the name that the server's certificate is for.
	Host string
	// Port is where it listens.
	Port int
	// Database is the name of the database.
	Database string
}

// ParseDatabaseURL reads a connection URI of PostgreSQL, such as "postgresql://db.example.com:5432/shop" (PostgreSQL documentation,
// "Connection URIs"). Port 5432 may be left out. Who logs in, with which password, and how TLS is checked have no place in it.
func ParseDatabaseURL(text string) (DatabaseURL, error) {
	const cure = "write it like postgresql://db.example.com:5432/shop"
	parsed, err := url.Parse(text)
	switch {
	case err != nil || (parsed.Scheme != "postgresql" && parsed.Scheme != "postgres") || parsed.Opaque != "":
		if strings.Contains(text, "@") {
			return DatabaseURL{}, &Error{Value: "the text", Fault: "is not a URI of PostgreSQL", Cure: cure}
		}
		return DatabaseURL{}, Text(text, "is not a URI of PostgreSQL", cure)
	case parsed.User != nil:
		return DatabaseURL{}, &Error{Value: "the URI", Fault: "names who logs in, which is for the secret alone to know", Cure: "put user and password into the secret, change the password, and " + cure}
	case parsed.RawQuery != "" || parsed.Fragment != "":
		return DatabaseURL{}, Text(text, "has parameters, and how TLS is checked is not for choice", cure)
	}
	at := DatabaseURL{Host: parsed.Hostname(), Port: PostgreSQLPort, Database: strings.TrimPrefix(parsed.Path, "/")}
	if port := parsed.Port(); port != "" {
		at.Port, _ = strconv.Atoi(port)
	}
	return at, at.Check()
}

// Check reports the first part of the place that cannot be right.
func (at DatabaseURL) Check() error {
	if err := CheckDatabaseHost(at.Host); err != nil {
		return err
	}
	if at.Port < 1 || at.Port > 65535 {
		return Number(at.Port, "is not a TCP port", "name the one at which the server listens, such as 5432")
	}
	if !databaseForm.MatchString(at.Database) {
		return Text(at.Database, "is not the name of a database", "use up to 63 letters, digits, hyphens and underscores")
	}
	return nil
}

// CheckDatabaseHost accepts the name of a database server, as its certificate holds it.
func CheckDatabaseHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return Text(host, "is an address, which moves, and certificates hold names", "give the name that the server's certificate is for")
	}
	return CheckHostName(host)
}

// CheckSecretHome accepts the ARN of a secret of Secrets Manager in a region and an account: endpoints of a VPC lead to no other region, and
// a secret of another account would follow its owner's rules.
func CheckSecretHome(arn, region, account string) error {
	switch parts := secretForm.FindStringSubmatch(arn); {
	case parts == nil:
		return Text(arn, "is not the ARN of a secret", "copy it from `aws secretsmanager describe-secret`: it ends in a hyphen and six characters")
	case parts[1] != region:
		return Text(arn, "is in another region than "+region, "replicate the secret into "+region+", and name the replica")
	case parts[2] != account:
		return Text(arn, "is in another account than "+account, "keep a secret in "+account)
	}
	return nil
}

// CheckKeyHome accepts the ARN of a KMS key in a region.
func CheckKeyHome(arn, region string) error {
	switch parts := keyForm.FindStringSubmatch(arn); {
	case parts == nil:
		return Text(arn, "is not the ARN of a key", "copy it from `aws kms describe-key`; an alias is not enough")
	case parts[1] != region:
		return Text(arn, "is in another region than "+region, "name the key that encrypts the secret")
	}
	return nil
}

// CheckAuthorities accepts certificate authorities as ParseAuthorities reads them.
func CheckAuthorities(text string) error {
	_, err := ParseAuthorities(text)
	return err
}

// ParseAuthorities reads certificate authorities as PEM, each one that has not ended, and returns them without what stands around
// them.
func ParseAuthorities(text string) (string, error) {
	var all strings.Builder
	const cure = "give the PEM of the authority that signs the server's certificate"
	bad := func(format string, values ...any) (string, error) {
		return "", &Error{Value: "the text", Fault: fmt.Sprintf(format, values...), Cure: cure}
	}
	rest := []byte(strings.TrimSpace(text))
	switch {
	case len(rest) == 0:
		return bad("is missing, and a connection that believes any certificate protects nothing")
	case len(rest) > maxAuthorities:
		return bad("has %d bytes, more than the %d that an instance can be told", len(rest), maxAuthorities)
	}
	for place := 1; len(rest) > 0; place++ {
		block, more := pem.Decode(rest)
		switch {
		case block == nil:
			return bad("is not PEM from its block %d on", place)
		case block.Type != "CERTIFICATE":
			return bad("holds a %s, which is no certificate", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return bad("has a certificate %d that cannot be read", place)
		case !certificate.IsCA:
			return bad("has a certificate %d, of %q, that is no authority", place, certificate.Subject.CommonName)
		case certificate.NotAfter.Before(time.Now()):
			return bad("has an authority, %q, that ended on %s", certificate.Subject.CommonName, certificate.NotAfter.Format(time.DateOnly))
		}
		all.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
		rest = []byte(strings.TrimSpace(string(more)))
	}
	return all.String(), nil
}
