// SPDX-License-Identifier: Apache-2.0

package fill

import (
	_ "embed" // The table is part of the binary.
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

//go:embed known.json
var knownJSON []byte

// known are values that AWS has and that its service models do not list. known.py makes the file, which names its sources and their date.
type known struct {
	DatabaseEngines        []string            `json:"databaseEngines"`
	DatabaseVersions       map[string][]string `json:"databaseVersions"` // By engine; of the engines that are not here every version passes.
	PostgresClasses        []string            `json:"postgresClasses"`
	PostgresClassesMissing map[string][]string `json:"postgresClassesMissing"` // By region.
	LogRetentionDays       []int               `json:"logRetentionDays"`
	TLSPolicies            []string            `json:"tlsPolicies"`
}

var readKnown = sync.OnceValues(func() (*known, error) {
	k := &known{}
	return k, json.Unmarshal(knownJSON, k)
})

// knownValues refuses values that AWS does not have. moto takes any.
func knownValues(t *Table) {
	t.on("rds", judged(refuseDatabase), "CreateDBInstance", "ModifyDBInstance")
	t.on("logs", judged(refuseRetention), "PutRetentionPolicy")
	t.on("elbv2", judged(refuseTLSPolicy), "CreateListener", "ModifyListener")
	t.on("wafv2", judged(refuseManagedGroups), "CreateWebACL", "UpdateWebACL")
}

// judged makes a handler of a judge, which returns nil for a call that passes.
func judged(judge func(*wire.Call, *known) *wire.Reply) Handler {
	return func(x *Exchange) (*wire.Reply, error) {
		k, err := readKnown()
		if err != nil {
			return nil, fmt.Errorf("known.json: %w", err)
		}
		if refusal := judge(x.Call, k); refusal != nil {
			return refusal, nil
		}
		return x.Pass()
	}
}

// refuseDatabase refuses engines, versions and classes that RDS does not have, or not in the call's region. What a modification leaves out
// stays as it is, and its engine is not in the call.
func refuseDatabase(c *wire.Call, k *known) *wire.Reply {
	engine, version, class := c.Form.Get("Engine"), c.Form.Get("EngineVersion"), c.Form.Get("DBInstanceClass")
	versions, listed := k.DatabaseVersions[engine]
	switch {
	case engine != "" && !slices.Contains(k.DatabaseEngines, engine):
		return c.Error(http.StatusBadRequest, "InvalidParameterValue", "Invalid DB engine")
	case version != "" && listed && !slices.Contains(versions, version):
		return c.Error(http.StatusBadRequest, "InvalidParameterCombination", "Cannot find version "+version+" for "+engine)
	case engine != "postgres" || class == "" || class == "db.serverless":
		return nil
	case !slices.Contains(k.PostgresClasses, class):
		return c.Error(http.StatusBadRequest, "InvalidParameterValue", "Invalid DB Instance class: "+class)
	case slices.Contains(k.PostgresClassesMissing[c.Region], class):
		return c.Error(http.StatusBadRequest, "InvalidParameterCombination", fmt.Sprintf("RDS does not support creating a DB instance with the following "+
			"combination: DBInstanceClass=%s, Engine=%s, EngineVersion=%s, LicenseModel=postgresql-license. For supported combinations of instance class and "+
			"database engine version, see the documentation.", class, engine, version))
	}
	return nil
}

func refuseRetention(c *wire.Call, k *known) *wire.Reply {
	days, given := c.JSONBody()["retentionInDays"].(float64)
	if !given || slices.Contains(k.LogRetentionDays, int(days)) {
		return nil
	}
	return c.Error(http.StatusBadRequest, "InvalidParameterException", fmt.Sprintf("1 validation error detected: Value '%v' at 'retentionInDays' failed to "+
		"satisfy constraint: Member must satisfy enum value set: %s", days, strings.ReplaceAll(fmt.Sprint(k.LogRetentionDays), " ", ", ")))
}

// refuseTLSPolicy refuses unknown policies for listeners; moto lists none of the policies with FIPS in their names, and those pass.
func refuseTLSPolicy(c *wire.Call, k *known) *wire.Reply {
	policy := c.Form.Get("SslPolicy")
	if policy == "" || strings.Contains(policy, "FIPS") || slices.Contains(k.TLSPolicies, policy) {
		return nil
	}
	return c.Error(http.StatusBadRequest, "SSLPolicyNotFound", "SSL policy '"+policy+"' not found")
}

// managedGroups are AWS's managed rule groups (https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html).
// No package that comes with moto lists them.
var managedGroups = []string{
	"AWSManagedRulesCommonRuleSet", "AWSManagedRulesAdminProtectionRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet",
	"AWSManagedRulesLinuxRuleSet", "AWSManagedRulesUnixRuleSet", "AWSManagedRulesWindowsRuleSet", "AWSManagedRulesPHPRuleSet",
	"AWSManagedRulesWordPressRuleSet", "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesAnonymousIpList", "AWSManagedRulesATPRuleSet",
	"AWSManagedRulesACFPRuleSet", "AWSManagedRulesBotControlRuleSet", "AWSManagedRulesAntiDDoSRuleSet",
}

// refuseManagedGroups refuses AWS's rule groups that do not exist.
func refuseManagedGroups(c *wire.Call, _ *known) *wire.Reply {
	rules, _ := c.JSONBody()["Rules"].([]any)
	for _, one := range rules {
		rule, _ := one.(map[string]any)
		statement, _ := rule["Statement"].(map[string]any)
		group, managed := statement["ManagedRuleGroupStatement"].(map[string]any)
		name, _ := group["Name"].(string)
		if managed && group["VendorName"] == "AWS" && !slices.Contains(managedGroups, name) {
			return c.Error(http.StatusBadRequest, "WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist.")
		}
	}
	return nil
}
