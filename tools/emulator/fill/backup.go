// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// backups is what moto forgets of AWS Backup.
type backups struct {
	plans store[map[string]any] // Changed plans by path, and those that are gone.
	kept  store[map[string]any] // Selections, policies and all of restore testing by path: what an answer holds.
}

// backup answers the operations of AWS Backup on selections, the policies of vaults, changes of plans, and restore testing, all of which
// moto lacks. Nobody backs anything up.
func backup(t *Table) {
	b := &backups{}
	for action, do := range map[string]Handler{
		"GetBackupPlan": b.getPlan, "UpdateBackupPlan": b.updatePlan, "DeleteBackupPlan": b.deletePlan,
		"ListTags": listTagsOfBackups, "CreateBackupSelection": b.choose, "ListBackupSelections": b.selections, "PutBackupVaultAccessPolicy": b.putPolicy,
		"CreateRestoreTestingPlan": b.testRestores, "CreateRestoreTestingSelection": b.testRestoresOf,
		"UpdateRestoreTestingPlan": b.change, "UpdateRestoreTestingSelection": b.change,
	} {
		t.on("backup", do, action)
	}
	t.on("backup", b.get, "GetBackupSelection", "GetBackupVaultAccessPolicy", "GetRestoreTestingPlan", "GetRestoreTestingSelection")
	t.on("backup", b.remove, "DeleteBackupSelection", "DeleteBackupVaultAccessPolicy", "DeleteRestoreTestingPlan", "DeleteRestoreTestingSelection")
}

// restPath is the path of a call as a key: without the slash at its end that some have.
func restPath(x *Exchange) string { return strings.TrimSuffix(x.Call.Path, "/") }

// listTagsOfBackups ends the path as moto wants it, which else looks for the tags of something else.
func listTagsOfBackups(x *Exchange) (*wire.Reply, error) {
	x.Call.Path = restPath(x) + "/"
	return x.Pass()
}

func absentBackup(x *Exchange) (*wire.Reply, error) {
	return x.Call.Error(http.StatusBadRequest, "ResourceNotFoundException", "Failed reading "+restPath(x)+": there is none"), nil
}

func (b *backups) getPlan(x *Exchange) (*wire.Reply, error) {
	changed, _ := b.plans.get(x.place(), restPath(x))
	if changed["gone"] != nil {
		return absentBackup(x) // moto only marks a plan as deleted.
	}
	reply, err := x.Pass()
	return editJSON(reply, err, func(body map[string]any) { maps.Copy(body, changed) })
}

func (b *backups) updatePlan(x *Exchange) (*wire.Reply, error) {
	get := x.foreign("backup", wire.RESTJSON, http.MethodGet, restPath(x))
	get.Action = "GetBackupPlan"
	reply, err := x.Forward(get)
	if old, _ := b.plans.get(x.place(), restPath(x)); old["gone"] != nil {
		return absentBackup(x)
	}
	return editJSON(reply, err, func(body map[string]any) {
		plan, _ := x.Call.JSONBody()["BackupPlan"].(map[string]any)
		for _, one := range listed(plan["Rules"]) {
			// What AWS, and moto for a new plan, fills in.
			if rule, ok := one.(map[string]any); ok {
				for member, value := range map[string]any{
					"ScheduleExpression": "cron(0 5 ? * * *)", "ScheduleExpressionTimezone": "Etc/UTC", "StartWindowMinutes": 480, "CompletionWindowMinutes": 10080,
				} {
					rule[member] = cmp.Or(rule[member], value)
				}
				rule["RuleId"] = rand.Text()
			}
		}
		body["VersionId"] = rand.Text()
		b.plans.set(x.place(), restPath(x), map[string]any{"BackupPlan": plan, "VersionId": body["VersionId"]})
		delete(body, "BackupPlan")
	})
}

func (b *backups) deletePlan(x *Exchange) (*wire.Reply, error) {
	if len(b.below(x, restPath(x)+"/selections/")) > 0 {
		return x.Call.Error(http.StatusBadRequest, "InvalidRequestException", "Related backup plan selections must be deleted prior to backup plan deletion"), nil
	}
	reply, err := x.Pass()
	if succeeded(reply, err) {
		b.plans.set(x.place(), restPath(x), map[string]any{"gone": true})
	}
	return reply, err
}

// below are the answers about everything whose path begins so.
func (b *backups) below(x *Exchange, prefix string) []map[string]any {
	var found []map[string]any
	for _, one := range b.kept.all(x.place()) {
		if path, _ := one["path"].(string); strings.HasPrefix(path, prefix) {
			found = append(found, one)
		}
	}
	return found
}

// keep remembers what is answered about a path from now on.
func (b *backups) keep(x *Exchange, path string, answer map[string]any) (*wire.Reply, error) {
	answer["path"], answer["CreationTime"], answer["CreationDate"] = path, time.Now().Unix(), time.Now().Unix()
	b.kept.set(x.place(), path, answer)
	return jsonReply(answer)
}

func (b *backups) get(x *Exchange) (*wire.Reply, error) {
	found, ok := b.kept.get(x.place(), restPath(x))
	if !ok {
		return absentBackup(x)
	}
	return jsonReply(found)
}

func (b *backups) remove(x *Exchange) (*wire.Reply, error) {
	path := restPath(x)
	if _, ok := b.kept.get(x.place(), path); !ok {
		return absentBackup(x)
	}
	if x.Call.Action == "DeleteRestoreTestingPlan" && len(b.below(x, path+"/selections/")) > 0 {
		return x.Call.Error(http.StatusBadRequest, "InvalidRequestException", "Restore testing plan has selections; delete them first"), nil
	}
	b.kept.remove(x.place(), path)
	return jsonReply(map[string]any{})
}

func (b *backups) choose(x *Exchange) (*wire.Reply, error) {
	plan, _, _ := strings.Cut(strings.TrimPrefix(restPath(x), "/backup/plans/"), "/")
	id := strings.ToLower(rand.Text())
	return b.keep(x, restPath(x)+"/"+id, map[string]any{"BackupPlanId": plan, "SelectionId": id, "BackupSelection": x.Call.JSONBody()["BackupSelection"]})
}

func (b *backups) selections(x *Exchange) (*wire.Reply, error) {
	list := []any{}
	for _, one := range b.below(x, restPath(x)+"/") {
		selection, _ := one["BackupSelection"].(map[string]any)
		list = append(list, map[string]any{
			"BackupPlanId": one["BackupPlanId"], "SelectionId": one["SelectionId"], "SelectionName": selection["SelectionName"], "IamRoleArn": selection["IamRoleArn"],
		})
	}
	return jsonReply(map[string]any{"BackupSelectionsList": list})
}

func (b *backups) putPolicy(x *Exchange) (*wire.Reply, error) {
	vault := strings.Split(restPath(x), "/")[2]
	return b.keep(x, restPath(x), map[string]any{
		"BackupVaultName": vault, "BackupVaultArn": fmt.Sprintf("arn:aws:backup:%s:%s:backup-vault:%s", x.Call.Region, x.Account, vault),
		"Policy": x.Call.JSONBody()["Policy"],
	})
}

// testRestores makes a restore testing plan with AWS's defaults
// (https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingPlanForCreate.html).
func (b *backups) testRestores(x *Exchange) (*wire.Reply, error) {
	body := x.Call.JSONBody()
	plan, _ := body["RestoreTestingPlan"].(map[string]any)
	name := text(plan, "RestoreTestingPlanName")
	if _, taken := b.kept.get(x.place(), restPath(x)+"/"+name); taken {
		return x.Call.Error(http.StatusBadRequest, "AlreadyExistsException", "Restore testing plan "+name+" already exists"), nil
	}
	arn := fmt.Sprintf("arn:aws:backup:%s:%s:restore-testing-plan:%s-%s", x.Call.Region, x.Account, name, strings.ToLower(rand.Text()))
	if tags, _ := body["Tags"].(map[string]any); len(tags) > 0 {
		tag := x.foreign("backup", wire.RESTJSON, http.MethodPost, "/tags/"+arn)
		tag.Action = "TagResource"
		if err := tag.SetJSONBody(map[string]any{"Tags": tags}); err != nil {
			return nil, err
		}
		if reply, err := x.Forward(tag); !succeeded(reply, err) {
			return reply, err
		}
	}
	points, _ := plan["RecoveryPointSelection"].(map[string]any)
	points["SelectionWindowDays"] = cmp.Or(points["SelectionWindowDays"], any(30))
	if points["ExcludeVaults"] == nil {
		points["ExcludeVaults"] = []any{}
	}
	plan["ScheduleExpressionTimezone"] = cmp.Or(plan["ScheduleExpressionTimezone"], any("Etc/UTC"))
	plan["StartWindowHours"] = cmp.Or(plan["StartWindowHours"], any(24))
	plan["RestoreTestingPlanArn"], plan["CreationTime"] = arn, time.Now().Unix()
	return b.keep(x, restPath(x)+"/"+name, map[string]any{"RestoreTestingPlan": plan, "RestoreTestingPlanName": name, "RestoreTestingPlanArn": arn})
}

func (b *backups) testRestoresOf(x *Exchange) (*wire.Reply, error) {
	path := restPath(x)
	of, ok := b.kept.get(x.place(), strings.TrimSuffix(path, "/selections"))
	if !ok {
		return absentBackup(x)
	}
	selection, _ := x.Call.JSONBody()["RestoreTestingSelection"].(map[string]any)
	name := text(selection, "RestoreTestingSelectionName")
	selection["RestoreTestingPlanName"], selection["CreationTime"] = of["RestoreTestingPlanName"], time.Now().Unix()
	return b.keep(x, path+"/"+name, map[string]any{
		"RestoreTestingSelection": selection, "RestoreTestingSelectionName": name,
		"RestoreTestingPlanName": of["RestoreTestingPlanName"], "RestoreTestingPlanArn": of["RestoreTestingPlanArn"],
	})
}

// change replaces members of a plan or a selection of restore testing.
func (b *backups) change(x *Exchange) (*wire.Reply, error) {
	old, ok := b.kept.get(x.place(), restPath(x))
	if !ok {
		return absentBackup(x)
	}
	answer := maps.Clone(old)
	for member, given := range x.Call.JSONBody() {
		before, _ := old[member].(map[string]any)
		after, _ := given.(map[string]any)
		if before == nil {
			continue
		}
		fresh := maps.Clone(before)
		maps.Copy(fresh, after)
		answer[member] = fresh
	}
	answer["UpdateTime"] = time.Now().Unix()
	b.kept.set(x.place(), restPath(x), answer)
	return jsonReply(answer)
}
