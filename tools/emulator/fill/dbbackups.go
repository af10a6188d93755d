// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"fmt"
	"os"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// keepSnapshots keeps what the servers of instances held when a snapshot was taken, and has copies of it and restored instances hold it too.
// The snapshot of an instance to which nobody has been led yet holds nothing, as that instance.
func (d *databaseServers) keepSnapshots(t *Table) {
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		return d.backUp(x, x.Call.Form.Get("DBSnapshotIdentifier"))
	}, "CreateDBSnapshot")
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		return d.backUp(x, x.Call.Form.Get("FinalDBSnapshotIdentifier"))
	}, "DeleteDBInstance")
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if backup, kept := d.backups.get(x.place(), snapshotName(x.Call.Form.Get("SourceDBSnapshotIdentifier"))); kept && succeeded(reply, err) {
			d.backups.set(x.place(), snapshotName(x.Call.Form.Get("TargetDBSnapshotIdentifier")), backup)
		}
		return reply, err
	}, "CopyDBSnapshot")
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if succeeded(reply, err) {
			d.backups.remove(x.place(), snapshotName(x.Call.Form.Get("DBSnapshotIdentifier")))
		}
		return reply, err
	}, "DeleteDBSnapshot")
}

// backUp takes a snapshot, none without a name. What an instance holds is copied before moto answers, for it may be about to be deleted.
func (d *databaseServers) backUp(x *Exchange, snapshot string) (*wire.Reply, error) {
	backup := ""
	if snapshot != "" {
		var err error
		if backup, err = d.copyOf(x, instanceName(x)); err != nil {
			return nil, err
		}
	}
	reply, err := x.Pass()
	if backup != "" && succeeded(reply, err) {
		d.backups.set(x.place(), snapshotName(snapshot), backup)
	}
	return reply, err
}

// copyOf is a copy of what the server of an instance holds now, empty without one. It stays until the emulator, or its account, ends.
func (d *databaseServers) copyOf(x *Exchange, instance string) (string, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	server := d.running[storeKey{x.place(), instance}]
	if server == nil {
		return "", nil
	}
	backup, err := server.BackUp(x.Context)
	if err != nil {
		return "", fmt.Errorf("the server of %s: %w", instance, err)
	}
	d.copies = append(d.copies, backup)
	return backup, nil
}

// backupFor is what an instance is restored from: a snapshot, or what another instance holds now, as which every moment counts here.
func (d *databaseServers) backupFor(x *Exchange) (string, error) {
	if snapshot := x.Call.Form.Get("DBSnapshotIdentifier"); snapshot != "" {
		backup, _ := d.backups.get(x.place(), snapshotName(snapshot))
		return present(backup), nil
	}
	return d.copyOf(x, strings.ToLower(x.Call.Form.Get("SourceDBInstanceIdentifier")))
}

// present is a folder, empty if it is gone with the account that it was kept for.
func present(folder string) string {
	if _, err := os.Stat(folder); err != nil {
		return ""
	}
	return folder
}

// dropCopies removes what was kept. The caller has the lock.
func (d *databaseServers) dropCopies() {
	for _, folder := range d.copies {
		_ = os.RemoveAll(folder)
	}
	d.copies = nil
}

// snapshotName is that of a snapshot, which a call may name by its ARN.
func snapshotName(text string) string {
	return strings.ToLower(text[strings.LastIndex(text, ":")+1:])
}
