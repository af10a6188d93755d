// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/account"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/costexplorer"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// nameContacts tells AWS whom to call. The owner of the root user's mailbox is told too, whatever is set here.
func (b *Baseline) nameContacts(ctx *pulumi.Context) error {
	for _, c := range b.args.contacts() {
		if _, err := account.NewAlternativeContact(ctx, b.name+"-contact-"+strings.ToLower(c.kind), &account.AlternativeContactArgs{
			AlternateContactType: pulumi.String(strings.ToUpper(c.kind)),
			Name:                 pulumi.String(c.Name),
			Title:                pulumi.String(c.Title),
			EmailAddress:         pulumi.String(c.Email),
			PhoneNumber:          pulumi.String(c.Phone),
		}, b.stays()...); err != nil {
			return err
		}
	}
	return nil
}

// admitSupport makes the role in which somebody talks to AWS Support.
func (b *Baseline) admitSupport(ctx *pulumi.Context) error {
	role, err := identity.NewRole(ctx, b.name+"-support", &identity.RoleArgs{
		Description: "Talks to AWS Support",
		AssumedBy: identity.Document{Kind: identity.TrustPolicy, Statements: []identity.Statement{{
			Sid: "AssumeForSupport", Effect: identity.Allow, Actions: []string{"sts:AssumeRole"},
			Principals: identity.Principals{AWS: []string{"arn:aws:iam::" + b.Account.ID + ":root"}},
			Conditions: []identity.Condition{identity.Operator(b.Account.ID, b.args.SupportPermissionSet)},
		}}},
		Boundary:          b.Account.BoundaryARN,
		ManagedPolicyARNs: []string{"arn:aws:iam::aws:policy/AWSSupportAccess"},
	}, b.child())
	if err != nil {
		return err
	}
	b.SupportRoleARN = role.ARN
	return nil
}

// watchCosts has AWS look for services that suddenly cost more: an intruder who mines, or a mistake.
func (b *Baseline) watchCosts(ctx *pulumi.Context) error {
	monitor, err := costexplorer.NewAnomalyMonitor(ctx, b.name+"-anomalies", &costexplorer.AnomalyMonitorArgs{
		Name:             pulumi.String(ctx.Project() + "-" + b.name),
		MonitorType:      pulumi.String("DIMENSIONAL"),
		MonitorDimension: pulumi.String("SERVICE"),
		Tags:             pulumi.StringMap{"Name": pulumi.String(b.name)},
	}, b.child())
	if err != nil {
		return err
	}
	return b.mailAnomalies(ctx, monitor.Arn)
}

// mailAnomalies mails what the monitor of services finds.
func (b *Baseline) mailAnomalies(ctx *pulumi.Context, monitor pulumi.StringOutput) error {
	var subscribers costexplorer.AnomalySubscriptionSubscriberArray
	for _, email := range b.args.Emails {
		subscribers = append(subscribers, costexplorer.AnomalySubscriptionSubscriberArgs{Type: pulumi.String("EMAIL"), Address: pulumi.String(email)})
	}
	_, err := costexplorer.NewAnomalySubscription(ctx, b.name+"-anomalies", &costexplorer.AnomalySubscriptionArgs{
		Name:            pulumi.String(ctx.Project() + "-" + b.name),
		Frequency:       pulumi.String("DAILY"), // AWS mails addresses daily or weekly; at once it only tells topics
		MonitorArnLists: pulumi.StringArray{monitor},
		Subscribers:     subscribers,
		ThresholdExpression: costexplorer.AnomalySubscriptionThresholdExpressionArgs{
			Dimension: costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs{
				Key: pulumi.String("ANOMALY_TOTAL_IMPACT_ABSOLUTE"), MatchOptions: pulumi.ToStringArray([]string{"GREATER_THAN_OR_EQUAL"}),
				Values: pulumi.ToStringArray([]string{fmt.Sprint(max(1, b.args.MonthlyBudgetUSD/10))}),
			},
		},
	}, b.child())
	return err
}

// budget mails when the month becomes more expensive than planned.
func (b *Baseline) budget(ctx *pulumi.Context) error {
	mail := func(kind string, percent float64) budgets.BudgetNotificationArgs {
		return budgets.BudgetNotificationArgs{
			NotificationType: pulumi.String(kind), ComparisonOperator: pulumi.String("GREATER_THAN"), Threshold: pulumi.Float64(percent),
			ThresholdType: pulumi.String("PERCENTAGE"), SubscriberEmailAddresses: pulumi.ToStringArray(b.args.Emails),
		}
	}
	_, err := budgets.NewBudget(ctx, b.name+"-budget", &budgets.BudgetArgs{
		Name:          pulumi.String(ctx.Project() + "-" + b.name),
		BudgetType:    pulumi.String("COST"),
		TimeUnit:      pulumi.String("MONTHLY"),
		LimitAmount:   pulumi.String(fmt.Sprint(b.args.MonthlyBudgetUSD)),
		LimitUnit:     pulumi.String("USD"),
		Notifications: budgets.BudgetNotificationArray{mail("ACTUAL", 80), mail("FORECASTED", 100)},
		Tags:          pulumi.StringMap{"Name": pulumi.String(b.name)},
	}, b.child())
	return err
}
