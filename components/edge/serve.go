// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// Target is something that the load balancer can forward requests to. app.App is one.
type Target interface {
	// FirewallGroup is the security group that the target's instances are in.
	FirewallGroup() *firewall.Group
	// ServicePort is the port that the instances serve on, and answer health checks on.
	ServicePort() firewall.Port
	// TargetGroupARN is the ARN of the target group that the instances register with.
	TargetGroupARN() pulumi.StringOutput
}

// ServeArgs says which requests go to which target.
type ServeArgs struct {
	// Target gets the requests. Required. Its firewall opens for the load balancer, on its port only.
	Target Target
	// Hosts are the host names to match, in which * stands for any characters and ? for one. Empty matches every host.
	Hosts []string
	// Paths are the paths to match, with the same wildcards. Empty matches every path. Hosts and Paths may not both be
	// empty: the answer to what nobody asked for stays 404. Together they are at most 5.
	Paths []string
	// Priority orders the rules of the load balancer, lowest first: 1 to 50000, each once. Required.
	Priority int
}

const (
	maxPriority    = 50000
	maxConditions  = 5   // "Condition values per rule", quotas for Application Load Balancers.
	maxPatternSize = 128 // characters in one pattern, the same page.
)

var (
	hostRulePattern = regexp.MustCompile(`^[A-Za-z0-9.*?-]+$`)
	pathRulePattern = regexp.MustCompile("^[/*][A-Za-z0-9_.$/~\"'@:+&*?-]*$")
)

// Serve forwards the requests that match args to a target, and lets the load balancer reach the target's port and
// nothing else.
func (e *Edge) Serve(ctx *pulumi.Context, name string, args *ServeArgs) error {
	if args == nil {
		args = &ServeArgs{}
	}
	if err := e.checkServe(name, args); err != nil {
		return fmt.Errorf("edge %q: serve %q: %w", e.name, name, err)
	}
	e.served[args.Priority] = name
	if err := e.admit(ctx, name, args.Target); err != nil {
		return err
	}
	var conditions lb.ListenerRuleConditionArray
	if len(args.Hosts) > 0 {
		conditions = append(conditions, lb.ListenerRuleConditionArgs{
			HostHeader: lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.ToStringArray(args.Hosts)},
		})
	}
	if len(args.Paths) > 0 {
		conditions = append(conditions, lb.ListenerRuleConditionArgs{
			PathPattern: lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(args.Paths)},
		})
	}
	_, err := lb.NewListenerRule(ctx, e.name+"-"+name, &lb.ListenerRuleArgs{
		ListenerArn: e.ListenerARN,
		Priority:    pulumi.Int(args.Priority),
		Conditions:  conditions,
		Actions: lb.ListenerRuleActionArray{lb.ListenerRuleActionArgs{
			Type:           pulumi.String("forward"),
			TargetGroupArn: args.Target.TargetGroupARN(),
		}},
		Tags: pulumi.StringMap{"Name": pulumi.String(e.name + "-" + name)},
	}, pulumi.Parent(e))
	return err
}

// door is one port of one security group.
type door struct {
	group *firewall.Group
	port  int
}

// admit opens the way from the load balancer to the target, once for each group and port.
func (e *Edge) admit(ctx *pulumi.Context, name string, target Target) error {
	to := door{group: target.FirewallGroup(), port: target.ServicePort().Number}
	if e.admitted[to] {
		return nil
	}
	e.admitted[to] = true
	return firewall.Allow(ctx, e.Group, to.group, target.ServicePort(), "Requests and health checks from the load balancer to "+name)
}

// checkServe reports every problem of the plain values at once.
func (e *Edge) checkServe(name string, args *ServeArgs) error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !namePattern.MatchString(name) {
		add("name: %q must be letters, digits and inner hyphens", name)
	}
	if args.Target == nil {
		add("Target: missing; give the app that serves the requests")
	}
	if n := len(args.Hosts) + len(args.Paths); n == 0 || n > maxConditions {
		add("Hosts, Paths: %d patterns; give 1 to %d in all", n, maxConditions)
	}
	for i, host := range args.Hosts {
		if len(host) > maxPatternSize || !hostRulePattern.MatchString(host) {
			add(`Hosts[%d]: %q is not a pattern for host names; write it like "www.example.com"`, i, host)
		}
	}
	for i, path := range args.Paths {
		if len(path) > maxPatternSize || !pathRulePattern.MatchString(path) {
			add(`Paths[%d]: %q is not a pattern for paths; write it like "/api/*"`, i, path)
		}
	}
	if args.Priority < 1 || args.Priority > maxPriority {
		add("Priority: %d is not between 1 and %d", args.Priority, maxPriority)
	} else if taken, ok := e.served[args.Priority]; ok {
		add("Priority: %d is taken by %q; give each rule its own", args.Priority, taken)
	}
	return errors.Join(problems...)
}
