// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const (
	aclType         = "aws:wafv2/webAcl:WebAcl"
	associationType = "aws:wafv2/webAclAssociation:WebAclAssociation"
	loggingType     = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	deliveryType    = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"

	balancerARN = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/edge/0123456789abcdef"
)

func goodArgs() *Args {
	return &Args{
		ResourceARN: pulumi.String(balancerARN),
		Account: &account.Account{
			ID: pulumitest.AccountID, Region: pulumitest.Region,
			BoundaryARN: pulumi.String(pulumitest.BoundaryARN), LogKeyARN: pulumi.String(pulumitest.LogKeyARN),
		},
	}
}

// build runs a program with one web ACL and returns what it registered.
func build(t *testing.T, args *Args) (*pulumitest.Recording, *WebACL) {
	t.Helper()
	var acl *WebACL
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		acl, err = New(ctx, "waf", args)
		return err
	})
	return recording, acl
}

// ruleNamed returns the rule with the given name as the provider would get it.
func ruleNamed(t *testing.T, acl pulumitest.Registration, name Intent) map[string]any {
	t.Helper()
	for _, r := range acl.Value("rules").([]any) {
		if rule := r.(map[string]any); rule["name"] == string(name) {
			return rule
		}
	}
	require.Failf(t, "no such rule", "%s", name)
	return nil
}

// forbid is the action of rules of our own.
var forbid = map[string]any{"block": map[string]any{"customResponse": map[string]any{"responseCode": float64(403)}}}

func TestEveryRuleBlocks(t *testing.T) {
	recording, _ := build(t, goodArgs())
	acl := recording.Only(t, aclType)
	require.Equal(t, "REGIONAL", acl.String("scope"))
	require.Contains(t, acl.Value("defaultAction"), "allow")
	rules := acl.Value("rules").([]any)
	require.Len(t, rules, 7)
	for _, r := range rules {
		rule := r.(map[string]any)
		if rule["name"] == string(RateLimit) {
			require.Equal(t, map[string]any{"block": map[string]any{"customResponse": map[string]any{"responseCode": float64(429)}}}, rule["action"])
			require.NotContains(t, rule, "overrideAction")
			continue
		}
		if rule["name"] == string(Oversize) {
			require.Equal(t, forbid, rule["action"])
			continue
		}
		require.Equal(t, map[string]any{"none": map[string]any{}}, rule["overrideAction"], rule["name"])
		require.NotContains(t, rule, "action", rule["name"])
		group := rule["statement"].(map[string]any)["managedRuleGroupStatement"].(map[string]any)
		require.Equal(t, "AWS", group["vendorName"])
		require.NotContains(t, group, "ruleActionOverrides", rule["name"])
		require.NotContains(t, group, "version", "a pinned version stops following new attacks")
	}
}

func TestManagedGroupsAndPriorities(t *testing.T) {
	recording, _ := build(t, goodArgs())
	var got []string
	last := float64(0)
	for _, r := range recording.Only(t, aclType).Value("rules").([]any) {
		rule := r.(map[string]any)
		require.Greater(t, rule["priority"], last)
		last = rule["priority"].(float64)
		name := rule["name"].(string)
		if group, ok := rule["statement"].(map[string]any)["managedRuleGroupStatement"].(map[string]any); ok {
			name = group["name"].(string)
		}
		got = append(got, name)
	}
	require.Equal(t, []string{
		"AWSManagedRulesAmazonIpReputationList", "RateLimit", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet",
		"AWSManagedRulesSQLiRuleSet", "AWSManagedRulesLinuxRuleSet", "Oversize",
	}, got)
}

// What AWS WAF does not look at could hide anything: a load balancer takes eight times as many headers.
func TestMoreHeadersOrCookiesThanAreInspectedAreBlocked(t *testing.T) {
	recording, _ := build(t, goodArgs())
	rule := ruleNamed(t, recording.Only(t, aclType), Oversize)
	parts := rule["statement"].(map[string]any)["orStatement"].(map[string]any)["statements"].([]any)
	require.Len(t, parts, 2)
	for i, pattern := range []string{"headers", "cookies"} {
		size := parts[i].(map[string]any)["sizeConstraintStatement"].(map[string]any)
		require.Equal(t, "GT", size["comparisonOperator"])
		require.EqualValues(t, 8192, size["size"])
		field := size["fieldToMatch"].(map[string]any)[pattern]
		if list, ok := field.([]any); ok {
			field = list[0]
		}
		require.Equal(t, "MATCH", field.(map[string]any)["oversizeHandling"], pattern)
		require.Equal(t, "ALL", field.(map[string]any)["matchScope"], pattern)
	}
}

// An upload needs one path, and no attack on another path may be padded past what AWS WAF looks at.
func TestARuleRelaxedOnAPathBlocksOnAllOthers(t *testing.T) {
	args := goodArgs()
	args.Relaxations = []Relaxation{
		{Intent: CommonRuleSet, Rule: "SizeRestrictions_BODY", Paths: []string{"/photos", "/files/"}, Reason: "people upload photos"},
		{Intent: SQLInjection, Rule: "SQLi_BODY", Paths: []string{"/query"}, Reason: "the console takes SQL"},
	}
	recording, made := build(t, args)
	acl := recording.Only(t, aclType)
	require.Equal(t, 1327+22+(1+2*22)+(1+22), made.Capacity)
	for name, want := range map[string]struct {
		after Intent
		label string
		paths []string
	}{
		"CommonRuleSet-SizeRestrictions_BODY": {CommonRuleSet, "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body", []string{"/photos", "/files/"}},
		"SQLInjection-SQLi_BODY":              {SQLInjection, "awswaf:managed:aws:sql-database:SQLi_Body", []string{"/query"}},
	} {
		rule := ruleNamed(t, acl, Intent(name))
		require.Equal(t, ruleNamed(t, acl, want.after)["priority"].(float64)+1, rule["priority"], "behind the rule that leaves the label")
		require.Equal(t, forbid, rule["action"])
		both := rule["statement"].(map[string]any)["andStatement"].(map[string]any)["statements"].([]any)
		require.Equal(t, map[string]any{"labelMatchStatement": map[string]any{"scope": "LABEL", "key": want.label}}, both[0])
		excepted := both[1].(map[string]any)["notStatement"].(map[string]any)["statements"].([]any)
		if or, ok := excepted[0].(map[string]any)["orStatement"]; ok {
			excepted = or.(map[string]any)["statements"].([]any)
		}
		var paths []string
		for _, e := range excepted {
			match := e.(map[string]any)["byteMatchStatement"].(map[string]any)
			require.Equal(t, "STARTS_WITH", match["positionalConstraint"])
			require.Equal(t, []any{
				map[string]any{"priority": float64(0), "type": "URL_DECODE"}, map[string]any{"priority": float64(1), "type": "NORMALIZE_PATH"},
			}, match["textTransformations"], "or /photos/../login would do")
			paths = append(paths, match["searchString"].(string))
		}
		require.Equal(t, want.paths, paths)
	}
}

func TestPathsThatCannotBeRelaxed(t *testing.T) {
	for want, r := range map[string]Relaxation{
		`Paths of Linux without a Rule; name the rule that is in the way`:                                                                            {Intent: Linux, Paths: []string{"/a"}},
		`Paths[0] of Linux.LFI_HEADER: "/a" is a path for a rule that does not look at bodies`:                                                       {Intent: Linux, Rule: "LFI_HEADER", Paths: []string{"/a"}},
		`Paths[1] of CommonRuleSet.SizeRestrictions_BODY: "a/*" is not the beginning of a path; write / and up to 127 letters, digits and . _ ~ / -`: {Intent: CommonRuleSet, Rule: "SizeRestrictions_BODY", Paths: []string{"/a", "a/*"}},
	} {
		r.Reason = reason
		_, err := plan(nil, []Relaxation{r})
		require.ErrorContains(t, err, "Relaxations[0]: "+want)
	}
}

func TestRateLimitIsPerClientAddress(t *testing.T) {
	for limit, want := range map[int]float64{0: DefaultRateLimit, 10: 10, 5000: 5000} {
		args := goodArgs()
		args.RateLimit = limit
		recording, _ := build(t, args)
		rule := ruleNamed(t, recording.Only(t, aclType), RateLimit)
		require.Equal(t, map[string]any{"rateBasedStatement": map[string]any{
			"aggregateKeyType": "IP", "evaluationWindowSec": float64(300), "limit": want,
		}}, rule["statement"])
	}
}

func TestEveryRuleHasItsMetricAndNoSamples(t *testing.T) {
	recording, acl := build(t, goodArgs())
	registered := recording.Only(t, aclType)
	require.Equal(t, map[string]any{"cloudwatchMetricsEnabled": true, "metricName": "bulkhead-test-waf", "sampledRequestsEnabled": false},
		registered.Value("visibilityConfig"))
	for _, r := range registered.Value("rules").([]any) {
		rule := r.(map[string]any)
		require.Equal(t, map[string]any{"cloudwatchMetricsEnabled": true, "metricName": rule["name"], "sampledRequestsEnabled": false},
			rule["visibilityConfig"])
	}
	require.Equal(t, "bulkhead-test-waf", acl.MetricName)
	require.Equal(t, Metric{
		Namespace: "AWS/WAFV2",
		Name:      "BlockedRequests",
		Dimensions: pulumi.StringMap{
			"Region": pulumi.String("eu-central-1"), "WebACL": pulumi.String("bulkhead-test-waf"), "Rule": pulumi.String("ALL"),
		},
	}, acl.BlockedRequests())
	require.Equal(t, pulumi.String("RateLimit"), acl.BlockedBy(RateLimit).Dimensions["Rule"])
	require.Equal(t, "CountedRequests", acl.CountedBy(Linux).Name)
	require.Equal(t, 1327+22, acl.Capacity)
}

func TestItStandsInFrontOfTheLoadBalancer(t *testing.T) {
	recording, _ := build(t, goodArgs())
	association := recording.Only(t, associationType)
	require.Equal(t, balancerARN, association.String("resourceArn"))
	require.Contains(t, association.String("webAclArn"), ":regional/webacl/")
}

func TestRequestsAreLoggedWithoutSecrets(t *testing.T) {
	recording, _ := build(t, goodArgs())
	group := recording.Only(t, logGroupType)
	require.Equal(t, "aws-waf-logs-bulkhead-test-waf", group.String("name"))
	require.Equal(t, pulumitest.LogKeyARN, group.String("kmsKeyId"))
	require.Equal(t, float64(365), group.Value("retentionInDays"))

	logging := recording.Only(t, loggingType)
	require.Equal(t, []any{"arn:aws:logs:eu-central-1:111122223333:log-group:aws-waf-logs-bulkhead-test-waf"}, logging.Value("logDestinationConfigs"))
	require.Nil(t, logging.Value("loggingFilter"), "nothing is left out of the log")
	var redacted []string
	for _, field := range logging.Value("redactedFields").([]any) {
		header := field.(map[string]any)["singleHeader"].(map[string]any)["name"].(string)
		require.Equal(t, strings.ToLower(header), header)
		redacted = append(redacted, header)
	}
	require.Subset(t, redacted, []string{"authorization", "cookie"})
	require.Contains(t, logging.DependsOn, recording.Only(t, deliveryType).URN, "AWS WAF tries the delivery when logging is turned on")
}

func TestDeliveryPolicyIsNarrow(t *testing.T) {
	recording, _ := build(t, goodArgs())
	var document struct {
		Statement []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(recording.Only(t, deliveryType).String("policyDocument")), &document))
	require.Equal(t, []map[string]any{{
		"Sid":       "DeliverWebACLLogs",
		"Effect":    "Allow",
		"Principal": map[string]any{"Service": "delivery.logs.amazonaws.com"},
		"Action":    []any{"logs:CreateLogStream", "logs:PutLogEvents"},
		"Resource":  "arn:aws:logs:eu-central-1:111122223333:log-group:aws-waf-logs-bulkhead-test-waf:*",
		"Condition": map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": "111122223333"},
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:logs:eu-central-1:111122223333:*"},
		},
	}}, document.Statement)
}

func TestRelaxationsCountAndAreTagged(t *testing.T) {
	args := goodArgs()
	args.Relaxations = []Relaxation{
		{Intent: RateLimit, Reason: reason},
		{Intent: SQLInjection, Reason: reason},
		{Intent: CommonRuleSet, Rule: "SizeRestrictions_BODY", Reason: reason},
	}
	recording, _ := build(t, args)
	acl := recording.Only(t, aclType)
	require.Equal(t, map[string]any{"count": map[string]any{}}, ruleNamed(t, acl, RateLimit)["action"])
	require.Equal(t, map[string]any{"count": map[string]any{}}, ruleNamed(t, acl, SQLInjection)["overrideAction"])
	common := ruleNamed(t, acl, CommonRuleSet)
	require.Equal(t, map[string]any{"none": map[string]any{}}, common["overrideAction"])
	require.Equal(t, []any{map[string]any{"name": "SizeRestrictions_BODY", "actionToUse": map[string]any{"count": map[string]any{}}}},
		common["statement"].(map[string]any)["managedRuleGroupStatement"].(map[string]any)["ruleActionOverrides"])
	require.Equal(t, map[string]any{
		"Name":                       "waf",
		"bulkhead:relaxed:RateLimit": reason, "bulkhead:relaxed:SQLInjection": reason,
		"bulkhead:relaxed:CommonRuleSet.SizeRestrictions_BODY": reason,
	}, acl.Value("tags"))
}

func TestNewReportsEveryProblem(t *testing.T) {
	bad := Settings{RateLimit: 9, Additional: []Intent{"Nothing"}}
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "a web acl", &Args{Account: &account.Account{LogRetentionDays: 8}, Settings: bad})
		return err
	})
	for _, want := range []string{
		`web ACL "a web acl"`, `name: "bulkhead-test-a web acl"`, "ResourceARN: missing", `Region: ""`, "LogRetentionDays: 8 is not a retention that CloudWatch Logs accepts; the next longer one is 14", "RateLimit: 9 is not between 10 and 2000000000",
		"LogKeyARN: missing; give", `Additional[0]: "Nothing"`,
	} {
		require.ErrorContains(t, err, want)
	}
	err = pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "waf", nil)
		return err
	})
	require.ErrorContains(t, err, "ResourceARN: missing")
	require.ErrorContains(t, err, "Account: missing")
	require.ErrorContains(t, bad.Check(), "RateLimit: 9")
	require.ErrorContains(t, bad.Check(), `Additional[0]: "Nothing"`)
	require.NoError(t, Settings{}.Check())
}

func TestTheListenerWaitsForTheAssociation(t *testing.T) {
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		acl, err := New(ctx, "waf", goodArgs())
		if err != nil {
			return err
		}
		_, err = kms.NewKey(ctx, "user", &kms.KeyArgs{}, order.After(acl.Ready()))
		return err
	})
	require.Equal(t, []string{recording.Only(t, associationType).URN}, recording.Only(t, "aws:kms/key:Key").DependsOn)
}

func TestStateShowsWhatTheWebACLWasGiven(t *testing.T) {
	args := goodArgs()
	recording, _ := build(t, args)
	delivery, err := logs.DeliveryPolicy("DeliverWebACLLogs", "arn:aws:logs:eu-central-1:111122223333:log-group:aws-waf-logs-bulkhead-test-waf")
	require.NoError(t, err)
	documents := map[string]any{"delivery": delivery}
	require.Equal(t, map[string]any{"documents": documents}, recording.Only(t, "bulkhead:waf:WebACL").Values())
	args.Settings = Settings{RateLimit: 500, Additional: []Intent{WordPress}, Relaxations: []Relaxation{{Intent: RateLimit, Reason: reason}}}
	recording, _ = build(t, args)
	require.Equal(t, map[string]any{
		"rateLimit": 500.0, "additional": []any{"WordPress"},
		"relaxations": []any{map[string]any{"intent": "RateLimit", "rule": "", "reason": reason}},
		"documents":   documents,
	}, recording.Only(t, "bulkhead:waf:WebACL").Values())
}

func TestEverythingIsAChild(t *testing.T) {
	recording, _ := build(t, goodArgs())
	component := recording.Only(t, "bulkhead:waf:WebACL")
	for _, token := range []string{aclType, associationType, loggingType, deliveryType} {
		require.Equal(t, component.URN, recording.Only(t, token).Parent, token)
	}
}

func TestEverythingUsesTheComponentsProvider(t *testing.T) {
	recording := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(pulumitest.Region)})
		if err != nil {
			return err
		}
		_, err = New(ctx, "waf", goodArgs(), pulumi.Providers(provider))
		return err
	})
	require.Empty(t, recording.WithoutProvider())
}

func TestPreview(t *testing.T) {
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "waf", goodArgs())
		return err
	}, pulumitest.Preview())
}
