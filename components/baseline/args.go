// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Args are the arguments of New. What has no default is required.
type Args struct {
	// AccountID is the twelve digits of the AWS account. Required: the provider refuses to act in any other.
	AccountID string `pulumi:"accountId"`
	// Region is the AWS region, such as eu-central-1. Required; it cannot be changed in place. GuardDuty, Security Hub, Config,
	// Inspector, Access Analyzer and what EC2 adds to launches hold in this region only.
	Region string `pulumi:"region"`
	// Emails are the addresses that hear of findings, alarms and costs, one to ten. Required; AWS asks each to confirm.
	Emails []string `pulumi:"emails"`
	// SecurityContact is whom AWS calls when it sees a leaked key or an attack. Required unless Contacts is skipped.
	SecurityContact Contact `pulumi:"securityContact"`
	// OperationsContact and BillingContact are whom AWS calls about the rest. Default: the owner of the root user's mailbox.
	OperationsContact *Contact `pulumi:"operationsContact"`
	BillingContact    *Contact `pulumi:"billingContact"`
	// MonthlyBudgetUSD is what a month may cost, in whole dollars. Mail comes when four fifths of it are spent, when the forecast is
	// above it, and when a service costs a tenth of it more than usual. Required unless Budget and CostAnomalies are skipped.
	MonthlyBudgetUSD int `pulumi:"monthlyBudgetUsd"`
	// SupportPermissionSet is the permission set of IAM Identity Center whose people may talk to AWS Support. Default: IAM users
	// who have just shown a second factor.
	SupportPermissionSet string `pulumi:"supportPermissionSet"`
	// LogRetentionDays is how long the files of Config and of the trail are kept. Default 365.
	LogRetentionDays int `pulumi:"logRetentionDays"`
	// Parts are the parts that the baseline does not make. Default: it makes all.
	Parts []Part `pulumi:"parts"`
	// Tags go onto everything, besides Project, Environment and ManagedBy. Default: no further ones.
	Tags map[string]string
	// Provider is the AWS provider to use. Default: one for the account and region alone, with the tags.
	Provider pulumi.ProviderResource
}

// Contact is somebody whom AWS can reach (Account Management reference guide, "Update the alternate contacts for your AWS account").
type Contact struct {
	// Name and Title say who it is, such as "Security on call" and "CISO": up to 64 and 50 characters.
	Name  string `pulumi:"name"`
	Title string `pulumi:"title"`
	// Email is the address; a mailbox that several people read is best.
	Email string `pulumi:"email"`
	// Phone is the number, such as +49 30 1234567: up to 25 digits, spaces and + - ( ).
	Phone string `pulumi:"phone"`
}

// mostEmails is how many addresses one notification of a budget reaches (Budgets API reference, CreateNotification).
const mostEmails = 10

// check reports everything that is wrong with a contact.
func (c Contact) check() []error {
	return form.Problems(form.In("Name", form.CheckContactName(c.Name)), form.In("Title", form.CheckContactTitle(c.Title)),
		form.In("Email", form.CheckEmail(c.Email)), form.In("Phone", form.CheckPhone(c.Phone)))
}

// check reports everything that is missing or wrong, before anything is made.
func (args *Args) check(name string) []error {
	problems := form.Problems(
		form.In("name", form.CheckEnvironmentName(name)),
		form.In("AccountID", form.CheckAccountID(args.AccountID)),
		form.In("Region", form.CheckRegion(args.Region)),
		checkParts(args.Parts),
	)
	if n := len(args.Emails); n == 0 || n > mostEmails {
		problems = append(problems, fmt.Errorf("Emails: %d addresses; give 1 to %d that hear of findings, alarms and costs", n, mostEmails))
	}
	problems = append(problems, form.Within("Emails", form.CheckEach(args.Emails, form.CheckEmail)...)...)
	if args.LogRetentionDays != 0 {
		problems = append(problems, form.Problems(form.In("LogRetentionDays", form.CheckLogDays(args.LogRetentionDays)))...)
	}
	if args.SupportPermissionSet != "" {
		problems = append(problems, form.Problems(form.In("SupportPermissionSet", form.CheckPermissionSet(args.SupportPermissionSet)))...)
	}
	if id := args.part(SecurityHub).Adopt; id != "" && id != args.AccountID {
		problems = append(problems, fmt.Errorf("Parts: securityHub: Adopt: %s is not AccountID; an account is judged by its own hub", id))
	}
	if (args.part(Budget).made() || args.part(CostAnomalies).there()) && args.MonthlyBudgetUSD < 1 {
		problems = append(problems, fmt.Errorf("MonthlyBudgetUSD: %d; say what a month may cost, in whole dollars", args.MonthlyBudgetUSD))
	}
	if args.part(Contacts).made() {
		for _, c := range args.contacts() {
			problems = append(problems, form.Within(c.kind+"Contact", c.check()...)...)
		}
	}
	return problems
}

// ofKind is a contact for one kind of news.
type ofKind struct {
	Contact
	kind string
}

// contacts are the given contacts; the one for security must be given.
func (args *Args) contacts() []ofKind {
	all := []ofKind{{args.SecurityContact, "Security"}}
	if args.OperationsContact != nil {
		all = append(all, ofKind{*args.OperationsContact, "Operations"})
	}
	if args.BillingContact != nil {
		all = append(all, ofKind{*args.BillingContact, "Billing"})
	}
	return all
}
