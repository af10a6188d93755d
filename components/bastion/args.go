// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"errors"
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/server"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Defaults of Args.
const (
	// DefaultInstanceType is the size of the bastion.
	DefaultInstanceType = "t3.micro"
	// DefaultMaxLifetimeDays is the age at which the bastion is replaced by a patched one.
	DefaultMaxLifetimeDays = 7
	// DefaultIdleMinutes is how long a session may lie idle before it is ended.
	DefaultIdleMinutes = 15
	// DefaultSessionMinutes is how long a session may last at all.
	DefaultSessionMinutes = 120
)

// Args are the arguments of New.
type Args struct {
	// Segment is where the bastion stands. Required. In a tier with segment.ReachNAT it has no public address, and Session
	// Manager is the only way in. In a tier with routes to the internet it has one, and rows of the table from
	// segment.Addresses admit SSH from known addresses too. What operators reach from it is for rows of the table to say.
	Segment *network.Segment
	// Server says what the instance is. Default: t3.micro, replaced after 7 days. Nothing on it survives.
	Server server.Settings `pulumi:"server"`
	// PermissionSet is the permission set of IAM Identity Center whose people are the operators, such as "Operators". Their sessions
	// do not tell AWS of a second factor, so Identity Center has to demand it ("Configure MFA", IAM Identity Center user guide).
	// Default: the operators are users of IAM who have just shown a second factor.
	PermissionSet string `pulumi:"permissionSet"`
	// IdleMinutes ends a session of Session Manager that lies idle, 1 to 60. Default 15.
	IdleMinutes int `pulumi:"idleMinutes"`
	// SessionMinutes ends any session of Session Manager, 1 to 1440. Default 120.
	SessionMinutes int `pulumi:"sessionMinutes"`
}

// defaults returns a copy in which what is not set is filled in.
func (args *Args) defaults() *Args {
	filled := Args{}
	if args != nil {
		filled = *args
	}
	filled.Server = filled.Server.Defaults(DefaultInstanceType, DefaultMaxLifetimeDays)
	filled.IdleMinutes = component.Or(filled.IdleMinutes, DefaultIdleMinutes)
	filled.SessionMinutes = component.Or(filled.SessionMinutes, DefaultSessionMinutes)
	return &filled
}

// Check reports every problem of the arguments of a bastion called name; each names field, value and cure.
func (args *Args) Check(name string) []error {
	return args.defaults().problems(name)
}

func (args *Args) problems(name string) []error {
	problems := form.Problems(
		form.In("name", form.CheckServerName(name)),
		form.In("PermissionSet", form.CheckPermissionSet(args.PermissionSet)),
		form.In("IdleMinutes", form.CheckBetween(args.IdleMinutes, 1, 60, "minutes")),
		form.In("SessionMinutes", form.CheckBetween(args.SessionMinutes, 1, 1440, "minutes")),
	)
	problems = append(problems, form.Within("Server", args.Server.Check()...)...)
	problems = append(problems, args.Segment.Check([]segment.Reach{segment.ReachInternet, segment.ReachNAT}, append(server.Needs(), sessions)...)...)
	if args.Segment != nil {
		problems = append(problems, args.doorProblems()...)
	}
	return problems
}

// sessions are what a bastion needs besides what every server does.
var sessions = segment.Need{To: segment.AWS("ssmmessages"), Ports: segment.HTTPS, For: "Session Manager"}

// doorProblems reports rows that admit others than operators at known addresses, and a public bastion that admits nobody.
func (args *Args) doorProblems() []error {
	var problems []error
	admitted := 0
	table := args.Segment.Network().Table
	for i, row := range table.Connections {
		if row.To != segment.End(args.Segment.Name) {
			continue
		}
		admitted += len(row.From.Ranges())
		if !row.From.Outside() || row.From == segment.Internet || row.Ports != segment.SSH {
			problems = append(problems, fmt.Errorf("%s: a bastion admits nothing but SSH from known addresses; drop the row", table.Row(i)))
		}
	}
	if args.public() && admitted == 0 {
		problems = append(problems, errors.New(
			"Segment: the bastion has a public address that no known address may use; add {From: segment.Addresses(\"203.0.113.7/32\"), To: \""+args.Segment.Name+"\", Ports: segment.SSH, Why: \"...\"}, or put it into segment.App"))
	}
	return problems
}

// public reports whether the bastion has a public address.
func (args *Args) public() bool { return args.Segment.Tier.Reach == segment.ReachInternet }
