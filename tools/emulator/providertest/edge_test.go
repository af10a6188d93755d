// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

// subnets is a network with two subnets and a security group.
func subnets() []resource {
	return []resource{
		{Name: "vpc", Type: "aws:ec2/vpc:Vpc", Inputs: m{"cidrBlock": "10.0.0.0/16"}},
		{Name: "igw", Type: "aws:ec2/internetGateway:InternetGateway", Inputs: m{"vpcId": "${vpc.id}"}},
		{Name: "a", Type: "aws:ec2/subnet:Subnet", Inputs: m{"vpcId": "${vpc.id}", "cidrBlock": "10.0.1.0/24", "availabilityZone": "eu-central-1a"}},
		{Name: "b", Type: "aws:ec2/subnet:Subnet", Inputs: m{"vpcId": "${vpc.id}", "cidrBlock": "10.0.2.0/24", "availabilityZone": "eu-central-1b"}},
		{Name: "group", Type: "aws:ec2/securityGroup:SecurityGroup", Inputs: m{"vpcId": "${vpc.id}", "description": "x"}},
	}
}

func TestEdge(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Start(t, root), append(subnets(),
		resource{Name: "logs", Type: "aws:s3/bucketV2:BucketV2", Inputs: m{}},
		resource{Name: "logspolicy", Type: "aws:s3/bucketPolicy:BucketPolicy", Inputs: m{"bucket": "${logs.id}", "policy": `{"Version":"2012-10-17","Statement":[{"Sid":"alb","Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"${logs.arn}/edge/AWSLogs/${account.id}/*"}]}`}},
		resource{Name: "zone", Type: "aws:route53/zone:Zone", Inputs: m{"name": "example.net", "comment": "test"}},
		resource{Name: "cert", Type: "aws:acm/certificate:Certificate", Inputs: m{"domainName": "www.example.net", "subjectAlternativeNames": l{"api.example.net"}, "validationMethod": "DNS", "options": m{"certificateTransparencyLoggingPreference": "ENABLED"}, "tags": m{"Name": "edge"}}},
		resource{Name: "validation", Type: "aws:route53/record:Record", Inputs: m{"zoneId": "${zone.zoneId}", "name": "${cert.domainValidationOptions.0.resourceRecordName}", "type": "${cert.domainValidationOptions.0.resourceRecordType}", "ttl": 60, "records": l{"${cert.domainValidationOptions.0.resourceRecordValue}"}, "allowOverwrite": true}},
		resource{Name: "validation2", Type: "aws:route53/record:Record", Inputs: m{"zoneId": "${zone.zoneId}", "name": "${cert.domainValidationOptions.1.resourceRecordName}", "type": "${cert.domainValidationOptions.1.resourceRecordType}", "ttl": 60, "records": l{"${cert.domainValidationOptions.1.resourceRecordValue}"}, "allowOverwrite": true}},
		resource{Name: "validated", Type: "aws:acm/certificateValidation:CertificateValidation", Inputs: m{"certificateArn": "${cert.arn}", "validationRecordFqdns": l{"${validation.fqdn}", "${validation2.fqdn}"}}},
		resource{Name: "alb", Type: "aws:lb/loadBalancer:LoadBalancer", Inputs: m{"internal": false, "loadBalancerType": "application", "subnets": l{"${a.id}", "${b.id}"}, "securityGroups": l{"${group.id}"},
			"dropInvalidHeaderFields": true, "desyncMitigationMode": "strictest", "enableDeletionProtection": false, "enableHttp2": true, "idleTimeout": 60, "preserveHostHeader": true, "xffHeaderProcessingMode": "append", "clientKeepAlive": 3600,
			"accessLogs": m{"bucket": "${logs.id}", "prefix": "edge", "enabled": true}, "connectionLogs": m{"bucket": "${logspolicy.bucket}", "prefix": "edge", "enabled": true}, "tags": m{"Name": "edge"}},
			Update: m{"idleTimeout": 30, "tags": m{"Name": "Edge"}}},
		resource{Name: "tg", Type: "aws:lb/targetGroup:TargetGroup", Inputs: m{"vpcId": "${vpc.id}", "port": 8443, "protocol": "HTTPS", "protocolVersion": "HTTP1", "targetType": "instance", "deregistrationDelay": 30, "slowStart": 30, "loadBalancingAlgorithmType": "least_outstanding_requests",
			"healthCheck": m{"enabled": true, "protocol": "HTTPS", "path": "/healthz", "port": "traffic-port", "matcher": "200", "interval": 15, "timeout": 5, "healthyThreshold": 2, "unhealthyThreshold": 3}, "stickiness": m{"enabled": false, "type": "lb_cookie"}, "tags": m{"Name": "app"}},
			Update: m{"deregistrationDelay": 60, "healthCheck": m{"enabled": true, "protocol": "HTTPS", "path": "/ready", "port": "traffic-port", "matcher": "200-299", "interval": 10, "timeout": 5, "healthyThreshold": 2, "unhealthyThreshold": 3}}, Differ: attachments},
		resource{Name: "https", Type: "aws:lb/listener:Listener", Inputs: m{"loadBalancerArn": "${alb.arn}", "port": 443, "protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "certificateArn": "${validated.certificateArn}",
			"defaultActions": l{m{"type": "fixed-response", "fixedResponse": m{"contentType": "text/plain", "statusCode": "404", "messageBody": "not found"}}},
			"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000; includeSubDomains", "routingHttpResponseXContentTypeOptionsHeaderValue": "nosniff", "routingHttpResponseXFrameOptionsHeaderValue": "DENY",
			"routingHttpResponseContentSecurityPolicyHeaderValue": "default-src 'self'", "routingHttpResponseServerEnabled": false, "tags": m{"Name": "https"}},
			Update: m{"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=0"}},
		resource{Name: "http", Type: "aws:lb/listener:Listener", Inputs: m{"loadBalancerArn": "${alb.arn}", "port": 80, "protocol": "HTTP",
			"defaultActions": l{m{"type": "redirect", "redirect": m{"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}}}},
		resource{Name: "rule", Type: "aws:lb/listenerRule:ListenerRule", Inputs: m{"listenerArn": "${https.arn}", "priority": 100, "actions": l{m{"type": "forward", "targetGroupArn": "${tg.arn}"}},
			"conditions": l{m{"hostHeader": m{"values": l{"www.example.net"}}}, m{"pathPattern": m{"values": l{"/api/*"}}}}, "tags": m{"Name": "app"}},
			Update: m{"priority": 50, "conditions": l{m{"hostHeader": m{"values": l{"api.example.net"}}}}}},
		resource{Name: "extracert", Type: "aws:acm/certificate:Certificate", Inputs: m{"domainName": "other.example.net", "validationMethod": "DNS"}},
		resource{Name: "lcert", Type: "aws:lb/listenerCertificate:ListenerCertificate", Inputs: m{"listenerArn": "${https.arn}", "certificateArn": "${extracert.arn}"}},
		resource{Name: "alias", Type: "aws:route53/record:Record", Inputs: m{"zoneId": "${zone.zoneId}", "name": "www.example.net", "type": "A", "aliases": l{m{"name": "${alb.dnsName}", "zoneId": "${alb.zoneId}", "evaluateTargetHealth": true}}}},
		resource{Name: "alias6", Type: "aws:route53/record:Record", Inputs: m{"zoneId": "${zone.zoneId}", "name": "www.example.net", "type": "AAAA", "aliases": l{m{"name": "${alb.dnsName}", "zoneId": "${alb.zoneId}", "evaluateTargetHealth": true}}}},
		resource{Name: "wlogs", Type: "aws:cloudwatch/logGroup:LogGroup", Inputs: m{"name": "aws-waf-logs-edge", "retentionInDays": 90}},
		resource{Name: "ips", Type: "aws:wafv2/ipSet:IpSet", Inputs: m{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": l{"192.0.2.0/24"}}, Update: m{"addresses": l{"198.51.100.0/24"}}},
		resource{Name: "acl", Type: "aws:wafv2/webAcl:WebAcl", Inputs: m{"scope": "REGIONAL", "defaultAction": m{"allow": m{}}, "description": "edge", "visibilityConfig": m{"cloudwatchMetricsEnabled": true, "metricName": "edge", "sampledRequestsEnabled": true},
			"rules": l{
				m{"name": "common", "priority": 10, "overrideAction": m{"none": m{}}, "statement": m{"managedRuleGroupStatement": m{"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet", "ruleActionOverrides": l{m{"name": "SizeRestrictions_BODY", "actionToUse": m{"count": m{}}}}}}, "visibilityConfig": m{"cloudwatchMetricsEnabled": true, "metricName": "common", "sampledRequestsEnabled": true}},
				m{"name": "rate", "priority": 1, "action": m{"block": m{"customResponse": m{"responseCode": 429}}}, "statement": m{"rateBasedStatement": m{"limit": 1000, "aggregateKeyType": "IP", "evaluationWindowSec": 300}}, "visibilityConfig": m{"cloudwatchMetricsEnabled": true, "metricName": "rate", "sampledRequestsEnabled": true}},
				m{"name": "ips", "priority": 2, "action": m{"block": m{}}, "statement": m{"ipSetReferenceStatement": m{"arn": "${ips.arn}"}}, "visibilityConfig": m{"cloudwatchMetricsEnabled": true, "metricName": "ips", "sampledRequestsEnabled": true}},
			}, "tags": m{"Name": "edge"}}, Update: m{"description": "Edge"}},
		resource{Name: "aclassoc", Type: "aws:wafv2/webAclAssociation:WebAclAssociation", Inputs: m{"resourceArn": "${alb.arn}", "webAclArn": "${acl.arn}"}},
		resource{Name: "acllog", Type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", Inputs: m{"resourceArn": "${acl.arn}", "logDestinationConfigs": l{"${wlogs.arn}"},
			"redactedFields": l{m{"singleHeader": m{"name": "authorization"}}, m{"singleHeader": m{"name": "cookie"}}},
			"loggingFilter":  m{"defaultBehavior": "DROP", "filters": l{m{"behavior": "KEEP", "requirement": "MEETS_ANY", "conditions": l{m{"actionCondition": m{"action": "BLOCK"}}}}}}}},
	)...)
}
