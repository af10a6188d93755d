// SPDX-License-Identifier: Apache-2.0

package balancer

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// values are the patterns of a condition about host or path, in whichever of the two places AWS tells them.
func values(c elb.RuleCondition) []string {
	switch {
	case c.HostHeaderConfig != nil && len(c.HostHeaderConfig.Values) > 0:
		return c.HostHeaderConfig.Values
	case c.PathPatternConfig != nil && len(c.PathPatternConfig.Values) > 0:
		return c.PathPatternConfig.Values
	}
	return c.Values
}

// wild compiles a pattern in which * is any text and ? any character.
func wild(pattern string, mindCase bool) *regexp.Regexp {
	text := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	if !mindCase {
		text = "(?i)" + text
	}
	return regexp.MustCompile(`\A(?s:` + text + `)\z`)
}

// any of some patterns matches a text.
func among(patterns []string, mindCase bool, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return wild(p, mindCase).MatchString(text) })
}

// regular reports whether a condition has regular expressions, which are not Go's.
func regular(c elb.RuleCondition) bool {
	return len(c.RegexValues) > 0 || c.HostHeaderConfig != nil && len(c.HostHeaderConfig.RegexValues) > 0 ||
		c.PathPatternConfig != nil && len(c.PathPatternConfig.RegexValues) > 0 || c.HttpHeaderConfig != nil && len(c.HttpHeaderConfig.RegexValues) > 0
}

// matcher is what a condition asks of a request:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html.
func matcher(c elb.RuleCondition) (func(*http.Request) bool, error) {
	switch field := aws.ToString(c.Field); {
	case regular(c):
		return nil, fmt.Errorf("its condition %s has regular expressions", field)
	case field == "host-header" && len(values(c)) > 0:
		return func(r *http.Request) bool { return among(values(c), false, hostname(r.Host)) }, nil
	case field == "path-pattern" && len(values(c)) > 0:
		return func(r *http.Request) bool { return among(values(c), true, r.URL.Path) }, nil
	case field == "http-header" && c.HttpHeaderConfig != nil:
		return func(r *http.Request) bool {
			return slices.ContainsFunc(r.Header.Values(aws.ToString(c.HttpHeaderConfig.HttpHeaderName)), func(v string) bool {
				return among(c.HttpHeaderConfig.Values, false, v)
			})
		}, nil
	case field == "http-request-method" && c.HttpRequestMethodConfig != nil:
		return func(r *http.Request) bool { return slices.Contains(c.HttpRequestMethodConfig.Values, r.Method) }, nil
	case field == "query-string" && c.QueryStringConfig != nil:
		return func(r *http.Request) bool { return slices.ContainsFunc(c.QueryStringConfig.Values, asked(r)) }, nil
	case field == "source-ip" && c.SourceIpConfig != nil:
		return func(r *http.Request) bool { return slices.ContainsFunc(c.SourceIpConfig.Values, from(r)) }, nil
	default:
		return nil, fmt.Errorf("its condition %q is none that is known", field)
	}
}

// from reports whether a request comes from a range.
func from(r *http.Request) func(string) bool {
	return func(cidr string) bool {
		at, err := netip.ParseAddrPort(r.RemoteAddr)
		p, err2 := netip.ParsePrefix(cidr)
		return err == nil && err2 == nil && p.Contains(at.Addr().Unmap())
	}
}

// asked reports whether the query of a request has a pair. Without a key, any pair's value counts.
func asked(r *http.Request) func(elb.QueryStringKeyValuePair) bool {
	return func(p elb.QueryStringKeyValuePair) bool {
		for key, some := range r.URL.Query() {
			if among([]string{cmp.Or(aws.ToString(p.Key), "*")}, false, key) && slices.ContainsFunc(some, func(v string) bool { return among([]string{aws.ToString(p.Value)}, false, v) }) {
				return true
			}
		}
		return false
	}
}

// hostname is a host without its port.
func hostname(host string) string {
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		return host[:at]
	}
	return host
}
