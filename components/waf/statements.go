// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// inspected is how many bytes of the headers, and of the cookies, AWS WAF looks at; of both it looks at the first 200 ("Oversize web
// request components in AWS WAF", AWS WAF Developer Guide). A load balancer accepts 64 KB of headers.
const inspected = 8 * 1024

// oversizeStatement matches requests with more headers or cookies than AWS WAF looks at. Nothing is both inside that limit and
// larger than it, so no other request matches.
func oversizeStatement() wafv2.WebAclRuleStatementArgs {
	larger := func(field wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchArgs) wafv2.WebAclRuleStatementArgs {
		return wafv2.WebAclRuleStatementArgs{SizeConstraintStatement: wafv2.WebAclRuleStatementSizeConstraintStatementArgs{
			ComparisonOperator: pulumi.String("GT"),
			Size:               pulumi.Int(inspected),
			FieldToMatch:       field,
			TextTransformations: wafv2.WebAclRuleStatementSizeConstraintStatementTextTransformationArray{
				wafv2.WebAclRuleStatementSizeConstraintStatementTextTransformationArgs{Priority: pulumi.Int(0), Type: pulumi.String("NONE")},
			},
		}}
	}
	match := pulumi.String("MATCH")
	all := pulumi.String("ALL")
	return wafv2.WebAclRuleStatementArgs{OrStatement: wafv2.WebAclRuleStatementOrStatementArgs{Statements: wafv2.WebAclRuleStatementArray{
		larger(wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchArgs{
			Headers: wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchHeaderArray{
				wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchHeaderArgs{
					MatchPattern: wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchHeaderMatchPatternArgs{
						All: wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchHeaderMatchPatternAllArgs{},
					},
					MatchScope: all, OversizeHandling: match,
				},
			},
		}),
		larger(wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchArgs{
			Cookies: wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchCookiesArgs{
				MatchPatterns: wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchCookiesMatchPatternArray{
					wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchCookiesMatchPatternArgs{
						All: wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchCookiesMatchPatternAllArgs{},
					},
				},
				MatchScope: all, OversizeHandling: match,
			},
		}),
	}}}
}

// elsewhereStatement matches requests that a rule of a managed group has counted, by the label that it leaves, unless their path
// begins with one of paths once it is decoded and its dots are resolved.
func elsewhereStatement(label string, paths []string) wafv2.WebAclRuleStatementArgs {
	var below wafv2.WebAclRuleStatementArray
	for _, path := range paths {
		below = append(below, wafv2.WebAclRuleStatementArgs{ByteMatchStatement: wafv2.WebAclRuleStatementByteMatchStatementArgs{
			PositionalConstraint: pulumi.String("STARTS_WITH"),
			SearchString:         pulumi.String(path),
			FieldToMatch: wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs{
				UriPath: wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchUriPathArgs{},
			},
			TextTransformations: wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArray{
				wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs{Priority: pulumi.Int(0), Type: pulumi.String("URL_DECODE")},
				wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs{Priority: pulumi.Int(1), Type: pulumi.String("NORMALIZE_PATH")},
			},
		}})
	}
	excepted := below[0]
	if len(below) > 1 { // AWS WAF takes no OR of one statement
		excepted = wafv2.WebAclRuleStatementArgs{OrStatement: wafv2.WebAclRuleStatementOrStatementArgs{Statements: below}}
	}
	return wafv2.WebAclRuleStatementArgs{AndStatement: wafv2.WebAclRuleStatementAndStatementArgs{Statements: wafv2.WebAclRuleStatementArray{
		wafv2.WebAclRuleStatementArgs{LabelMatchStatement: wafv2.WebAclRuleStatementLabelMatchStatementArgs{
			Scope: pulumi.String("LABEL"), Key: pulumi.String(label),
		}},
		wafv2.WebAclRuleStatementArgs{NotStatement: wafv2.WebAclRuleStatementNotStatementArgs{
			Statements: wafv2.WebAclRuleStatementArray{excepted},
		}},
	}}}
}
