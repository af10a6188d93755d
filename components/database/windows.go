// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	minutesPerDay  = 24 * 60
	minutesPerWeek = 7 * minutesPerDay
	// windowMinimum is the shortest window that RDS accepts, in minutes.
	windowMinimum = 30
)

var (
	weekdays          = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	backupWindow      = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	maintenanceWindow = regexp.MustCompile(
		`^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)$`)
)

// window is a stretch of the week: minutes since Monday 00:00 UTC, and a length.
type window struct{ start, length int }

func (w window) overlaps(v window) bool {
	return forward(w.start, v.start, minutesPerWeek) < w.length || forward(v.start, w.start, minutesPerWeek) < v.length
}

// forward is how far to is ahead of from on a clock of the given size.
func forward(from, to, size int) int { return ((to-from)%size + size) % size }

// checkWindows reports what is wrong with the daily backup window ("02:00-03:00") and
// the weekly maintenance window ("sun:03:30-sun:04:30"), both UTC. RDS wants each at
// least 30 minutes long and the two apart, on every day of the week (CreateDBInstance,
// PreferredBackupWindow and PreferredMaintenanceWindow).
func checkWindows(backup, maintenance string) []error {
	var problems []error
	daily, okDaily := parseBackupWindow(backup)
	if !okDaily {
		problems = append(problems, fmt.Errorf(
			`BackupWindow: %q is not a daily UTC window of 30 minutes or more; write it like "02:00-03:00"`, backup))
	}
	weekly, okWeekly := parseMaintenanceWindow(maintenance)
	if !okWeekly {
		problems = append(problems, fmt.Errorf(
			`MaintenanceWindow: %q is not a weekly UTC window of 30 minutes to 24 hours, in lower case; write it like "sun:03:30-sun:04:30"`, maintenance))
	}
	if !okDaily || !okWeekly {
		return problems
	}
	for day := range weekdays {
		if (window{daily.start + day*minutesPerDay, daily.length}).overlaps(weekly) {
			return []error{fmt.Errorf("MaintenanceWindow: %q overlaps BackupWindow %q; move one of them", maintenance, backup)}
		}
	}
	return nil
}

// CheckQuiet reports the windows that meet hours of the day, in UTC, in which AWS Backup has to find the database at rest.
func (args *Args) CheckQuiet(hour, hours int) []error {
	filled := args.defaults()
	daily, _ := parseBackupWindow(filled.BackupWindow)
	weekly, _ := parseMaintenanceWindow(filled.MaintenanceWindow)
	meets := func(w window) bool {
		return forward(w.start, hour*60, minutesPerDay) < w.length || w.length > 0 && forward(hour*60, w.start, minutesPerDay) < hours*60
	}
	var problems []error
	add := func(met bool, field, text string) {
		if met {
			problems = append(problems, fmt.Errorf("%s: %q meets %02d:00 to %02d:00, when AWS Backup takes its snapshots; move it", field, text, hour, hour+hours))
		}
	}
	add(meets(daily), "BackupWindow", filled.BackupWindow)
	add(meets(weekly), "MaintenanceWindow", filled.MaintenanceWindow)
	return problems
}

func parseBackupWindow(text string) (window, bool) {
	m := backupWindow.FindStringSubmatch(text)
	if m == nil {
		return window{}, false
	}
	start := minuteOf(m[1], m[2])
	length := forward(start, minuteOf(m[3], m[4]), minutesPerDay)
	return window{start, length}, length >= windowMinimum
}

func parseMaintenanceWindow(text string) (window, bool) {
	m := maintenanceWindow.FindStringSubmatch(text)
	if m == nil {
		return window{}, false
	}
	start := slices.Index(weekdays, m[1])*minutesPerDay + minuteOf(m[2], m[3])
	end := slices.Index(weekdays, m[4])*minutesPerDay + minuteOf(m[5], m[6])
	length := forward(start, end, minutesPerWeek)
	return window{start, length}, length >= windowMinimum && length <= minutesPerDay
}

// minuteOf reads a time of day whose form a regular expression has checked.
func minuteOf(hour, minute string) int {
	h, _ := strconv.Atoi(strings.TrimPrefix(hour, "0"))
	m, _ := strconv.Atoi(strings.TrimPrefix(minute, "0"))
	return h*60 + m
}
