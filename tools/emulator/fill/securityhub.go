// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// hub is Security Hub in one region of an account.
type hub struct {
	settings  map[string]any
	standards map[string]string // subscription to standard
}

// securityHub keeps the settings and the standards of Security Hub, of which moto knows none. Nobody judges.
func securityHub(t *Table) {
	hubs := &store[*hub]{}
	on := func(do func(*Exchange, *hub) (any, error), actions ...string) {
		t.on("securityhub", func(x *Exchange) (*wire.Reply, error) {
			h, _ := hubs.get(x.place(), "")
			if h == nil {
				return x.Call.Error(http.StatusUnauthorized, "InvalidAccessException", "Account "+x.Account+" is not subscribed to AWS Security Hub"), nil
			}
			body, err := do(x, h)
			if err != nil {
				return x.Call.Error(http.StatusBadRequest, "InvalidInputException", err.Error()), nil
			}
			return jsonReply(body)
		}, actions...)
	}
	t.on("securityhub", func(x *Exchange) (*wire.Reply, error) {
		if h, _ := hubs.get(x.place(), ""); h != nil {
			return x.Call.Error(http.StatusConflict, "ResourceConflictException", "Account is already subscribed to Security Hub"), nil
		}
		body := x.Call.JSONBody()
		settings := map[string]any{"HubArn": hubARN(x), "AutoEnableControls": true, "ControlFindingGenerator": "SECURITY_CONTROL"}
		if generator := text(body, "ControlFindingGenerator"); generator != "" {
			settings["ControlFindingGenerator"] = generator
		}
		reply, err := x.Pass()
		if succeeded(reply, err) {
			hubs.set(x.place(), "", &hub{settings, map[string]string{}})
		}
		return reply, err
	}, "EnableSecurityHub")
	t.on("securityhub", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if succeeded(reply, err) {
			hubs.remove(x.place(), "")
		}
		return reply, err
	}, "DisableSecurityHub")
	change := func(x *Exchange, change func(*hub)) {
		hubs.update(x.place(), "", func(old *hub) *hub {
			if old == nil {
				return nil // It has been switched off meanwhile.
			}
			fresh := &hub{maps.Clone(old.settings), maps.Clone(old.standards)}
			change(fresh)
			return fresh
		})
	}
	on(func(_ *Exchange, h *hub) (any, error) { return h.settings, nil }, "DescribeHub")
	on(func(x *Exchange, _ *hub) (any, error) {
		change(x, func(h *hub) { maps.Copy(h.settings, x.Call.JSONBody()) })
		return map[string]any{}, nil
	}, "UpdateSecurityHubConfiguration")
	on(func(x *Exchange, _ *hub) (any, error) {
		requests, _ := x.Call.JSONBody()["StandardsSubscriptionRequests"].([]any)
		made := map[string]string{}
		for _, one := range requests {
			request, _ := one.(map[string]any)
			_, standard, _ := strings.Cut(text(request, "StandardsArn"), "/")
			if !slices.Contains(hubStandards, standard) {
				return nil, fmt.Errorf("Invalid parameter 'StandardsArn'. The standard %s does not exist", text(request, "StandardsArn")) //nolint:staticcheck // AWS's own words
			}
			made[strings.TrimSuffix(hubARN(x), "hub/default")+"subscription/"+standard] = text(request, "StandardsArn")
		}
		change(x, func(h *hub) { maps.Copy(h.standards, made) })
		return subscriptions(made), nil
	}, "BatchEnableStandards")
	on(func(x *Exchange, h *hub) (any, error) {
		found := asked(x, h)
		change(x, func(h *hub) {
			for subscription := range found {
				delete(h.standards, subscription)
			}
		})
		return subscriptions(found), nil
	}, "BatchDisableStandards")
	on(func(x *Exchange, h *hub) (any, error) { return subscriptions(asked(x, h)), nil }, "GetEnabledStandards")
}

// hubStandards are the standards that Security Hub has (Security Hub user guide, "Standards reference").
var hubStandards = []string{
	"aws-foundational-security-best-practices/v/1.0.0", "aws-resource-tagging-standard/v/1.0.0", "cis-aws-foundations-benchmark/v/1.2.0",
	"cis-aws-foundations-benchmark/v/1.4.0", "cis-aws-foundations-benchmark/v/3.0.0", "cis-aws-foundations-benchmark/v/5.0.0",
	"nist-800-53/v/5.0.0", "nist-800-171/v/2.0.0", "pci-dss/v/3.2.1", "pci-dss/v/4.0.1",
}

func hubARN(x *Exchange) string {
	return fmt.Sprintf("arn:aws:securityhub:%s:%s:hub/default", x.Call.Region, x.Account)
}

// asked are the subscriptions that a call names, or all.
func asked(x *Exchange, h *hub) map[string]string {
	wanted, some := x.Call.JSONBody()["StandardsSubscriptionArns"].([]any)
	found := map[string]string{}
	for subscription, standard := range h.standards {
		if !some || slices.Contains(wanted, any(subscription)) {
			found[subscription] = standard
		}
	}
	return found
}

func subscriptions(standards map[string]string) map[string]any {
	all := []any{}
	for _, subscription := range sortedKeys(standards) {
		all = append(all, map[string]any{
			"StandardsSubscriptionArn": subscription, "StandardsArn": standards[subscription], "StandardsStatus": "READY", "StandardsInput": map[string]any{},
		})
	}
	return map[string]any{"StandardsSubscriptions": all}
}
