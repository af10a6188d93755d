// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"fmt"
	"strings"
)

// account and region are where scenes are played.
const (
	account = "123456789012"
	region  = "eu-central-1"
)

// arnForms are the parts of an ARN after the account, with %s for the name, of types whose form matters to
// policies (AWS service authorization reference). Global services have no Region in their ARNs.
var arnForms = map[string]string{
	"aws:cloudfront/distribution:Distribution":            "cloudfront::" + account + ":distribution/%s",
	"aws:iam/role:Role":                                   "iam::" + account + ":role/%s",
	"aws:iam/policy:Policy":                               "iam::" + account + ":policy/%s",
	"aws:iam/instanceProfile:InstanceProfile":             "iam::" + account + ":instance-profile/%s",
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": "iam::" + account + ":oidc-provider/%s",
	"aws:iam/samlProvider:SamlProvider":                   "iam::" + account + ":saml-provider/%s",
	"aws:s3/accessPoint:AccessPoint":                      "s3:" + region + ":" + account + ":accesspoint/%s",
	"aws:acm/certificate:Certificate":                     "acm:" + region + ":" + account + ":certificate/%s",
	"aws:backup/vault:Vault":                              "backup:" + region + ":" + account + ":backup-vault:%s",
	"aws:cloudtrail/trail:Trail":                          "cloudtrail:" + region + ":" + account + ":trail/%s",
	"aws:cloudwatch/eventBus:EventBus":                    "events:" + region + ":" + account + ":event-bus/%s",
	"aws:cloudwatch/eventRule:EventRule":                  "events:" + region + ":" + account + ":rule/%s",
	"aws:cloudwatch/logGroup:LogGroup":                    "logs:" + region + ":" + account + ":log-group:%s",
	"aws:cloudwatch/metricAlarm:MetricAlarm":              "cloudwatch:" + region + ":" + account + ":alarm:%s",
	"aws:dynamodb/table:Table":                            "dynamodb:" + region + ":" + account + ":table/%s",
	"aws:ec2/vpc:Vpc":                                     "ec2:" + region + ":" + account + ":vpc/%s",
	"aws:ecr/repository:Repository":                       "ecr:" + region + ":" + account + ":repository/%s",
	"aws:ecs/cluster:Cluster":                             "ecs:" + region + ":" + account + ":cluster/%s",
	"aws:ecs/taskDefinition:TaskDefinition":               "ecs:" + region + ":" + account + ":task-definition/%s:1",
	"aws:efs/accessPoint:AccessPoint":                     "elasticfilesystem:" + region + ":" + account + ":access-point/%s",
	"aws:efs/fileSystem:FileSystem":                       "elasticfilesystem:" + region + ":" + account + ":file-system/%s",
	"aws:kms/key:Key":                                     "kms:" + region + ":" + account + ":key/%s",
	"aws:lambda/function:Function":                        "lambda:" + region + ":" + account + ":function:%s",
	"aws:lb/listener:Listener":                            "elasticloadbalancing:" + region + ":" + account + ":listener/app/%s/1/2",
	"aws:lb/loadBalancer:LoadBalancer":                    "elasticloadbalancing:" + region + ":" + account + ":loadbalancer/app/%s/1",
	"aws:lb/targetGroup:TargetGroup":                      "elasticloadbalancing:" + region + ":" + account + ":targetgroup/%s/1",
	"aws:opensearch/domain:Domain":                        "es:" + region + ":" + account + ":domain/%s",
	"aws:rds/cluster:Cluster":                             "rds:" + region + ":" + account + ":cluster:%s",
	"aws:rds/instance:Instance":                           "rds:" + region + ":" + account + ":db:%s",
	"aws:ebs/volume:Volume":                               "ec2:" + region + ":" + account + ":volume/%s",
	"aws:secretsmanager/secret:Secret":                    "secretsmanager:" + region + ":" + account + ":secret:%s-AbCdEf",
	"aws:sfn/stateMachine:StateMachine":                   "states:" + region + ":" + account + ":stateMachine:%s",
	"aws:wafv2/webAcl:WebAcl":                             "wafv2:" + region + ":" + account + ":regional/webacl/%s/1",
	"aws:wafv2/ruleGroup:RuleGroup":                       "wafv2:" + region + ":" + account + ":regional/rulegroup/%s/1",
	"aws:ec2transitgateway/transitGateway:TransitGateway": "ec2:" + region + ":" + account + ":transit-gateway/%s",
	"aws:autoscaling/policy:Policy":                       "autoscaling:" + region + ":" + account + ":scalingPolicy:1:policyName/%s",
	"aws:apigatewayv2/api:Api":                            "apigateway:" + region + "::/apis/%s",
	"aws:cloudwatch/compositeAlarm:CompositeAlarm":        "cloudwatch:" + region + ":" + account + ":alarm:%s",
}

// arn is the ARN of a resource as AWS would write it.
func arn(token, name string) string {
	if form, ok := arnForms[token]; ok {
		return "arn:aws:" + fmt.Sprintf(form, name)
	}
	service := strings.Split(strings.TrimPrefix(token, "aws:"), "/")[0]
	if service == "s3" {
		return "arn:aws:s3:::" + name
	}
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + name
}

// idNames are outputs that hold the id of the resource a second time.
var idNames = map[string]string{
	"aws:ec2/eip:Eip":       "allocationId",
	"aws:route53/zone:Zone": "zoneId",
}
