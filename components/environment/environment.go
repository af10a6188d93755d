// SPDX-License-Identifier: Apache-2.0

// Package environment builds a whole segmented deployment from one value: the account's guards and memory, the network with
// its table of segments and connections, the load balancer with its web ACL, services, databases and a bastion. Each part but
// the network may be left out.
package environment

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/bastion"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// Environment is what New has built.
type Environment struct {
	// Account is what everything shares; hand it to components of your own.
	Account *account.Account
	// Network is the network with its segments.
	Network *network.Network
	// Topic is where alarms are sent that somebody must hear at any hour.
	Topic *alarm.Topic
	// Records is where every alarm of the trail is sent, nil without a trail.
	Records *alarm.Topic
	// Trail is the account's trail, nil without one.
	Trail *audit.Trail
	// Edge is the load balancer, nil without one.
	Edge *edge.Edge
	// Services, Databases are the services and databases by name.
	Services  map[string]*app.App
	Databases map[string]*database.Database
	// Backup is the locked vault of the databases, nil without one.
	Backup *backup.Backup
	// Bastion is the door for operators, nil without one.
	Bastion *bastion.Bastion
	// Options hand the provider on to resources and components of your own.
	Options pulumi.ResourceOption

	name string
	args *Args
}

// New builds an environment from the account inwards: what must hold everywhere first, then the network with the load
// balancer, which answers 404 until a service behind it is healthy, then what runs in it. The name begins the names of all that is made.
func New(ctx *pulumi.Context, name string, args *Args) (*Environment, error) {
	args = component.Given(args)
	args = args.defaults()
	if err := component.Failure("environment", name, args.check(name)...); err != nil {
		return nil, err
	}
	e := &Environment{name: name, args: args, Services: map[string]*app.App{}, Databases: map[string]*database.Database{}}
	e.Account = &account.Account{ID: args.AccountID, Region: args.Region, LogRetentionDays: args.LogRetentionDays, Tags: account.Tags(ctx, name, args.Tags)}
	for _, step := range []func(*pulumi.Context) error{
		e.provide,
		e.survey,
		e.guard,
		e.bound,
		e.keepLogs,
		e.buildNetwork,
		e.openEdge,
		e.runDatabases,
		e.backUp,
		e.runServices,
		e.admitOperators,
		e.watch,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// provide makes the one provider, which refuses to act in any other account.
func (e *Environment) provide(ctx *pulumi.Context) error {
	if e.args.Provider != nil {
		e.Options = pulumi.Providers(e.args.Provider)
		return nil
	}
	provider, err := e.Account.NewProvider(ctx)
	e.args.Provider, e.Options = provider, pulumi.Providers(provider)
	return err
}

// survey looks at an existing VPC before anything is made.
func (e *Environment) survey(ctx *pulumi.Context) error {
	return component.Failure("network", e.name, network.Survey(ctx, e.name, e.args.network(e.Account), pulumi.Provider(e.args.Provider))...)
}

// guard sets what holds for the whole account, whoever creates something in it. The guards stay when the stack is gone, for
// others may be in the account.
func (e *Environment) guard(ctx *pulumi.Context) error {
	if e.args.GuardsOffReason != "" {
		return nil
	}
	if _, err := storage.NewAccountBlock(ctx, e.name+"-public-access", &storage.AccountBlockArgs{AccountID: e.Account.ID}, e.Options); err != nil {
		return err
	}
	if _, err := storage.NewDiskEncryption(ctx, e.name+"-disks", e.Options); err != nil {
		return err
	}
	_, err := identity.NewPasswordPolicy(ctx, e.name+"-passwords", &identity.PasswordPolicyArgs{}, e.Options)
	return err
}

// bound makes the permission boundary of every role.
func (e *Environment) bound(ctx *pulumi.Context) error {
	boundary, err := identity.NewBoundary(ctx, e.name+"-boundary", &identity.BoundaryArgs{
		Regions:                   []string{e.Account.Region},
		CredentialsAnywhereReason: e.args.CredentialsAnywhereReason,
	}, e.Options)
	if err != nil {
		return err
	}
	e.Account.BoundaryARN = boundary.ARN
	return nil
}

// keepLogs makes what every log and alarm needs: their keys, the trail of everything that is done in the account, and the
// topic that reaches a human. The key of the logs stays as long as the log files, which outlive the stack.
func (e *Environment) keepLogs(ctx *pulumi.Context) error {
	logKey, err := key.New(ctx, e.name+"-logs", &key.Args{
		Account:     e.Account,
		Description: "Logs of " + e.name,
		Services: []string{
			fmt.Sprintf("logs.%s.amazonaws.com", e.Account.Region),
			fmt.Sprintf("s3.%s.amazonaws.com", e.Account.Region),
			"cloudtrail.amazonaws.com",
		},
		OutlivesStack: true,
	}, e.Options)
	if err != nil {
		return err
	}
	e.Account.LogKeyARN = logKey.ARN
	if e.Topic, err = e.topic(ctx, "alarms", "Alarms", e.args.AlarmEmails, len(e.args.instances()) > 0); err != nil || e.args.TrailOffReason != "" {
		return err
	}
	return e.keepTrail(ctx)
}

// topic makes a topic with a key of its own. It may hear RDS, too.
func (e *Environment) topic(ctx *pulumi.Context, name, holds string, emails []string, databases bool) (*alarm.Topic, error) {
	return alarm.NewTopicWithKey(ctx, e.name+"-"+name, holds+" of "+e.name, alarm.TopicArgs{
		Account: e.Account, Emails: emails, DatabaseEvents: databases,
	}, e.Options)
}

// keepTrail makes the trail, the record of who reads its files, and the topic that hears each of its alarms.
func (e *Environment) keepTrail(ctx *pulumi.Context) error {
	readers, err := storage.NewLogBucket(ctx, e.name+"-trail-access", &storage.LogBucketArgs{
		BucketArgs: storage.BucketArgs{ExpireDays: e.Account.Retention()},
		Writers:    []storage.Writer{storage.S3AccessLogs(e.Account.ID, "")},
	}, e.Options)
	if err != nil {
		return err
	}
	if e.Trail, err = audit.NewTrail(ctx, e.name+"-trail", &audit.TrailArgs{
		Account: e.Account, AccessLogs: readers, LockMode: e.args.TrailLockMode,
	}, e.Options); err != nil {
		return err
	}
	emails := e.args.RecordEmails
	if len(emails) == 0 {
		emails = e.args.AlarmEmails
	}
	if e.Records, err = e.topic(ctx, "records", "Records", emails, false); err != nil {
		return err
	}
	_, err = audit.NewTrailAlarms(ctx, e.name+"-trail", &audit.TrailAlarmsArgs{
		LogGroup: e.Trail.LogGroup, TopicARN: e.Topic.ARN, RecordsTopicARN: e.Records.ARN,
	}, e.Options)
	return err
}

func (e *Environment) buildNetwork(ctx *pulumi.Context) (err error) {
	e.Network, err = network.New(ctx, e.name, e.args.network(e.Account), e.Options)
	return err
}

func (e *Environment) runDatabases(ctx *pulumi.Context) (err error) {
	for _, d := range e.args.Databases {
		if d.External != nil {
			if e.Databases[d.Name], err = database.NewExternal(ctx, e.name+"-"+d.Name, d.external(e.Account), e.Options); err != nil {
				return err
			}
			continue
		}
		args := d.within(func(_, name string) *network.Segment {
			in, unknown := e.Network.Segment(name)
			err = errors.Join(err, unknown)
			return in
		})
		if err != nil {
			return err
		}
		if e.Databases[d.Name], err = database.New(ctx, e.name+"-"+d.Name, &args, e.Options); err != nil {
			return err
		}
	}
	return nil
}

// backUp fills a locked vault with snapshots of the databases.
func (e *Environment) backUp(ctx *pulumi.Context) (err error) {
	if e.args.Backup == nil {
		return nil
	}
	args := *e.args.Backup
	args.Account, args.Databases = e.Account, nil
	for _, d := range e.args.instances() {
		args.Databases = append(args.Databases, e.Databases[d.Name].ARN)
	}
	e.Backup, err = backup.New(ctx, e.name+"-"+backupName, &args, e.Options)
	return err
}

func (e *Environment) runServices(ctx *pulumi.Context) (err error) {
	for _, s := range e.args.Services {
		if s.Segment, err = e.Network.Segment(s.Name); err != nil {
			return err
		}
		s.Database = e.Databases[s.UsesDatabase]
		if len(s.Hosts)+len(s.Paths) > 0 {
			s.Edge, s.Serve = e.Edge, edge.ServeArgs{Hosts: s.Hosts, Paths: s.Paths, Priority: s.Priority}
		}
		if e.Services[s.Name], err = app.New(ctx, e.name+"-"+s.Name, &s.Args, e.Options); err != nil {
			return err
		}
	}
	return nil
}

// openEdge builds the load balancer.
func (e *Environment) openEdge(ctx *pulumi.Context) (err error) {
	if e.args.Edge == nil {
		return nil
	}
	args := e.args.Edge.Args
	if args.Segment, err = e.Network.Segment(e.args.Edge.Name); err != nil {
		return err
	}
	e.Edge, err = edge.New(ctx, e.name+"-"+e.args.Edge.Name, &args, e.Options)
	return err
}

func (e *Environment) admitOperators(ctx *pulumi.Context) (err error) {
	if e.args.Bastion == nil {
		return nil
	}
	args := e.args.Bastion.Args
	if args.Segment, err = e.Network.Segment(e.args.Bastion.Name); err != nil {
		return err
	}
	e.Bastion, err = bastion.New(ctx, e.name+"-"+e.args.Bastion.Name, &args, e.Options)
	return err
}
