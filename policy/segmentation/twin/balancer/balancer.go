// SPDX-License-Identifier: Apache-2.0

// Package balancer answers HTTP requests as an application load balancer does, by its listeners, rules and attributes as AWS's API
// tells them: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html. What it has no word for, such as
// a rule that asks for a login, is an error and never left out.
package balancer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	acm "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Listener of an application load balancer.
type Listener struct {
	elb.Listener
	// Names are those of each of its certificates, the default's first, and Keys the algorithms of their keys, such as "RSA_2048".
	Names [][]string
	Keys  []string
	// Least and Most are the versions of TLS that its policy admits, as crypto/tls counts them; 0 without TLS.
	Least, Most uint16
	// Suites are the cipher suites of TLS 1.2 and before that its policy admits, and Unsaid is how crypto/tls differs from the policy: without
	// suites that it does not have, and with those of TLS 1.3 that it cannot leave out.
	Suites     []uint16
	Unsaid     []string
	Attributes []elb.ListenerAttribute
	// Rules are in the order in which they are asked, the default last.
	Rules []elb.Rule
}

// Secure reports whether it speaks TLS.
func (l *Listener) Secure() bool { return l.Protocol == elb.ProtocolEnumHttps }

// Attribute is the value of an attribute, empty if it is not set.
func (l *Listener) Attribute(key string) string {
	for _, a := range l.Attributes {
		if aws.ToString(a.Key) == key {
			return aws.ToString(a.Value)
		}
	}
	return ""
}

// Known are the listeners of application load balancers and their target groups, by ARN.
type Known struct {
	Listeners map[string]*Listener
	Groups    map[string]*elb.TargetGroup
	// Passed are listeners of network load balancers that end TLS, which the twin does not: it passes on what it gets.
	Passed map[string]bool
}

// Read reads the answers of AWS's API from a folder, as tools/describe writes them. All that it has no word for is told at once. A
// folder without Listeners.json has none.
func Read(folder string) (*Known, error) {
	var listeners []struct {
		elb.Listener
		Attributes []elb.ListenerAttribute
	}
	var rules []struct {
		elb.Rule
		ListenerArn string
	}
	var certificates []acm.CertificateDetail
	var policies []elb.SslPolicy
	var groups []elb.TargetGroup
	for name, list := range map[string]any{"Listeners": &listeners, "Rules": &rules, "Certificates": &certificates, "SslPolicies": &policies, "TargetGroups": &groups} {
		text, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(text, list)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(folder, name+".json"), err)
		}
	}
	k := &Known{Listeners: map[string]*Listener{}, Groups: map[string]*elb.TargetGroup{}, Passed: map[string]bool{}}
	var problems []error
	for i := range groups {
		g := &groups[i]
		k.Groups[aws.ToString(g.TargetGroupArn)] = g
		if aws.ToString(g.ProtocolVersion) == "GRPC" {
			problems = append(problems, fmt.Errorf("target group %s: it speaks gRPC", aws.ToString(g.TargetGroupArn)))
		}
	}
	for _, x := range listeners {
		k.Passed[aws.ToString(x.ListenerArn)] = x.Protocol == elb.ProtocolEnumTls
		if x.Protocol != elb.ProtocolEnumHttp && x.Protocol != elb.ProtocolEnumHttps {
			continue
		}
		l := &Listener{Listener: x.Listener, Attributes: x.Attributes}
		for _, r := range rules {
			if r.ListenerArn == aws.ToString(l.ListenerArn) {
				l.Rules = append(l.Rules, r.Rule)
			}
		}
		l.secure(certificates, policies)
		if err := l.Check(); err != nil {
			problems = append(problems, err)
		}
		k.Listeners[aws.ToString(l.ListenerArn)] = l
	}
	return k, errors.Join(problems...)
}

// secure finds the names of a listener, and how it speaks TLS.
func (l *Listener) secure(certificates []acm.CertificateDetail, policies []elb.SslPolicy) {
	for _, c := range l.Certificates {
		at := slices.IndexFunc(certificates, func(x acm.CertificateDetail) bool {
			return aws.ToString(x.CertificateArn) == aws.ToString(c.CertificateArn)
		})
		if at >= 0 {
			first := aws.ToString(certificates[at].DomainName)
			others := slices.DeleteFunc(slices.Sorted(slices.Values(certificates[at].SubjectAlternativeNames)), func(s string) bool { return s == first || s == "" })
			if first != "" {
				l.Names = append(l.Names, append([]string{first}, others...))
				l.Keys = append(l.Keys, string(cmp.Or(certificates[at].KeyAlgorithm, acm.KeyAlgorithmRsa2048))) // ACM's own default
			}
		}
	}
	for _, p := range policies {
		if l.Secure() && aws.ToString(p.Name) == aws.ToString(l.SslPolicy) {
			l.speak(p)
		}
	}
}

// Check reports what the listener lacks and what this package has no word for, and puts the rules in order.
func (l *Listener) Check() error {
	var problems []error
	say := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("listener %s: "+format, append([]any{aws.ToString(l.ListenerArn)}, args...)...))
	}
	if !slices.ContainsFunc(l.Rules, isDefault) {
		say("its rules are not among the answers (Rules.json)")
	}
	if l.Secure() {
		l.checkTLS(say)
	}
	if l.MutualAuthentication != nil && aws.ToString(l.MutualAuthentication.Mode) != "off" && aws.ToString(l.MutualAuthentication.Mode) != "" {
		say("it asks clients for certificates")
	}
	for _, r := range l.Rules {
		for _, c := range r.Conditions {
			if _, err := matcher(c); err != nil {
				say("rule %s: %w", aws.ToString(r.Priority), err)
			}
		}
		if len(r.Transforms) > 0 {
			say("rule %s: it rewrites requests", aws.ToString(r.Priority))
		}
		if action := last(r.Actions); action == nil || len(r.Actions) != 1 {
			say("rule %s: it does not do one thing with a request", aws.ToString(r.Priority))
		}
	}
	slices.SortStableFunc(l.Rules, func(a, b elb.Rule) int { return cmp.Compare(priority(a), priority(b)) })
	return errors.Join(problems...)
}

func isDefault(r elb.Rule) bool { return aws.ToBool(r.IsDefault) }

func priority(r elb.Rule) int {
	n, err := strconv.Atoi(aws.ToString(r.Priority))
	if err != nil { // "default"
		return 1 << 30
	}
	return n
}

// last is the action that answers, nil if it is one that this package has no word for.
func last(actions []elb.Action) *elb.Action {
	if len(actions) == 0 {
		return nil
	}
	a := &actions[len(actions)-1]
	switch a.Type {
	case elb.ActionTypeEnumForward, elb.ActionTypeEnumRedirect, elb.ActionTypeEnumFixedResponse:
		return a
	}
	return nil
}

// Groups are the target groups to which an action forwards, each as often as its weight says.
func Groups(a *elb.Action) []string {
	if a.Type != elb.ActionTypeEnumForward {
		return nil
	}
	var out []string
	if a.ForwardConfig != nil {
		for _, g := range a.ForwardConfig.TargetGroups {
			for range aws.ToInt32(cmp.Or(g.Weight, aws.Int32(1))) {
				out = append(out, aws.ToString(g.TargetGroupArn))
			}
		}
	}
	if len(out) == 0 && a.TargetGroupArn != nil {
		out = append(out, *a.TargetGroupArn)
	}
	return out
}

// rule is the first whose conditions a request meets.
func (l *Listener) rule(r *http.Request) *elb.Rule {
	for i := range l.Rules {
		meets := !slices.ContainsFunc(l.Rules[i].Conditions, func(c elb.RuleCondition) bool {
			match, err := matcher(c)
			return err != nil || !match(r)
		})
		if meets {
			return &l.Rules[i]
		}
	}
	return nil
}

// Example is a request that is forwarded to a target group: a host's name and a path. Its clients may come from anywhere.
type Example struct{ Host, Path string }

// Examples are requests, one for each target group that a request can be forwarded to by its host and path.
func (l *Listener) Examples() map[string]Example {
	out := map[string]Example{}
	for _, r := range l.Rules {
		e := Example{Host: "any.example", Path: "/"}
		if l.Secure() && len(l.Names) > 0 {
			e.Host = plain(l.Names[0][0])
		}
		other := false
		for _, c := range r.Conditions {
			switch values := values(c); aws.ToString(c.Field) {
			case "host-header":
				e.Host = plain(values[0])
			case "path-pattern":
				e.Path = plain(values[0])
			default:
				other = true
			}
		}
		action := last(r.Actions)
		if other || action == nil {
			continue
		}
		probe, err := http.NewRequest(http.MethodGet, "http://"+e.Host+e.Path, nil)
		if err != nil || l.rule(probe) == nil || aws.ToString(l.rule(probe).RuleArn) != aws.ToString(r.RuleArn) {
			continue
		}
		for _, g := range Groups(action) {
			if _, there := out[g]; !there {
				out[g] = e
			}
		}
	}
	return out
}

// plain is a text that a pattern matches.
func plain(pattern string) string { return strings.NewReplacer("*", "a", "?", "a").Replace(pattern) }
