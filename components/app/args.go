// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/server"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Defaults of Args.
const (
	// DefaultHealthPath is where the load balancer asks whether an instance is well.
	DefaultHealthPath = "/healthz"
	// DefaultInstanceType is the size of an instance.
	DefaultInstanceType = "t3.small"
	// DefaultMaxLifetimeDays is the age at which an instance is replaced by a patched one.
	DefaultMaxLifetimeDays = 30
	// DefaultSize is the fewest instances: one in each of two zones.
	DefaultSize = 2
)

// Args are the arguments of New.
type Args struct {
	// Segment is where the service runs, in a tier with segment.ReachNAT: not reachable from the internet, and with routes to
	// the packages in Amazon S3. Required. A row of the table must lead to it at Port, and others from it to what a server
	// needs: see server.Needs.
	Segment *network.Segment
	// Port is the TCP port at which the service serves HTTPS, above 1024, so that it needs no privilege. Required. A
	// change is a new version of the service: see New.
	Port int `pulumi:"port"`
	// Edge is the load balancer that serves the service, and Serve says which of its requests; Segment, Port, TargetGroupARN
	// and Start are filled in, and the rule is named after the segment. Default: none, so that nobody waits for the health of
	// the instances.
	Edge  *edge.Edge
	Serve edge.ServeArgs
	// HealthPath answers 200 while the instance can serve. Default "/healthz". It should not depend on the database: a
	// database that is down would otherwise have every instance replaced over and over.
	HealthPath string `pulumi:"healthPath"`
	// Server says what the instances are. Default: t3.small, replaced after 30 days.
	Server server.Settings `pulumi:"server"`
	// MinSize and MaxSize bound the number of instances, 1 to 200. Between them the group follows the load, and a new version
	// starts with MinSize. Where the load has made the group larger, change MinSize with `pulumi up --refresh`: the provider waits
	// for the size that the state knows, and fails after ten minutes. Fewer than two cannot survive the loss of a zone. Default: 2, and twice MinSize up to 200.
	MinSize int `pulumi:"minSize"`
	MaxSize int `pulumi:"maxSize"`
	// Database is what the service stores its data in; a row of the table must lead there. Default: none.
	Database *database.Database
	// DatabaseUser is whom the service logs in as: one of the users that are declared for the database, and required if there are
	// any. The role may ask for a token for this user alone, or read the secret of this user alone, as the user's Login says.
	// Default: the owner, whose secret the service may read and finds in its environment.
	DatabaseUser string `pulumi:"databaseUser"`
	// UserData is the script ("#!") or the cloud-config ("#cloud-config") that starts the service; it runs after
	// /etc/bulkhead/service.env is written (see New). Default: none for an image of your own, which brings its service, and
	// otherwise the placeholder. Up to 16 KiB together with what the component adds.
	UserData pulumi.StringInput
}

// defaults returns a copy in which what is not set is filled in.
func (args *Args) defaults() *Args {
	filled := Args{}
	if args != nil {
		filled = *args
	}
	if filled.Server.Image == "" && filled.UserData == nil {
		filled.UserData = pulumi.String(placeholder().Body)
	}
	filled.Server = filled.Server.Defaults(DefaultInstanceType, DefaultMaxLifetimeDays)
	filled.HealthPath = component.Or(filled.HealthPath, DefaultHealthPath)
	filled.MinSize = component.Or(filled.MinSize, DefaultSize)
	filled.MaxSize = component.Or(filled.MaxSize, min(2*filled.MinSize, form.MaxInstances))
	return &filled
}

// Check reports every problem of the arguments of a service called name; each names field, value and cure.
func (args *Args) Check(name string) []error {
	return args.defaults().problems(name)
}

func (args *Args) problems(name string) []error {
	problems := form.Problems(
		form.In("name", form.CheckServerName(name)),
		form.In("Port", form.CheckServicePort(args.Port)),
		form.In("HealthPath", form.CheckHealthPath(args.HealthPath)),
	)
	if args.MinSize < 1 || args.MaxSize < args.MinSize || args.MaxSize > form.MaxInstances {
		problems = append(problems, fmt.Errorf("MinSize, MaxSize: %d to %d is not the size of a group; use 1 <= MinSize <= MaxSize <= %d",
			args.MinSize, args.MaxSize, form.MaxInstances))
	}
	problems = append(problems, form.Within("Server", args.Server.Check()...)...)
	if args.Edge != nil && args.Segment != nil {
		serve := args.serve(pulumi.String("made by the service"), nil)
		problems = append(problems, form.Within("Serve", args.Edge.CheckServe(args.Segment.Name, serve)...)...)
	}
	_, err := args.login()
	problems = append(problems, form.Problems(form.In("DatabaseUser", err))...)
	return append(problems, args.Segment.Check([]segment.Reach{segment.ReachNAT}, args.needs()...)...)
}

// login is how the service gets into its database, the zero value without one.
func (args *Args) login() (database.Login, error) {
	switch {
	case args.Database != nil:
		return args.Database.Login(args.DatabaseUser)
	case args.DatabaseUser != "":
		return database.Login{}, fmt.Errorf("%q has no database; give one in Database, or leave it out", args.DatabaseUser)
	}
	return database.Login{}, nil
}

// serve fills in how the load balancer serves the service.
func (args *Args) serve(targets pulumi.StringInput, start func([]pulumi.CustomResource) ([]pulumi.CustomResource, error)) *edge.ServeArgs {
	serve := args.Serve
	serve.Segment, serve.Port, serve.TargetGroupARN, serve.Start = args.Segment, args.Port, targets, start
	return &serve
}

// needs are the connections without which the service does not work. Who calls it is not among them: that is for the edge
// that serves it, or another service, to need.
func (args *Args) needs() []segment.Need {
	needs := server.Needs()
	if args.Database != nil {
		needs = append(needs,
			segment.Need{To: args.Database.End(), Ports: args.Database.Port, Name: args.Database.LooksUp(), For: "its database"})
		if login, err := args.login(); err == nil && login.HasSecret() {
			needs = append(needs, segment.Need{To: segment.AWS("secretsmanager"), Ports: segment.HTTPS, For: "the secret of its database"})
		}
	}
	return needs
}
