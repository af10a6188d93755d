// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// dbEvents changes subscriptions to events of RDS, which moto makes, describes and deletes only: a changed one is made again. RDS refuses
// one of an instance that is not there (SourceNotFound in
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateEventSubscription.html).
func dbEvents(t *Table) {
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		if refusal, err := refuseAbsentSources(x, x.Call.Form.Get("SourceType"), givenList(x, "SourceIds")); refusal != nil || err != nil {
			return refusal, err
		}
		return x.Pass()
	}, "CreateEventSubscription")
	t.on("rds", changeSubscription, "ModifyEventSubscription", "AddSourceIdentifierToSubscription", "RemoveSourceIdentifierFromSubscription")
}

func changeSubscription(x *Exchange) (*wire.Reply, error) {
	name := x.Call.Form.Get("SubscriptionName")
	found, refusal, err := x.describe("DescribeEventSubscriptions", "EventSubscriptionsList/EventSubscription", map[string]string{"SubscriptionName": name})
	if refusal != nil || err != nil || len(found) == 0 {
		return refusal, err
	}
	if added := x.Call.Form.Get("SourceIdentifier"); x.Call.Action == "AddSourceIdentifierToSubscription" {
		if refusal, err := refuseAbsentSources(x, found[0].Get("SourceType"), []string{added}); refusal != nil || err != nil {
			return refusal, err
		}
	}
	again := changedSubscription(x, found[0])
	if err := copyTags(x, found[0].Get("EventSubscriptionArn"), again); err != nil {
		return nil, err
	}
	if reply, err := x.ask("DeleteEventSubscription", map[string]string{"SubscriptionName": name}); !succeeded(reply, err) {
		return reply, err
	}
	reply, err := x.ask("CreateEventSubscription", again)
	if !succeeded(reply, err) {
		return reply, err
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return nil, err
	}
	return queryReply(rdsNamespace, x.Call.Action, root.Find("CreateEventSubscriptionResult/EventSubscription")...), nil
}

// changedSubscription is the call that makes a subscription as it will be.
func changedSubscription(x *Exchange, old *wire.Node) map[string]string {
	again := map[string]string{}
	for _, member := range []string{"SnsTopicArn", "SourceType", "Enabled"} {
		again[member] = cmp.Or(x.Call.Form.Get(member), old.Get(member))
	}
	again["SubscriptionName"] = x.Call.Form.Get("SubscriptionName")
	categories := givenList(x, "EventCategories")
	if len(categories) == 0 {
		categories = textsOf(old.Find("EventCategoriesList/EventCategory"))
	}
	sources, one := textsOf(old.Find("SourceIdsList/SourceId")), x.Call.Form.Get("SourceIdentifier")
	switch x.Call.Action {
	case "AddSourceIdentifierToSubscription":
		sources = append(sources, one)
	case "RemoveSourceIdentifierFromSubscription":
		sources = slices.DeleteFunc(sources, func(source string) bool { return source == one })
	}
	for i, category := range categories {
		again["EventCategories.EventCategory."+strconv.Itoa(i+1)] = category
	}
	for i, source := range sources {
		again["SourceIds.SourceId."+strconv.Itoa(i+1)] = source
	}
	return again
}

// refuseAbsentSources refuses instances that are not there.
func refuseAbsentSources(x *Exchange, kind string, sources []string) (*wire.Reply, error) {
	if kind != "db-instance" {
		return nil, nil
	}
	instances, refusal, err := x.describe("DescribeDBInstances", "DBInstances/DBInstance", nil)
	if refusal != nil || err != nil {
		return refusal, err
	}
	for _, source := range sources {
		if !slices.ContainsFunc(instances, func(instance *wire.Node) bool { return instance.Get("DBInstanceIdentifier") == source }) {
			return x.Call.Error(http.StatusNotFound, "SourceNotFound", "Could not find source "+source), nil
		}
	}
	return nil, nil
}

// givenList are the values of a list among the parameters of a call, in its order.
func givenList(x *Exchange, name string) []string {
	node := formNode(x.Call.Form, name)
	if node == nil {
		return nil
	}
	return textsOf(node.Children)
}

func textsOf(nodes []*wire.Node) []string {
	var found []string
	for _, node := range nodes {
		if text := strings.TrimSpace(node.Text); text != "" {
			found = append(found, text)
		}
	}
	return found
}
