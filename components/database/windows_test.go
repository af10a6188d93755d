// SPDX-License-Identifier: Apache-2.0

package database

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckWindows(t *testing.T) {
	for _, test := range []struct{ name, backup, maintenance, problem string }{
		{"the defaults", DefaultBackupWindow, DefaultMaintenanceWindow, ""},
		{"backup over midnight", "23:30-00:30", "sun:01:00-sun:02:00", ""},
		{"maintenance over the end of the week", "12:00-13:00", "sun:23:30-mon:00:30", ""},
		{"end to end", "02:00-03:00", "sun:03:00-sun:03:30", ""},
		{"same hour", "02:00-03:00", "tue:02:30-tue:03:30", "overlaps"},
		{"maintenance inside backup", "02:00-06:00", "tue:03:00-tue:04:00", "overlaps"},
		{"backup inside maintenance", "02:00-03:00", "tue:00:00-tue:06:00", "overlaps"},
		{"both over midnight on Sunday", "23:30-00:30", "mon:00:00-mon:00:30", "overlaps"},
		{"a whole day of maintenance", "02:00-03:00", "tue:00:00-wed:00:00", "overlaps"},
		{"too short a backup", "02:00-02:29", "sun:03:30-sun:04:30", "BackupWindow"},
		{"no backup window at all", "02:00-02:00", "sun:03:30-sun:04:30", "BackupWindow"},
		{"not a time", "24:00-25:00", "sun:03:30-sun:04:30", "BackupWindow"},
		{"upper case would never match what RDS returns", "02:00-03:00", "Sun:03:30-Sun:04:30", "lower case"},
		{"two days of maintenance", "02:00-03:00", "mon:04:00-wed:01:00", "MaintenanceWindow"},
		{"no day", "02:00-03:00", "03:30-04:30", "MaintenanceWindow"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := errors.Join(checkWindows(test.backup, test.maintenance)...)
			if test.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.problem)
		})
	}
}

func TestCheckWindowsReportsBothProblems(t *testing.T) {
	require.Len(t, checkWindows("", ""), 2)
}

func TestSnapshotsFindADatabaseAtRest(t *testing.T) {
	require.Empty(t, (&Args{}).CheckQuiet(5, 2), "the defaults leave room")
	for _, windows := range []Args{{BackupWindow: "04:30-05:30"}, {BackupWindow: "06:30-07:30"}, {BackupWindow: "23:00-05:30"}, {MaintenanceWindow: "wed:05:15-wed:05:45"}, {MaintenanceWindow: "wed:01:00-wed:08:00"}} {
		require.Len(t, windows.CheckQuiet(5, 2), 1, "%+v", windows)
	}
	require.Empty(t, (&Args{BackupWindow: "07:00-08:00", MaintenanceWindow: "mon:04:00-mon:05:00"}).CheckQuiet(5, 2))
}

func FuzzCheckWindows(f *testing.F) {
	f.Add("02:00-03:00", "sun:03:30-sun:04:30")
	f.Add("23:59-00:29", "sun:23:59-mon:23:59")
	f.Fuzz(func(t *testing.T, backup, maintenance string) {
		daily, okDaily := parseBackupWindow(backup)
		weekly, okWeekly := parseMaintenanceWindow(maintenance)
		if (len(checkWindows(backup, maintenance)) == 0) && (!okDaily || !okWeekly) {
			t.Fatalf("%q and %q pass although one does not parse", backup, maintenance)
		}
		if okDaily && okWeekly && daily.overlaps(weekly) != weekly.overlaps(daily) {
			t.Fatalf("overlap of %q and %q depends on the order", backup, maintenance)
		}
	})
}
