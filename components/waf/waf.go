// SPDX-License-Identifier: Apache-2.0

// Package waf puts a web application firewall in front of a load balancer: a short, ordered list of intents (drop
// clients with a bad reputation, limit each client's rate, block the known attacks), every one with its metric, and a
// log of every request with the secrets redacted.
//
// It is the only package that may import the wafv2 SDK, whose 12 MB of generated types take minutes to compile.
package waf

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/form"
)

// DefaultRateLimit is how many requests one client address may send in five minutes when Args.RateLimit is zero:
// 200 a minute is more than a person's browser asks for and less than a script does.
const DefaultRateLimit = 1000

// Args says what the web ACL protects and where it departs from the baseline.
type Args struct {
	// ResourceARN is the ARN of the load balancer to protect. Required. Security Hub ELB.16 wants one on every load balancer.
	ResourceARN pulumi.StringInput
	// Account is the account and region of the load balancer. Required.
	Account *account.Account
	Settings
}

// Settings are where a web ACL departs from the baseline.
type Settings struct {
	// RateLimit is how many requests one client address may send in five minutes before it gets 429 answers. 10 to
	// 2000000000; zero means DefaultRateLimit. Clients behind one shared address (an office, a mobile network) count
	// as one.
	RateLimit int `pulumi:"rateLimit"`
	// Relaxations let intents or single rules count instead of block, each with a written reason. Empty blocks all.
	Relaxations []Relaxation `pulumi:"relaxations"`
	// Additional adds intents to the baseline, such as WordPress for a WordPress site. All rules together must fit in
	// CapacityBudget.
	Additional []Intent `pulumi:"additional"`
}

// WebACL is a regional web ACL, its association with one load balancer, and its log.
type WebACL struct {
	pulumi.ResourceState

	// ARN is the ARN of the web ACL.
	ARN pulumi.StringOutput
	// LogGroupName is the physical name of the log group with the evaluated requests.
	LogGroupName pulumi.StringOutput
	// MetricName is the value of the "WebACL" dimension of every metric.
	MetricName string
	// Capacity is how many web ACL capacity units the rules use, of CapacityBudget.
	Capacity int

	region      string
	association *wafv2.WebAclAssociation
}

// Ready is what must exist before the load balancer listens: the association. Hand it to order.After.
func (w *WebACL) Ready() []pulumi.CustomResource { return order.List(w.association) }

// New makes a web ACL with the baseline of rules, in front of the load balancer in args.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*WebACL, error) {
	args = component.Given(args)
	metricName := fmt.Sprintf("%s-%s-%s", ctx.Project(), ctx.Stack(), name)
	rules, err := args.check(metricName)
	if err != nil {
		return nil, fmt.Errorf("web ACL %q: %w", name, err)
	}
	w := &WebACL{
		MetricName: metricName,
		Capacity:   capacity(rules),
		region:     args.Account.Region,
	}
	delivery, err := logs.DeliveryPolicy("DeliverWebACLLogs", fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", args.Account.Region, args.Account.ID, logGroupPrefix+metricName))
	if err != nil {
		return nil, err
	}
	documents := map[string]string{"delivery": delivery}
	if err := component.Register(ctx, "bulkhead:waf:WebACL", name, component.Documents(args, documents), w, opts...); err != nil {
		return nil, err
	}
	if err := w.create(ctx, name, args, rules); err != nil {
		return nil, err
	}
	if err := w.log(ctx, name, args); err != nil {
		return nil, err
	}
	if err := w.attach(ctx, name, args); err != nil {
		return nil, err
	}
	err = ctx.RegisterResourceOutputs(w, pulumi.Map{
		"arn":          w.ARN,
		"logGroupName": w.LogGroupName,
		"metricName":   pulumi.String(w.MetricName),
		"capacity":     pulumi.Int(w.Capacity),
	})
	return w, err
}

// create makes the web ACL itself. What no rule blocks is allowed: the load balancer answers 404 to whatever it does
// not serve.
func (w *WebACL) create(ctx *pulumi.Context, name string, args *Args, rules []rule) error {
	limit := args.RateLimit
	if limit == 0 {
		limit = DefaultRateLimit
	}
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	for _, r := range args.Relaxations {
		tags["bulkhead:relaxed:"+r.what()] = pulumi.String(r.Reason)
	}
	acl, err := wafv2.NewWebAcl(ctx, name+"-acl", &wafv2.WebAclArgs{
		Description:   pulumi.String("Filters what reaches the load balancer"),
		Scope:         pulumi.String("REGIONAL"),
		DefaultAction: wafv2.WebAclDefaultActionArgs{Allow: wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         ruleArgs(rules, limit),
		// Request samples would keep cookies and credentials in clear for three hours: the redaction of the log does
		// not reach them ("Logging AWS WAF web ACL traffic", AWS WAF Developer Guide). The log has every request.
		VisibilityConfig: wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), // FSBP WAF.12
			MetricName:               pulumi.String(w.MetricName),
			SampledRequestsEnabled:   pulumi.Bool(false),
		},
		Tags: tags,
	}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	w.ARN = acl.Arn
	return nil
}

// attach puts the web ACL in front of the load balancer (Security Hub ELB.16).
func (w *WebACL) attach(ctx *pulumi.Context, name string, args *Args) error {
	made, err := wafv2.NewWebAclAssociation(ctx, name+"-association", &wafv2.WebAclAssociationArgs{
		ResourceArn: args.ResourceARN,
		WebAclArn:   w.ARN,
	}, pulumi.Parent(w))
	w.association = made
	return err
}

// metricPattern is the part of what AWS WAF accepts in a metric's name that CloudWatch Logs accepts too.
var metricPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// check reports every problem of the plain values at once, and otherwise the planned rules.
func (a *Args) check(metricName string) ([]rule, error) {
	var problems []error
	if !metricPattern.MatchString(metricName) {
		problems = append(problems, fmt.Errorf("name: %q (project, stack and component) must be at most 128 letters, digits and . _ -, because metrics and the log group are named after it; shorten it", metricName))
	}
	if a.ResourceARN == nil {
		problems = append(problems, errors.New("ResourceARN: missing; give the ARN of the load balancer to protect"))
	}
	problems = append(problems, a.Account.Check()...)
	rules, err := a.plan()
	problems = append(problems, err)
	return rules, errors.Join(problems...)
}

// Check reports everything that is wrong with the settings, each with its cure; nil if nothing is.
func (s Settings) Check() error {
	_, err := s.plan()
	return err
}

// plan decides which rules the web ACL has, or reports everything that is wrong with the settings.
func (s Settings) plan() ([]rule, error) {
	rules, err := plan(s.Additional, s.Relaxations)
	if s.RateLimit != 0 {
		err = errors.Join(err, form.In("RateLimit", form.CheckRateLimit(s.RateLimit)))
	}
	return rules, err
}
