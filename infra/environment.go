// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/bastion"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/bulkhead-iac/bulkhead/components/waf"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// environment is what deploy builds, one component after the other.
type environment struct {
	settings *stacks.Settings
	name     string                // prefix of every component's name
	options  pulumi.ResourceOption // the explicit provider
	tags     map[string]string

	boundary *identity.Boundary
	logKey   *key.Key
	topic    *audit.Topic
	network  *network.Network
	database *database.Database
	app      *app.App
	edge     *edge.Edge
	waf      *waf.WebACL
	bastion  *bastion.Bastion
}

// deploy builds the environment from the account inwards: what must hold everywhere first, then the
// network, then what stands in it from the data outwards, so that each component is handed what it
// may connect to.
func deploy(ctx *pulumi.Context, s *stacks.Settings) error {
	e := &environment{settings: s, name: s.Environment, tags: map[string]string{
		"Project":     ctx.Project(),
		"Environment": s.Environment,
		"ManagedBy":   "Pulumi",
	}}
	for _, step := range []func(*pulumi.Context) error{
		e.provide,
		e.secureAccount,
		e.keepLogs,
		e.buildNetwork,
		e.runDatabase,
		e.runApp,
		e.openEdge,
		e.admitOperators,
		e.watch,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	e.export(ctx)
	return nil
}

// provide makes the one provider of the stack. Default providers are disabled in Pulumi.yaml, and
// this one refuses to act in any other account.
func (e *environment) provide(ctx *pulumi.Context) error {
	provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
		Region:            pulumi.String(e.settings.Region),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(e.settings.AccountID)},
		DefaultTags:       aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(e.tags)},
	})
	if err != nil {
		return err
	}
	e.options = pulumi.Providers(provider)
	return nil
}

// secureAccount sets what holds for the whole account, whoever creates something in it. Public access,
// disks and passwords stay as they are set when the stack is gone, for others may be in the account.
func (e *environment) secureAccount(ctx *pulumi.Context) (err error) {
	if _, err = storage.NewAccountBlock(ctx, e.name+"-public-access", &storage.AccountBlockArgs{
		AccountID: e.settings.AccountID,
	}, e.options); err != nil {
		return err
	}
	if _, err = storage.NewDiskEncryption(ctx, e.name+"-disks", e.options); err != nil {
		return err
	}
	if _, err = identity.NewPasswordPolicy(ctx, e.name+"-passwords", &identity.PasswordPolicyArgs{}, e.options); err != nil {
		return err
	}
	e.boundary, err = identity.NewBoundary(ctx, e.name+"-boundary", &identity.BoundaryArgs{}, e.options)
	return err
}

func (e *environment) buildNetwork(ctx *pulumi.Context) (err error) {
	s := e.settings
	e.network, err = network.New(ctx, e.name, &network.Args{
		AccountID:          s.AccountID,
		Region:             s.Region,
		CIDR:               s.Network.CIDR,
		Zones:              s.Network.Zones,
		NAT:                network.NATStrategy(s.Network.NAT),
		Flows:              e.flows(),
		InterfaceEndpoints: s.Network.InterfaceEndpoints,
		LogKeyARN:          e.logKey.ARN,
		LogRetentionDays:   s.Audit.LogRetentionDays,
		Boundary:           e.boundary.ARN,
	}, e.options)
	return err
}

func (e *environment) runDatabase(ctx *pulumi.Context) (err error) {
	s := e.settings
	e.database, err = database.New(ctx, e.name+"-db", &database.Args{
		Network:               e.network,
		AccountID:             s.AccountID,
		Region:                s.Region,
		InstanceClass:         s.Database.InstanceClass,
		EngineVersion:         s.Database.EngineVersion,
		Upgrade:               s.Database.Upgrade,
		AllocatedStorageGB:    s.Database.StorageGB,
		MaxStorageGB:          s.Database.MaxStorageGB,
		BackupRetentionDays:   s.Database.BackupRetentionDays,
		MultiAZ:               s.Database.MultiAZ,
		DeletionProtectionOff: s.DeletionProtectionReason,
		LogKeyARN:             e.logKey.ARN,
		LogRetentionDays:      s.Audit.LogRetentionDays,
		Boundary:              e.boundary.ARN,
	}, e.options)
	return err
}

func (e *environment) runApp(ctx *pulumi.Context) (err error) {
	s := e.settings
	e.app, err = app.New(ctx, shorten(e.name)+"-app", &app.Args{
		Network:          e.network,
		Region:           s.Region,
		Port:             e.servicePort(),
		HealthPath:       s.App.HealthPath,
		InstanceType:     s.App.InstanceType,
		ImageID:          s.App.Image,
		RootDevice:       s.App.RootDevice,
		Min:              s.App.MinSize,
		Max:              s.App.MaxSize,
		Database:         e.database,
		EgressCIDRs:      s.App.EgressCIDRs,
		Boundary:         e.boundary.ARN,
		LogKeyARN:        e.logKey.ARN,
		LogRetentionDays: s.Audit.LogRetentionDays,
		Tags:             e.tags,
	}, e.options)
	return err
}

func (e *environment) openEdge(ctx *pulumi.Context) (err error) {
	s := e.settings
	logs, err := e.accessLogs(ctx, storage.ALBAccessLogs(s.AccountID, edge.AccessLogPrefix))
	if err != nil {
		return err
	}
	args := &edge.Args{
		Network:               e.network,
		CertificateARN:        s.Edge.CertificateARN,
		AccessLogs:            logs,
		HSTSOff:               s.Edge.HSTSOffReason,
		DeletionProtectionOff: s.DeletionProtectionReason,
	}
	if s.Edge.Zone != "" {
		args.ZoneName, args.DomainName = s.Edge.Zone, s.Edge.Domain
	}
	if e.edge, err = edge.New(ctx, e.name+"-edge", args, e.options); err != nil {
		return err
	}
	if err := e.edge.Serve(ctx, "app", &edge.ServeArgs{Target: e.app, Hosts: []string{s.Edge.Domain}, Priority: 100}); err != nil {
		return err
	}
	e.waf, err = waf.New(ctx, e.name+"-waf", &waf.Args{
		ResourceARN:      e.edge.LoadBalancerARN,
		Region:           s.Region,
		RateLimit:        s.WAF.RateLimit,
		Relaxations:      relaxations(s.WAF.Relaxed()),
		LogKeyARN:        e.logKey.ARN,
		LogRetentionDays: s.Audit.LogRetentionDays,
	}, e.options)
	return err
}

// relaxations are what the configuration lets the web ACL count instead of block.
func relaxations(relaxed []stacks.Relaxation) []waf.Relaxation {
	var list []waf.Relaxation
	for _, r := range relaxed {
		list = append(list, waf.Relaxation{Intent: waf.Intent(r.Intent), Rule: r.Rule, Reason: r.Reason})
	}
	return list
}

// admitOperators builds the bastion and connects it to what operators may reach.
func (e *environment) admitOperators(ctx *pulumi.Context) (err error) {
	s := e.settings
	reaches := []bastion.Target{{Group: e.app.Group, Port: firewall.SSH}}
	if s.Bastion.ReachesDatabase {
		reaches = append(reaches, bastion.Target{Group: e.database.Group, Port: e.database.Port})
	}
	e.bastion, err = bastion.New(ctx, e.name+"-bastion", &bastion.Args{
		Network:          e.network,
		AccountID:        s.AccountID,
		Region:           s.Region,
		AllowedCIDRs:     s.Bastion.AllowedCIDRs,
		Reaches:          reaches,
		InstanceType:     s.Bastion.InstanceType,
		Boundary:         e.boundary.ARN,
		LogKeyARN:        e.logKey.ARN,
		LogRetentionDays: s.Audit.LogRetentionDays,
		Tags:             e.tags,
	}, e.options)
	return err
}

// servicePort is where the application serves, behind the load balancer.
func (e *environment) servicePort() firewall.Port {
	return firewall.Port{Name: "app", Number: e.settings.App.Port}
}

// shorten keeps names of load balancers' and target groups' within what AWS allows.
func shorten(name string) string {
	const longest = 12
	if len(name) > longest {
		return name[:longest]
	}
	return name
}

func (e *environment) export(ctx *pulumi.Context) {
	addresses := pulumi.StringMap{}
	for zone, address := range e.network.NATPublicIPs {
		addresses[zone] = address
	}
	ctx.Export("url", pulumi.String("https://"+e.settings.Edge.Domain))
	ctx.Export("loadBalancer", e.edge.DNSName)
	ctx.Export("vpcId", e.network.VpcID)
	ctx.Export("outgoingAddresses", addresses)
	ctx.Export("databaseAddress", e.database.Address)
	ctx.Export("databaseSecretArn", e.database.SecretARN)
	ctx.Export("autoScalingGroup", e.app.AutoScalingGroupName)
	ctx.Export("appRole", e.app.RoleName)
	ctx.Export("sessionCommand", e.bastion.SessionCommand)
	ctx.Export("operatorPolicyArn", e.bastion.OperatorPolicyARN)
}
