// SPDX-License-Identifier: Apache-2.0

package waf

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Metric addresses one CloudWatch metric of the web ACL, for whoever sets an alarm on it.
type Metric struct {
	// Namespace is always "AWS/WAFV2".
	Namespace string
	// Name is "BlockedRequests" or "CountedRequests": requests, as a sum over the period. AWS WAF publishes a metric
	// only while it is not zero, so missing data means that nothing happened.
	Name string
	// Dimensions pick the region, the web ACL and the rule ("AWS WAF metrics and dimensions", AWS WAF Developer Guide).
	Dimensions pulumi.StringMap
}

// BlockedRequests is the metric of the requests that the whole web ACL blocked. A spike is an attack, or a rule that
// hits honest clients; either wants a human.
func (w *WebACL) BlockedRequests() Metric {
	return w.metric("BlockedRequests", "ALL")
}

// BlockedBy is the metric of the requests that one intent blocked, such as RateLimit. An intent that is not in the web
// ACL, or that only counts, never shows a value.
func (w *WebACL) BlockedBy(intent Intent) Metric {
	return w.metric("BlockedRequests", string(intent))
}

// CountedBy is the metric of the requests that one intent would have blocked, had a relaxation not made it count.
func (w *WebACL) CountedBy(intent Intent) Metric {
	return w.metric("CountedRequests", string(intent))
}

func (w *WebACL) metric(name, rule string) Metric {
	return Metric{
		Namespace: "AWS/WAFV2",
		Name:      name,
		Dimensions: pulumi.StringMap{
			"Region": pulumi.String(w.region),
			"WebACL": pulumi.String(w.MetricName),
			"Rule":   pulumi.String(rule),
		},
	}
}
