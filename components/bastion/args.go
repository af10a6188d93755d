// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/components/network"
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

// Target is something behind the bastion that an operator may reach from it.
type Target struct {
	// Group is the security group of the target.
	Group *firewall.Group
	// Port is the one port that is opened.
	Port firewall.Port
}

// Args are the arguments of New.
type Args struct {
	// Network is where the bastion stands: in the public tier. A network.Flow must let
	// SSH pass from the allowed ranges to the public tier, and HTTPS from there to the
	// app tier (the endpoints) and to S3.
	Network *network.Network
	// AccountID is the twelve digits of the AWS account, for the role.
	AccountID string
	// Region is the AWS region, such as eu-central-1.
	Region string
	// AllowedCIDRs are the ranges from which SSH is admitted; see CheckAllowedCIDR for what
	// counts as known. Session Manager needs no range at all: it is guarded by IAM.
	AllowedCIDRs []string
	// Reaches are the targets that the bastion may connect to; default none.
	Reaches []Target
	// InstanceType is the size; default t3.micro.
	InstanceType string
	// ImageID is an AMI, or "resolve:ssm:" and the name of a parameter that holds one and
	// is resolved at every launch; default the newest Amazon Linux 2023 for the instance
	// type.
	ImageID string
	// RootDevice is the device name of the image's root disk: /dev/xvda, the default, as in
	// Amazon Linux, or /dev/sda1. With the wrong one the root disk keeps the image's own size
	// and encryption, beside a second disk.
	RootDevice string
	// MaxLifetimeDays is the age at which the bastion is replaced, 1 to 365; default 7.
	// Nothing on it survives, and the new one resolves its image again.
	MaxLifetimeDays int
	// IdleMinutes ends a session of Session Manager that lies idle, 1 to 60; default 15.
	IdleMinutes int
	// SessionMinutes ends any session of Session Manager, 1 to 1440; default 120.
	SessionMinutes int
	// Boundary is the ARN of the permission boundary of the bastion's role.
	Boundary pulumi.StringInput
	// LogKeyARN is the KMS key of the session log; it must admit CloudWatch Logs.
	LogKeyARN pulumi.StringInput
	// LogRetentionDays is how long sessions are kept, one of the numbers that CloudWatch
	// Logs accepts; default 365.
	LogRetentionDays int
	// Tags go onto the instance, its disk and network interface, which the provider's
	// default tags do not reach.
	Tags map[string]string
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

func (args Args) defaults() Args {
	if args.InstanceType == "" {
		args.InstanceType = DefaultInstanceType
	}
	if args.ImageID == "" {
		args.ImageID = instance.DefaultImage(args.InstanceType)
	}
	for _, number := range []struct {
		field *int
		value int
	}{
		{&args.MaxLifetimeDays, DefaultMaxLifetimeDays},
		{&args.IdleMinutes, DefaultIdleMinutes},
		{&args.SessionMinutes, DefaultSessionMinutes},
		{&args.LogRetentionDays, audit.DefaultRetentionDays},
	} {
		if *number.field == 0 {
			*number.field = number.value
		}
	}
	return args
}

// check reports every problem of the arguments at once; each names field, value and cure.
func (args Args) check(name string) error {
	var problems []error
	report := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !nameForm.MatchString(name) {
		report("name: %q is not 1 to 40 lower-case letters, digits and hyphens starting with a letter", name)
	}
	if args.Network == nil {
		report("Network: missing; give the network whose public tier holds the bastion")
	}
	problems = append(problems, identity.CheckAccountID(args.AccountID), identity.CheckRegion(args.Region))
	problems = append(problems, listProblems("AllowedCIDRs", CheckAllowedCIDRs(args.AllowedCIDRs))...)
	problems = append(problems, checkTargets(args.Reaches)...)
	for _, number := range []struct {
		field       string
		value, most int
	}{
		{"MaxLifetimeDays", args.MaxLifetimeDays, 365},
		{"IdleMinutes", args.IdleMinutes, 60},
		{"SessionMinutes", args.SessionMinutes, 1440},
	} {
		if number.value < 1 || number.value > number.most {
			report("%s: %d is out of range; use 1 to %d", number.field, number.value, number.most)
		}
	}
	if args.Boundary == nil {
		report("Boundary: missing; give the permission boundary of the bastion's role")
	}
	if args.LogKeyARN == nil {
		report("LogKeyARN: missing; give the key that encrypts the session log")
	}
	if err := audit.CheckRetention(args.LogRetentionDays); err != nil {
		report("Log%w", err)
	}
	problems = append(problems, args.template().Check())
	return errors.Join(problems...)
}

// template is the part of the launch template that is known before anything exists.
func (args Args) template() *instance.TemplateArgs {
	return &instance.TemplateArgs{
		InstanceType: args.InstanceType,
		ImageID:      args.ImageID,
		RootDevice:   args.RootDevice,
		PublicIP:     true,
		Tags:         args.Tags,
	}
}

// listProblems puts the field in front of every problem of a list; the problem of one
// entry starts with its index in brackets.
func listProblems(field string, err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	var problems []error
	for _, one := range all {
		separator := ": "
		if strings.HasPrefix(one.Error(), "[") {
			separator = ""
		}
		problems = append(problems, fmt.Errorf("%s%s%w", field, separator, one))
	}
	return problems
}

func checkTargets(targets []Target) []error {
	var problems []error
	type opening struct {
		group *firewall.Group
		port  int
	}
	seen := map[opening]int{}
	for i, target := range targets {
		field := fmt.Sprintf("Reaches[%d]", i)
		if target.Group == nil {
			problems = append(problems, fmt.Errorf("%s.Group: missing; give the security group of the target", field))
			continue
		}
		if err := target.Port.Check(); err != nil {
			problems = append(problems, fmt.Errorf("%s.Port: %w", field, err))
			continue
		}
		here := opening{target.Group, target.Port.Number}
		if first, ok := seen[here]; ok {
			problems = append(problems, fmt.Errorf("%s: port %d of this group is already in Reaches[%d]; drop one", field, target.Port.Number, first))
			continue
		}
		seen[here] = i
	}
	return problems
}

// label names a range in the resource name of its rule, which must not depend on its
// place in the list.
func label(cidr string) string {
	return "cidr-" + strings.NewReplacer(".", "-", ":", "-", "/", "-").Replace(cidr)
}
