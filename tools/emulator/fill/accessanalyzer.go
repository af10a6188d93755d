// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// accessAnalyzer answers IAM Access Analyzer's operations on analyzers, which moto lacks. An account has one of a type in a region, and
// nobody analyzes (https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference.html, quotas).
func accessAnalyzer(t *Table) {
	analyzers := &store[map[string]map[string]any]{} // by name, in each place
	find := func(x *Exchange) (map[string]any, *wire.Reply) {
		all, _ := analyzers.get(x.place(), "")
		if found := all[pathID(x)]; found != nil {
			return found, nil
		}
		return nil, x.Call.Error(http.StatusNotFound, "ResourceNotFoundException", "Resource with name "+pathID(x)+" not found")
	}
	t.on("access-analyzer", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		all, _ := analyzers.get(x.place(), "")
		for _, one := range all {
			if one["type"] == body["type"] {
				return x.Call.Error(http.StatusPaymentRequired, "ServiceQuotaExceededException", fmt.Sprintf("Analyzer limit of 1 reached for type %s", body["type"])), nil
			}
		}
		arn := fmt.Sprintf("arn:aws:access-analyzer:%s:%s:analyzer/%s", x.Call.Region, x.Account, text(body, "analyzerName"))
		made := map[string]any{
			"arn": arn, "name": body["analyzerName"], "type": body["type"], "status": "ACTIVE", "createdAt": time.Now().UTC().Format(time.RFC3339), "tags": body["tags"],
		}
		analyzers.update(x.place(), "", func(old map[string]map[string]any) map[string]map[string]any {
			fresh := map[string]map[string]any{text(body, "analyzerName"): made}
			maps.Copy(fresh, old)
			return fresh
		})
		return jsonReply(map[string]any{"arn": arn})
	}, "CreateAnalyzer")
	t.on("access-analyzer", func(x *Exchange) (*wire.Reply, error) {
		found, missing := find(x)
		if missing != nil {
			return missing, nil
		}
		return jsonReply(map[string]any{"analyzer": found})
	}, "GetAnalyzer")
	t.on("access-analyzer", func(x *Exchange) (*wire.Reply, error) {
		all, _ := analyzers.get(x.place(), "")
		list := []any{}
		for _, name := range sortedKeys(all) {
			list = append(list, all[name])
		}
		return jsonReply(map[string]any{"analyzers": list})
	}, "ListAnalyzers")
	t.on("access-analyzer", func(x *Exchange) (*wire.Reply, error) {
		if _, missing := find(x); missing != nil {
			return missing, nil
		}
		analyzers.update(x.place(), "", func(old map[string]map[string]any) map[string]map[string]any {
			fresh := maps.Clone(old)
			delete(fresh, pathID(x))
			return fresh
		})
		return jsonReply(map[string]any{})
	}, "DeleteAnalyzer")
}
