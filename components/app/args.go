// SPDX-License-Identifier: Apache-2.0

package app

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// Defaults and limits of Args.
const (
	// DefaultHealthPath is where the load balancer asks whether an instance is well.
	DefaultHealthPath = "/healthz"
	// DefaultInstanceType is the size of an instance.
	DefaultInstanceType = "t3.small"
	// DefaultMaxLifetimeDays is the age at which an instance is replaced by a patched one.
	DefaultMaxLifetimeDays = 30
	// MinServicePort is the lowest port that a service without privileges can open.
	MinServicePort = form.MinServicePort
	// MaxInstances is the largest group that the component makes.
	MaxInstances = form.MaxInstances
	// MaxEgressCIDRs leaves room, among the 60 outbound rules of a security group, for
	// the endpoints, S3 and the database.
	MaxEgressCIDRs = 50
)

// Args are the arguments of New.
type Args struct {
	// Network is where the service runs: in the app tier, which is not reachable from the
	// internet, in every zone.
	Network *network.Network
	// Region is the AWS region, such as eu-central-1.
	Region string
	// Port is where the service serves HTTPS: above 1024, so that it needs no privilege.
	// A change replaces the target group and the listener rules that point at it.
	Port firewall.Port
	// HealthPath answers 200 while the instance can serve; default "/healthz". It should
	// not depend on the database: a database that is down would otherwise have every
	// instance replaced over and over.
	HealthPath string
	// InstanceType is the size; default t3.small.
	InstanceType string
	// ImageID is an AMI, or "resolve:ssm:" and the name of a parameter that holds one and
	// is resolved at every launch; default the newest Amazon Linux 2023 for the instance
	// type. With a fixed AMI a failed instance refresh is rolled back, see New.
	ImageID string
	// RootDevice is the device name of the image's root disk: /dev/xvda, the default, as in
	// Amazon Linux, or /dev/sda1. With the wrong one the root disk keeps the image's own size
	// and encryption, beside a second disk.
	RootDevice string
	// RootGB is the size of the root disk in GiB, 8 to 16384; default 16.
	RootGB int
	// Min and Max bound the number of instances, 1 to 200. Between them the group follows
	// the load. Fewer than two cannot survive the loss of a zone.
	Min, Max int
	// MaxLifetimeDays is the age at which an instance is replaced, 1 to 365; default 30.
	// The new one resolves its image again, which is how it is patched.
	MaxLifetimeDays int
	// Database is what the service stores its data in; nil for none. The service may
	// connect to it and read its secret, and finds it in its environment. Do not call
	// AllowFrom for the service again.
	Database *database.Database
	// EgressCIDRs are addresses outside AWS that the service may call over HTTPS (443),
	// in canonical form, none wider than /8 (IPv4) or /16 (IPv6); default none. They
	// need NAT and a network.Flow as well.
	EgressCIDRs []string
	// UserData is the script ("#!") or the cloud-config ("#cloud-config") that starts the
	// service; it runs after /etc/bulkhead/service.env is written (see New). Default: none for
	// an ImageID of your own, which brings its service, and otherwise the placeholder. Up to
	// 16 KiB together with what the component adds.
	UserData pulumi.StringInput
	// Boundary is the ARN of the permission boundary of the instance role.
	Boundary pulumi.StringInput
	// LogKeyARN is the KMS key of the log group; it must admit CloudWatch Logs.
	LogKeyARN pulumi.StringInput
	// LogRetentionDays is how long logs are kept, one of the numbers that CloudWatch Logs
	// accepts; default 365.
	LogRetentionDays int
	// Tags go onto the instances, their disks and network interfaces, which the
	// provider's default tags do not reach.
	Tags map[string]string
}

var (
	// nameForm keeps the name of the target group, which may have 32 characters, within
	// its limit after "-targets" and what auto-naming adds.
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,15}$`)
	pathForm = regexp.MustCompile(`^/[A-Za-z0-9._~/-]{0,255}$`)
)

func (args Args) defaults() Args {
	if args.HealthPath == "" {
		args.HealthPath = DefaultHealthPath
	}
	if args.InstanceType == "" {
		args.InstanceType = DefaultInstanceType
	}
	if args.ImageID == "" {
		args.ImageID = instance.DefaultImage(args.InstanceType)
		if args.UserData == nil {
			args.UserData = pulumi.String(placeholder().Body)
		}
	}
	if args.MaxLifetimeDays == 0 {
		args.MaxLifetimeDays = DefaultMaxLifetimeDays
	}
	if args.LogRetentionDays == 0 {
		args.LogRetentionDays = audit.DefaultRetentionDays
	}
	return args
}

// check reports every problem of the arguments at once; each names field, value and cure.
func (args Args) check(name string) error {
	var problems []error
	report := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !nameForm.MatchString(name) {
		report("name: %q is not 1 to 16 lower-case letters, digits and hyphens starting with a letter; it becomes the name of the target group", name)
	}
	if args.Network == nil {
		report("Network: missing; give the network whose app tier runs the service")
	}
	if err := identity.CheckRegion(args.Region); err != nil {
		problems = append(problems, err)
	}
	if err := args.Port.Check(); err != nil {
		report("Port: %w", err)
	} else if args.Port.Number < MinServicePort {
		report("Port: %d needs a privileged process; use %d to 65535", args.Port.Number, MinServicePort)
	}
	if !pathForm.MatchString(args.HealthPath) {
		report("HealthPath: %q is not a plain path; write it like %s", args.HealthPath, DefaultHealthPath)
	}
	if args.Min < 1 || args.Max < args.Min || args.Max > MaxInstances {
		report("Min, Max: %d to %d is no size of a group; use 1 <= Min <= Max <= %d", args.Min, args.Max, MaxInstances)
	}
	if args.MaxLifetimeDays < 1 || args.MaxLifetimeDays > 365 {
		report("MaxLifetimeDays: %d is out of range; use 1 to 365", args.MaxLifetimeDays)
	}
	if args.Boundary == nil {
		report("Boundary: missing; give the permission boundary of the instance role")
	}
	if args.LogKeyARN == nil {
		report("LogKeyARN: missing; give the key that encrypts the log group")
	}
	if err := audit.CheckRetention(args.LogRetentionDays); err != nil {
		report("Log%w", err)
	}
	problems = append(problems, args.template().Check())
	problems = append(problems, checkEgress(args.EgressCIDRs)...)
	return errors.Join(problems...)
}

// template is the part of the launch template that is known before anything exists.
func (args Args) template() *instance.TemplateArgs {
	return &instance.TemplateArgs{
		InstanceType: args.InstanceType,
		ImageID:      args.ImageID,
		RootDevice:   args.RootDevice,
		RootGB:       args.RootGB,
		Tags:         args.Tags,
	}
}

func checkEgress(egress []string) []error {
	var problems []error
	if len(egress) > MaxEgressCIDRs {
		problems = append(problems, fmt.Errorf("EgressCIDRs: %d ranges do not fit into one security group; use at most %d", len(egress), MaxEgressCIDRs))
	}
	covered := cidr.Covered(egress)
	for i, to := range egress {
		if err := cidr.CheckDestination(to); err != nil {
			problems = append(problems, fmt.Errorf("EgressCIDRs[%d]: %w", i, err))
		} else if j, ok := covered[i]; ok && cidr.CheckDestination(egress[j]) == nil {
			problems = append(problems, fmt.Errorf("EgressCIDRs[%d]: %q lies inside EgressCIDRs[%d], %q; drop one of the two", i, to, j, egress[j]))
		}
	}
	return problems
}

// label names a range in the resource name of its rule, which must not depend on its
// place in the list.
func label(cidr string) string {
	return "cidr-" + strings.NewReplacer(".", "-", ":", "-", "/", "-").Replace(cidr)
}
