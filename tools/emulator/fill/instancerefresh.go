// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

const autoScalingNamespace = "http://autoscaling.amazonaws.com/doc/2011-01-01/"

// refresh is one instance refresh of an Auto Scaling group.
type refresh struct {
	id      string
	status  string
	started time.Time
	ended   time.Time
	form    map[string]string // The preferences as they were given, without their prefix.
}

// refreshDuration is how long a refresh stays in progress. Emulated instances have nothing to warm up.
const refreshDuration = 5 * time.Second

// refreshes is the instance refreshes of all groups, newest first.
type refreshes struct {
	store[[]*refresh]
}

// instanceRefresh adds the instance refresh operations of Auto Scaling
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html), which moto lacks.
// It keeps the record and the life cycle; the emulated instances themselves stay the same.
func instanceRefresh(t *Table) {
	r := &refreshes{}
	t.on("autoscaling", r.start, "StartInstanceRefresh")
	t.on("autoscaling", r.describe, "DescribeInstanceRefreshes")
	t.on("autoscaling", r.cancel, "CancelInstanceRefresh")
	t.on("autoscaling", r.groupDeleted, "DeleteAutoScalingGroup")
}

// settle ends what has run its time.
func (r *refresh) settle(now time.Time) {
	if (r.status == "Pending" || r.status == "InProgress") && now.Sub(r.started) >= refreshDuration {
		r.status, r.ended = "Successful", r.started.Add(refreshDuration)
	}
}

// groupExists asks moto.
func groupExists(x *Exchange, name string) (bool, error) {
	reply, err := x.ask("DescribeAutoScalingGroups", map[string]string{"AutoScalingGroupNames.member.1": name})
	if err != nil {
		return false, err
	}
	return strings.Contains(string(reply.Body), "<AutoScalingGroupName>"+wire.Escape(name)+"<"), nil
}

func (r *refreshes) start(x *Exchange) (*wire.Reply, error) {
	group := x.Call.Form.Get("AutoScalingGroupName")
	if found, err := groupExists(x, group); err != nil || !found {
		return noSuchGroup(x, group), err
	}
	now := time.Now().UTC()
	fresh := &refresh{id: uuid.NewString(), status: "InProgress", started: now, form: map[string]string{}}
	for key := range x.Call.Form {
		if name, found := strings.CutPrefix(key, "Preferences."); found {
			fresh.form[name] = x.Call.Form.Get(key)
		}
	}
	busy := false
	r.update(x.place(), group, func(all []*refresh) []*refresh {
		for _, old := range all {
			old.settle(now)
			busy = busy || old.status == "InProgress"
		}
		if busy {
			return all
		}
		return append([]*refresh{fresh}, all...)
	})
	if busy {
		return x.Call.Error(http.StatusBadRequest, "InstanceRefreshInProgress", "An instance refresh is already in progress for "+group), nil
	}
	return queryReply(autoScalingNamespace, "StartInstanceRefresh", wire.Element("InstanceRefreshId", fresh.id)), nil
}

func (r *refreshes) cancel(x *Exchange) (*wire.Reply, error) {
	group := x.Call.Form.Get("AutoScalingGroupName")
	now, cancelled := time.Now().UTC(), ""
	r.update(x.place(), group, func(all []*refresh) []*refresh {
		for _, old := range all {
			if old.settle(now); old.status == "InProgress" {
				old.status, old.ended, cancelled = "Cancelled", now, old.id
			}
		}
		return all
	})
	if cancelled == "" {
		return x.Call.Error(http.StatusBadRequest, "ActiveInstanceRefreshNotFound",
			"No in progress or pending Instance Refresh found for Auto Scaling group "+group), nil
	}
	return queryReply(autoScalingNamespace, "CancelInstanceRefresh", wire.Element("InstanceRefreshId", cancelled)), nil
}

func (r *refreshes) describe(x *Exchange) (*wire.Reply, error) {
	group := x.Call.Form.Get("AutoScalingGroupName")
	if found, err := groupExists(x, group); err != nil || !found {
		return noSuchGroup(x, group), err
	}
	wanted := map[string]bool{}
	for key := range x.Call.Form {
		if strings.HasPrefix(key, "InstanceRefreshIds.member.") {
			wanted[x.Call.Form.Get(key)] = true
		}
	}
	list := wire.Parent("InstanceRefreshes")
	now := time.Now().UTC()
	r.update(x.place(), group, func(all []*refresh) []*refresh {
		for _, one := range all {
			one.settle(now)
			if len(wanted) == 0 || wanted[one.id] {
				list.Children = append(list.Children, one.node(group))
			}
		}
		return all
	})
	return queryReply(autoScalingNamespace, "DescribeInstanceRefreshes", list), nil
}

// node is the refresh as AWS describes it.
func (r *refresh) node(group string) *wire.Node {
	percentage, left := "100", "0"
	if r.status != "Successful" {
		percentage, left = "0", "1"
	}
	node := wire.Parent("member",
		wire.Element("InstanceRefreshId", r.id), wire.Element("AutoScalingGroupName", group), wire.Element("Status", r.status),
		wire.Element("StartTime", r.started.Format(time.RFC3339)), wire.Element("PercentageComplete", percentage),
		wire.Element("InstancesToUpdate", left),
	)
	if !r.ended.IsZero() {
		node.Set(wire.Element("EndTime", r.ended.Format(time.RFC3339)))
	}
	preferences := wire.Parent("Preferences")
	for _, name := range []string{"MinHealthyPercentage", "MaxHealthyPercentage", "InstanceWarmup", "CheckpointDelay",
		"SkipMatching", "AutoRollback", "ScaleInProtectedInstances", "StandbyInstances"} {
		if value, given := r.form[name]; given {
			preferences.Children = append(preferences.Children, wire.Element(name, value))
		}
	}
	node.Set(preferences)
	return node
}

// groupDeleted forgets the refreshes of a deleted group.
func (r *refreshes) groupDeleted(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if err == nil && reply.Status == http.StatusOK {
		r.remove(x.place(), x.Call.Form.Get("AutoScalingGroupName"))
	}
	return reply, err
}

func noSuchGroup(x *Exchange, group string) *wire.Reply {
	return x.Call.Error(http.StatusBadRequest, "ValidationError", fmt.Sprintf("AutoScalingGroup name not found - %s", strconv.Quote(group)))
}
