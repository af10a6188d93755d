// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// guardDutyFeatures are the features of a new detector, as AWS makes them: those of runtime monitoring are off.
var guardDutyFeatures = []string{"S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS", "RUNTIME_MONITORING"}

// guardDuty keeps the features of detectors, each of which is changed by itself; moto forgets all others at every change. An account
// has one detector in a region (https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html).
func guardDuty(t *Table) {
	features := &store[map[string]any]{}
	here := &store[bool]{}
	t.on("guardduty", func(x *Exchange) (*wire.Reply, error) {
		if exists, _ := here.get(x.place(), ""); exists {
			return x.Call.Error(http.StatusBadRequest, "BadRequestException", "The request is rejected because a detector already exists for the current account."), nil
		}
		reply, err := x.Pass()
		if succeeded(reply, err) {
			here.set(x.place(), "", true)
		}
		return reply, err
	}, "CreateDetector")
	t.on("guardduty", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if succeeded(reply, err) {
			here.remove(x.place(), "")
			features.remove(x.place(), pathID(x))
		}
		return reply, err
	}, "DeleteDetector")
	t.on("guardduty", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		changed, _ := body["features"].([]any)
		delete(body, "features")
		if err := x.Call.SetJSONBody(body); err != nil {
			return nil, err
		}
		reply, err := x.Pass()
		if succeeded(reply, err) {
			features.update(x.place(), pathID(x), func(old map[string]any) map[string]any { return withFeatures(old, changed) })
		}
		return reply, err
	}, "UpdateDetector")
	t.on("guardduty", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		return editJSON(reply, err, func(body map[string]any) {
			kept, _ := features.get(x.place(), pathID(x))
			all := []any{}
			for _, name := range guardDutyFeatures {
				status := "ENABLED"
				if name == "RUNTIME_MONITORING" {
					status = "DISABLED"
				}
				if feature := kept[name]; feature != nil {
					all = append(all, feature)
				} else {
					all = append(all, map[string]any{"name": name, "status": status})
				}
			}
			body["features"] = all
		})
	}, "GetDetector")
}

// inspector says of every account that its code repositories are not searched. The AWS provider reads a status that moto does not have.
func inspector(t *Table) {
	t.on("inspector2", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		return editJSON(reply, err, func(body map[string]any) {
			for _, one := range listed(body["accounts"]) {
				account, _ := one.(map[string]any)
				if states, ok := account["resourceState"].(map[string]any); ok {
					states["codeRepository"] = map[string]any{"status": "DISABLED"}
				}
			}
		})
	}, "BatchGetAccountStatus")
}

// withFeatures is a changed copy, for others may be reading the old ones.
func withFeatures(old map[string]any, changed []any) map[string]any {
	fresh := map[string]any{}
	for name, feature := range old {
		fresh[name] = feature
	}
	for _, one := range changed {
		if feature, ok := one.(map[string]any); ok && slices.Contains(guardDutyFeatures, text(feature, "name")) {
			fresh[text(feature, "name")] = feature
		}
	}
	return fresh
}

// pathID is the last part of a path: the id or name of what a REST call is about.
func pathID(x *Exchange) string { return x.Call.Path[strings.LastIndex(x.Call.Path, "/")+1:] }
