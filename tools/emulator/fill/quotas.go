// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"fmt"
	"net/http"

	"github.com/bulkhead-iac/bulkhead/internal/quota"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// serviceQuotas answers for the quotas of package quota: an account has AWS's defaults until it asks for more, which is granted at once. moto has
// defaults of Amazon VPC alone. Nothing obeys them.
func serviceQuotas(t *Table) {
	granted := &store[float64]{}
	find := func(x *Exchange) (*quota.Quota, *wire.Reply) {
		body := x.Call.JSONBody()
		for _, q := range quota.All {
			if q.Code != "" && q.Service == text(body, "ServiceCode") && q.Code == text(body, "QuotaCode") && (!q.Global || x.Call.Region == quota.Home(x.Call.Region)) {
				return q, nil
			}
		}
		return nil, x.Call.Error(http.StatusBadRequest, "NoSuchResourceException", "The request failed because the specified service or quota does not exist in this region.")
	}
	describe := func(x *Exchange, q *quota.Quota, value float64) map[string]any {
		return map[string]any{
			"ServiceCode": q.Service, "QuotaCode": q.Code, "QuotaName": q.Name, "Value": value, "Unit": "None", "Adjustable": true, "GlobalQuota": q.Global,
			"QuotaArn": fmt.Sprintf("arn:aws:servicequotas:%s:%s:%s/%s", x.Call.Region, x.Account, q.Service, q.Code),
		}
	}
	t.on("servicequotas", func(x *Exchange) (*wire.Reply, error) {
		q, none := find(x)
		if none != nil {
			return none, nil
		}
		value, raised := granted.get(x.place(), q.Code)
		if !raised {
			value = float64(q.Default)
		}
		return jsonReply(map[string]any{"Quota": describe(x, q, value)})
	}, "GetServiceQuota")
	t.on("servicequotas", func(x *Exchange) (*wire.Reply, error) {
		q, none := find(x)
		if none != nil {
			return none, nil
		}
		return jsonReply(map[string]any{"Quota": describe(x, q, float64(q.Default))})
	}, "GetAWSDefaultServiceQuota")
	t.on("servicequotas", func(x *Exchange) (*wire.Reply, error) {
		q, none := find(x)
		if none != nil {
			return none, nil
		}
		value, _ := x.Call.JSONBody()["DesiredValue"].(float64)
		granted.set(x.place(), q.Code, value)
		return jsonReply(map[string]any{"RequestedQuota": map[string]any{
			"ServiceCode": q.Service, "QuotaCode": q.Code, "QuotaName": q.Name, "DesiredValue": value, "Status": "APPROVED", "GlobalQuota": q.Global,
		}})
	}, "RequestServiceQuotaIncrease")
}
