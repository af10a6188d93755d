// SPDX-License-Identifier: Apache-2.0

// Package configured turns the settings of a stack into the arguments of an environment. It stands apart from package stacks, so
// that checking a configuration needs no AWS SDK.
package configured

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/bastion"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/server"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/bulkhead-iac/bulkhead/components/waf"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// The users of the database, each of which logs in with an IAM token.
const (
	// Service is the user of the service, whose role alone may log in as it: it reads and writes rows, and changes no schema.
	Service = "service"
	// Migrator changes the schema. No role of the environment may log in as it; give rds-db:connect to whoever runs migrations.
	Migrator = "migrator"
	// Reader reads, and nothing else. No role of the environment may log in as it, either.
	Reader = "reader"
)

// Environment is the arguments of the environment that the settings describe, with the table as given and the archive of the database
// agent, a path seen from the folder of the program. The result may be changed before it is handed on to environment.New, for instance by a second service.
func Environment(s *stacks.Settings, table *segment.Table, agent string) *environment.Args {
	return &environment.Args{
		AccountID:       s.AccountID,
		Region:          s.Region,
		Zones:           s.Network.Zones,
		VPCCIDR:         s.Network.VPCCIDR,
		Existing:        existing(s.Network),
		NATStrategy:     network.NATStrategy(s.Network.NATStrategy),
		IPv6:            s.Network.IPv6,
		Table:           table,
		TrustedAccounts: s.Network.Trusted(), DNSBlockOffReason: s.Network.DNSBlockOffReason, DNSFailClosedOffReason: s.Network.DNSFailClosedOffReason,
		LogRetentionDays: s.Audit.LogRetentionDays,
		AlarmEmails:      s.Audit.AlarmEmails,
		RecordEmails:     s.Audit.RecordEmails,
		TrailLockMode:    storage.LockMode(strings.ToUpper(s.Audit.TrailLockMode)),

		CredentialsAnywhereReason: s.Network.CredentialsAnywhereReason,

		Edge: &environment.Edge{Args: edge.Args{
			Zone:                        s.Edge.Zone,
			Domain:                      inZone(s.Edge),
			CertificateARN:              s.Edge.CertificateARN,
			WAF:                         edge.WAF{RateLimit: s.WAF.RateLimit, Relaxations: relaxations(s.WAF.Relaxed())},
			HSTSOffReason:               s.Edge.HSTSOffReason,
			HSTSDays:                    s.Edge.HSTSDays,
			HSTSSubdomains:              s.Edge.HSTSSubdomains,
			ContentSecurityPolicy:       s.Edge.ContentSecurityPolicy,
			DeletionProtectionOffReason: s.DeletionProtectionOffReason,
		}},
		Services: []environment.Service{{
			Name: "app",
			Args: app.Args{
				Port:       s.App.Port,
				HealthPath: s.App.HealthPath,
				Server:     server.Settings{InstanceType: s.App.InstanceType, Image: s.App.Image, RootDevice: s.App.RootDevice},
				MinSize:    s.App.MinSize,
				MaxSize:    s.App.MaxSize,

				DatabaseUser: user(s),
			},
			UsesDatabase: s.Database.Attached,
			Hosts:        []string{s.Edge.Domain},
		}},
		Databases: databases(s, agent),
		Backup:    vault(s.Backup),
		Bastion:   door(s.Bastion),
	}
}

// user is whom the service logs in as; the secret of an external database says it itself.
func user(s *stacks.Settings) string {
	if s.Database.External.Given() {
		return ""
	}
	return Service
}

// external is the database of somebody else's.
func external(e stacks.ExternalDatabase) []environment.Database {
	at, _ := form.ParseDatabaseURL(e.URL) // The settings are checked.
	return []environment.Database{{Name: environment.DefaultDatabaseName, External: &database.ExternalArgs{
		Host: at.Host, Port: at.Port, DatabaseName: at.Database, CIDRs: e.CIDRs, CA: e.CA, SecretARN: e.SecretARN, KeyARN: e.KeyARN,
	}}}
}

// databases are the first one and those that are restored beside it, all alike but for what they are made from; or the one of somebody
// else's.
func databases(s *stacks.Settings, agent string) []environment.Database {
	if s.Database.External.Given() {
		return external(s.Database.External)
	}
	one := environment.Database{Name: environment.DefaultDatabaseName, Args: database.Args{
		InstanceClass:               s.Database.InstanceClass,
		EngineVersion:               s.Database.EngineVersion,
		Upgrade:                     s.Database.Upgrade,
		StorageGB:                   s.Database.StorageGB,
		MaxStorageGB:                s.Database.MaxStorageGB,
		BackupRetentionDays:         s.Database.BackupRetentionDays,
		SingleAZ:                    s.Database.SingleAZ,
		ExtendedSupportReason:       s.Database.ExtendedSupportReason,
		DeletionProtectionOffReason: s.DeletionProtectionOffReason,
		Users: &database.Users{Archive: agent, Databases: []declare.Database{{
			Name: database.DefaultName,
			Users: []declare.User{
				{Name: Migrator, Access: declare.Owner}, {Name: Service, Access: declare.ReadWrite}, {Name: Reader, Access: declare.ReadOnly},
			},
		}}},
	}}
	all := []environment.Database{one}
	for _, restored := range s.Database.Restores() {
		beside := one
		beside.Name, beside.Beside, beside.RestoreFrom = restored.Name, one.Name, restored.From
		all = append(all, beside)
	}
	return all
}

// vault is the locked vault of the databases, nil without one.
func vault(b stacks.Backup) *backup.Args {
	if b.KeepDays == 0 {
		return nil
	}
	return &backup.Args{KeepDays: b.KeepDays, LockMode: storage.LockMode(strings.ToUpper(b.LockMode)), CopyTo: b.CopyTo}
}

// existing is the VPC that the tiers move into, nil for one of the environment's own.
func existing(n stacks.Network) *network.Existing {
	if n.ExistingVPCID == "" {
		return nil
	}
	return &network.Existing{VPCID: n.ExistingVPCID, SubnetIDs: n.SubnetIDs()}
}

// inZone is the name that needs a record, none beside a certificate of one's own.
func inZone(e stacks.Edge) string {
	if e.Zone == "" {
		return ""
	}
	return e.Domain
}

// door is the bastion, if operators shall have one.
func door(b stacks.Bastion) *environment.Bastion {
	if b.Access == stacks.BastionNone {
		return nil
	}
	return &environment.Bastion{Args: bastion.Args{PermissionSet: b.PermissionSet, Server: server.Settings{InstanceType: b.InstanceType}}}
}

// relaxations are what the configuration lets the web ACL count instead of block.
func relaxations(relaxed []stacks.Relaxation) []waf.Relaxation {
	var list []waf.Relaxation
	for _, r := range relaxed {
		list = append(list, waf.Relaxation{Intent: waf.Intent(r.Intent), Rule: r.Rule, Paths: r.Paths, Reason: r.Reason})
	}
	return list
}
