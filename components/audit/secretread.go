// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// OwnerSecretRead hears of anybody who reads, or tries to read, the secret of a database's owner, but one role and RDS itself, which
// rotates it. A batch of secrets leaves an entry for each (Secrets Manager API reference, BatchGetSecretValue).
func OwnerSecretRead(secretARN, reader pulumi.StringInput) CheckInput {
	return CheckInput{
		Check: Check{Name: "owner-secret-read", Meaning: "Somebody read, or tried to read, the password of a database's owner, which only the database agent does"},
		PatternInput: pulumi.All(secretARN, reader).ApplyT(func(values []any) (string, error) {
			secret, okSecret := values[0].(string)
			role, okRole := values[1].(string)
			if !okSecret || !okRole {
				return "", fmt.Errorf("expected two ARNs, got %T and %T", values[0], values[1])
			}
			return ownerSecretRead(secret, role)
		}).(pulumi.StringOutput),
	}
}

// suffixLength is that of the hyphen and six characters that Secrets Manager appends to the name in an ARN.
const suffixLength = 7

// ownerSecretRead is the pattern. A caller names the secret by its ARN, by the ARN without the suffix, or by its name. A field that an event
// has not is neither equal to a value nor different from it (CloudWatch Logs user guide, "Filter pattern syntax for metric filters").
func ownerSecretRead(secret, reader string) (string, error) {
	_, name, found := strings.Cut(secret, ":secret:")
	if !found || len(name) <= suffixLength {
		return "", fmt.Errorf("%q is not the ARN of a secret", secret)
	}
	name = name[:len(name)-suffixLength]
	const issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
	const service = "$.userIdentity.invokedBy"
	return fmt.Sprintf(`{($.eventSource=secretsmanager.amazonaws.com) && ($.eventName=GetSecretValue) && ($.requestParameters.secretId="*%s*")`+
		` && ((%s NOT EXISTS) || (%s!="rds.amazonaws.com")) && ((%s NOT EXISTS) || (%s!="%s"))}`, name, service, service, issuer, issuer, reader), nil
}
