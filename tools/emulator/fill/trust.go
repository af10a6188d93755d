// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// trustPolicies refuses a trust policy that names a role or user of the account that does not exist; moto takes any. IAM stores the id of the
// principal, so it has to be there (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
// Whether those of other accounts exist the emulator does not know.
func trustPolicies(t *Table) {
	t.on("iam", func(x *Exchange) (*wire.Reply, error) {
		document := x.Call.Form.Get("AssumeRolePolicyDocument") + x.Call.Form.Get("PolicyDocument")
		for _, principal := range principals(document) {
			exists, err := x.knowsPrincipal(principal)
			if err != nil {
				return nil, err
			}
			if !exists {
				return x.Call.Error(http.StatusBadRequest, "MalformedPolicyDocument", fmt.Sprintf("Invalid principal in policy: \"AWS\":%q", principal)), nil
			}
		}
		return x.Pass()
	}, "CreateRole", "UpdateAssumeRolePolicy")
}

// principals are the AWS principals of a policy document; what is no policy is moto's to refuse.
func principals(document string) []string {
	var policy struct {
		Statement any `json:"Statement"`
	}
	if json.Unmarshal([]byte(document), &policy) != nil {
		return nil
	}
	var found []string
	for _, one := range listed(policy.Statement) {
		statement, _ := one.(map[string]any)
		principal, _ := statement["Principal"].(map[string]any)
		for _, name := range listed(principal["AWS"]) {
			if text, ok := name.(string); ok {
				found = append(found, text)
			}
		}
	}
	return found
}

// listed makes a list of what IAM lets stand alone.
func listed(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

// knowsPrincipal tells whether a role or user of the caller's account exists. Anything else counts as there.
func (x *Exchange) knowsPrincipal(arn string) (bool, error) {
	name := arn[strings.LastIndex(arn, "/")+1:]
	for kind, question := range map[string][2]string{"role": {"GetRole", "RoleName"}, "user": {"GetUser", "UserName"}} {
		if strings.HasPrefix(arn, "arn:") && strings.Contains(arn, ":iam::"+x.Account+":"+kind+"/") {
			reply, err := x.ask(question[0], map[string]string{question[1]: name})
			return err != nil || reply.Status != http.StatusNotFound, err
		}
	}
	return true, nil
}
