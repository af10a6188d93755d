// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// ServeArgs says which requests go to which target.
type ServeArgs struct {
	// Segment is where the target runs, Port where it serves HTTPS. Required. A row of the table must lead there from the
	// segment of the edge.
	Segment *network.Segment
	Port    int
	// TargetGroupARN is the target group that gets the requests. Required.
	TargetGroupARN pulumi.StringInput
	// Hosts are the host names to match, in which * stands for any characters and ? for one. Empty matches every host.
	Hosts []string
	// Paths are the paths to match, with the same wildcards. Empty matches every path. Hosts and Paths may not both be
	// empty: the answer to what nobody asked for stays 404. Together they are at most 5.
	Paths []string
	// Priority orders the rules of the load balancer, lowest first: 1 to 25000, each once. Required. The priority that is
	// 25000 higher is that of the rule that holds the target group.
	Priority int
	// Start starts what serves, once the load balancer uses the target group, and returns what is made only when the targets
	// are healthy. Requests move to the target group after that. Default: the targets serve already.
	Start func(inUse []pulumi.CustomResource) (healthy []pulumi.CustomResource, err error)
}

const (
	// AWS has priorities up to 50000: the lower half is for requests, the upper for holding target groups.
	maxPriority    = 25000
	maxConditions  = 5   // "Condition values per rule", quotas for Application Load Balancers.
	maxPatternSize = 128 // characters in one pattern, the same page.
	// nobody is an address from which no request comes: it is for documentation and routed nowhere (RFC 5737, TEST-NET-1).
	nobody = "192.0.2.1/32"
)

var (
	hostRulePattern = regexp.MustCompile(`^[A-Za-z0-9.*?-]+$`)
	pathRulePattern = regexp.MustCompile("^[/*][A-Za-z0-9_.$/~\"'@:+&*?-]*$")
)

// Serve forwards the requests that match args to a target.
//
// With Start there is a second rule, which holds the target group: no request meets it, but it makes the target group one that
// the load balancer uses. AWS checks the health of no other ("unused", Elastic Load Balancing user guide, "Target health
// status"). So a target group that takes the place of another is held first, its targets become healthy, and only then does
// the first rule forward requests there, in one step; the old target group and its targets go last.
func (e *Edge) Serve(ctx *pulumi.Context, name string, args *ServeArgs) error {
	args = component.Given(args)
	if err := errors.Join(e.CheckServe(name, args)...); err != nil {
		return fmt.Errorf("edge %q: serve %q: %w", e.name, name, err)
	}
	e.served[args.Priority] = name
	var healthy []pulumi.CustomResource
	if args.Start != nil {
		held, err := e.forward(ctx, name+"-held", args, maxPriority+args.Priority, lb.ListenerRuleConditionArray{lb.ListenerRuleConditionArgs{
			SourceIp: lb.ListenerRuleConditionSourceIpArgs{Values: pulumi.ToStringArray([]string{nobody})},
		}})
		if err != nil {
			return err
		}
		if healthy, err = args.Start(order.List(held)); err != nil {
			return err
		}
	}
	_, err := e.forward(ctx, name, args, args.Priority, args.conditions(), order.After(healthy))
	return err
}

// conditions are those of the rule for requests.
func (args *ServeArgs) conditions() lb.ListenerRuleConditionArray {
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
	return conditions
}

// forward makes one rule that forwards to the target group.
func (e *Edge) forward(ctx *pulumi.Context, name string, args *ServeArgs, priority int, conditions lb.ListenerRuleConditionArray, opts ...pulumi.ResourceOption) (*lb.ListenerRule, error) {
	return lb.NewListenerRule(ctx, e.name+"-"+name, &lb.ListenerRuleArgs{
		ListenerArn: e.ListenerARN,
		Priority:    pulumi.Int(priority),
		Conditions:  conditions,
		Actions: lb.ListenerRuleActionArray{lb.ListenerRuleActionArgs{
			Type:           pulumi.String("forward"),
			TargetGroupArn: args.TargetGroupARN.ToStringOutput(),
		}},
		Tags: pulumi.StringMap{"Name": pulumi.String(e.name + "-" + name)},
	}, append(opts, pulumi.Parent(e))...)
}

// CheckServe reports every problem that Serve would refuse, at once, before anything is made.
func (e *Edge) CheckServe(name string, args *ServeArgs) []error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !namePattern.MatchString(name) {
		add("name: %q must be letters, digits and inner hyphens", name)
	}
	problems = append(problems, e.checkTarget(name, args)...)
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
	return problems
}

// checkTarget reports a target that is missing, or to which the table has no row.
func (e *Edge) checkTarget(name string, args *ServeArgs) []error {
	switch {
	case args.Segment == nil || args.TargetGroupARN == nil:
		return []error{errors.New("Segment, TargetGroupARN: missing; give the service that gets the requests")}
	case args.Port < 1 || args.Port > 65535:
		return []error{fmt.Errorf("Port: %d is not between 1 and 65535; give the port at which the target serves HTTPS", args.Port)}
	}
	return e.segment.Network().Table.Lacking(e.segment.Name, segment.Need{
		To: segment.End(args.Segment.Name), Ports: segment.TCP(args.Port), For: "requests and health checks of " + name,
	})
}
