// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// ExternalArgs are the arguments of NewExternal.
type ExternalArgs struct {
	// Account is where the clients are, and the secret. Required.
	Account *account.Account
	// Host is the DNS name of the server, which its certificate must be for. Required.
	Host string `pulumi:"host"`
	// Port is where it listens. Default 5432.
	Port int `pulumi:"port"`
	// CIDRs are the ranges in which Host resolves, in canonical form. Required: rows of the table lead there, and nothing else does.
	CIDRs []string `pulumi:"cidrs"`
	// DatabaseName is the database on the server. Default "app".
	DatabaseName string `pulumi:"databaseName"`
	// CA signs the server's certificate, as PEM: one or several authorities, up to 6 KiB. Required: clients are told
	// verify-full, and believe nobody else.
	CA string `pulumi:"ca"`
	// SecretARN is the secret of Secrets Manager with username and password as JSON, in the account and region. Required. Whoever keeps it rotates it.
	SecretARN string `pulumi:"secretArn"`
	// KeyARN is the KMS key that encrypts the secret, whose policy has to let the roles of clients decrypt. Default: AWS's own key for
	// Secrets Manager, which lets everybody who may read the secret.
	KeyARN string `pulumi:"keyArn"`
}

// defaults returns a copy with the defaults filled in.
func (args ExternalArgs) defaults() *ExternalArgs {
	args.Port = component.Or(args.Port, form.PostgreSQLPort)
	args.DatabaseName = component.Or(args.DatabaseName, DefaultName)
	return &args
}

// Check reports every problem of the arguments; each names field, value and cure.
func (args *ExternalArgs) Check() []error {
	args = args.defaults()
	var problems []error
	if args.Account == nil {
		problems = append(problems, form.Missing("Account", "give the account in which the clients are"))
	} else {
		problems = append(problems, form.Problems(form.In("SecretARN", form.CheckSecretHome(args.SecretARN, args.Account.Region, args.Account.ID)))...)
		if args.KeyARN != "" {
			problems = append(problems, form.Problems(form.In("KeyARN", form.CheckKeyHome(args.KeyARN, args.Account.Region)))...)
		}
	}
	if len(args.CIDRs) == 0 {
		problems = append(problems, form.Missing("CIDRs", fmt.Sprintf("give the ranges in which %q resolves, such as 203.0.113.16/28", args.Host)))
	}
	at := form.DatabaseURL{Host: args.Host, Port: args.Port, Database: args.DatabaseName}
	problems = append(problems, form.Problems(form.In("Host, Port, DatabaseName", at.Check()), form.In("CA", form.CheckAuthorities(args.CA)))...)
	for _, err := range cidr.CheckList(args.CIDRs, cidr.MaxDestinations, cidr.CheckDestination) {
		problems = append(problems, form.In("CIDRs", err))
	}
	return problems
}

// NewExternal attaches a database that somebody else runs, somewhere else. It makes nothing; services use it as they use one that New has made.
func NewExternal(ctx *pulumi.Context, name string, args *ExternalArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	args = component.Given(args).defaults()
	if err := component.Failure("external database", name, args.Check()...); err != nil {
		return nil, err
	}
	d := args.Draft()
	if err := component.Register(ctx, "bulkhead:database:External", name, args, d, opts...); err != nil {
		return nil, err
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"address": d.Address, "port": pulumi.Int(d.Port.From), "secretArn": d.SecretARN})
}

// Draft is the database as its clients will see it, for checking them.
func (args *ExternalArgs) Draft() *Database {
	args = args.defaults()
	if plain, err := form.ParseAuthorities(args.CA); err == nil {
		args.CA = plain
	}
	return &Database{
		external: args, Name: args.DatabaseName, Port: segment.TCP(args.Port),
		Address: pulumi.String(args.Host).ToStringOutput(), SecretARN: pulumi.String(args.SecretARN).ToStringOutput(),
	}
}

// External reports whether somebody else runs the database, so that it has neither an instance nor a segment.
func (d *Database) External() bool { return d.external != nil }

// End is where the rows of the table lead that lead to the database: a segment, or the addresses of an external one.
func (d *Database) End() segment.End {
	if d.External() {
		return segment.Addresses(d.external.CIDRs...)
	}
	return segment.End(d.Segment.Name)
}

// LooksUp is the name that a client must be able to look up besides those that AWS gives, none for a database of RDS.
func (d *Database) LooksUp() string {
	if d.External() {
		return d.external.Host
	}
	return ""
}

// Authority is the certificate authority that an instance of a client has to be given as PEM, none for a database of RDS.
func (d *Database) Authority() string {
	if d.External() {
		return d.external.CA
	}
	return ""
}

// account is where the clients of the database are.
func (d *Database) account() *account.Account {
	if d.External() {
		return d.external.Account
	}
	return d.Segment.Account()
}
