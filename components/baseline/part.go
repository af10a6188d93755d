// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/form"
)

// PartName names one part of the baseline.
type PartName string

// The parts. Those with an id in their comment can be adopted by it; the others are settings that everybody may set to the same, or
// are nobody's but this stack's.
const (
	// PublicAccess keeps buckets, snapshots and images of the account private (FSBP S3.1, EC2.182; CIS AWS Foundations 5.0, 2.1.4).
	PublicAccess PartName = "publicAccess"
	// Launches is what EC2 adds where a launch does not choose: encrypted disks (FSBP EC2.7) and IMDSv2 (FSBP EC2.8).
	Launches PartName = "launches"
	// DefaultVPC empties the security group of the region's default VPC, if it has one (FSBP EC2.2).
	DefaultVPC PartName = "defaultVpc"
	// Passwords is the password policy of the account's IAM users (FSBP IAM.7).
	Passwords PartName = "passwords"
	// GuardDuty watches for intruders (FSBP GuardDuty.1 to .11). Adopted by the id of its detector.
	GuardDuty PartName = "guardDuty"
	// SecurityHub judges the account by FSBP and CIS and collects what the others find. Adopted by the account's id.
	SecurityHub PartName = "securityHub"
	// Config records every change of a resource (FSBP Config.1). Adopted by the name of its recorder.
	Config PartName = "config"
	// Inspector looks for known vulnerabilities in servers, images and functions (FSBP Inspector.1 to .4).
	Inspector PartName = "inspector"
	// AccessAnalyzer looks for what others can reach (Security Hub IAM.28). Adopted by the name of the analyzer.
	AccessAnalyzer PartName = "accessAnalyzer"
	// Trail records every call in every region, and its alarms (FSBP CloudTrail.1). Adopted by its ARN.
	Trail PartName = "trail"
	// Contacts tells AWS whom to call (FSBP Account.1).
	Contacts PartName = "contacts"
	// SupportRole lets somebody talk to AWS Support (Security Hub IAM.18).
	SupportRole PartName = "supportRole"
	// Budget mails when the month becomes more expensive than planned.
	Budget PartName = "budget"
	// CostAnomalies mails when a service suddenly costs more. Adopted by the ARN of the monitor of services, of which an account
	// has one at most, and a new account one from the start (Cost Management user guide, "Getting started with AWS Cost Anomaly
	// Detection").
	CostAnomalies PartName = "costAnomalies"
)

// step is how one part is made, and how it is adopted; nil for a part that has no id.
type step struct {
	name  PartName
	make  func(*pulumi.Context) error
	adopt func(*pulumi.Context, Part) error
}

// parts are the steps of all parts, in the order in which they are made.
func (b *Baseline) parts() []step {
	return []step{
		{PublicAccess, b.blockPublicAccess, nil},
		{Launches, b.setLaunches, nil},
		{DefaultVPC, b.emptyDefaultVPC, nil},
		{Passwords, b.demandPasswords, nil},
		{Config, b.record, b.adoptConfig},
		{Trail, b.trail, b.adoptTrail},
		{GuardDuty, b.watch, b.adoptGuardDuty},
		{SecurityHub, b.judge, b.adoptSecurityHub},
		{Inspector, b.inspect, nil},
		{AccessAnalyzer, b.analyze, b.adoptAnalyzer},
		{Contacts, b.nameContacts, nil},
		{SupportRole, b.admitSupport, nil},
		{Budget, b.budget, nil},
		{CostAnomalies, b.watchCosts, b.adoptMonitor},
	}
}

// PartNames returns the names of all parts, in alphabetical order.
func PartNames() []PartName {
	var names []PartName
	for _, name := range form.Parts() {
		names = append(names, PartName(name))
	}
	return names
}

// Part says that the baseline does not make one of its parts: either it is there already and somebody else keeps it, or the account
// goes without it. Exactly one of Adopt and SkipReason is set.
type Part struct {
	// Name is the part. Required, each at most once.
	Name PartName `pulumi:"name"`
	// Adopt is the id of what is there, as the name's comment says. Every deployment reads it, fails unless it does its duty, and
	// leaves it as it is.
	Adopt string `pulumi:"adopt"`
	// SkipReason says why there shall be none, or who sees to it where this account cannot look: 10 to 256 letters, digits, spaces
	// and + - = . _ : / @.
	SkipReason string `pulumi:"skipReason"`
}

// Check reports everything that is wrong with the part.
func (p Part) Check() error {
	id, known := form.PartID(string(p.Name))
	switch {
	case !known:
		return form.Text(string(p.Name), "is no part of the baseline", "choose from "+strings.Join(form.Parts(), ", "))
	case (p.Adopt == "") == (p.SkipReason == ""):
		return fmt.Errorf("%s: give Adopt or SkipReason, and not both; leave the part out to have it made", p.Name)
	case p.SkipReason != "":
		if err := form.CheckReason(p.SkipReason); err != nil {
			return fmt.Errorf("%s: SkipReason: %w", p.Name, err)
		}
	case id == nil:
		return fmt.Errorf("%s: Adopt: it has no id to be adopted by; leave the part out, or give SkipReason", p.Name)
	case !id.MatchString(p.Adopt):
		return fmt.Errorf("%s: Adopt: %w", p.Name, form.Text(p.Adopt, "is not its id", "write it like "+id.String()))
	}
	return nil
}

// checkParts reports what is wrong with a list of parts.
func checkParts(parts []Part) error {
	var problems []error
	seen := map[PartName]bool{}
	for i, p := range parts {
		err := p.Check()
		if err == nil && seen[p.Name] {
			err = fmt.Errorf("%s is listed twice; keep one", p.Name)
		}
		seen[p.Name] = true
		if err != nil {
			problems = append(problems, fmt.Errorf("Parts[%d]: %w", i, err))
		}
	}
	return errors.Join(problems...)
}

// part is what the arguments say about a part; the zero value, which makes it, if they say nothing.
func (args *Args) part(name PartName) Part {
	for _, p := range args.Parts {
		if p.Name == name {
			return p
		}
	}
	return Part{Name: name}
}

// made tells whether the baseline makes a part, and there whether somebody has it: made here or adopted.
func (p Part) made() bool  { return p.Adopt == "" && p.SkipReason == "" }
func (p Part) there() bool { return p.SkipReason == "" }
