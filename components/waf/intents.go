// SPDX-License-Identifier: Apache-2.0

package waf

// Intent names one thing the web ACL is there to do. Its place in the catalogue fixes its priority, so an intent that
// is added later never renumbers, and so never reorders, the others.
type Intent string

// The intents of the baseline: every web ACL has them.
const (
	// IPReputation drops clients on Amazon's own list of scanners, bots and attackers. It comes first: what it drops
	// is not worth counting or inspecting.
	IPReputation Intent = "IPReputation"
	// RateLimit answers 429 to a client address that sends more than Args.RateLimit requests in five minutes.
	RateLimit Intent = "RateLimit"
	// CommonRuleSet covers the usual attacks of the OWASP Top 10: cross-site scripting, path traversal, file inclusion,
	// requests to instance metadata, bodies too large to inspect.
	CommonRuleSet Intent = "CommonRuleSet"
	// KnownBadInputs covers requests that exploit known weaknesses, Log4j among them.
	KnownBadInputs Intent = "KnownBadInputs"
	// SQLInjection covers SQL in query strings, bodies, cookies and paths.
	SQLInjection Intent = "SQLInjection"
	// Linux covers local file inclusion on Linux hosts.
	Linux Intent = "Linux"
	// Oversize drops requests with more headers or cookies than AWS WAF looks at, 8 KB or 200 of each: an attack behind them
	// would pass unseen. Bodies are for CommonRuleSet.SizeRestrictions_BODY.
	Oversize Intent = "Oversize"
)

// The intents that Args.Additional may ask for.
const (
	// AnonymousIP drops clients that hide behind VPNs, proxies, Tor exits and hosting providers. It also drops people
	// with a reason to hide.
	AnonymousIP Intent = "AnonymousIP"
	// AdminProtection drops requests to the administration pages of common software.
	AdminProtection Intent = "AdminProtection"
	// POSIX covers command injection on Unix hosts; AWS advises it beside Linux.
	POSIX Intent = "POSIX"
	// Windows covers PowerShell and other attacks on Windows hosts.
	Windows Intent = "Windows"
	// PHP covers attacks on PHP applications.
	PHP Intent = "PHP"
	// WordPress covers attacks on WordPress sites.
	WordPress Intent = "WordPress"
)

// entry is one row of the catalogue.
type entry struct {
	Intent Intent
	// Group is the name of the AWS managed rule group; empty for a rule of our own.
	Group string
	// Labels is the namespace of the labels that the group's rules leave; empty for those whose rules do not look at bodies.
	Labels string
	// Capacity is what the intent costs in web ACL capacity units.
	Capacity int
	// Baseline intents are in every web ACL.
	Baseline bool
}

// catalogue lists every intent in the order in which AWS WAF evaluates them. The capacities are those of "AWS Managed
// Rules rule groups list" in the AWS WAF Developer Guide (they are fixed for the life of a group) and of "Rate-based
// rule statement" (2 for a rule that aggregates by client address). No group version is pinned: AWS moves the default
// version after announcing it, which is how new attacks come to be covered.
var catalogue = []entry{
	{Intent: IPReputation, Group: "AWSManagedRulesAmazonIpReputationList", Capacity: 25, Baseline: true},
	{Intent: AnonymousIP, Group: "AWSManagedRulesAnonymousIpList", Capacity: 50},
	{Intent: RateLimit, Capacity: 2, Baseline: true},
	{Intent: AdminProtection, Group: "AWSManagedRulesAdminProtectionRuleSet", Capacity: 100},
	{Intent: CommonRuleSet, Group: "AWSManagedRulesCommonRuleSet", Labels: "core-rule-set", Capacity: 700, Baseline: true},
	{Intent: KnownBadInputs, Group: "AWSManagedRulesKnownBadInputsRuleSet", Labels: "known-bad-inputs", Capacity: 200, Baseline: true},
	{Intent: SQLInjection, Group: "AWSManagedRulesSQLiRuleSet", Labels: "sql-database", Capacity: 200, Baseline: true},
	{Intent: Linux, Group: "AWSManagedRulesLinuxRuleSet", Capacity: 200, Baseline: true},
	{Intent: POSIX, Group: "AWSManagedRulesUnixRuleSet", Labels: "posix-os", Capacity: 100},
	{Intent: Windows, Group: "AWSManagedRulesWindowsRuleSet", Labels: "windows-os", Capacity: 200},
	{Intent: PHP, Group: "AWSManagedRulesPHPRuleSet", Labels: "php-app", Capacity: 100},
	{Intent: WordPress, Group: "AWSManagedRulesWordPressRuleSet", Capacity: 100},
	// At most: a size constraint is 1, and a text transformation 10 where AWS counts the one that changes nothing.
	{Intent: Oversize, Capacity: 22, Baseline: true},
}

// Baseline returns the intents that every web ACL has, in the order in which AWS WAF evaluates them.
func Baseline() []Intent {
	var list []Intent
	for _, e := range catalogue {
		if e.Baseline {
			list = append(list, e.Intent)
		}
	}
	return list
}

// priorityStep leaves room between two intents for relaxed rules that still block on other paths, and for a rule that AWS
// Firewall Manager or a responder puts in by hand.
const priorityStep = 10

// CapacityBudget is how many web ACL capacity units (WCUs) the basic price covers: AWS bills extra for requests to a
// web ACL above it ("Web ACL capacity units (WCUs) in AWS WAF", AWS WAF Developer Guide).
const CapacityBudget = 1500
