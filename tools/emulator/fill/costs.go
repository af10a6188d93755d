// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// costAnomalies answers Cost Anomaly Detection, which moto lacks. An account has one monitor of services
// (aws-cloudformation/cloudformation-coverage-roadmap#2515). Nothing costs anything.
func costAnomalies(t *Table) {
	things := &store[map[string]any]{}
	tags := &store[any]{}
	for _, k := range []struct{ name, arn, path string }{
		{"Monitor", "MonitorArn", "anomalymonitor"}, {"Subscription", "SubscriptionArn", "anomalysubscription"},
	} {
		unknown := func(x *Exchange) *wire.Reply {
			return x.Call.Error(http.StatusBadRequest, "Unknown"+k.name+"Exception", "There is no such "+k.path)
		}
		t.on("ce", func(x *Exchange) (*wire.Reply, error) {
			body := x.Call.JSONBody()
			given, _ := body["Anomaly"+k.name].(map[string]any)
			made := maps.Clone(given)
			if dimension := text(made, "MonitorDimension"); dimension != "" {
				if taken, _ := things.get(x.place(), dimension); taken != nil {
					return x.Call.Error(http.StatusBadRequest, "ValidationException", "Limit exceeded on dimensional spend monitor creation"), nil
				}
				things.set(x.place(), dimension, made)
			}
			arn := "arn:aws:ce::" + x.Account + ":" + k.path + "/" + uuid.NewString()
			made[k.arn], made["AccountId"] = arn, x.Account
			things.set(x.place(), arn, made)
			tags.set(x.place(), arn, body["ResourceTags"])
			return jsonReply(map[string]any{k.arn: arn})
		}, "CreateAnomaly"+k.name)
		t.on("ce", func(x *Exchange) (*wire.Reply, error) {
			wanted, _ := x.Call.JSONBody()[k.arn+"List"].([]any)
			found := []any{}
			for _, arn := range wanted {
				name, _ := arn.(string)
				thing, known := things.get(x.place(), name)
				if !known {
					return unknown(x), nil
				}
				found = append(found, thing)
			}
			return jsonReply(map[string]any{"Anomaly" + k.name + "s": found})
		}, "GetAnomaly"+k.name+"s")
		t.on("ce", func(x *Exchange) (*wire.Reply, error) {
			body := x.Call.JSONBody()
			arn := text(body, k.arn)
			if _, known := things.get(x.place(), arn); !known {
				return unknown(x), nil
			}
			things.update(x.place(), arn, func(old map[string]any) map[string]any {
				fresh := maps.Clone(old)
				maps.Copy(fresh, body)
				return fresh
			})
			return jsonReply(map[string]any{k.arn: arn})
		}, "UpdateAnomaly"+k.name)
		t.on("ce", func(x *Exchange) (*wire.Reply, error) {
			arn := text(x.Call.JSONBody(), k.arn)
			thing, known := things.get(x.place(), arn)
			if !known {
				return unknown(x), nil
			}
			things.remove(x.place(), arn)
			things.remove(x.place(), text(thing, "MonitorDimension"))
			return jsonReply(map[string]any{})
		}, "DeleteAnomaly"+k.name)
	}
	t.on("ce", func(x *Exchange) (*wire.Reply, error) {
		given, ours := tags.get(x.place(), text(x.Call.JSONBody(), "ResourceArn"))
		if !ours {
			return x.Pass()
		}
		if given == nil {
			given = []any{}
		}
		return jsonReply(map[string]any{"ResourceTags": given})
	}, "ListTagsForResource")
}

// budgets keeps who hears the notifications of a budget, and its tags; moto forgets both, and changes no budget.
func budgets(t *Table) {
	subscribers := &store[map[string]any]{} // by budget: the notifications with their subscribers
	t.on("budgets", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		budget, _ := body["Budget"].(map[string]any)
		reply, err := x.Pass()
		if succeeded(reply, err) {
			subscribers.set(x.place(), text(budget, "BudgetName"), body)
		}
		return reply, err
	}, "CreateBudget")
	t.on("budgets", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		reply, err := x.Pass()
		if succeeded(reply, err) {
			subscribers.update(x.place(), text(body, "BudgetName"), func(old map[string]any) map[string]any {
				fresh := maps.Clone(old)
				if fresh == nil {
					fresh = map[string]any{}
				}
				before, _ := fresh["NotificationsWithSubscribers"].([]any)
				fresh["NotificationsWithSubscribers"] = append(slices.Clone(before), body)
				return fresh
			})
		}
		return reply, err
	}, "CreateNotification")
	t.on("budgets", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		kept, _ := subscribers.get(x.place(), text(body, "BudgetName"))
		wanted, _ := body["Notification"].(map[string]any)
		for _, one := range listed(kept["NotificationsWithSubscribers"]) {
			pair, _ := one.(map[string]any)
			notification, _ := pair["Notification"].(map[string]any)
			if notification["NotificationType"] == wanted["NotificationType"] && notification["Threshold"] == wanted["Threshold"] && notification["ComparisonOperator"] == wanted["ComparisonOperator"] {
				return jsonReply(map[string]any{"Subscribers": pair["Subscribers"]})
			}
		}
		return x.Call.Error(http.StatusBadRequest, "NotFoundException", "Unable to get subscribers - the notification doesn't exist."), nil
	}, "DescribeSubscribersForNotification")
	t.on("budgets", func(x *Exchange) (*wire.Reply, error) {
		arn := text(x.Call.JSONBody(), "ResourceARN")
		kept, _ := subscribers.get(x.place(), arn[strings.LastIndex(arn, "/")+1:])
		given := kept["ResourceTags"]
		if given == nil {
			given = []any{}
		}
		return jsonReply(map[string]any{"ResourceTags": given})
	}, "ListTagsForResource")
}
