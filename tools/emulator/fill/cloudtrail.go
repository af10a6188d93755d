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
}

func trailByName(x *Exchange) (*wire.Reply, error) {
	body := x.Call.JSONBody()
	changed := false
	for _, key := range []string{"Name", "TrailName"} {
		if arn, ok := body[key].(string); ok && strings.HasPrefix(arn, "arn:") {
			body[key] = arn[strings.LastIndex(arn, "/")+1:]
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
