// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// databases corrects RDS instances.
type databases struct {
	overlay
	resourceIDs store[string] // Instance identifier to resource id, and back.
}

// dbInstance adds what moto forgets of an RDS instance: Performance Insights, Database Insights, network type,
// lifecycle support, and the certificate authority that AWS gives by default.
// It also gives each instance a resource id of its own; moto has one for all, so a provider that looks an instance up by it finds the wrong one.
func dbInstance(t *Table) {
	d := &databases{overlay: overlay{names: []string{
		"PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "DatabaseInsightsMode", "NetworkType", "EngineLifecycleSupport",
		"DedicatedLogVolume", "BackupTarget", "CACertificateIdentifier",
	}}}
	t.on("rds", d.write, "CreateDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime",
		"ModifyDBInstance")
	t.on("rds", d.read, "DescribeDBInstances", "StartDBInstance", "StopDBInstance", "RebootDBInstance", "PromoteReadReplica")
	t.on("rds", d.delete, "DeleteDBInstance")
	t.on("rds", refuseUpgrade, "ModifyDBInstance")
}

func (d *databases) write(x *Exchange) (*wire.Reply, error) {
	form, p := x.Call.Form, x.place()
	name := instanceName(x)
	reply, err := x.Pass()
	if !succeeded(reply, err) {
		return reply, err
	}
	if x.Call.Action != "ModifyDBInstance" {
		d.remove(p, name)
		for member, value := range map[string]string{"PerformanceInsightsEnabled": "false", "NetworkType": "IPV4", "DatabaseInsightsMode": "standard",
			"EngineLifecycleSupport": "open-source-rds-extended-support", "DedicatedLogVolume": "false", "BackupTarget": "region",
			"CACertificateIdentifier": "rds-ca-rsa2048-g1"} {
			d.put(p, name, wire.Element(member, value))
		}
		id := newResourceID(x, name)
		d.resourceIDs.set(p, name, id)
		d.resourceIDs.set(p, id, name)
	}
	d.remember(p, name, form)
	if enabled := form.Get("EnablePerformanceInsights"); enabled != "" {
		d.performanceInsights(x, name, enabled == "true")
	}
	if renamed := strings.ToLower(form.Get("NewDBInstanceIdentifier")); renamed != "" {
		d.rename(p, name, renamed)
	}
	return d.edit(x, reply)
}

// performanceInsights notes whether it is on, and its defaults: seven days, and AWS's own key.
func (d *databases) performanceInsights(x *Exchange, name string, on bool) {
	p := x.place()
	remembered, _ := d.get(p, name)
	d.put(p, name, wire.Element("PerformanceInsightsEnabled", strconv.FormatBool(on)))
	for member, value := range map[string]string{
		"PerformanceInsightsRetentionPeriod": "7",
		"PerformanceInsightsKMSKeyId":        "arn:aws:kms:" + p.region + ":" + p.account + ":key/00000000-0000-4000-8000-000000000726",
	} {
		switch {
		case !on:
			d.drop(p, name, member)
		case remembered[member] == nil:
			d.put(p, name, wire.Element(member, value))
		}
	}
}

func (d *databases) rename(p place, from, to string) {
	remembered, _ := d.get(p, from)
	d.set(p, to, remembered)
	d.remove(p, from)
	if id, found := d.resourceIDs.get(p, from); found {
		d.resourceIDs.set(p, to, id)
		d.resourceIDs.set(p, id, to)
		d.resourceIDs.remove(p, from)
	}
}

// read answers with the remembered members; a look-up by resource id becomes one by identifier.
func (d *databases) read(x *Exchange) (*wire.Reply, error) {
	changed := false
	for key, values := range x.Call.Form {
		if !strings.HasSuffix(key, ".Name") || values[0] != "dbi-resource-id" {
			continue
		}
		x.Call.Form.Set(key, "db-instance-id")
		changed = true
		prefix := strings.TrimSuffix(key, "Name") + "Values."
		for other, ids := range x.Call.Form {
			if strings.HasPrefix(other, prefix) {
				if name, found := d.resourceIDs.get(x.place(), ids[0]); found {
					x.Call.Form.Set(other, name)
				}
			}
		}
	}
	if changed {
		x.Call.SetForm()
	}
	reply, err := x.Pass()
	if !succeeded(reply, err) {
		return reply, err
	}
	return d.edit(x, reply)
}

func (d *databases) delete(x *Exchange) (*wire.Reply, error) {
	reply, err := d.read(x)
	if succeeded(reply, err) {
		name := instanceName(x)
		if id, found := d.resourceIDs.get(x.place(), name); found {
			d.resourceIDs.remove(x.place(), id)
		}
		d.resourceIDs.remove(x.place(), name)
		d.remove(x.place(), name)
	}
	return reply, err
}

// edit puts the remembered members into every instance of an answer.
func (d *databases) edit(x *Exchange, reply *wire.Reply) (*wire.Reply, error) {
	return editXML(reply, nil, func(root *wire.Node) {
		result := x.Call.Action + "Result/"
		for _, instance := range append(root.Find(result+"DBInstance"), root.Find(result+"DBInstances/DBInstance")...) {
			name := strings.ToLower(instance.Get("DBInstanceIdentifier"))
			d.recall(x.place(), name, instance)
			if id, found := d.resourceIDs.get(x.place(), name); found {
				instance.Set(wire.Element("DbiResourceId", id))
			}
		}
	})
}

func instanceName(x *Exchange) string {
	for _, key := range []string{"DBInstanceIdentifier", "TargetDBInstanceIdentifier"} {
		if name := x.Call.Form.Get(key); name != "" {
			return strings.ToLower(name)
		}
	}
	return ""
}

// newResourceID makes an id of AWS's form, "db-" and 26 capital letters and digits; no identifier looks like it, for those are in lower case.
func newResourceID(x *Exchange, name string) string {
	sum := sha256.Sum256([]byte(x.Account + x.Call.Region + name + strconv.FormatInt(time.Now().UnixNano(), 10)))
	return "db-" + base32.StdEncoding.EncodeToString(sum[:])[:26]
}
