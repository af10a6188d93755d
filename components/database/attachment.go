// SPDX-License-Identifier: Apache-2.0

package database

import (
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// CertificateBundle is where a client expects the certificate authorities of RDS: PGSSLROOTCERT. An image that talks to the database
// must carry them (https://truststore.pki.rds.amazonaws.com); without them the connection fails rather than going unverified.
const CertificateBundle = "/etc/pki/rds/global-bundle.pem"

// ExternalBundle is where a client finds the certificate authority of an external database.
const ExternalBundle = "/etc/bulkhead/database-ca.pem"

// DefaultLogin is the name among Attachments of the one login of a database without declared users.
const DefaultLogin = "default"

// Attachment is all that a client needs in order to log in to a database as somebody. None of it is secret.
type Attachment struct {
	// Environment is what the client's process has to find in its environment: AWS_REGION; PGHOST, PGPORT, PGDATABASE, PGSSLMODE,
	// PGSSLROOTCERT and, with an IAM token, PGUSER, as libpq reads them (PostgreSQL documentation, "Environment Variables"); DATABASE_LOGIN
	// and DATABASE_SECRET_ARN, as docs/database.md tells them.
	Environment pulumi.StringMap
	// CertificateAuthorities is where the file comes from that PGSSLROOTCERT names: the address of AWS's bundle or, of an external
	// database, the text itself.
	CertificateAuthorities string
	// Policy is the permissions policy that the client's role needs, and RoleTags are the tags.
	Policy   identity.Text
	RoleTags map[string]string
}

// Attach is how a client attaches the database as somebody.
func (d *Database) Attach(login Login) Attachment {
	region := d.account().Region
	variables := pulumi.StringMap{
		"AWS_REGION":    pulumi.String(region),
		"PGHOST":        d.Address,
		"PGPORT":        pulumi.String(strconv.Itoa(d.Port.From)),
		"PGDATABASE":    pulumi.String(login.Database),
		"PGSSLMODE":     pulumi.String("verify-full"),
		"PGSSLROOTCERT": pulumi.String(CertificateBundle),
	}
	authorities := "https://truststore.pki.rds.amazonaws.com/" + region + "/" + region + "-bundle.pem"
	if d.External() {
		authorities, variables["PGSSLROOTCERT"] = d.Authority(), pulumi.String(ExternalBundle)
	}
	if login.By != "" {
		variables["DATABASE_LOGIN"] = pulumi.String(login.By)
	}
	if login.HasSecret() {
		variables["DATABASE_SECRET_ARN"] = d.Secret(login)
	} else {
		variables["PGUSER"] = pulumi.String(login.User)
	}
	return Attachment{
		Environment:            variables,
		CertificateAuthorities: authorities,
		Policy:                 identity.DocumentOutput(identity.PermissionsPolicy, d.Permissions(login)...),
		RoleTags:               d.Tags(login),
	}
}

// Attachments are those of everybody who logs in, by user; where nobody is declared, the only one as DefaultLogin.
func (d *Database) Attachments() map[string]Attachment {
	if len(d.Declared) == 0 {
		return map[string]Attachment{DefaultLogin: d.Attach(d.onlyLogin())}
	}
	all := map[string]Attachment{}
	for _, database := range declare.New(d.Declared).Databases {
		for _, user := range database.Users {
			all[user.Name] = d.Attach(Login{Database: database.Name, User: user.Name, By: user.Login})
		}
	}
	return all
}

// Document is the attachment as an output of a stack: environment, certificateAuthorities, policy and roleTags.
func (a Attachment) Document() pulumi.Map {
	return pulumi.Map{
		"environment": a.Environment, "certificateAuthorities": pulumi.String(a.CertificateAuthorities),
		"policy": a.Policy, "roleTags": pulumi.ToStringMap(a.RoleTags),
	}
}
