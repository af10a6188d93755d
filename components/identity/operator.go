// SPDX-License-Identifier: Apache-2.0

package identity

// Operator is the condition that somebody is a person whom one lets in: an IAM user who has just shown a second factor, or, with a
// permission set, somebody of IAM Identity Center who has it. Sessions of Identity Center carry no aws:MultiFactorAuthPresent; the
// second factor is demanded there. It is missing from requests with access keys alone, too, and then does not hold (IAM user guide,
// "AWS global condition context keys").
func Operator(accountID, permissionSet string) Condition {
	if permissionSet == "" {
		return Condition{Operator: "Bool", Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}}
	}
	return Condition{Operator: "ArnLike", Key: "aws:PrincipalArn", Values: []string{
		"arn:aws:iam::" + accountID + ":role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_" + permissionSet + "_????????????????", // 16 letters of AWS end the name
	}}
}
