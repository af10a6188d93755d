// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// cloudTrail lets every CloudTrail call name its trail by ARN, which AWS allows
// (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html) and moto does in some calls only.
func cloudTrail(t *Table) {
	t.on("cloudtrail", trailByName, "*")
	t.on("cloudtrail", describeTrails, "DescribeTrails")
}

func trailByName(x *Exchange) (*wire.Reply, error) {
	body := x.Call.JSONBody()
	changed := false
	for _, key := range []string{"Name", "TrailName"} {
		if arn, ok := body[key].(string); ok && strings.HasPrefix(arn, "arn:") {
			body[key] = trailName(arn)
			changed = true
		}
	}
	if changed {
		if err := x.Call.SetJSONBody(body); err != nil {
			return nil, err
		}
	}
	return x.Pass()
}

func trailName(nameOrARN string) string {
	return nameOrARN[strings.LastIndex(nameOrARN, "/")+1:]
}

// describeTrails returns only the trails asked for; moto returns all of them whatever the list says.
func describeTrails(x *Exchange) (*wire.Reply, error) {
	wanted := map[string]bool{}
	if list, ok := x.Call.JSONBody()["trailNameList"].([]any); ok {
		for _, one := range list {
			if name, ok := one.(string); ok {
				wanted[trailName(name)] = true
			}
		}
	}
	reply, err := x.Pass()
	if len(wanted) == 0 {
		return reply, err
	}
	return editJSON(reply, err, func(body map[string]any) {
		kept := []any{}
		all, _ := body["trailList"].([]any)
		for _, one := range all {
			trail, _ := one.(map[string]any)
			if name, _ := trail["Name"].(string); wanted[name] {
				kept = append(kept, one)
			}
		}
		body["trailList"] = kept
	})
}
