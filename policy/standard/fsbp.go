// SPDX-License-Identifier: Apache-2.0

package standard

import (
	"maps"
	"strings"
)

// FoundationalDate is the month whose list of the standard [Foundational] is. AWS adds some controls in each quarter. The list of
// Prowler 5.46.0 (October 2026) has no later one: what it has beside these is of other standards of Security Hub, or retired.
const FoundationalDate = "November 2025"

// foundationalControls are the numbers of the controls of AWS Foundational Security Best Practices by service (Security Hub user
// guide, "AWS Foundational Security Best Practices standard").
const foundationalControls = `
Account 1; ACM 1 2; APIGateway 1 2 3 4 5 8 9; AppSync 1 2 5 6; Athena 4; AutoScaling 1 2 3 5 6 9; Backup 1; CloudFormation 3 4;
CloudFront 1 3 4 5 6 7 8 9 10 12 13 15 16 17; CloudTrail 1 2 4 5; CodeBuild 1 2 3 4 5 7; Cognito 1 2 3 4 5 6; Config 1; Connect 2;
DataFirehose 1; DataSync 1; DMS 1 6 7 8 9 10 11 12 13; DocumentDB 1 2 3 4 5 6; DynamoDB 1 2 3 6 7;
EC2 1 2 3 4 6 7 8 9 10 15 16 17 18 19 20 21 23 24 25 51 55 56 57 58 60 170 171 172 173 180 181 182; ECR 1 2 3;
ECS 2 3 4 5 8 9 10 12 16 18 19 20 21; EFS 1 2 3 4 6 7 8; EKS 1 2 3 8; ElastiCache 1 2 3 4 5 6 7; ElasticBeanstalk 1 2 3;
ELB 1 2 3 4 5 6 7 8 9 10 12 13 14 17 18; EMR 1 2 3 4; ES 1 2 3 4 5 6 7 8; EventBridge 3; FSx 1 2 3 4 5; Glue 3 4;
GuardDuty 1 5 6 7 8 9 10 11 12 13; IAM 1 2 3 4 5 6 7 8 21; Inspector 1 2 3 4; Kinesis 1 3; KMS 1 2 3 5; Lambda 1 2 5; Macie 1 2; MQ 2 3;
MSK 1 3 4 5 6; Neptune 1 2 3 4 5 6 7 8; NetworkFirewall 2 3 4 5 6 9 10; Opensearch 1 2 3 4 5 6 7 8 10; PCA 1;
RDS 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 19 20 21 22 23 24 25 27 34 35 36 37 40 41 42 43 44 45 46 47 48 50;
Redshift 1 2 3 4 6 7 8 10 15 18; RedshiftServerless 1 2 3 4 5 6 7; Route53 2; S3 1 2 3 5 6 8 9 12 13 19 24 25;
SageMaker 1 2 3 4 5 8 9 10 11 12 13 14 15; SecretsManager 1 2 3 4; ServiceCatalog 1; SES 3; SNS 4; SQS 1 3; SSM 1 2 3 4 6 7;
StepFunctions 1; Transfer 2 3; WAF 1 2 3 4 6 7 8 10 12; WorkSpaces 1 2`

// What keeps a control of the standard from being decided by a program.
const (
	atRuntime  = "It is about what happens at run time, which no program says."
	noProperty = "The AWS provider has no property for it."
	noType     = "The AWS provider has no such type."
)

// uncovered are the controls of the standard that no control serves, with the reason.
var uncovered = map[string]string{
	"ACM.1": atRuntime, "CloudFront.12": "It asks whether a bucket of another account exists.", "CloudFormation.3": noProperty,
	"DMS.10":       "The AWS provider has no engine neptune with a login.",
	"DocumentDB.3": noProperty, "EC2.4": atRuntime, "EC2.20": atRuntime,
	"Glue.3": noProperty, "IAM.4": "Nobody makes the root user by a program.", "IAM.6": "Nobody makes the root user by a program.",
	"IAM.8":   atRuntime,
	"Macie.2": noType, "Neptune.3": noProperty, "Neptune.6": "A snapshot is as its cluster: see Neptune.1.",
	"SageMaker.10": noType, "SageMaker.12": noType, "SageMaker.13": noType, "SageMaker.14": noProperty, "SageMaker.15": noType,
	"SecretsManager.2": atRuntime, "SecretsManager.3": atRuntime, "SSM.1": atRuntime, "SSM.2": atRuntime, "SSM.3": atRuntime,
}

// Foundational are the controls of the standard, such as "S3.8", in the order of the services.
func Foundational() []string {
	var all []string
	for service := range strings.SplitSeq(foundationalControls, ";") {
		words := strings.Fields(service)
		for _, number := range words[1:] {
			all = append(all, words[0]+"."+number)
		}
	}
	return all
}

// Uncovered are the controls of the standard that no control serves, with the reason.
func Uncovered() map[string]string { return maps.Clone(uncovered) }

// IsFoundational reports whether the standard has a control of the number, such as "S3.8". Security Hub has others for other
// standards.
func IsFoundational(id string) bool { return isFoundational[id] }

// isFoundational holds the controls of the standard.
var isFoundational = func() map[string]bool {
	all := map[string]bool{}
	for _, id := range Foundational() {
		all[id] = true
	}
	return all
}()
