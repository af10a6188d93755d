// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/bastion"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Args are the arguments of New. What has no default is required; the zero value of everything else is the safe one.
type Args struct {
	// AccountID is the twelve digits of the AWS account. Required: the provider refuses to act in any other.
	AccountID string
	// Region is the AWS region, such as eu-central-1. Required; it cannot be changed in place.
	Region string
	// Zones are two to four availability zones of the region. Required. See network.Args.
	Zones []string
	// VPCCIDR is the private range of the VPC, /16 to /20. Required, unless there is an existing one. See network.Args.
	VPCCIDR string
	// Table is the segments and who may talk to whom. Required. Every component below runs in the segment of its name.
	Table *segment.Table
	// AlarmEmails are the addresses that hear the alarms at any hour, at least one. Required.
	AlarmEmails []string
	// RecordEmails are the addresses that hear every alarm of the trail, and alone those that ring in an ordinary deployment, through
	// a topic with a key of its own. Default: AlarmEmails.
	RecordEmails []string
	// TrailLockMode says who may delete the log files of the trail early, which are locked for as long as they are kept. Default:
	// storage.Governance.
	TrailLockMode storage.LockMode

	// Existing is a VPC of somebody else's making for the tiers to move into. Default: one of the environment's own.
	Existing *network.Existing
	// NATStrategy is how tiers behind NAT get out. Default: not at all.
	NATStrategy network.NATStrategy
	// IPv6 gives the network IPv6 addresses beside those of IPv4. Default: IPv4 only.
	IPv6 bool
	// TrustedAccounts are other AWS accounts whose resources may be used through the VPC endpoints, each with the written reason. See
	// network.Args. Default: none.
	TrustedAccounts map[string]string
	// DNSBlockOffReason says why names off the table's list are resolved too and only logged, and DNSFailClosedOffReason why every
	// name is resolved while DNS Firewall itself fails. See network.Args. Default: they are not.
	DNSBlockOffReason, DNSFailClosedOffReason string
	// LogRetentionDays is how long logs and access logs are kept. Default 365.
	LogRetentionDays int
	// Tags go onto everything, besides Project, Environment and ManagedBy. Default: no further ones.
	Tags map[string]string
	// Provider is the AWS provider to use. Default: one for the account and region alone, with the tags.
	Provider pulumi.ProviderResource

	// Edge is the load balancer with its web ACL. Default: none, so that nothing can be reached from the internet.
	Edge *Edge
	// Services are what runs behind the load balancer, or behind each other. Default: none.
	Services []Service
	// Databases are the PostgreSQL databases. Default: none.
	Databases []Database
	// Backup is the locked vault into which AWS Backup takes a snapshot of each of Databases every day, beside the backups that RDS makes. Default:
	// none, because it is charged by the gigabyte, and what is locked can be deleted by nobody who finds it too dear, nor with its stack.
	Backup *backup.Args
	// Bastion is the door for operators. Default: none.
	Bastion *Bastion
	// OwnSegments are the segments of the table in which only resources of the program's own run, such as a cache, a batch
	// worker or a function. Environment.Network.Segment returns each with its subnets and its group. Default: none, so that a
	// segment without a component is an error.
	OwnSegments []string
	// TrailOffReason says why the account gets no CloudTrail trail of its own, such as that its organization has one.
	TrailOffReason string
	// CredentialsAnywhereReason says why the credentials of an instance work outside the VPC too: see identity.BoundaryArgs.
	CredentialsAnywhereReason string
	// GuardsOffReason says why the guards of the whole account are left to others: the block of public buckets, the
	// encryption of every new disk, and the password policy.
	GuardsOffReason string
}

// Edge is the load balancer. Segment is filled in.
type Edge struct {
	// Name is the segment in which it stands. Default "edge".
	Name string
	edge.Args
}

// Service is one service. Segment, Database, Edge and Serve are filled in.
type Service struct {
	// Name is the segment in which it runs. Required.
	Name string
	app.Args
	// UsesDatabase is the name of the database that the service stores its data in. Default: none.
	UsesDatabase string
	// Hosts and Paths are the requests that the load balancer forwards to the service: see edge.ServeArgs. Default: none, so
	// that the load balancer does not know the service.
	Hosts, Paths []string
	// Priority orders the rules of the load balancer, lowest first, 1 to 25000. Default 100; services that share the load
	// balancer need one each.
	Priority int
}

// Database is one database. Segment is filled in.
type Database struct {
	// Name is what services call it in UsesDatabase. Default "db".
	Name string
	database.Args
	// Beside is the name of an earlier one of Databases in whose segments this one lives too, so that whoever reaches the one reaches
	// the other: for a database that is restored. Which of them a service uses is one word, its UsesDatabase, and nothing else moves.
	// Default: a segment of its own, which is called like it.
	Beside string
	// External is a database that somebody else runs, in the place of one that the environment makes: then Args, Beside and AgentName stay
	// empty, no segment has its name, and rows of the table lead to its addresses. Account is filled in.
	External *database.ExternalArgs
	// AgentName is the segment in which the function runs that makes the Users, if there are any; their Agent is filled in.
	// Default: the name of the segment and "-agent".
	AgentName string
}

// home is the segment of the database.
func (d *Database) home() string { return component.Or(d.Beside, d.Name) }

// agent is the segment of the function.
func (d *Database) agent() string { return component.Or(d.AgentName, d.home()+"-agent") }

// external is the arguments of a database of somebody else's in an account.
func (d *Database) external(at *account.Account) *database.ExternalArgs {
	filled := *d.External
	filled.Account = at
	return &filled
}

// within is the arguments with the segments that a look-up by name finds; one that is not found stays empty.
func (d Database) within(find func(part, name string) *network.Segment) database.Args {
	args := d.Args
	args.Segment = find("", d.home())
	if args.Users != nil {
		users := *args.Users
		users.Agent = find(" function that makes the users", d.agent())
		args.Users = &users
	}
	return args
}

// Bastion is the door for operators. Segment is filled in.
type Bastion struct {
	// Name is the segment in which it stands. Default "bastion".
	Name string
	bastion.Args
}

// The segments of what has no other name.
const (
	DefaultEdgeName     = "edge"
	DefaultDatabaseName = "db"
	DefaultBastionName  = "bastion"
	// DefaultPriority is the place of a service among the rules of the load balancer.
	DefaultPriority = 100
)

// defaults returns a copy with the names filled in.
func (args Args) defaults() *Args {
	if args.Edge != nil {
		filled := *args.Edge
		filled.Name = component.Or(filled.Name, DefaultEdgeName)
		args.Edge = &filled
	}
	if args.Bastion != nil {
		filled := *args.Bastion
		filled.Name = component.Or(filled.Name, DefaultBastionName)
		args.Bastion = &filled
	}
	args.Databases, args.Services = slices.Clone(args.Databases), slices.Clone(args.Services)
	for i := range args.Databases {
		args.Databases[i].Name = component.Or(args.Databases[i].Name, DefaultDatabaseName)
	}
	if args.Backup != nil {
		for i := range args.Databases {
			if args.Databases[i].External == nil {
				args.Databases[i].BackupAccounts = args.backupAccounts()
			}
		}
	}
	for i := range args.Services {
		args.Services[i].Priority = component.Or(args.Services[i].Priority, DefaultPriority)
	}
	return &args
}

// backupAccounts are the other accounts to which backups are copied.
func (args *Args) backupAccounts() []string {
	var others []string
	for _, vault := range args.Backup.CopyTo {
		if _, account := form.VaultHome(vault); account != "" && account != args.AccountID {
			others = append(others, account)
		}
	}
	return others
}

// checkBackup checks the vault, and that no snapshot meets a window of a database: RDS takes none then, nor in the hour before (AWS Backup
// developer guide, "Working with Amazon RDS").
func (args *Args) checkBackup() []error {
	if args.Backup == nil {
		return nil
	}
	vault := *args.Backup
	vault.Account = &account.Account{ID: args.AccountID, Region: args.Region}
	problems := form.Within("Backup", vault.Check()...)
	if len(args.instances()) == 0 {
		problems = append(problems, errors.New("Backup: there is nothing to back up; give one of Databases that is not External, or leave it out"))
	}
	for i, d := range args.Databases {
		if d.External == nil {
			problems = append(problems, form.Within(fmt.Sprintf("Databases[%d] (%s)", i, d.Name), d.CheckQuiet(backup.StartHour, 2)...)...)
		}
	}
	return problems
}

// instances are the databases that the environment makes.
func (args *Args) instances() []Database {
	return slices.DeleteFunc(slices.Clone(args.Databases), func(d Database) bool { return d.External != nil })
}

// network is the arguments of the network.
func (args *Args) network(shared *account.Account) *network.Args {
	return &network.Args{
		Account: shared, Table: args.table(), Existing: args.Existing, VPCCIDR: args.VPCCIDR, Zones: args.Zones, NATStrategy: args.NATStrategy, IPv6: args.IPv6,
		TrustedAccounts: args.TrustedAccounts, DNSBlockOffReason: args.DNSBlockOffReason, DNSFailClosedOffReason: args.DNSFailClosedOffReason,
	}
}

// table is the table for the network, in which something else than the components may fill the program's own segments.
func (args *Args) table() *segment.Table {
	if args.Table == nil {
		return nil
	}
	t := *args.Table
	t.Segments = slices.Clone(t.Segments)
	for i := range t.Segments {
		t.Segments[i].Elsewhere = t.Segments[i].Elsewhere || slices.Contains(args.OwnSegments, t.Segments[i].Name)
	}
	return &t
}

// check reports everything that is missing or wrong, in every part at once, before anything is made.
func (args *Args) check(name string) []error {
	problems := form.Problems(form.In("name", form.CheckEnvironmentName(name)))
	if len(args.AlarmEmails) == 0 {
		problems = append(problems, form.Missing("AlarmEmails", "give at least one address that hears the alarms"))
	}
	for _, off := range []struct{ field, reason string }{
		{"TrailOffReason", args.TrailOffReason}, {"GuardsOffReason", args.GuardsOffReason}, {"CredentialsAnywhereReason", args.CredentialsAnywhereReason},
	} {
		if off.reason != "" {
			problems = append(problems, form.Problems(form.In(off.field, form.CheckReason(off.reason)))...)
		}
	}
	later := pulumi.String("made by the environment")
	planned := args.network(&account.Account{
		ID: args.AccountID, Region: args.Region, BoundaryARN: later, LogKeyARN: later, LogRetentionDays: args.LogRetentionDays,
	})
	problems = append(problems, planned.Check()...)
	problems = append(problems, args.checkBackup()...)
	if args.Table != nil {
		problems = append(problems, args.checkParts(name, network.Draft(planned))...)
	}
	return problems
}

// parts collects what is wrong with the components and which segments they use.
type parts struct {
	name     string
	args     *Args
	draft    *network.Network
	placed   map[string]string
	problems []error
}

// checkParts checks every component against the segments of the network as it would be built.
func (args *Args) checkParts(name string, draft *network.Network) []error {
	p := &parts{name: name, args: args, draft: draft, placed: map[string]string{}}
	p.checkServices(p.checkDatabases())
	if args.Edge != nil {
		e := *args.Edge
		if e.Segment = p.place("Edge", e.Name); e.Segment != nil {
			p.report("Edge", e.Check(name+"-"+e.Name))
		}
	}
	if args.Bastion != nil {
		b := *args.Bastion
		if b.Segment = p.place("Bastion", b.Name); b.Segment != nil {
			p.report("Bastion", b.Check(name+"-"+b.Name))
		}
	}
	for i, own := range args.OwnSegments {
		p.place(fmt.Sprintf("OwnSegments[%d] (%s)", i, own), own)
	}
	for i, s := range args.Table.Segments {
		if _, used := p.placed[s.Name]; !used && !s.Elsewhere {
			p.add("Table: Segments[%d] (%s): nothing runs in it; give the component of its name, list it in OwnSegments if resources of your own run in it, or drop the segment and its rows", i, s.Name)
		}
	}
	return p.problems
}

func (p *parts) add(format string, values ...any) {
	p.problems = append(p.problems, fmt.Errorf(format, values...))
}

func (p *parts) report(part string, found []error) {
	p.problems = append(p.problems, form.Within(part, found...)...)
}

// place is the segment of a part, nil for one that the table has not.
func (p *parts) place(part, name string) *network.Segment {
	in, err := p.draft.Segment(name)
	if err != nil {
		p.add("%s: it runs in the segment of its name, and %w; add it to Table.Segments", part, err)
	} else if other, taken := p.placed[name]; taken {
		p.add("%s: %s is in segment %q already; give each its own", part, other, name)
	}
	p.placed[name] = part
	return in
}

func (p *parts) checkDatabases() map[string]*database.Database {
	databases := map[string]*database.Database{}
	for i, d := range p.args.Databases {
		part := fmt.Sprintf("Databases[%d] (%s)", i, d.Name)
		if _, twice := databases[d.Name]; twice {
			p.add("%s: another database has the name; give each its own", part)
		}
		if d.External != nil {
			databases[d.Name] = p.checkExternal(part, d)
			continue
		}
		if d.Beside != "" && databases[d.Beside] == nil {
			p.add("%s: Beside: %q is not the name of an earlier one of Databases", part, d.Beside)
			continue
		}
		if d.Beside != "" && slices.ContainsFunc(p.args.Table.Segments, func(s segment.Segment) bool { return s.Name == d.Name }) {
			p.add("%s: a segment has the name, and so would its resources; call the database something else", part)
		}
		d.Args = d.within(func(role, name string) *network.Segment {
			if d.Beside != "" && p.placed[name] != "" {
				in, _ := p.draft.Segment(name)
				return in
			}
			return p.place(part+role, name)
		})
		if d.Segment == nil {
			continue
		}
		databases[d.Name] = &database.Database{Segment: d.Segment, Port: segment.PostgreSQL}
		if d.Users != nil {
			databases[d.Name].Declared = d.Users.Databases
		}
		p.report(part, d.Check())
	}
	return databases
}

// checkExternal checks a database of somebody else's, as its clients will see it.
func (p *parts) checkExternal(part string, d Database) *database.Database {
	if d.Beside != "" || d.AgentName != "" || !reflect.ValueOf(d.Args).IsZero() {
		p.add("%s: External: another runs it, and nothing else about it can be chosen; leave the other fields empty, or give a database of its own", part)
	}
	external := d.external(p.draft.Account)
	p.report(part+": External", external.Check())
	return external.Draft()
}

func (p *parts) checkServices(databases map[string]*database.Database) {
	priorities := map[int]string{}
	for i, s := range p.args.Services {
		part := fmt.Sprintf("Services[%d] (%s)", i, s.Name)
		s.Segment = p.place(part, s.Name)
		if s.Database = databases[s.UsesDatabase]; s.Database == nil && s.UsesDatabase != "" {
			p.add("%s: UsesDatabase: %q is not the name of one of Databases", part, s.UsesDatabase)
		}
		if s.Segment != nil {
			p.report(part, s.Check(p.name+"-"+s.Name))
		}
		if len(s.Hosts)+len(s.Paths) == 0 {
			continue
		}
		if other, taken := priorities[s.Priority]; taken {
			p.add("%s: Priority %d is that of %s; give each rule of the load balancer its own", part, s.Priority, other)
		}
		priorities[s.Priority] = part
		if p.args.Edge == nil {
			p.add("%s: Hosts and Paths need a load balancer; give an Edge, or leave them out", part)
		} else if s.Segment != nil {
			p.report(part, p.args.Table.Lacking(p.args.Edge.Name, segment.Need{
				To: segment.End(s.Name), Ports: segment.TCP(s.Port), For: "requests and health checks of the load balancer",
			}))
		}
	}
}
