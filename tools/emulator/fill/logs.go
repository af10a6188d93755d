// SPDX-License-Identifier: Apache-2.0

package fill

import "github.com/bulkhead-iac/bulkhead/tools/emulator/wire"

// metricFilter lets PutMetricFilter replace the filter of the same name and log group, as AWS does; moto adds a second one.
func metricFilter(t *Table) {
	t.on("logs", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		remove := x.Call.Clone()
		remove.Action = "DeleteMetricFilter"
		remove.Header.Set("X-Amz-Target", "Logs_20140328.DeleteMetricFilter")
		if err := remove.SetJSONBody(map[string]any{"logGroupName": body["logGroupName"], "filterName": body["filterName"]}); err != nil {
			return nil, err
		}
		if _, err := x.Forward(remove); err != nil { // That there is none is an answer, not an error.
			return nil, err
		}
		return x.Pass()
	}, "PutMetricFilter")
}
